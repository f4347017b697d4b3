"""What comes out of grading: grades.csv, a page a student, the derivations for the person who marks them."""

import csv
import io
import os
import re
from html import escape
from itertools import groupby

from .derivations import rendered

STYLE = """body { font: 16px/1.5 sans-serif; max-width: 44rem; margin: 2rem auto; padding: 0 1rem; color: #222; overflow-wrap: anywhere }
table { border-collapse: collapse } .marks { width: 100%; table-layout: fixed } .marks th:first-child { width: 4.5rem }
td, th { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid #ccc }
pre { white-space: pre-wrap } .answer { background: #f5f5f5; padding: .1rem .8rem; overflow-x: auto }"""
WRITTEN = ["student", "question", "marks", "remark"]


def write(path, text):
    """Write to a temporary name, then rename: a broken run leaves the old file."""
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text(text, encoding="utf-8", errors="replace")
    os.replace(temporary, path)


def table(path, head, rows):
    """Write a CSV file."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([head, *rows])
    write(path, text.getvalue())


def page(title, body):
    return ('<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
            f"<title>{escape(title)}</title><style>{STYLE}</style></head>\n<body><h1>{escape(title)}</h1>\n{body}\n</body></html>\n")


def safe(text):
    """A cell of a table that no spreadsheet takes for a formula."""
    return f"'{text}" if str(text).startswith(("=", "+", "-", "@")) else text


def plain(text):
    """What `safe` was given."""
    return text[1:] if text.startswith(("'=", "'+", "'-", "'@")) else text


def count(number, thing):
    return f"{number} {thing}{'' if number == 1 else 's'}"


def marks_by_hand(sheet, path):
    """student -> question -> (marks or nothing, remark), as a person filled in written.csv.

    Raises ValueError, with the line, for marks that are no number from 0 to the most there are.
    """
    most, found = {cell.name: cell.marks for cell in sheet.of("written")}, {}
    if not path.exists():
        return found
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} must be saved as CSV in UTF-8") from error
    head = text.split("\n", 1)[0]
    lines = csv.DictReader(io.StringIO(text), delimiter=max(",;\t", key=head.count))
    if (lines.fieldnames or [])[:4] != WRITTEN:
        raise ValueError(f"{path} must have the columns {', '.join(WRITTEN)}, got: {head.strip()}")
    for number, line in enumerate(lines, 2):
        if line["question"] not in most:
            raise ValueError(f"{path}, line {number}: question must be one of {', '.join(most)}, got {line['question']!r}")
        given, top = (line["marks"] or "").strip().replace(",", "."), most[line["question"]]
        if given and not (re.fullmatch(r"\d+(\.\d+)?", given) and float(given) <= top):
            raise ValueError(f"{path}, line {number}: marks must be a number from 0 to {top}, got {line['marks']!r}")
        marks = (float(given) if "." in given else int(given)) if given else None
        found.setdefault(plain(line["student"]), {})[line["question"]] = (marks, line["remark"] or "")
    return found


def all_of(sheet, everyone, by_hand, out):
    """Every report of a run; written.csv keeps all its lines, and gets one for each answer it lacks."""
    names, questions = [cell.name for cell in sheet.marked], [cell.name for cell in sheet.of("written")]
    rows = []
    (out / "feedback").mkdir(exist_ok=True)
    for result in everyone:
        person = by_hand.setdefault(result.student, {})
        for name in questions:
            person.setdefault(name, (None, ""))
        marks = result.marks | {name: given for name, (given, _) in person.items() if given is not None}
        rows.append([safe(result.student), *(marks.get(name, "") for name in names), sum(marks.values()),
                     sum(cell.marks for cell in sheet.marked), " ".join(result.notes)])
        write(out / "feedback" / f"{result.student}.html", feedback(sheet, result, marks, person))
    table(out / "grades.csv", ["student", *names, "total", "out_of", "notes"], rows)
    table(out / "written.csv", WRITTEN, [(safe(student), name, "" if marks is None else marks, remark) for student in sorted(by_hand)
                                         for name, (marks, remark) in by_hand[student].items()])
    write(out / "to_mark.html", to_mark(sheet, everyone))


def left_to_mark(everyone, by_hand):
    """How many derivations nobody has marked yet."""
    return sum(marks is None for result in everyone for marks, _ in by_hand[result.student].values())


def feedback(sheet, result, marks, person):
    """One student's page: marks and a remark for each test, under the exercise's heading."""
    parts = [f"<p>{escape(note)}</p>" for note in result.notes]
    for exercise, cells in groupby(sheet.marked, lambda cell: cell.exercise):
        cells, rows = list(cells), []
        for cell in cells:
            if cell.role == "written":
                aim, remark = "The derivation, marked by a person.", person[cell.name][1]
            else:
                aim, remark = cell.aim, result.remarks.get(cell.name, "")
            got = marks.get(cell.name, "–")
            rows.append(f"<tr><td>{got} of {cell.marks}</td><td>{escape(aim)}</td><td>{escape(str(remark))}</td></tr>")
        got, most = sum(marks.get(cell.name, 0) for cell in cells), sum(cell.marks for cell in cells)
        parts.append(f"<h2>{escape(re.sub(r' [(].*', '', exercise))}: {got} of {most}</h2>\n"
                     "<table class='marks'><tr><th>Marks</th><th>What was tested</th><th>Remark</th></tr>\n" + "\n".join(rows) + "</table>")
    total = f"<strong>{sum(marks.values())} of {sum(cell.marks for cell in sheet.marked)} marks</strong>"
    coming = sum(cell.marks for cell in sheet.of("written") if cell.name not in marks)
    later = f"; the derivation, for up to {count(coming, 'mark')} more, is still to be marked" if coming else ""
    return page(f"{result.student}: {sheet.subject}", f"<p>{total}{later}.</p>" + "\n".join(parts))


def to_mark(sheet, everyone):
    """The answers to be marked by a person: the question with its table of marks, the model answer, then one by one."""
    parts = []
    for question in sheet.of("written"):
        asked = sheet.cells[sheet.cells.index(question) - 1].source
        answers = [result.written.get(question.name) or "(nothing)" for result in everyone]
        heads = ["A model answer", *(result.student for result in everyone)]
        question_read, *answers_read = rendered([asked, question.solved, *answers])
        parts.append(f"<h2>{escape(question.name)}: {count(question.marks, 'mark')}</h2>{question_read}")
        parts += [f"<h3>{escape(head)}</h3><div class='answer'>{answer}</div>"
                  for head, answer in zip(heads, answers_read, strict=True)]
    return page(f"To mark: {sheet.subject}", "\n".join(parts))
