"""Graded variants from a private seed: made for ten seeds, and each tried on the whole of its bank."""

import ast
import json
from itertools import pairwise

import pytest
from test_sheets import check_code_fits, check_marks, check_nothing_is_left

from exercises.grader import bank, variants
from exercises.grader.sandbox import Box
from exercises.grader.sheet import TOPICS, find, read

SEEDS = range(101, 111)
topics = pytest.mark.parametrize("topic", TOPICS)


@topics
def test_the_practice_sheet_is_what_its_own_choices_give(topic):
    rules = variants.allowed(topic)
    assert {old: new for old, new in rules.edits(**rules.PRACTICE).items() if old != new} == {}
    assert rules.PRACTICE.keys() == rules.CHOICES.keys()
    assert set(rules.NAMES) <= set(find(topic).functions)
    assert all(name not in others for name, others in rules.NAMES.items())


@topics
def test_ten_seeds_give_at_least_eight_different_sheets_and_a_seed_always_the_same(topic):
    made = [variants.master(topic, seed) for seed in SEEDS]
    assert made == [variants.master(topic, seed) for seed in SEEDS]
    assert len(set(made)) >= 8


@pytest.mark.parametrize("seed", SEEDS)
def test_every_answer_of_a_variants_bank_gets_the_marks_it_must_get(seed, tmp_path, sandbox):
    found = []
    with Box([]) as box:  # one for all sheets: starting it, and importing torch, takes longest
        for topic in TOPICS:
            found += variants.make(topic, seed, tmp_path, box)
    assert found == []
    for topic in TOPICS:
        sheet = read(tmp_path / f"{topic}.py")
        check_nothing_is_left(sheet)
        check_marks(sheet)
        check_code_fits(sheet)
        solutions = json.loads((tmp_path / "solutions" / f"{topic}.ipynb").read_text())
        assert any(cell.get("outputs") for cell in solutions["cells"])  # the examples agree with the solution


def cell_of(sheet, function):
    return next(cell.name for cell in sheet.of("solution")
                if any(isinstance(node, ast.FunctionDef) and node.name == function for node in ast.parse(cell.source).body))


@topics
def test_answers_to_another_variant_or_to_the_practice_sheet_get_no_marks_for_what_differs(topic, tmp_path, sandbox):
    """Handed in under the right names, as somebody would who copies."""
    practice, rules = find(topic), variants.allowed(topic)
    sheets, meanings, names = [practice], [rules.translations(**rules.PRACTICE)], [{}]
    for seed in SEEDS:
        values, own = variants.choices(topic, seed)
        path = tmp_path / f"{seed}.py"
        path.write_text(variants.master(topic, seed))
        sheets.append(read(path))
        meanings.append(rules.translations(**values))
        names.append(own)
    compared = 0
    with Box([]) as box:
        for a, b in [*((0, n) for n in range(1, len(sheets))), *pairwise(range(1, len(sheets)))]:
            back = {new: old for old, new in names[a].items()}
            copied = {cell.name: variants.renamed(variants.renamed(cell.solved, back), names[b]) for cell in sheets[a].of("solution")}
            failed = bank.failed(sheets[b], box, bank.cells(sheets[b], copied), 7)
            for function in practice.functions:
                if meanings[a].get(function) != meanings[b].get(function):
                    tests = bank.tests_after(practice, cell_of(practice, function))
                    assert set(tests) <= failed.keys(), (function, sheets[a].path, sheets[b].path)
                    compared += 1
    assert compared > 0


@topics
def test_the_practice_solution_is_of_little_use_in_any_variant(topic):
    """At most two small functions of a sheet mean the same in a variant."""
    practice, rules = find(topic), variants.allowed(topic)
    marks = {cell.name: cell.marks for cell in practice.of("test")}
    same_as = rules.translations(**rules.PRACTICE)
    for seed in SEEDS:
        now = rules.translations(**variants.choices(topic, seed)[0])
        same = [name for name in practice.functions if now.get(name) == same_as.get(name)]
        kept = sum(marks[test] for name in same for test in bank.tests_after(practice, cell_of(practice, name)))
        assert len(same) <= 2, (seed, same)
        assert kept <= 0.15 * sum(marks.values()), (seed, same)


def test_edits_that_do_not_apply_or_overlap_are_refused():
    assert variants.rewritten("a b c b", {"b": "x", "a": "b"}) == "b x c x"
    with pytest.raises(ValueError, match="the master does not say: d"):
        variants.rewritten("a b c", {"d": "x"})
    with pytest.raises(ValueError, match="overlap at: b"):
        variants.rewritten("a b c", {"a b": "x", "b c": "y"})


def test_one_command_makes_a_private_folder_with_a_seed_of_its_own(tmp_path, capsys, sandbox):
    assert variants.main(["energy_models", "--out", str(tmp_path / "private")]) == 0
    files = {path.relative_to(tmp_path / "private").as_posix() for path in (tmp_path / "private").rglob("*") if path.is_file()}
    assert files == {"seed.txt", "energy_models.py", "banks/energy_models.py", "exercises/energy_models.ipynb", "solutions/energy_models.ipynb"}
    assert (tmp_path / "private" / "seed.txt").stat().st_mode & 0o077 == 0
    before = (tmp_path / "private" / "energy_models.py").read_text()
    assert variants.main(["energy_models", "--out", str(tmp_path / "private")]) == 0
    assert (tmp_path / "private" / "energy_models.py").read_text() == before
    (tmp_path / "private" / "energy_models.py").write_text(before + "# changed by hand\n")
    with pytest.raises(SystemExit):
        variants.main(["energy_models", "--out", str(tmp_path / "private")])
    assert "was changed by hand" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        variants.main(["ising", "--out", str(tmp_path)])
    assert "ising is none of energy_models" in capsys.readouterr().err
