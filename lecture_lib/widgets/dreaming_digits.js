import { randomStream, sigm, softplus } from "./numerics.js";
import { button, element, frame, group, shown, svg } from "./dom.js";

const SIDE = 28, CELL = 10, LEFT = 18;
const FIRST_STEPS = 30; // a new picture is shown after this many steps
const PAUSE = 90; // milliseconds between the steps of a dream

/** The numbers that were sent, with the weights as bytes; decoded once. */
const decoded = new WeakMap();
function machineOf(data) {
  if (!decoded.has(data)) {
    const bytes = Uint8Array.from(atob(data.weights), (letter) => letter.charCodeAt(0));
    decoded.set(data, new Int8Array(bytes.buffer));
  }
  return { ...data, weights: decoded.get(data) };
}

/** b_j + W_j.x of each hidden unit, with W_ji = scales[j] * weights[j * n_visible + i]. */
function inputs(data, x) {
  const { weights, scales, b, c } = machineOf(data);
  const lit = c.map((_, i) => i).filter((i) => x[i]);
  return b.map((bias, j) => {
    let sum = 0;
    for (const i of lit) sum += weights[j * c.length + i] * x[i];
    return bias + scales[j] * sum;
  });
}

/** p(h_j = 1 | x) of each hidden unit. */
export function probHGivenX(data, x) {
  return inputs(data, x).map(sigm);
}

/** p(x_i = 1 | h) of each visible unit. */
export function probXGivenH(data, h) {
  const { weights, scales, c } = machineOf(data);
  const sums = Float64Array.from(c);
  h.forEach((on, j) => {
    if (!on) return;
    const weight = scales[j] * on;
    for (let i = 0; i < c.length; i += 1) sums[i] += weight * weights[j * c.length + i];
  });
  return Array.from(sums, sigm);
}

/** F(x), in nats. */
export function freeEnergy(data, x) {
  const visible = data.c.reduce((sum, bias, i) => sum + bias * x[i], 0);
  return inputs(data, x).reduce((sum, input) => sum - softplus(input), -visible);
}

/**
 * One step of clamped Gibbs sampling with given uniform numbers u and v: all hidden units,
 * then all visible units but those that are kept. `visible` are the probabilities of
 * the visible units, with 0 or 1 where they are kept.
 */
export function compute(data, { x, kept, u, v }) {
  const hidden = probHGivenX(data, x);
  const h = hidden.map((p, j) => Number(u[j] < p));
  const visible = probXGivenH(data, h).map((p, i) => (kept[i] ? x[i] : p));
  return { hidden, h, visible, x: visible.map((p, i) => (kept[i] ? x[i] : Number(v[i] < p))) };
}

/** Image `index` of the packed test digits: eight pixels a byte, the first most significant. */
export function digit(data, index) {
  const bytes = atob(data.digits);
  return Array.from({ length: SIDE * SIDE }, (_, i) =>
    (bytes.charCodeAt((index * SIDE * SIDE + i) >> 3) >> (7 - (i % 8))) & 1);
}

const circle = (x, y, r) => `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`;
const number = (value) => Math.round(value * 100) / 100;

/** The cells from one to the other, both included. */
function line([row, column], [toRow, toColumn]) {
  const n = Math.max(Math.abs(toRow - row), Math.abs(toColumn - column), 1);
  return Array.from({ length: n + 1 }, (_, k) =>
    [Math.round(row + ((toRow - row) * k) / n), Math.round(column + ((toColumn - column) * k) / n)]);
}

