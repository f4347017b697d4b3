import { button, element, frame, group, shown, slider, svg } from "./dom.js";
import { trainer } from "./trainer.js";

const LEVELS = 15, PAUSE = 600, USED = 0.1;

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
  const sent = model.get("data");
  const data = { ...sent, runs: [...sent.runs] }; // a run of one's own comes last
  const own = { name: "yours", moments: [] };
  const state = { run: 0, moment: data.runs[0].moments.length - 1 };
  const wish = { beta: 4 };
  let timer = 0, said = "";
  const limits = () => {
    const moments = data.runs.flatMap((run) => run.moments);
    return [Math.max(1, ...moments.map((m) => m.epochs)), Math.max(0.5, Math.ceil(2 * Math.max(...moments.flatMap((m) => m.rates))) / 2)];
  };

  const groupName = `rates-${Math.random().toString(36).slice(2)}`;
  const choice = (run, number) => {
    const input = element("input", {
      type: "radio", name: groupName, "data-lm-suppress-shortcuts": "true",
      change: () => { pause(); go(number, data.runs[number].moments.length - 1); },
    });
    input.checked = number === state.run;
    return element("label", { class: "live-check" }, input, element("span", {}, run.name));
  };
  const moments = slider({
    label: "moment", min: 1, max: state.moment + 1, step: 1, value: state.moment + 1,
    change: (value) => { pause(); state.moment = value - 1; update(); },
  });
  const choices = group("Run", ...data.runs.map(choice));
  const go = (run, moment) => {
    Object.assign(state, { run, moment });
    const input = moments.querySelector("input");
    input.max = data.runs[run].moments.length;
    input.value = moment + 1;
    moments.querySelector(".live-readout").textContent = moment + 1;
    choices.querySelectorAll("input")[run].checked = true;
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
        choices.append(choice(own, data.runs.length - 1));
      }
      go(data.runs.length - 1, own.moments.length - 1);
    },
    said: (words) => { said = words; if (data.runs[state.run].moments.length) update(); },
  });
  const training = train && group("A run of your own",
    slider({ label: "β", min: 0, max: 20, step: 0.5, value: wish.beta, change: (value) => { wish.beta = value; } }), train);

  const update = frame({
    el, name: "rate_training", task: model.get("task"),
    controls: [choices, group("Training", moments, play), ...(training ? [training] : [])],
    describe: "Test images and their reconstructions, and the rate of each latent unit against the epoch.",
    draw: (root, width) => drawing(compute(data, state), data, limits())(root, width),
    words: () => {
      const { name, epochs, rate, distortion, used, rates } = compute(data, state);
      return `${said ? `${said} ` : ""}${name === "yours" ? "Your run" : name}, after ${epochs} epochs: ${used} of ${rates.length} units are used. ` +
        `The rate is ${shown(rate)} nats an image, the distortion ${shown(distortion)}.`;
    },
  });
}

export default { render };
