"""The equations of book/vae/latent_variable_models, against quadrature, closed forms, scipy and torch.distributions."""

import math

import numpy as np
import pytest
import torch
from scipy import integrate, stats

from lecture_lib import evaluation, exact, vae

D = 3


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.fixture
def network():
    """A VAE of three pixels and one latent number with weights of order one."""
    model = vae.init(D, 4, 1, generator=torch.Generator().manual_seed(0)).double()
    with torch.no_grad():
        for seed, parameter in enumerate(model.parameters()):
            parameter.copy_(1.5 * draw(*parameter.shape, seed=seed))
    return model.requires_grad_(False)


@pytest.fixture
def line():
    """A linear-Gaussian model with one latent number and two components of x."""
    return vae.LinearGaussian(draw(2, 1), draw(2, seed=1), 0.5 * draw(2, seed=2))


def weight(model, x, z):
    """p(x|z) of a linear-Gaussian model, by scipy; z a list of latent numbers."""
    mean = model.A.numpy() @ np.array(z) + model.c.numpy()
    return math.prod(stats.norm.pdf(x.numpy(), mean, model.log_var.mul(0.5).exp().numpy()))


def integral(f):
    return integrate.quad(f, -9, 9, epsabs=1e-12, limit=200)[0]


@pytest.mark.equation(
    "eq-lvm-prior", r"p(z) = \mathcal{N}(z; 0, I), \qquad z \in \mathbb{R}^K", kind="definition"
)
def test_codes_of_the_package_come_from_a_standard_normal(network):
    seen = []
    network.decoder.register_forward_hook(lambda _, given, __: seen.append(given[0]))
    vae.sample(network, 4000, generator=torch.Generator().manual_seed(0))
    assert stats.kstest(seen[0].flatten().numpy(), "norm").pvalue > 0.01
    z = draw(5, 1)
    flat = vae.log_joint(network.decoder, torch.zeros(1, D).double(), z) - torch.distributions.Bernoulli(
        logits=network.decoder(z)).log_prob(torch.zeros(D).double()).sum(-1)
    assert flat[0].tolist() == pytest.approx(stats.norm.logpdf(z[:, 0].numpy()).tolist())


@pytest.mark.equation(
    "eq-lvm-conditional",
    r"p_\theta(x \mid z) = \prod_{i=1}^{D} \operatorname{sigm}(g_i(z))^{x_i} \left( 1 - \operatorname{sigm}(g_i(z)) \right)^{1 - x_i}",
    kind="definition",
)
def test_given_the_code_pixels_are_independent_coins(network):
    x = exact.binary_states(D)
    for z in draw(4, 1):
        p = network.decoder(z).sigmoid().tolist()
        product = [math.prod(p_i**x_i * (1 - p_i) ** (1 - x_i) for p_i, x_i in zip(p, row, strict=True)) for row in x.tolist()]
        assert math.fsum(product) == pytest.approx(1)
        conditional = vae.log_joint(network.decoder, x, z[None])[:, 0].exp() / stats.norm.pdf(z.item())
        assert conditional.tolist() == pytest.approx(product, rel=1e-9)


@pytest.mark.equation(
    "eq-lvm-joint", r"p_\theta(x, z) = p(z)\, p_\theta(x \mid z)", kind="identity"
)
def test_the_joint_is_normalised_as_it_stands(network):
    def total(z):
        return vae.log_joint(network.decoder, exact.binary_states(D), torch.tensor([[z]]).double()).exp().sum().item()

    assert integral(total) == pytest.approx(1, abs=1e-7)


@pytest.mark.equation(
    "eq-lvm-marginal",
    r"p_\theta(x) = \int p(z)\, p_\theta(x \mid z) \, dz",
    kind="identity",
)
def test_adding_up_over_codes_gives_the_density_of_the_linear_model(line):
    for x in draw(4, 2, seed=3):
        found = integral(lambda z, x=x: stats.norm.pdf(z) * weight(line, x, [z]))
        covariance = (line.A @ line.A.T + line.log_var.exp().diag()).numpy()
        assert found == pytest.approx(stats.multivariate_normal(line.c.numpy(), covariance).pdf(x.numpy()), rel=1e-9)
        assert line.log_prob(x[None]).item() == pytest.approx(math.log(found), abs=1e-9)


