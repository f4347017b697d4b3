"""Graded variants from a private seed: made for ten seeds, and each tried on the whole of its bank."""

import ast
import json
from types import SimpleNamespace

import pytest
from test_sheets import check_code_fits, check_marks, check_nothing_is_left

from exercises.grader import bank, marking, variants
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


@pytest.mark.parametrize("seed", [1001, 1008, 1103])
def test_no_wrong_answer_passes_because_spins_are_long_or_short(seed, tmp_path, sandbox):
    """Seeds for which one did (log Z, overflow, a sweep), while energies grew with the length of a spin."""
    with Box([]) as box:
        assert variants.make("energy_models", seed, tmp_path, box) == []


def cell_of(sheet, function):
    return next(cell.name for cell in sheet.of("solution")
                if any(isinstance(node, ast.FunctionDef) and node.name == function for node in ast.parse(cell.source).body))


def copied(ours, theirs, names, box, seed):
    """The tests of `theirs` that the solutions of `ours` fail, handed in under the right names as one does who copies."""
    sources = {cell.name: variants.renamed(cell.solved, names) for cell in ours.of("solution")}
    return bank.failed(theirs, box, bank.cells(theirs, sources), seed).keys()


@topics
def test_the_practice_solutions_get_no_marks_in_a_variant_but_for_two_small_functions_at_most(topic, tmp_path, sandbox):
    practice = find(topic)
    tests = {name: set(bank.tests_after(practice, cell_of(practice, name))) for name in practice.functions}
    with Box([]) as box:
        for seed in SEEDS[::2]:
            (path := tmp_path / f"{seed}.py").write_text(variants.master(topic, seed))
            values, names = variants.choices(topic, seed)
            failed = copied(practice, read(path), names, box, seed)
            differ = variants.allowed(topic).translations(**values).keys()
            assert {name for name in differ if not tests[name] <= failed} == set(), seed
            same = tests.keys() - differ
            assert len(same) <= 2
            assert sum(cell.marks for cell in practice.of("test") if any(cell.name in tests[name] for name in same)) <= 3


@topics
def test_answers_to_another_variant_get_no_marks_for_what_differs(topic, tmp_path, sandbox):
    """A function that passes in one direction passes in the other and for other numbers too: there both ask for the same."""
    practice = find(topic)
    tests = {name: set(bank.tests_after(practice, cell_of(practice, name))) for name in practice.functions}
    differing = 0
    with Box([]) as box:
        for pair in ((101, 102), (103, 104), (105, 106)):
            sheets, names = [], []
            for seed in pair:
                (path := tmp_path / f"{seed}.py").write_text(variants.master(topic, seed))
                sheets.append(read(path))
                names.append(variants.choices(topic, seed)[1])
            there, back = ({ours.get(name, name): theirs.get(name, name) for name in practice.functions} for ours, theirs in (names, names[::-1]))
            failed = copied(sheets[0], sheets[1], there, box, 7), copied(sheets[1], sheets[0], back, box, 8)
            for name, own in tests.items():
                lost = [own & found for found in failed]
                assert lost in ([own, own], [set(), set()]), (name, pair, lost)
                differing += lost[0] == own
    assert differing >= len(tests)


def test_edits_that_do_not_apply_or_overlap_are_refused():
    assert variants.rewritten("a b c b", {"b": "x", "a": "b"}) == "b x c x"
    with pytest.raises(ValueError, match="the master does not say: d"):
        variants.rewritten("a b c", {"d": "x"})
    with pytest.raises(ValueError, match="overlap at: b"):
        variants.rewritten("a b c", {"a b": "x", "b c": "y"})


def test_one_command_makes_a_private_folder_with_a_seed_of_its_own(tmp_path, capsys, sandbox, monkeypatch):
    monkeypatch.setattr(marking, "secrets", SimpleNamespace(randbits={62: 4_019_286_110_352_870_137}.get))
    assert variants.main(["energy_models", "--out", str(tmp_path / "private")]) == 0
    files = {path.relative_to(tmp_path / "private").as_posix() for path in (tmp_path / "private").rglob("*") if path.is_file()}
    assert files == {"seed.txt", "energy_models.py", "banks/energy_models.py", "exercises/energy_models.ipynb", "solutions/energy_models.ipynb"}
    assert (tmp_path / "private" / "seed.txt").read_text() == "4019286110352870137"
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
