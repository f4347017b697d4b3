import { logSumExp, randomStream } from "./numerics.js";
import { button, frame, group, shown, slider, svg } from "./dom.js";

const LOG_2PI = Math.log(2 * Math.PI);
const logNormal = (x, mean, variance) => -0.5 * (LOG_2PI + Math.log(variance) + ((x - mean) ** 2) / variance);

/** Normal numbers in pairs from pairs of uniform ones (Box and Muller), kept for the last seed. */
let kept = { seed: NaN, numbers: [] };
function normals(seed, count) {
  if (kept.seed === seed && kept.numbers.length >= count) return kept.numbers;
  const next = randomStream(seed), numbers = [];
  while (numbers.length < count) {
    const radius = Math.sqrt(-2 * Math.log(1 - next())), angle = 2 * Math.PI * next();
    numbers.push(radius * Math.cos(angle), radius * Math.sin(angle));
  }
  kept = { seed, numbers };
  return numbers;
}

/**
 * z ~ N(0, 1), x = A z + c + noise, and q = N(mean + shift sd, (width sd)^2) beside the true posterior
 * N(mean, sd^2): the exact log p(x), the exact ELBO, and the bound with 1, 2, ... samples as the mean
 * over `runs` runs. Run r takes its normal numbers from r * most on.
 */
export function compute({ A, c, logVar, x, runs, most }, { shift, width, samples, seed }) {
  const precision = logVar.map((value) => Math.exp(-value));
  const rest = x.map((value, i) => value - c[i]);
  const variance = 1 / (1 + A.reduce((sum, a, i) => sum + a * a * precision[i], 0));
  const mean = variance * A.reduce((sum, a, i) => sum + a * rest[i] * precision[i], 0);
  const sd = Math.sqrt(variance), mu = mean + shift * sd, qVariance = (width * sd) ** 2;
  const logJoint = (z) => logNormal(z, 0, 1) +
    x.reduce((sum, value, i) => sum + logNormal(value, A[i] * z + c[i], 1 / precision[i]), 0);
  const logP = logJoint(mean) - logNormal(mean, mean, variance);
  const kl = 0.5 * (shift ** 2 + width ** 2 - 1 - 2 * Math.log(width)); // from q to the posterior

  // log w is log p(x) plus a parabola in eps: three values give it, and 40,000 draws cost little
  const logWeight = (eps) => {
    const z = mu + width * sd * eps;
    return logJoint(z) - logNormal(z, mu, qVariance);
  };
  const [low, middle, high] = [-1, 0, 1].map(logWeight);
  const slope = (high - low) / 2, curve = (high + low) / 2 - middle;
  const numbers = normals(seed, runs * most);
  const sums = new Array(most).fill(0);
  let squares = 0;
  for (let run = 0; run < runs; run += 1) {
    let total = 0, top = -Infinity;
    for (let s = 0; s < most; s += 1) {
      const eps = numbers[run * most + s];
      const value = middle + slope * eps + curve * eps * eps;
      if (value > top) {
        total = total * Math.exp(top - value) + 1;
        top = value;
      } else total += Math.exp(value - top);
      const bound = top + Math.log(total / (s + 1));
      sums[s] += bound;
      if (s + 1 === samples) squares += bound * bound;
    }
  }
  const bounds = sums.map((sum) => sum / runs);
  const bound = bounds[samples - 1];
  const drawn = numbers.slice(0, samples);
  const logWeights = drawn.map(logWeight), all = logSumExp(logWeights);
  return {
    mean, sd, mu, qSd: width * sd, logP, elbo: logP - kl, bounds, bound,
    standardError: Math.sqrt(Math.max(0, squares / runs - bound * bound) / (runs - 1)),
    draws: drawn.map((eps) => mu + width * sd * eps),
    shares: logWeights.map((value) => Math.exp(value - all)),
  };
}

