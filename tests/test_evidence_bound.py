"""The variational bound of states and of grids, and of an RBM, against loops, scipy and the free energy."""

import math

import pytest
import torch
from enumeration import slow_energy, states
from scipy import integrate, stats
from torch.testing import assert_close

from lecture_lib import exact, rbm


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def random_rbm(seed=0):
    return rbm.RBM(*(torch.randn(s, generator=seeded(seed), dtype=torch.float64) for s in ((3, 4), (3,), (4,))))


def test_every_part_is_its_sum_written_out():
    log_joint = torch.randn(2, 5, generator=seeded(), dtype=torch.float64)
    q = torch.rand(2, 5, generator=seeded(1), dtype=torch.float64)
    q[0, 3] = 0
    q /= q.sum(-1, keepdim=True)
    found = exact.evidence_bound(log_joint, q.log(), torch.zeros(5, dtype=torch.float64))
    for row in range(2):
        joint, weights = log_joint[row].exp().tolist(), q[row].tolist()
        evidence = math.fsum(joint)
        assert found.log_evidence[row].item() == pytest.approx(math.log(evidence))
        terms = [(w, p) for w, p in zip(weights, joint, strict=True) if w]
        assert found.mean_log_joint[row].item() == pytest.approx(sum(w * math.log(p) for w, p in terms))
        assert found.entropy[row].item() == pytest.approx(-sum(w * math.log(w) for w, p in terms))
        assert found.gap[row].item() == pytest.approx(sum(w * math.log(w * evidence / p) for w, p in terms))
    assert_close(found.bound + found.gap, found.log_evidence)
    assert (found.gap > 0).all()


def test_on_a_grid_it_is_scipys_quadrature():
    z = torch.linspace(-12, 12, 2401, dtype=torch.float64)
    log_joint = torch.from_numpy(stats.norm.logpdf(z) + stats.norm.logpdf(0.7, loc=torch.sin(2 * z), scale=0.5))
    log_q = torch.from_numpy(stats.norm.logpdf(z, loc=0.3, scale=0.6))
    found = exact.evidence_bound(log_joint, log_q, exact.log_widths(z))

    def joint(v):
        return stats.norm.pdf(v) * stats.norm.pdf(0.7, loc=math.sin(2 * v), scale=0.5)

    def q(v):
        return stats.norm.pdf(v, loc=0.3, scale=0.6)

    evidence = integrate.quad(joint, -12, 12, limit=400)[0]
    bound = integrate.quad(lambda v: q(v) * (math.log(joint(v)) - stats.norm.logpdf(v, 0.3, 0.6)), -6, 6, limit=400)[0]
    assert found.log_evidence.item() == pytest.approx(math.log(evidence), abs=1e-8)
    assert found.bound.item() == pytest.approx(bound, abs=1e-8)
    assert found.entropy.item() == pytest.approx(stats.norm(0.3, 0.6).entropy(), abs=1e-8)
    assert found.gap.item() == pytest.approx(math.log(evidence) - bound, abs=1e-8)


def test_at_the_posterior_the_gap_is_nothing_and_a_sharp_q_pays_no_entropy():
    log_joint = torch.randn(6, generator=seeded(), dtype=torch.float64)
    zero = torch.zeros(6, dtype=torch.float64)
    assert exact.evidence_bound(log_joint, log_joint.log_softmax(-1), zero).gap.item() == pytest.approx(0, abs=1e-14)
    sharp = torch.full((6,), -torch.inf, dtype=torch.float64)
    sharp[2] = 0
    found = exact.evidence_bound(log_joint, sharp, zero)
    assert found.entropy == 0
    assert found.bound == log_joint[2]


@pytest.mark.parametrize(("arguments", "error", "message"), [
    ((torch.zeros(3), torch.zeros(3), torch.zeros(3)), ValueError, "sum to 1"),
    ((torch.zeros(3), torch.full((3,), math.nan), torch.zeros(3)), ValueError, "sum to 1"),
    ((torch.zeros(4), torch.zeros(3), torch.zeros(3)), ValueError, r"\(4,\), \(3,\) and \(3,\)"),
    ((torch.zeros(3), torch.zeros(3), torch.zeros(1, 3)), ValueError, r"\(1, 3\)"),
    (([0.0], torch.zeros(1), torch.zeros(1)), TypeError, "log_joint must be a tensor of floats, got list"),
])
def test_what_is_no_bound_is_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        exact.evidence_bound(*arguments)


