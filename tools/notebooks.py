"""Chapters as text to edit, and as executed notebooks to store.

    python tools/notebooks.py text [PAGE ...]    book/rbm/model.ipynb -> text/rbm/model.md
    python tools/notebooks.py store [PAGE ...]   text/rbm/model.md -> book/rbm/model.ipynb, executed
    python tools/notebooks.py renew [PAGE ...]   live figures' front ends and the repository's address, nothing executed

A page is named as in _toc.yml without `book/` (rbm/model); without a name, all
are meant but the exercise sheets, which are made from their masters. `store`
runs every cell in a fresh kernel, in order; where there is no text of a page it
runs the notebook as it is. What is stored holds nothing that changes from run
to run. A cell tagged `colab` fetches the course where a page is opened alone,
from the address in _config.yml.
"""

import json
import os
import sys
from pathlib import Path

import jupytext
import nbformat
import yaml
from nbclient import NotebookClient

from lecture_lib.widgets.live import LiveFigure, bundle

ROOT = Path(__file__).parents[1]
BOOK, TEXT = ROOT / "book", ROOT / "text"
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
LANGUAGE = {"name": "python", "file_extension": ".py", "pygments_lexer": "ipython3"}


def write(path, text):
    """Write to a temporary name, then rename: a broken run leaves the old file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)


def fetch(page):
    """Source of the cell that fetches the course in Google Colab, where a page is opened alone."""
    address = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]["url"]
    folder = (BOOK / page).parent.relative_to(ROOT).as_posix()
    return f"""# Google Colab opens a page alone: fetch the course it belongs to.
if "google.colab" in str(get_ipython()):
    address = "{address}"
    %cd -q /content
    !test -d course || git clone -q --depth 1 {{address}} course
    %pip install -q ./course
    %cd -q course/{folder}"""


def with_address(notebook, page):
    for cell in notebook.cells:
        if "colab" in cell.metadata.get("tags", []):
            cell.source = fetch(page)
    return notebook


def to_text(page):
    notebook = nbformat.read(BOOK / f"{page}.ipynb", as_version=4)
    notebook.metadata = {"kernelspec": KERNEL}
    write(TEXT / f"{page}.md", jupytext.writes(notebook, fmt="md:myst"))


def store(page):
    source = TEXT / f"{page}.md"
    notebook = with_address(
        jupytext.read(source) if source.exists() else nbformat.read(BOOK / f"{page}.ipynb", as_version=4), page
    )
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNEL})
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:03d}"
    folder = BOOK / page
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": folder.parent}}).execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    notebook.metadata["language_info"] = nbformat.from_dict(LANGUAGE)
    text = json.dumps(notebook)
    for number, model in enumerate(widgets(notebook)):  # in the order in which they were made
        text = text.replace(model, f"{number:032x}")
    notebook = nbformat.from_dict(json.loads(text))
    nbformat.validate(notebook)
    write(BOOK / f"{page}.ipynb", nbformat.writes(notebook) + "\n")


def widgets(notebook):
    """The saved models of a notebook's widgets, by their identifiers."""
    return notebook.metadata.get("widgets", {}).get("application/vnd.jupyter.widget-state+json", {}).get("state", {})


def renew(page):
    notebook = with_address(nbformat.read(BOOK / f"{page}.ipynb", as_version=4), page)
    for model in widgets(notebook).values():
        if "figure" in model["state"]:
            model["state"].update(_esm=bundle(model["state"]["figure"]), _css=LiveFigure._css)
    write(BOOK / f"{page}.ipynb", nbformat.writes(notebook) + "\n")


def main(arguments):
    actions = {"text": to_text, "store": store, "renew": renew}
    if not arguments or arguments[0] not in actions:
        print(__doc__, file=sys.stderr)
        return 2
    action = actions[arguments[0]]
    pages = arguments[1:] or [
        path.relative_to(BOOK).with_suffix("").as_posix()
        for path in sorted(BOOK.rglob("*.ipynb"))
        if path.parent.name not in ("exercises", "solutions")
    ]
    for page in pages:
        print(page, flush=True)
        action(page)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