@pytest.mark.equation(
    "eq-lvm-posterior",
    r"p_\theta(z \mid x) = \frac{p_\theta(x \mid z)\, p(z)}{p_\theta(x)}",
    kind="identity",
)
def test_bayes_rule_is_the_conditional_of_the_joint_gaussian(line):
    x = draw(3, 2, seed=3)
    mean, covariance = line.posterior(x)
    for row, mu in zip(x, mean, strict=True):
        for z in (-1.0, 0.2, 1.7):
            by_bayes = weight(line, row, [z]) * stats.norm.pdf(z) / math.exp(line.log_prob(row[None]).item())
            assert by_bayes == pytest.approx(stats.norm.pdf(z, mu.item(), covariance.item() ** 0.5), rel=1e-9)


@pytest.mark.equation(
    "eq-lvm-trapezoid",
    r"\log \int f(z) \, dz \approx \log \sum_{n=1}^{N} f(z_n)\, \Delta_n, \qquad \Delta_n = \tfrac{1}{2} (z_{n+1} - z_{n-1})",
    kind="approximation",
)
def test_the_sum_over_a_grid_tends_to_the_integral(network):
    x = exact.binary_states(D)
    truth = [math.log(integral(lambda z, row=row: vae.log_joint(network.decoder, row[None], torch.tensor([[z]]).double()).exp().item())) for row in x]
    for points, tolerance in ((21, 0.3), (201, 2e-2), (2001, 1e-4)):
        grid = torch.linspace(-8, 8, points, dtype=torch.float64)
        log_f = vae.log_joint(network.decoder, x, grid[:, None])
        assert exact.log_integral(log_f, grid).tolist() == pytest.approx(truth, abs=tolerance)
    widths = [(grid[min(n + 1, 2000)] - grid[max(n - 1, 0)]).item() / 2 for n in range(2001)]
    written = math.log(math.fsum(f * width for f, width in zip(log_f[0].exp().tolist(), widths, strict=True)))
    assert exact.log_integral(log_f, grid)[0].item() == pytest.approx(written, abs=1e-10)


@pytest.mark.equation(
    "eq-lvm-expectation",
    r"p_\theta(x) = \mathbb{E}_{z \sim p(z)}\left[ p_\theta(x \mid z) \right]",
    kind="identity",
)
def test_the_density_is_the_mean_of_the_conditional_over_the_prior(line):
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)  # exact means over N(0, 1)
    for x in draw(4, 2, seed=3):
        mean = sum(w * weight(line, x, [z]) for z, w in zip(nodes, weights, strict=True)) / math.sqrt(2 * math.pi)
        assert line.log_prob(x[None]).item() == pytest.approx(math.log(mean), abs=1e-6)


def two_draws(line, x):
    """Gauss-Hermite nodes: every pair of codes with its probability, and the mean of its two weights."""
    nodes, p = np.polynomial.hermite_e.hermegauss(60)
    p, w = p / math.sqrt(2 * math.pi), [weight(line, x, [z]) for z in nodes]
    return [(p[a] * p[b], (w[a] + w[b]) / 2) for a in range(60) for b in range(60)]


def prior_weights(model, x, n_samples, seed=0):
    zeros = torch.zeros(len(x), model.A.shape[1], dtype=torch.float64)
    return evaluation.importance_log_weights(
        lambda z: model.conditional_log_prob(x, z), zeros, zeros, n_samples, generator=torch.Generator().manual_seed(seed)
    )


@pytest.mark.equation(
    "eq-lvm-simple-monte-carlo",
    r"\hat{p}(x) = \frac{1}{S} \sum_{s=1}^{S} w_s, \qquad w_s = p_\theta(x \mid z_s), \quad z_s \sim p(z)",
    kind="approximation",
)
def test_the_mean_weight_of_draws_from_the_prior_tends_to_the_density(line):
    x = draw(4, 2, seed=3)
    w = prior_weights(line, x, 100_000).exp()
    error = w.std(0) / math.sqrt(len(w))
    assert ((w.mean(0) - line.log_prob(x).exp()).abs() < 4 * error).all()
    assert (error < 0.02 * line.log_prob(x).exp()).all()


@pytest.mark.equation(
    "eq-lvm-log-mean",
    r"\log \hat{p}(x) = \log \sum_{s=1}^{S} e^{\log w_s} - \log S",
    kind="identity",
)
def test_the_estimate_in_logs_is_the_log_of_the_mean(line):
    log_w = prior_weights(line, draw(4, 2, seed=3), 37)
    expected = [math.log(math.fsum(column) / 37) for column in log_w.exp().T.tolist()]
    assert evaluation.running_log_mean(log_w)[-1].tolist() == pytest.approx(expected, rel=1e-10)


