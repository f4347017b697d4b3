"""Derivations as a person reads them: markdown and formulas; of HTML and pictures nothing.

Formulas become MathML, which a browser shows without a script or a style sheet.
KaTeX makes it where the course is installed (`make book`); elsewhere, and where
it does not understand a formula, the formula stands as it was typed.
"""

import json
import re
import subprocess
import sys
from html import escape
from pathlib import Path

from markdown_it import MarkdownIt
from mdit_py_plugins.amsmath import amsmath_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin

NODE = Path(sys.executable).with_name("node")
SERVER = Path(__file__).parents[2] / "book" / "_ext" / "katex_server.mjs"
KATEX = Path(__file__).parents[2] / "node_modules" / "katex"
SECONDS = 120
LONGEST = 20_000  # characters; a longer text, which no derivation is, stands as it was typed


def rendered(texts):
    """HTML of texts that students wrote."""
    formulas = {}

    def formula(tex, options):
        """As rendered, once it is; the first time round, it is only noted."""
        key = tex, options["display_mode"]
        dollars = "$$" if options["display_mode"] else "$"
        return formulas.setdefault(key, f"<code>{escape(f'{dollars}{tex}{dollars}')}</code>")

    reader = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    reader.use(dollarmath_plugin, renderer=formula, double_inline=True)
    reader.use(amsmath_plugin, renderer=lambda tex: formula(tex, {"display_mode": True}))
    for text in texts:
        read(reader, text)
    formulas |= mathml(list(formulas))
    return [read(reader, text) for text in texts]


def read(reader, text):
    return reader.render(text) if len(text) <= LONGEST else f"<pre>{escape(text)}</pre>"


def mathml(formulas):
    """(TeX, whether it stands on a line of its own) -> MathML, of the formulas that KaTeX understands."""
    if not (NODE.exists() and KATEX.exists()):
        return {}
    asked = "".join(json.dumps({"tex": tex, "display": display, "strict": "ignore"}) + "\n" for tex, display in formulas)
    try:
        run = subprocess.run([NODE, SERVER], input=asked, capture_output=True, text=True, encoding="utf-8", timeout=SECONDS, check=True)
    except subprocess.SubprocessError:
        return {}
    answers = map(json.loads, run.stdout.splitlines())
    return {key: re.search("<math.*</math>", answer["html"], re.S)[0]
            for key, answer in zip(formulas, answers, strict=True) if "html" in answer}
