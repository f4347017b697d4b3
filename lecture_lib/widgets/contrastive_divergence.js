import { binaryStates, boltzmann, dot, randomStream, sigm, softplus } from "./numerics.js";
import { button, element, frame, group, shown, slider, svg, toggle } from "./dom.js";

const STEPS = 20;

const energyOf = ({ W, b, c }, x) => W.reduce((sum, row, j) => sum - softplus(b[j] + dot(row, x)), -dot(c, x));
const hiddenOf = ({ W, b }, x) => W.map((row, j) => sigm(b[j] + dot(row, x)));
const visibleOf = ({ W, c }, h) => c.map((value, i) => sigm(value + W.reduce((sum, row, j) => sum + h[j] * row[i], 0)));
const scaled = ({ W, b, c }, by) => ({ W: W.map((row) => row.map((w) => by * w)), b: b.map((v) => by * v), c: c.map((v) => by * v) });
const place = (x) => x.reduce((index, on) => 2 * index + on, 0);
const chance = (p, state) => state.reduce((product, on, i) => product * (on ? p[i] : 1 - p[i]), 1);

/** T[x][x'] = sum_h p(h | x) p(x' | h), in the order of binaryStates. */
function transition(params, states) {
  const hidden = binaryStates(params.b.length);
  const down = hidden.map((h) => { const p = visibleOf(params, h); return states.map((x) => chance(p, x)); });
  return states.map((x) => {
    const p = hiddenOf(params, x), row = states.map(() => 0);
    hidden.forEach((h, r) => {
      const weight = chance(p, h);
      down[r].forEach((value, s) => { row[s] += weight * value; });
    });
    return row;
  });
}

/** Sum over states of weight times h(x) x^T, h(x) and x. */
function phase(params, states, weights) {
  const sum = scaled(params, 0);
  states.forEach((x, s) => {
    const h = hiddenOf(params, x);
    h.forEach((on, j) => {
      sum.b[j] += weights[s] * on;
      x.forEach((value, i) => { sum.W[j][i] += weights[s] * on * value; });
    });
    x.forEach((value, i) => { sum.c[i] += weights[s] * value; });
  });
  return sum;
}

const norm = ({ W, b, c }) => Math.hypot(...W.flat(), ...b, ...c);
const add = (params, gradient, rate) => ({
  W: params.W.map((row, j) => row.map((w, i) => w + rate * gradient.W[j][i])),
  b: params.b.map((value, j) => value + rate * gradient.b[j]),
  c: params.c.map((value, i) => value + rate * gradient.c[i]),
});

/** One chain of k Gibbs steps from x: up and down, uniform numbers first for h, then for x. */
function draw(params, x, k, seed) {
  const random = randomStream(seed), chain = [x];
  for (let step = 0; step < k; step += 1) {
    const h = hiddenOf(params, chain[step]).map((p) => (random() < p ? 1 : 0));
    chain.push(visibleOf(params, h).map((p) => (random() < p ? 1 : 0)));
  }
  return chain;
}

/**
 * CD-k from the one picture x in the data, on the machine with all parameters times `scale`: its
 * chain's distribution after k steps, its mean update and the exact one, F before and after each,
 * the norm of the bias and KL(q_k || p) for every k up to STEPS, and one chain that was drawn.
 */
export function compute(params, { x, k, scale, rate, seed }) {
  const machine = scaled(params, scale), states = binaryStates(params.c.length);
  const freeEnergy = states.map((state) => energyOf(machine, state));
  const p = boltzmann(freeEnergy), T = transition(machine, states);
  const marginals = [states.map((_, s) => (s === place(x) ? 1 : 0))];
  for (let step = 0; step < STEPS; step += 1) {
    const now = marginals[step];
    marginals.push(states.map((_, to) => now.reduce((sum, value, from) => sum + value * T[from][to], 0)));
  }
  const data = marginals[0], q = marginals[k];
  const against = (weights) => phase(machine, states, data.map((value, s) => value - weights[s]));
  const cd = against(q), exact = against(p);
  const after = (gradient) => { const moved = add(machine, gradient, rate); return states.map((state) => energyOf(moved, state)); };
  return {
    states, freeEnergy, p, q, cd, exact,
    cdNorm: norm(cd), exactNorm: norm(exact),
    cdAfter: after(cd), exactAfter: after(exact),
    bias: marginals.slice(1).map((now) => norm(phase(machine, states, p.map((value, s) => value - now[s])))),
    divergence: marginals.map((now) => now.reduce((sum, value, s) => sum + (value > 0 ? value * Math.log(value / p[s]) : 0), 0)),
    chain: draw(machine, x, k, seed),
  };
}

