import { binaryStates, boltzmann, dot, logSumExp, sigm, softplus } from "./numerics.js";
import { button, checkbox, element, frame, group, shown, slider, svg, toggle } from "./dom.js";

const range = (n) => Array.from({ length: n }, (_, i) => i);

/** F(x), in nats. */
export function freeEnergy({ W, b, c }, x) {
  return W.reduce((sum, row, j) => sum - softplus(b[j] + dot(row, x)), -dot(c, x));
}

/** h(x) x^T, h(x) and x, averaged over the states with the given weights (which sum to 1). */
export function phase({ W, b, c }, states, weights) {
  const mean = { W: W.map((row) => row.map(() => 0)), b: b.map(() => 0), c: c.map(() => 0) };
  states.forEach((x, s) => {
    if (!weights[s]) return;
    x.forEach((on, i) => { mean.c[i] += weights[s] * on; });
    W.forEach((row, j) => {
      const h = weights[s] * sigm(b[j] + dot(row, x));
      mean.b[j] += h;
      x.forEach((on, i) => { mean.W[j][i] += h * on; });
    });
  });
  return mean;
}

/** Data weights: 1/N on each picked state. */
const shares = (picked) => {
  const n = picked.filter(Boolean).length;
  return picked.map((on) => (on ? 1 / n : 0));
};

/**
 * `steps` steps of exact gradient ascent on the mean log-likelihood of the picked states,
 * with either phase left out if it is switched off; then F, p and the log-likelihood.
 */
export function compute(params, { picked, rate, positive, negative, steps }) {
  const states = binaryStates(params.c.length);
  const data = shares(picked);
  let { W, b, c } = params;
  const energies = () => states.map((x) => freeEnergy({ W, b, c }, x));
  const before = energies();
  for (let step = 0; step < steps; step += 1) {
    const up = phase({ W, b, c }, states, positive ? data : []);
    const down = phase({ W, b, c }, states, negative ? boltzmann(energies()) : []);
    W = W.map((row, j) => row.map((w, i) => w + rate * (up.W[j][i] - down.W[j][i])));
    b = b.map((value, j) => value + rate * (up.b[j] - down.b[j]));
    c = c.map((value, i) => value + rate * (up.c[i] - down.c[i]));
  }
  const after = energies();
  const logZ = logSumExp(after.map((energy) => -energy));
  return {
    states, before, after, probability: boltzmann(after), params: { W, b, c },
    logLikelihood: data.reduce((sum, share, s) => sum - share * (after[s] + logZ), 0),
  };
}

/** A 2 x 2 picture of a state, its lit pixels in the colour of visible units. */
function icon(x, left, top, size) {
  return svg("g", {}, ...x.map((on, i) => svg("rect", {
    x: left + (i % 2) * size, y: top + Math.floor(i / 2) * size, width: size, height: size,
    class: on ? "pixel-on" : "pixel-off",
  })));
}

function drawing({ states, before, after, probability }, picked) {
  return (picture, width) => {
    const left = 46, column = (width - left) / states.length, bar = column * 0.66;
    const pixel = Math.min(column * 0.4, 9);
    const energies = { top: 24, height: 190 };
    const icons = energies.top + energies.height + 14;
    const chances = { top: icons + 2 * pixel + 40, height: 90 };
    picture.setAttribute("height", chances.top + chances.height + 6);
    const add = (tag, attributes, ...children) => picture.append(svg(tag, attributes, ...children));
    const text = (x, y, words, name = "") => add("text", { x, y, class: name }, words);

    const ends = [...before, ...after];
    const low = Math.min(...ends), high = Math.max(...ends, low + 2);
    const y = (energy) => energies.top + ((high - energy) / (high - low)) * energies.height;
    const top = Math.max(...probability, ...shares(picked));
    const p = (chance) => chances.top + (1 - chance / top) * chances.height;
    text(0, 12, "F(x), nats", "name");
    text(0, y(high) + 5, high.toFixed(1).replace("-", "\u2212"));
    text(0, y(low) + 5, low.toFixed(1).replace("-", "\u2212"));
    text(0, chances.top - 12, "p(x), and the data\u2019s share as a dot", "name");
    text(0, p(top) + 6, top.toFixed(2));
    text(0, p(0), "0");
    add("line", { x1: left, x2: width, y1: p(0), y2: p(0), class: "rule" });

    states.forEach((x, s) => {
      const start = left + s * column, middle = start + column / 2;
      const [from, to] = [y(before[s]), y(after[s])], down = to > from;
      if (picked[s]) add("rect", { x: start, y: energies.top - 6, width: column, height: chances.top + chances.height - energies.top + 10, class: "chosen" });
      if (Math.abs(to - from) > 1) {
        add("line", { x1: start + column * 0.17, x2: start + column * 0.17 + bar, y1: from, y2: from, class: "rule" });
        add("line", { x1: middle, x2: middle, y1: from, y2: to, class: down ? "push-down" : "push-up" });
      }
      if (Math.abs(to - from) > 6) {
        const tip = down ? -6 : 6;
        add("path", { d: `M${middle - 4} ${to + tip}L${middle} ${to}L${middle + 4} ${to + tip}Z`, class: down ? "tip-down" : "tip-up" });
      }
      add("line", { x1: start + column * 0.14, x2: start + column * 0.86, y1: to, y2: to, class: "total" });
      picture.append(icon(x, middle - pixel, icons, pixel));
      add("rect", { x: start + column * 0.17, y: p(probability[s]), width: bar, height: p(0) - p(probability[s]), class: "model-bar" });
    });
    shares(picked).forEach((share, s) => {
      if (share) add("circle", { cx: left + (s + 0.5) * column, cy: p(share), r: 4.5, class: "data-dot" });
    });
  };
}

