"""Graded variants of the sheets, made from a private seed.

    python -m exercises.grader.variants --out private

The worked solutions of the practice sheets are public. A variant asks for the
same things in other units, with other signs, under other names, so that they
are of no use. What a sheet allows stands in `exercises/variants`; the seed
chooses among it, and is kept in `private/seed.txt`. For each sheet the command
writes a master with its solution and hidden tests (`private/cd_k.py`), the
sheet for students (`private/exercises/cd_k.ipynb`), the worked solutions
(`private/solutions/cd_k.ipynb`) and a bank of right and wrong answers
(`private/banks/cd_k.py`), and grades that bank. Then

    python -m exercises.grader private/cd_k.py submissions --out graded

grades what students hand in.
"""

import argparse
import ast
import random
import re
import sys
from importlib import import_module
from pathlib import Path

from tqdm import tqdm

from . import bank
from .build import build
from .marking import seed_in
from .report import count, write
from .sandbox import Box, refusal
from .sheet import FOLDER, TOPICS, find, read


def allowed(topic):
    """What may vary in a sheet: PRACTICE, CHOICES, NAMES, edits(...) and translations(...)."""
    return import_module(f"exercises.variants.{topic}")


def choices(topic, seed):
    """What the seed chooses: a value for each of CHOICES, and a name for each function of NAMES."""
    rules, rng = allowed(topic), random.Random(f"{topic} {seed}")
    return ({name: rng.choice(values) for name, values in rules.CHOICES.items()},
            {name: rng.choice(others) for name, others in rules.NAMES.items()})


def rewritten(text, edits):
    """The text with every edit made wherever its old text stands in the original."""
    places = []
    for old, new in edits.items():
        found = [match.span() for match in re.finditer(re.escape(old), text)]
        if not found:
            raise ValueError(f"the master does not say: {old}")
        places += [(*span, new) for span in found]
    places.sort()
    for (_, end, _), (start, _, _) in zip(places, places[1:], strict=False):
        if start < end:
            raise ValueError(f"two edits overlap at: {text[start:end]}")
    for start, end, new in reversed(places):
        text = text[:start] + new + text[end:]
    return text


def renamed(text, names):
    """The text with functions under other names."""
    for old, new in names.items():
        text = re.sub(rf"\b{old}\b", new, text)
    return text


def master(topic, seed):
    """The text of a variant's master."""
    values, names = choices(topic, seed)
    text = (FOLDER / f"{topic}.py").read_text(encoding="utf-8")
    text = renamed(rewritten(text, allowed(topic).edits(**values)), names)
    return re.sub(r"^(# # Exercises: .+)$", r"\1 (graded)", text, count=1, flags=re.M)


def translated(topic, seed):
    """function -> Python that turns an answer to the practice sheet into one to the variant."""
    values, names = choices(topic, seed)
    changed, found = allowed(topic).translations(**values), {}
    for name in find(topic).functions:
        new = names.get(name, name)
        if name in changed:
            given, answer = changed[name]
            found[name] = f"def {new}({given}, practice={name}):\n    return {answer}\n"
        elif new != name:
            found[name] = f"{new} = {name}\n"
    return found


def bank_text(topic, seed):
    """The practice sheet's bank, each answer translated: right ones stay right and wrong ones wrong."""
    sheet, lines = find(topic), translated(topic, seed)
    functions = {cell.name: [node.name for node in ast.parse(cell.source).body if isinstance(node, ast.FunctionDef)]
                 for cell in sheet.of("solution")}
    parts = []
    for answer in bank.read_bank(sheet):
        fails = "" if answer.right else f" | {', '.join(answer.fails)}"
        turns = "".join("\n" + lines[name] for name in functions[answer.cell] if name in lines)
        parts.append(f"# %% {answer.cell} | {'right' if answer.right else 'wrong'} | {answer.what}{fails}\n"
                     f"{answer.source.rstrip()}\n{turns}")
    return "\n".join(parts)


def faults(sheet, answers, box, seed):
    """What of a bank does not get the marks it must get: the empty list where the grader can be trusted."""
    found = []
    cases = [({}, "solved", set()), ({}, "released", {cell.name for cell in sheet.of("test")})]
    cases += [(chosen, "solved", {name for answer in chosen.values() for name in answer.fails})
              for right in (True, False) for chosen in bank.sets(sheet, right, answers)]
    for chosen, whole, must_fail in cases:
        work = bank.cells(sheet, {name: answer.source for name, answer in chosen.items()}, whole=whole)
        failed = bank.failed(sheet, box, work, seed)
        for name in sorted(failed.keys() ^ must_fail):
            what = [f"{cell}: {answer.what}" for cell, answer in chosen.items() if name in bank.tests_after(sheet, cell)]
            fate = f"fails ({failed[name]})" if name in failed else "passes"
            found.append(f"{sheet.topic}: {', '.join(what) or f'the sheet {whole}'} {fate} {name}")
    return found


def make(topic, seed, out, box):
    """Write a variant's files, and say what of its bank does not get the marks it must get."""
    path, answers, text = out / f"{topic}.py", out / "banks" / f"{topic}.py", master(topic, seed)
    if path.exists() and path.read_text(encoding="utf-8") != text:
        raise ValueError(f"{path} is not what this seed gives, or was changed by hand: move it away, or name another folder")
    answers.parent.mkdir(parents=True, exist_ok=True)
    write(path, text)
    write(answers, bank_text(topic, seed))
    build(path, out)
    sheet = read(path)
    return faults(sheet, bank.read_bank(sheet, answers), box, seed)


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m exercises.grader.variants", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sheets", nargs="*", default=TOPICS, help="topics (default: all)")
    parser.add_argument("--out", type=Path, required=True, help="a folder that students do not see")
    parser.add_argument("--seed", type=int, help="(drawn and kept in OUT if not given)")
    options = parser.parse_args(arguments)
    for name in options.sheets:
        if name not in TOPICS:
            parser.error(f"{name} is none of {', '.join(TOPICS)}")
    if why := refusal():
        print(f"Not made: the bank of a variant is graded in the sandbox, and {why}.", file=sys.stderr)
        return 2
    options.out.mkdir(parents=True, exist_ok=True)
    seed = seed_in(options.out) if options.seed is None else options.seed
    try:
        with Box([]) as box:
            found = [fault for topic in tqdm(options.sheets, desc="making and trying variants", disable=None)
                     for fault in make(topic, seed, options.out, box)]
    except ValueError as error:
        parser.error(str(error))
    for fault in found:
        print(f"DO NOT ASSIGN: {fault}", file=sys.stderr)
    print(f"{count(len(options.sheets), 'sheet')} in {options.out / 'exercises'}; to grade one, name its master, "
          f"as in: python -m exercises.grader {options.out / options.sheets[0]}.py submissions --out graded")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
