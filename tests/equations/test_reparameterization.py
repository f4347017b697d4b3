"""The equations of book/vae/reparameterization, against quadrature, closed forms and measured moments."""

import math

import numpy as np
import pytest
import torch
from scipy import integrate, stats

from lecture_lib import distributions, gradients, vae
from lecture_lib.gradients import leave_one_out_gradient, pathwise_gradient, score_function_gradient

Z = np.linspace(-16, 16, 6401)
POINTS = [(0.5, 1.0), (-1.2, 0.4), (0.8, 1.7)]
STEP = 1e-5


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def wavy(z):
    """A smooth f with no symmetry; works on arrays and tensors."""
    sin, cos = (torch.sin, torch.cos) if isinstance(z, torch.Tensor) else (np.sin, np.cos)
    return sin(1.5 * z) + 0.3 * z**2 - cos(z + 0.4)


def wavy_slope(z):
    return 1.5 * np.cos(1.5 * z) + 0.6 * z + np.sin(z + 0.4)


def average(mu, sigma, f=wavy):
    """E[f(z)] by adaptive quadrature."""
    low, high = mu - 10 * sigma, mu + 10 * sigma
    return integrate.quad(lambda z: stats.norm.pdf(z, mu, sigma) * f(z), low, high, limit=200)[0]


def exact_gradient(mu, sigma, f=wavy):
    """dJ/dmu and dJ/dlog sigma^2 by central differences of the quadrature."""
    d_mu = (average(mu + STEP, sigma, f) - average(mu - STEP, sigma, f)) / (2 * STEP)
    up, down = sigma * math.exp(STEP / 2), sigma * math.exp(-STEP / 2)
    return d_mu, (average(mu, up, f) - average(mu, down, f)) / (2 * STEP)


def over_q(values, mu, sigma):
    return integrate.trapezoid(stats.norm.pdf(Z, mu, sigma) * values, Z)


def scores(z, mu, sigma):
    """The score by differences of scipy's log-density."""
    d_mu = (stats.norm.logpdf(z, mu + STEP, sigma) - stats.norm.logpdf(z, mu - STEP, sigma)) / (2 * STEP)
    up, down = sigma * math.exp(STEP / 2), sigma * math.exp(-STEP / 2)
    return d_mu, (stats.norm.logpdf(z, mu, up) - stats.norm.logpdf(z, mu, down)) / (2 * STEP)


def rows(value, n, K=1):
    return torch.full((n, K), float(value), dtype=torch.float64)


def estimates(estimator, mu, sigma, *, n=40_000, n_samples=1, f=None, seed=0):
    """n independent estimates of both gradients in one dimension."""
    f = f or (lambda z: wavy(z[..., 0]))
    found = estimator(f, rows(mu, n), rows(2 * math.log(sigma), n), generator=seeded(seed), n_samples=n_samples)
    return [g[:, 0] for g in found]


def right_on_average(found, exact):
    for values, expected in zip(found, exact, strict=True):
        error = values.std().item() / len(values) ** 0.5
        assert values.mean().item() == pytest.approx(expected, abs=4.5 * error + 1e-8)


def variance(values):
    """The sample variance and its standard error."""
    squares = (values - values.mean()) ** 2
    return squares.mean().item(), squares.std().item() / len(values) ** 0.5


def half_square(z):
    return (z**2).sum(-1) / 2


@pytest.mark.equation(
    "eq-reparam-objective",
    r"J(\phi) = \mathbb{E}_{z \sim q_\phi}\left[ f(z) \right] = \int q_\phi(z) \, f(z) \, dz",
    kind="definition",
)
def test_the_mean_of_f_at_draws_is_the_integral():
    for mu, sigma in POINTS:
        z = vae.reparameterize(
            rows(mu, 100_000), rows(2 * math.log(sigma), 100_000), torch.randn(100_000, 1, generator=seeded(), dtype=torch.float64))
        values = wavy(z)
        error = values.std().item() / 100_000**0.5
        assert values.mean().item() == pytest.approx(average(mu, sigma), abs=4 * error)


