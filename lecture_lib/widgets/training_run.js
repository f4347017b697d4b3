import { button, checkbox, element, frame, group, slider, svg } from "./dom.js";
import { trainer } from "./trainer.js";

const SIDE = 28, PIXELS = SIDE * SIDE, SHOWN = 4, LEVELS = 7, PAUSE = 800;

/** Numbers in 0..15 from text: two of them a byte, the first in the high half. */
function halves(text) {
  const bytes = atob(text);
  return (i) => (i % 2 ? bytes.charCodeAt(i >> 1) & 15 : bytes.charCodeAt(i >> 1) >> 4);
}

/**
 * What is recorded of run number `run` at moment number `moment`: the first filters (weights),
 * the first chains (probabilities), the sorted activity of all units, and how many of them
 * are never (below 1 %) and always on (above 99 %).
 */
export function compute(data, { run, moment }) {
  const { name, moments } = data.runs[run];
  const { updates, scales, filters, dreams, active } = moments[moment];
  const level = halves(filters), tone = halves(dreams);
  const images = (value) => Array.from({ length: SHOWN }, (_, n) =>
    Array.from({ length: PIXELS }, (_, i) => value(n, n * PIXELS + i)));
  return {
    name,
    updates,
    filters: images((n, i) => (scales[n] * (level(i) - LEVELS)) / LEVELS),
    dreams: images((_, i) => tone(i) / 15),
    active,
    never: active.filter((p) => p < 0.01).length,
    always: active.filter((p) => p > 0.99).length,
  };
}

/** One picture as paths: cells of one colour and strength together, so that few elements are drawn. */
function picture(values, top, [left, y], cell, colours) {
  const paths = new Map();
  values.forEach((value, i) => {
    const strength = Math.round((LEVELS * Math.abs(value)) / top);
    if (strength === 0) return;
    const key = `${value > 0 ? 0 : 1} ${strength}`;
    const place = `M${(left + (i % SIDE) * cell).toFixed(1)} ${(y + Math.floor(i / SIDE) * cell).toFixed(1)}`;
    paths.set(key, `${paths.get(key) ?? ""}${place}h${cell.toFixed(2)}v${cell.toFixed(2)}h${(-cell).toFixed(2)}z`);
  });
  return [...paths].map(([key, d]) => {
    const [sign, strength] = key.split(" ").map(Number);
    return svg("path", { d, style: `fill: var(--${colours[sign]})`, "fill-opacity": (strength / LEVELS).toFixed(2) });
  });
}

function drawing(found) {
  return (root, width) => {
    const gap = 6, edge = 14, size = Math.min(120, (width - edge - gap * (SHOWN - 1)) / SHOWN), cell = size / SIDE;
    const wide = SHOWN * size + (SHOWN - 1) * gap;
    const rows = [["filters: what four units expect", found.filters, ["hidden", "visible"]],
      ["dreams: where four chains are", found.dreams, ["model", "model"]]];
    let y = 16;
    for (const [title, images, colours] of rows) {
      root.append(svg("text", { x: 0, y }, title));
      images.forEach((image, n) => {
        const left = n * (size + gap);
        const top = colours[0] === "model" ? 1 : Math.max(1e-9, ...image.map(Math.abs));
        root.append(...picture(image, top, [left, y + 8], cell, colours),
          svg("rect", { x: left, y: y + 8, width: size, height: size, fill: "none", class: "rule" }));
      });
      y += size + 34;
    }
    root.append(svg("text", { x: 0, y }, "how often each hidden unit is on, units sorted"));
    const [low, high] = [y + 70, y + 12];
    const place = (p, j) => `${(((j + 0.5) * wide) / found.active.length).toFixed(1)},${(low - p * (low - high)).toFixed(1)}`;
    root.append(
      svg("path", { class: "rule", d: `M0 ${low}H${wide}M0 ${high}H${wide}` }),
      svg("text", { x: wide + 4, y: low + 4 }, "0"), svg("text", { x: wide + 4, y: high + 4 }, "1"),
      svg("polyline", {
        points: found.active.map(place).join(" "), fill: "none", "stroke-width": 3, style: "stroke: var(--hidden)",
      }),
    );
    root.setAttribute("height", low + 8);
  };
}

