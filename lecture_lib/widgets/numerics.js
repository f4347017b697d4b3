// The mathematics that all live figures share. tests/test_widgets.py compares
// every function with lecture_lib.

/** log(1 + exp(t)), without overflow. */
export function softplus(t) {
  return Math.max(t, 0) + Math.log1p(Math.exp(-Math.abs(t)));
}

/** The logistic function 1 / (1 + exp(-t)), without overflow. */
export function sigm(t) {
  return t >= 0 ? 1 / (1 + Math.exp(-t)) : Math.exp(t) / (1 + Math.exp(t));
}

/** u . v */
export function dot(u, v) {
  let sum = 0;
  for (let i = 0; i < u.length; i += 1) sum += u[i] * v[i];
  return sum;
}

/** log(sum(exp(values))), without overflow. */
export function logSumExp(values) {
  const top = values.reduce((a, b) => Math.max(a, b), -Infinity);
  if (!Number.isFinite(top)) return top;
  return top + Math.log(values.reduce((sum, value) => sum + Math.exp(value - top), 0));
}

/** All 2^n states of n binary units, counting up, the first unit most significant. */
export function binaryStates(n) {
  return Array.from({ length: 2 ** n }, (_, s) =>
    Array.from({ length: n }, (_, i) => (s >> (n - 1 - i)) & 1));
}

/** exp(-energy) / Z for every energy in the list. */
export function boltzmann(energies) {
  const logZ = logSumExp(energies.map((energy) => -energy));
  return energies.map((energy) => Math.exp(-energy - logZ));
}

/**
 * A stream of uniform random numbers in [0, 1): each call of the function it returns
 * gives the next one. The same seed gives the same numbers (mulberry32, a public-domain
 * generator by Tommy Ettinger).
 */
export function randomStream(seed) {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** The first `count` numbers of randomStream(seed). */
export function uniforms(seed, count) {
  const next = randomStream(seed);
  return Array.from({ length: count }, next);
}
