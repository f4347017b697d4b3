"""The grader is graded: every answer of the banks gets exactly the marks it must get."""

from collections import Counter

import pytest
from submissions import full, notebook, save

from exercises.grader.bank import read_bank, sets
from exercises.grader.marking import mark
from exercises.grader.sandbox import Box
from exercises.grader.sheet import TOPICS, find
from exercises.grader.variants import faults

SEED = 20_26
topics = pytest.mark.parametrize("topic", TOPICS)


def graded(sheet, content, folder, seed=SEED):
    return mark("someone", save(folder / "someone.ipynb", content), sheet, seed)


@topics
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_solution_gets_all_marks_and_the_untouched_sheet_none(topic, seed, tmp_path, sandbox):
    sheet = find(topic)
    assert graded(sheet, notebook(sheet), tmp_path, seed).marks == full(sheet)
    assert set(graded(sheet, notebook(sheet, whole="released"), tmp_path, seed).marks.values()) == {0}


@topics
def test_every_answer_passes_and_fails_the_tests_that_it_must(topic, sandbox):
    sheet = find(topic)
    with Box([]) as box:
        assert faults(sheet, read_bank(sheet), box, SEED) == []


@topics
@pytest.mark.parametrize("right", [True, False], ids=["right", "wrong"])
def test_answers_handed_in_as_a_notebook_get_the_marks_that_they_must(topic, right, tmp_path, sandbox):
    sheet = find(topic)
    answers = sets(sheet, right)[-1 if right else 0]
    lost = {name for answer in answers.values() for name in answer.fails}
    result = graded(sheet, notebook(sheet, {name: answer.source for name, answer in answers.items()}), tmp_path)
    assert result.marks == full(sheet, lost), (result.remarks, result.notes)


@topics
def test_a_bank_that_expects_other_marks_is_found_out(topic, sandbox):
    """A right answer called wrong, and a wrong one called right: both are named."""
    sheet = find(topic)
    some = [next(answer for answer in read_bank(sheet) if answer.right == right) for right in (True, False)]
    swapped = [type(a)(a.cell, not a.right, a.what, () if b.right else b.fails, a.source) for a, b in zip(some, some[::-1], strict=True)]
    with Box([]) as box:
        found = faults(sheet, swapped, box, SEED)
    assert any(f"{some[0].cell}: {some[0].what} passes" in fault for fault in found)
    assert any(f"{some[1].cell}: {some[1].what} fails" in fault for fault in found)


@topics
def test_every_exercise_has_three_more_right_answers_and_six_wrong_ones(topic):
    sheet = find(topic)
    exercise = {cell.name: cell.exercise for cell in sheet.of("solution")}
    for right, least in ((True, 3), (False, 6)):
        count = Counter(exercise[answer.cell] for answer in read_bank(sheet) if answer.right == right)
        assert {name for name in exercise.values() if count[name] < least} == set()


@topics
@pytest.mark.filterwarnings("ignore")
def test_the_examples_in_a_sheet_agree_with_every_right_answer(topic):
    sheet = find(topic)
    for answers in sets(sheet, True):
        names = {}
        for cell in sheet.cells:
            if cell.kind == "code":
                source = answers[cell.name].source if cell.name in answers else cell.solved
                exec(source, names)
