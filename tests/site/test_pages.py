"""Every page of the built site, in a browser: no other host, no error, accessible, readable on a phone."""

import gzip
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from built_site import ROOT, SITE, page_names

AXE = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
# What sticks out of a page to the right, where the page itself can be scrolled there.
WIDER = """() => document.documentElement.scrollWidth <= document.documentElement.clientWidth ? [] :
    [...document.querySelectorAll("main *")].filter(e => e.getBoundingClientRect().right > innerWidth + 1)
        .slice(0, 3).map(e => e.outerHTML.slice(0, 200))"""
PAGE_LIMIT = 1_500_000  # bytes transferred, as the design says

pytestmark = pytest.mark.browser


# Colours change with the theme and layout with the width, so two views try all of an article. What
# surrounds it (menus, buttons, search) is another at each width, and is tried in all four.
VIEWS = {("light", 1280): True, ("dark", 390): True, ("dark", 1280): False, ("light", 390): False}
# axe takes each element in turn. The letters of a formula have one colour and are hidden from a screen
# reader, which is given the MathML beside them, so one element as wide will do for them; words of code of
# one kind have one colour; and each check on the page of checks looks like the others.
ALIKE = """() => {
    const formulas = [...document.querySelectorAll(".katex-html")];
    const widths = formulas.map(letters => letters.getBoundingClientRect().width);
    formulas.forEach((letters, number) => {
        letters.textContent = letters.textContent;
        letters.style.cssText = `display: inline-block; width: ${widths[number]}px`;
    });
    const kinds = new Set();
    for (const word of document.querySelectorAll(".highlight pre span[class]")) {
        if (kinds.has(word.className)) word.replaceWith(...word.childNodes);
        kinds.add(word.className);
    }
    [...document.querySelectorAll(".check")].slice(40).forEach(check => check.remove());
}"""
VIOLATIONS = """async () => (await axe.run(document, {resultTypes: ["violations"], preload: false}))
    .violations.map(({id, nodes}) => `${id}: ${nodes[0].html.slice(0, 300)} (${nodes.length})`)"""


def transferred(file):
    """Bytes as a web server sends them: text compressed, fonts and pictures as they are."""
    content = file.read_bytes()
    return len(content if file.suffix in (".woff2", ".png", ".ico") else gzip.compress(content, 6))


@pytest.mark.parametrize("name", page_names())
def test_a_page_is_small_complete_and_accessible_in_light_and_dark_wide_and_narrow(open_page, address, name):
    page = open_page(name)
    assert page.locator("article").count() == 1
    loaded = page.evaluate("performance.getEntries().map(entry => entry.name)")
    files = {SITE / urlsplit(url).path.lstrip("/") for url in loaded if url.startswith(address)}
    sizes = {file.name: transferred(file) for file in files}
    assert sum(sizes.values()) <= PAGE_LIMIT, sorted(sizes.items(), key=lambda item: -item[1])[:5]

    def view(theme, width):
        page.emulate_media(color_scheme=theme)
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function(f"document.documentElement.dataset.theme === '{theme}'")
        page.wait_for_timeout(50)  # the page lays itself out anew

    for theme, width in VIEWS:
        view(theme, width)
        assert page.evaluate(WIDER) == [], f"wider than the page at {width} px"
    page.evaluate(AXE)
    page.evaluate(ALIKE)
    for (theme, width), whole in VIEWS.items():
        view(theme, width)
        if not whole:
            page.evaluate("document.querySelector('article').innerHTML = '<h1>An article</h1>'")
        assert page.evaluate(VIOLATIONS) == [], (theme, width)
    assert page.foreign == []
    assert page.errors == []


@pytest.mark.parametrize("name", page_names())
def test_a_page_reads_from_the_folder_without_a_server(open_page, name):
    page = open_page(name, base=SITE.as_uri())
    assert page.foreign == []
    assert page.errors == []
    assert page.locator(".live-error").count() == 0


@pytest.mark.parametrize("name", page_names())
def test_a_page_reads_without_scripts(open_page, name):
    page = open_page(name, scripts=False)
    for figure in page.locator(".live-figure").all():
        assert figure.locator("svg.course-figure").is_visible()
        assert figure.locator(".live-off").is_visible()


@pytest.mark.parametrize(("name", "shut", "open_"), [("book/index.html", "Show code cell source", "Hide code cell source"),
                                                     ("book/solutions/elbo.html", "Solution", "Solution")])
def test_a_folded_cell_says_what_a_click_does(open_page, name, shut, open_):
    label = open_page(name).locator("details.hide > summary").first
    assert label.inner_text().strip() == shut
    label.click()
    assert label.inner_text().strip() == open_


LONELY = """() => {  // formulas of one piece in a line of text, and those whose punctuation has gone to the next line
    let all = 0, lonely = 0;
    for (const formula of document.querySelectorAll("article span.math")) {
        const after = formula.nextSibling, pieces = formula.querySelectorAll(".katex-base");
        if (after?.nodeType !== Node.TEXT_NODE || !/^[.,;:!?)]/.test(after.data) || pieces.length !== 1) continue;
        const mark = document.createRange();
        mark.setStart(after, 0), mark.setEnd(after, 1);
        all += 1, lonely += mark.getBoundingClientRect().left < pieces[0].getBoundingClientRect().right - 2;
    }
    return [all > 10, lonely];
}"""


@pytest.mark.parametrize("name", ["book/exercises/cd_k.html", "book/vae/elbo.html", "book/rbm/practice.html"])
def test_a_full_stop_stays_on_the_line_of_its_formula(open_page, name):
    page = open_page(name)
    for width in (1280, 700, 390, 360):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(LONELY) == [True, 0], width


def test_the_address_of_the_repository_stands_in_one_place():
    """But for the cell that fetches the course in Colab, which is written from there."""
    found = []
    url = next(line.split("url:")[1].strip() for line in (ROOT / "_config.yml").read_text().splitlines()
               if line.strip().startswith("url:"))
    for path in (*ROOT.glob("*.*"), *ROOT.glob("*/**/*")):
        parts = Path(path).relative_to(ROOT).parts
        if parts[0] in (".git", ".venv", "_build", "node_modules", "text") or not path.is_file():
            continue
        if path.suffix in (".md", ".py", ".yml", ".toml", ".ipynb", ".js", ".cff", ".css", ".json", ".txt"):
            text = path.read_text(encoding="utf-8").replace(rf'address = \"{url}\"', "")
            found += [path.name] * (url.removeprefix("https://") in text)
    assert found == ["_config.yml"]
