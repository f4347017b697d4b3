import { button } from "./dom.js";

const PATIENCE = 20_000; // milliseconds without an answer, after which the reader is told what to do

/**
 * The controls of a figure that can train where a kernel runs. It asks for one epoch at a time, so
 * that it can be stopped between any two: {start: settings} begins a run, {more: true} goes on.
 * `received(epoch)` gets what LiveTraining sends back, `said(words)` what there is to say.
 * On the static page the model cannot send: null, and the figure shows no control for it.
 */
export function trainer({ model, label, settings, received, said }) {
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
