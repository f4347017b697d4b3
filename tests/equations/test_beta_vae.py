"""The equations of book/vae/beta_vae, against quadrature, numerical optimisers and loops."""

import itertools
import math

import numpy as np
import pytest
import scipy.optimize
import scipy.stats
import torch

from lecture_lib import vae
from lecture_lib.disentanglement import (
    entropy,
    factor_differences,
    mean_interval,
    mutual_information,
    mutual_information_gap,
    unit_rates,
)
from lecture_lib.distributions import gaussian_log_prob, kl_gaussian

GRID = torch.linspace(-24, 24, 6001, dtype=torch.float64)
STEP = (GRID[1] - GRID[0]).item()
FACTORS = torch.tensor(list(itertools.product(range(3), range(4), range(2))))


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def small():
    """A VAE with one latent unit and six pixels whose integrals are done on a grid."""
    model = vae.init(6, 5, 1, generator=rng()).double()
    with torch.no_grad():
        for n, parameter in enumerate(model.parameters()):
            parameter += 0.7 * torch.randn(parameter.shape, generator=rng(n), dtype=torch.float64)
    return model.requires_grad_(False)


@pytest.fixture(scope="module")
def parts(small):
    """For four images: log p(x|z), log p(z) and log q(z|x) on the grid, and log p(x), by quadrature."""
    x = (torch.rand(4, 6, generator=rng(9)) < 0.5).double()
    mu, log_var = small.encoder(x)
    prior = torch.distributions.Normal(0.0, 1.0).log_prob(GRID)
    q = torch.distributions.Normal(mu, (log_var / 2).exp()).log_prob(GRID)
    coins = torch.distributions.Bernoulli(logits=small.decoder(GRID[:, None]))
    likelihood = torch.stack([coins.log_prob(image).sum(-1) for image in x])
    evidence = (likelihood + prior).exp().sum(-1).mul(STEP).log()
    return x, likelihood, prior, q, evidence


def integral(log_q, f):
    """E_q[f], on the grid."""
    return (log_q.exp() * f).sum(-1) * STEP


def terms(parts):
    """Reconstruction and KL of the four images by quadrature."""
    _, likelihood, prior, q, _ = parts
    return integral(q, likelihood), integral(q, q - prior)


def package_terms(small, x, n_samples=20_000):
    return vae.elbo_terms(small, x, generator=rng(3), n_samples=n_samples)


# One number x of variance lam, x = a z + noise of variance s2; q(z|x) = N(w x, v).
LAM, NOISE = 2.0, 0.1


def linear(a, w, v, lam=LAM, noise=NOISE):
    """Rate and distortion of the linear model over x ~ N(0, lam), from the package at +-sqrt(lam)."""
    model = vae.LinearGaussian(
        torch.tensor([[a]], dtype=torch.float64), torch.zeros(1, dtype=torch.float64),
        torch.tensor([math.log(noise)], dtype=torch.float64),
    )  # both terms are quadratic in x: two points of the right variance give the mean
    x = torch.tensor([[-1.0], [1.0]], dtype=torch.float64) * math.sqrt(lam)
    mu, log_var = w * x, torch.full_like(x, math.log(v))
    rate = kl_gaussian(mu, log_var).mean().item()
    return rate, -(model.elbo(x, mu, log_var).mean().item() + rate)


def best(weight, lam=LAM, noise=NOISE):
    """The a, w, v that minimise D + weight R, found numerically: their rate and distortion."""
    def loss(p):
        rate, distortion = linear(p[0], p[1], math.exp(p[2]), lam, noise)
        return distortion + weight * rate

    starts = ([1.0, 0.5, -1.0], [0.3, 0.2, 0.0])
    found = min((scipy.optimize.minimize(loss, s, method="BFGS") for s in starts), key=lambda r: r.fun)
    return linear(found.x[0], found.x[1], math.exp(found.x[2]), lam, noise), math.exp(found.x[2])


