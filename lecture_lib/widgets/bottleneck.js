import { dot } from "./numerics.js";
import { frame, group, shown, slider, svg } from "./dom.js";

const SIDE = 8, PIXELS = SIDE * SIDE;

const squaredError = (x, r) => x.reduce((sum, value, i) => sum + (value - r[i]) ** 2, 0);

/** Reconstruction of image `index` by the network of a given width, from the stored bytes. */
function stored(data, width, index) {
  const bytes = atob(data.nonlinear), start = ((width - 1) * data.images.length + index) * PIXELS;
  return Array.from({ length: PIXELS }, (_, i) => bytes.charCodeAt(start + i) / 255);
}

/**
 * Code of an image along the first `width` principal components, with one of them moved by
 * `shift` standard deviations; what it decodes to; the errors of every width, unmoved.
 */
export function compute(data, { width, image, component, shift }) {
  const x = Array.from(data.images[image], Number);
  const centred = x.map((value, i) => value - data.mean[i]);
  const z = data.components.map((row) => dot(row, centred));
  const errors = z.reduce((list, value) => [...list, list.at(-1) - value * value], [dot(centred, centred)]).slice(1);
  const code = z.slice(0, width);
  if (component <= width) code[component - 1] += shift * Math.sqrt(data.variances[component - 1]);
  const linear = data.mean.map((mean, i) => code.reduce((sum, value, k) => sum + value * data.components[k][i], mean));
  const kept = data.variances.slice(0, width).reduce((a, b) => a + b, 0) / data.variances.reduce((a, b) => a + b, 0);
  return {
    x, code, linear, errors, kept, error: squaredError(x, linear), nonlinear: stored(data, width, image),
    nonlinearErrors: data.nonlinearErrors.map((row) => row[image]),
  };
}

/** A picture in grey: white is 0, ink is 1. */
function photograph(values, left, top, size) {
  const cell = size / SIDE;
  return svg("g", {},
    ...values.map((value, i) => svg("rect", {
      x: left + (i % SIDE) * cell, y: top + Math.floor(i / SIDE) * cell, width: cell + 0.2, height: cell + 0.2,
      class: "grey", "fill-opacity": Math.min(1, Math.max(0, value)).toFixed(3),
    })),
    svg("rect", { x: left, y: top, width: size, height: size, class: "picture-frame" }));
}

