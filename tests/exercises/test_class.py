"""The one command: a folder of submissions in; grades, feedback and what is to be marked by a person out."""

import csv
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from submissions import full, notebook, save

from exercises.grader import sandbox
from exercises.grader.__main__ import main
from exercises.grader.marking import mark
from exercises.grader.sheet import find

ROOT = Path(__file__).parents[2]
SHEET = find("energy_models")
WRONG = {"energy": "def ising_energy(J, f, s):\n    return s @ f  # <script>alert(1)</script>\n", "balance": "I <b>think</b> it holds."}


@pytest.fixture
def submitted(tmp_path, sandbox):
    folder = tmp_path / "submitted"
    save(folder / "ada.ipynb", notebook(SHEET))
    save(folder / "bob" / "energy_models.ipynb", notebook(SHEET, WRONG))
    save(folder / "bob" / "older.ipynb", notebook(SHEET))
    save(folder / "=1+1.ipynb", notebook(SHEET, whole="released"))
    (folder / "carol").mkdir()
    (folder / "dora").mkdir()
    (folder / "dora" / "sheet.ipynb").write_text("nonsense")
    return folder


def command(folder, out, *more):
    return subprocess.run([sys.executable, "-m", "exercises.grader", "energy_models", folder, "--out", out, "--jobs", "2", *more],
                          cwd=ROOT, capture_output=True, text=True, check=False)


def grades(out):
    with open(out / "grades.csv", newline="", encoding="utf-8") as file:
        return {line["student"]: line for line in csv.DictReader(file)}


def test_a_folder_goes_in_and_grades_and_feedback_come_out_and_a_second_run_goes_on(submitted, tmp_path):
    out = tmp_path / "graded"
    run = command(submitted, out)
    assert run.returncode == 0, run.stderr
    found = grades(out)
    assert {name: int(line["total"]) for name, line in found.items()} == {"ada": 26, "bob": 23, "'=1+1": 0, "carol": 0, "dora": 0}
    assert {name: int(found["bob"][name]) for name in full(SHEET)} == full(SHEET, ["energy-test"])
    assert "could not be read" in found["dora"]["notes"]
    page = (out / "feedback" / "bob.html").read_text()
    assert "23 of 30 marks" in page
    assert "0 of 3" in page
    assert "<script" not in page
    assert "I &lt;b&gt;think" in (out / "to_mark.html").read_text()
    assert (out / "seed.txt").stat().st_mode & 0o077 == 0

    times = {path.name: path.stat().st_mtime_ns for path in (out / "results").iterdir()}
    (out / "results" / "bob.json").write_text("broken off")
    save(submitted / "carol" / "mine.ipynb", notebook(SHEET))
    lines = (out / "written.csv").read_text().replace("bob,balance,,", "bob,balance,2.5,the sum is missing")
    (out / "written.csv").write_text(lines)
    assert command(submitted, out).returncode == 0
    again = {path.name: path.stat().st_mtime_ns for path in (out / "results").iterdir()}
    assert {name for name in times if times[name] != again[name]} == {"bob.json", "carol.json"}
    assert grades(out)["bob"]["total"] == "25.5"
    assert grades(out)["carol"]["total"] == "26"
    assert "the sum is missing" in (out / "feedback" / "bob.html").read_text()


