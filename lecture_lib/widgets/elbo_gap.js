import { softplus } from "./numerics.js";
import { button, element, frame, group, shown, slider, toggle } from "./dom.js";
import { evidenceBound, ledger, logWidths, pen, pixelName, turnTo } from "./evidence_bound.js";

const LOG_TWO_PI = Math.log(2 * Math.PI);
const gaussian = (z, mu, logSigma) => -0.5 * LOG_TWO_PI - logSigma - 0.5 * ((z - mu) / Math.exp(logSigma)) ** 2;

/** log p(x, z) on a grid of z, for a decoder of one latent number and one layer of relu units. */
export function logJoint({ decoder, grid }, x) {
  const { V, v, U, u } = decoder;
  return grid.map((z) => {
    const units = V.map((slope, j) => Math.max(0, slope * z + v[j]));
    return x.reduce((sum, on, i) => {
      const logit = U[i].reduce((total, weight, j) => total + weight * units[j], u[i]);
      return sum - softplus((1 - 2 * on) * logit);
    }, gaussian(z, 0, 0));
  });
}

/** log p(x), the bound of q = N(mu, sigma^2), its terms and its gap, by quadrature on the grid. */
export function compute({ decoder, grid }, { x, mu, logSigma }) {
  const joint = logJoint({ decoder, grid }, x);
  const logQ = grid.map((z) => gaussian(z, mu, logSigma));
  return { joint, logQ, ...evidenceBound(joint, logQ, logWidths(grid)) };
}

/** Steps up the bound with exact gradients in mu and log sigma^2, as exact.gaussian_ascent takes them. */
export function climb({ decoder, grid }, { x, mu, logSigma, rate, steps }) {
  const joint = logJoint({ decoder, grid }, x), widths = logWidths(grid).map(Math.exp);
  let mean = mu, logVar = 2 * logSigma;
  for (let step = 0; step < steps; step += 1) {
    let first = 0, second = 0;
    grid.forEach((z, n) => {
      const off = (z - mean) / Math.exp(logVar);
      const square = off * (z - mean);
      const logQ = -0.5 * (LOG_TWO_PI + logVar + square);
      const excess = widths[n] * Math.exp(logQ) * (joint[n] - logQ);
      first += excess * off;
      second += (excess * (square - 1)) / 2;
    });
    mean += rate * first;
    logVar += rate * second;
  }
  return { mu: mean, logSigma: logVar / 2 };
}

const REACH = 4, DENSITIES = { top: 24, height: 150 };

function drawing(grid, { joint, logQ, ...parts }) {
  return (picture, width) => {
    const { put, text } = pen(picture);
    const { top, height } = DENSITIES;
    const inside = grid.map((z, n) => n).filter((n) => Math.abs(grid[n]) <= REACH);
    const posterior = inside.map((n) => Math.exp(joint[n] - parts.logEvidence));
    const q = inside.map((n) => Math.exp(logQ[n]));
    const tallest = Math.max(...posterior, ...q, 0.5);
    const across = (n) => ((grid[n] + REACH) / (2 * REACH)) * width;
    const up = (density) => top + height * (1 - density / tallest);
    const path = (values) => `M${inside.map((n, k) => `${across(n).toFixed(1)} ${up(values[k]).toFixed(1)}`).join("L")}`;
    put("path", { d: `${path(posterior)}L${width} ${up(0)}L0 ${up(0)}Z`, class: "chosen" });
    put("path", { d: path(posterior), class: "exact-curve" });
    put("path", { d: path(q), class: "q-curve" });
    put("line", { x1: 0, x2: width, y1: up(0), y2: up(0), class: "rule" });
    for (let z = -REACH + 1; z < REACH; z += 1) text(((z + REACH) / (2 * REACH)) * width, up(0) + 16, String(z).replace("-", "\u2212"), "middle");
    text(width - 2, up(0) - 4, "z", "name end");
    text(0, 12, "posterior p(z | x), solid");
    text(width, 12, "q(z), dashed: drag it", "end bound-word");
    const bottom = ledger(put, text, parts, [
      ["mean", "log p(x, z)"], ["entropy", "of q"], ["bound", ""], ["gap", ""], ["log p(x)", ""],
    ], { top: top + height + 50, height: 150, width });
    picture.setAttribute("height", bottom);
  };
}

function render({ model, el }) {
  const data = model.get("data");
  const grid = Array.from({ length: data.points }, (_, n) => data.reach * ((2 * n) / (data.points - 1) - 1));
  const numbers = { decoder: data.decoder, grid };
  const controls = { x: [...data.x], mu: data.mu, logSigma: data.logSigma };
  let result = compute(numbers, controls);
  const change = (set) => (value) => { set(value); result = compute(numbers, controls); update(); };

  const pixels = element("div", { class: "live-pixels" }, ...data.x.map((on, i) => toggle({
    label: pixelName(i), pressed: on === 1, change: change((value) => { controls.x[i] = Number(value); }),
  })));
  const mean = slider({ label: "mean \u03bc =", min: -3, max: 3, step: 0.01, value: data.mu, change: change((value) => { controls.mu = value; }) });
  const width = slider({ label: "log \u03c3 =", min: -2, max: 0.7, step: 0.01, value: data.logSigma, change: change((value) => { controls.logSigma = value; }) });
  const move = (mu, logSigma) => { turnTo(mean, mu); turnTo(width, logSigma); };
  const learn = (steps) => () => {
    const found = climb(numbers, { ...controls, rate: data.rate, steps });
    move(found.mu, found.logSigma);
  };
  const update = frame({
    el, name: "elbo_gap", task: model.get("task"),
    controls: [
      group("Picture x", pixels), group("q(z) = N(\u03bc, \u03c3\u00b2)", mean, width),
      group("Climb the bound", button({ label: "10 steps", click: learn(10) }), button({ label: "200 steps", click: learn(200) })),
    ],
    describe: "Above, the posterior density of z as a solid line and q as a dashed line. Below, bars that add up: the mean of log p(x, z) and the entropy of q make the bound, the bound and the gap make log p(x).",
    draw: (picture, across) => drawing(grid, result)(picture, across),
    words: () => `x = ${controls.x.join(" ")}, q = N(${shown(controls.mu)}, ${shown(Math.exp(controls.logSigma))}\u00b2): ` +
      `mean log p(x, z) ${shown(result.average)} and entropy ${shown(result.entropy)} make the bound ${shown(result.bound)} nats. ` +
      `The gap, the KL divergence from q to the posterior, is ${shown(result.gap)}. Together: log p(x) = ${shown(result.logEvidence)} nats.`,
  });

  const picture = el.querySelector(".live-picture");
  picture.style.touchAction = "pan-y";
  const follow = (event) => {
    if (!event.buttons) return;
    const box = picture.getBoundingClientRect();
    const height = event.clientY - box.top;
    if (height > DENSITIES.top + DENSITIES.height + 20) return;
    picture.setPointerCapture(event.pointerId);
    turnTo(mean, (((event.clientX - box.left) / box.width) * 2 - 1) * REACH);
  };
  picture.addEventListener("pointerdown", follow);
  picture.addEventListener("pointermove", follow);
}

export default { render };
