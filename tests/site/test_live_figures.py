"""The live figures of the built site, used as a reader with a keyboard uses them."""

import json
import re

import pytest
from built_site import SITE, page_names

LIVE = [name for name in page_names() if 'class="live-figure"' in (SITE / name).read_text(encoding="utf-8")]
UPDATE_LIMIT = 16.0  # milliseconds
KEYS = {"range": "ArrowLeft", "radio": "Space", "checkbox": "Space", "select": "ArrowDown", "button": "Enter", "canvas": "Space", "svg": "Space"}
BACK = {"range": "ArrowRight", "checkbox": "Space", "select": "ArrowUp"}

pytestmark = pytest.mark.browser


def controls(figure):
    """What can be used: a chosen radio button and a disabled button have nothing to do."""
    return figure.locator(
        "input:enabled:not([type=radio]:checked), button:enabled, select, [tabindex='0'][role]"
    ).filter(visible=True).all()


def kind(control):
    return control.evaluate("e => ['range', 'checkbox', 'radio'].includes(e.type) ? e.type : e.tagName.toLowerCase()")


def keys(control):
    """The key that changes a control, and the one that takes the change back, if there is one."""
    name = kind(control)
    if name == "range" and control.evaluate("e => e.value === e.min"):
        return "ArrowRight", "ArrowLeft"
    if control.get_attribute("aria-roledescription") == "plane":  # a point is moved over it
        return "ArrowRight", "ArrowLeft"
    return KEYS[name], BACK.get(name)


def state(figure):
    """What a reader can perceive of the figure: its words, what its sliders read, its picture."""
    return figure.evaluate("""e => [e.querySelector("output").textContent,
        ...[...e.querySelectorAll(".live-readout")].map(readout => readout.textContent),
        ...[...e.querySelectorAll("svg.live-picture")].map(svg => svg.innerHTML),
        ...[...e.querySelectorAll("canvas")].map(canvas => canvas.toDataURL())]""")


@pytest.mark.parametrize("name", LIVE)
def test_every_control_works_by_keyboard_and_has_a_name(open_page, name):
    page = open_page(name)
    for figure in page.locator(".live-figure").all():
        assert figure.get_attribute("data-live-figure")
        assert figure.locator(".live-error").count() == 0
        assert figure.locator(".live-still").is_hidden()
        assert figure.locator("output").first.inner_text().strip()
        found = controls(figure)
        assert found
        changed = []
        for control in found:
            label = control.evaluate("e => e.labels?.[0]?.textContent || e.getAttribute('aria-label') || e.textContent")
            assert label.strip()
            before = state(figure)
            control.focus()
            assert control.evaluate("e => document.activeElement === e")
            key, back = keys(control)
            page.keyboard.press(key)
            page.wait_for_timeout(30)
            changed.append((label, state(figure) != before))
            if back:
                page.keyboard.press(back)  # so that each control is tried on the figure as it starts
        assert [label for label, change in changed if not change] == []
    assert page.errors == []
    assert page.foreign == []


@pytest.mark.parametrize("name", LIVE)
def test_an_update_takes_less_than_a_frame(open_page, name):
    page = open_page(name)
    for figure in page.locator(".live-figure").all():
        times = figure.evaluate("""async e => {
            const control = e.querySelector("input[type=range]") ?? e.querySelector("input, button");
            const times = [];
            for (let i = 0; i < 30; i += 1) {
                const start = performance.now();
                if (control.type === "range") {
                    control.value = Number(control.min) + (i % 2 ? 0.25 : 0.75) * (control.max - control.min);
                    control.dispatchEvent(new Event("input", { bubbles: true }));
                } else control.click();
                times.push(performance.now() - start);
                await new Promise(done => setTimeout(done));
            }
            return times.sort((a, b) => a - b);
        }""")
        assert times[len(times) // 2] < UPDATE_LIMIT


@pytest.mark.parametrize("name", LIVE)
def test_a_figure_fits_a_phone(open_page, name):
    page = open_page(name, width=390)
    for figure in page.locator(".live-figure").all():
        box = figure.locator(".live").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
        texts = figure.evaluate("""e => [...e.querySelectorAll("svg.live-picture text")].map(text => {
            const place = text.getBoundingClientRect();
            return [text.textContent, place.left, place.right];
        })""")
        assert [text for text, left, right in texts if right > left and (left <= -1 or right >= 391)] == []


@pytest.mark.parametrize("damage", ["no state at all", "a module that fails", "numbers that are missing"])
def test_a_damaged_state_shows_a_message_and_the_still_picture(browser, address, damage):
    def damaged(route):
        body = route.fetch().text()

        def spoil(match):
            saved = json.loads(match[2])
            for model in saved["state"].values():
                if damage == "a module that fails" and "_esm" in model["state"]:
                    model["state"]["_esm"] = "export default { render() { throw new Error('broken') } }"
                if damage == "numbers that are missing" and "data" in model["state"]:
                    model["state"]["data"] = {}
            return match[1] + json.dumps(saved) + match[3]

        pattern = r'(<script type="application/vnd\.jupyter\.widget-state\+json">)(.*?)(</script>)'
        changed = re.sub(pattern, "" if damage == "no state at all" else spoil, body, flags=re.S)
        assert changed != body
        route.fulfill(body=changed, content_type="text/html")

    with browser.new_context() as context:
        page = context.new_page()
        page.route("**/free_energy.html", damaged)
        page.goto(f"{address}/book/rbm/free_energy.html")
        page.locator(".live-figure").scroll_into_view_if_needed()
        message = page.locator(".live-figure .live-error")
        message.wait_for()
        assert "could not start" in message.inner_text()
        assert page.locator(".live-still svg").is_visible()


def test_the_free_energy_figure_says_the_packages_numbers(open_page):
    import torch

    from lecture_lib import rbm

    page = open_page("book/rbm/free_energy.html")
    figure = page.locator("[data-live-figure=free_energy_landscape]")
    data = page.evaluate("""() => Object.values(JSON.parse(document.querySelector(
        'script[type="application/vnd.jupyter.widget-state+json"]').textContent).state)
        .find(model => model.state.figure === "free_energy_landscape").state.data""")
    machine = rbm.RBM(*(torch.tensor(data[name], dtype=torch.float64) for name in "Wbc"))
    figure.get_by_role("button", name="x₃").press("Space")
    x = torch.tensor([[1.0, 1, 1, 0]], dtype=torch.float64)
    F = rbm.free_energy(machine, x)
    p = (-F - rbm.log_partition(machine)).exp()
    words = figure.locator("output").inner_text().replace("−", "-")
    assert f"x = 1 1 1 0: F(x) = {F.item():.3f} nats, p(x) = {p.item():.3f}" in words
