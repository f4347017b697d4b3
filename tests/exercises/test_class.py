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


def test_a_class_of_200_takes_less_than_10_minutes_on_two_cores(submitted, tmp_path):
    """Twelve submissions, scaled up; starting the command is not scaled."""
    folder = tmp_path / "class"
    for n in range(12):
        save(folder / f"student{n}.ipynb", notebook(SHEET))
    start = time.monotonic()
    assert command(folder, tmp_path / "of_class", "--seed", "3").returncode == 0
    assert (time.monotonic() - start) * 200 / 12 < 600
    assert {line["total"] for line in grades(tmp_path / "of_class").values()} == {"26"}


def test_a_dask_cluster_grades_with_the_same_command(submitted, tmp_path):
    from distributed import LocalCluster

    with LocalCluster(n_workers=1, threads_per_worker=1, host="127.0.0.1", dashboard_address=None) as cluster:
        run = command(submitted, tmp_path / "out", "--dask", cluster.scheduler_address)
    assert run.returncode == 0, run.stderr
    assert {name: line["total"] for name, line in grades(tmp_path / "out").items()} == {
        "ada": "26", "bob": "23", "'=1+1": "0", "carol": "0", "dora": "0"}


def test_a_sheet_that_is_none_is_named(submitted, tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["energy_model", str(submitted), "--out", str(tmp_path / "out")])
    assert "energy_model is neither a file nor one of energy_models, rbm_inference" in capsys.readouterr().err