@pytest.mark.equation(
    "eq-reparam-under-integral",
    r"\nabla_\phi J(\phi) = \int \nabla_\phi q_\phi(z) \, f(z) \, dz",
    kind="identity",
)
def test_the_derivative_goes_under_the_integral_where_it_is_no_density():
    for mu, sigma in POINTS:
        up, down = sigma * math.exp(STEP / 2), sigma * math.exp(-STEP / 2)
        slopes = (
            (stats.norm.pdf(Z, mu + STEP, sigma) - stats.norm.pdf(Z, mu - STEP, sigma)) / (2 * STEP),
            (stats.norm.pdf(Z, mu, up) - stats.norm.pdf(Z, mu, down)) / (2 * STEP),
        )
        for slope, expected in zip(slopes, exact_gradient(mu, sigma), strict=True):
            assert integrate.trapezoid(slope * wavy(Z), Z) == pytest.approx(expected, abs=1e-6)
            assert integrate.trapezoid(slope, Z) == pytest.approx(0, abs=1e-8)
            assert slope.min() < -0.01


@pytest.mark.equation(
    "eq-reparam-log-derivative",
    r"\nabla_\phi q_\phi(z) = q_\phi(z) \, \nabla_\phi \log q_\phi(z)",
    kind="identity",
)
def test_the_derivative_of_q_is_q_times_its_score():
    z = np.linspace(-4, 4, 81)
    for mu, sigma in POINTS:
        up, down = sigma * math.exp(STEP / 2), sigma * math.exp(-STEP / 2)
        slopes = (
            (stats.norm.pdf(z, mu + STEP, sigma) - stats.norm.pdf(z, mu - STEP, sigma)) / (2 * STEP),
            (stats.norm.pdf(z, mu, up) - stats.norm.pdf(z, mu, down)) / (2 * STEP),
        )
        for slope, score in zip(slopes, scores(z, mu, sigma), strict=True):
            assert slope == pytest.approx(stats.norm.pdf(z, mu, sigma) * score, abs=1e-6)


@pytest.mark.equation(
    "eq-reparam-score",
    r"\nabla_\phi J(\phi) = \mathbb{E}_{z \sim q_\phi}\left[ f(z) \, \nabla_\phi \log q_\phi(z) \right]",
    kind="identity",
)
def test_the_mean_of_f_times_score_is_the_gradient():
    for mu, sigma in POINTS:
        for score, expected in zip(scores(Z, mu, sigma), exact_gradient(mu, sigma), strict=True):
            assert over_q(wavy(Z) * score, mu, sigma) == pytest.approx(expected, abs=1e-6)


@pytest.mark.equation(
    "eq-reparam-gaussian-score",
    r"\frac{\partial \log q}{\partial \mu_j} = \frac{z_j - \mu_j}{\sigma_j^2}, \qquad \frac{\partial \log q}{\partial \log \sigma_j^2} = \frac{1}{2} \left( \frac{(z_j - \mu_j)^2}{\sigma_j^2} - 1 \right)",
    kind="identity",
)
def test_the_gaussian_score_is_autograds_and_a_difference_quotient():
    mu, log_var, z = (torch.randn(4, 3, generator=seeded(s), dtype=torch.float64) for s in range(3))
    for k in range(3):
        for b in range(4):
            m, s, v = mu[b, k].item(), math.exp(log_var[b, k].item() / 2), z[b, k].item()
            d_mu, d_log_var = scores(v, m, s)
            assert (v - m) / s**2 == pytest.approx(d_mu, abs=1e-5)
            assert 0.5 * ((v - m) ** 2 / s**2 - 1) == pytest.approx(d_log_var, abs=1e-5)
    m, s = mu.clone().requires_grad_(), log_var.clone().requires_grad_()
    slopes = torch.autograd.grad(distributions.gaussian_log_prob(z, m, s).sum(), (m, s))
    expected = (z - mu) / log_var.exp(), 0.5 * ((z - mu) ** 2 / log_var.exp() - 1)
    for slope, value in zip(slopes, expected, strict=True):
        assert slope.flatten().tolist() == pytest.approx(value.flatten().tolist(), abs=1e-9)


