import { dot, sigm } from "./numerics.js";
import { checkbox, frame, group, shown, slider, svg } from "./dom.js";

const SIDE = 28, REACH = 3.5, STRENGTHS = 16;

/** The numbers that were sent, with the weights as bytes; decoded once. */
const decoded = new WeakMap();
function bytesOf(data) {
  if (!decoded.has(data)) {
    const bytes = Uint8Array.from(atob(data.weights), (letter) => letter.charCodeAt(0));
    decoded.set(data, new Int8Array(bytes.buffer));
  }
  return decoded.get(data);
}

/**
 * The decoder at z: p_i = sigm(u_i + U_i relu(V z + v)), with U_ij = scales[i] * weights[i * n_hidden + j];
 * how many pixels are lit on average; and the code of a test digit that lies nearest.
 */
export function compute(data, { z }) {
  const weights = bytesOf(data), n = data.hiddenBias.length;
  const active = data.hidden.map((row, j) => Math.max(0, data.hiddenBias[j] + dot(row, z)));
  const p = data.bias.map((bias, i) => {
    let sum = 0;
    for (let j = 0; j < n; j += 1) sum += weights[i * n + j] * active[j];
    return sigm(bias + data.scales[i] * sum);
  });
  const distances = data.codes.map(([a, b]) => Math.hypot(a - z[0], b - z[1]));
  const nearest = distances.reduce((best, distance, m) => (distance < distances[best] ? m : best), 0);
  return {
    p,
    lit: p.reduce((sum, value) => sum + value, 0),
    unsure: p.filter((value) => value > 0.1 && value < 0.9).length,
    radius: Math.hypot(...z),
    nearest, distance: distances[nearest], label: data.labels[nearest],
  };
}

/** Grey pixels as one path for each strength. */
function pixels(p, left, top, cell) {
  const paths = Array.from({ length: STRENGTHS + 1 }, () => "");
  p.forEach((value, i) => {
    const x = (left + (i % SIDE) * cell).toFixed(2), y = (top + Math.floor(i / SIDE) * cell).toFixed(2);
    paths[Math.round(STRENGTHS * value)] += `M${x} ${y}h${cell.toFixed(2)}v${cell.toFixed(2)}h${(-cell).toFixed(2)}z`;
  });
  return paths.slice(1).map((d, strength) => svg("path", {
    d, class: "decoded", "fill-opacity": ((strength + 1) / STRENGTHS).toFixed(3), "shape-rendering": "crispEdges",
  }));
}

