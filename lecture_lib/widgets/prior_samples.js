import { logSumExp, randomStream } from "./numerics.js";
import { button, frame, group, shown, slider, svg } from "./dom.js";

const GRID = Array.from({ length: 1001 }, (_, n) => -5 + n / 100);
const LOG_2PI = Math.log(2 * Math.PI);

const logNormal = (z) => -0.5 * (z * z + LOG_2PI);
const curve = (z) => [1.4 * z, Math.sin(4 * z)];

/** log N(x; g(z), sigma^2 I) */
function logLikelihood(x, z, sigma) {
  const [u, v] = curve(z);
  return -((x[0] - u) ** 2 + (x[1] - v) ** 2) / (2 * sigma * sigma) - LOG_2PI - 2 * Math.log(sigma);
}

/** Draws from N(0, 1) by Box and Muller's rule, from a stream of uniform numbers. */
export function normals(seed, count) {
  const next = randomStream(seed);
  const z = [];
  while (z.length < count) {
    const radius = Math.sqrt(-2 * Math.log(1 - next())), angle = 2 * Math.PI * next();
    z.push(radius * Math.cos(angle), radius * Math.sin(angle));
  }
  return z.slice(0, count);
}

/**
 * What draws z from the prior say of log p(x), beside the integral over a fine grid
 * (trapezoid rule in log space), and the posterior on that grid.
 */
export function compute({ x, sigma, z }) {
  const logWeights = z.map((value) => logLikelihood(x, value, sigma));
  const total = logSumExp(logWeights);
  const shares = logWeights.map((value) => Math.exp(value - total));
  const joint = GRID.map((value) => logLikelihood(x, value, sigma) + logNormal(value));
  const ends = GRID.length - 1;
  const exact = logSumExp(joint.map((value, n) => value + Math.log(n === 0 || n === ends ? 0.005 : 0.01)));
  return {
    logWeights, shares, exact, estimate: total - Math.log(z.length),
    effective: 1 / shares.reduce((sum, share) => sum + share * share, 0),
    posterior: joint.map((value) => Math.exp(value - exact)),
  };
}

const VIEW = { x: 3.6, y: 1.7 };

function drawing(result, { x, z, draws }) {
  return (picture, total) => {
    const margin = 20, width = total - 2 * margin, scale = width / (2 * VIEW.x), height = 2 * VIEW.y * scale;
    const px = (u) => margin + (u + VIEW.x) * scale, py = (v) => 4 + (VIEW.y - v) * scale;
    const add = (tag, attributes, ...children) => picture.append(svg(tag, attributes, ...children));
    const text = (at, y, words, name = "") => add("text", { x: at, y, class: name }, words);
    add("rect", { x: margin, y: 4, width, height, class: "picture-frame" });
    const line = GRID.filter((value) => Math.abs(1.4 * value) <= VIEW.x).map((value) => curve(value).map((u, i) => (i ? py(u) : px(u))));
    add("path", { class: "decoder-curve", d: line.map((at, i) => `${i ? "L" : "M"}${at[0].toFixed(1)} ${at[1].toFixed(1)}`).join("") });
    let specks = ""; // draws that carry nothing, in one path: there may be thousands
    z.forEach((value, s) => {
      const [u, v] = curve(value);
      if (Math.abs(u) > VIEW.x) return;
      if (result.shares[s] > 0.002) add("circle", { cx: px(u), cy: py(v), r: 2 + 11 * Math.sqrt(result.shares[s]), class: "particle" });
      else specks += `M${(px(u) - 1.8).toFixed(1)} ${py(v).toFixed(1)}a1.8 1.8 0 1 0 3.6 0a1.8 1.8 0 1 0 -3.6 0`;
    });
    add("path", { class: "speck", d: specks });
    const [cx, cy] = [px(x[0]), py(x[1])];
    add("path", { class: "cross", d: `M${cx - 7} ${cy - 7}l14 14m0 -14l-14 14` });
    text(cx + 11, cy - 8, "x", "name");
    text(margin + 6, 22, "the plane of x");

    const axis = { top: height + 30, height: 84 };
    const zero = axis.top + axis.height, at = (value) => margin + ((value + 3) / 6) * width;
    const highest = Math.max(...result.posterior, 0.5);
    const inside = GRID.map((value, n) => [value, n]).filter(([value]) => Math.abs(value) <= 3);
    const path = (values) => inside.map(([value, n], i) =>
      `${i ? "L" : "M"}${at(value).toFixed(1)} ${(zero - (values[n] / highest) * axis.height).toFixed(1)}`).join("");
    add("path", { class: "posterior-curve", d: path(result.posterior) });
    add("path", { class: "prior-curve", d: path(GRID.map((value) => Math.exp(logNormal(value)))) });
    add("line", { x1: margin, x2: margin + width, y1: zero, y2: zero, class: "rule" });
    const marks = (heavy) => z.filter((value, s) => Math.abs(value) < 3 && (result.shares[s] > 0.01) === heavy)
      .map((value) => `M${at(value).toFixed(1)} ${zero}v12`).join("");
    add("path", { class: "draw-mark", d: marks(false) });
    add("path", { class: "draw-mark", "stroke-width": 3, d: marks(true) });
    text(margin, axis.top + 4, "posterior of z", "strong");
    text(margin, axis.top + 21, "prior, dashed", "hidden-word");
    for (const tick of [-2, 0, 2]) text(at(tick), zero + 28, String(tick).replace("-", "\u2212"), "middle");
    text(at(0.7), zero + 28, "latent z", "middle");

    const bar = { top: zero + 46, step: 26, left: margin + 64 };
    const low = Math.min(result.exact, result.estimate, -12), right = Math.max(0, result.exact, result.estimate);
    const place = (nats) => bar.left + ((Math.max(nats, -60) - Math.max(low, -60)) / (right - Math.max(low, -60))) * (width - 64);
    [["exact", result.exact, "exact-dot", "exact-mark"], ["estimate", result.estimate, "estimate-dot", ""]].forEach(([word, value, name], i) => {
      const y = bar.top + i * bar.step + 6;
      text(margin, y + 4, word, i ? "" : "strong");
      add("line", { x1: bar.left, x2: margin + width, y1: y, y2: y, class: "rule" });
      add("circle", { cx: place(value), cy: y, r: 6, class: name });
    });
    text(margin + width, bar.top + 2 * bar.step + 12, "log p(x) in nats, larger to the right", "end");
    picture.setAttribute("height", bar.top + 2 * bar.step + 20);
  };
}

