"""The equations of book/rbm/practice, against sums over all states, quadrature and torch.distributions."""

import itertools
import math

import pytest
import torch
from enumeration import slow_joint, slow_marginal, states
from scipy import integrate

from lecture_lib import gaussian_rbm, rbm

KNOWN = (True, False, True, False)


@pytest.fixture(params=range(3))
def gaussian(request):
    """A Gaussian RBM with 2 visible and 3 hidden units, all parameters of order one."""
    generator = torch.Generator().manual_seed(request.param)

    def draw(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    return gaussian_rbm.GaussianRBM(draw(3, 2), draw(3), draw(2), 0.5 * draw(2))


def written_out(params, x, h):
    """E(x, h) of the definition, every sum a loop."""
    W, b, c, log_var = (t.tolist() for t in params)
    energy = 0.0
    for i in range(len(c)):
        variance = math.exp(log_var[i])
        energy += (x[i] - c[i]) ** 2 / (2 * variance)
        for j in range(len(b)):
            energy -= h[j] * W[j][i] * x[i] / variance
    return energy - sum(b_j * h_j for b_j, h_j in zip(b, h, strict=True))


def rows(values):
    return torch.tensor([values], dtype=torch.float64)


def points():
    return itertools.product((-1.3, 0.2, 2.1), repeat=2)


@pytest.mark.equation(
    "eq-clamped-invariant",
    r"p(x_U \mid x_K) = \sum_{x'_U} p(x'_U \mid x_K) \sum_{h} p(h \mid x'_U, x_K) \, p(x_U \mid h)",
    kind="identity",
)
def test_a_clamped_gibbs_step_leaves_the_conditional_distribution_as_it_is(machine):
    joint, marginal = slow_joint(machine), slow_marginal(machine)
    known = torch.tensor(KNOWN)
    hidden_alone = {h: sum(joint[x, h] for x in states(4)) for h in states(3)}
    for x_K in states(2):
        all_x = [(x_K[0], u, x_K[1], v) for u, v in states(2)]
        total = sum(marginal[x] for x in all_x)
        after = dict.fromkeys(all_x, 0.0)
        for before in all_x:
            for h in states(3):
                up = marginal[before] / total * joint[before, h] / marginal[before]
                for x in all_x:  # p(x_U | h): sum out the known pixels of p(x | h)
                    same_U = [y for y in states(4) if (y[1], y[3]) == (x[1], x[3])]
                    after[x] += up * sum(joint[y, h] for y in same_U) / hidden_alone[h]
        for x in all_x:
            assert after[x] == pytest.approx(marginal[x] / total, rel=1e-9)
        # the package's step, from the conditional: still the conditional, within five standard errors
        n = 20_000
        generator = torch.Generator().manual_seed(0)
        p = torch.tensor([marginal[x] / total for x in all_x])
        start = torch.tensor(all_x, dtype=torch.float64)[torch.multinomial(p, n, replacement=True, generator=generator)]
        x = rbm.clamped_gibbs_step(machine, start, known, generator=generator)
        assert (x[:, known] == start[:, known]).all()
        for row, p_row in zip(all_x, p.tolist(), strict=True):
            frequency = (x == rows(row)).all(-1).double().mean().item()
            assert abs(frequency - p_row) < 5 * math.sqrt(p_row * (1 - p_row) / n) + 1e-9


@pytest.mark.equation(
    "eq-gaussian-rbm-energy",
    r"E(x, h) = \sum_{i=1}^{D} \frac{(x_i - c_i)^2}{2 \sigma_i^2} - \sum_{i=1}^{D} \frac{(h^\top W)_i \, x_i}{\sigma_i^2} - b^\top h",
    kind="definition",
)
def test_the_energy_of_the_package_is_the_one_defined(gaussian):
    for x in points():
        for h in states(3):
            came = gaussian_rbm.energy(gaussian, rows(x), rows(h).double()).item()
            assert came == pytest.approx(written_out(gaussian, x, h), rel=1e-12)


@pytest.mark.equation(
    "eq-gaussian-rbm-hidden",
    r"p(h_j = 1 \mid x) = \operatorname{sigm}\Big( b_j + \sum_{i=1}^{D} \frac{W_{ji} \, x_i}{\sigma_i^2} \Big)",
    kind="identity",
)
def test_the_hidden_units_of_a_gaussian_rbm_are_logistic_in_their_input(gaussian):
    for x in points():
        weights = {h: math.exp(-written_out(gaussian, x, h)) for h in states(3)}
        on = [sum(w for h, w in weights.items() if h[j]) / sum(weights.values()) for j in range(3)]
        assert gaussian_rbm.prob_h_given_x(gaussian, rows(x))[0].tolist() == pytest.approx(on, rel=1e-10)


@pytest.mark.equation(
    "eq-gaussian-rbm-square",
    r"E(x, h) = \sum_{i=1}^{D} \frac{(x_i - m_i)^2}{2 \sigma_i^2} - \sum_{i=1}^{D} \frac{m_i^2 - c_i^2}{2 \sigma_i^2} - b^\top h",
    kind="identity",
)
def test_completing_the_square_changes_nothing(gaussian):
    W, b, c, log_var = gaussian
    variance = log_var.exp()
    for x in points():
        for h in states(3):
            m = gaussian_rbm.mean_x_given_h(gaussian, rows(h))[0]
            square = ((rows(x)[0] - m) ** 2 / (2 * variance)).sum() - ((m**2 - c**2) / (2 * variance)).sum()
            energy = square - rows(h)[0] @ b
            assert energy.item() == pytest.approx(written_out(gaussian, x, h), rel=1e-10)


@pytest.mark.equation(
    "eq-gaussian-rbm-visible",
    r"p(x \mid h) = \prod_{i=1}^{D} \mathcal{N}\big(x_i;\; c_i + (W^\top h)_i,\; \sigma_i^2\big)",
    kind="identity",
)
def test_the_visible_units_given_h_are_gaussians_with_the_package_mean(gaussian):
    sigma = (gaussian.log_var / 2).exp()
    for h in states(3):
        mean = gaussian_rbm.mean_x_given_h(gaussian, rows(h))[0]
        span = [(m - 9 * s, m + 9 * s) for m, s in zip(mean.tolist(), sigma.tolist(), strict=True)]
        Z_h, _ = integrate.dblquad(lambda y, x, h=h: math.exp(-written_out(gaussian, (x, y), h)), *span[0], *span[1])
        for x in points():
            density = torch.distributions.Normal(mean, sigma).log_prob(rows(x)[0]).sum().item()
            assert density == pytest.approx(-written_out(gaussian, x, h) - math.log(Z_h), abs=1e-6)


@pytest.mark.equation(
    "eq-gaussian-rbm-free-energy",
    r"F(x) = \sum_{i=1}^{D} \frac{(x_i - c_i)^2}{2 \sigma_i^2} - \sum_{j=1}^{H} \operatorname{softplus}\Big( b_j + \sum_{i=1}^{D} \frac{W_{ji} \, x_i}{\sigma_i^2} \Big)",
    kind="identity",
)
def test_the_free_energy_of_a_gaussian_rbm_is_its_energy_with_h_summed_out(gaussian):
    for x in points():
        summed = -math.log(math.fsum(math.exp(-written_out(gaussian, x, h)) for h in states(3)))
        assert gaussian_rbm.free_energy(gaussian, rows(x)).item() == pytest.approx(summed, abs=1e-10)


def shares(params):
    """p(h) of every h: the energy of the definition, integrated over x numerically."""
    sigma = (params.log_var / 2).exp().tolist()
    weights = []
    for h in states(3):
        centre = [c + sum(h[j] * params.W[j, i].item() for j in range(3)) for i, c in enumerate(params.c.tolist())]
        span = [(m - 9 * s, m + 9 * s) for m, s in zip(centre, sigma, strict=True)]
        weights.append(integrate.dblquad(lambda y, x, h=h: math.exp(-written_out(params, (x, y), h)), *span[0], *span[1])[0])
    return torch.tensor(weights, dtype=torch.float64) / sum(weights)


@pytest.mark.equation(
    "eq-gaussian-rbm-mixture",
    r"p(x) = \sum_{h \in \{0,1\}^H} p(h) \prod_{i=1}^{D} \mathcal{N}\big(x_i;\; m_i, \sigma_i^2\big)",
    kind="identity",
)
def test_a_gaussian_rbm_is_a_mixture_of_as_many_gaussians_as_hidden_states(gaussian):
    m = gaussian_rbm.mean_x_given_h(gaussian, torch.tensor(states(3), dtype=torch.float64))
    mixture = torch.distributions.MixtureSameFamily(
        torch.distributions.Categorical(shares(gaussian)),
        torch.distributions.Independent(torch.distributions.Normal(m, (gaussian.log_var / 2).exp()), 1),
    )
    log_Z = gaussian_rbm.log_partition(gaussian)
    for x in points():
        log_p = -gaussian_rbm.free_energy(gaussian, rows(x)) - log_Z
        assert log_p.item() == pytest.approx(mixture.log_prob(rows(x)).item(), abs=1e-6)


@pytest.mark.equation(
    "eq-gaussian-rbm-shares",
    r"p(h) \propto \exp\Big( b^\top h + \sum_{i=1}^{D} \frac{m_i^2 - c_i^2}{2 \sigma_i^2} \Big)",
    kind="identity",
)
def test_the_share_of_each_gaussian_is_the_energy_with_x_integrated_out(gaussian):
    _, b, c, log_var = gaussian
    h = torch.tensor(states(3), dtype=torch.float64)
    m = gaussian_rbm.mean_x_given_h(gaussian, h)
    written = (h @ b + ((m**2 - c**2) / (2 * log_var.exp())).sum(-1)).softmax(0)
    assert written.tolist() == pytest.approx(shares(gaussian).tolist(), abs=1e-6)


@pytest.mark.equation(
    "eq-free-energy-gap",
    r"\overline{F}_{\text{held out}} - \overline{F}_{\text{train}} = \overline{\log p}_{\text{train}} - \overline{\log p}_{\text{held out}}",
    kind="identity",
)
def test_the_free_energy_gap_is_the_gap_of_the_log_likelihoods_without_z(machine):
    marginal = slow_marginal(machine)
    held_out, train = states(4)[:5], states(4)[9:]

    def mean_F(images):
        return rbm.free_energy(machine, torch.tensor(images, dtype=torch.float64)).mean().item()

    def mean_log_p(images):
        return math.fsum(math.log(marginal[x]) for x in images) / len(images)

    gap = mean_F(held_out) - mean_F(train)
    assert gap == pytest.approx(mean_log_p(train) - mean_log_p(held_out), abs=1e-9)