function render({ model, el }) {
  const data = model.get("data");
  const next = randomStream(data.seed);
  const nHidden = data.b.length;
  const columns = 40, gap = (SIDE * CELL) / columns;
  const band = Math.ceil(nHidden / columns) * gap;
  const top = band + 14;

  const blank = () => new Array(SIDE * SIDE).fill(0);
  let x = blank(), kept = blank(), visible = blank(), h = new Array(nHidden).fill(0);
  let shownDigit = -1, steps = 0, timer = 0, brush = "draw", cursor = [6, 9], from = null, inView = true;
  let about = "all"; // what the words are about: all, the cursor, or the running dream

  const step = () => {
    const u = Array.from(h, next), v = Array.from(x, next);
    ({ h, visible, x } = compute(data, { x, kept, u, v }));
    steps += 1;
  };
  const newDigit = () => {
    shownDigit = (shownDigit + 1) % data.labels.length;
    const given = digit(data, shownDigit);
    kept = given.map((_, i) => Number(i >= given.length / 2));
    x = given.map((on, i) => on * kept[i]);
    steps = 0;
    for (let n = 0; n < FIRST_STEPS; n += 1) step();
  };
  const clear = () => {
    [x, kept, visible, steps] = [blank(), blank(), blank(), 0];
    h.fill(0);
  };
  const paint = ([row, column]) => {
    const reach = brush === "draw" ? 1 : 2; // a plus to draw, a square to erase
    for (let r = row - 1; r <= row + 1; r += 1) {
      for (let s = column - 1; s <= column + 1; s += 1) {
        if (r < 0 || s < 0 || r >= SIDE || s >= SIDE || Math.abs(r - row) + Math.abs(s - column) > reach) continue;
        const i = r * SIDE + s;
        kept[i] = Number(brush !== "let go");
        if (kept[i]) x[i] = visible[i] = Number(brush === "draw");
      }
    }
  };

  // Controls
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const stop = () => {
    clearTimeout(timer);
    timer = 0;
    about = "all";
    dream.textContent = "Dream";
  };
  const run = () => {
    if (!el.isConnected || calm.matches) return stop();
    if (inView) {
      step();
      update();
    }
    timer = setTimeout(run, PAUSE);
  };
  const dream = button({
    label: "Dream",
    click: () => {
      if (timer) stop();
      else {
        about = "dream";
        dream.textContent = "Pause";
        run();
      }
      update();
    },
  });
  const act = (label, action) => button({
    label, click: () => { action(); if (!timer) about = "all"; update(); },
  });
  const buttons = [dream, act("One step", () => { stop(); step(); }), act("Clear", clear), act("New digit", newDigit)];
  const motion = () => { dream.hidden = calm.matches; };
  calm.addEventListener("change", motion);
  motion();
  const name = `brush-${Math.random().toString(36).slice(2)}`;
  const brushes = ["draw", "erase", "let go"].map((kind) => {
    const input = element("input", {
      type: "radio", name, value: kind, "data-lm-suppress-shortcuts": "true", change: () => { brush = kind; update(); },
    });
    input.checked = kind === brush;
    return element("label", { class: "live-check" }, input, element("span", {}, kind));
  });

  // The picture: hidden units in the top row, visible units below
  const cells = x.map((_, i) => [LEFT + ((i % SIDE) + 0.5) * CELL, top + (Math.floor(i / SIDE) + 0.5) * CELL]);
  const squares = cells.map(([cx, cy]) => `M${cx - CELL / 2} ${cy - CELL / 2}h${CELL}v${CELL}h${-CELL}z`);
  const pins = cells.map(([cx, cy]) => circle(cx, cy, 0.9));
  const units = h.map((_, j) =>
    circle(LEFT + ((j % columns) + 0.5) * gap, 1 + (Math.floor(j / columns) + 0.5) * gap, number(gap * 0.36)));
  const draw = (picture) => {
    picture.setAttribute("viewBox", `0 0 ${LEFT + SIDE * CELL + 2} ${top + SIDE * CELL + 2}`);
    let [lit, dark, dreamt] = ["", "", ""];
    visible.forEach((p, i) => {
      if (kept[i] && x[i]) lit += squares[i];
      else if (kept[i]) dark += pins[i];
      else if (p > 0.01) dreamt += circle(...cells[i], number(0.54 * CELL * Math.sqrt(p)));
    });
    const [row, column] = cursor;
    picture.append(
      svg("text", { x: 2, y: 1 + band / 2 + 4, class: "name" }, "h"),
      svg("text", { x: 2, y: top + (SIDE * CELL) / 2 + 4, class: "name" }, "x"),
      svg("path", { class: "unit-off", d: units.filter((_, j) => !h[j]).join("") }),
      svg("path", { class: "unit-on", d: units.filter((_, j) => h[j]).join("") }),
      svg("rect", { class: "sheet", x: LEFT, y: top, width: SIDE * CELL, height: SIDE * CELL }),
      svg("path", { class: "dreamt", d: dreamt }),
      svg("path", { class: "pinned", d: dark }),
      svg("path", { class: "given", d: lit }),
      svg("rect", {
        class: "cursor", x: LEFT + column * CELL - 1, y: top + row * CELL - 1, width: CELL + 2, height: CELL + 2,
      }),
    );
  };
  const count = (values) => values.reduce((sum, value) => sum + value, 0);
  const words = () => {
    if (about === "dream") return "Dreaming. Draw or erase at any time, or press Pause to read what the machine thinks.";
    if (about === "cursor") {
      const [row, column] = cursor, i = row * SIDE + column;
      const now = kept[i] ? `fixed, ${x[i] ? "lit" : "dark"}` : `free, lit with probability ${visible[i].toFixed(2)}`;
      return `Row ${row + 1}, column ${column + 1}: ${now}. Space: ${brush}.`;
    }
    const fixed = count(kept);
    return `Step ${steps}. ${fixed} pixels are fixed, ${count(x.filter((_, i) => kept[i]))} of them lit; ` +
      `the machine dreams the other ${x.length - fixed}. ` +
      `${count(h)} of ${nHidden} hidden units are on. F(x) = ${shown(freeEnergy(data, x)).slice(0, -2)} nats. Brush: ${brush}.`;
  };

  newDigit();
  const update = frame({
    el, name: "dreaming_digits", task: model.get("task"),
    controls: [
      group("Machine", ...buttons),
      group("Brush", element("div", { class: "live-row" }, ...brushes)),
    ],
    describe: `A picture of ${SIDE} by ${SIDE} pixels, and above it the ${nHidden} hidden units of the machine. ` +
      "Arrow keys move a cursor over the pixels, space uses the brush there, shift with an arrow key paints along.",
    draw, words,
  });

  // Mouse, touch and keyboard on the picture
  el.firstElementChild.classList.add("live-beside");
  const picture = el.querySelector(".live-picture");
  for (const [key, value] of Object.entries({
    role: "application", tabindex: 0, "aria-roledescription": "drawing", "data-lm-suppress-shortcuts": "true",
  })) picture.setAttribute(key, value);
  picture.classList.add("live-drawing");
  const cellAt = (event) => {
    const box = picture.getBoundingClientRect();
    const scale = (LEFT + SIDE * CELL + 2) / box.width;
    const cell = (from0, start) => Math.floor((from0 * scale - start) / CELL);
    return [cell(event.clientY - box.top, top), cell(event.clientX - box.left, LEFT)];
  };
  const inside = (cell) => cell.every((place) => place >= 0 && place < SIDE);
  picture.addEventListener("pointerdown", (event) => {
    const cell = cellAt(event);
    if (event.button !== 0 || !inside(cell)) return;
    picture.setPointerCapture(event.pointerId);
    from = cursor = cell;
    paint(cell);
    if (!timer) about = "all";
    update();
  });
  picture.addEventListener("pointermove", (event) => {
    if (!from) return;
    const cell = cellAt(event);
    if (cell[0] === from[0] && cell[1] === from[1]) return;
    line(from, cell).forEach(paint);
    from = cell;
    if (inside(cell)) cursor = cell;
    update();
  });
  for (const end of ["pointerup", "pointercancel"]) picture.addEventListener(end, () => { from = null; });
  const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  picture.addEventListener("keydown", (event) => {
    const move = MOVES[event.key];
    if (event.ctrlKey || event.altKey || event.metaKey || (!move && event.key !== " ")) return;
    event.preventDefault();
    if (move) cursor = cursor.map((place, axis) => Math.min(SIDE - 1, Math.max(0, place + move[axis])));
    if (!move || event.shiftKey) paint(cursor);
    about = timer ? "dream" : "cursor";
    update();
  });
  new IntersectionObserver(([entry]) => { inView = entry.isIntersecting; }).observe(picture);
}

export default { render };