def best_within(delta):
    """The least distortion with a rate of at most delta, found by a solver for constraints."""
    found = scipy.optimize.minimize(
        lambda p: linear(p[0], p[1], math.exp(p[2]))[1], [1.0, 0.3, -0.5], method="SLSQP",
        constraints={"type": "ineq", "fun": lambda p: delta - linear(p[0], p[1], math.exp(p[2]))[0]},
        options={"ftol": 1e-12, "maxiter": 500},
    )
    return found.fun


@pytest.mark.equation(
    "eq-beta-constrained",
    r"\max_{\theta, \phi} \; \mathbb{E}_{x} \, \mathbb{E}_{q_\phi}\left[ \log p_\theta(x \mid z) \right] \quad \text{subject to} \quad \mathbb{E}_{x} \, D_{\mathrm{KL}}\left( q_\phi(z \mid x) \,\|\, p(z) \right) \le \delta",
    kind="definition",
)
def test_the_constrained_optimum_is_the_one_of_the_weighted_objective():
    for beta in (1.5, 4.0):
        (rate, distortion), _ = best(beta)
        assert best_within(rate) == pytest.approx(distortion, abs=1e-4)


@pytest.mark.equation(
    "eq-beta-lagrangian",
    r"\mathcal{F}(\theta, \phi, \beta) = \mathbb{E}_{x} \, \mathbb{E}_{q_\phi}\left[ \log p_\theta(x \mid z) \right] - \beta \left( \mathbb{E}_{x} \, D_{\mathrm{KL}}\left( q_\phi(z \mid x) \,\|\, p(z) \right) - \delta \right)",
    kind="definition",
)
def test_the_least_value_over_beta_is_the_reconstruction_where_the_constraint_holds():
    for delta in (0.5, 3.0):
        rate, distortion = linear(1.2, 0.6, 0.05)
        values = [-distortion - beta * (rate - delta) for beta in np.linspace(0, 1e6, 11)]
        if rate <= delta:
            assert min(values) == -distortion
        else:
            assert min(values) < -1e5  # no bottom: breaking the constraint never pays


@pytest.mark.equation(
    "eq-beta-expanded",
    r"\mathcal{F}(\theta, \phi, \beta) = \mathbb{E}_{x} \left[ \mathbb{E}_{q_\phi}\left[ \log p_\theta(x \mid z) \right] - \beta \, D_{\mathrm{KL}}\left( q_\phi(z \mid x) \,\|\, p(z) \right) \right] + \beta \delta",
    kind="identity",
)
def test_delta_adds_a_constant_that_no_parameter_feels(parts):
    reconstruction, kl = terms(parts)
    for beta, delta in ((1.0, 0.3), (4.0, 2.0)):
        lagrangian = reconstruction.mean() - beta * (kl.mean() - delta)
        expanded = (reconstruction - beta * kl).mean() + beta * delta
        assert lagrangian.item() == pytest.approx(expanded.item(), rel=1e-12)
    (rate, distortion), _ = best(3.0)
    nearby = [linear(*p) for p in ((1.0, 0.4, 0.2), (1.3, 0.6, 0.1), (1.1, 0.7, 0.3))]
    for delta in (0.0, 1.0):  # the same place is best whatever delta is
        assert all(-D - 3 * (R - delta) < -distortion - 3 * (rate - delta) for R, D in nearby)


@pytest.mark.equation(
    "eq-beta-objective",
    r"\mathcal{L}_\beta(x; \theta, \phi) = \mathbb{E}_{q_\phi}\left[ \log p_\theta(x \mid z) \right] - \beta \, D_{\mathrm{KL}}\left( q_\phi(z \mid x) \,\|\, p(z) \right)",
    kind="identity",
)
def test_the_packages_objective_is_the_quadratures_on_average(small, parts):
    reconstruction, kl = terms(parts)
    x = parts[0]
    many = x.repeat_interleave(20_000, 0)
    for beta in (0.5, 1.0, 4.0):
        values = vae.beta_objective(small, many, beta, generator=rng(5)).view(4, -1)
        error = values.std(1) / math.sqrt(values.shape[1])
        assert ((values.mean(1) - (reconstruction - beta * kl)).abs() < 4.5 * error + 1e-6).all()


