"""Derivations as the person who marks them sees them."""

import subprocess

import pytest

from exercises.grader import derivations
from exercises.grader.derivations import LONGEST, rendered

WRITTEN = r"""Write $r$ for the *other* spins. Then
$$T(s \to s') = p(s'_i \mid r)$$

\begin{align} a &= b \\ &= c \end{align}

| step | why |
| --- | --- |
| $x^2$ | a square |
"""


def test_formulas_become_mathml_and_markdown_is_read():
    (html,) = rendered([WRITTEN])
    assert html.count("<math") == 4
    assert html.count('display="block"') == 2
    assert "<em>other</em>" in html
    assert "<td>a square</td>" in html
    assert "$" not in html


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "![x](https://example.org/x.png)",
                                  "[x](javascript:alert(1))", r"$\href{javascript:alert(1)}{x}$", r"$\includegraphics{x}$",
                                  r"$\htmlData{a=b}{x}$"])
def test_nothing_a_student_writes_runs_or_is_fetched(text):
    (html,) = rendered([text])
    assert not any(word in html for word in ("<script", "<img", 'href="javascript', "data-a"))


@pytest.mark.parametrize("text", [r"$\frac{1$", r"$\nosuchmacro$", r"$\def\a{\a\a}\a$", "$" + "{" * 9000 + "$", "$\ud800$"])
def test_a_formula_that_katex_does_not_understand_stands_as_it_was_typed(text):
    right, wrong = rendered(["$x$", text])
    assert "<math" in right
    assert f"<code>{text}</code>" in wrong
    assert "<math" not in wrong


def test_a_text_longer_than_a_derivation_stands_as_it_was_typed():
    assert rendered(["*a* <b>" + "x" * LONGEST]) == ["<pre>*a* &lt;b&gt;" + "x" * LONGEST + "</pre>"]


@pytest.mark.parametrize("missing", ["node", "KaTeX", "time"])
def test_without_katex_formulas_stand_as_they_were_typed(missing, monkeypatch, tmp_path):
    def late(*_, **__):
        raise subprocess.TimeoutExpired("node", 1)

    monkeypatch.setattr(*{"node": (derivations, "NODE", tmp_path / "node"), "KaTeX": (derivations, "KATEX", tmp_path / "katex"),
                          "time": (subprocess, "run", late)}[missing])
    (html,) = rendered(["so $x < 1$"])
    assert "<code>$x &lt; 1$</code>" in html
