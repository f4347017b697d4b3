"""The grader is graded: every answer of the banks gets exactly the marks it must get."""

from collections import Counter

import pytest
from submissions import bank, full, notebook, save, sets

from exercises.grader.marking import mark
from exercises.grader.sheet import TOPICS, find

SEED = 20_26
CASES = [(topic, right, number) for topic in TOPICS for right in (True, False)
         for number in range(len(sets(find(topic), right)))]


def graded(sheet, content, folder, seed=SEED):
    return mark("someone", save(folder / "someone.ipynb", content), sheet, seed)


@pytest.mark.parametrize("topic", TOPICS)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_solution_gets_all_marks_and_the_untouched_sheet_none(topic, seed, tmp_path, sandbox):
    sheet = find(topic)
    assert graded(sheet, notebook(sheet), tmp_path, seed).marks == full(sheet)
    assert set(graded(sheet, notebook(sheet, whole="released"), tmp_path, seed).marks.values()) == {0}


@pytest.mark.parametrize(("topic", "right", "number"), CASES)
def test_an_answer_gets_the_marks_it_must_get(topic, right, number, tmp_path, sandbox):
    sheet = find(topic)
    answers = sets(sheet, right)[number]
    lost = {name for answer in answers.values() for name in answer.fails}
    result = graded(sheet, notebook(sheet, {name: answer.source for name, answer in answers.items()}), tmp_path)
    assert result.marks == full(sheet, lost), (result.remarks, result.notes)


@pytest.mark.parametrize("topic", TOPICS)
def test_every_exercise_has_three_more_right_answers_and_six_wrong_ones(topic):
    sheet = find(topic)
    exercise = {cell.name: cell.exercise for cell in sheet.of("solution")}
    for right, least in ((True, 3), (False, 6)):
        count = Counter(exercise[answer.cell] for answer in bank(sheet) if answer.right == right)
        assert {name for name in exercise.values() if count[name] < least} == set()


@pytest.mark.parametrize("topic", TOPICS)
@pytest.mark.filterwarnings("ignore")
def test_the_examples_in_a_sheet_agree_with_every_right_answer(topic):
    sheet = find(topic)
    for answers in sets(sheet, True):
        names = {}
        for cell in sheet.cells:
            if cell.kind == "code":
                source = answers[cell.name].source if cell.name in answers else cell.solved
                exec(source, names)
