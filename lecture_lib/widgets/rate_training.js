import { frame, shown, slider, svg } from "./dom.js";
import { player } from "./trainer.js";

const LEVELS = 15, USED = 0.1;

/**
 * What is recorded of run number `run` at moment number `moment`: rate and distortion, the rate of
 * each unit, how many units are used (a rate above 0.1 nats), the images and what the code makes of
 * them, in grey values, and the rates of every unit at all moments of the run so far.
 */
export function compute(data, { run, moment }) {
  const { name, moments } = data.runs[run];
  const { epochs, rates, distortion, pictures } = moments[moment];
  const bytes = atob(pictures), pixels = data.side ** 2;
  const level = (i) => (i % 2 ? bytes.charCodeAt(i >> 1) & 15 : bytes.charCodeAt(i >> 1) >> 4);
  return {
    name, epochs, rates, distortion,
    rate: rates.reduce((sum, value) => sum + value, 0),
    used: rates.filter((value) => value > USED).length,
    decoded: Array.from({ length: (2 * bytes.length) / pixels }, (_, n) =>
      Array.from({ length: pixels }, (_, i) => level(n * pixels + i) / LEVELS)),
    curves: rates.map((_, unit) => moments.slice(0, moment + 1).map((m) => [m.epochs, m.rates[unit]])),
  };
}

/** One image in shades, as a path for each shade. */
function image(p, side, left, top, size, kind) {
  const cell = size / side, paths = Array.from({ length: LEVELS + 1 }, () => "");
  p.forEach((value, i) => {
    const x = left + (i % side) * cell, y = top + Math.floor(i / side) * cell;
    paths[Math.round(LEVELS * value)] += `M${x.toFixed(1)} ${y.toFixed(1)}h${cell.toFixed(2)}v${cell.toFixed(2)}h${(-cell).toFixed(2)}z`;
  });
  return svg("g", {},
    svg("rect", { x: left, y: top, width: size, height: size, fill: "none", class: "rule" }),
    ...paths.slice(1).map((d, n) => svg("path", { d, style: `fill: var(--${kind})`, "fill-opacity": ((n + 1) / LEVELS).toFixed(3) })));
}

function drawing(found, data, [most, high]) {
  return (root, width) => {
    const gap = 6, count = data.images.length, size = Math.min(110, (width - gap * (count - 1)) / count);
    root.append(svg("text", { x: 0, y: 13 }, "test images, and below what the code makes of them"));
    data.images.forEach((lit, n) => {
      const left = n * (size + gap), shades = new Array(data.side ** 2).fill(0);
      for (const i of lit) shades[i] = 1;
      root.append(image(shades, data.side, left, 20, size, "ink"), image(found.decoded[n], data.side, left, 26 + size, size, "model"));
    });
    const box = { left: 40, top: 2 * size + 66, height: 130, right: 26 };
    const x = (epochs) => box.left + (epochs / most) * (width - box.left - box.right);
    const y = (rate) => box.top + (1 - rate / high) * box.height;
    root.append(svg("text", { x: 0, y: box.top - 14 }, "rate of each unit, nats an image"));
    for (const value of [0, high]) {
      root.append(svg("text", { x: 0, y: y(value) + 5 }, value.toFixed(1)),
        svg("line", { x1: box.left, x2: width - box.right, y1: y(value), y2: y(value), class: "rule" }));
    }
    for (const curve of found.curves) {
      const [epochs, rate] = curve[curve.length - 1];
      root.append(
        svg("path", { d: curve.map(([e, r], n) => `${n ? "L" : "M"}${x(e).toFixed(1)} ${y(r).toFixed(1)}`).join(""), fill: "none", style: "stroke: var(--hidden)", "stroke-width": 1.8 }),
        svg("circle", { cx: x(epochs), cy: y(rate), r: 4, class: rate > USED ? "hidden-part" : "dot hidden-dot" }),
      );
    }
    root.append(svg("text", { x: box.left, y: box.top + box.height + 20 }, "epoch 0"),
      svg("text", { x: width - box.right, y: box.top + box.height + 20, class: "end" }, String(most)));
    root.setAttribute("height", box.top + box.height + 26);
  };
}

function render({ model, el }) {
  const wish = { beta: 4 };
  const { data, state, controls, said } = player({
    model, el, title: "Run", pace: 600, changed: () => update(),
    own: {
      title: "A run of your own", wish,
      controls: [slider({ label: "β", min: 0, max: 20, step: 0.5, value: wish.beta, change: (value) => { wish.beta = value; } })],
    },
  });
  const limits = () => {
    const moments = data.runs.flatMap((run) => run.moments);
    return [Math.max(1, ...moments.map((m) => m.epochs)), Math.max(0.5, Math.ceil(2 * Math.max(...moments.flatMap((m) => m.rates))) / 2)];
  };
  const update = frame({
    el, name: "rate_training", task: model.get("task"), controls,
    describe: "Test images and their reconstructions, and the rate of each latent unit against the epoch.",
    draw: (root, width) => drawing(compute(data, state), data, limits())(root, width),
    words: () => {
      const { name, epochs, rate, distortion, used, rates } = compute(data, state);
      return `${said()}${name === "yours" ? "Your run" : name}, after ${epochs} epochs: ${used} of ${rates.length} units are used. ` +
        `The rate is ${shown(rate)} nats an image, the distortion ${shown(distortion)}.`;
    },
  });
}

export default { render };
