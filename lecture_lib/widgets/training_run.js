import { checkbox, frame, slider, svg } from "./dom.js";
import { player } from "./trainer.js";

const SIDE = 28, PIXELS = SIDE * SIDE, SHOWN = 4, LEVELS = 7;

/** Numbers in 0..15 from text: two of them a byte, the first in the high half. */
function halves(text) {
  const bytes = atob(text);
  return (i) => (i % 2 ? bytes.charCodeAt(i >> 1) & 15 : bytes.charCodeAt(i >> 1) >> 4);
}

/**
 * What is recorded of run number `run` at moment number `moment`: the first filters (weights),
 * the first chains (probabilities), the sorted activity of all units, and how many of them
 * are never (below 1 %) and always on (above 99 %).
 */
export function compute(data, { run, moment }) {
  const { name, moments } = data.runs[run];
  const { updates, scales, filters, dreams, active } = moments[moment];
  const level = halves(filters), tone = halves(dreams);
  const images = (value) => Array.from({ length: SHOWN }, (_, n) =>
    Array.from({ length: PIXELS }, (_, i) => value(n, n * PIXELS + i)));
  return {
    name,
    updates,
    filters: images((n, i) => (scales[n] * (level(i) - LEVELS)) / LEVELS),
    dreams: images((_, i) => tone(i) / 15),
    active,
    never: active.filter((p) => p < 0.01).length,
    always: active.filter((p) => p > 0.99).length,
  };
}

/** One picture as paths: cells of one colour and strength together, so that few elements are drawn. */
function picture(values, top, [left, y], cell, colours) {
  const paths = new Map();
  values.forEach((value, i) => {
    const strength = Math.round((LEVELS * Math.abs(value)) / top);
    if (strength === 0) return;
    const key = `${value > 0 ? 0 : 1} ${strength}`;
    const place = `M${(left + (i % SIDE) * cell).toFixed(1)} ${(y + Math.floor(i / SIDE) * cell).toFixed(1)}`;
    paths.set(key, `${paths.get(key) ?? ""}${place}h${cell.toFixed(2)}v${cell.toFixed(2)}h${(-cell).toFixed(2)}z`);
  });
  return [...paths].map(([key, d]) => {
    const [sign, strength] = key.split(" ").map(Number);
    return svg("path", { d, style: `fill: var(--${colours[sign]})`, "fill-opacity": (strength / LEVELS).toFixed(2) });
  });
}

function drawing(found) {
  return (root, width) => {
    const gap = 6, edge = 14, size = Math.min(120, (width - edge - gap * (SHOWN - 1)) / SHOWN), cell = size / SIDE;
    const wide = SHOWN * size + (SHOWN - 1) * gap;
    const rows = [["filters: what four units expect", found.filters, ["hidden", "visible"]],
      ["dreams: where four chains are", found.dreams, ["model", "model"]]];
    let y = 16;
    for (const [title, images, colours] of rows) {
      root.append(svg("text", { x: 0, y }, title));
      images.forEach((image, n) => {
        const left = n * (size + gap);
        const top = colours[0] === "model" ? 1 : Math.max(1e-9, ...image.map(Math.abs));
        root.append(...picture(image, top, [left, y + 8], cell, colours),
          svg("rect", { x: left, y: y + 8, width: size, height: size, fill: "none", class: "rule" }));
      });
      y += size + 34;
    }
    root.append(svg("text", { x: 0, y }, "how often each hidden unit is on, units sorted"));
    const [low, high] = [y + 70, y + 12];
    const place = (p, j) => `${(((j + 0.5) * wide) / found.active.length).toFixed(1)},${(low - p * (low - high)).toFixed(1)}`;
    root.append(
      svg("path", { class: "rule", d: `M0 ${low}H${wide}M0 ${high}H${wide}` }),
      svg("text", { x: wide + 4, y: low + 4 }, "0"), svg("text", { x: wide + 4, y: high + 4 }, "1"),
      svg("polyline", {
        points: found.active.map(place).join(" "), fill: "none", "stroke-width": 3, style: "stroke: var(--hidden)",
      }),
    );
    root.setAttribute("height", low + 8);
  };
}

function render({ model, el }) {
  const wish = { rate: 0.1, centred: true, b: 0 };
  const { data, state, controls, said } = player({
    model, el, title: "Machine", pace: 800, changed: () => update(),
    own: {
      title: "A machine of your own", wish,
      controls: [
        slider({ label: "learning rate", min: 0.05, max: 1, step: 0.05, value: wish.rate, change: (value) => { wish.rate = value; } }),
        slider({ label: "hidden biases start at", min: -8, max: 0, step: 1, value: wish.b, change: (value) => { wish.b = value; } }),
        checkbox({ label: "centred gradient", checked: wish.centred, change: (on) => { wish.centred = on; } }),
      ],
    },
  });
  const update = frame({
    el, name: "training_run", task: model.get("task"), controls,
    describe: "Four filters of a machine, orange where a pixel excites and blue where it inhibits, four pictures its " +
      "chains dream, and a line that shows how often each of its hidden units is on.",
    draw: (root, width) => drawing(compute(data, state))(root, width),
    words: () => {
      const { name, updates, never, always, active } = compute(data, state);
      const which = name === "yours" ? "Your machine" : `The machine “${name}”`;
      return `${said()}${which}, after ${updates.toLocaleString("en-GB")} updates: of its ` +
        `${active.length} hidden units ${never} are never on and ${always} always.`;
    },
  });
}

export default { render };
