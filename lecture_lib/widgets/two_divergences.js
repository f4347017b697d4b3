import { logSumExp } from "./numerics.js";
import { button, frame, group, shown, slider } from "./dom.js";
import { pen, turnTo } from "./evidence_bound.js";

/** The log-probabilities of one hump: a Gaussian over the states 0 to count - 1, made to sum to one. */
export function logHump(count, middle, width) {
  const heights = Array.from({ length: count }, (_, s) => -0.5 * ((s - middle) / width) ** 2);
  const logSum = logSumExp(heights);
  return heights.map((height) => height - logSum);
}

/**
 * The entropy of the data, the two divergences (forward: from data to model) with the share of every
 * state in them, and the average negative log-likelihood, which is summed by itself. Logs are taken
 * before anything can underflow: a divergence is infinite only where the data rule out a state, since
 * a hump rules out none.
 */
export function compute({ data }, { middle, width }) {
  const logModel = logHump(data.length, middle, width), model = logModel.map(Math.exp);
  const logData = data.map(Math.log);
  const forwardTerms = data.map((p, s) => (p === 0 ? 0 : p * (logData[s] - logModel[s])));
  const reverseTerms = model.map((p, s) => (data[s] === 0 ? Infinity : p * (logModel[s] - logData[s])));
  const sum = (terms) => terms.reduce((total, term) => total + term, 0);
  return {
    model, forwardTerms, reverseTerms,
    entropy: sum(data.map((p, s) => (p === 0 ? 0 : -p * logData[s]))),
    forward: sum(forwardTerms), reverse: sum(reverseTerms),
    nll: sum(data.map((p, s) => (p === 0 ? 0 : -p * logModel[s]))),
  };
}

const HUMPS = { top: 22, height: 130 }, TERMS = { height: 56, step: 92 };
const FORWARD = "KL(data\u00a0\u2016\u00a0model)", REVERSE = "KL(model\u00a0\u2016\u00a0data)"; // never broken over two lines

/** Bars over the states as one path: from a common zero line up, or down where a value is negative. */
const bars = (values, column, zero, scale) => values.map((value, s) =>
  `M${((s + 0.1) * column).toFixed(1)} ${zero.toFixed(1)}h${(0.8 * column).toFixed(1)}v${(-value * scale).toFixed(2)}h${(-0.8 * column).toFixed(1)}z`).join("");

function drawing(data, found, lowest) {
  return (picture, width) => {
    const { put, text } = pen(picture);
    const column = width / data.length, highest = Math.max(...data);
    const zero = HUMPS.top + HUMPS.height, scale = HUMPS.height / Math.max(1.7 * highest, ...found.model);
    text(0, 12, "data: grey bars");
    text(width, 12, "model: green, drag it", "end model-word");
    put("line", { x1: 0, x2: width, y1: zero - highest * scale, y2: zero - highest * scale, class: "rule" });
    text(0, zero - highest * scale - 4, highest.toFixed(2));
    put("path", { d: bars(data, column, zero, scale), class: "exact-bar" });
    const line = found.model.map((p, s) => `${((s + 0.5) * column).toFixed(1)} ${(zero - p * scale).toFixed(1)}`).join("L");
    put("path", { d: `M${line}L${width} ${zero}L0 ${zero}Z`, style: "fill: var(--model)", "fill-opacity": 0.14 });
    put("path", { d: `M${line}`, fill: "none", style: "stroke: var(--model)", "stroke-width": 3 });
    put("line", { x1: 0, x2: width, y1: zero, y2: zero, class: "rule" });
    text(width, zero + 15, "states s", "end");

    // Where the two divergences arise, each with a scale of its own.
    [[`where ${FORWARD} arises`, found.forwardTerms, "ink"], [`where ${REVERSE} arises`, found.reverseTerms, "model"]]
      .forEach(([words, terms, colour], row) => {
        const top = zero + 40 + row * TERMS.step;
        const most = Math.max(0, ...terms), least = Math.min(0, ...terms);
        const nats = TERMS.height / Math.max(most - least, 1e-9), level = top + 8 + most * nats;
        text(0, top, words);
        text(width, top, `highest bar ${most.toFixed(2)} nats`, "end");
        put("path", { d: bars(terms, column, level, nats), style: `fill: var(--${colour})` });
        put("line", { x1: 0, x2: width, y1: level, y2: level, class: "rule" });
      });

    // Bars that add up, from left to right, and the reverse divergence on the same scale.
    const ledger = { top: zero + 40 + 2 * TERMS.step, left: 132, step: 27 };
    let reach = 8;
    while (reach < Math.max(found.nll, found.reverse)) reach *= 2;
    const x = (nats) => ledger.left + (nats / reach) * (width - ledger.left - 54);
    const rows = [
      ["entropy of data", 0, found.entropy, "exact-bar"],
      [`+ ${FORWARD}`, found.entropy, found.nll, "ink", lowest.forward],
      ["= average NLL", 0, found.nll, "exact-bar"],
      [REVERSE, 0, found.reverse, "model", lowest.reverse],
    ];
    rows.forEach(([words, from, to, kind, low], row) => {
      const y = ledger.top + row * ledger.step + (row === 3 ? 12 : 0);
      text(0, y + 13, words, row === 2 ? "strong" : "");
      const look = kind === "exact-bar" ? { class: kind } : { style: `fill: var(--${kind})` };
      put("rect", { x: x(from), y, width: Math.max(1, x(to) - x(from)), height: 17, ...look });
      text(width, y + 13, shown(to - from), "strong end");
      if (low < Infinity) put("path", { d: `M${x(from + low).toFixed(1)} ${y + 17}l5 8h-10z`, class: "tip-down" });
    });
    const key = ledger.top + 4 * ledger.step + 30;
    put("path", { d: `M5 ${key - 10}l5 8h-10z`, class: "tip-down" });
    text(16, key, "lowest you have reached; all in nats");
    picture.setAttribute("height", key + 6);
  };
}