@pytest.mark.equation(
    "eq-lvm-unbiased", r"\mathbb{E}\left[ \hat{p}(x) \right] = p_\theta(x)", kind="identity"
)
def test_the_mean_of_two_weights_is_right_on_the_average_over_all_pairs_of_codes(line):
    for x in draw(3, 2, seed=3):
        mean = math.fsum(p * estimate for p, estimate in two_draws(line, x))
        assert mean == pytest.approx(math.exp(line.log_prob(x[None]).item()), rel=1e-6)


@pytest.mark.equation(
    "eq-lvm-effective-sample-size",
    r"\operatorname{ESS} = \frac{\left( \sum_{s} w_s \right)^2}{\sum_{s} w_s^2}, \qquad 1 \le \operatorname{ESS} \le S",
    kind="bound",
)
def test_the_effective_sample_size_lies_between_one_and_all_and_reaches_both():
    log_w = 3 * draw(9, 200)
    found = evaluation.effective_sample_size(log_w)
    w = log_w.exp().T.tolist()
    assert found.tolist() == pytest.approx([sum(row) ** 2 / sum(v * v for v in row) for row in w])
    assert found.min() >= 1
    assert found.max() <= 9
    ends = torch.tensor([[0.0, 0.0], [0.0, -1e4], [0.0, -1e4]], dtype=torch.float64)
    assert evaluation.effective_sample_size(ends).tolist() == pytest.approx([3, 1])


@pytest.mark.equation(
    "eq-lvm-jensen",
    r"\mathbb{E}\left[ \log \hat{p}(x) \right] \le \log p_\theta(x)",
    kind="bound",
)
def test_the_log_of_the_estimate_is_too_low_on_the_average_unless_all_weights_agree(line):
    for x in draw(3, 2, seed=3):
        mean = math.fsum(p * math.log(estimate) for p, estimate in two_draws(line, x))
        assert mean < line.log_prob(x[None]).item() - 0.01
    deaf = line._replace(A=torch.zeros_like(line.A))
    mean = math.fsum(p * math.log(estimate) for p, estimate in two_draws(deaf, x))
    assert mean == pytest.approx(deaf.log_prob(x[None]).item(), abs=1e-9)


@pytest.fixture(scope="module")
def runs():
    """16,000 runs of 100 draws each: estimates of log p(x) for one x, the truth and the exact share."""
    model = vae.LinearGaussian(draw(2, 2), draw(2, seed=1), torch.full((2,), -0.5, dtype=torch.float64))
    x = draw(1, 2, seed=3)
    log_w = prior_weights(model, x.expand(16_000, -1), 100)
    return evaluation.running_log_mean(log_w)[-1], model.log_prob(x).item(), model.effective_share(x).item()


@pytest.mark.equation(
    "eq-lvm-bias",
    r"\log p_\theta(x) - \mathbb{E}\left[ \log \hat{p}(x) \right] \approx \frac{1}{2 S} \left( \frac{1}{\rho} - 1 \right)",
    kind="approximation",
)
def test_for_many_samples_the_bias_is_half_the_relative_variance(runs):
    estimates, truth, rho = runs
    standard_error = (estimates.std() / math.sqrt(len(estimates))).item()
    assert truth - estimates.mean().item() == pytest.approx((1 / rho - 1) / 200, abs=3 * standard_error)
    assert standard_error < 0.25 * (1 / rho - 1) / 200  # the bias is seen


@pytest.mark.equation(
    "eq-lvm-needed",
    r"S \approx \frac{1}{\epsilon^2} \left( \frac{1}{\rho} - 1 \right)",
    kind="approximation",
)
def test_the_number_of_samples_for_a_standard_deviation(runs):
    estimates, _, rho = runs
    assert (1 / rho - 1) / estimates.var().item() == pytest.approx(100, rel=0.1)


@pytest.mark.equation(
    "eq-lvm-second-moment",
    r"\mathbb{E}_{p(z)}\left[ w^2 \right] = (4 \pi)^{-D/2} \prod_{i=1}^{D} \frac{1}{\sigma_i} \; \mathcal{N}\left( x;\, c,\, A A^\top + \tfrac{1}{2} \operatorname{diag} \sigma^2 \right)",
    kind="identity",
)
def test_the_mean_square_weight_of_the_linear_model_has_a_formula(line):
    for x in draw(4, 2, seed=3):
        second = integral(lambda z, x=x: stats.norm.pdf(z) * weight(line, x, [z]) ** 2)
        covariance = (line.A @ line.A.T + 0.5 * line.log_var.exp().diag()).numpy()
        written = stats.multivariate_normal(line.c.numpy(), covariance).pdf(x.numpy()) / (4 * math.pi)
        assert written / line.log_var.mul(0.5).exp().prod().item() == pytest.approx(second, rel=1e-8)
        first = integral(lambda z, x=x: stats.norm.pdf(z) * weight(line, x, [z]))
        assert line.effective_share(x[None]).item() == pytest.approx(first**2 / second, rel=1e-8)