function drawing(result, data, width, component) {
  return (picture, total) => {
    const gap = 14, size = Math.min((total - 2 * gap) / 3, 150), top = 22;
    const places = [0, 1, 2].map((n) => n * (size + gap));
    const add = (tag, attributes, ...children) => picture.append(svg(tag, attributes, ...children));
    const text = (x, y, words, name = "") => add("text", { x, y, class: name }, words);

    ["x", "linear", "network"].forEach((word, n) => text(places[n], 14, word, n ? "strong" : "name"));
    [result.x, result.linear, result.nonlinear].forEach((values, n) => picture.append(photograph(values, places[n], top, size)));
    [null, result.error, result.nonlinearErrors[width - 1]].forEach((error, n) => {
      if (error !== null) text(places[n], top + size + 18, `error ${error.toFixed(2)}`);
    });

    // The code as bars; what a bar may at most reach is three standard deviations of the first.
    const bars = { top: top + size + 46, height: 74, left: 64 };
    const most = Math.max(3 * Math.sqrt(data.variances[0]), ...result.code.map(Math.abs));
    const zero = bars.top + bars.height / 2, n = data.components.length, step = (total - bars.left - 8) / n;
    text(0, zero - 4, "code z", "hidden-word");
    text(0, zero + 13, "linear");
    add("line", { x1: bars.left, x2: total - 8, y1: zero, y2: zero, class: "rule" });
    for (let k = 0; k < n; k += 1) {
      const left = bars.left + k * step + step * 0.2, value = k < width ? result.code[k] : 0;
      const height = (Math.abs(value) / most) * (bars.height / 2);
      if (k + 1 === component) add("rect", { x: bars.left + k * step, y: bars.top - 4, width: step, height: bars.height + 24, class: "chosen" });
      if (k < width) add("rect", { x: left, y: value > 0 ? zero - height : zero, width: step * 0.6, height, class: "code-bar" });
      else add("circle", { cx: left + step * 0.3, cy: zero, r: 1.5, class: "unit-unused" });
      if (k % 2 === 0 || step > 24) text(left + step * 0.3, bars.top + bars.height + 15, String(k + 1), "middle");
    }

    // The error of this image against the width.
    const curve = { top: bars.top + bars.height + 40, height: 110, left: 64, right: 70 };
    const highest = Math.max(result.errors[0], result.nonlinearErrors[0]);
    const x = (k) => curve.left + ((k - 1) / (n - 1)) * (total - curve.left - curve.right);
    const y = (error) => curve.top + (1 - error / highest) * curve.height;
    text(0, curve.top + curve.height / 2 - 4, "squared");
    text(0, curve.top + curve.height / 2 + 13, "error");
    text(curve.left - 8, y(0) + 4, "0", "end");
    text(curve.left - 8, y(highest) + 6, highest.toFixed(0), "end");
    add("line", { x1: curve.left, x2: x(n), y1: y(0), y2: y(0), class: "rule" });
    add("line", { x1: x(width), x2: x(width), y1: curve.top, y2: y(0), class: "here" });
    const ends = [y(result.errors.at(-1)), y(result.nonlinearErrors.at(-1))];
    if (Math.abs(ends[0] - ends[1]) < 16) ends.sort((a, b) => a - b).forEach((_, i) => { ends[i] += i ? 8 : -8; });
    [[result.errors, "exact-curve", "linear"], [result.nonlinearErrors, "exact-curve network-curve", "network"]]
      .forEach(([errors, name, word], i) => {
        add("path", { class: name, d: errors.map((error, k) => `${k ? "L" : "M"}${x(k + 1)} ${y(error)}`).join("") });
        add("circle", { cx: x(width), cy: y(errors[width - 1]), r: 4.5, class: "exact-dot" });
        text(x(n) + 8, ends[i] + 4, word);
      });
    for (const k of [1, 4, 8, 12, 16].filter((k) => k <= n)) text(x(k), y(0) + 16, String(k), "middle");
    text((x(1) + x(n)) / 2, y(0) + 34, "width of the bottleneck, K", "middle");
    picture.setAttribute("height", y(0) + 42);
  };
}

function render({ model, el }) {
  const data = model.get("data");
  const controls = { width: data.width, image: 0, component: 1, shift: 0 };
  let result = compute(data, controls);
  const set = (name, offset = 0) => (value) => {
    controls[name] = value - offset;
    result = compute(data, controls);
    update();
  };
  const n = data.components.length;
  const update = frame({
    el, name: "bottleneck", task: model.get("task"),
    controls: [
      group("Bottleneck", slider({ label: "width K:", min: 1, max: n, step: 1, value: data.width, change: set("width") }),
        slider({ label: "test digit:", min: 1, max: data.images.length, step: 1, value: 1, change: set("image", 1) })),
      group("Linear code", slider({ label: "component:", min: 1, max: n, step: 1, value: 1, change: set("component") }),
        slider({ label: "moved by (standard deviations):", min: -3, max: 3, step: 0.5, value: 0, change: set("shift") })),
    ],
    describe: "A test digit, its reconstruction from the first K principal components and by a non-linear network of the same width; the linear code as bars; the squared error of both against K.",
    draw: (picture, width) => drawing(result, data, controls.width, controls.component)(picture, width),
    words: () => {
      const { width, image, component, shift } = controls;
      const moved = component > width ? `Component ${component} is not part of a code of width ${width}.`
        : `Component ${component} is ${shown(result.code[component - 1])}${shift ? `, moved by ${String(shift).replace("-", "\u2212")} standard deviations` : ""}.`;
      return `Test digit ${image + 1}, width ${width}: squared error ${shown(result.error)} from ${width} principal ` +
        `component${width > 1 ? "s" : ""}, ${shown(result.nonlinearErrors[width - 1])} by the network. Over all training digits the ` +
        `components keep ${(100 * result.kept).toFixed(1)} % of the variance. ${moved}`;
    },
  });
}

export default { render };
