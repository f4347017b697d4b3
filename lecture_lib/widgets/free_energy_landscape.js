import { binaryStates, boltzmann, dot, softplus } from "./numerics.js";
import { checkbox, element, frame, group, shown, slider, svg, toggle } from "./dom.js";

/**
 * F(x) of every x, taken apart: the visible units' part -c.x and, for each hidden
 * unit that is switched on, -softplus(b_j + shift + W_j.x). Then p(x).
 */
export function compute({ W, b, c }, { units, shift }) {
  const states = binaryStates(c.length);
  const visible = states.map((x) => 0 - dot(c, x));
  const hidden = W.map((row, j) => states.map((x) => (units[j] ? 0 - softplus(b[j] + shift + dot(row, x)) : 0)));
  const freeEnergy = states.map((_, s) => hidden.reduce((sum, terms) => sum + terms[s], visible[s]));
  return { states, visible, hidden, freeEnergy, probability: boltzmann(freeEnergy) };
}

/** A 2 x 2 picture of a state, its lit pixels in the colour of visible units. */
function icon(x, left, top, size) {
  return svg("g", {}, ...x.map((on, i) => svg("rect", {
    x: left + (i % 2) * size, y: top + Math.floor(i / 2) * size, width: size, height: size,
    class: on ? "pixel-on" : "pixel-off",
  })));
}

function drawing({ states, visible, hidden, freeEnergy, probability }, chosen) {
  return (picture, width) => {
    const margin = { left: 44, right: 4 };
    const column = (width - margin.left - margin.right) / states.length;
    const pixel = Math.min(column * 0.4, 9);
    const energies = { top: 12, height: 210 };
    const icons = energies.top + energies.height + 10;
    const chances = { top: icons + 2 * pixel + 26, height: 80 };
    picture.setAttribute("height", chances.top + chances.height + 6);

    const ends = [...visible, ...freeEnergy];
    const high = Math.max(1, ...ends), low = Math.min(-4, ...ends);
    const y = (energy) => energies.top + ((high - energy) / (high - low)) * energies.height;
    const p = (chance) => chances.top + (1 - chance / Math.max(...probability)) * chances.height;
    const add = (tag, attributes, ...children) => picture.append(svg(tag, attributes, ...children));
    const text = (x, at, words, name = "") => add("text", { x, y: at, class: name }, words);

    for (const tick of [Math.ceil(low / 2) * 2, 0]) {
      add("line", { x1: margin.left, x2: width, y1: y(tick), y2: y(tick), class: "rule" });
      text(0, y(tick) + 4, shown(tick).replace(".000", ""));
    }
    text(0, energies.top + energies.height / 2 - 14, "F(x)", "name");
    text(0, energies.top + energies.height / 2 + 2, "nats");
    text(0, chances.top + chances.height / 2, "p(x)", "name");
    text(0, chances.top + chances.height, "0");
    text(0, chances.top + 6, Math.max(...probability).toFixed(2));
    add("line", { x1: margin.left, x2: width, y1: p(0), y2: p(0), class: "rule" });

    states.forEach((x, s) => {
      const left = margin.left + s * column, bar = column * 0.66;
      const inset = left + (column - bar) / 2;
      if (s === chosen) {
        add("rect", { x: left, y: 0, width: column, height: chances.top + chances.height + 4, class: "chosen" });
      }
      let level = visible[s];
      add("line", { x1: inset, x2: inset + bar, y1: y(level), y2: y(level), class: "visible-part" });
      hidden.forEach((terms, j) => {
        const next = level + terms[s];
        if (terms[s] < -0.005) {
          add("rect", { x: inset, y: y(level), width: bar, height: y(next) - y(level), class: "hidden-part" });
          if (y(next) - y(level) > 13) text(inset + bar / 2, (y(level) + y(next)) / 2 + 4, String(j + 1), "part-label");
        }
        level = next;
      });
      add("line", { x1: inset - 2, x2: inset + bar + 2, y1: y(level), y2: y(level), class: "total" });
      picture.append(icon(x, left + column / 2 - pixel, icons, pixel));
      add("rect", { x: inset, y: p(probability[s]), width: bar, height: p(0) - p(probability[s]), class: "model-bar" });
    });
  };
}

function render({ model, el }) {
  const data = model.get("data");
  const controls = { units: data.b.map(() => true), shift: 0 };
  const x = [1, 1, 0, 0];
  let result = compute(data, controls);
  const chosen = () => x.reduce((index, on) => 2 * index + on, 0);
  const change = (set) => (value) => { set(value); result = compute(data, controls); update(); };

  const pixels = element("div", { class: "live-pixels" }, ...x.map((on, i) => toggle({
    label: `x${"\u2081\u2082\u2083\u2084"[i]}`, pressed: on === 1, change: change((value) => { x[i] = Number(value); }),
  })));
  const units = data.b.map((_, j) => checkbox({
    label: `${j + 1}: ${data.names[j]}`, checked: true, change: change((value) => { controls.units[j] = value; }),
  }));
  const bias = slider({
    label: "added to every hidden bias:", min: -4, max: 4, step: 0.5, value: 0,
    change: change((value) => { controls.shift = value; }),
  });

  const update = frame({
    el, name: "free_energy_landscape", task: model.get("task"),
    controls: [group("Visible units", pixels), group("Hidden units", ...units), group("Bias b", bias)],
    describe: "For each of the 16 pictures x, the free energy built up from the parts of the hidden units, lower is better, and below it the probability of x.",
    draw: (picture, width) => drawing(result, chosen())(picture, width),
    words: () => {
      const s = chosen();
      const parts = result.hidden.map((terms, j) => `unit ${j + 1} ${controls.units[j] ? shown(terms[s]) : "off"}`);
      return `x = ${x.join(" ")}: F(x) = ${shown(result.freeEnergy[s])} nats, p(x) = ${shown(result.probability[s])}. ` +
        `The visible biases add ${shown(result.visible[s])}; ${parts.join(", ")}.`;
    },
  });
}

export default { render };
