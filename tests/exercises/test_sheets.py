"""The pages made from the masters: fresh, complete, and with nothing of a solution in a sheet."""

import json
import re
from itertools import groupby
from pathlib import Path

import nbformat
import pytest
from submissions import notebook

from exercises.grader.build import BOOK, released, solved
from exercises.grader.sheet import STUB, TOPICS, find

topics = pytest.mark.parametrize("topic", TOPICS)


def code(text):
    return [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]


@topics
def test_a_page_is_what_its_master_gives(topic):
    sheet = find(topic)
    for part, made in (("exercises", released(sheet)), ("solutions", solved(sheet))):
        assert (BOOK / part / f"{topic}.ipynb").read_text(encoding="utf-8") == made, "run python -m exercises.grader.build"
        nbformat.validate(json.loads(made))


@topics
def test_nothing_of_a_solution_or_of_a_hidden_test_is_left_in_a_sheet(topic):
    check_nothing_is_left(find(topic))


def check_nothing_is_left(sheet):
    page = released(sheet)
    assert not re.search("BEGIN|END|HIDDEN|GRADING_SEED", page)
    shown = {line.strip() for cell in json.loads(page)["cells"] for line in "".join(cell["source"]).split("\n")}
    for cell in sheet.of("solution", "written", "test"):
        visible = {line.strip() for line in cell.released.split("\n")}
        secret = {line.strip() for line in cell.source.split("\n")} - visible
        assert {line for line in secret & shown if len(line) > 12 and not line.startswith("import ")} == set()
    assert all(STUB in "".join(cell["source"]) for cell in code(page)
               if cell["metadata"].get("nbgrader", {}).get("solution"))


@topics
def test_marks_stand_in_the_headings_and_add_up(topic):
    check_marks(find(topic))


def check_marks(sheet):
    stated = 0
    for exercise, cells in groupby(sheet.marked, lambda cell: cell.exercise):
        marks, minutes = re.search(r"\((\d+) marks, (\d+) minutes\)$", exercise).groups()
        assert int(marks) == sum(cell.marks for cell in cells)
        assert int(minutes) > 0
        stated += int(marks)
    assert f"**{stated} marks," in sheet.cells[0].source
    assert len({cell.exercise for cell in sheet.marked}) in (4, 5, 6)
    assert len(sheet.of("written")) == 1
    assert sum("Spot the error" in name for name in {cell.exercise for cell in sheet.marked}) == 1
    text = "\n".join(cell.source for cell in sheet.of("text"))
    assert text.count(":::{dropdown} Hint") >= 3
    assert "$$" not in text


@topics
def test_code_fits_the_page_and_every_test_says_its_aim(topic):
    check_code_fits(find(topic))


def check_code_fits(sheet):
    for page in (released(sheet), solved(sheet)):
        assert [line for cell in code(page) for line in "".join(cell["source"]).split("\n") if len(line) > 78] == []
    for test in sheet.of("test"):
        assert test.source.startswith("# "), test.name
        assert "### BEGIN HIDDEN TESTS" in test.source


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course of nbgrader's with every sheet; one student handed in the solutions, one nothing new."""
    import sys

    import jupytext
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import Config

    root = tmp_path_factory.mktemp("course")
    config = Config()
    config.CourseDirectory.root, config.CourseDirectory.course_id = str(root), "course"
    config.CourseDirectory.db_url = f"sqlite:///{root}/gradebook.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{Path(sys.executable).parent}:/usr/bin:/bin")
        patch.setenv("JUPYTER_CONFIG_DIR", str(root / "config"))
        patch.chdir(root)
        api = NbGraderAPI(config=config)
        for topic in TOPICS:
            sheet = find(topic)
            source = root / "source" / topic / f"{topic}.ipynb"
            source.parent.mkdir(parents=True)
            jupytext.write(jupytext.read(sheet.path), source)
            yield_ok(api.generate_assignment(topic, force=True, create=True))
            given = nbformat.read(root / "release" / topic / f"{topic}.ipynb", as_version=4)
            solutions = nbformat.from_dict(json.loads(json.dumps(given)))
            for cell, answer in zip(solutions.cells, notebook(sheet)["cells"], strict=True):
                if cell.metadata.get("nbgrader", {}).get("solution"):
                    cell.source = answer["source"]
            for student, content in (("ada", solutions), ("bob", given))[:1 if topic != TOPICS[0] else 2]:
                path = root / "submitted" / student / topic / f"{topic}.ipynb"
                path.parent.mkdir(parents=True)
                nbformat.write(content, path)
                yield_ok(api.autograde(topic, student, force=True, create=True))
        yield root


def yield_ok(result):
    assert result["success"], result.get("error") or result.get("log")


@pytest.mark.filterwarnings("ignore")
def test_nbgrader_itself_accepts_the_masters_and_grades_them(course):
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        for topic in TOPICS:
            sheet = find(topic)
            found = {s.student.id: s.score for s in gradebook.assignment_submissions(topic)}
            assert found.pop("ada") == sum(cell.marks for cell in sheet.of("test"))
            assert set(found.values()) <= {0}
            assert gradebook.find_assignment(topic).max_score == sum(cell.marks for cell in sheet.marked)
            release = nbformat.read(course / "release" / topic / f"{topic}.ipynb", as_version=4)
            ours = json.loads(released(sheet))["cells"]
            for cell, mine in zip(release.cells, ours, strict=True):
                if not cell.metadata.get("nbgrader", {}).get("solution"):
                    assert cell.source.strip() == "".join(mine["source"]).strip()
