"""What the theme writes that a careful page would not, mended in the finished HTML.

Each entry says what is wrong. An entry whose pattern is on no page at all is a
warning, so that none outlives the version of the theme it was written for.
"""

import re
from pathlib import Path

from sphinx.util import logging

logger = logging.getLogger(__name__)

REPAIRS = [
    # 1.5 MB of script for icons that the web font in the style sheet shows as well.
    (r'\n?\s*<!-- So that users can add custom icons -->\s*<script defer[^>]*fontawesome\.js[^>]*></script>', ""),
    # A second and a third viewport.
    (r'<meta name="viewport" content="width=device-width, initial-scale=1" />\n', ""),
    (r'\s*<meta name="viewport" content="width=device-width, initial-scale=1"/>', ""),
    # Names that differ from the words a button shows.
    (r'(<button class="btn search-button-field[^>]*?) title="Search" aria-label="Search"', r"\1"),
    (r'(<i class="theme-switch [^>]*?) title="[^"]*"', r'\1 aria-hidden="true"'),
    (r'<summary aria-label="Toggle hidden content">', "<summary>"),
    # A paragraph has no place in a summary.
    (r'<p class="(collapsed|expanded) admonition-title">([^<]*)</p>', r'<span class="\1 admonition-title">\2</span>'),
    # The title of the book stands outside every landmark.
    (r'<div class="sidebar-primary-item">(\s*<a class="navbar-brand logo")',
     r'<div class="sidebar-primary-item" role="navigation" aria-label="Title page">\1'),
    # Roles that are deprecated, or whose children do not fit.
    (r' role="doc-biblioentry"', ""),
    (r'<div role="list" class="citation-list">', '<div class="citation-list">'),
]


def mend(app, exception):
    if exception is not None or app.builder.format != "html":
        return
    used = set()
    for path in Path(app.outdir).rglob("*.html"):
        text = before = path.read_text(encoding="utf-8")
        for pattern, replacement in REPAIRS:
            text, count = re.subn(pattern, replacement, text)
            if count:
                used.add(pattern)
        if text != before:
            path.write_text(text, encoding="utf-8")
    for pattern, _ in REPAIRS:
        if pattern not in used:
            logger.warning("the theme no longer writes what %r mends: drop the repair", pattern)


def setup(app):
    app.connect("build-finished", mend)
    return {"parallel_read_safe": True}
