import { randomStream } from "./numerics.js";
import { button, frame, group, shown, slider } from "./dom.js";
import { pen } from "./evidence_bound.js";

/** `count` standard normal numbers of a seed, by Box and Muller's transform. */
export function normals(seed, count) {
  const next = randomStream(seed), found = [];
  while (found.length < count) {
    const radius = Math.sqrt(-2 * Math.log(1 - next())), angle = 2 * Math.PI * next();
    found.push(radius * Math.cos(angle), radius * Math.sin(angle));
  }
  return found.slice(0, count);
}

/**
 * Estimates of d/d mu_1 of the mean of f(z) = |z|^2 / 2 + shift, z ~ N(mu, sigma^2 I) in K dimensions,
 * each from S draws: the pathwise one, the score-function one, and the latter with a baseline E f.
 */
export function estimates({ mu, sigma, K, S, shift }, eps) {
  const found = { pathwise: [], score: [], baseline: [] };
  const expected = (K * (mu * mu + sigma * sigma)) / 2 + shift;
  for (let start = 0; start + K * S <= eps.length; start += K * S) {
    const sums = { pathwise: 0, score: 0, baseline: 0 };
    for (let s = 0; s < S; s += 1) {
      const at = start + s * K;
      let f = shift;
      for (let k = 0; k < K; k += 1) f += (mu + sigma * eps[at + k]) ** 2 / 2;
      sums.pathwise += mu + sigma * eps[at];
      sums.score += (f * eps[at]) / sigma;
      sums.baseline += ((f - expected) * eps[at]) / sigma;
    }
    Object.keys(sums).forEach((name) => found[name].push(sums[name] / S));
  }
  return found;
}

/** The estimates of a seed, with the mean and the variance of each kind, and the exact gradient. */
export function compute({ count }, controls) {
  const { mu, K, S, seed } = controls;
  const found = estimates(controls, normals(seed, count * K * S));
  const summary = Object.fromEntries(Object.entries(found).map(([name, values]) => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
    return [name, { mean, variance }];
  }));
  return { found, summary, exact: mu };
}

const ROWS = [
  ["pathwise", "pathwise", "hidden-part"], ["baseline", "with baseline E f", "bound-bar"], ["score", "score function", "energy-bar"],
];
const BINS = 61;

function drawing({ found, summary, exact }) {
  return (picture, width) => {
    const { put, text } = pen(picture);
    const spread = Math.max(...Object.values(summary).map(({ variance }) => Math.sqrt(variance)));
    const reach = Math.max(1, 2.5 * spread);
    const across = (value) => ((value - exact + reach) / (2 * reach)) * width;
    const height = 84;
    ROWS.forEach(([name, words, kind], row) => {
      const floor = 24 + row * (height + 34) + height, counts = new Array(BINS).fill(0);
      let outside = 0;
      found[name].forEach((value) => {
        const bin = Math.floor(((value - exact + reach) / (2 * reach)) * BINS);
        if (bin >= 0 && bin < BINS) counts[bin] += 1; else outside += 1;
      });
      const tallest = Math.max(...counts, 1);
      counts.forEach((count, bin) => {
        if (count) put("rect", { x: (bin * width) / BINS, y: floor - (count / tallest) * height, width: width / BINS, height: (count / tallest) * height, class: kind });
      });
      put("line", { x1: 0, x2: width, y1: floor, y2: floor, class: "rule" });
      text(0, floor - height - 8, words, "strong");
      const beyond = outside ? `, ${outside} outside` : "";
      text(width, floor - height - 8, `variance ${shown(summary[name].variance)}${beyond}`, "end");
      put("line", { x1: across(exact), x2: across(exact), y1: floor - height - 3, y2: floor + 5, class: "total" });
    });
    const bottom = 24 + 3 * (height + 34);
    for (const value of [-reach, reach]) text(across(exact + value * 0.9), bottom - 4, (exact + value * 0.9).toFixed(1).replace("-", "\u2212"), "middle");
    text(across(exact), bottom - 4, `exact ${shown(exact)}`, "middle strong");
    picture.setAttribute("height", bottom + 6);
  };
}

function render({ model, el }) {
  const data = model.get("data");
  const controls = { ...data.start };
  let result = compute(data, controls);
  const change = (set) => (value) => { set(value); result = compute(data, controls); update(); };
  const turn = (label, name, limits) => slider({ label, ...limits, value: controls[name], change: change((value) => { controls[name] = value; }) });
  const update = frame({
    el, name: "two_estimators", task: model.get("task"),
    controls: [
      group("q(z) = N(\u03bc, \u03c3\u00b2), alike in each dimension", turn("\u03bc =", "mu", { min: -2, max: 2, step: 0.1 }), turn("\u03c3 =", "sigma", { min: 0.2, max: 2, step: 0.1 })),
      group("Size", turn("dimensions K =", "K", { min: 1, max: 30, step: 1 }), turn("draws S =", "S", { min: 1, max: 8, step: 1 })),
      group("f(z) = \u2016z\u2016\u00b2/2 + a", turn("a =", "shift", { min: -20, max: 20, step: 1 }),
        button({ label: "New draws", click: change(() => { controls.seed += 1; }) })),
    ],
    describe: "Three histograms of gradient estimates on one axis around the exact gradient: the pathwise estimator, the score function with a baseline, and the score function alone.",
    draw: (picture, width) => drawing(result)(picture, width),
    words: () => `${data.count} estimates each (draw ${controls.seed}), K = ${controls.K}, S = ${controls.S}, \u03bc = ${shown(controls.mu)}, \u03c3 = ${shown(controls.sigma)}, a = ${String(controls.shift).replace("-", "\u2212")}. ` +
      `Exact gradient ${shown(result.exact)}. ` + ROWS.map(([name, words]) =>
        `${name === "baseline" ? "Score function with baseline" : words[0].toUpperCase() + words.slice(1)}: mean ${shown(result.summary[name].mean)}, variance ${shown(result.summary[name].variance)}`).join(". ") + ".",
  });
}

export default { render };