/** A 2 x 2 picture of a state, its lit pixels in the colour of visible units. */
function icon(x, left, top, size) {
  return svg("g", {}, ...x.map((on, i) => svg("rect", {
    x: left + (i % 2) * size, y: top + Math.floor(i / 2) * size, width: size, height: size,
    class: on ? "pixel-on" : "pixel-off",
  })));
}

function drawing(result, x, k) {
  return (picture, width) => {
    const { states, freeEnergy, cdAfter, exactAfter, p, q, chain, bias, divergence } = result;
    const left = 46, column = (width - left) / states.length, bar = column * 0.66;
    const pixel = Math.min(column * 0.4, 9);
    const energies = { top: 26, height: 170 };
    const icons = energies.top + energies.height + 14;
    const chances = { top: icons + 2 * pixel + 40, height: 78 };
    const curves = { top: chances.top + chances.height + 48, height: 84 };
    picture.setAttribute("height", curves.top + curves.height + 34);
    const put = (tag, attributes, ...children) => picture.append(svg(tag, attributes, ...children));
    const text = (at, y, words, name = "") => put("text", { x: at, y, class: name }, words);
    const signed = (value) => value.toFixed(1).replace("-", "\u2212");

    const ends = [...freeEnergy, ...cdAfter, ...exactAfter];
    const low = Math.min(...ends), high = Math.max(...ends, low + 2);
    const y = (energy) => energies.top + ((high - energy) / (high - low)) * energies.height;
    const middle = (s) => left + (s + 0.5) * column;
    const start = place(x);
    put("rect", { x: left + start * column, y: energies.top - 6, width: column, height: chances.top + chances.height - energies.top + 8, class: "chosen" });
    text(0, 12, "F(x), nats: mean CD update (arrow), exact (ring)", "name");
    text(0, y(high) + 5, signed(high));
    text(0, y(low) + 5, signed(low));

    const way = chain.map((state, step) => `${step ? "L" : "M"}${middle(place(state))} ${y(freeEnergy[place(state)])}`).join("");
    put("path", { d: way, class: "chain-way" });
    states.forEach((state, s) => {
      const [from, to] = [y(freeEnergy[s]), y(cdAfter[s])], down = to > from, at = middle(s);
      put("line", { x1: at - bar / 2, x2: at + bar / 2, y1: from, y2: from, class: "total" });
      if (Math.abs(to - from) > 1) put("line", { x1: at, x2: at, y1: from, y2: to, class: down ? "push-down" : "push-up" });
      if (Math.abs(to - from) > 6) {
        const tip = down ? -6 : 6;
        put("path", { d: `M${at - 4} ${to + tip}L${at} ${to}L${at + 4} ${to + tip}Z`, class: down ? "tip-down" : "tip-up" });
      }
      put("circle", { cx: at, cy: y(exactAfter[s]), r: Math.min(4, column * 0.2), class: "exact-ring" });
      picture.append(icon(state, at - pixel, icons, pixel));
    });
    chain.slice(1, k).forEach((state) => put("circle", { cx: middle(place(state)), cy: y(freeEnergy[place(state)]), r: 3, class: "visit" }));
    const end = place(chain[k]);
    put("circle", { cx: middle(end), cy: y(freeEnergy[end]), r: 6.5, class: "visit" });

    const top = Math.max(...q, ...p);
    const height = (value) => chances.top + (1 - value / top) * chances.height;
    text(0, chances.top - 12, "where x\u0303 ends: q\u2096 (bars), the model p (lines)", "name");
    text(0, height(top) + 6, top.toFixed(2));
    text(0, height(0), "0");
    put("line", { x1: left, x2: width, y1: height(0), y2: height(0), class: "rule" });
    states.forEach((_, s) => {
      put("rect", { x: middle(s) - bar / 2, y: height(q[s]), width: bar, height: height(0) - height(q[s]), class: "model-bar" });
      put("line", { x1: middle(s) - column * 0.42, x2: middle(s) + column * 0.42, y1: height(p[s]), y2: height(p[s]), class: "total" });
    });

    const gap = 34, half = (width - left - gap) / 2;
    const curve = (values, first, origin, title, name) => {
      const most = Math.max(...values, 1e-9), across = (step) => origin + ((step - first) / (STEPS - first)) * half;
      const up = (value) => curves.top + (1 - value / most) * curves.height;
      text(origin - 6, curves.top - 12, title, "name");
      put("line", { x1: origin - 6, x2: origin + half, y1: up(0), y2: up(0), class: "rule" });
      put("path", { d: values.map((value, n) => `${n ? "L" : "M"}${across(first + n)} ${up(value)}`).join(""), class: `${name}-curve` });
      put("line", { x1: across(k), x2: across(k), y1: curves.top, y2: up(0), class: "here" });
      put("circle", { cx: across(k), cy: up(values[k - first]), r: 5.5, class: `${name}-dot` });
      text(origin - 12, up(most) + 5, most.toFixed(1), "end");
      text(origin - 12, up(0) + 4, "0", "end");
      text(across(first), up(0) + 18, first ? "k = 1" : "k = 0");
      text(across(STEPS), up(0) + 18, String(STEPS), "end");
    };
    curve(bias, 1, left, "norm of the bias", "bias");
    curve(divergence, 0, left + half + gap, "KL(q\u2096 \u2016 p), nats", "divergence");
  };
}