@pytest.mark.equation(
    "eq-beta-elbo",
    r"\mathcal{L}_\beta(x; \theta, \phi) = \mathcal{L}(x; \theta, \phi) - (\beta - 1) \, D_{\mathrm{KL}}\left( q_\phi(z \mid x) \,\|\, p(z) \right)",
    kind="identity",
)
def test_the_objective_is_the_elbo_less_the_surcharge(small, parts):
    x = parts[0]
    _, kl = terms(parts)
    for beta in (0.5, 1.0, 4.0):  # the same generator, hence the same draws
        objective = vae.beta_objective(small, x, beta, generator=rng(1))
        elbo = vae.elbo(small, x, generator=rng(1))
        assert (objective - elbo).tolist() == pytest.approx((-(beta - 1) * kl).tolist(), abs=1e-6)


@pytest.mark.equation(
    "eq-beta-gap",
    r"\begin{aligned} \log p_\theta(x) - \mathcal{L}_\beta(x; \theta, \phi) = {} & D_{\mathrm{KL}}\left( q_\phi(z \mid x) \,\|\, p_\theta(z \mid x) \right) \\ & + (\beta - 1) \, D_{\mathrm{KL}}\left( q_\phi(z \mid x) \,\|\, p(z) \right) \end{aligned}",
    kind="identity",
)
def test_the_gap_is_two_divergences(parts):
    _, likelihood, prior, q, evidence = parts
    reconstruction, kl = terms(parts)
    posterior = likelihood + prior - evidence[:, None]
    to_posterior = integral(q, q - posterior)
    for beta in (0.5, 1.0, 4.0):
        gap = evidence - (reconstruction - beta * kl)
        assert gap.tolist() == pytest.approx((to_posterior + (beta - 1) * kl).tolist(), abs=1e-9)


@pytest.mark.equation(
    "eq-beta-bound",
    r"\mathcal{L}_\beta(x; \theta, \phi) \le \mathcal{L}(x; \theta, \phi) \le \log p_\theta(x) \quad \text{for } \beta \ge 1",
    kind="bound",
)
def test_a_weight_of_one_or_more_gives_a_bound_and_a_smaller_one_need_not(small, parts):
    evidence = parts[-1]
    reconstruction, kl = package_terms(small, parts[0])
    for beta in (1.0, 1.5, 4.0, 50.0):
        assert (reconstruction - beta * kl <= reconstruction - kl).all()
        assert (reconstruction - kl <= evidence + 0.01).all()
    # of a linear model with its exact posterior: above log p(x) for every beta < 1
    (a, w, v) = (1.0, 1 / 1.1, 0.1 / 1.1)  # a^2 + noise = 1.1
    rate, distortion = linear(a, w, v, lam=1.1)
    log_p = -0.5 * (math.log(2 * math.pi * 1.1) + 1)
    assert -distortion - rate == pytest.approx(log_p)
    assert -distortion - 0.5 * rate > log_p + 0.4


@pytest.mark.equation(
    "eq-beta-rate-distortion",
    r"R = \mathbb{E}_{x} \, D_{\mathrm{KL}}\left( q_\phi(z \mid x) \,\|\, p(z) \right), \qquad \mathcal{D} = -\mathbb{E}_{x} \, \mathbb{E}_{q_\phi}\left[ \log p_\theta(x \mid z) \right]",
    kind="identity",
)
def test_the_rate_is_the_sum_of_the_units_and_the_distortion_what_the_package_estimates(small, parts):
    x = parts[0]
    reconstruction, kl = terms(parts)
    mu, log_var = small.encoder(x)
    assert unit_rates(mu, log_var).sum().item() == pytest.approx(kl.mean().item(), abs=1e-6)
    estimates = vae.elbo_terms(small, x.repeat(5000, 1), generator=rng(4)).reconstruction.view(5000, 4).mean(1)
    assert abs(estimates.mean() - reconstruction.mean()) < 4.5 * estimates.std() / math.sqrt(5000)