def test_without_the_sandbox_it_refuses_and_as_root_it_refuses_to_go_without(submitted, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    sandbox.refusal.cache_clear()
    arguments = ["energy_models", str(submitted), "--out", str(tmp_path / "out"), "--jobs", "1"]
    try:
        assert main(arguments) == 2
        assert "bubblewrap" in capsys.readouterr().err
        assert not (tmp_path / "out").exists()
        monkeypatch.setattr(os, "geteuid", lambda: 0)
        assert main([*arguments, "--unsafe"]) == 2
        assert "root" in capsys.readouterr().err
    finally:
        sandbox.refusal.cache_clear()


def test_told_so_an_ordinary_user_can_grade_without_the_sandbox(submitted, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    sandbox.refusal.cache_clear()
    try:
        assert main(["energy_models", str(submitted), "--out", str(tmp_path / "out"), "--jobs", "1", "--unsafe"]) == 0
    finally:
        sandbox.refusal.cache_clear()
    assert grades(tmp_path / "out")["ada"]["total"] == "26"


def test_a_class_of_200_takes_less_than_10_minutes_on_two_cores(tmp_path, sandbox):
    """Two submissions and then twelve more: what each of them adds, scaled up, and the start of the command once."""
    seconds = []
    for folder, n_students in ("two", 2), ("twelve", 12):
        for n in range(n_students):
            save(tmp_path / folder / f"{folder}{n}.ipynb", notebook(SHEET))
        start = time.monotonic()
        assert command(tmp_path / folder, tmp_path / "out", "--seed", "3").returncode == 0
        seconds.append(time.monotonic() - start)
    assert seconds[0] + 198 * (seconds[1] - seconds[0]) / 10 < 600
    assert [line["total"] for line in grades(tmp_path / "out").values()] == ["26"] * 14


def test_a_dask_cluster_grades_with_the_same_command(submitted, tmp_path):
    from distributed import LocalCluster

    with LocalCluster(n_workers=1, threads_per_worker=1, host="127.0.0.1", dashboard_address=None) as cluster:
        run = command(submitted, tmp_path / "out", "--dask", cluster.scheduler_address)
    assert run.returncode == 0, run.stderr
    assert {name: line["total"] for name, line in grades(tmp_path / "out").items()} == {
        "ada": "26", "bob": "23", "'=1+1": "0", "carol": "0", "dora": "0"}


def test_what_is_handed_in_late_joins_the_rest_and_no_mark_by_hand_is_lost(submitted, tmp_path):
    out = tmp_path / "out"
    assert command(submitted, out).returncode == 0
    lines = (out / "written.csv").read_text().replace("ada,balance,,", "ada,balance,4,complete")
    (out / "written.csv").write_text(lines.replace(",", ";") + "cloe;balance;1,5;\n", encoding="utf-8-sig")  # as a spreadsheet saves it
    save(tmp_path / "late" / "eve.ipynb", notebook(SHEET))
    run = command(tmp_path / "late", out)
    assert run.returncode == 0, run.stderr
    assert "somebody who handed nothing in: cloe" in run.stderr
    assert "5 derivations to be marked" in run.stdout
    assert {name: line["total"] for name, line in grades(out).items()} == {
        "ada": "30", "bob": "23", "'=1+1": "0", "carol": "0", "dora": "0", "eve": "26"}
    written = (out / "written.csv").read_text()
    assert "ada,balance,4,complete" in written
    assert "cloe,balance,1.5," in written


@pytest.mark.parametrize(("table", "said"), [
    ("ada,balance,40,", "line 2: marks must be a number from 0 to 4, got '40'"), ("ada,balance,-3,", "got '-3'"),
    ("ada,balance,two,", "got 'two'"), ("ada,balanse,2,", "question must be one of balance, got 'balanse'")])
def test_marks_by_hand_that_are_none_are_refused_with_their_line(submitted, tmp_path, table, said, capsys):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "written.csv").write_text(f"student,question,marks,remark\n{table}\n")
    with pytest.raises(SystemExit):
        main(["energy_models", str(submitted), "--out", str(tmp_path / "out")])
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out" / "grades.csv").exists()


def test_remarks_say_what_went_wrong(tmp_path, sandbox):
    def remark(source, test="energy-test"):
        result = mark("x", save(tmp_path / "x.ipynb", notebook(SHEET, {"energy": source})), SHEET, 5)
        return result.remarks[test], result.notes

    assert remark("def ising_energy(J, f, s):\n    return s @ f")[0] == "An example on the sheet does not hold."
    said, notes = remark("def ising_energy(J, f, s)\n    return 0")
    assert said.startswith("ising_energy is not defined: the cell that should do it stopped, SyntaxError")
    assert "begins “def ising_energy(J, f, s)” stopped" in notes[0]
    assert remark("")[0] == "ising_energy is not defined"
    assert remark("def ising_energy(a, b, s):\n    return -s @ f")[0].startswith(
        "NameError: name 'f' is not defined (a function sees what it is given")
    examples_only = "def ising_energy(J, f, s):\n    return [-2.5, -0.5, 0.5]"
    assert remark(examples_only)[0].startswith("wrong energies for")
    other = mark("x", save(tmp_path / "x.ipynb", notebook(find("elbo"))), SHEET, 5)
    assert other.notes == ["None of the functions that the sheet asks for is here: is this another sheet?"]
    empty = mark("x", save(tmp_path / "x.ipynb", notebook(SHEET, whole="released")), SHEET, 5)
    assert empty.notes == ["No code was added to the sheet."]


def test_a_sheet_that_is_none_or_no_master_is_named(submitted, tmp_path, capsys):
    for name, said in (("energy_model", "energy_model is neither a file nor one of energy_models, rbm_inference"),
                       (str(ROOT / "book/exercises/elbo.ipynb"), "a master is a .py file with solutions and hidden tests, got elbo.ipynb")):
        with pytest.raises(SystemExit):
            main([name, str(submitted), "--out", str(tmp_path / "out")])
        assert said in capsys.readouterr().err
    master = tmp_path / "elbo.py"
    master.write_text((ROOT / "exercises" / "elbo.py").read_text().replace("### BEGIN HIDDEN TESTS", "###"))
    with pytest.raises(ValueError, match="is no master: it has no hidden tests in kl-test"):
        find(master)