function render({ model, el }) {
  const begin = model.get("data");
  const x = [...begin.x], rate = begin.rate;
  let params = { W: begin.W, b: begin.b, c: begin.c };
  let k = begin.k, scale = 1, { seed } = begin, learnt = 0, result;
  const refresh = () => { result = compute(params, { x, k, scale, rate, seed }); };
  const change = (set) => (value) => { set(value); refresh(); update(); };
  refresh();

  const pixels = element("div", { class: "live-pixels" }, ...x.map((on, i) => toggle({
    label: `x${"\u2081\u2082\u2083\u2084"[i]}`, pressed: on === 1, change: change((value) => { x[i] = Number(value); }),
  })));
  const steps = slider({ label: "k =", min: 1, max: STEPS, step: 1, value: k, change: change((value) => { k = value; }) });
  const size = slider({ label: "all weights and biases \u00d7", min: 0.2, max: 2, step: 0.1, value: 1, change: change((value) => { scale = value; }) });
  const buttons = [
    button({ label: "New chain", click: change(() => { seed += 1; }) }),
    button({ label: "Learn once", click: change(() => { params = add(params, result.cd, rate / scale); learnt += 1; }) }),
    button({ label: "Start again", click: change(() => { params = { W: begin.W, b: begin.b, c: begin.c }; learnt = 0; seed = begin.seed; }) }),
  ];

  const update = frame({
    el, name: "contrastive_divergence", task: model.get("task"),
    controls: [
      group("Data: the picture x", pixels), group("Gibbs steps", steps), group("Size", size),
      group("Act", element("div", {}, ...buttons)),
    ],
    describe: "For each of the 16 pictures x its free energy, an arrow to where the mean update of CD-k takes it and a ring where the exact gradient would; the way of one chain; below, where the chain ends on average beside the model's probabilities, and the bias and the KL divergence against k.",
    draw: (picture, width) => drawing(result, x, k)(picture, width),
    words: () => {
      const s = place(x), share = result.bias[k - 1] / result.exactNorm;
      return `CD-${k} from x = ${x.join(" ")}, weights \u00d7 ${scale.toFixed(1)}, after ${learnt} ${learnt === 1 ? "update" : "updates"}: ` +
        `norm of the bias ${shown(result.bias[k - 1])}, that is ${shown(share)} of the exact gradient\u2019s ${shown(result.exactNorm)}; ` +
        `KL divergence ${shown(result.divergence[k])} nats. F(x) would move by ${shown(result.cdAfter[s] - result.freeEnergy[s])}, ` +
        `with the exact gradient by ${shown(result.exactAfter[s] - result.freeEnergy[s])}. ` +
        `Chain ${seed} ended at ${result.chain[k].join(" ")}, where q${"\u2096"} = ${shown(result.q[place(result.chain[k])])} and p = ${shown(result.p[place(result.chain[k])])}.`;
    },
  });
}

export default { render };
