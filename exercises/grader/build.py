"""Pages from the masters: `python -m exercises.grader.build [SHEET ...] [--out FOLDER]`.

Writes each sheet to `book/exercises` as a student gets it, and its worked
solutions, folded, with the marking scheme to `book/solutions`. A master kept
elsewhere needs `--out`, and the notebooks go there.
"""

import argparse
import contextlib
import io
import json
from pathlib import Path

from .report import write
from .sheet import TOPICS, find

BOOK = Path(__file__).parents[2] / "book"
METADATA = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python", "file_extension": ".py", "pygments_lexer": "ipython3"}}

FOLDED = {"tags": ["hide-input"], "mystnb": {"code_prompt_show": "Solution", "code_prompt_hide": "Solution"}}


def notebook(cells):
    cells = [cell | {"id": cell["metadata"].get("nbgrader", {}).get("grade_id", f"cell-{number}")} for number, cell in enumerate(cells)]
    return json.dumps({"cells": cells, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5}, indent=1, ensure_ascii=False) + "\n"


def as_cell(kind, source, metadata, count=None, printed=""):
    cell = {"cell_type": kind, "metadata": metadata, "source": source.splitlines(keepends=True)}
    if kind == "code":
        text = {"name": "stdout", "output_type": "stream", "text": printed.splitlines(keepends=True)}
        cell |= {"execution_count": count, "outputs": [text] if printed else []}
    return cell


def released(sheet):
    """The sheet as a student gets it: an nbgrader notebook that was never run."""
    return notebook(as_cell(cell.kind, cell.released, cell.metadata) for cell in sheet.cells)


def solved(sheet):
    """The worked solutions, run from top to bottom, each folded away."""
    cells, names, count = [], {}, 0
    for cell in sheet.cells:
        if cell.role == "written":
            text = f":::{{dropdown}} Solution\n{cell.solved}\n:::"
            cells.append(as_cell("markdown", text, {}))
        elif cell.kind == "markdown":
            cells.append(as_cell("markdown", introduction(sheet, cell), {}))
        else:
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                exec(cell.solved, names)
            folded = FOLDED if cell.role == "solution" else {}
            cells.append(as_cell("code", cell.solved, folded, count := count + 1, printed.getvalue()))
    return notebook([*cells, as_cell("markdown", scheme(sheet), {})])


def introduction(sheet, cell):
    """The sheet's text, with another heading and opening on the page of solutions."""
    if cell is not sheet.cells[0]:
        return cell.source
    page = f"[the sheet](../exercises/{sheet.topic}.ipynb)"
    return (f"# Solutions: {sheet.subject}\n\n"
            f"> Worked solutions of {page}, folded away, each with what it was tried on. "
            "Have a look at one when you have tried it yourself. There are other right ways to write each.\n\n"
            + cell.source.split("\n\n", 2)[2])


def scheme(sheet):
    """The marking scheme as a table."""
    rows = []
    for cell in sheet.marked:
        aim = "The derivation, marked by a person with the table above." if cell.role == "written" else cell.aim
        rows.append(f"| {cell.exercise.split('.')[0]} | {aim} | {cell.marks} |")
    total = sum(cell.marks for cell in sheet.marked)
    return "\n".join(["## Marking scheme", "", "| exercise | what is tested | marks |", "| --- | --- | --- |", *rows, f"| | all | {total} |"])


def build(name, out=None):
    """Write a sheet's two notebooks."""
    sheet = find(name)
    for part, text in (("exercises", released(sheet)), ("solutions", solved(sheet))):
        path = (out or BOOK) / part / f"{sheet.topic}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path, text)
        print(path)


def main():
    parser = argparse.ArgumentParser(prog="python -m exercises.grader.build", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sheets", nargs="*", default=TOPICS, help="topics, or paths of masters (default: all topics)")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    for name in options.sheets:
        if name not in TOPICS and not options.out:
            parser.error(f"{name} is none of {', '.join(TOPICS)}: say where to write it (--out)")
        build(name, options.out)


if __name__ == "__main__":
    main()
