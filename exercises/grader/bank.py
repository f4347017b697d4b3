"""The answers on which the grader is graded: for each exercise right ones and wrong ones, and the marks they must get.

A bank is a file in `exercises/banks`. Before each answer stands a line

    # %% CELL | right or wrong | what it is | the tests it fails, if not all that follow the cell
"""

import os
import re
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from .marking import try_test
from .sheet import FOLDER

BANKS = FOLDER / "banks"


@dataclass(frozen=True)
class Answer:
    """One way to write the function of a solution cell."""

    cell: str
    right: bool
    what: str
    fails: tuple[str, ...]
    source: str


def tests_after(sheet, name):
    """The tests that follow a solution, up to the next solution."""
    names = [cell.name for cell in sheet.cells]
    found = []
    for cell in sheet.cells[names.index(name) + 1:]:
        if cell.role == "solution":
            break
        if cell.role == "test":
            found.append(cell.name)
    return tuple(found)


def read_bank(sheet, path=None):
    """The answers of a sheet's bank, each with the tests it must fail."""
    text = Path(path or BANKS / f"{sheet.topic}.py").read_text(encoding="utf-8")
    blocks = re.split(r"^# %% (.+)\n", text, flags=re.M)
    answers = []
    for head, source in zip(blocks[1::2], blocks[2::2], strict=True):
        cell, kind, what, *fails = (part.strip() for part in head.split("|"))
        if kind not in ("right", "wrong"):
            raise ValueError(f"an answer must be right or wrong, got {kind!r} in: {head}")
        failing = tuple(fails[0].split(", ")) if fails else tests_after(sheet, cell)
        answers.append(Answer(cell, kind == "right", what, () if kind == "right" else failing, source))
    return answers


def sets(sheet, right, answers=None):
    """The answers of a kind, one for each solution at a time: together they make a submission."""
    of_kind = [answer for answer in (answers or read_bank(sheet)) if answer.right == right]
    by_cell = [[a for a in of_kind if a.cell == cell.name] for cell in sheet.of("solution")]
    return [{a.cell: a for a in chosen if a} for chosen in zip_longest(*by_cell)]


def cells(sheet, sources=(), *, whole="solved"):
    """The code that a submission runs: setup, and solutions (or stubs) with the given sources in their place."""
    sources = dict(sources)
    return [cell.released if cell.role == "setup" else sources.get(cell.name, getattr(cell, whole))
            for cell in sheet.of("setup", "solution")]


def failed(sheet, box, work, seed):
    """The tests that these cells fail, each with what went wrong."""
    os.environ["GRADING_SEED"] = str(seed)
    box.refill(work)
    remarks = {test.name: try_test(test, sheet, box) for test in sheet.of("test")}
    return {name: remark for name, remark in remarks.items() if remark}
