import { binaryStates, boltzmann, dot, logSumExp, randomStream, sigm, softplus } from "./numerics.js";
import { button, element, frame, group, shown, slider, svg } from "./dom.js";

const scaled = ({ W, b, c }, by) => ({ W: W.map((row) => row.map((w) => by * w)), b: b.map((v) => by * v), c: c.map((v) => by * v) });
const energyOf = ({ W, b, c }, x) => W.reduce((sum, row, j) => sum - softplus(b[j] + dot(row, x)), -dot(c, x));
const hiddenOf = ({ W, b }, x) => W.map((row, j) => sigm(b[j] + dot(row, x)));
const visibleOf = ({ W, c }, h) => c.map((value, i) => sigm(value + W.reduce((sum, row, j) => sum + h[j] * row[i], 0)));
/** The probabilities of all states of independent units, in the order of binaryStates. */
function products(p) {
  const table = new Array(2 ** p.length).fill(1);
  for (let i = p.length - 1, width = 1; i >= 0; i -= 1, width *= 2) {
    for (let s = 0; s < width; s += 1) table[s + width] = table[s] * p[i];
    for (let s = 0; s < width; s += 1) table[s] *= 1 - p[i];
  }
  return table;
}
const place = (state) => state.reduce((index, on) => 2 * index + on, 0);

/** The product q T without T: up to the hidden states and down again. */
function step(machine, states, hidden, q) {
  const above = hidden.map(() => 0), below = states.map(() => 0);
  states.forEach((x, s) => {
    products(hiddenOf(machine, x)).forEach((share, r) => { above[r] += q[s] * share; });
  });
  hidden.forEach((h, r) => {
    products(visibleOf(machine, h)).forEach((share, s) => { below[s] += above[r] * share; });
  });
  return below;
}

/**
 * Annealed importance sampling from p(x, h) uniform to the machine with all parameters times
 * `scale`, in `temperatures` steps, with `chains` chains. Each chain takes its uniform numbers in
 * turn: x, then after every weight h and x. Everything exact is summed over all states.
 */
export function compute(params, { temperatures, chains, scale, seed }) {
  const machine = scaled(params, scale), n = temperatures;
  const states = binaryStates(params.c.length), hidden = binaryStates(params.b.length);
  const stages = Array.from({ length: n + 1 }, (_, m) => scaled(machine, m / n));
  const energies = stages.map((stage) => states.map((x) => energyOf(stage, x)));
  const exact = energies.map((values) => logSumExp(values.map((energy) => -energy)));

  let q = states.map(() => 1 / states.length), meanLog = exact[0];
  for (let m = 1; m <= n; m += 1) {
    meanLog += q.reduce((sum, value, s) => sum + value * (energies[m - 1][s] - energies[m][s]), 0);
    if (m < n) q = step(stages[m], states, hidden, q);
  }

  const random = randomStream(seed);
  const draw = (p) => p.map((value) => (random() < value ? 1 : 0));
  const paths = Array.from({ length: chains }, () => {
    let x = draw(params.c.map(() => 0.5));
    const path = [exact[0]];
    for (let m = 1; m <= n; m += 1) {
      const s = place(x);
      path.push(path[m - 1] + energies[m - 1][s] - energies[m][s]);
      x = draw(visibleOf(stages[m], draw(hiddenOf(stages[m], x))));
    }
    return path;
  });

  const last = paths.map((path) => path[n]);
  const shares = boltzmann(last.map((value) => -value));
  const spread = shares.reduce((sum, share) => sum + (share - 1 / chains) ** 2, 0) / (chains - 1);
  return {
    exact, paths, logZ: exact[n], meanLog,
    estimate: logSumExp(last) - Math.log(chains),
    standardError: Math.sqrt(spread * chains),
    effectiveSampleSize: 1 / shares.reduce((sum, share) => sum + share * share, 0),
  };
}

