"""The reference of lecture_lib: its modules layer by layer, docstrings as they are written, equations linked."""

import importlib.util
import json
import re
import tomllib
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).parents[2]
EQUATION = re.compile(r"[ ,;(]*\b(eq-[a-z0-9-]+)\b\)?")
PROSE = re.compile(r"(Raises|Source:) ")


def layers():
    """The layers of the import contract that holds for the package, lowest first, a list of names each."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contract = project["tool"]["importlinter"]["contracts"][0]
    return [re.findall(r"\w+", layer) for layer in reversed(contract["layers"])]


def modules(layer):
    """The modules of a layer that exist."""
    return [name for name in layer if importlib.util.find_spec(f"lecture_lib.{name}")]


def escaped(text):
    """Text of a docstring as reStructuredText: code between backticks, nothing else marked up."""
    parts = re.split(r"`([^`]+)`", text)
    plain = [re.sub(r"([\\*_|])", r"\\\1", part) for part in parts[::2]]
    plain = [re.sub(r"\\\*(\w+)\\\*", r"*\1*", part) for part in plain]  # but *a word* stays one
    code = [f"``{part}``" for part in parts[1::2]]
    return "".join(part for pair in zip(plain, [*code, ""], strict=True) for part in pair)


def known_labels():
    return json.loads((ROOT / "book" / "ledger.json").read_text(encoding="utf-8"))


def as_written(app, what, name, obj, options, lines):
    """A docstring's first line as text, formulas and shapes as they stand, then errors, source and equations."""
    if not lines or what in ("attribute", "property"):
        return
    if what == "module":
        lines[:] = [escaped(line) for line in lines]
        return
    labels = [label for label in dict.fromkeys(EQUATION.findall("\n".join(lines))) if label in known_labels()]
    body = [EQUATION.sub("", line).rstrip() for line in lines[1:]]
    prose = next((n for n, line in enumerate(body) if PROSE.match(line)), len(body))
    verbatim = "\n".join(body[:prose]).replace("`", "").strip("\n").split("\n")
    result = [escaped(lines[0]), ""]
    if any(verbatim):
        result += [".. code-block:: text", "   :class: docstring", "", *("   " + line for line in verbatim), ""]
    for line in body[prose:]:
        if PROSE.match(line):
            result.append("")
        result.append(escaped(line))
    if labels:
        result += ["", "On the page: " + ", ".join(f":eq:`{label}`" for label in labels)]
    lines[:] = [*result, ""]


def not_worth_an_entry(app, what, name, obj, skip, options):
    """Leave out the fields of a NamedTuple and the traits of a widget: their class's docstring says what they are."""
    if type(obj).__name__ == "_tuplegetter" or any(base.__name__ == "TraitType" for base in type(obj).__mro__):
        return True
    return None


class Layer(SphinxDirective):
    """The reference of all modules of a layer, counted from below: each a section of its own."""

    required_arguments = 1

    def run(self):
        result = []
        for name in modules(layers()[int(self.arguments[0]) - 1]):
            section = nodes.section(ids=[f"module-{name}"], names=[f"module-{name}"])
            section += nodes.title("", "", nodes.literal("", name))
            text = ["```{eval-rst}", f".. automodule:: lecture_lib.{name}", "   :members:", "```"]
            self.state.nested_parse(StringList(text, source=self.env.docname), self.content_offset, section)
            result.append(section)
            self.env.note_dependency(importlib.util.find_spec(f"lecture_lib.{name}").origin)
        return result


def short_names(app, config):
    config.add_module_names = False  # each entry stands below its module's heading


def setup(app):
    app.add_directive("layer", Layer)
    app.connect("config-inited", short_names)
    app.connect("autodoc-process-docstring", as_written)
    app.connect("autodoc-skip-member", not_worth_an_entry)
    return {"parallel_read_safe": True}
