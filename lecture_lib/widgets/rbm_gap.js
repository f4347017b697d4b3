import { binaryStates, dot, sigm } from "./numerics.js";
import { button, element, frame, group, shown, slider, toggle } from "./dom.js";
import { evidenceBound, ledger, pen, pixelName, turnTo } from "./evidence_bound.js";

/** -F(x), the bound of q(h), its terms and its gap, by summing over all hidden states. */
export function compute({ W, b, c }, { x, q }) {
  const states = binaryStates(b.length);
  const inputs = W.map((row, j) => b[j] + dot(row, x));
  const joint = states.map((h) => dot(c, x) + dot(h, inputs));
  const logQ = states.map((h) => h.reduce((sum, on, j) => sum + Math.log(on ? q[j] : 1 - q[j]), 0));
  const parts = evidenceBound(joint, logQ, states.map(() => 0));
  return {
    states, joint, logQ, posterior: joint.map((value) => Math.exp(value - parts.logEvidence)), on: inputs.map(sigm), ...parts,
  };
}

function drawing({ states, posterior, logQ, ...parts }) {
  return (picture, width) => {
    const { put, text } = pen(picture);
    const top = 24, height = 130, column = width / states.length, bar = column * 0.3;
    const y = (chance) => top + (1 - chance) * height;
    put("line", { x1: 0, x2: width, y1: y(0), y2: y(0), class: "rule" });
    text(0, 12, "posterior p(h | x), left");
    text(width, 12, "q(h), right", "end bound-word");
    states.forEach((h, s) => {
      const middle = column * (s + 0.5), q = Math.exp(logQ[s]);
      put("rect", { x: middle - bar - 1, y: y(posterior[s]), width: bar, height: y(0) - y(posterior[s]), class: "evidence-bar" });
      put("rect", { x: middle + 1, y: y(q), width: bar, height: y(0) - y(q), class: "bound-bar" });
      text(middle - bar / 2 - 1, y(posterior[s]) - 4, posterior[s].toFixed(2), "middle");
      text(middle + bar / 2 + 1, y(q) - 4, q.toFixed(2), "middle");
      text(middle, y(0) + 16, `h = ${h.join(" ")}`, "middle");
    });
    const bottom = ledger(put, text, parts, [
      ["mean", "\u2212E(x, h)"], ["entropy", "of q"], ["bound", ""], ["gap", ""], ["\u2212F(x)", ""],
    ], { top: top + height + 50, height: 150, width });
    picture.setAttribute("height", bottom);
  };
}

function render({ model, el }) {
  const data = model.get("data");
  const controls = { x: [...data.x], q: [...data.q] };
  let result = compute(data, controls);
  const change = (set) => (value) => { set(value); result = compute(data, controls); update(); };

  const pixels = element("div", { class: "live-pixels" }, ...data.x.map((on, i) => toggle({
    label: pixelName(i), pressed: on === 1, change: change((value) => { controls.x[i] = Number(value); }),
  })));
  const chances = data.q.map((value, j) => slider({
    label: `q(h${"\u2081\u2082"[j]} = 1) =`, min: 0.001, max: 0.999, step: 0.001, value,
    change: change((chance) => { controls.q[j] = chance; }),
  }));
  const close = () => { const { on } = result; chances.forEach((control, j) => turnTo(control, on[j])); };
  const update = frame({
    el, name: "rbm_gap", task: model.get("task"),
    controls: [
      group("Picture x", pixels), group("Hidden units under q", ...chances),
      group("Best q", button({ label: "q = p(h | x)", click: close })),
    ],
    describe: "Above, the probabilities of the four hidden states given x, and beside them those of q. Below, bars that add up: the mean of minus the energy and the entropy of q make the bound, the bound and the gap make minus the free energy.",
    draw: (picture, across) => drawing(result)(picture, across),
    words: () => `x = ${controls.x.join(" ")}, q = ${controls.q.map((chance) => chance.toFixed(3)).join(", ")}: ` +
      `mean \u2212E(x, h) ${shown(result.average)} and entropy ${shown(result.entropy)} make the bound ${shown(result.bound)} nats. ` +
      `The gap, the KL divergence from q to p(h | x), is ${shown(result.gap)}. Together: \u2212F(x) = ${shown(result.logEvidence)} nats. ` +
      `Given x the units are on with ${result.on.map((chance) => chance.toFixed(3)).join(" and ")}.`,
  });
}

export default { render };