function drawing({ exact, paths, estimate, logZ, meanLog }) {
  return (picture, width) => {
    const left = 46, right = 66, box = { top: 26, height: 250 };
    picture.setAttribute("height", box.top + box.height + 42);
    const put = (tag, attributes, ...children) => picture.append(svg(tag, attributes, ...children));
    const text = (at, y, words, name = "") => put("text", { x: at, y, class: name }, words);
    const n = exact.length - 1;
    const ends = [...exact, ...paths.flat(), meanLog];
    const low = Math.min(...ends), high = Math.max(...ends);
    const y = (value) => box.top + ((high - value) / (high - low)) * box.height;
    const across = (m) => left + (m / n) * (width - left - right);
    const line = (values) => values.map((value, m) => `${m ? "L" : "M"}${across(m)} ${y(value)}`).join("");
    text(0, 12, "log Z of each stage, nats", "name");
    for (const value of [low, high]) text(0, y(value) + 5, value.toFixed(1).replace("-", "\u2212"));
    put("line", { x1: left, x2: across(n), y1: y(low) + 8, y2: y(low) + 8, class: "rule" });
    text(left, y(low) + 26, "\u03bb = 0");
    text((left + across(n)) / 2, y(low) + 26, "annealing fraction", "middle");
    text(across(n), y(low) + 26, "1", "end");
    paths.forEach((path) => put("path", { d: line(path), class: "chain-way" }));
    put("path", { d: line(exact), class: "exact-curve" });
    const marks = [["exact", logZ, "exact-dot"], ["estimate", estimate, "bias-dot"], ["one chain", meanLog, "mean-dot"]]
      .map(([name, value, kind]) => ({ name, kind, at: y(value), label: y(value) }));
    marks.sort((first, second) => first.at - second.at);
    marks.forEach((mark, rank) => { if (rank) mark.label = Math.max(mark.label, marks[rank - 1].label + 15); });
    marks.forEach(({ name, kind, at, label }) => {
      if (kind === "bias-dot") put("path", { d: `M${across(n)} ${at - 7}l7 7l-7 7l-7 -7Z`, class: kind });
      else put("circle", { cx: across(n), cy: at, r: 5, class: kind });
      text(across(n) + 10, label + 4, name);
    });
  };
}

function render({ model, el }) {
  const data = model.get("data");
  const controls = { temperatures: data.temperatures, chains: data.chains, scale: data.scale, seed: data.seed };
  let result = compute(data, controls);
  const change = (set) => (value) => { set(value); result = compute(data, controls); update(); };
  const turn = (label, name, limits) => slider({ label, ...limits, value: controls[name], change: change((value) => { controls[name] = value; }) });

  const update = frame({
    el, name: "annealing", task: model.get("task"),
    controls: [
      group("Temperatures", turn("number:", "temperatures", { min: 1, max: 60, step: 1 })),
      group("Chains", turn("number:", "chains", { min: 2, max: 60, step: 1 }),
        button({ label: "New chains", click: change(() => { controls.seed += 1; }) })),
      group("Machine", turn("all weights and biases \u00d7", "scale", { min: 0.2, max: 2, step: 0.1 })),
    ],
    describe: "Against the annealing fraction, the exact log Z of each stage as a thick line and what each chain has so far taken it for as thin lines; at the end the exact value, the estimate from all chains and where one chain lands on average.",
    draw: (picture, width) => drawing(result)(picture, width),
    words: () => `${controls.temperatures} ${controls.temperatures === 1 ? "temperature" : "temperatures"}, ${controls.chains} chains (draw ${controls.seed}), weights \u00d7 ${controls.scale.toFixed(1)}: ` +
      `estimate of log Z ${shown(result.estimate)} \u00b1 ${shown(result.standardError)} nats, exact ${shown(result.logZ)}, so off by ${shown(result.estimate - result.logZ)}. ` +
      `One chain by itself lands at ${shown(result.meanLog)} on average. Effective sample size ${shown(result.effectiveSampleSize)} of ${controls.chains}${result.effectiveSampleSize < 10 ? ": too small to trust" : ""}.`,
  });
}

export default { render };