function render({ model, el }) {
  const data = model.get("data");
  const state = { x: [...data.x], sigma: data.sigma, seed: data.seed, draws: 32 };
  let result;
  const recompute = () => {
    state.z = normals(state.seed, state.draws);
    result = compute(state);
  };
  const change = (set) => (value) => { set(value); recompute(); update(); };
  recompute();
  const coordinate = (i, most) => slider({
    label: `x${"\u2081\u2082"[i]}:`, min: -most, max: most, step: 0.05, value: data.x[i], change: change((value) => { state.x[i] = value; }),
  });
  const points = [coordinate(0, 3.5), coordinate(1, 1.6)];
  const update = frame({
    el, name: "prior_samples", task: model.get("task"),
    controls: [
      group("The point x", ...points),
      group("Monte Carlo", slider({
        label: "draws S = 2 to the power of", min: 0, max: 10, step: 1, value: 5, change: change((value) => { state.draws = 2 ** value; }),
      }), button({ label: "Draw again", click: change(() => { state.seed += 1; }) })),
      group("Noise of p(x | z)", slider({
        label: "\u03c3:", min: 0.02, max: 0.6, step: 0.01, value: data.sigma, change: change((value) => { state.sigma = value; }),
      })),
    ],
    describe: "The curve of the decoder in the plane, draws from the prior as dots on it, large where they carry weight, and x as a cross; below, prior and posterior of z; then the exact log p(x) and its estimate.",
    draw: (picture, width) => drawing(result, state)(picture, width),
    words: () => {
      const error = result.estimate - result.exact;
      return `x = (${state.x.map((value) => value.toFixed(2).replace("-", "\u2212")).join(", ")}), \u03c3 = ${state.sigma.toFixed(2)}, ` +
        `draw ${state.seed} of ${state.draws} codes. Exact log p(x) = ${shown(result.exact)} nats, estimate ${shown(result.estimate)}: ` +
        `${Math.abs(error).toFixed(3)} nats too ${error < 0 ? "low" : "high"}. Effective sample size ${result.effective.toFixed(1)} of ${state.draws}.`;
    },
  });

  // The cross is dragged; the sliders follow.
  const picture = el.querySelector(".live-picture");
  picture.classList.add("live-pan");
  let held = false;
  const inputs = points.map((label) => label.querySelector("input"));
  const move = (event) => {
    const box = picture.getBoundingClientRect(), margin = 20;
    const scale = (box.width - 2 * margin) / (2 * VIEW.x);
    const at = [(event.clientX - box.left - margin) / scale - VIEW.x, VIEW.y - (event.clientY - box.top - 4) / scale];
    at.forEach((value, i) => {
      inputs[i].value = value;
      state.x[i] = Number(inputs[i].value);
      inputs[i].closest("label").querySelector(".live-readout").textContent = inputs[i].value.replace("-", "\u2212");
    });
    recompute();
    update();
  };
  picture.addEventListener("pointerdown", (event) => {
    const box = picture.getBoundingClientRect();
    if (event.button !== 0 || event.clientY - box.top > 4 + ((box.width - 40) / VIEW.x) * VIEW.y) return;
    held = true;
    picture.setPointerCapture(event.pointerId);
    move(event);
  });
  picture.addEventListener("pointermove", (event) => { if (held) move(event); });
  for (const end of ["pointerup", "pointercancel"]) picture.addEventListener(end, () => { held = false; });
}

export default { render };
