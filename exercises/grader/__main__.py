"""Grade a folder of submissions.

    python -m exercises.grader energy_models submissions --out graded

`submissions` holds a notebook a student (`ada.ipynb`) or a folder a student
(`ada/energy_models.ipynb`). `graded` gets `grades.csv`, a page of feedback a
student in `feedback/`, `to_mark.html` with the derivations written by hand, and
`written.csv`, to be filled in by whoever marks those: run the command again and
the marks are added. What was graded is not graded again, so a run that broke
off goes on, and what is handed in late can be graded into the same folder. The
seed of the hidden tests is drawn on the first run and kept in `graded/seed.txt`:
keep it to yourself until the marks are out.
"""

import argparse
import contextlib
import json
import sys
from pathlib import Path

from joblib import Parallel, delayed, parallel_config
from tqdm import tqdm

from . import marking, report
from .sandbox import refusal
from .sheet import find


def submissions(folder, topic):
    """student -> notebook: of several, the one with the sheet's name, else the newest."""
    found = {}
    for path in sorted(Path(folder).rglob("*.ipynb")):
        if ".ipynb_checkpoints" not in path.parts:
            found.setdefault(path.relative_to(folder).parts[0].removesuffix(".ipynb"), []).append(path)
    for entry in Path(folder).iterdir():  # a folder with no notebook is a student too
        if entry.is_dir() and not entry.is_symlink():
            found.setdefault(entry.name, [entry / f"{topic}.ipynb"])
    return {student: max(paths, key=lambda path: (path.stem == topic, path.lstat().st_mtime if path.exists() else 0))
            for student, paths in sorted(found.items())}


def stored(path):
    """A result of an earlier run, or nothing."""
    with contextlib.suppress(OSError, ValueError, TypeError):
        return marking.Result(**json.loads(path.read_text(encoding="utf-8")))
    return None


def graded(student, path, sheet, seed, unsafe, results):
    """Grade and store one submission; a failure of the grader itself is a note for the instructor."""
    try:
        result = marking.mark(student, path, sheet, seed, unsafe=unsafe)
    except Exception as error:
        result = marking.Result(student, {cell.name: 0 for cell in sheet.of("test")})
        result.notes.append(f"NOT GRADED, please look: {type(error).__name__}: {error}")
    report.write(results / f"{student}.json", marking.as_json(result))
    return result


def grade(sheet, folder, out, *, seed=None, jobs=-1, unsafe=False):
    """Grade what is new in the folder; write the reports of all that OUT holds. Gives all results, and the marks by hand."""
    results = out / "results"
    results.mkdir(parents=True, exist_ok=True)
    by_hand = report.marks_by_hand(sheet, out / "written.csv")
    seed = marking.seed_in(out) if seed is None else seed
    earlier = (stored(path) for path in results.glob("*.json"))
    done = {old.student: old for old in earlier if old and old.marks.keys() == {cell.name for cell in sheet.of("test")}}
    todo = [delayed(graded)(student, path, sheet, seed, unsafe, results)
            for student, path in submissions(folder, sheet.topic).items()
            if student not in done or done[student].key != marking.key(path, sheet, seed)]
    work = Parallel(n_jobs=jobs, return_as="generator_unordered")(todo)
    for result in tqdm(work, total=len(todo), desc=f"grading {sheet.topic}", disable=None):
        done[result.student] = result
    everyone = [done[student] for student in sorted(done)]
    report.all_of(sheet, everyone, by_hand, out)
    return everyone, by_hand


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m exercises.grader", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sheet", help="a topic, or the path of a master")
    parser.add_argument("submissions", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, help="of the hidden tests (drawn and kept in OUT if not given)")
    parser.add_argument("--jobs", type=int, default=-1, help="submissions at a time (default: one a core)")
    parser.add_argument("--dask", metavar="ADDRESS", help="of a Dask scheduler that does the work; OUT must be on a shared disk")
    parser.add_argument("--unsafe", action="store_true", help="run students' code without the sandbox")
    options = parser.parse_args(arguments)
    try:
        sheet = find(options.sheet)
    except ValueError as error:
        parser.error(str(error))
    if not options.submissions.is_dir():
        parser.error(f"{options.submissions} is not a folder")
    if why := refusal(options.unsafe):
        print(f"Not graded: {why}. With --unsafe students' code runs without a sandbox.", file=sys.stderr)
        return 2
    with contextlib.ExitStack() as backend:
        if options.dask:
            from distributed import Client

            client = backend.enter_context(Client(options.dask))
            backend.enter_context(parallel_config(backend="dask", client=client))
        try:
            everyone, by_hand = grade(sheet, options.submissions, options.out,
                                      seed=options.seed, jobs=options.jobs, unsafe=options.unsafe)
        except ValueError as error:
            parser.error(str(error))
    print(f"{report.count(len(everyone), 'submission')}: {options.out / 'grades.csv'}")
    if left := report.left_to_mark(everyone, by_hand):
        print(f"{report.count(left, 'derivation')} to be marked by a person: read {options.out / 'to_mark.html'}, "
              f"fill in {options.out / 'written.csv'}, and run this command again")
    if strangers := sorted(by_hand.keys() - {result.student for result in everyone}):
        print(f"written.csv has marks for somebody who handed nothing in: {', '.join(strangers)}", file=sys.stderr)
    for result in everyone:
        for note in result.notes:
            if note.startswith("NOT GRADED"):
                print(f"{result.student}: {note}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
