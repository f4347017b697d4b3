import { binaryStates, boltzmann, dot } from "./numerics.js";
import { frame, shown, svg } from "./dom.js";
import { brief, dots, network, subscript } from "./network.js";

/**
 * E(x, h) of a small RBM term by term, only those that are not switched off by a unit
 * at 0, and p(x, h) of all states: one row for each h, one column for each x.
 */
export function compute({ W, b, c }, { x, h }) {
  const energyOf = (u, g) => -dot(g, W.map((row) => dot(row, u))) - dot(c, u) - dot(b, g);
  const terms = [];
  x.forEach((on, i) => { if (on) terms.push({ kind: "visible", i, value: 0 - c[i] }); });
  h.forEach((on, j) => { if (on) terms.push({ kind: "hidden", j, value: 0 - b[j] }); });
  h.forEach((above, j) => x.forEach((below, i) => {
    if (above && below) terms.push({ kind: "link", j, i, value: 0 - W[j][i] });
  }));
  const columns = binaryStates(c.length), rows = binaryStates(b.length);
  const energies = rows.map((g) => columns.map((u) => energyOf(u, g)));
  const chances = boltzmann(energies.flat());
  const probability = rows.map((_, r) => chances.slice(r * columns.length, (r + 1) * columns.length));
  return { terms, energy: terms.reduce((sum, term) => sum + term.value, 0), columns, rows, energies, probability };
}

const nameOf = ({ kind, i, j }) =>
  kind === "visible" ? subscript("c", i + 1) : kind === "hidden" ? subscript("b", j + 1) : subscript("W", j + 1, i + 1);
const place = (state) => state.reduce((index, on) => 2 * index + on, 0);

/** The terms as a walk from 0 to E(x, h), down where a term is negative. */
function walk({ terms, energy }, add, text, width, top, height) {
  const left = 44, right = 62;
  const ends = terms.map((_, t) => terms.slice(0, t + 1).reduce((sum, term) => sum + term.value, 0));
  const high = Math.max(6, ...ends), low = Math.min(-4, ...ends);
  const y = (value) => top + ((high - value) / (high - low)) * height;
  const column = Math.min((width - left - right) / Math.max(terms.length, 1), 44);
  for (let tick = Math.ceil(low / 4) * 4; tick <= high; tick += 4) {
    add("line", { x1: left, x2: width, y1: y(tick), y2: y(tick), class: "rule" });
    text(left - 6, y(tick) + 4, brief(tick), "end");
  }
  text(0, top - 20, "energy (nats)");
  terms.forEach((term, t) => {
    const start = left + t * column + 0.1 * column, end = ends[t], from = end - term.value;
    add("rect", {
      x: start, width: 0.8 * column, y: y(Math.max(end, from)), height: Math.max(Math.abs(y(end) - y(from)), 1),
      class: `${term.kind}-term`,
    });
    add("line", { x1: start, x2: start + 1.2 * column, y1: y(end), y2: y(end), class: "total thin" });
    const middle = start + 0.4 * column, foot = top + height;
    const value = (term.value > 0 ? "+" : "") + brief(term.value);
    if (column < 30) {
      text(middle - 5, foot + 6, `${nameOf(term)} ${value}`).setAttribute("transform", `rotate(90 ${middle - 5} ${foot + 6})`);
    } else {
      text(middle, foot + 18, nameOf(term), "middle");
      text(middle, foot + 34, value, "middle");
    }
  });
  const stop = left + terms.length * column;
  add("line", { x1: stop, x2: stop + 56, y1: y(energy), y2: y(energy), class: "total" });
  text(stop + 4, y(energy) - 6, `E = ${brief(energy)}`, "total-name");
}

/** p(x, h) of every state as a square of that area; the chosen state is framed. */
function table({ columns, rows, probability }, chosen, add, text, width, top) {
  const left = 44, cell = Math.min((width - left) / columns.length, 28);
  const head = top + 8 + 7 * columns[0].length;
  const largest = Math.max(...probability.flat());
  text(0, top + 10, "p(x, h)");
  add("g", {}, dots(columns.map((x, s) => [x, left + (s + 0.5) * cell, top + 4]), "visible"),
    dots(rows.map((h, r) => [h, left - 10 - 7 * (h.length - 1), head + (r + 0.5) * cell]), "hidden", { down: false }));
  let squares = "", lines = ""; // each in one path, so that an update stays quick
  probability.forEach((row, r) => row.forEach((p, s) => {
    const side = 0.94 * cell * Math.sqrt(p / largest);
    const x = left + (s + 0.5) * cell - side / 2, y = head + (r + 0.5) * cell - side / 2;
    squares += `M${x.toFixed(2)} ${y.toFixed(2)}h${side.toFixed(2)}v${side.toFixed(2)}h${(-side).toFixed(2)}z`;
  }));
  for (let r = 0; r <= rows.length; r++) lines += `M${left} ${head + r * cell}h${columns.length * cell}`;
  for (let s = 0; s <= columns.length; s++) lines += `M${left + s * cell} ${head}v${rows.length * cell}`;
  add("path", { d: squares, class: "model-bar" });
  add("path", { d: lines, class: "rule" });
  add("rect", {
    x: left + place(chosen.x) * cell, y: head + place(chosen.h) * cell, width: cell, height: cell, class: "net-chosen",
  });
  return head + rows.length * cell;
}

function render({ model, el }) {
  const data = model.get("data");
  const state = { x: [...data.x], h: [...data.h] };
  let result = compute(data, state);
  const graph = network({
    ...data,
    change: (kind, index, value) => {
      (kind === "hidden" ? state.h : state.x)[index] = Number(value);
      result = compute(data, state);
      graph.update(state);
      update();
    },
  });
  graph.update(state);
  const update = frame({
    el, name: "rbm_units", task: model.get("task"), controls: [graph.node],
    describe: "Above, the terms of the energy as steps down and up from zero to E(x, h). Below, a table of all states with squares whose area is p(x, h).",
    draw: (picture, width) => {
      const add = (tag, attributes, ...children) => {
        const node = svg(tag, attributes, ...children);
        picture.append(node);
        return node;
      };
      const text = (x, y, words, name = "") => add("text", { x, y, class: name }, words);
      walk(result, add, text, width, 34, 170);
      const bottom = table(result, state, add, text, width, 268);
      picture.setAttribute("height", bottom + 6);
    },
    words: () => {
      const sum = (kind) => result.terms.filter((term) => term.kind === kind).reduce((total, term) => total + term.value, 0);
      const p = result.probability[place(state.h)][place(state.x)];
      const rank = result.probability.flat().filter((other) => other > p + 1e-12).length + 1;
      return `x = ${state.x.join(" ")}, h = ${state.h.join(" ")}: the links add ${shown(sum("link"))}, the visible biases ` +
        `${shown(sum("visible"))}, the hidden biases ${shown(sum("hidden"))}. E(x, h) = ${shown(result.energy)} nats, ` +
        `p(x, h) = ${shown(p)}, rank ${rank} of ${result.rows.length * result.columns.length} states.`;
    },
  });
}

export default { render };
