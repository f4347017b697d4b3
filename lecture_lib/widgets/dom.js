// Elements for live figures: a short way to make them, and the frame they all share.

/** An HTML element with attributes (functions are listeners) and children. */
export function element(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** An SVG element with attributes and children. */
export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

/** A number in words as the text of the course writes it: three decimals, a true minus sign. */
export function shown(value) {
  const text = value.toFixed(3);
  return Number(text) === 0 ? "0.000" : text.replace("-", "\u2212");
}

/** A labelled slider; `change` receives its number. */
export function slider({ label, min, max, step, value, change }) {
  const readout = element("span", { class: "live-readout" }, String(value).replace("-", "\u2212"));
  const input = element("input", {
    type: "range", min, max, step, value, "data-lm-suppress-shortcuts": "true",
    input: (event) => {
      readout.textContent = event.target.value.replace("-", "\u2212");
      change(Number(event.target.value));
    },
  });
  return element("label", { class: "live-control" }, element("span", {}, label, " ", readout), input);
}

/** A labelled checkbox; `change` receives true or false. */
export function checkbox({ label, checked, change }) {
  const input = element("input", {
    type: "checkbox", "data-lm-suppress-shortcuts": "true",
    change: (event) => change(event.target.checked),
  });
  input.checked = checked;
  return element("label", { class: "live-check" }, input, element("span", {}, label));
}

/** A button that stays pressed; `change` receives true or false. */
export function toggle({ label, pressed, change }) {
  return element("button", {
    type: "button", class: "live-toggle", "aria-pressed": pressed, "data-lm-suppress-shortcuts": "true",
    click: (event) => {
      const button = event.currentTarget;
      const now = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", now);
      change(now);
    },
  }, label);
}

/** A button that does something each time it is pressed. */
export function button({ label, click }) {
  return element("button", {
    type: "button", class: "live-button", "data-lm-suppress-shortcuts": "true", click,
  }, label);
}

/** A group of controls with a title. */
export function group(title, ...controls) {
  return element("fieldset", { class: "live-group" }, element("legend", {}, title), ...controls);
}

/**
 * The frame of every live figure: a sentence that says what to try, controls, a
 * picture that is drawn anew when its width changes, and the values in words.
 * `draw(picture, width)` fills the empty <svg>; `words()` returns the sentence.
 * Returns `update`, to be called when a control has changed something.
 */
export function frame({ el, name, task, controls, describe, draw, words }) {
  if (!el.closest("[data-live-figure]")) el.dataset.liveFigure = name;
  const picture = svg("svg", { class: "live-picture", role: "img", "aria-label": describe });
  const output = element("output", { class: "live-output" });
  el.replaceChildren(element("div", { class: "live" },
    element("p", { class: "live-task" }, task),
    element("div", { class: "live-controls" }, ...controls), picture, output));
  const update = () => {
    const width = picture.clientWidth || 600;
    picture.replaceChildren();
    draw(picture, width);
    output.textContent = words();
  };
  new ResizeObserver(update).observe(picture);
  update();
  return update;
}