function render({ model, el }) {
  const { data, best, ...start } = model.get("data");
  const hump = { middle: start.middle, width: start.width };
  const lowest = { forward: Infinity, reverse: Infinity }; // what the reader has reached by hand
  const shownBest = [null, null];
  let result, byHand = true;
  const change = (set) => (value) => { set(value); recompute(); update(); };
  const recompute = () => {
    result = compute({ data }, hump);
    if (byHand) for (const order of ["forward", "reverse"]) lowest[order] = Math.min(lowest[order], result[order]);
  };
  recompute();

  const middle = slider({
    label: "middle:", min: 0, max: data.length - 1, step: 0.5, value: hump.middle, change: change((value) => { hump.middle = value; }),
  });
  const width = slider({
    label: "width:", min: start.narrowest, max: start.widest, step: start.step, value: hump.width, change: change((value) => { hump.width = value; }),
  });
  const show = (order) => button({
    label: `Best for ${order ? REVERSE : FORWARD}`,
    click: () => {
      byHand = false;
      turnTo(middle, best[order][0]);
      turnTo(width, best[order][1]);
      byHand = true;
      shownBest[order] = order ? result.reverse : result.forward;
      update();
    },
  });
  const reached = () => ["forward", "reverse"].map((order, n) =>
    `${n ? REVERSE : FORWARD} ${shown(lowest[order])}${shownBest[n] === null ? "" : `, the best is ${shown(shownBest[n])}`}`).join("; ");
  const update = frame({
    el, name: "two_divergences", task: model.get("task"),
    controls: [group("The model: one hump", middle, width), group("Compare, once you have searched", show(0), show(1))],
    describe: "Above, the data distribution as grey bars and the model as a green curve. Below, for every state its share in the two divergences. " +
      "At the bottom, bars that add up: entropy and KL of data from model make the average negative log-likelihood; then KL of model from data.",
    draw: (picture, across) => drawing(data, result, lowest)(picture, across),
    words: () => `Middle ${hump.middle}, width ${hump.width}: entropy of the data ${shown(result.entropy)} + ${FORWARD} ${shown(result.forward)} = ` +
      `average negative log-likelihood ${shown(result.nll)} nats. ${REVERSE} is ${shown(result.reverse)} nats. ` +
      `Lowest by hand: ${reached()}.`,
  });

  // The hump is dragged sideways; the slider follows, and with it everything else.
  const picture = el.querySelector(".live-picture");
  picture.classList.add("live-pan");
  picture.style.userSelect = "none"; // a drag marks no words
  let grip = null;
  const at = (event) => {
    const box = picture.getBoundingClientRect();
    return ((event.clientX - box.left) / box.width) * data.length - 0.5;
  };
  picture.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || event.clientY - picture.getBoundingClientRect().top > HUMPS.top + HUMPS.height + 20) return;
    grip = at(event) - hump.middle; // it is moved from where it is taken
    picture.setPointerCapture(event.pointerId);
  });
  picture.addEventListener("pointermove", (event) => { if (grip !== null) turnTo(middle, at(event) - grip); });
  for (const end of ["pointerup", "pointercancel"]) picture.addEventListener(end, () => { grip = null; });
}

export default { render };