@pytest.mark.equation(
    "eq-beta-trade",
    r"\mathbb{E}_{x} \, \mathcal{L}_\beta(x; \theta, \phi) = -(\mathcal{D} + \beta R)",
    kind="identity",
)
def test_the_objective_is_minus_distortion_minus_beta_times_rate(small, parts):
    x = parts[0]
    reconstruction, kl = terms(parts)
    n = 20_000
    found = vae.beta_objective(small, x.repeat(n, 1), 3.0, generator=rng(2)).view(n, 4).mean(1)
    expected = reconstruction.mean() - 3 * kl.mean()
    assert abs(found.mean() - expected) < 4.5 * found.std() / math.sqrt(n)


@pytest.mark.equation(
    "eq-beta-floor",
    r"\mathcal{D} + R \ge \mathbb{E}_{x}\left[ -\log p_\theta(x) \right] \ge \log N",
    kind="bound",
)
def test_rate_and_distortion_together_are_at_least_the_entropy_of_the_images(small):
    states = torch.tensor(list(itertools.product((0.0, 1.0), repeat=6)), dtype=torch.float64)
    x = states[torch.randperm(64, generator=rng(0))[:20]]  # N = 20 images that differ
    reconstruction, kl = package_terms(small, x, 4000)
    prior = torch.distributions.Normal(0.0, 1.0).log_prob(GRID)
    coins = torch.distributions.Bernoulli(logits=small.decoder(GRID[:, None]))
    nll = -torch.stack([
        (coins.log_prob(image).sum(-1) + prior).exp().sum().mul(STEP).log() for image in x
    ])
    assert (kl - reconstruction).mean() >= nll.mean() - 0.01
    assert nll.mean() >= math.log(20)


@pytest.mark.equation(
    "eq-beta-slope", r"\frac{d \mathcal{D}^*(R)}{d R} = -\beta", kind="identity"
)
def test_the_slope_of_the_best_distortion_is_minus_beta():
    for beta in (1.5, 3.0, 6.0):
        (rate, _), _ = best(beta)
        step = 0.02
        slope = (best_within(rate + step) - best_within(rate - step)) / (2 * step)
        assert slope == pytest.approx(-beta, rel=0.01)


@pytest.mark.equation(
    "eq-beta-tempered",
    r"q_\beta(z \mid x) = \frac{1}{Z_\beta(x)} \, p(z) \, p_\theta(x \mid z)^{1/\beta}, \qquad Z_\beta(x) = \int p(z) \, p_\theta(x \mid z)^{1/\beta} \, dz",
    kind="identity",
)
def test_the_best_q_is_the_tempered_posterior(parts):
    """Found by an optimiser over all q on a coarse grid, with no formula of the answer."""
    _, likelihood, prior, _, _ = parts
    every = slice(1875, 4126, 50)  # -9 to 9
    z_step = 50 * STEP
    for beta in (1.0, 4.0):
        log_p, log_f = prior[every], likelihood[0, every]
        a = torch.zeros_like(log_p, requires_grad=True)
        optimizer = torch.optim.LBFGS([a], max_iter=500, line_search_fn="strong_wolfe", tolerance_change=1e-14)

        def loss(a=a, log_p=log_p, log_f=log_f, beta=beta):
            q = torch.softmax(a + log_p, 0)
            value = -(q * (log_f - beta * (torch.log_softmax(a + log_p, 0) - math.log(z_step) - log_p))).sum()
            a.grad = torch.autograd.grad(value, a)[0]
            return value

        optimizer.step(loss)
        found = torch.softmax(a.detach() + log_p, 0)
        expected = torch.softmax(log_p + log_f / beta, 0)
        assert (found - expected).abs().max() < 3e-4


@pytest.mark.equation(
    "eq-beta-tempered-gap",
    r"\mathcal{L}_\beta(x; \theta, \phi) = \beta \log Z_\beta(x) - \beta \, D_{\mathrm{KL}}\left( q_\phi(z \mid x) \,\|\, q_\beta(z \mid x) \right)",
    kind="identity",
)
def test_the_objective_falls_short_of_its_best_by_beta_times_a_divergence(parts):
    _, likelihood, prior, q, _ = parts
    reconstruction, kl = terms(parts)
    for beta in (0.5, 1.0, 4.0):
        log_Z = (prior + likelihood / beta).exp().sum(-1).mul(STEP).log()
        tempered = prior + likelihood / beta - log_Z[:, None]
        short = integral(q, q - tempered)
        assert (reconstruction - beta * kl).tolist() == pytest.approx((beta * (log_Z - short)).tolist(), abs=1e-9)


