"""The ledger: every displayed equation, and the test that verifies it.

A page displays `$$ formula $$ (eq-label)`. A test says which equation it
verifies, and repeats the formula, so that neither is edited without the other:

    @pytest.mark.equation("eq-label", r"formula", kind="identity")

`python book/_ext/ledger.py` writes `book/ledger.json` from the tests and the
pages, and fails on any disagreement between the two.
"""

import ast
import json
import os
import re
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from markdown_it.renderer import RendererHTML
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser

ROOT = Path(__file__).parents[2]
KINDS = {
    "identity": "both sides agree for all inputs",
    "bound": "one side never exceeds the other",
    "approximation": "its error is measured",
    "update": "a rule that changes something, compared with what it should do",
    "definition": "nothing to verify but that the code means the same",
}
MOST_DEFINITIONS = 1 / 4
EXTENSIONS = {"colon_fence", "deflist", "dollarmath", "amsmath"}


@dataclass(frozen=True)
class Display:
    """A displayed equation of a page; its label is empty if it has none."""

    page: str
    label: str
    formula: str


@dataclass(frozen=True)
class Check:
    """A test that verifies an equation."""

    label: str
    formula: str
    kind: str
    test: str
    source: str


def plain(formula):
    """The formula with its white space folded, as page and test are compared."""
    return " ".join(formula.split())


# Pages

def markdown_cells(path):
    """The Markdown texts of a page, and LaTeX that its code cells put out."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        return [text]
    cells = json.loads(text)["cells"]
    written = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
    printed = [
        "".join(output["data"][mime])
        for cell in cells
        for output in cell.get("outputs", [])
        for mime in ("text/latex", "text/markdown")
        if mime in output.get("data", {})
    ]
    return written + printed


def displayed(markdown, page):
    """Every displayed formula in a Markdown text, those inside directives included."""
    parser = create_md_parser(MdParserConfig(enable_extensions=EXTENSIONS, dmath_double_inline=True), RendererHTML)
    pending = list(parser.parse(markdown))
    found = []
    while pending:
        token = pending.pop(0)
        if token.type in ("math_block", "math_block_label", "math_inline_double", "amsmath"):
            label = token.info if token.type == "math_block_label" else ""
            found.append(Display(page, label, plain(token.content)))
        elif token.type in ("fence", "colon_fence") and token.info.startswith("{math}"):
            found.append(Display(page, "", plain(token.content)))
        elif token.type in ("fence", "colon_fence") and token.info.startswith("{"):
            body = re.sub(r"\A(?:---\n.*?\n---\n|(?:[ \t]*:[\w-]+:[^\n]*\n)+)", "", token.content, flags=re.S)
            pending[:0] = parser.parse(body)
        pending[:0] = token.children or []
    return found


def pages(book=ROOT / "book"):
    """name -> file of every page, in the order of the table of contents."""
    files = {
        path.relative_to(book).with_suffix("").as_posix(): path
        for path in sorted(book.rglob("*"))
        if path.suffix in (".md", ".ipynb") and ".ipynb_checkpoints" not in path.parts
    }
    toc = book.parent / "_toc.yml"
    listed = re.findall(r"(?:root|file): book/(\S+)", toc.read_text(encoding="utf-8")) if toc.exists() else []
    return {name: files[name] for name in [*(n for n in listed if n in files), *(n for n in files if n not in listed)]}


def title(path):
    """The first heading of a page."""
    return re.search(r"^# (.+)$", "\n".join(markdown_cells(path)), re.M)[1]


def displays(book=ROOT / "book"):
    """The displayed equations of all pages, in reading order."""
    return [
        display
        for name, path in pages(book).items()
        for cell in markdown_cells(path)
        for display in displayed(cell, name)
    ]


# Tests

def checks(tests=ROOT / "tests"):
    """The equation marks of all tests, read without running them."""
    return [
        check
        for path in sorted(tests.rglob("test_*.py"))
        for check in checks_of(path, path.relative_to(tests.parent).as_posix())
    ]


def checks_of(path, name):
    text = path.read_text(encoding="utf-8")
    for node in ast.parse(text).body:
        for mark in getattr(node, "decorator_list", []):
            if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.equation":
                label, formula = (ast.literal_eval(argument) for argument in mark.args)
                kind = {word.arg: ast.literal_eval(word.value) for word in mark.keywords}["kind"]
                source = ast.get_source_segment(text, node)
                yield Check(label, plain(formula), kind, f"{name}::{node.name}", source)


# Both

def ledger(displays, checks):
    """label -> page, kind and tests, in the order of the pages."""
    by_label = {}
    for check in checks:
        by_label.setdefault(check.label, []).append(check)
    return {
        display.label: {
            "page": display.page,
            "kind": by_label[display.label][0].kind,
            "tests": [check.test for check in by_label[display.label]],
        }
        for display in displays
        if display.label in by_label
    }


def problems(displays, checks):
    """What is wrong between pages and tests, a sentence each; nothing when all is well."""
    formulas = {display.label: display.formula for display in displays if display.label}
    labels = Counter(display.label for display in displays if display.label)
    checked = {check.label for check in checks}
    kinds = {check.label: check.kind for check in checks}
    definitions = sum(kind == "definition" for kind in kinds.values())
    return [
        *(f"{d.page}: the displayed equation {d.formula!r} has no label"
          for d in displays if not d.label),
        *(f"{d.page}: the label {d.label!r} does not begin with eq-"
          for d in displays if d.label and not d.label.startswith("eq-")),
        *(f"the label {label} is used {count} times" for label, count in labels.items() if count > 1),
        *(f"{d.page}: the equation {d.label} has no check"
          for d in displays if d.label and d.label not in checked),
        *(f"{c.test}: no page displays the equation {c.label}"
          for c in checks if c.label not in formulas),
        *(f"{c.test}: the page displays {c.label} as {formulas[c.label]!r}, the check has {c.formula!r}"
          for c in checks if c.label in formulas and formulas[c.label] != c.formula),
        *(f"{c.test}: the kind of {c.label} is {c.kind!r}, expected one of {', '.join(KINDS)}"
          for c in checks if c.kind not in KINDS),
        *(f"{c.test}: {c.label} is of kind {c.kind} here and {kinds[c.label]} elsewhere"
          for c in checks if c.kind != kinds[c.label]),
        *([f"{definitions} of {len(kinds)} equations are definitions, at most a quarter may be"]
          if definitions > MOST_DEFINITIONS * len(kinds) else []),
    ]


def as_json(entries):
    return json.dumps(entries, indent=1) + "\n"


def main():
    found, marks = displays(), checks()
    for problem in (trouble := problems(found, marks)):
        print(problem, file=sys.stderr)
    path = ROOT / "book" / "ledger.json"
    temporary = path.with_suffix(".tmp")
    temporary.write_text(as_json(ledger(found, marks)), encoding="utf-8")
    os.replace(temporary, path)
    return 1 if trouble else 0


if __name__ == "__main__":
    sys.exit(main())