function render({ model, el }) {
  const { runs } = model.get("data");
  const data = { runs: [...runs] }; // a run of one's own comes last
  const own = { name: "yours", moments: [] };
  const state = { run: 0, moment: runs[0].moments.length - 1 };
  const wish = { rate: 0.1, centred: true, b: 0 };
  let timer = 0, said = "";

  const group_name = `run-${Math.random().toString(36).slice(2)}`;
  const choice = (run, number) => {
    const input = element("input", {
      type: "radio", name: group_name, "data-lm-suppress-shortcuts": "true",
      change: () => { pause(); go(number, data.runs[number].moments.length - 1); },
    });
    input.checked = number === state.run;
    return element("label", { class: "live-check" }, input, element("span", {}, run.name));
  };
  const moments = slider({
    label: "moment", min: 1, max: state.moment + 1, step: 1, value: state.moment + 1,
    change: (value) => { pause(); state.moment = value - 1; update(); },
  });
  const machines = group("Machine", ...data.runs.map(choice));

  /** Show a moment of a run, and let the controls say so. */
  const go = (run, moment) => {
    Object.assign(state, { run, moment });
    const input = moments.querySelector("input");
    input.max = data.runs[run].moments.length;
    input.value = moment + 1;
    moments.querySelector(".live-readout").textContent = moment + 1;
    machines.querySelectorAll("input")[run].checked = true;
    update();
  };

  // A recorded run is played by the reader's action, and not where motion is unwelcome.
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const pause = () => {
    clearTimeout(timer);
    timer = 0;
    play.textContent = "Play";
  };
  const onward = () => {
    if (!el.isConnected || state.moment === data.runs[state.run].moments.length - 1) return pause();
    go(state.run, state.moment + 1);
    timer = setTimeout(onward, PAUSE);
    return timer;
  };
  const play = button({
    label: "Play",
    click: () => {
      if (timer) return pause();
      const last = data.runs[state.run].moments.length - 1;
      play.textContent = "Pause";
      timer = setTimeout(onward, PAUSE);
      return go(state.run, state.moment === last ? 0 : state.moment + 1);
    },
  });
  const motion = () => { play.hidden = calm.matches; };
  calm.addEventListener("change", motion);
  motion();

  const train = trainer({
    model, label: "Train",
    settings: () => {
      pause();
      own.moments = [];
      return { ...wish };
    },
    received: (epoch) => {
      own.moments.push(epoch);
      if (!data.runs.includes(own)) {
        data.runs.push(own);
        machines.append(choice(own, data.runs.length - 1));
      }
      go(data.runs.length - 1, own.moments.length - 1);
    },
    said: (words) => { said = words; if (data.runs[state.run].moments.length) update(); },
  });
  const training = train && group("A machine of your own",
    slider({ label: "learning rate", min: 0.05, max: 1, step: 0.05, value: wish.rate, change: (value) => { wish.rate = value; } }),
    slider({ label: "hidden biases start at", min: -8, max: 0, step: 1, value: wish.b, change: (value) => { wish.b = value; } }),
    checkbox({ label: "centred gradient", checked: wish.centred, change: (on) => { wish.centred = on; } }), train);

  const words = () => {
    const { name, updates, never, always, active } = compute(data, state);
    const which = name === "yours" ? "Your machine" : `The machine “${name}”`;
    return `${said ? `${said} ` : ""}${which}, after ${updates.toLocaleString("en-GB")} updates: of its ` +
      `${active.length} hidden units ${never} are never on and ${always} always.`;
  };
  const update = frame({
    el, name: "training_run", task: model.get("task"),
    controls: [machines, group("Training", moments, play), ...(training ? [training] : [])],
    describe: "Four filters of a machine, orange where a pixel excites and blue where it inhibits, four pictures its " +
      "chains dream, and a line that shows how often each of its hidden units is on.",
    draw: (root, width) => drawing(compute(data, state))(root, width),
    words,
  });
}

export default { render };