@pytest.mark.equation(
    "eq-reparam-score-estimate",
    r"\hat{g}_{\text{score}} = \frac{1}{S} \sum_{s=1}^{S} f(z_s) \, \nabla_\phi \log q_\phi(z_s), \qquad z_s \sim q_\phi",
    kind="identity",
)
def test_the_packages_score_estimate_is_its_sum_and_right_on_average():
    for mu, sigma in POINTS:
        right_on_average(estimates(score_function_gradient, mu, sigma, n_samples=2), exact_gradient(mu, sigma))
    mu, sigma = POINTS[1]
    eps = torch.randn(3, 1, 1, generator=seeded(4), dtype=torch.float64)[:, 0, 0].tolist()
    total = [0.0, 0.0]
    for e in eps:
        z = mu + sigma * e
        for index, score in enumerate(scores(z, mu, sigma)):
            total[index] += wavy(np.float64(z)) * score / 3
    found = estimates(score_function_gradient, mu, sigma, n=1, n_samples=3, seed=4)
    assert [g.item() for g in found] == pytest.approx(total, abs=1e-5)


@pytest.mark.equation(
    "eq-reparam-transform",
    r"z = \mu + \sigma \odot \varepsilon, \quad \varepsilon \sim \mathcal{N}(0, I) \qquad \Longrightarrow \qquad z \sim \mathcal{N}(\mu, \operatorname{diag} \sigma^2)",
    kind="identity",
)
def test_transformed_noise_has_the_distribution_of_the_draw():
    mu, log_var = torch.tensor([[0.7, -1.0]]).double(), torch.tensor([[0.8, -1.4]]).double()
    n = 20_000
    eps = torch.randn(n, 2, generator=seeded(), dtype=torch.float64)
    z = vae.reparameterize(mu.expand(n, -1), log_var.expand(n, -1), eps)
    for k in range(2):
        gaussian = stats.norm(mu[0, k].item(), math.exp(log_var[0, k].item() / 2))
        assert stats.kstest(z[:, k].numpy(), gaussian.cdf).pvalue > 0.01
    assert abs(np.corrcoef(z.T.numpy())[0, 1]) < 4 / n**0.5
    quantiles = np.linspace(0.01, 0.99, 99)  # the change of variable itself: quantile goes to quantile
    for mean, sd in POINTS:
        noise = torch.from_numpy(stats.norm.ppf(quantiles))[:, None]
        moved = vae.reparameterize(torch.full_like(noise, mean), torch.full_like(noise, 2 * math.log(sd)), noise)
        assert moved[:, 0].tolist() == pytest.approx(stats.norm.ppf(quantiles, mean, sd).tolist(), abs=1e-9)


@pytest.mark.equation(
    "eq-reparam-expectation",
    r"\mathbb{E}_{z \sim q_\phi}\left[ f(z) \right] = \mathbb{E}_{\varepsilon \sim \mathcal{N}(0, I)}\left[ f(\mu + \sigma \odot \varepsilon) \right]",
    kind="identity",
)
def test_the_average_over_codes_is_an_average_over_noise():
    for mu, sigma in POINTS:
        assert over_q(wavy(mu + sigma * Z), 0.0, 1.0) == pytest.approx(average(mu, sigma), abs=1e-8)


@pytest.mark.equation(
    "eq-reparam-pathwise",
    r"\nabla_\phi J(\phi) = \mathbb{E}_{\varepsilon \sim \mathcal{N}(0, I)}\left[ \nabla_\phi f(\mu + \sigma \odot \varepsilon) \right]",
    kind="identity",
)
def test_the_gradient_goes_inside_the_average_over_noise():
    for mu, sigma in POINTS:
        up, down = sigma * math.exp(STEP / 2), sigma * math.exp(-STEP / 2)
        inside = (
            (wavy(mu + STEP + sigma * Z) - wavy(mu - STEP + sigma * Z)) / (2 * STEP),
            (wavy(mu + up * Z) - wavy(mu + down * Z)) / (2 * STEP),
        )
        for slope, expected in zip(inside, exact_gradient(mu, sigma), strict=True):
            assert over_q(slope, 0.0, 1.0) == pytest.approx(expected, abs=1e-6)


