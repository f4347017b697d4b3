"""Pages and checks agree; and each way in which they could disagree is caught."""

import re
import subprocess
import sys

import ledger
import pytest

PAGE = "The free energy is\n\n$$\nF(x) = -c x\n$$ (eq-one)\n\nand so on.\n"
TEST = '''import pytest


@pytest.mark.equation("eq-one", r"F(x) = -c x", kind="identity")
def test_one():
    assert 1 + 1 == 2
'''


def test_every_displayed_equation_has_its_check_and_every_check_its_equation():
    assert ledger.problems(ledger.displays(), ledger.checks()) == []


def test_the_ledger_in_the_repository_is_what_the_tests_and_pages_say():
    stored = (ledger.ROOT / "book" / "ledger.json").read_text(encoding="utf-8")
    current = ledger.as_json(ledger.ledger(ledger.displays(), ledger.checks()))
    assert stored == current, "book/ledger.json is out of date: run `make ledger`"


@pytest.fixture
def trouble(tmp_path):
    """The problems of a book of one page and its checks."""

    def find(page=PAGE, test=TEST):
        (tmp_path / "book").mkdir()
        (tmp_path / "tests").mkdir()
        (tmp_path / "book" / "page.md").write_text(page, encoding="utf-8")
        (tmp_path / "tests" / "test_page.py").write_text(test, encoding="utf-8")
        return ledger.problems(ledger.displays(tmp_path / "book"), ledger.checks(tmp_path / "tests"))

    return find


def test_a_page_and_its_check_that_agree_are_no_problem(trouble):
    assert trouble() == []


def test_white_space_in_a_formula_does_not_matter(trouble):
    assert trouble(PAGE.replace("-c x", "-c\n  x")) == []


@pytest.mark.parametrize(("page", "test", "expected"), [
    (PAGE.replace("(eq-one)", "(eq-other)"), TEST, "eq-other has no check"),
    (PAGE.replace("(eq-one)", "(eq-other)"), TEST, "no page displays the equation eq-one"),
    (PAGE.replace(" (eq-one)", ""), TEST, "has no label"),
    (PAGE.replace("(eq-one)", "(one)"), TEST, "does not begin with eq-"),
    (PAGE.replace("= -c x", "= +c x"), TEST, r"displays eq-one as 'F\(x\) = \+c x', the check has"),
    (PAGE + PAGE, TEST, "eq-one is used 2 times"),
    (PAGE, "", "eq-one has no check"),
    (PAGE, TEST.replace("identity", "obvious"), "kind of eq-one is 'obvious'"),
    (PAGE, TEST.replace("identity", "definition"), "at most a quarter"),
    (PAGE, TEST + TEST.replace("identity", "bound").replace("test_one", "test_two"), "elsewhere"),
    (PAGE + "\nIn passing $$a = b$$ is said.\n", TEST, "'a = b' has no label"),
    (PAGE + "\n\\begin{align}\na &= b\n\\end{align}\n", TEST, "has no label"),
    (PAGE + "\n```{math}\na = b\n```\n", TEST, "'a = b' has no label"),
    (PAGE + "\n:::{note}\n:class: wide\n\n$$\na = b\n$$\n:::\n", TEST, "'a = b' has no label"),
    (PAGE + "\n- a list\n\n  $$\n  a = b\n  $$\n", TEST, "'a = b' has no label"),
])
def test_each_disagreement_is_named(trouble, page, test, expected):
    assert any(re.search(expected, problem) for problem in trouble(page, test))


SIGN = ("lecture_lib/rbm.py", "    return -(x @ c) - softplus(b + x @ W.T).sum(-1)",
        "    return -(x @ c) + softplus(b + x @ W.T).sum(-1)")
ORACLE = ("tests/equations/test_free_energy.py", "rbm.free_energy(machine, row(x)).item() == pytest.approx(-math",
          "rbm.free_energy(machine, row(x)).item() == pytest.approx(+math")


@pytest.mark.parametrize(("path", "right", "wrong"), [SIGN, ORACLE], ids=["the code", "the test"])
def test_a_wrong_sign_in_code_or_test_fails_the_check(tmp_path, path, right, wrong):
    for folder in ("lecture_lib", "tests/equations"):
        for file in (ledger.ROOT / folder).rglob("*"):
            if file.suffix in (".py", ".js", ".css"):
                copy = tmp_path / file.relative_to(ledger.ROOT)
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(file.read_bytes())
    (tmp_path / "tests" / "enumeration.py").write_bytes((ledger.ROOT / "tests" / "enumeration.py").read_bytes())
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\naddopts = --import-mode=importlib -p no:cacheprovider\npythonpath = tests .\n"
        "markers = equation(label, formula, kind): a check\n")
    check = [sys.executable, "-m", "pytest", "-q", "tests/equations/test_free_energy.py",
             "-k", "test_free_energy_is_energy_with_hidden_units_summed_out"]

    def passes():
        return subprocess.run(check, cwd=tmp_path, capture_output=True, check=False).returncode == 0

    assert passes()
    text = (tmp_path / path).read_text(encoding="utf-8")
    assert right in text
    (tmp_path / path).write_text(text.replace(right, wrong), encoding="utf-8")
    assert not passes()