@pytest.mark.equation(
    "eq-beta-water",
    r"\sigma_j^2 = \min\left( 1, \, \frac{\beta \sigma^2}{\lambda_j} \right), \qquad R_j = \frac{1}{2} \max\left( 0, \, \log \frac{\lambda_j}{\beta \sigma^2} \right)",
    kind="identity",
)
def test_beta_raises_the_water_in_a_linear_vae():
    for beta, lam in ((1.0, 2.0), (4.0, 2.0), (8.0, 2.0), (25.0, 2.0), (4.0, 0.3)):
        (rate, _), variance = best(beta, lam)
        assert variance == pytest.approx(min(1, beta * NOISE / lam), abs=2e-3)
        assert rate == pytest.approx(0.5 * max(0, math.log(lam / (beta * NOISE))), abs=2e-3)


@pytest.mark.equation(
    "eq-beta-averages",
    r"\begin{aligned} & \frac{1}{D} \log p_\theta(x \mid z) - \frac{\beta'}{K} \sum_{j=1}^{K} D_{\mathrm{KL}}\left( q_\phi(z_j \mid x) \,\|\, p(z_j) \right) \\ & \quad = \frac{1}{D} \left( \log p_\theta(x \mid z) - \beta' \frac{D}{K} \, D_{\mathrm{KL}}\left( q_\phi(z \mid x) \,\|\, p(z) \right) \right) \end{aligned}",
    kind="identity",
)
def test_averages_over_pixels_and_units_hide_a_factor_of_pixels_over_units():
    x = (torch.rand(5, 12, generator=rng(1)) < 0.5).double()
    logits = torch.randn(5, 12, generator=rng(2), dtype=torch.float64)
    mu, log_var = torch.randn(2, 5, 3, generator=rng(3), dtype=torch.float64)
    pixels = torch.distributions.Bernoulli(logits=logits).log_prob(x)
    q = torch.distributions.Normal(mu, (log_var / 2).exp())
    units = torch.distributions.kl_divergence(q, torch.distributions.Normal(0 * mu, 1 + 0 * mu))
    averaged = pixels.mean(-1) - 0.5 * units.mean(-1)
    summed = pixels.sum(-1) - 0.5 * 12 / 3 * kl_gaussian(mu, log_var)
    assert averaged.tolist() == pytest.approx((summed / 12).tolist(), rel=1e-6)


@pytest.mark.equation(
    "eq-beta-mutual-information",
    r"I(z_j; v_m) = \sum_{b} \sum_{v} p(b, v) \log \frac{p(b, v)}{p(b) \, p(v)}",
    kind="identity",
)
def test_information_is_entropy_minus_what_is_left_of_it_given_the_bin():
    z = torch.randn(len(FACTORS) * 20, 2, generator=rng(4), dtype=torch.float64)
    factors = FACTORS.repeat(20, 1)
    z[:, 1] += factors[:, 0]
    found = mutual_information(z, factors, n_bins=6)
    for j, k in itertools.product(range(2), range(3)):
        edges = np.histogram_bin_edges(z[:, j].numpy(), 6)
        bins = np.digitize(z[:, j].numpy(), edges[1:-1])
        v = factors[:, k].numpy()
        left = sum(
            (bins == b).mean() * scipy.stats.entropy(np.bincount(v[bins == b])) for b in set(bins.tolist())
        )
        assert found[j, k].item() == pytest.approx(scipy.stats.entropy(np.bincount(v)) - left, abs=1e-10)


@pytest.mark.equation(
    "eq-beta-mig",
    r"\mathrm{MIG} = \frac{1}{M} \sum_{m=1}^{M} \frac{1}{\mathbb{H}(v_m)} \left( I(z_{j(m)}; v_m) - \max_{j \ne j(m)} I(z_j; v_m) \right)",
    kind="identity",
)
def test_the_gap_is_the_mean_lead_of_the_best_unit_over_the_next():
    z = torch.randn(len(FACTORS) * 5, 4, generator=rng(6), dtype=torch.float64)
    factors = FACTORS.repeat(5, 1)
    z[:, :3] += 2 * factors
    table, H = mutual_information(z, factors), entropy(factors)
    total = 0.0
    for k in range(3):
        column = table[:, k].tolist()
        lead = column.index(max(column))
        total += (column[lead] - max(v for j, v in enumerate(column) if j != lead)) / H[k].item()
    assert mutual_information_gap(z, factors).item() == pytest.approx(total / 3)