@pytest.mark.equation(
    "eq-reparam-chain",
    r"\frac{\partial f}{\partial \mu_j} = \frac{\partial f}{\partial z_j}, \qquad \frac{\partial f}{\partial \log \sigma_j^2} = \frac{1}{2} \, \sigma_j \varepsilon_j \, \frac{\partial f}{\partial z_j}",
    kind="identity",
)
def test_the_chain_rule_through_the_draw():
    eps = torch.randn(1, 1, 1, generator=seeded(2), dtype=torch.float64)
    e = eps.item()
    for mu, sigma in POINTS:
        slope = wavy_slope(mu + sigma * e)
        found = estimates(pathwise_gradient, mu, sigma, n=1, seed=2)
        assert [g.item() for g in found] == pytest.approx([slope, 0.5 * sigma * e * slope], abs=1e-9)
    z = torch.randn(5, 3, generator=seeded(3), dtype=torch.float64)  # and in several dimensions, by differences
    mu, log_var = z[0:1], z[1:2]
    noise = z[2:3]
    def f(mu, log_var):
        return (vae.reparameterize(mu, log_var, noise).prod(-1) + vae.reparameterize(mu, log_var, noise).sin().sum(-1)).item()
    point = vae.reparameterize(mu, log_var, noise)[0]
    for k in range(3):
        shift = torch.zeros(1, 3, dtype=torch.float64)
        shift[0, k] = STEP
        others = math.prod(point[j].item() for j in range(3) if j != k)
        slope = others + math.cos(point[k].item())
        assert (f(mu + shift, log_var) - f(mu - shift, log_var)) / (2 * STEP) == pytest.approx(slope, abs=1e-7)
        half = 0.5 * math.exp(log_var[0, k].item() / 2) * noise[0, k].item()
        assert (f(mu, log_var + shift) - f(mu, log_var - shift)) / (2 * STEP) == pytest.approx(half * slope, abs=1e-7)


@pytest.mark.equation(
    "eq-reparam-pathwise-estimate",
    r"\hat{g}_{\text{path}} = \frac{1}{S} \sum_{s=1}^{S} \nabla_\phi f(\mu + \sigma \odot \varepsilon_s), \qquad \varepsilon_s \sim \mathcal{N}(0, I)",
    kind="identity",
)
def test_the_packages_pathwise_estimate_is_its_sum_and_right_on_average():
    for mu, sigma in POINTS:
        right_on_average(estimates(pathwise_gradient, mu, sigma, n_samples=2), exact_gradient(mu, sigma))
    mu, sigma = POINTS[2]
    eps = torch.randn(3, 1, 1, generator=seeded(4), dtype=torch.float64)[:, 0, 0].tolist()
    slopes = [wavy_slope(mu + sigma * e) for e in eps]
    found = estimates(pathwise_gradient, mu, sigma, n=1, n_samples=3, seed=4)
    expected = [sum(slopes) / 3, sum(0.5 * sigma * e * slope for e, slope in zip(eps, slopes, strict=True)) / 3]
    assert [g.item() for g in found] == pytest.approx(expected, abs=1e-9)


def bowl(estimator, K, S, *, n=20_000, seed=0, **more):
    """n estimates of the derivative with respect to mu_1 of the bowl at mu = 0, sigma = 1."""
    zero = rows(0, n, K)
    return estimator(half_square, zero, zero, generator=seeded(seed), n_samples=S, **more)[0][:, 0]


@pytest.mark.equation(
    "eq-reparam-variance-pathwise",
    r"\operatorname{Var}\left[ \hat{g}_{\text{path}} \right] = \frac{1}{S}",
    kind="identity",
)
def test_the_pathwise_variance_of_the_bowl_does_not_know_the_dimension():
    for K, S in ((1, 1), (10, 1), (10, 4)):
        found, error = variance(bowl(pathwise_gradient, K, S))
        assert found == pytest.approx(1 / S, abs=4.5 * error)


@pytest.mark.equation(
    "eq-reparam-variance-score",
    r"\operatorname{Var}\left[ \hat{g}_{\text{score}} \right] = \frac{(K + 2)(K + 4)}{4 S}",
    kind="identity",
)
def test_the_score_functions_variance_of_the_bowl_grows_with_the_square_of_the_dimension():
    for K, S in ((1, 1), (3, 2), (10, 1), (10, 4)):
        found, error = variance(bowl(score_function_gradient, K, S))
        assert found == pytest.approx((K + 2) * (K + 4) / (4 * S), abs=4.5 * error)
    # K = 1 and 2 by quadrature: the mean is zero, so the variance is the mean square
    assert over_q((Z**2 / 2 * Z) ** 2, 0, 1) == pytest.approx(3 * 5 / 4, abs=1e-8)
    a, b = np.meshgrid(Z[::16], Z[::16], indexing="ij")
    density = stats.norm.pdf(a) * stats.norm.pdf(b)
    square = integrate.trapezoid(integrate.trapezoid(density * ((a**2 + b**2) / 2 * a) ** 2, Z[::16]), Z[::16])
    assert square == pytest.approx(4 * 6 / 4, abs=1e-6)


