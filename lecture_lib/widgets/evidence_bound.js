import { logSumExp } from "./numerics.js";
import { shown, svg } from "./dom.js";

/** The share of the line that the trapezoid rule gives to each point of a rising grid, as logs. */
export function logWidths(grid) {
  const last = grid.length - 1;
  return grid.map((_, n) => Math.log((grid[Math.min(n + 1, last)] - grid[Math.max(n - 1, 0)]) / 2));
}

/**
 * log p(x) taken apart by q: the mean of log p(x, z), the entropy of q, their sum (the bound),
 * the KL divergence of q from the posterior (the gap, summed by itself), and log p(x).
 */
export function evidenceBound(logJoint, logQ, logWeights) {
  const logEvidence = logSumExp(logJoint.map((value, s) => value + logWeights[s]));
  let average = 0, entropy = 0, gap = 0;
  logQ.forEach((value, s) => {
    const q = Math.exp(value + logWeights[s]);
    if (q === 0) return;
    average += q * logJoint[s];
    entropy -= q * value;
    gap += q * (value - logJoint[s] + logEvidence);
  });
  return { average, entropy, bound: average + entropy, gap, logEvidence };
}

/**
 * The five numbers as bars that add up: average and entropy lead to the bound, the gap leads
 * from there to log p(x). `names` has two lines of words for each bar.
 */
export function ledger(put, text, parts, names, { top, height, width }) {
  const { average, entropy, bound, gap, logEvidence } = parts;
  const bars = [
    [0, average, "average-bar"], [average, bound, "entropy-bar"], [0, bound, "bound-bar"],
    [bound, logEvidence, "gap-bar"], [0, logEvidence, "evidence-bar"],
  ];
  const reach = bars.flatMap(([from, to]) => [from, to]);
  const high = Math.ceil(Math.max(...reach) / 2) * 2, low = Math.floor(Math.min(...reach) / 2) * 2;
  const y = (nats) => top + ((high - nats) / (high - low)) * height;
  const column = width / bars.length, bar = column * 0.62;
  put("line", { x1: 0, x2: width, y1: y(0), y2: y(0), class: "rule" });
  const middle = (b) => column * (b + 0.5);
  [[0, 1, average], [1, 2, bound], [2, 3, bound], [3, 4, logEvidence]].forEach(([from, to, level]) => {
    put("line", { x1: middle(from) - bar / 2, x2: middle(to) + bar / 2, y1: y(level), y2: y(level), class: "carry" });
  });
  const values = [average, entropy, bound, gap, logEvidence];
  bars.forEach(([from, to, kind], b) => {
    const [upper, lower] = [y(Math.max(from, to)), y(Math.min(from, to))];
    put("rect", { x: middle(b) - bar / 2, y: upper, width: bar, height: Math.max(1, lower - upper), class: kind });
    const below = b === 1 || b === 3 ? lower + 15 : to < 0 ? lower + 15 : upper - 5;
    const sign = (b === 1 || b === 3) && values[b] >= 0 ? "+" : "";
    text(middle(b), below, sign + shown(values[b]), "middle strong");
    names[b].forEach((words, line) => text(middle(b), top + height + 40 + 15 * line, words, "middle"));
  });
  return top + height + 40 + 15 * 2;
}

/** Sliders whose value is also set from elsewhere: by a drag in the picture, or by a button. */
export function turnTo(control, value) {
  const input = control.querySelector("input");
  input.value = value;
  input.dispatchEvent(new Event("input", { bubbles: true }));
}

/** Four toggles for the pixels of a 2 x 2 picture are labelled x1 to x4. */
export const pixelName = (i) => `x${"\u2081\u2082\u2083\u2084"[i]}`;

/** What a picture of the two figures shares: a way to put elements and words into it. */
export function pen(picture) {
  const put = (tag, attributes, ...children) => picture.append(svg(tag, attributes, ...children));
  return { put, text: (x, y, words, name = "") => put("text", { x, y, class: name }, words) };
}
