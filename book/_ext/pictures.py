"""Pictures of the pages: figures as inline SVG that follows dark mode, live figures with their still.

A figure drawn by `lecture_lib.figures` is put into the page itself, each colour
of its palette replaced by the style sheet's variable of the same name. A live
figure gets a frame that shows its still picture until live.js brings it to life.
Every picture needs a text equivalent: one without is a warning.
"""

import html
import json
import re
from pathlib import Path

from docutils import nodes
from sphinx.util import logging

from lecture_lib.figures import COLORS

logger = logging.getLogger(__name__)
VIEW = re.compile(r'<script type="application/vnd.jupyter.widget-view\+json">(.*)</script>', re.S)
STATE = "application/vnd.jupyter.widget-state+json"


def inline_svg(text, alt, prefix):
    """The SVG as an element of the page: its own ids, the site's colours, a text equivalent."""
    svg = text[text.index("<svg"):]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.S)
    used = set(re.findall(r"#([\w.-]+)", svg))
    svg = re.sub(r' id="([^"]+)"', lambda m: f' id="{prefix}-{m[1]}"' if m[1] in used else "", svg)
    svg = re.sub(r'href="#([^"]+)"', rf'href="#{prefix}-\1"', svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}-\1)", svg)
    for name, colour in COLORS.items():
        svg = svg.replace(colour, f"var(--course-{name.replace('_', '-')})")
    svg = svg.replace("'DejaVu Sans'", "var(--pst-font-family-heading)")
    return svg.replace("<svg ", f'<svg role="img" aria-label="{html.escape(alt)}" class="course-figure" ', 1)


def inline_pictures(app, doctree):
    """Replace SVG outputs of code cells by the SVG itself."""
    for number, node in enumerate(list(doctree.findall(nodes.image))):
        alt = node.get("alt", "")
        if not alt or alt.startswith("../") or alt == node["uri"]:
            logger.warning("a picture without a text equivalent: give the cell mystnb.image.alt", location=node)
        path = Path(app.env.relfn2path(node["uri"])[1])
        if path.suffix == ".svg" and "jupyter_execute" in path.parts:
            svg = inline_svg(path.read_text(encoding="utf-8"), alt, f"figure{number}")
            node.replace_self(nodes.raw("", f'<div class="course-figure-box">{svg}</div>', format="html"))


def frame_live_figures(app, doctree):
    """Give each saved live figure its frame, its still picture and a sentence for pages without scripts."""
    page = Path(app.env.doc2path(app.env.docname))
    if page.suffix != ".ipynb":
        return
    saved = json.loads(page.read_text(encoding="utf-8"))["metadata"].get("widgets", {}).get(STATE, {})
    for number, node in enumerate(list(doctree.findall(nodes.raw))):
        if not (found := VIEW.fullmatch(node.astext().strip())):
            continue
        model = saved.get("state", {}).get(json.loads(found[1])["model_id"], {}).get("state", {})
        if "figure" not in model:
            logger.warning("a live figure whose state is not saved: run `make notebooks`", location=node)
            continue
        still = inline_svg(model["still"], model["alt"], f"still{number}")
        node.replace_self(nodes.raw("", (
            f'<div class="live-figure" data-live-figure="{html.escape(model["figure"])}">'
            f'<div class="live-still">{still}<p class="live-off">A still picture of a live figure: '
            f"where scripts run, it can be changed by mouse, touch or keyboard.</p></div>"
            f"{node.astext()}</div>"), format="html"))


def setup(app):
    # Before Sphinx collects the images of a page (priority 500).
    app.connect("doctree-read", inline_pictures, priority=400)
    app.connect("doctree-read", frame_live_figures, priority=400)
    return {"parallel_read_safe": True}
