import { binaryStates, boltzmann, dot, randomStream, sigm, softplus } from "./numerics.js";
import { button, element, frame, group, shown, slider, svg } from "./dom.js";

const sum = (values) => values.reduce((total, value) => total + value, 0);

/** h(x) x^T, h(x) and x, averaged over a list of states. */
function meanPhase({ W, b, c }, list) {
  const mean = { W: W.map((row) => row.map(() => 0)), b: b.map(() => 0), c: c.map(() => 0) };
  for (const x of list) {
    x.forEach((on, i) => { mean.c[i] += on / list.length; });
    W.forEach((row, j) => {
      const h = sigm(b[j] + dot(row, x)) / list.length;
      mean.b[j] += h;
      x.forEach((on, i) => { mean.W[j][i] += h * on; });
    });
  }
  return mean;
}

/** k Gibbs steps of every particle with the uniform numbers that `next` gives: hidden units, then visible ones. */
function gibbs({ W, b, c }, particles, k, next) {
  return particles.map((start) => {
    let x = start;
    for (let step = 0; step < k; step += 1) {
      const h = W.map((row, j) => Number(next() < sigm(b[j] + dot(row, x))));
      x = c.map((bias, i) => Number(next() < sigm(bias + sum(h.map((on, j) => on * W[j][i])))));
    }
    return x;
  });
}

/** -log p(x) of every state, in nats. */
function surprises({ W, b, c }, states) {
  const F = states.map((x) => W.reduce((total, row, j) => total - softplus(b[j] + dot(row, x)), -dot(c, x)));
  return boltzmann(F).map((p) => -Math.log(p));
}

/**
 * One update: the particles make k Gibbs steps with the uniform numbers u, then the parameters
 * go up by rate * (phase at the examples - phase at the particles). For CD the particles given
 * are the examples, for PCD those of the update before.
 */
export function compute(params, { examples, particles, k, rate, u }) {
  let used = 0;
  const next = typeof u === "function" ? u : () => u[used++];
  const moved = gibbs(params, particles, k, next);
  const up = meanPhase(params, examples), down = meanPhase(params, moved);
  const learnt = {
    W: params.W.map((row, j) => row.map((w, i) => w + rate * (up.W[j][i] - down.W[j][i]))),
    b: params.b.map((value, j) => value + rate * (up.b[j] - down.b[j])),
    c: params.c.map((value, i) => value + rate * (up.c[i] - down.c[i])),
  };
  return { params: learnt, particles: moved, surprise: surprises(learnt, binaryStates(params.c.length)) };
}

const place = (x) => x.reduce((index, on) => 2 * index + on, 0);
const lit = (x) => sum(x);

function icon(x, left, top, size) {
  return svg("g", {}, ...x.map((on, i) => svg("rect", {
    x: left + (i % 2) * size, y: top + Math.floor(i / 2) * size, width: size, height: size,
    class: on ? "pixel-on" : "pixel-off",
  })));
}

const HIGHEST = 12; // nats; what lies higher is drawn there

