"""The equations of book/index: the free energy as a maximum, and the same bound with a code z."""

import itertools
import math

import numpy as np
import pytest
import torch
from enumeration import slow_energy, slow_joint, states
from scipy import integrate, optimize, stats

from lecture_lib import rbm


def mean_energy_and_entropy(machine, x, q):
    """E_q[-E(x, h)] + H(q), both sums as loops over the hidden states."""
    mean = math.fsum(-q_h * slow_energy(machine, x, h) for q_h, h in zip(q, states(3), strict=True))
    return mean - math.fsum(q_h * math.log(q_h) for q_h in q if q_h > 0)


@pytest.mark.equation(
    "eq-index-thread",
    r"-F(x) = \max_{q} \Big( \mathbb{E}_{q(h)}\bigl[ -E(x, h) \bigr] + \mathbb{H}(q) \Big)",
    kind="identity",
)
def test_the_best_distribution_over_h_reaches_minus_the_free_energy_and_is_the_posterior(machine):
    joint = slow_joint(machine)
    for x in [(0, 0, 0, 0), (1, 0, 1, 1)]:
        top = -rbm.free_energy(machine, torch.tensor([x], dtype=torch.float64)).item()
        for q in np.random.default_rng(0).dirichlet(np.ones(8), size=50):
            assert mean_energy_and_entropy(machine, x, q) < top

        def loss(logits, x=x):
            q = np.exp(logits - np.logaddexp.reduce(logits))
            return -mean_energy_and_entropy(machine, x, q)

        found = optimize.minimize(loss, np.zeros(8), method="BFGS", options={"gtol": 1e-7})
        assert -found.fun == pytest.approx(top, abs=1e-8)
        posterior = np.array([joint[x, h] for h in states(3)])
        best = np.exp(found.x - np.logaddexp.reduce(found.x))
        assert best == pytest.approx(posterior / posterior.sum(), abs=1e-4)


def log_joint(x, z):
    """log p(z) + log p(x | z): z standard normal, two pixels with log-odds 2z - 1 and 1 - 3z."""
    logits = np.array([2 * z - 1, 1 - 3 * z])
    return stats.norm.logpdf(z) + stats.bernoulli.logpmf(x, 1 / (1 + np.exp(-logits))).sum()


@pytest.mark.equation(
    "eq-index-elbo",
    r"\log p_\theta(x) \ge \mathbb{E}_{q_\phi}\bigl[ \log p_\theta(x, z) \bigr] + \mathbb{H}(q_\phi)",
    kind="bound",
)
def test_no_gaussian_code_exceeds_log_p_and_the_gap_is_its_kl_from_the_posterior():
    for x in itertools.product((0, 1), repeat=2):
        x = np.array(x)
        log_p = math.log(integrate.quad(lambda z, x=x: math.exp(log_joint(x, z)), -8, 8)[0])
        for mu, sigma in itertools.product((-1.0, 0.2, 0.8), (0.4, 0.9)):
            q = stats.norm(mu, sigma)
            ends = mu - 8 * sigma, mu + 8 * sigma
            mean = integrate.quad(lambda z, q=q, x=x: q.pdf(z) * log_joint(x, z), *ends)[0]
            kl = log_p + integrate.quad(
                lambda z, q=q, x=x: q.pdf(z) * (q.logpdf(z) - log_joint(x, z)), *ends
            )[0]
            bound = mean + q.entropy()
            assert bound < log_p
            assert log_p - bound == pytest.approx(kl, abs=1e-6)