@pytest.mark.equation(
    "eq-beta-difference",
    r"z_{\mathrm{diff}} = \frac{1}{L} \sum_{l=1}^{L} \left| \mu(x_l) - \mu(x'_l) \right|, \qquad v_m(x_l) = v_m(x'_l)",
    kind="definition",
)
def test_the_mean_difference_is_that_over_all_pairs_that_agree_in_the_factor():
    codes = torch.randn(len(FACTORS), 2, generator=rng(7), dtype=torch.float64)
    for k in range(3):
        pairs = [
            (codes[i] - codes[n]).abs()
            for i in range(len(FACTORS)) for n in range(len(FACTORS)) if FACTORS[i, k] == FACTORS[n, k]
        ]
        found = factor_differences(codes, FACTORS, k, 500, generator=rng(k))
        error = found.std(0) / math.sqrt(500)
        assert ((found.mean(0) - torch.stack(pairs).mean(0)).abs() < 4.5 * error).all()


@pytest.mark.equation(
    "eq-beta-interval",
    r"\bar{m} \pm t_{0.975, \, n - 1} \, \frac{s}{\sqrt{n}}",
    kind="approximation",
)
def test_nineteen_of_twenty_intervals_of_five_gaussian_runs_hold_the_mean():
    values = 0.3 + 0.05 * torch.randn(20_000, 5, generator=rng(8), dtype=torch.float64)
    mean, half = mean_interval(values)
    covered = ((mean - 0.3).abs() <= half).double().mean().item()
    assert covered == pytest.approx(0.95, abs=4.5 * math.sqrt(0.95 * 0.05 / 20_000))
    skewed = 0.3 * torch.rand(20_000, 5, generator=rng(9), dtype=torch.float64) ** 2  # no Gaussian
    mean, half = mean_interval(skewed)
    assert 0.85 < ((mean - 0.1).abs() <= half).double().mean() < 0.95


@pytest.mark.equation(
    "eq-beta-rotation",
    r"p_\theta(x) = \int \mathcal{N}(z; 0, I) \, p_\theta(x \mid z) \, dz = \int \mathcal{N}(z; 0, I) \, p_\theta(x \mid Q z) \, dz",
    kind="identity",
)
def test_turning_the_codes_changes_no_probability_of_an_image():
    decoder = vae.init(4, 6, 2, generator=rng(2)).double().decoder
    with torch.no_grad():
        for parameter in decoder.parameters():
            parameter += torch.randn(parameter.shape, generator=rng(5), dtype=torch.float64)
    line = torch.linspace(-7, 7, 281, dtype=torch.float64)
    z = torch.cartesian_prod(line, line)
    weights = torch.exp(gaussian_log_prob(z, 0 * z, 0 * z)) * (line[1] - line[0]) ** 2
    x = torch.tensor(list(itertools.product((0.0, 1.0), repeat=4)), dtype=torch.float64)

    def p(Q):
        logits = decoder(z @ Q.T).detach()
        return torch.stack([
            (weights * torch.distributions.Bernoulli(logits=logits).log_prob(row).sum(-1).exp()).sum() for row in x
        ])

    straight = p(torch.eye(2, dtype=torch.float64))
    assert straight.sum().item() == pytest.approx(1, abs=1e-6)
    for degrees in (45, 130):
        c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
        turned = p(torch.tensor([[c, -s], [s, c]], dtype=torch.float64))
        assert turned.tolist() == pytest.approx(straight.tolist(), abs=2e-5)
    stretched = p(torch.diag(torch.tensor([2.0, 0.5], dtype=torch.float64)))
    assert (stretched - straight).abs().max() > 1e-3  # it is the rotation that is free
