"""Submissions made of answers, for the tests of the grader."""

import json


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
