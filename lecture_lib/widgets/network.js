import { element, svg, toggle } from "./dom.js";

const SMALL = "\u2080\u2081\u2082\u2083\u2084\u2085\u2086\u2087\u2088\u2089";

/** A name with a small number: subscript("x", 3) is x₃. */
export function subscript(name, ...indices) {
  return name + indices.map((index) => [...String(index)].map((digit) => SMALL[digit]).join("")).join("");
}

/** A number as a label: at most two decimals, a true minus sign. */
export function brief(value) {
  return String(Math.round(value * 100) / 100).replace("-", "\u2212");
}

/**
 * Units as small circles, filled where they are on. `states` lists [state, left, top]: the units of
 * each state stand from there on, `step` apart. There may be hundreds, so those that are on are one
 * path and those that are off another.
 */
export function dots(states, kind, { step = 7, down = true, radius: r = 2.6 } = {}) {
  const paths = { off: "", on: "" };
  for (const [state, left, top] of states) {
    state.forEach((on, k) => {
      const x = left + (down ? 0 : k * step), y = top + (down ? k * step : 0);
      paths[on ? "on" : "off"] += `M${(x - r).toFixed(1)} ${y.toFixed(1)}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`;
    });
  }
  return svg("g", {}, ...Object.entries(paths).map(([name, d]) => svg("path", { d, class: `dot ${kind}-dot ${name}` })));
}

/**
 * A small RBM whose units are buttons: hidden units above, visible units below, between
 * them a link for each weight, as thick as it is large, dashed where it is negative.
 * `change(kind, index, value)` is told of a click; `meters` adds a bar to each unit.
 * Returns { node, update({ x, h, hidden, visible }) }; hidden and visible are the bars' heights.
 */
export function network({ W, b, c, change, meters = false, height = 120 }) {
  const layer = (kind, symbol, biases, name) => biases.map((bias, k) => {
    const button = toggle({ label: subscript(symbol, k + 1), pressed: false, change: (value) => change(kind, k, value) });
    button.classList.add("net-button", `${kind}-unit`);
    const fill = element("span", { class: "net-fill" });
    const chance = element("span", { class: "net-chance" });
    const meter = element("span", { class: `net-meter ${kind}-meter`, "aria-hidden": "true" }, fill);
    const bias_ = element("span", { class: "net-bias" }, `${subscript(name, k + 1)} = ${brief(bias)}`);
    const parts = [...(meters ? [chance, meter] : []), bias_, button];
    const unit = element("div", { class: "net-unit" }, ...(kind === "hidden" ? parts : parts.reverse()));
    return { button, fill, chance, unit };
  });
  const hidden = layer("hidden", "h", b, "b");
  const visible = layer("visible", "x", c, "c");
  const across = (k, n) => ((k + 0.5) / n) * 100;
  const largest = Math.max(...W.flat().map(Math.abs));
  const links = svg("svg", { class: "net-links", height, "aria-hidden": "true" });

  const drawLinks = (x, h) => {
    const lines = [], words = [];
    W.forEach((row, j) => row.forEach((weight, i) => {
      if (weight === 0) return;
      const from = across(j, b.length), to = across(i, c.length), on = Boolean(x[i] && h[j]);
      const line = svg("line", {
        x1: `${from}%`, y1: 0, x2: `${to}%`, y2: height, class: `net-link${on ? " on" : ""}${weight < 0 ? " negative" : ""}`,
        "stroke-width": 1 + (3.5 * Math.abs(weight)) / largest,
      });
      if (!on) lines.unshift(line);
      else {
        lines.push(line);
        const share = j % 2 ? 0.36 : 0.62;
        words.push(svg("text", { x: `${from + share * (to - from)}%`, y: share * height + 5, class: "net-weight" }, brief(weight)));
      }
    }));
    links.replaceChildren(...lines, ...words);
  };

  const show = (units, states, chances) => units.forEach((unit, k) => {
    unit.button.setAttribute("aria-pressed", states[k] === 1);
    if (!meters) return;
    unit.fill.style.height = `${100 * chances[k]}%`;
    unit.chance.textContent = chances[k].toFixed(2);
  });

  const row = (units, kind) => element("div", {
    class: "net-row", role: "group", "aria-label": `${kind} units`, style: `grid-template-columns: repeat(${units.length}, 1fr)`,
  }, ...units.map(({ unit }) => unit));
  const node = element("div", { class: "live-network" }, row(hidden, "hidden"), links, row(visible, "visible"),
    element("p", { class: "net-key" }, "The thicker a link, the larger its weight; dashed: negative."));
  return {
    node,
    update({ x, h, hidden: up, visible: down }) {
      show(hidden, h, up);
      show(visible, x, down);
      drawLinks(x, h);
    },
  };
}
