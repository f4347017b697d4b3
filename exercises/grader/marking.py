"""The marks of one submission. This process holds the tests; the student's functions live in a box."""

import contextlib
import hashlib
import io
import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from .sandbox import Box, Wrong

LARGEST = 20 << 20  # bytes of a submission


@dataclass
class Result:
    """What a submission got: marks by the name of the test, a remark where marks are lost, the written answers."""

    student: str
    marks: dict = field(default_factory=dict)
    remarks: dict = field(default_factory=dict)
    written: dict = field(default_factory=dict)
    notes: list = field(default_factory=list)
    key: str = ""


def key(path, sheet, seed):
    """What a result depends on: a submission with the same key need not be graded again."""
    parts = (submitted(path), sheet.path.read_bytes(), str(seed).encode())
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def seed_in(folder):
    """The private seed of this folder's grades, drawn once."""
    path = folder / "seed.txt"
    if not path.exists():
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(str(secrets.randbits(62)))
    return int(path.read_text())


def submitted(path):
    """The bytes of an ordinary file of ordinary size; nothing for any other."""
    path = Path(path)
    if path.is_symlink() or not path.is_file() or path.stat().st_size > LARGEST:
        return b""
    return path.read_bytes()


def cells_of(path):
    """(type, source, grade_id) of a submission's cells, whatever state the file is in."""
    found = []
    for cell in json.loads(submitted(path).decode("utf-8-sig"))["cells"]:
        source = "".join(cell["source"]).replace("\r\n", "\n").rstrip()
        marks = cell.get("metadata", {}).get("nbgrader", {})
        found.append((cell["cell_type"], source, marks.get("grade_id", "")))
    return found


def written(cells, sheet):
    """The texts a student wrote, by question: the cell that bears its name, else all new text under the same heading."""
    answers = {}
    for question in sheet.of("written"):
        named = [source for kind, source, name in cells if name == question.name and source != question.released]
        heading, new = "", []
        for kind, source, _ in cells:
            if kind == "markdown" and source.startswith("## "):
                heading = source.split("\n", 1)[0][3:]
            if kind == "markdown" and heading == question.exercise and source not in sheet.known:
                new.append(source)
        answers[question.name] = "\n\n".join(named or new)
    return answers


def mark(student, path, sheet, seed, *, unsafe=False):
    """Grade one submission. Whatever is wrong with it ends up in its result, never as an exception."""
    result = Result(student, {cell.name: 0 for cell in sheet.of("test")}, key=key(path, sheet, seed))
    try:
        cells = cells_of(path)
        result.written = written(cells, sheet)
    except Exception as error:
        result.notes.append(f"The file could not be read as a notebook ({type(error).__name__}).")
        return result
    setup = [cell.released for cell in sheet.of("setup")]
    work = [source for kind, source, _ in cells if kind == "code" and source and source not in sheet.known]
    os.environ["GRADING_SEED"] = str(seed)
    with Box(setup + work, unsafe=unsafe) as box:
        for test in sheet.of("test"):
            remark = try_test(test, sheet, box)
            if remark:
                result.remarks[test.name] = remark
            else:
                result.marks[test.name] = test.marks
        result.notes += [f"The cell that begins “{cell.strip().splitlines()[0][:60]}” stopped: {error}"
                         for cell, error in box.errors.items() if cell in work]
    if not work:
        result.notes.append("No code was added to the sheet.")
    elif not any(name in source for name in sheet.functions for source in work):
        result.notes.append("None of the functions that the sheet asks for is here: is this another sheet?")
    return result


def try_test(test, sheet, box):
    """Run a test against the box, first its examples and then its hidden part; what went wrong in words, or nothing."""
    names = {name: partial(box.call, name) for name in sheet.functions}
    examples = "\n".join(cell.released for cell in (*sheet.of("setup"), test))
    for part, failure in (examples, "An example on the sheet does not hold."), (test.hidden, "A hidden test does not hold."):
        try:
            with contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
                exec(part, names)
        except Wrong as error:
            return str(error)
        except AssertionError as error:
            return str(error) or failure
        except Exception as error:
            return f"The answer is not of the form that was asked for ({type(error).__name__}: {error})."
    return ""


def as_json(result):
    return json.dumps(asdict(result), indent=1)