@pytest.mark.equation("eq-lvm-share-product", r"\rho(x) = \prod_{j=1}^{K} \rho(x_j)", kind="identity")
def test_with_the_identity_the_shares_of_the_axes_multiply():
    def model(K):
        return vae.LinearGaussian(torch.eye(K).double(), torch.zeros(K).double(), torch.full((K,), 2 * math.log(0.3)).double())

    for x in draw(4, 5, seed=3):
        shares = []
        for value in x.tolist():
            def w(z, value=value):
                return stats.norm.pdf(value, z, 0.3)

            first = integral(lambda z, w=w: stats.norm.pdf(z) * w(z))
            second = integral(lambda z, w=w: stats.norm.pdf(z) * w(z) ** 2)
            shares.append(first**2 / second)
        assert model(5).effective_share(x[None]).item() == pytest.approx(math.prod(shares), rel=1e-6)


@pytest.mark.equation(
    "eq-lvm-importance",
    r"p_\theta(x) = \mathbb{E}_{z \sim q(z)}\left[ w(z) \right], \qquad w(z) = \frac{p_\theta(x \mid z)\, p(z)}{q(z)}",
    kind="identity",
)
def test_the_mean_weight_is_the_density_for_every_q(line):
    x = draw(1, 2, seed=3)
    for mu, sigma in ((0.0, 1.0), (0.7, 0.9), (-1.0, 1.5)):
        seen = []

        def conditional(z, seen=seen):
            seen.append(z)
            return line.conditional_log_prob(x, z)

        q = torch.full((1, 1), mu, dtype=torch.float64), torch.full((1, 1), 2 * math.log(sigma), dtype=torch.float64)
        log_w = evaluation.importance_log_weights(conditional, *q, 20, generator=torch.Generator().manual_seed(0))
        by_hand = [weight(line, x[0], [z]) * stats.norm.pdf(z) / stats.norm.pdf(z, mu, sigma) for z in seen[0].flatten().tolist()]
        assert log_w[:, 0].exp().tolist() == pytest.approx(by_hand, rel=1e-9)
        density = stats.norm(mu, sigma)
        mean = integral(lambda z, q=density: q.pdf(z) * (weight(line, x[0], [z]) * stats.norm.pdf(z) / q.pdf(z)))
        assert mean == pytest.approx(math.exp(line.log_prob(x).item()), rel=1e-7)


@pytest.mark.equation(
    "eq-lvm-perfect",
    r"q(z) = p_\theta(z \mid x) \quad \Longrightarrow \quad w(z) = p_\theta(x) \quad \text{for every } z",
    kind="identity",
)
def test_drawn_from_the_posterior_every_weight_is_the_density(line):
    x = draw(4, 2, seed=3)
    mean, covariance = line.posterior(x)
    log_w = evaluation.importance_log_weights(
        lambda z: line.conditional_log_prob(x, z), mean, covariance.log().expand_as(mean), 50,
        generator=torch.Generator().manual_seed(0),
    )
    assert (log_w - line.log_prob(x)).abs().max() < 1e-9


@pytest.mark.equation(
    "eq-lvm-encoder",
    r"q_\phi(z \mid x) = \mathcal{N}\left( z;\, \mu_\phi(x),\, \operatorname{diag} \sigma_\phi^2(x) \right)",
    kind="definition",
)
def test_the_encoder_gives_a_mean_and_a_diagonal_variance_for_every_x():
    model = vae.init(D, 4, 2, generator=torch.Generator().manual_seed(0)).double()
    mu, log_var = model.encoder(exact.binary_states(D))
    assert mu.shape == log_var.shape == (8, 2)
    assert len(mu.unique(dim=0)) > 1
    assert len(log_var.unique(dim=0)) > 1
    eps = draw(20_000, 2)
    z = vae.reparameterize(mu[:1].expand_as(eps), log_var[:1].expand_as(eps), eps)
    for k in range(2):
        q = stats.norm(mu[0, k].item(), math.exp(log_var[0, k].item() / 2))
        assert stats.kstest(z[:, k].detach().numpy(), q.cdf).pvalue > 0.001