function drawing(order, states, panels, examples) {
  return (picture, width) => {
    const left = 30, column = (width - left) / states.length, pixel = Math.min(column * 0.4, 9);
    const height = 150, gap = 50 + 2 * pixel;
    picture.setAttribute("height", panels.length * (height + gap));
    const add = (tag, attributes, ...children) => picture.append(svg(tag, attributes, ...children));
    const text = (x, y, words, name = "") => add("text", { x, y, class: name }, words);
    const counts = (list) => {
      const found = states.map(() => 0);
      for (const x of list) found[place(x)] += 1;
      return found;
    };
    const data = counts(examples);
    panels.forEach(({ title, surprise, particles }, rank) => {
      const top = rank * (height + gap) + 26;
      const y = (value) => top + 8 + (1 - Math.min(value, HIGHEST) / HIGHEST) * (height - 24);
      const here = counts(particles);
      text(0, top - 10, title, "strong");
      text(0, y(HIGHEST) + 4, String(HIGHEST));
      text(0, y(0) + 4, "0");
      add("line", { x1: left, x2: width, y1: y(0), y2: y(0), class: "rule" });
      order.forEach((s, slot) => {
        const middle = left + (slot + 0.5) * column, level = y(surprise[s]);
        add("line", { x1: middle - column * 0.42, x2: middle + column * 0.42, y1: level, y2: level, class: "total" });
        if (here[s]) add("circle", { cx: middle, cy: level, r: 2 + 7.5 * Math.sqrt(here[s] / particles.length), class: "particle" });
        picture.append(icon(states[s], middle - pixel, top + height, pixel));
        if (data[s]) add("circle", { cx: middle, cy: top + height + 2 * pixel + 7, r: 1.5 + 4 * Math.sqrt(data[s] / examples.length), class: "data-dot" });
      });
    });
  };
}

function render({ model, el }) {
  const data = model.get("data");
  const states = binaryStates(data.c.length);
  const order = states.map((_, s) => s).sort((r, s) => lit(states[r]) - lit(states[s]) || r - s);
  const examples = data.examples.map((s) => states[s]);
  const begin = () => {
    const next = randomStream(data.seed);
    const params = { W: data.W, b: data.b, c: data.c };
    const surprise = surprises(params, states);
    return {
      next, updates: 0,
      cd: { params, particles: examples, surprise },
      pcd: { params, particles: examples.map(() => data.c.map(() => Number(next() < 0.5))), surprise },
    };
  };
  let run = begin();
  const controls = { k: 1, rate: data.rate };
  const learn = (updates) => () => {
    for (let update = 0; update < updates; update += 1) {
      const given = { ...controls, examples, u: run.next };
      run.cd = compute(run.cd.params, { ...given, particles: examples });
      run.pcd = compute(run.pcd.params, { ...given, particles: run.pcd.particles });
      run.updates += 1;
    }
    update();
  };
  const dark = ({ surprise }) => sum(states.map((x, s) => (lit(x) <= 1 ? Math.exp(-surprise[s]) : 0)));
  const away = ({ particles }) => particles.filter((x) => lit(x) <= 1).length;
  const buttons = [1, 10, 100].map((updates) => button({ label: updates === 1 ? "1 update" : `${updates} updates`, click: learn(updates) }));
  buttons.push(button({ label: "Start again", click: () => { run = begin(); update(); } }));
  const update = frame({
    el, name: "persistent_chains", task: model.get("task"),
    controls: [
      group("Learn", element("div", {}, ...buttons)),
      group("Gibbs steps an update", slider({ label: "k =", min: 1, max: 20, step: 1, value: 1, change: (value) => { controls.k = value; } })),
      group("Learning rate", slider({ label: "\u03b1 =", min: 0.02, max: 0.5, step: 0.02, value: data.rate, change: (value) => { controls.rate = value; } })),
    ],
    describe: "Two landscapes over the 16 pictures, from all dark to all lit: minus log p of each, low is probable, with the particles as green discs. Above, the machine that learns by CD; below, by PCD. Black dots mark the data, which are all bright.",
    draw: (picture, width) => drawing(order, states, [
      { title: `CD-${controls.k}: particles restart at the data; \u2212log p(x), nats`, ...run.cd },
      { title: `PCD-${controls.k}: particles go on; \u2212log p(x), nats`, ...run.pcd },
    ], examples)(picture, width),
    words: () => `After ${run.updates} ${run.updates === 1 ? "update" : "updates"}: the dark valley, where no data are, has probability ` +
      `${shown(dark(run.cd))} after CD and ${shown(dark(run.pcd))} after PCD. ` +
      `Particles in it: ${away(run.cd)} of ${examples.length} for CD, ${away(run.pcd)} of ${examples.length} for PCD.`,
  });
}

export default { render };
