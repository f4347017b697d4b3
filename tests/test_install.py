"""What is installed where: one lock file, and everything else in agreement with it."""

import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import nbformat
import pytest
import yaml
from nbformat.sign import NotebookNotary
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
LOCK = [line for line in (ROOT / "requirements.lock").read_text().splitlines() if line and not line.startswith("#")]
HERE = {"python_full_version": "3.11.7", "python_version": "3.11", "sys_platform": "linux", "os_name": "posix",
        "platform_python_implementation": "CPython", "implementation_name": "cpython"}
# What JupyterLab on Binder needs beside the package's own dependencies.
NOTEBOOKS = {"ipykernel", "jupyterlab", "jupyterlab-myst"}


def locked():
    """name -> version on the reference platform."""
    requirements = [Requirement(line) for line in LOCK]
    return {r.name.lower(): next(iter(r.specifier)).version for r in requirements
            if r.marker is None or r.marker.evaluate(HERE)}


def environment():
    """Conda's packages (name -> version) and pip's, as environment.yml lists them."""
    listed = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    conda = dict(entry.partition("=")[::2] for entry in listed if isinstance(entry, str))
    (pip,) = (entry["pip"] for entry in listed if isinstance(entry, dict))
    return conda, pip


def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def torch_version():
    return re.search(r"^TORCH := torch==(\S+)$", (ROOT / "Makefile").read_text(), re.M)[1]


def test_on_binder_pages_are_trusted_so_that_stored_figures_show_before_they_are_run(tmp_path):
    places = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "JUPYTER_DATA_DIR": str(tmp_path)}
    subprocess.run([ROOT / "postBuild"], cwd=ROOT, env=os.environ | places, check=True, capture_output=True)
    notary = NotebookNotary(data_dir=str(tmp_path))
    for page in ("index", "rbm/model", "exercises/elbo"):
        assert notary.check_signature(nbformat.read(ROOT / "book" / f"{page}.ipynb", as_version=4)), page


def test_every_line_of_the_lock_is_one_exact_version():
    assert [line for line in LOCK if not re.match(r"[\w.-]+==[\w.!]+( ; .+)?$", line)] == []


def test_neither_torch_nor_cuda_is_in_the_lock():
    assert [name for name in locked() if re.match(r"torch|nvidia|cuda|triton", name)] == []
    assert "+" not in torch_version()


def test_no_lock_file_holds_an_address():
    for name in ("requirements.in", "requirements.lock"):
        assert re.findall(r"https?://\S+|--index-url|--find-links", (ROOT / name).read_text()) == []
    assert '"resolved"' not in (ROOT / "package-lock.json").read_text()


def test_the_packages_ranges_hold_for_the_locked_versions():
    versions = locked() | {"torch": torch_version()}
    for line in project()["dependencies"]:
        requirement = Requirement(line)
        assert requirement.specifier.contains(versions[requirement.name]), line
        assert "==" not in line, "ranges, so that a notebook service keeps its own versions"


def test_binders_environment_names_the_runtime_packages_in_their_locked_versions():
    conda, pip = environment()
    assert pip == ["-e ."]
    assert conda.pop("python") == "3.11"
    conda.pop("pip")
    assert conda.pop("pytorch-cpu") == torch_version()
    runtime = {Requirement(line).name for line in project()["dependencies"]} - {"torch"}
    assert set(conda) == runtime | NOTEBOOKS
    assert conda == {name: locked()[name] for name in conda}


def test_the_wheel_holds_all_that_the_package_reads(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", tmp_path, ROOT],
        check=True, capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    packed = set(zipfile.ZipFile(wheel).namelist())
    files = {path.relative_to(ROOT).as_posix() for path in (ROOT / "lecture_lib").rglob("*")
             if path.is_file() and "__pycache__" not in path.parts}
    assert files <= packed
    assert {name for name in packed if not name.startswith(("lecture_lib/", "lecture_lib-"))} == set()


def test_npm_installs_what_package_json_names():
    package = json.loads((ROOT / "package.json").read_text())
    lock = json.loads((ROOT / "package-lock.json").read_text())
    assert lock["packages"][""]["dependencies"] == package["dependencies"]
    assert lock["packages"][""]["devDependencies"] == package["devDependencies"]


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a clone")
def test_the_repository_stays_below_its_budget():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    sizes = {name: (ROOT / name).stat().st_size for name in listed.split("\0") if name and (ROOT / name).exists()}
    assert sum(sizes.values()) < 25e6, sorted(sizes.items(), key=lambda item: -item[1])[:5]