function render({ model, el }) {
  const start = model.get("data");
  const states = binaryStates(start.c.length);
  const picked = states.map((_, s) => start.rows.includes(s));
  const controls = { picked, rate: 0.5, positive: true, negative: true };
  let params = start, taken = 1, result = compute(params, { ...controls, steps: 1 });
  ({ params } = result);

  const refresh = () => { result = compute(params, { ...controls, steps: 0 }); update(); };
  const change = (set) => (value) => { set(value); refresh(); };
  const learn = (steps) => () => {
    result = compute(params, { ...controls, steps });
    params = result.params;
    taken += steps;
    update();
  };
  const buttons = states.map((x, s) => {
    const node = toggle({
      label: svg("svg", { viewBox: "0 0 20 20", width: 22, height: 22, class: "live-icon", "aria-hidden": "true" }, icon(x, 1, 1, 9)),
      pressed: picked[s],
      change: (on) => {
        if (!on && picked.filter(Boolean).length === 1) node.setAttribute("aria-pressed", "true");
        else picked[s] = on;
        refresh();
      },
    });
    node.setAttribute("aria-label", `picture ${x.join(" ")} is data`);
    return node;
  });
  const learning = [1, 10, 100].map((steps) => button({ label: steps === 1 ? "1 step" : `${steps} steps`, click: learn(steps) }));
  learning.push(button({ label: "Start again", click: () => { params = start; taken = 0; refresh(); } }));
  const phases = ["positive", "negative"].map((name) => checkbox({
    label: `${name} phase`, checked: true, change: change((value) => { controls[name] = value; }),
  }));

  const update = frame({
    el, name: "two_phases", task: model.get("task"),
    controls: [
      group("Data: press the pictures to learn", element("div", { class: "live-pictures" }, ...buttons)),
      group("Learn", element("div", {}, ...learning)), group("Phases", ...phases),
      group("Learning rate", slider({
        label: "\u03b1 =", min: 0.1, max: 3, step: 0.1, value: controls.rate, change: change((value) => { controls.rate = value; }),
      })),
    ],
    describe: "For each of the 16 pictures x, its free energy with an arrow from where it was before the last steps, lower is better, and below it the probability of x. Data have a grey column and a dot at the height of their share.",
    draw: (picture, width) => drawing(result, picked)(picture, width),
    words: () => {
      const n = picked.filter(Boolean).length;
      const mean = (values, weights) => values.reduce((sum, value, s) => sum + value * weights[s], 0);
      const share = shares(picked), others = picked.map((on) => (on ? 0 : 1 / (states.length - n)));
      const move = range(states.length).map((s) => result.after[s] - result.before[s]);
      const rest = n < states.length ? ` and by ${shown(mean(move, others))} elsewhere` : "";
      return `After ${taken.toLocaleString("en")} ${taken === 1 ? "step" : "steps"}: mean log-likelihood ${shown(result.logLikelihood)} nats, ` +
        `at most ${shown(-Math.log(n))} for ${n} ${n === 1 ? "picture" : "pictures"}. ` +
        `The data have ${shown(mean(result.probability, picked.map(Number)))} of the probability. ` +
        `Last press: F changed by ${shown(mean(move, share))} at the data on average${rest}. ` +
        `Next press: \u03b1 = ${controls.rate}, ${["positive", "negative"].map((name) => `${name} phase ${controls[name] ? "on" : "off"}`).join(", ")}.`;
    },
  });
}

export default { render };
