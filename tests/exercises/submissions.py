"""Submissions made of answers, for the tests of the grader."""

import json
import re
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from exercises.grader.sheet import find

BANKS = Path(__file__).parent / "banks"


@dataclass(frozen=True)
class Answer:
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


def bank(sheet):
    """The answers of a sheet's bank, each with the tests it must fail."""
    blocks = re.split(r"^# %% (.+)\n", (BANKS / f"{sheet.topic}.py").read_text(encoding="utf-8"), flags=re.M)
    answers = []
    for head, source in zip(blocks[1::2], blocks[2::2], strict=True):
        cell, kind, what, *fails = (part.strip() for part in head.split("|"))
        assert kind in ("right", "wrong"), head
        failing = tuple(fails[0].split(", ")) if fails else tests_after(sheet, cell)
        answers.append(Answer(cell, kind == "right", what, () if kind == "right" else failing, source))
    return answers


def sets(sheet, right):
    """The answers of a kind, one for each solution at a time: together they make a submission."""
    answers = [answer for answer in bank(sheet) if answer.right == right]
    by_cell = [[a for a in answers if a.cell == cell.name] for cell in sheet.of("solution")]
    return [{a.cell: a for a in chosen if a} for chosen in zip_longest(*by_cell)]


def notebook(sheet, answers=(), *, whole="solved"):
    """The JSON of a submission: solutions (or stubs) and, in their place, the given sources by cell."""
    answers = dict(answers)
    return {"cells": [
        {"cell_type": cell.kind, "metadata": cell.metadata,
         "source": answers.get(cell.name, getattr(cell, whole) if cell.role == "solution" else cell.released)}
        for cell in sheet.cells
    ], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def save(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def full(sheet, without=()):
    """The marks of a submission that fails these tests only."""
    return {cell.name: 0 if cell.name in without else cell.marks for cell in sheet.of("test")}


__all__ = ["bank", "find", "full", "notebook", "save", "sets"]
