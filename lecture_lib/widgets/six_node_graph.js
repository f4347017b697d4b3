import { binaryStates, boltzmann, logSumExp, randomStream, sigm } from "./numerics.js";
import { button, element, frame, group, shown, slider, svg, toggle } from "./dom.js";

const signed = (value, digits = 1) => {
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "\u2212");
};

/** The energy of each edge in state x, one entry of its table each. */
function edgeEnergies({ edges, tables }, x) {
  return edges.map(([i, j], e) => tables[e][x[i]][x[j]]);
}

const sum = (values) => values.reduce((total, value) => total + value, 0);
const place = (x) => x.reduce((index, on) => 2 * index + on, 0);

/** p(x_i = 1 | its neighbours) at temperature tau: the edges at i and nothing else. */
function conditional({ edges, tables }, x, i, tau) {
  let drop = 0;
  edges.forEach(([first, second], e) => {
    if (first === i) drop += tables[e][0][x[second]] - tables[e][1][x[second]];
    if (second === i) drop += tables[e][x[first]][0] - tables[e][x[first]][1];
  });
  return sigm(drop / tau);
}

/** A Gibbs chain that updates unit after unit and counts the states it stands in. */
function startChain(n, x, seed) {
  return { x: [...x], unit: 0, steps: 0, counts: Array(2 ** n).fill(0), random: randomStream(seed), last: null };
}

function advance(data, chain, tau, steps) {
  const n = chain.x.length;
  for (let s = 0; s < steps; s++) {
    const chance = conditional(data, chain.x, chain.unit, tau);
    chain.x[chain.unit] = chain.random() < chance ? 1 : 0;
    chain.last = { unit: chain.unit, chance };
    chain.unit = (chain.unit + 1) % n;
    chain.counts[place(chain.x)] += 1;
    chain.steps += 1;
  }
}

/** Half the sum of the differences between the chain's shares and the probabilities. */
function distance(counts, steps, probability) {
  return sum(probability.map((p, s) => Math.abs(p - (steps ? counts[s] / steps : 0)))) / 2;
}

/** Every energy and probability at temperature tau, and for state x its edges and conditionals. */
function exact(data, x, tau) {
  const states = binaryStates(x.length);
  const energies = states.map((state) => sum(edgeEnergies(data, state)));
  return {
    states, energies,
    probability: boltzmann(energies.map((energy) => energy / tau)),
    logZ: logSumExp(energies.map((energy) => -energy / tau)),
    edges: edgeEnergies(data, x),
    conditionals: x.map((_, i) => conditional(data, x, i, tau)),
  };
}

/** All that the figure shows for one state and temperature, and a chain of `steps` updates from it. */
export function compute(data, { x, tau, seed, steps }) {
  const chain = startChain(x.length, x, seed);
  advance(data, chain, tau, steps);
  const result = exact(data, x, tau);
  const { counts, x: end } = chain;
  return { ...result, chain: { counts, end, distance: distance(counts, steps, result.probability) } };
}

const RADIUS = 21;

function drawing(data, { x, result, chain, order, energyRange }, flip) {
  return (picture, width) => {
    const add = (parent, tag, attributes, ...children) => {
      const node = svg(tag, attributes, ...children);
      parent.append(node);
      return node;
    };
    const text = (left, top, words, name = "") => add(picture, "text", { x: left, y: top, class: name }, words);

    const graph = { left: RADIUS + 3, top: RADIUS + 3, height: 120, width: Math.min(width - 2 * RADIUS - 6, 430) };
    const xs = data.places.map(([across]) => across), ys = data.places.map(([, up]) => up);
    const at = data.places.map(([across, up]) => [
      graph.left + (across / Math.max(...xs)) * graph.width,
      graph.top + (1 - up / Math.max(...ys)) * graph.height,
    ]);
    data.edges.forEach(([i, j], e) => {
      const [[x1, y1], [x2, y2]] = [at[i], at[j]];
      const energy = result.edges[e], middle = [(x1 + x2) / 2, (y1 + y2) / 2];
      add(picture, "line", { x1, y1, x2, y2, class: "graph-edge", "stroke-width": 2 });
      add(picture, "rect", { x: middle[0] - 23, y: middle[1] - 13, width: 46, height: 26, class: energy < 0 ? "factor low" : "factor" });
      text(middle[0], middle[1] + 5, signed(energy), "middle strong");
    });
    at.forEach(([left, top], i) => {
      const unit = add(picture, "g", { class: "graph-unit", click: () => flip(i) },
        svg("circle", { cx: left, cy: top, r: RADIUS, class: x[i] ? "unit on" : "unit" }));
      add(unit, "text", { x: left, y: top + 5, class: x[i] ? "middle inverse" : "middle" }, `${data.names[i]} = ${x[i]}`);
      if (chain.last && chain.last.unit === i) {
        add(picture, "circle", { cx: left, cy: top, r: RADIUS + 4.5, class: "drawn" });
      }
    });

    const left = 40, bars = { top: graph.top + graph.height + RADIUS + 24, height: 130 };
    const column = (width - left) / order.length;
    const shares = order.map((s) => (chain.steps ? chain.counts[s] / chain.steps : 0));
    const top = Math.max(...result.probability, ...shares, 0.02) * 1.12;
    const p = (chance) => bars.top + (1 - chance / top) * bars.height;
    const energies = { top: bars.top + bars.height + 12, height: 74 };
    const [low, high] = energyRange;
    const y = (energy) => energies.top + ((high - energy) / (high - low)) * energies.height;

    add(picture, "rect", {
      x: left + order.indexOf(place(x)) * column - 1, y: bars.top - 6, width: column + 2,
      height: energies.top + energies.height - bars.top + 12, class: "chosen",
    });
    text(0, bars.top + 10, "p(x)", "name");
    text(0, p(0), "0");
    text(0, bars.top + 30, top.toFixed(2));
    text(0, energies.top + 8, "E(x)", "name");
    text(0, energies.top + energies.height, signed(low));
    for (const level of [p(0), y(0)]) add(picture, "line", { x1: left, x2: width, y1: level, y2: level, class: "rule" });
    order.forEach((s, rank) => {
      const start = left + rank * column + column * 0.12, bar = column * 0.76;
      add(picture, "rect", { x: start, y: p(result.probability[s]), width: bar, height: p(0) - p(result.probability[s]), class: "exact-bar" });
      if (shares[rank]) add(picture, "circle", { cx: start + bar / 2, cy: p(shares[rank]), r: Math.min(column * 0.42, 4), class: "visit" });
      const [from, to] = [y(Math.max(0, result.energies[s])), y(Math.min(0, result.energies[s]))];
      add(picture, "rect", { x: start, y: from, width: bar, height: Math.max(to - from, 1), class: "energy-bar" });
    });
    text(width, bars.top + 10, "exact: bars", "end");
    if (chain.steps) text(width, bars.top + 28, "the chain\u2019s visits: points", "end model-word");
    text(width, energies.top + energies.height, "all 64 states, lowest energy first", "end");
    picture.setAttribute("height", energies.top + energies.height + 12);
  };
}

