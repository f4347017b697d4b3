"""What comes out of grading: grades.csv, a page a student, the derivations for the person who marks them."""

import csv
import os
from html import escape
from itertools import groupby

STYLE = """body { font: 16px/1.5 sans-serif; max-width: 44rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
table { border-collapse: collapse; width: 100% } td, th { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid #ccc }
td.marks { white-space: nowrap } pre { white-space: pre-wrap; background: #f5f5f5; padding: .6rem }"""


def write(path, text):
    """Write to a temporary name, then rename: a broken run leaves the old file."""
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text(text, encoding="utf-8", errors="replace")
    os.replace(temporary, path)


def page(title, body):
    return (f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
            f"<style>{STYLE}</style></head>\n<body><h1>{escape(title)}</h1>\n{body}\n</body></html>\n")


def safe(text):
    """A cell of a table that no spreadsheet takes for a formula."""
    return f"'{text}" if str(text).startswith(("=", "+", "-", "@")) else text


def plain(text):
    """What `safe` was given."""
    return text[1:] if text.startswith(("'=", "'+", "'-", "'@")) else text


def marks_by_hand(sheet, everyone, out):
    """student -> question -> (marks, remark) from written.csv, which is made here with a line for each answer."""
    path, found = out / "written.csv", {}
    if path.exists():
        with open(path, newline="", encoding="utf-8") as file:
            for line in csv.DictReader(file):
                found.setdefault(line["student"], {})[line["question"]] = (line["marks"], line["remark"])
    rows = [(safe(result.student), cell.name, *found.get(safe(result.student), {}).get(cell.name, ("", "")))
            for result in everyone for cell in sheet.of("written")]
    table(path, ["student", "question", "marks", "remark"], rows)
    return found


def table(path, head, rows):
    temporary = path.with_name(path.name + ".tmp")
    with open(temporary, "w", newline="", encoding="utf-8", errors="replace") as file:
        csv.writer(file).writerows([head, *rows])
    os.replace(temporary, path)


def all_of(sheet, everyone, out):
    """Every report of a run."""
    by_hand = marks_by_hand(sheet, everyone, out)
    names = [cell.name for cell in sheet.marked]
    rows = []
    (out / "feedback").mkdir(exist_ok=True)
    for result in everyone:
        person = by_hand.get(safe(result.student), {})
        marks = result.marks | {name: number(given) for name, (given, _) in person.items() if given}
        rows.append([safe(result.student), *(marks.get(name, "") for name in names), sum(marks.values()),
                     sum(cell.marks for cell in sheet.marked), " ".join(result.notes)])
        write(out / "feedback" / f"{result.student}.html", feedback(sheet, result, marks, person))
    table(out / "grades.csv", ["student", *names, "total", "out_of", "notes"], rows)
    write(out / "to_mark.html", to_mark(sheet, everyone))


def number(text):
    return float(text) if "." in text else int(text)


def feedback(sheet, result, marks, person):
    """One student's page: marks and a remark for each test, under the exercise's heading."""
    parts = [f"<p>{escape(note)}</p>" for note in result.notes]
    for exercise, cells in groupby(sheet.marked, lambda cell: cell.exercise):
        rows = []
        for cell in cells:
            if cell.role == "written":
                aim, remark = "The derivation, marked by a person.", person.get(cell.name, ("", ""))[1]
            else:
                aim, remark = cell.aim, result.remarks.get(cell.name, "")
            got = marks.get(cell.name, "–")
            rows.append(f'<tr><td class="marks">{got} of {cell.marks}</td><td>{escape(aim)}</td><td>{escape(str(remark))}</td></tr>')
        parts.append(f"<h2>{escape(exercise)}</h2>\n<table><tr><th>Marks</th><th>What was tested</th><th>What went wrong</th></tr>\n"
                     + "\n".join(rows) + "</table>")
    total = f"<p><strong>{sum(marks.values())} of {sum(cell.marks for cell in sheet.marked)} marks</strong></p>"
    return page(f"{sheet.title}: {result.student}", total + "\n".join(parts))


def to_mark(sheet, everyone):
    """The answers to be marked by a person, question by question, each with its model answer."""
    parts = []
    for question in sheet.of("written"):
        parts.append(f"<h2>{escape(question.exercise)}</h2><pre>{escape(question.solved)}</pre>")
        parts += [f"<h3>{escape(result.student)}</h3><pre>{escape(result.written.get(question.name) or '(nothing)')}</pre>"
                  for result in everyone]
    return page(f"{sheet.title}: derivations to mark", "\n".join(parts))