@pytest.mark.equation(
    "eq-reparam-score-mean",
    r"\mathbb{E}_{q_\phi}\left[ \nabla_\phi \log q_\phi(z) \right] = 0",
    kind="identity",
)
def test_the_score_has_mean_zero():
    for mu, sigma in POINTS:
        for score in scores(Z, mu, sigma):
            assert over_q(score, mu, sigma) == pytest.approx(0, abs=1e-7)


@pytest.mark.equation(
    "eq-reparam-baseline",
    r"\nabla_\phi J(\phi) = \mathbb{E}_{q_\phi}\left[ (f(z) - B) \, \nabla_\phi \log q_\phi(z) \right]",
    kind="identity",
)
def test_a_baseline_leaves_the_gradient_as_it_is():
    for mu, sigma in POINTS:
        for B in (-3.0, 7.0):
            for score, expected in zip(scores(Z, mu, sigma), exact_gradient(mu, sigma), strict=True):
                assert over_q((wavy(Z) - B) * score, mu, sigma) == pytest.approx(expected, abs=1e-6)
    mu, sigma = POINTS[0]
    found = score_function_gradient(
        lambda z: wavy(z[..., 0]), rows(mu, 40_000), rows(0, 40_000), generator=seeded(), baseline=rows(2, 40_000)[:, 0])
    right_on_average([g[:, 0] for g in found], exact_gradient(mu, sigma))


@pytest.mark.equation(
    "eq-reparam-variance-baseline",
    r"\operatorname{Var}\left[ \hat{g}_{\text{score}} \right] = \frac{K + 4}{2 S} \quad \text{with } B = \mathbb{E}[f]",
    kind="identity",
)
def test_with_the_mean_as_baseline_the_variance_grows_with_the_dimension():
    for K, S in ((1, 1), (3, 2), (10, 1), (30, 1)):
        found, error = variance(bowl(score_function_gradient, K, S, baseline=rows(K / 2, 20_000)[:, 0]))
        assert found == pytest.approx((K + 4) / (2 * S), abs=4.5 * error)
    assert over_q(((Z**2 / 2 - 0.5) * Z) ** 2, 0, 1) == pytest.approx(5 / 2, abs=1e-8)


@pytest.mark.equation(
    "eq-reparam-leave-one-out",
    r"\hat{g}_{\text{loo}} = \frac{1}{S} \sum_{s=1}^{S} \Big( f(z_s) - \frac{1}{S-1} \sum_{r \ne s} f(z_r) \Big) \nabla_\phi \log q_\phi(z_s)",
    kind="identity",
)
def test_judging_each_draw_against_the_others_is_its_sum_and_right_on_average():
    for mu, sigma in POINTS:
        right_on_average(estimates(leave_one_out_gradient, mu, sigma, n_samples=3), exact_gradient(mu, sigma))
    mu, sigma = POINTS[1]
    eps = torch.randn(3, 1, 1, generator=seeded(4), dtype=torch.float64)[:, 0, 0].tolist()
    draws = [mu + sigma * e for e in eps]
    total = [0.0, 0.0]
    for s, z in enumerate(draws):
        others = sum(wavy(np.float64(draws[r])) for r in range(3) if r != s) / 2
        for index, score in enumerate(scores(z, mu, sigma)):
            total[index] += (wavy(np.float64(z)) - others) * score / 3
    found = estimates(leave_one_out_gradient, mu, sigma, n=1, n_samples=3, seed=4)
    assert [g.item() for g in found] == pytest.approx(total, abs=1e-5)


@pytest.mark.equation(
    "eq-reparam-jump",
    r"\frac{\partial}{\partial \mu} \, \mathbb{E}\left[ \mathbb{1}(z > 0) \right] = \mathcal{N}(0; \mu, \sigma^2)",
    kind="identity",
)
def test_the_chance_of_a_positive_draw_rises_with_the_density_at_the_jump():
    for mu, sigma in POINTS:
        slope = (stats.norm.sf(0, mu + STEP, sigma) - stats.norm.sf(0, mu - STEP, sigma)) / (2 * STEP)
        assert slope == pytest.approx(stats.norm.pdf(0, mu, sigma), abs=1e-8)
        found = estimates(score_function_gradient, mu, sigma, f=lambda z: (z[..., 0] > 0).double())[0]
        right_on_average([found], [slope])