function render({ model, el }) {
  const data = model.get("data");
  const n = data.names.length;
  const { seed } = data;
  let { tau } = data;
  let chain = startChain(n, data.start, seed);
  advance(data, chain, tau, data.steps);
  let x = [...chain.x];
  const { energies } = exact(data, x, 1);
  const order = energies.map((_, s) => s).sort((r, s) => energies[r] - energies[s] || r - s);
  const energyRange = [Math.min(0, ...energies), Math.max(0, ...energies)];

  const units = data.names.map((name, i) => toggle({
    label: name, pressed: x[i] === 1, change: (value) => { x[i] = Number(value); restart(); },
  }));
  const follow = () => units.forEach((unit, i) => unit.setAttribute("aria-pressed", String(x[i] === 1)));
  const restart = () => { chain = startChain(n, x, seed); update(); };
  const run = (steps) => () => {
    advance(data, chain, tau, steps);
    x = [...chain.x];
    follow();
    update();
  };
  const temperature = slider({
    label: "\u03c4 =", min: 0.2, max: 4, step: 0.1, value: tau,
    change: (value) => { tau = value; restart(); },
  });
  const steps = [1, 100, 5000].map((count) => button({
    label: count === 1 ? "1 step" : `${count.toLocaleString("en")} steps`, click: run(count),
  }));
  steps.push(button({ label: "Restart", click: () => { x = [...data.start]; follow(); restart(); } }));

  const update = frame({
    el, name: "six_node_graph", task: model.get("task"),
    controls: [
      group("Units: flip one", element("div", { class: "live-units" }, ...units)),
      group("Temperature", temperature), group("Gibbs chain", ...steps),
    ],
    describe: "The graph of six units with the energy of each edge; below, the probability of all 64 states in the order of their energy, with the shares of the chain's visits, and the energies.",
    draw: (picture, width) => drawing(data, { x, result: exact(data, x, tau), chain, order, energyRange },
      (i) => units[i].click())(picture, width),
    words: () => {
      const result = exact(data, x, tau);
      const parts = result.edges.map((energy, e) => {
        const name = data.edges[e].map((i) => data.names[i]).join("");
        const sign = energy < 0 ? "\u2212" : "+";
        return e === 0 ? `${signed(energy)} (${name})` : `${sign} ${Math.abs(energy).toFixed(1)} (${name})`;
      });
      const state = data.names.map((name, i) => `${name} = ${x[i]}`).join(", ");
      const s = place(x);
      const walked = chain.last
        ? `The chain has taken ${chain.steps.toLocaleString("en")} step${chain.steps === 1 ? "" : "s"}; the last drew ${data.names[chain.last.unit]}, which was to be 1 with probability ${shown(chain.last.chance)}. ` +
          `Its visits are ${shown(distance(chain.counts, chain.steps, result.probability))} from p in total variation.`
        : "The chain starts here and has not moved.";
      return `${state}: E = ${parts.join(" ")} = ${signed(result.energies[s])} nats; at \u03c4 = ${tau}, p(x) = ${shown(result.probability[s])}. ${walked}`;
    },
  });
}

export default { render };
