import { button, element, group, slider } from "./dom.js";

const PATIENCE = 20_000; // milliseconds without an answer, after which the reader is told what to do

/**
 * The controls of a figure that can train where a kernel runs. It asks for one epoch at a time, so
 * that it can be stopped between any two: {start: settings} begins a run, {more: true} goes on.
 * `received(epoch)` gets what LiveTraining sends back, `said(words)` what there is to say.
 * On the static page the model cannot send: null, and the figure shows no control for it.
 */
function trainer({ model, label, settings, received, said }) {
  if (typeof model.send !== "function") return null;
  let running = false, waiting = 0;
  const stop = (words) => {
    clearTimeout(waiting);
    running = false;
    control.textContent = label;
    said(words);
  };
  const ask = (message) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => stop("No kernel answers: run the cell of this figure first."), PATIENCE);
    model.send(message);
  };
  const control = button({
    label,
    click: () => {
      if (running) return stop("");
      running = true;
      control.textContent = "Stop";
      said("");
      return ask({ start: settings() });
    },
  });
  model.on("msg:custom", (message) => {
    if (message.epoch) received(message.epoch);
    if (message.error) stop(message.error);
    else if (message.done) stop("");
    else if (running) ask({ more: true });
  });
  return control;
}

/**
 * What the figures of recorded training runs share: which run, which moment, a button that plays the
 * run on, one moment each `pace` milliseconds, and, where a kernel runs, a run of the reader's own:
 * `own` has its title, its `wish` (what is asked of the kernel) and the controls that set it.
 * `changed()` is called when another moment is to be shown.
 * Returns the data with the reader's run last, the state { run, moment }, the groups of controls,
 * and `said()`, what training has to say.
 */
export function player({ model, el, title, pace, own, changed }) {
  const sent = model.get("data");
  const data = { ...sent, runs: [...sent.runs] };
  const yours = { name: "yours", moments: [] };
  const state = { run: 0, moment: data.runs[0].moments.length - 1 };
  let timer = 0, said = "";

  const name = `run-${Math.random().toString(36).slice(2)}`;
  const choice = (run, number) => {
    const input = element("input", {
      type: "radio", name, "data-lm-suppress-shortcuts": "true",
      change: () => { pause(); go(number, data.runs[number].moments.length - 1); },
    });
    input.checked = number === state.run;
    return element("label", { class: "live-check" }, input, element("span", {}, run.name));
  };
  const moments = slider({
    label: "moment", min: 1, max: state.moment + 1, step: 1, value: state.moment + 1,
    change: (value) => { pause(); state.moment = value - 1; changed(); },
  });
  const choices = group(title, ...data.runs.map(choice));

  /** Show a moment of a run, and let the controls say so. */
  const go = (run, moment) => {
    Object.assign(state, { run, moment });
    const input = moments.querySelector("input");
    input.max = data.runs[run].moments.length;
    input.value = moment + 1;
    moments.querySelector(".live-readout").textContent = moment + 1;
    choices.querySelectorAll("input")[run].checked = true;
    changed();
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
    timer = setTimeout(onward, pace);
    return timer;
  };
  const play = button({
    label: "Play",
    click: () => {
      if (timer) return pause();
      const last = data.runs[state.run].moments.length - 1;
      play.textContent = "Pause";
      timer = setTimeout(onward, pace);
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
      yours.moments = [];
      return { ...own.wish };
    },
    received: (epoch) => {
      yours.moments.push(epoch);
      if (!data.runs.includes(yours)) {
        data.runs.push(yours);
        choices.append(choice(yours, data.runs.length - 1));
      }
      go(data.runs.length - 1, yours.moments.length - 1);
    },
    said: (words) => { said = words; if (data.runs[state.run].moments.length) changed(); },
  });
  return {
    data, state,
    controls: [choices, group("Training", moments, play), ...(train ? [group(own.title, ...own.controls, train)] : [])],
    said: () => (said ? `${said} ` : ""),
  };
}
