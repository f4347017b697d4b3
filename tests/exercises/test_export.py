"""Marks go into the gradebook that a learning platform gave out, and nothing else in it changes."""

import csv

import pytest

from exercises.grader.export import main
from exercises.grader.report import table

GRADES = [["student", "energy-test", "balance", "total", "out_of", "notes"],
          ["ada", "3", "4", "7", "7", ""], ["'=1+1", "0", "", "0", "7", "The file could not be read."], ["eve", "1", "2.5", "3.5", "7", ""]]
CANVAS = ("\ufeffStudent,ID,SIS Login ID,Section,Energy models (1234)\r\n    Points Possible,,,,30\r\n"
          '"Lovelace, Ada",17,ada,One,\r\n"Sum, A",18,=1+1,One,\r\n"Late, Bob",19,bob,Two,12\r\n')


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "graded").mkdir()
    table(tmp_path / "graded" / "grades.csv", GRADES[0], GRADES[1:])
    (tmp_path / "gradebook.csv").write_bytes(CANVAS.encode())
    return tmp_path


def export(folder, *more, student="SIS Login ID", marks="Energy models (1234)"):
    return main([str(folder / "graded"), str(folder / "gradebook.csv"), "--out", str(folder / "upload.csv"),
                 "--student", student, "--marks", marks, *more])


def rows(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def test_marks_stand_in_their_column_and_who_is_missing_is_named(folder, capsys):
    assert export(folder) == 0
    assert rows(folder / "upload.csv") == [
        ["Student", "ID", "SIS Login ID", "Section", "Energy models (1234)"],
        ["    Points Possible", "", "", "", "30"],
        ["Lovelace, Ada", "17", "ada", "One", "7"],
        ["Sum, A", "18", "=1+1", "One", "0"],
        ["Late, Bob", "19", "bob", "Two", "12"],
    ]
    said = capsys.readouterr()
    assert said.out.startswith("2 marks in ")
    assert "not in the gradebook: eve" in said.err
    assert "in the gradebook without a submission: bob" in said.err


def test_remarks_go_into_a_column_of_their_own(folder):
    export(folder, "--feedback", "Section")
    column = {row[2]: row[3] for row in rows(folder / "upload.csv")}
    assert column["ada"] == "energy-test 3, balance 4."
    assert column["=1+1"] == "energy-test 0, balance not marked yet. The file could not be read."


@pytest.mark.parametrize(("names", "pattern", "column"), [
    (["Ada Lovelace_412_assignsubmission_file", "Bob Late_7_assignsubmission_file"], "(.+)_[0-9]+_assignsubmission_file", "Full name"),
    (["lovelaceada_17_99_energy_models", "latebob_LATE_19_98_energy_models-1"], "[^_]+_(?:LATE_)?([0-9]+)_.*", "ID"),
], ids=["Moodle", "Canvas"])
def test_a_student_is_found_in_the_names_that_platforms_give_to_files(folder, names, pattern, column):
    table(folder / "graded" / "grades.csv", GRADES[0], [[name, *line[1:]] for name, line in zip(names, GRADES[1:], strict=False)])
    (folder / "gradebook.csv").write_text("Full name,ID,Grade\nAda Lovelace,17,\nBob Late,19,\n")
    assert export(folder, "--name", pattern, student=column, marks="Grade") == 0
    assert rows(folder / "upload.csv")[1:] == [["Ada Lovelace", "17", "7"], ["Bob Late", "19", "0"]]


def test_what_does_not_fit_is_refused(folder, capsys):
    def refused(*more, **columns):
        with pytest.raises(SystemExit):
            export(folder, *more, **columns)
        assert not (folder / "upload.csv").exists()
        return capsys.readouterr().err

    assert "has no column 'Mark'; it has 'Student', 'ID'" in refused(marks="Mark")
    assert "--name must have one group" in refused("--name", "x")
    (folder / "gradebook.csv").write_text("ID,Grade\nada,\nada,\n")
    assert "ada stands in two lines" in refused(student="ID", marks="Grade")
    table(folder / "graded" / "grades.csv", GRADES[0], [GRADES[1], GRADES[1]])
    assert "two submissions are of ada" in refused(student="ID", marks="Grade")
    (folder / "graded" / "grades.csv").unlink()
    assert "there is no file" in refused(student="ID", marks="Grade")