function render({ model, el }) {
  const data = model.get("data");
  let z = [...data.z], codesShown = true, dragging = false, plane = null;
  const clamp = (value) => Math.round(100 * Math.min(REACH, Math.max(-REACH, value))) / 100;
  let result = compute(data, { z });

  const axes = [0, 1].map((k) => slider({
    label: `z${"\u2081\u2082"[k]} =`, min: -REACH, max: REACH, step: 0.05, value: z[k],
    change: (value) => { z[k] = value; changed(); },
  }));
  const show = checkbox({ label: "codes of test digits", checked: true, change: (on) => { codesShown = on; update(); } });
  const move = (to) => {
    z = to.map(clamp);
    axes.forEach((label, k) => {
      label.querySelector("input").value = z[k];
      label.querySelector(".live-readout").textContent = z[k].toFixed(2).replace("-", "\u2212");
    });
    changed();
  };

  let dots = null; // the codes are drawn once for a width, and put into each new picture
  const codes = (size, left, top) => {
    if (dots?.size !== size) {
      const place = ([a, b]) => [left + ((a + REACH) / (2 * REACH)) * size, top + ((REACH - b) / (2 * REACH)) * size];
      const inside = data.codes.map((code, m) => [code, m]).filter(([code]) => code.every((v) => Math.abs(v) < REACH));
      dots = { size, node: svg("g", { class: "codes" }, ...inside.map(([code, m]) => {
        const [x, y] = place(code);
        return svg("text", { x: x.toFixed(1), y: (y + 3.5).toFixed(1), class: "middle" }, String(data.labels[m]));
      })) };
    }
    return dots.node;
  };
  const draw = (picture, width) => {
    const wide = width >= 560, gap = 20;
    const size = wide ? Math.min(380, width * 0.58) : Math.min(width, 340);
    const image = wide ? Math.min(260, width - size - gap) : Math.min(200, width);
    const left = wide ? size + gap : (size - image) / 2, top = wide ? (size - image) / 2 : size + 34;
    picture.setAttribute("height", wide ? size + 22 : top + image + 22);
    plane = { size };
    const at = [((z[0] + REACH) / (2 * REACH)) * size, ((REACH - z[1]) / (2 * REACH)) * size];
    const unit = size / (2 * REACH);
    picture.append(
      svg("rect", { x: 0, y: 0, width: size, height: size, class: "sheet" }),
      ...[1, 2, 3].map((r) => svg("circle", { cx: size / 2, cy: size / 2, r: r * unit, class: "shell" })),
      svg("text", { x: size - 4, y: size / 2 - 5, class: "end name" }, "z\u2081"),
      svg("text", { x: size / 2 + 5, y: 14, class: "name" }, "z\u2082"),
    );
    if (codesShown) picture.append(codes(size, 0, 0));
    picture.append(
      svg("circle", { cx: at[0], cy: at[1], r: 11, class: "code-point" }),
      svg("rect", { x: left, y: top, width: image, height: image, class: "sheet" }),
      ...pixels(result.p, left, top, image / SIDE),
      svg("text", { x: left + image / 2, y: top + image + 17, class: "middle" }, "decoded: p(x\u1d62 = 1 | z)"),
    );
  };
  const words = () => `z = (${z.map((v) => v.toFixed(2).replace("-", "\u2212")).join(", ")}), ` +
    `${shown(result.radius)} from the middle. The decoder lights ${shown(result.lit)} of 784 pixels on average ` +
    `and is unsure of ${result.unsure} (between 0.1 and 0.9). The nearest test image is a ${result.label}, ` +
    `${shown(result.distance)} away.${codesShown ? "" : " The codes are hidden."}`;

  const update = frame({
    el, name: "latent_plane", task: model.get("task"),
    controls: [group("Point on the plane", ...axes), group("Show", show)],
    describe: "The plane of two latent numbers with a point on it, circles at one, two and three standard deviations of " +
      "the prior, the codes of test digits, and beside it the image that the decoder makes of the point. " +
      "Arrow keys move the point.",
    draw, words,
  });
  const changed = () => { result = compute(data, { z }); update(); };

  const picture = el.querySelector(".live-picture");
  for (const [key, value] of Object.entries({
    role: "application", tabindex: 0, "aria-roledescription": "plane", "data-lm-suppress-shortcuts": "true",
  })) picture.setAttribute(key, value);
  picture.classList.add("live-plane");
  const follow = (event) => {
    const box = picture.getBoundingClientRect();
    const place = [event.clientX - box.left, event.clientY - box.top];
    move([(place[0] / plane.size) * 2 * REACH - REACH, REACH - (place[1] / plane.size) * 2 * REACH]);
  };
  picture.addEventListener("pointerdown", (event) => {
    const box = picture.getBoundingClientRect();
    const inside = event.clientX - box.left <= plane.size && event.clientY - box.top <= plane.size;
    if (event.button !== 0 || !inside) return;
    picture.setPointerCapture(event.pointerId);
    dragging = true;
    follow(event);
  });
  picture.addEventListener("pointermove", (event) => { if (dragging) follow(event); });
  for (const end of ["pointerup", "pointercancel"]) picture.addEventListener(end, () => { dragging = false; });
  const MOVES = { ArrowUp: [0, 1], ArrowDown: [0, -1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
  picture.addEventListener("keydown", (event) => {
    const step = MOVES[event.key];
    if (!step || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    move(z.map((value, k) => value + step[k] * (event.shiftKey ? 0.5 : 0.1)));
  });
}

export default { render };
