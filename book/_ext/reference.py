"""The reference of lecture_lib: docstrings as they are written, their equations linked."""

import re

EQUATION = re.compile(r"\beq-[a-z0-9-]+")


def as_written(app, what, name, obj, options, lines):
    """Keep a docstring's first line as text and the rest as it stands, formulas aligned."""
    if not lines or what in ("attribute", "property"):
        return
    body = "\n".join(lines[1:]).strip("\n").split("\n")
    labels = dict.fromkeys(EQUATION.findall("\n".join(lines)))
    first = lines[0].replace("*", "\\*").replace("_", "\\_").replace("|", "\\|").replace("`", "\\`")
    result = [first, ""]
    if any(line.strip() for line in body):
        result += ["::", "", *("   " + line for line in body), ""]
    if labels:
        result += ["On the page: " + ", ".join(f":eq:`{label}`" for label in labels), ""]
    lines[:] = result


def setup(app):
    app.connect("autodoc-process-docstring", as_written)
    return {"parallel_read_safe": True}
