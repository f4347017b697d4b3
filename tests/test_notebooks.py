"""The stored notebooks: complete, fresh, honest, and built the way the course builds its chapters.

Their cells are run and compared by nbval (`make test`); this file checks what
nbval does not look at.
"""

import json
from pathlib import Path

import nbformat
import pytest
import yaml
from notebooks import fetch, widgets

from lecture_lib.widgets import bundle

ROOT = Path(__file__).parents[1]
BOOK = ROOT / "book"
NOTEBOOKS = sorted(path for path in BOOK.rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts)
RUN = [path for path in NOTEBOOKS if path.parent.name != "exercises"]  # sheets are for students to run
CHAPTERS = [path for path in NOTEBOOKS if path.parent.name in ("energy", "rbm", "vae")]


def name(path):
    return path.relative_to(BOOK).with_suffix("").as_posix()


def cells(path, kind="code"):
    return [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == kind]


def text(path):
    return "\n".join("".join(cell["source"]) for cell in cells(path, "markdown"))


def pages_of_toc():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    return {toc["root"], *(chapter["file"] for part in toc["parts"] for chapter in part["chapters"])}


def test_the_table_of_contents_lists_every_page_and_no_other():
    pages = {f"book/{name(path)}" for path in (*NOTEBOOKS, *BOOK.rglob("*.md"))}
    assert pages == pages_of_toc()


@pytest.mark.parametrize("path", RUN, ids=name)
def test_a_notebook_is_stored_from_one_run_from_top_to_bottom(path):
    assert [cell["execution_count"] for cell in cells(path)] == list(range(1, len(cells(path)) + 1))
    outputs = [output for cell in cells(path) for output in cell["outputs"]]
    assert [o for o in outputs if o["output_type"] == "error" or o.get("name") == "stderr"] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_answers_are_folded_so_that_their_formulas_show_in_jupyterlab_too(path):
    """JupyterLab shows what stands in an HTML element as it is written, TeX and all."""
    assert "<details" not in text(path)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_at_most_one_code_cell_in_five_escapes_the_comparison(path):
    def tags(cell):
        return set(cell["metadata"].get("tags", []))

    found = cells(path)
    ignored = [cell for cell in found if "nbval-ignore-output" in tags(cell) or "NBVAL_IGNORE_OUTPUT" in "".join(cell["source"])]
    escaping = [cell for cell in found if tags(cell) & {"nbval-skip", "raises-exception", "nbval-raises-exception"}
                or "NBVAL_SKIP" in "".join(cell["source"]) or "NBVAL_RAISES" in "".join(cell["source"])]
    assert len(ignored) <= len(found) / 5
    assert escaping == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_a_figure_comes_with_a_text_equivalent_and_with_a_number_that_is_compared(path):
    for cell in cells(path):
        pictures = [o for o in cell["outputs"] if any(mime.startswith("image/") for mime in o.get("data", {}))]
        if pictures:
            assert len(pictures) == 1, "one figure a cell: its caption and text equivalent belong to it"
            assert cell["metadata"].get("mystnb", {}).get("image", {}).get("alt"), "".join(cell["source"])
            printed = any(o["output_type"] == "stream" for o in cell["outputs"])
            assert printed or "diagram" in cell["metadata"].get("tags", []), "".join(cell["source"])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_code_on_a_page_fits_the_page(path):
    lines = [line for cell in cells(path) for line in "".join(cell["source"]).split("\n")]
    assert [line for line in lines if len(line) > 78] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_live_figures_are_saved_with_the_modules_of_the_package(path):
    models = widgets(nbformat.read(path, as_version=4)).values()
    live = [model["state"] for model in models if "figure" in model["state"]]
    views = [o for cell in cells(path) for o in cell["outputs"] if "application/vnd.jupyter.widget-view+json" in o.get("data", {})]
    assert len(live) == len(views)
    for model in live:
        assert model["_esm"] == bundle(model["figure"]), "run: python tools/notebooks.py renew"
        assert model["still"].lstrip().startswith("<?xml")
        assert model["task"]
        assert model["alt"]


@pytest.mark.parametrize("path", CHAPTERS, ids=name)
def test_a_chapter_opens_and_closes_as_the_course_does(path):
    page = text(path)
    for opening in ("**After this chapter**", "**You should know**", "**Time**", "**Predict first.**"):
        assert opening in page
    order = [page.index(f"\n## {title}\n") for title in ("What to take away", "Questions", "Spot the error")]
    assert order == sorted(order)
    assert page.count(":::{dropdown} ") >= 4


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_a_page_that_needs_the_package_fetches_it_in_colab_before_anything_else(path):
    sources = ["".join(cell["source"]) for cell in cells(path)]
    needed = any("lecture_lib" in source for source in sources)
    assert [source for source in sources if "google.colab" in source] == [fetch(name(path))] * needed
    assert not needed or sources[0] == fetch(name(path)), "run: python tools/notebooks.py renew"


@pytest.mark.parametrize("path", CHAPTERS, ids=name)
def test_a_chapter_imports_the_package_and_shows_its_source(path):
    code = "\n".join("".join(cell["source"]) for cell in cells(path))
    assert "from lecture_lib import" in code
    assert "source.show(" in code