def test_a_step_of_ascent_is_autograds_and_many_of_them_find_a_gaussian_posterior():
    z = torch.linspace(-12, 12, 2401, dtype=torch.float64)
    log_joint = torch.distributions.Normal(0.8, 0.5).log_prob(z) - 3
    start = torch.tensor([[-0.5, 0.3], [1.0, -1.0]], dtype=torch.float64)

    def bound(mu, log_var):
        log_q = torch.distributions.Normal(mu[:, None], (log_var / 2).exp()[:, None]).log_prob(z)
        return exact.evidence_bound(log_joint.expand(2, -1), log_q, exact.log_widths(z)).bound

    mu, log_var = (t.clone().requires_grad_() for t in start.T)
    slopes = torch.autograd.grad(bound(mu, log_var).sum(), (mu, log_var))
    found = exact.gaussian_ascent(log_joint.expand(2, -1), z, *start.T, rate=0.03, n_steps=1)
    for before, slope, after in zip(start.T, slopes, found, strict=True):
        assert_close(after, before + 0.03 * slope, atol=1e-9, rtol=0)
    mu, log_var = exact.gaussian_ascent(log_joint.expand(2, -1), z, *start.T, rate=0.1, n_steps=300)
    assert mu.tolist() == pytest.approx([0.8, 0.8], abs=1e-6)
    assert log_var.tolist() == pytest.approx([2 * math.log(0.5)] * 2, abs=1e-6)
    assert bound(mu, log_var).tolist() == pytest.approx([-3, -3], abs=1e-6)


def test_starting_points_that_do_not_fit_are_refused():
    z = torch.linspace(-3, 3, 7)
    with pytest.raises(ValueError, match=r"got \(2, 7\), \(1,\) and \(2,\)"):
        exact.gaussian_ascent(torch.zeros(2, 7), z, torch.zeros(1), torch.zeros(2), rate=0.1, n_steps=1)


@pytest.mark.parametrize("seed", range(3))
def test_the_bound_of_an_rbm_is_its_sum_over_hidden_states(seed):
    machine = random_rbm(seed)
    x = exact.binary_states(4)
    q = torch.rand(16, 3, generator=seeded(seed), dtype=torch.float64)
    found = rbm.variational_bound(machine, x, q)
    for row, (x_row, q_row) in enumerate(zip(states(4), q.tolist(), strict=True)):
        total = 0.0
        for h in states(3):
            weight = math.prod(p if on else 1 - p for p, on in zip(q_row, h, strict=True))
            total += weight * (-slow_energy(machine, x_row, h) - math.log(weight))
        assert found[row].item() == pytest.approx(total, abs=1e-10)
    assert (found <= -rbm.free_energy(machine, x) + 1e-12).all()


def test_the_bound_of_an_rbm_closes_at_the_posterior_and_is_flat_there():
    machine, x = random_rbm(), exact.binary_states(4)
    q = rbm.prob_h_given_x(machine, x).requires_grad_()
    bound = rbm.variational_bound(machine, x, q)
    assert_close(bound, -rbm.free_energy(machine, x), atol=1e-12, rtol=0)
    (slope,) = torch.autograd.grad(bound.sum(), q)
    assert slope.abs().max() < 1e-12


def test_certain_hidden_units_have_their_energy_and_no_entropy():
    machine, h = random_rbm(), exact.binary_states(3)
    x = torch.tensor([[1.0, 0, 1, 1]], dtype=torch.float64).expand(8, -1)
    assert_close(rbm.variational_bound(machine, x, h), -rbm.energy(machine, x, h))


@pytest.mark.parametrize(("q", "error", "message"), [
    (torch.full((2, 3), 1.5, dtype=torch.float64), ValueError, "q must be in"),
    (torch.full((2, 3), math.nan, dtype=torch.float64), ValueError, "q must be in"),
    (torch.full((1, 3), 0.5, dtype=torch.float64), ValueError, r"q must be \(2, 3\), got \(1, 3\)"),
    (torch.full((2, 3), 0.5), TypeError, "q must have dtype"),
    (0.5, TypeError, "q must be a torch.Tensor"),
])
def test_probabilities_that_are_none_are_refused(q, error, message):
    with pytest.raises(error, match=message):
        rbm.variational_bound(random_rbm(), exact.binary_states(4)[:2], q)
