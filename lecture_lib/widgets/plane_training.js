import { frame, shown, slider, svg } from "./dom.js";
import { player } from "./trainer.js";

const SIDE = 8, GRID = 9, REACH = 3.5, LEVELS = 15;

/**
 * What is recorded of run number `run` at moment number `moment`: the bound and its two terms, the
 * codes, the decoded plane (81 images of 64 grey values), and the bounds of the run so far.
 */
export function compute(data, { run, moment }) {
  const { name, moments } = data.runs[run];
  const { epochs, reconstruction, kl, codes, sheet } = moments[moment];
  const bytes = atob(sheet);
  const level = (i) => (i % 2 ? bytes.charCodeAt(i >> 1) & 15 : bytes.charCodeAt(i >> 1) >> 4);
  return {
    name, epochs, reconstruction, kl, codes,
    bound: reconstruction - kl,
    images: Array.from({ length: GRID * GRID }, (_, n) =>
      Array.from({ length: SIDE * SIDE }, (_, i) => level(n * SIDE * SIDE + i) / LEVELS)),
    curve: moments.slice(0, moment + 1).map((m) => [m.epochs, m.reconstruction - m.kl]),
  };
}

/**
 * The decoded plane as one path for each grey value, in units of a pixel of an image and scaled as a
 * whole: equal neighbours are one stroke, and whole numbers are quick to write and to read.
 */
function sheetPaths(images, left, top, size) {
  const paths = Array.from({ length: LEVELS + 1 }, () => "");
  images.forEach((image, n) => {
    const x = (n % GRID) * SIDE, y = Math.floor(n / GRID) * SIDE;
    const level = (i) => Math.round(LEVELS * image[i]);
    for (let i = 0, end; i < image.length; i = end) {
      for (end = i + 1; end % SIDE && level(end) === level(i);) end += 1;
      paths[level(i)] += `M${x + (i % SIDE)} ${y + Math.floor(i / SIDE)}h${end - i}v1h${i - end}z`;
    }
  });
  const place = `translate(${left} ${top}) scale(${size / (GRID * SIDE)})`;
  return svg("g", { transform: place }, ...paths.slice(1).map((d, n) =>
    svg("path", { d, class: "decoded", "fill-opacity": ((n + 1) / LEVELS).toFixed(3) })));
}

function drawing(found, labels, limits) {
  return (root, width) => {
    const put = (tag, attributes, ...children) => root.append(svg(tag, attributes, ...children));
    const gap = 16, wide = width >= 520, size = wide ? Math.min(320, (width - gap) / 2) : Math.min(300, width);
    const left = wide ? size + gap : 0, top = wide ? 20 : size + 48;
    root.classList.add("live-plane-learnt");
    put("text", { x: 0, y: 13 }, "codes of test digits");
    put("rect", { x: 0, y: 20, width: size, height: size, class: "sheet" });
    for (const r of [1, 2, 3]) put("circle", { cx: size / 2, cy: 20 + size / 2, r: (r * size) / (2 * REACH), class: "shell" });
    root.append(svg("g", { class: "codes" }, ...found.codes.flatMap(([a, b], m) => (Math.max(Math.abs(a), Math.abs(b)) < REACH ? [
      svg("text", {
        x: (((a + REACH) / (2 * REACH)) * size).toFixed(1), y: (24 + ((REACH - b) / (2 * REACH)) * size).toFixed(1), class: "middle",
      }, String(labels[m])),
    ] : []))));
    put("text", { x: left, y: top - 7 }, "the plane, decoded");
    root.append(sheetPaths(found.images, left, top, size));
    put("rect", { x: left, y: top, width: size, height: size, class: "shell" });

    const box = { left: 46, top: top + size + 34, height: 90, right: 12 };
    const [most, low, high] = limits;
    const x = (epochs) => box.left + (epochs / most) * (width - box.left - box.right);
    const y = (bound) => box.top + ((high - bound) / (high - low)) * box.height;
    put("text", { x: 0, y: box.top - 10 }, "bound of the test digits, nats");
    for (const value of [low, high]) {
      put("text", { x: 0, y: y(value) + 5 }, value.toFixed(0).replace("-", "\u2212"));
      put("line", { x1: box.left, x2: width - box.right, y1: y(value), y2: y(value), class: "rule" });
    }
    put("path", { class: "bias-curve", d: found.curve.map(([e, v], n) => `${n ? "L" : "M"}${x(e).toFixed(1)} ${y(Math.max(low, v)).toFixed(1)}`).join("") });
    const [lastEpoch, lastBound] = found.curve[found.curve.length - 1];
    put("circle", { cx: x(lastEpoch), cy: y(Math.max(low, lastBound)), r: 5, class: "bias-dot" });
    put("text", { x: box.left, y: box.top + box.height + 20 }, "epoch 0");
    put("text", { x: width - box.right, y: box.top + box.height + 20, class: "end" }, String(most));
    root.setAttribute("height", box.top + box.height + 26);
  };
}

function render({ model, el }) {
  const wish = { rate: 0.003, beta: 1 };
  const { data, state, controls, said } = player({
    model, el, title: "Run", pace: 700, changed: () => update(),
    own: {
      title: "A run of your own", wish,
      controls: [
        slider({ label: "learning rate", min: 0.001, max: 0.02, step: 0.001, value: wish.rate, change: (value) => { wish.rate = value; } }),
        slider({ label: "weight of the KL term", min: 0, max: 16, step: 1, value: wish.beta, change: (value) => { wish.beta = value; } }),
      ],
    },
  });
  const limits = () => {
    const moments = data.runs.flatMap((run) => run.moments);
    const bounds = moments.map((m) => m.reconstruction - m.kl);
    return [Math.max(1, ...moments.map((m) => m.epochs)), Math.max(-30, Math.floor(Math.min(...bounds))), Math.ceil(Math.max(...bounds))];
  };
  const update = frame({
    el, name: "plane_training", task: model.get("task"), controls,
    describe: "The codes of test digits on the plane of two latent numbers, each written as its digit; the plane " +
      "decoded, 9 by 9 small digits; and the bound of the test digits against the epoch.",
    draw: (root, width) => drawing(compute(data, state), data.labels, limits())(root, width),
    words: () => {
      const { name, epochs, bound, reconstruction, kl } = compute(data, state);
      return `${said()}${name === "yours" ? "Your run" : `The run \u201c${name}\u201d`}, after ${epochs} epochs: ` +
        `the bound of the test digits is ${shown(bound)} nats, ${shown(reconstruction)} for the pixels less ${shown(kl)} for the code.`;
    },
  });
}

export default { render };
