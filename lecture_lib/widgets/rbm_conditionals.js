import { binaryStates, boltzmann, dot, randomStream, sigm, softplus } from "./numerics.js";
import { button, element, frame, shown, svg } from "./dom.js";
import { dots, network } from "./network.js";

/** p(h_j = 1 | x) of every hidden unit and p(x_i = 1 | h) of every visible one. */
export function compute({ W, b, c }, { x, h }) {
  return {
    hidden: b.map((bias, j) => sigm(bias + dot(W[j], x))),
    visible: c.map((bias, i) => sigm(bias + dot(h, W.map((row) => row[i])))),
  };
}

/** Block Gibbs steps from x: each takes one random number for every hidden, then for every visible unit. */
export function walk(data, x, numbers) {
  const { b, c } = data, each = b.length + c.length, history = [];
  const draw = (chances, from) => chances.map((chance, k) => Number(numbers[from + k] < chance));
  for (let from = 0; from + each <= numbers.length; from += each) {
    const h = draw(compute(data, { x, h: b.map(() => 0) }).hidden, from);
    x = draw(compute(data, { x, h }).visible, from + b.length);
    history.push({ h, x });
  }
  return history;
}

/** p(x) of every visible state. */
export function marginal({ W, b, c }) {
  return boltzmann(binaryStates(c.length).map((x) =>
    -dot(c, x) - b.reduce((sum, bias, j) => sum + softplus(bias + dot(W[j], x)), 0)));
}

const place = (state) => state.reduce((index, on) => 2 * index + on, 0);

/** The last states of the chain, one column a step: h above, x below. */
function strip(history, add, text, width, top) {
  const left = 44, step = 17, n = Math.floor((width - left) / step);
  const rowsH = history[0].h.length, low = top + 10 * rowsH + 8;
  text(0, top + 12, "h");
  text(0, low + 14, "x");
  const column = (units, at) => history.slice(-n).map((states, t) => [states[units], left + (t + 0.5) * step, at]);
  add("g", {}, dots(column("h", top), "hidden", { step: 10, radius: 4 }), dots(column("x", low), "visible", { step: 10, radius: 4 }));
  return low + 10 * history[0].x.length;
}

/** How often the chain stood at each x (bars) beside p(x) (black marks). */
function frequencies(counts, total, exact, add, text, width, top, height) {
  const left = 44, column = Math.min((width - left) / exact.length, 40);
  const highest = Math.max(...exact, ...counts.map((count) => (total ? count / total : 0))) * 1.05;
  const y = (share) => top + (1 - share / highest) * height;
  const units = Math.log2(exact.length);
  text(0, top - 12, "p(x): lines; share of the steps at x: bars");
  text(left - 8, y(0) + 4, "0", "end");
  text(left - 8, y(highest) + 8, highest.toFixed(2), "end");
  add("line", { x1: left, x2: left + exact.length * column, y1: y(0), y2: y(0), class: "rule" });
  exact.forEach((p, s) => {
    const middle = left + (s + 0.5) * column, share = total ? counts[s] / total : 0;
    add("rect", { x: middle - 0.33 * column, width: 0.66 * column, y: y(share), height: y(0) - y(share), class: "model-bar" });
    add("line", { x1: middle - 0.45 * column, x2: middle + 0.45 * column, y1: y(p), y2: y(p), class: "total" });
  });
  add("g", {}, dots(binaryStates(units).map((state, s) => [state, left + (s + 0.5) * column, y(0) + 10]), "visible"));
  return y(0) + 10 + 7 * units;
}

function render({ model, el }) {
  const data = model.get("data");
  const exact = marginal(data);
  const each = data.b.length + data.c.length;
  let state, history, counts, steps, next, said;
  const restart = () => {
    state = { x: [...data.x], h: [...data.h] };
    history = [{ ...state }];
    counts = exact.map(() => 0);
    steps = 0;
    next = randomStream(data.seed);
    said = "";
  };
  restart();
  const run = (n) => () => {
    const before = state.x;
    const moves = walk(data, state.x, Array.from({ length: n * each }, next));
    for (const move of moves) counts[place(move.x)] += 1;
    history = [...history, ...moves].slice(-64);
    steps += n;
    const last = moves[moves.length - 1];
    state = { x: [...last.x], h: [...last.h] };
    said = n === 1
      ? `Up: given x = ${before.join(" ")}, drew h = ${last.h.join(" ")}. Down: given that h, drew x = ${last.x.join(" ")}. `
      : `${n} steps up and down. `;
    refresh();
  };
  const graph = network({
    ...data, meters: true,
    change: (kind, index, value) => {
      (kind === "hidden" ? state.h : state.x)[index] = Number(value);
      history = [...history, { x: [...state.x], h: [...state.h] }].slice(-64);
      said = "";
      refresh();
    },
  });
  const show = () => graph.update({ ...state, ...compute(data, state) });
  const refresh = () => { show(); update(); };
  show();
  const update = frame({
    el, name: "rbm_conditionals", task: model.get("task"),
    controls: [graph.node, element("div", { class: "live-buttons" },
      button({ label: "One Gibbs step: up, then down", click: run(1) }),
      button({ label: "100 steps", click: run(100) }),
      button({ label: "Start again", click: () => { restart(); refresh(); } }))],
    describe: "Above, the states of the chain, one column a step, hidden units over visible units. Below, for each visible state, p(x) and the share of the chain's steps spent there.",
    draw: (picture, width) => {
      const add = (tag, attributes, ...children) => picture.append(svg(tag, attributes, ...children));
      const text = (x, y, words, name = "") => add("text", { x, y, class: name }, words);
      text(0, 14, "the states so far, the latest on the right");
      const below = strip(history, add, text, width, 32);
      picture.setAttribute("height", frequencies(counts, steps, exact, add, text, width, below + 34, 90) + 4);
    },
    words: () => {
      const { hidden, visible } = compute(data, state);
      return `${said}Given x = ${state.x.join(" ")}: p(h = 1) is ${hidden.map(shown).join(", ")}. ` +
        `Given h = ${state.h.join(" ")}: p(x = 1) is ${visible.map(shown).join(", ")}. ${steps} ${steps === 1 ? "step" : "steps"} so far.`;
    },
  });
}

export default { render };
