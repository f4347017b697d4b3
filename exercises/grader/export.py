"""Marks for a learning platform: `python -m exercises.grader.export graded gradebook.csv --out upload.csv ...`

A platform (Moodle, Canvas, Blackboard, ...) gives out its gradebook as a CSV
file and takes the same file back. This fills in one column of it, and if asked a
second with the remarks, and leaves everything else as it is:

    python -m exercises.grader.export graded gradebook.csv --out upload.csv \\
        --student "SIS Login ID" --marks "Energy models (1234)"

--student names the column whose entries are the names of the submissions. Where
the platform gave the files names of its own, --name is a regular expression
whose group is the entry: '(.+)_[0-9]+_assignsubmission_file' for Moodle's folders
and its column "Full name", '[^_]+_(?:LATE_)?([0-9]+)_.*' for Canvas and its "ID".
"""

import argparse
import csv
import re
import sys
from pathlib import Path

from .report import count, plain, table


def lines_of(path):
    """The lines of a CSV file, each a dict, and its columns in order."""
    with open(path, newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        return list(reader), list(reader.fieldnames or [])


def grades_of(path, name):
    """student -> line of grades.csv; `name` takes the student out of the name of a submission."""
    found = {}
    for line in lines_of(path)[0]:
        match = name.fullmatch(plain(line["student"]))
        student = match[1] if match else plain(line["student"])
        if student in found:
            raise ValueError(f"two submissions are of {student}")
        found[student] = line
    return found


def tests_of(line):
    """The columns that hold the marks of one test."""
    return [name for name in line if name not in ("student", "total", "out_of", "notes")]


def remarks(line):
    """What is to be said beside a mark: the marks of the tests, and the notes."""
    each = ", ".join(f"{name} {line[name] or 'not marked yet'}" for name in tests_of(line))
    return f"{each}. {line['notes']}".strip()


def filled(lines, grades, student, marks, feedback=None):
    """The gradebook's lines with the marks in their column, and who could not be placed on either side."""
    placed = set()
    for line in lines:
        who = (line[student] or "").strip()
        if who in grades:
            if who in placed:
                raise ValueError(f"{who} stands in two lines of the gradebook")
            placed.add(who)
            line[marks] = grades[who]["total"]
            if feedback:
                line[feedback] = remarks(grades[who])
    without = [who for line in lines if (who := (line[student] or "").strip()) and who not in grades]
    return lines, sorted(grades.keys() - placed), without


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m exercises.grader.export", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("graded", type=Path, help="the folder that grading wrote")
    parser.add_argument("gradebook", type=Path, help="the platform's CSV file")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--student", required=True, metavar="COLUMN")
    parser.add_argument("--marks", required=True, metavar="COLUMN")
    parser.add_argument("--feedback", metavar="COLUMN")
    parser.add_argument("--name", type=re.compile, default="(.*)", metavar="REGEX")
    options = parser.parse_args(arguments)
    for path in (options.graded / "grades.csv", options.gradebook):
        if not path.is_file():
            parser.error(f"there is no file {path}")
    lines, columns = lines_of(options.gradebook)
    if options.feedback and options.feedback not in columns:
        columns.append(options.feedback)
    for column in options.student, options.marks:
        if column not in columns:
            parser.error(f"{options.gradebook} has no column {column!r}; it has {', '.join(map(repr, columns))}")
    if options.name.groups != 1:
        parser.error(f"--name must have one group, got {options.name.pattern}")
    try:
        grades = grades_of(options.graded / "grades.csv", options.name)
        lines, unknown, without = filled(lines, grades, options.student, options.marks, options.feedback)
    except ValueError as error:
        parser.error(str(error))
    table(options.out, columns, [[line.get(column, "") for column in columns] for line in lines])
    print(f"{count(len(grades) - len(unknown), 'mark')} in {options.out}")
    if unmarked := [who for who, line in grades.items() if not all(line[name] for name in tests_of(line))]:
        print(f"without the derivation, which is not marked yet: {', '.join(sorted(unmarked))}", file=sys.stderr)
    for what, names in (("not in the gradebook", unknown), ("in the gradebook without a submission", without)):
        if names:
            print(f"{what}: {', '.join(names)}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
