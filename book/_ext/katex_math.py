"""Formulas rendered by KaTeX when the site is built: no script, no other host.

One node process renders them all. A formula that KaTeX does not accept is a
warning, and so stops a build with -W. KaTeX's style sheet and the fonts of the
site are copied from node_modules into `_static/vendor`.
"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

from docutils import nodes
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

logger = logging.getLogger(__name__)
HERE = Path(__file__).parent
MODULES = HERE.parents[1] / "node_modules"
NODE = Path(sys.executable).with_name("node")


class Katex:
    """A node process that answers one line of JSON with another."""

    def __init__(self):
        self.process = subprocess.Popen(
            [NODE, HERE / "katex_server.mjs"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8",
        )
        self.rendered = {}

    def render(self, tex, display):
        if (tex, display) not in self.rendered:
            self.process.stdin.write(json.dumps({"tex": tex, "display": display}) + "\n")
            self.process.stdin.flush()
            self.rendered[tex, display] = json.loads(self.process.stdout.readline())
        return self.rendered[tex, display]

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=10)


def render(translator, node, display):
    answer = translator.builder.app.katex.render(node.astext(), display)
    if "error" in answer:
        logger.warning("formula %r: %s", node.astext(), answer["error"], location=node)
        return f"<code>{translator.encode(node.astext())}</code>"
    return answer["html"]


def take_punctuation(app, doctree, docname):
    """What closes a formula in a line becomes a part of it."""
    if app.builder.format == "html":
        for node in list(doctree.findall(nodes.math)):
            after = node.next_node(descend=False, siblings=True)
            if isinstance(after, nodes.Text) and (closing := re.match(r"[.,;:!?)\]’”]+", after)):
                node["closing"] = closing[0]
                after.parent.replace(after, nodes.Text(after[closing.end():]))


def visit_inline(translator, node):
    """A formula in a line; a short one, or one of one piece, does not lose its full stop to the next line."""
    html, closing = render(translator, node, False), node.get("closing", "")
    formula = f'<span class="math">{html}</span>{closing}'
    whole = closing and (len(node.astext()) < 20 or html.count('"katex-base"') == 1)
    translator.body.append(f'<span class="whole">{formula}</span>' if whole else formula)
    raise nodes.SkipNode


def visit_display(translator, node):
    """A formula, its number and the mark that leads to its check (see verified.py)."""
    body = translator.body
    body.append(translator.starttag(node, "div", CLASS="math equation"))
    body.append(f'<div class="equation-body">{render(translator, node, True)}</div>')
    if node["number"]:
        body.append('<div class="eqno">')
        body.append(f"<span>({get_node_equation_number(translator, node)})</span>")
        body.append(node.get("mark", ""))
        translator.add_permalink_ref(node, "Link to this equation")
        body.append("</div>")
    body.append("</div>\n")
    raise nodes.SkipNode


def start(app):
    if app.builder.format == "html":
        app.katex = Katex()


def finish(app, exception):
    if app.builder.format != "html":
        return
    app.katex.close()
    if exception is None:
        vendor = Path(app.outdir) / "_static" / "vendor"
        for path in ("katex/dist/katex.min.css", *KATEX_FONTS, *FONTS):
            target = vendor / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(MODULES / path, target)


KATEX_FONTS = [
    str(path.relative_to(MODULES)) for path in sorted(MODULES.glob("katex/dist/fonts/*.woff2"))
]
FONTS = [
    f"@fontsource-variable/{family}/files/{family}-{subset}-wght-{style}.woff2"
    for family, styles in {
        "source-serif-4": ("normal", "italic"),
        "source-sans-3": ("normal", "italic"),
        "source-code-pro": ("normal",),
    }.items()
    for style in styles
    for subset in ("latin", "greek")
]


def setup(app):
    app.add_html_math_renderer("katex", (visit_inline, None), (visit_display, None))
    app.add_css_file("vendor/katex/dist/katex.min.css")
    app.connect("builder-inited", start)
    app.connect("doctree-resolved", take_punctuation)
    app.connect("build-finished", finish)
    return {"parallel_read_safe": True, "parallel_write_safe": False}
