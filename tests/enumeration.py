"""Oracles for small machines: the sums of the pages written out as loops over all states."""

import itertools
import math


def states(n):
    """All tuples of n zeros and ones: the sum signs of the pages."""
    return list(itertools.product((0, 1), repeat=n))


def slow_energy(params, x, h):
    """E(x, h) with every sum of the definition as a loop."""
    W, b, c = (t.tolist() for t in params)
    return (
        -sum(h[j] * W[j][i] * x[i] for j in range(len(h)) for i in range(len(x)))
        - sum(c[i] * x[i] for i in range(len(x)))
        - sum(b[j] * h[j] for j in range(len(h)))
    )


def slow_joint(params):
    """p(x, h) of every pair by its definition: a dictionary whose values sum to one."""
    H, D = params.W.shape
    weights = {(x, h): math.exp(-slow_energy(params, x, h)) for x in states(D) for h in states(H)}
    Z = math.fsum(weights.values())
    return {pair: weight / Z for pair, weight in weights.items()}


def slow_marginal(params):
    """p(x) of every x, by adding the joint up over h."""
    joint = slow_joint(params)
    marginal = {}
    for (x, _), probability in joint.items():
        marginal[x] = marginal.get(x, 0.0) + probability
    return marginal
