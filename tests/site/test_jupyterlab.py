"""The same live figure in JupyterLab, with a kernel, as a student meets it."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager

import nbformat
import pytest
from built_site import ROOT

pytestmark = pytest.mark.browser

TRAINING = """
import torch
from lecture_lib import rbm, widgets

generator = torch.Generator().manual_seed(0)
x = (torch.rand(20, 784, generator=generator) < 0.2).float()

def yours(rate, centred, b):
    params = rbm.init(784, 8, generator=generator)
    for epoch in range(3):
        params.b.add_(b)
        yield 100 * epoch + 100, params, x

moments = {"recorded": list(yours(0.1, True, 1))}
widgets.training_run(moments, x, yours)
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """JupyterLab on loopback, with the notebooks that have a live figure."""
    folder = tmp_path_factory.mktemp("lab")
    for page in ("rbm/free_energy", "rbm/inference"):
        shutil.copy(ROOT / "book" / f"{page}.ipynb", folder)
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(TRAINING)], metadata=kernel)
    nbformat.write(notebook, folder / "training.ipynb")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", f"--port={port}",
               f"--ServerApp.root_dir={folder}", "--IdentityProvider.token=", "--LabApp.news_url=None",
               *(["--allow-root"] if os.geteuid() == 0 else [])]
    environment = os.environ | {"JUPYTER_CONFIG_DIR": str(folder / "config"), "JUPYTER_PREFER_ENV_PATH": "1"}
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(120):
        try:
            urllib.request.urlopen(f"{address}/api", timeout=1).close()
            break
        except OSError:
            time.sleep(0.5)
    yield address
    server.terminate()
    server.wait(timeout=20)


@contextmanager
def running(browser, lab, notebook, figure):
    """A live figure of a notebook in which every cell has been run."""
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        page = context.new_page()
        page.goto(f"{lab}/lab/tree/{notebook}.ipynb?reset")
        page.locator(".jp-Notebook .jp-CodeCell").first.wait_for(timeout=60_000)
        page.get_by_text("| Idle").wait_for(timeout=60_000)
        page.keyboard.press("Control+Shift+C")
        page.locator(".lm-CommandPalette-input").wait_for()
        page.keyboard.type("run all cells")
        page.locator(".lm-CommandPalette-item", has_text="Run All Cells").first.wait_for()
        page.keyboard.press("Enter")
        found = page.locator(f"[data-live-figure={figure}]")
        found.wait_for(timeout=90_000)
        found.scroll_into_view_if_needed()
        yield page, found


def test_a_landscape_follows_the_keyboard_in_jupyterlab(browser, lab):
    with running(browser, lab, "free_energy", "free_energy_landscape") as (page, figure):
        words = figure.locator("output")
        before, picture = words.inner_text(), figure.locator("svg.live-picture").inner_html()
        slider = figure.locator("input[type=range]")
        slider.focus()
        page.keyboard.press("ArrowLeft")
        assert slider.input_value() == "-0.5"
        assert words.inner_text() != before
        assert figure.locator("svg.live-picture").inner_html() != picture
        first = figure.locator("input[type=checkbox]").first
        first.focus()
        page.keyboard.press("Space")
        assert "unit 1 off" in words.inner_text()


def test_units_follow_the_keyboard_in_jupyterlab(browser, lab):
    with running(browser, lab, "inference", "rbm_conditionals") as (page, figure):
        words = figure.locator("output")
        before = words.inner_text()
        figure.locator("button:enabled, input:enabled, [tabindex='0'][role]").first.focus()
        page.keyboard.press("Space")
        page.wait_for_timeout(100)
        assert words.inner_text() != before


def test_a_machine_is_trained_in_jupyterlab_while_one_watches(browser, lab):
    with running(browser, lab, "training", "training_run") as (page, figure):
        words = figure.locator("output")
        assert "“recorded”, after 300 updates" in words.inner_text()
        assert figure.get_by_label("yours").count() == 0
        for _ in range(4):
            figure.get_by_label("hidden biases start at").focus()
            page.keyboard.press("ArrowLeft")
        figure.get_by_role("button", name="Train").focus()
        page.keyboard.press("Enter")
        figure.get_by_label("yours").wait_for(timeout=10_000)
        figure.get_by_text("Your machine, after 300 updates: of its 8 hidden units 8 are never on").wait_for(timeout=10_000)
        figure.get_by_role("button", name="Train").wait_for(timeout=10_000)