function drawing({ mean, sd, mu, qSd, logP, elbo, bounds, bound, draws, shares }, samples) {
  return (picture, width) => {
    const put = (tag, attributes, ...children) => picture.append(svg(tag, attributes, ...children));
    const text = (x, y, words, name = "") => put("text", { x, y, class: name }, words);
    const path = (points) => points.map(([x, y], n) => `${n ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
    picture.setAttribute("height", 396);

    const upper = { top: 8, height: 110 }, base = upper.top + upper.height;
    const peak = Math.max(1 / sd, 1 / qSd);
    const across = (z) => ((z - mean) / sd + 6) / 12 * width;
    const bell = (centre, scale) => path(Array.from({ length: 121 }, (_, n) => {
      const z = mean + sd * (n / 10 - 6);
      return [across(z), base - (upper.height * Math.exp(-0.5 * ((z - centre) / scale) ** 2)) / scale / peak];
    }));
    put("line", { x1: 0, x2: width, y1: base, y2: base, class: "rule" });
    draws.forEach((z, n) => put("circle", {
      cx: Math.min(width - 3, Math.max(3, across(z))).toFixed(1), cy: base + 14, r: (2 + 10 * Math.sqrt(shares[n])).toFixed(2),
      class: "weighted-draw",
    }));
    put("path", { d: bell(mean, sd), class: "exact-curve" });
    put("path", { d: bell(mu, qSd), class: "q-curve" });
    text(0, upper.top + 10, "p(z | x) solid, q dashed");
    text(0, base + 42, "draws from q, as large as their weight");

    const lower = { top: 196, height: 160, left: 50, right: 8 };
    const high = logP, low = Math.min(elbo, ...bounds) - 0.02;
    const y = (value) => lower.top + ((high - value) / Math.max(high - low, 0.05)) * lower.height;
    const at = (s) => lower.left + (Math.log(s) / Math.log(bounds.length)) * (width - lower.left - lower.right);
    put("line", { x1: lower.left, x2: at(bounds.length), y1: y(logP), y2: y(logP), class: "exact-curve" });
    text(at(bounds.length), y(logP) - 7, "log p(x), exact", "end");
    put("path", { d: path(bounds.map((value, n) => [at(n + 1), y(value)])), class: "bias-curve" });
    put("line", { x1: at(samples), x2: at(samples), y1: lower.top, y2: lower.top + lower.height, class: "here" });
    put("circle", { cx: at(1), cy: y(elbo), r: 6, class: "mean-dot" });
    put("path", { d: `M${at(samples)} ${y(bound) - 7}l7 7l-7 7l-7 -7Z`, class: "bias-dot" });
    for (const value of [high, low + 0.02]) text(0, y(value) + 5, value.toFixed(2).replace("-", "\u2212"));
    text(0, lower.top + lower.height / 2 + 4, "nats", "name");
    const foot = lower.top + lower.height + 24;
    for (const s of [1, 2, 5, 10, 20, 50, 100, 200]) {
      if (s <= bounds.length) text(at(s), foot, String(s), s === bounds.length ? "end" : "middle");
    }
    text(lower.left, foot + 16, "samples S");
  };
}

function render({ model, el }) {
  const data = model.get("data");
  const controls = { shift: data.shift, width: data.width, samples: data.samples, seed: data.seed };
  let result = compute(data, controls);
  const change = (set) => (value) => { set(value); result = compute(data, controls); update(); };
  const turn = (label, name, limits) => slider({ label, ...limits, value: controls[name], change: change((value) => { controls[name] = value; }) });
  const update = frame({
    el, name: "importance_bound", task: model.get("task"),
    controls: [
      group("Samples", turn("S =", "samples", { min: 1, max: data.most, step: 1 }),
        button({ label: "New draws", click: change(() => { controls.seed += 1; }) })),
      group("q beside the posterior", turn("off by, in standard deviations:", "shift", { min: -2.5, max: 2.5, step: 0.1 }),
        turn("times as wide:", "width", { min: 0.3, max: 2.5, step: 0.05 })),
    ],
    describe: "Above, the true posterior and q as curves over z, and the draws from q as circles whose area is their " +
      "weight. Below, the bound against the number of samples, the ELBO at its left end and the exact log p(x) as a line.",
    draw: (picture, width) => drawing(result, controls.samples)(picture, width),
    words: () => `S = ${controls.samples}, q off by ${controls.shift.toFixed(1).replace("-", "\u2212")} and ${controls.width.toFixed(2)} times as wide (draw ${controls.seed}): ` +
      `the bound is ${shown(result.bound)} \u00b1 ${shown(result.standardError)} nats, the mean of ${data.runs} runs. The ELBO is ${shown(result.elbo)}, ` +
      `log p(x) exactly ${shown(result.logP)}: a gap of ${shown(result.logP - result.bound)} is left of ${shown(result.logP - result.elbo)}. ` +
      `The heaviest draw carries ${shown(100 * Math.max(...result.shares)).slice(0, -2)} % of the weight.` +
      `${controls.width ** 2 <= 0.5 ? " q is so narrow that its weights have no variance." : ""}`,
  });
}

export default { render };
