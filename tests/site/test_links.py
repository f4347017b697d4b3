"""Every link inside the site leads to a page and to an anchor that is there; every page is valid HTML."""

import json
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from built_site import ROOT, SITE

MODULES = ROOT / "node_modules"
NODE = Path(sys.executable).with_name("node")


class Anchors(HTMLParser):
    """The ids of a page, and all it refers to."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name == "id" or (tag == "a" and name == "name"):
                self.ids.append(value)
            elif name in ("href", "src") and tag != "use":
                self.links.append(value or "")


@pytest.fixture(scope="module")
def pages():
    return {
        path.relative_to(SITE).as_posix(): Anchors(path.read_text(encoding="utf-8"))
        for path in SITE.rglob("*.html") if "_static" not in path.parts
    }


def test_every_internal_link_finds_its_target(pages):
    broken = []
    for name, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = urljoin(name, unquote(parts.path)) if parts.path else name
            if not (SITE / target).is_file() and not (SITE / target / "index.html").is_file():
                broken.append(f"{name}: {link}")
            elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].ids:
                broken.append(f"{name}: no anchor {link}")
    assert broken == []


def test_no_page_has_an_id_twice(pages):
    twice = {name: [i for i in set(page.ids) if page.ids.count(i) > 1] for name, page in pages.items()}
    assert {name: ids for name, ids in twice.items() if ids} == {}


def test_pages_are_valid_html(tmp_path):
    """html-validate's standard rules."""
    with open(tmp_path / "report.json", "w+", encoding="utf-8") as report:
        subprocess.run(
            [NODE, MODULES / "html-validate" / "bin" / "html-validate.mjs", "--formatter", "json",
             "--config", ROOT / "tests" / "site" / "htmlvalidate.json", *sorted((SITE / "book").rglob("*.html"))],
            stdout=report, check=False, cwd=ROOT,
        )
        report.seek(0)
        reports = json.load(report)
    assert [
        f"{Path(page['filePath']).name}:{message['line']} {message['ruleId']}: {message['message']}"
        for page in reports for message in page["messages"]
    ] == []
