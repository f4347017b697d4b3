"""The built site on loopback, and a browser that may reach nothing else."""

import functools
import http.server
import threading

import pytest
from browser import system_browser
from built_site import SITE
from playwright.sync_api import sync_playwright

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update"]


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="session")
def address():
    """The site's address on loopback."""
    if not (SITE / "index.html").exists():
        pytest.fail("the site is not built: run `make book`")
    handler = functools.partial(Quiet, directory=str(SITE))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=system_browser(), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser, address):
    """Open a page: all of it scrolled past once, requests to other hosts blocked and listed."""
    contexts = []

    def opened(name, *, width=1280, theme="light", scripts=True, base=address):
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme,
                                      java_script_enabled=scripts, reduced_motion="reduce")
        contexts.append(context)
        page = context.new_page()
        page.foreign, page.errors = [], []

        def guard(route):
            if route.request.url.startswith((address, "file:", "data:", "blob:")):
                route.continue_()
            else:
                page.foreign.append(route.request.url)
                route.abort()

        page.route("**/*", guard)
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.on("console", lambda message: message.type == "error" and page.errors.append(message.text))
        page.goto(f"{base}/{name}")
        if scripts:
            page.evaluate("""async () => {
                for (let y = 0; y < document.documentElement.scrollHeight; y += 800) {
                    window.scrollTo(0, y);
                    await new Promise(done => setTimeout(done, 20));
                }
                window.scrollTo(0, 0);
            }""")
            for figure in page.locator(".live-figure").all():
                figure.and_(page.locator("[data-ready]")).wait_for(state="attached")
        return page

    yield opened
    for context in contexts:
        context.close()