@pytest.mark.equation(
    "eq-reparam-bernoulli",
    r"\frac{\partial}{\partial p} \, \mathbb{E}_{h \sim \operatorname{Bernoulli}(p)}\left[ f(h) \right] = f(1) - f(0) = \mathbb{E}\left[ f(h) \, \frac{h - p}{p (1 - p)} \right]",
    kind="identity",
)
def test_the_gradient_of_a_binary_unit_is_a_difference_and_a_score():
    for p in (0.1, 0.5, 0.83):
        for zero, one in ((0.3, -1.2), (2.0, 2.5)):
            def mean(p, zero=zero, one=one):
                return p * one + (1 - p) * zero
            slope = (mean(p + STEP) - mean(p - STEP)) / (2 * STEP)
            assert slope == pytest.approx(one - zero, abs=1e-8)
            score = sum(chance * f * (h - p) / (p * (1 - p)) for h, f, chance in ((0, zero, 1 - p), (1, one, p)))
            assert score == pytest.approx(one - zero, abs=1e-9)
            t = torch.tensor(p, dtype=torch.float64, requires_grad=True)
            log_q = torch.distributions.Bernoulli(t).log_prob(torch.tensor([0.0, 1.0]).double())
            scores_of = [torch.autograd.grad(value, t, retain_graph=True)[0].item() for value in log_q]
            assert scores_of == pytest.approx([-1 / (1 - p), 1 / p], abs=1e-6)


class Wobbly:
    """An objective whose gradient is a_n + b_n eps for image n: every variance is known."""

    def __init__(self, seed):
        self.generator, self.w = seeded(seed), torch.zeros(1, dtype=torch.float64, requires_grad=True)

    def __call__(self, x):
        eps = torch.randn(len(x), generator=self.generator, dtype=torch.float64)
        return (x[:, 0] + x[:, 1] * eps) * self.w


def images(n, seed=0):
    """a ~ N(0, 4), b uniform: V_images = 4, V_codes = E[b^2]."""
    a = 2 * torch.randn(n, generator=seeded(seed), dtype=torch.float64)
    return torch.stack([a, 3 * torch.rand(n, generator=seeded(seed + 1), dtype=torch.float64)], 1)


def minibatch_variance(M, S, repeats=8000):
    """The variance of the mean gradient of M fresh images with S draws each, measured."""
    x = images(repeats * M, seed=10 * M + S)
    eps = torch.randn(S, len(x), generator=seeded(99), dtype=torch.float64).mean(0)
    g = (x[:, 0] + x[:, 1] * eps).reshape(repeats, M).mean(1)
    return variance(g)


@pytest.mark.equation(
    "eq-reparam-minibatch-variance",
    r"\operatorname{Var}[\hat{g}] = \frac{1}{M} \left( V_{\text{images}} + \frac{V_{\text{codes}}}{S} \right)",
    kind="identity",
)
def test_images_and_codes_add_their_noise():
    objective = Wobbly(0)
    V_images, V_codes = gradients.noise_shares(objective, [objective.w], images(3000), 5)
    assert V_images.item() == pytest.approx(4, rel=0.1)
    assert V_codes.item() == pytest.approx(3, rel=0.1)  # E[b^2] of b uniform on [0, 3]
    for M, S in ((1, 1), (4, 1), (4, 3), (10, 2)):
        found, error = minibatch_variance(M, S)
        assert found == pytest.approx((4 + 3 / S) / M, abs=4.5 * error)


@pytest.mark.equation(
    "eq-reparam-budget",
    r"\operatorname{Var}[\hat{g}] = \frac{S \, V_{\text{images}} + V_{\text{codes}}}{B}",
    kind="identity",
)
def test_for_one_bill_the_variance_rises_with_the_number_of_codes():
    B, found = 12, []
    for S in (1, 3, 12):
        value, error = minibatch_variance(B // S, S)
        assert value == pytest.approx((S * 4 + 3) / B, abs=4.5 * error)
        found.append(value)
    assert found == sorted(found)
