import { sigm } from "./numerics.js";
import { button, element, frame, group, shown, slider, svg } from "./dom.js";
import { subscript } from "./network.js";

const STEPS = [-3, -2, -1, 0, 1, 2, 3];
const LEVELS = 10; // shades of a pixel in the picture; the numbers in words are exact

/** The numbers that were sent, with the weights as bytes; decoded once. */
const decoded = new WeakMap();
function decoderOf(model) {
  if (!decoded.has(model)) {
    const bytes = (text) => Int8Array.from(atob(text), (letter) => (letter.charCodeAt(0) << 24) >> 24);
    decoded.set(model, { ...model, hidden: bytes(model.hidden), logits: bytes(model.logits) });
  }
  return decoded.get(model);
}

/** scales[row] * (bytes of that row) . v + bias[row], for every row. */
function layer(bytes, scales, bias, v) {
  return bias.map((b, row) => {
    let sum = 0;
    for (let i = 0, at = row * v.length; i < v.length; i += 1) sum += bytes[at + i] * v[i];
    return b + scales[row] * sum;
  });
}

/** p(x_i = 1 | z) of every pixel: sigm(U relu(V z + v) + u). */
export function decode(data, model, z) {
  const net = decoderOf(data.models[model]);
  const a = layer(net.hidden, net.hiddenScales, net.hiddenBias, z).map((input) => Math.max(0, input));
  return layer(net.logits, net.logitsScales, net.logitsBias, a).map(sigm);
}

/** The code of a starting image, with one unit moved to a value. */
function moved(data, { model, image, unit, value }) {
  const z = data.models[model].codes[image].slice();
  z[unit] = value;
  return z;
}

/**
 * What the figure shows: the picture of the moved code, how many pixels it expects to be lit,
 * and by how many it differs from the picture of the code as it was: sum_i |p_i - p'_i|.
 */
export function compute(data, choice) {
  const start = decode(data, choice.model, data.models[choice.model].codes[choice.image]);
  const p = decode(data, choice.model, moved(data, choice));
  const total = (values) => values.reduce((sum, value) => sum + value, 0);
  return { p, lit: total(p), change: total(p.map((value, i) => Math.abs(value - start[i]))) };
}

/** One image in shades, as a group of paths, one for each shade. */
function image(p, side, left, top, size) {
  const cell = size / side;
  const paths = Array.from({ length: LEVELS + 1 }, () => "");
  p.forEach((value, i) => {
    const x = left + (i % side) * cell, y = top + Math.floor(i / side) * cell;
    paths[Math.round(value * LEVELS)] += `M${x.toFixed(1)} ${y.toFixed(1)}h${cell.toFixed(2)}v${cell.toFixed(2)}h-${cell.toFixed(2)}z`;
  });
  return svg("g", {},
    svg("rect", { x: left, y: top, width: size, height: size, fill: "none", class: "rule" }),
    ...paths.map((d, level) => svg("path", { d, class: "model-bar", "fill-opacity": level / LEVELS })).slice(1));
}

function render({ model, el }) {
  const data = model.get("data");
  const nUnits = data.models[0].rates.length, nImages = data.models[0].codes.length;
  const choice = { model: Math.min(1, data.models.length - 1), image: 0, unit: 0, value: 1.5 };
  let update = () => {};
  const set = (change) => { Object.assign(choice, change); update(); };

  const name = `beta-${Math.random().toString(36).slice(2)}`;
  const betas = data.models.map(({ beta }, index) => {
    const input = element("input", {
      type: "radio", name, value: String(beta), "data-lm-suppress-shortcuts": "true", change: () => set({ model: index }),
    });
    input.checked = index === choice.model;
    return element("label", { class: "live-check" }, input, element("span", {}, `β = ${beta}`));
  });
  const controls = [
    group("Weight of the KL term", element("div", { class: "live-row" }, ...betas)),
    slider({ label: "latent unit", min: 1, max: nUnits, step: 1, value: 1, change: (unit) => set({ unit: unit - 1 }) }),
    slider({ label: "its value z", min: -3, max: 3, step: 0.1, value: choice.value, change: (value) => set({ value }) }),
    button({ label: "Another image", click: () => set({ image: (choice.image + 1) % nImages }) }),
  ];

  const draw = (picture, width) => {
    const narrow = width < 480;
    const gap = 4, small = (width - gap * (STEPS.length - 1)) / STEPS.length;
    const large = Math.min(narrow ? width * 0.46 : 190, 190);
    const { rates } = data.models[choice.model];
    const { p } = compute(data, choice);
    const left = large + 28, right = width - 54;
    const rowHeight = large / nUnits;
    const longest = Math.max(...data.models.flatMap((one) => one.rates), 0.1);
    const scale = (right - left - 22) / longest;
    const top = 20, strip = top + large + 34;
    const bars = rates.flatMap((rate, unit) => {
      const y = top + unit * rowHeight;
      return [
        ...(unit === choice.unit
          ? [svg("rect", { class: "chosen", x: left - 4, y, width: width - left + 4, height: rowHeight })] : []),
        svg("text", { x: left, y: y + rowHeight / 2 + 4.5, class: unit === choice.unit ? "strong" : "" }, String(unit + 1)),
        svg("rect", { class: "hidden-term", x: left + 20, y: y + 4, width: Math.max(rate * scale, 1), height: rowHeight - 8 }),
        svg("text", { x: left + 26 + Math.max(rate * scale, 1), y: y + rowHeight / 2 + 4.5 }, rate.toFixed(2)),
      ];
    });
    const row = STEPS.flatMap((step, i) => {
      const x = i * (small + gap);
      return [
        image(decode(data, choice.model, moved(data, { ...choice, value: step })), data.side, x, strip, small),
        svg("text", { x: x + small / 2, y: strip + small + 15, class: "middle" }, String(step).replace("-", "\u2212")),
      ];
    });
    const height = strip + small + 20;
    picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
    picture.setAttribute("height", height);
    picture.append(
      svg("text", { x: 0, y: 13 }, `${subscript("z", choice.unit + 1)} = ${choice.value.toFixed(1).replace("-", "\u2212")}`),
      svg("text", { x: left, y: 13 }, narrow ? "unit, rate (nats)" : "unit and its rate (nats an image)"),
      image(p, data.side, 0, top, large), ...bars,
      svg("text", { x: 0, y: strip - 8 }, `unit ${choice.unit + 1} from −3 to 3, the others as they are`), ...row,
    );
  };
  const words = () => {
    const { lit, change } = compute(data, choice);
    const { beta, rates } = data.models[choice.model];
    return `β = ${beta}, image ${choice.image + 1}, unit ${choice.unit + 1} at z = ${choice.value.toFixed(1).replace("-", "\u2212")}: ` +
      `its rate is ${shown(rates[choice.unit])} nats an image. The decoder expects ${shown(lit)} lit pixels; ` +
      `the move has changed ${shown(change)} of them.`;
  };

  update = frame({
    el, name: "traversals", task: model.get("task"), controls,
    describe: "A decoded image, a bar for the rate of each latent unit, and a row of seven images in which the chosen unit goes from −3 to 3.",
    draw, words,
  });
}

export default { render };
