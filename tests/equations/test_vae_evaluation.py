"""The equations of book/vae/evaluation, against sums over a discrete code, quadrature and closed forms."""

import itertools
import math

import numpy as np
import pytest
import torch
from enumeration import states
from scipy import integrate, stats

from lecture_lib import distributions, evaluation, exact, rbm, vae
from lecture_lib.widgets.vae_evaluation import log_weights


def draw(generator, *shape):
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def small(seed, n_visible=4, n_hidden=5):
    """A VAE of one latent number with weights of order one, and an image."""
    generator = torch.Generator().manual_seed(seed)
    model = vae.init(n_visible, n_hidden, 1, generator=generator).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(0.6 * draw(generator, *parameter.shape))
    return model.requires_grad_(False), (torch.rand(1, n_visible, generator=generator) < 0.5).double()


def evidence(model, x):
    """log p(x) by quadrature, every factor written with another library."""
    z = np.linspace(-10, 10, 4001)
    p = 1 / (1 + np.exp(-model.decoder(torch.tensor(z)[:, None]).numpy()))
    likelihood = np.prod(np.where(x.numpy() == 1, p, 1 - p), axis=1)
    return math.log(integrate.trapezoid(likelihood * stats.norm.pdf(z), z))


def linear(seed, D=3):
    generator = torch.Generator().manual_seed(seed)
    A, c, x = (draw(generator, *shape) for shape in ((D, 1), (D,), (D,)))
    return vae.LinearGaussian(A, c, 0.5 * c), x


@pytest.fixture(params=range(3))
def table(request):
    """p(z), p(x|z) of one x, and a q(z), for a code with three values: every expectation is a sum."""
    rng = np.random.default_rng(request.param)
    p, q = rng.dirichlet(np.ones(3)), rng.dirichlet(np.ones(3))
    return p, rng.uniform(0.05, 0.9, 3), q


def weights_of(table):
    p, likelihood, q = table
    return likelihood * p / q


def bound_of(table, S):
    """E log 1/S sum_s w_s over every one of the 3^S ways to draw S codes."""
    w, q = weights_of(table), table[2]
    return math.fsum(math.prod(q[list(zs)]) * math.log(sum(w[list(zs)]) / S)
                     for zs in itertools.product(range(3), repeat=S))


@pytest.mark.equation(
    "eq-iw-identity",
    r"p_\theta(x) = \int p_\theta(x \mid z) \, p(z) \, dz = \mathbb{E}_{z \sim q_\phi(z \mid x)}\left[ \frac{p_\theta(x \mid z) \, p(z)}{q_\phi(z \mid x)} \right]",
    kind="identity",
)
@pytest.mark.parametrize("seed", range(3))
def test_the_mean_weight_is_the_evidence(seed):
    model, x = small(seed)
    mu, log_var = model.encoder(x)
    sigma = math.exp(0.5 * log_var.item())
    z = torch.linspace(mu.item() - 12 * sigma, mu.item() + 12 * sigma, 6001, dtype=torch.float64)
    z = torch.cat([z, torch.linspace(-10, 10, 6001, dtype=torch.float64)]).unique()
    log_w = vae.log_joint(model.decoder, x, z[:, None])[0] - torch.tensor(stats.norm.logpdf(z.numpy(), mu.item(), sigma))
    mean = integrate.trapezoid((log_w.exp() * torch.tensor(stats.norm.pdf(z.numpy(), mu.item(), sigma))).numpy(), z.numpy())
    assert math.log(mean) == pytest.approx(evidence(model, x), abs=1e-5)


@pytest.mark.equation(
    "eq-iw-weight",
    r"\log w = \log p_\theta(x \mid z) + \log p(z) - \log q_\phi(z \mid x)",
    kind="definition",
)
def test_the_log_weight_has_three_terms():
    model, x = small(4)
    mu, log_var = model.encoder(x)
    found = evaluation._log_importance_weights(model, x, mu, log_var, 5, torch.Generator().manual_seed(1))
    eps = torch.randn(5, 1, 1, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    for s in range(5):
        z = mu.item() + math.exp(0.5 * log_var.item()) * eps[s].item()
        p = model.decoder(torch.tensor([[z]], dtype=torch.float64)).sigmoid()[0].tolist()
        fit = sum(math.log(a if on else 1 - a) for a, on in zip(p, x[0].tolist(), strict=True))
        log_q = stats.norm.logpdf(z, mu.item(), math.exp(0.5 * log_var.item()))
        assert found[s].item() == pytest.approx(fit + stats.norm.logpdf(z) - log_q, abs=1e-9)


@pytest.mark.equation(
    "eq-iw-unbiased",
    r"\mathbb{E}\left[ \frac{1}{S} \sum_{s=1}^{S} w_s \right] = p_\theta(x), \qquad z_1, \dots, z_S \sim q_\phi(z \mid x)",
    kind="identity",
)
def test_the_mean_of_s_weights_is_right_on_average_for_every_s(table):
    p, likelihood, q = table
    w = weights_of(table)
    for S in (1, 2, 5):
        mean = math.fsum(math.prod(q[list(zs)]) * sum(w[list(zs)]) / S for zs in itertools.product(range(3), repeat=S))
        assert mean == pytest.approx(float(p @ likelihood), rel=1e-12)


@pytest.mark.equation(
    "eq-iw-bound",
    r"\mathcal{L}_S(x) = \mathbb{E}\left[ \log \frac{1}{S} \sum_{s=1}^{S} w_s \right] \le \log p_\theta(x)",
    kind="bound",
)
@pytest.mark.parametrize("seed", range(2))
def test_the_importance_weighted_bound_is_below_the_evidence(seed, table):
    p, likelihood, _ = table
    assert all(bound_of(table, S) <= math.log(p @ likelihood) + 1e-12 for S in (1, 2, 4, 6))
    model, x = small(seed)
    many = evaluation.importance_weighted_bound(
        model, x.expand(4000, -1), 3, generator=torch.Generator().manual_seed(seed))
    error = many.std().item() / math.sqrt(4000)
    assert many.mean().item() < evidence(model, x) + 3 * error
    more = evaluation.importance_weighted_bound(model, x, 40_000, generator=torch.Generator().manual_seed(seed)).item()
    assert more == pytest.approx(evidence(model, x), abs=0.05)


@pytest.mark.equation(
    "eq-iw-one",
    r"\mathcal{L}_1(x) = \mathbb{E}_{z \sim q_\phi(z \mid x)}\big[ \log p_\theta(x \mid z) + \log p(z) - \log q_\phi(z \mid x) \big] = \mathcal{L}(x; \theta, \phi)",
    kind="identity",
)
@pytest.mark.parametrize("seed", range(2))
def test_with_one_sample_it_is_the_elbo(seed):
    model, x = small(seed)
    mu, log_var = model.encoder(x)
    q = stats.norm(mu.item(), math.exp(0.5 * log_var.item()))

    z = np.linspace(q.mean() - 9 * q.std(), q.mean() + 9 * q.std(), 3001)
    coins = torch.distributions.Bernoulli(logits=model.decoder(torch.tensor(z)[:, None]))
    log_w = coins.log_prob(x).sum(1).numpy() + stats.norm.logpdf(z) - q.logpdf(z)
    exact_elbo = integrate.trapezoid(q.pdf(z) * log_w, z)
    one = evaluation.importance_weighted_bound(
        model, x.expand(20_000, -1), 1, generator=torch.Generator().manual_seed(seed))
    elbo = vae.elbo(model, x, generator=torch.Generator().manual_seed(seed), n_samples=20_000).item()
    assert abs(one.mean().item() - exact_elbo) < 4 * one.std().item() / math.sqrt(20_000)
    assert elbo == pytest.approx(exact_elbo, abs=5 * one.std().item() / math.sqrt(20_000))


@pytest.mark.equation(
    "eq-iw-leave-one-out",
    r"\frac{1}{S + 1} \sum_{s=1}^{S + 1} w_s = \frac{1}{S + 1} \sum_{r=1}^{S + 1} m_r, \qquad m_r = \frac{1}{S} \sum_{s \ne r} w_s",
    kind="identity",
)
def test_a_mean_is_the_mean_of_the_means_that_leave_one_out(table):
    w = weights_of(table)
    for zs in itertools.product(range(3), repeat=4):
        chosen = w[list(zs)]
        means = [math.fsum(np.delete(chosen, r)) / 3 for r in range(4)]
        assert math.fsum(means) / 4 == pytest.approx(chosen.mean(), rel=1e-12)


@pytest.mark.equation(
    "eq-iw-jensen",
    r"\log \frac{1}{S + 1} \sum_{r=1}^{S + 1} m_r \ge \frac{1}{S + 1} \sum_{r=1}^{S + 1} \log m_r",
    kind="bound",
)
def test_the_log_of_the_mean_is_above_the_mean_of_the_logs_and_touches_it(table):
    w = weights_of(table)
    for zs in itertools.product(range(3), repeat=4):
        chosen = w[list(zs)]
        means = np.array([np.delete(chosen, r).mean() for r in range(4)])
        assert math.log(means.mean()) >= np.log(means).mean() - 1e-12
    assert math.log(np.full(4, 0.3).mean()) == pytest.approx(np.log(np.full(4, 0.3)).mean())


@pytest.mark.equation(
    "eq-iw-monotone",
    r"\mathcal{L}(x; \theta, \phi) = \mathcal{L}_1(x) \le \mathcal{L}_2(x) \le \mathcal{L}_3(x) \le \dots \le \log p_\theta(x)",
    kind="bound",
)
def test_the_bound_never_falls_as_samples_are_added(table):
    p, likelihood, _ = table
    bounds = [bound_of(table, S) for S in range(1, 8)]
    assert all(after >= before - 1e-12 for before, after in itertools.pairwise(bounds))
    assert bounds[-1] <= math.log(p @ likelihood) + 1e-12
    model, x = small(1)  # the package's, in steps that are larger than their errors
    means = [evaluation.importance_weighted_bound(model, x.expand(4000, -1), S, generator=torch.Generator().manual_seed(S))
             for S in (1, 4, 16)]
    for before, after in itertools.pairwise(means):
        error = math.hypot(before.std().item(), after.std().item()) / math.sqrt(4000)
        assert after.mean() > before.mean() - 3 * error


@pytest.mark.equation(
    "eq-iw-constant-weight",
    r"q(z \mid x) = p_\theta(z \mid x) \quad \Longrightarrow \quad w = p_\theta(x) \;\text{ for every } z",
    kind="identity",
)
@pytest.mark.parametrize("seed", range(3))
def test_with_the_posterior_every_weight_is_the_evidence(seed):
    model, x = linear(seed)
    mean, covariance = (t.squeeze() for t in model.posterior(x[None]))
    z = torch.linspace(-4, 4, 9, dtype=torch.float64)
    density = stats.multivariate_normal(model.c.numpy(), (model.A @ model.A.T).numpy() + np.diag(model.log_var.exp()))
    assert log_weights(model, x, z, mean, covariance.log()).tolist() == pytest.approx(
        [density.logpdf(x.numpy())] * 9, abs=1e-9)


@pytest.mark.equation(
    "eq-iw-gap",
    r"\log p_\theta(x) - \mathcal{L}_S(x) \approx \frac{1}{2 S} \, \frac{\operatorname{Var}(w)}{p_\theta(x)^2}",
    kind="approximation",
)
def test_the_gap_falls_like_one_over_the_number_of_samples():
    p, likelihood = np.array([0.5, 0.3, 0.2]), np.array([0.4, 0.5, 0.6])
    q = np.array([0.45, 0.3, 0.25])
    table = p, likelihood, q
    w, truth = weights_of(table), p @ likelihood
    variance = q @ (w - truth) ** 2
    for S in (2, 4, 8):
        gap = math.log(truth) - bound_of(table, S)
        assert gap == pytest.approx(variance / truth**2 / (2 * S), rel=0.25 / S)


@pytest.mark.equation(
    "eq-iw-variance",
    r"\frac{\operatorname{Var}(w)}{p_\theta(x)^2} = \mathbb{E}_{z \sim p_\theta(z \mid x)}\left[ \frac{p_\theta(z \mid x)}{q_\phi(z \mid x)} \right] - 1",
    kind="identity",
)
def test_the_variance_of_the_weights_asks_whether_q_covers_the_posterior(table):
    p, likelihood, q = table
    w, truth = weights_of(table), p @ likelihood
    posterior = p * likelihood / truth
    assert q @ (w - truth) ** 2 / truth**2 == pytest.approx(posterior @ (posterior / q) - 1, rel=1e-10)


@pytest.mark.equation(
    "eq-iw-narrow",
    r"\mathbb{E}_{z \sim \mathcal{N}(0, \tau^2)}\left[ \frac{\mathcal{N}(z; 0, \tau^2)}{\mathcal{N}(z; 0, \sigma^2)} \right] = \frac{\sigma^2}{\tau \sqrt{2 \sigma^2 - \tau^2}} \quad \text{if } \sigma^2 > \tfrac{1}{2} \tau^2, \text{ else } \infty",
    kind="identity",
)
def test_a_q_narrower_than_the_posterior_by_the_root_of_two_has_no_variance():
    def ratio(tau, sigma, reach):
        z = np.linspace(-reach, reach, 200_001)
        log = 2 * stats.norm.logpdf(z, 0, tau) - stats.norm.logpdf(z, 0, sigma)
        return integrate.trapezoid(np.exp(log), z)

    for tau, sigma in ((1.0, 1.0), (1.0, 2.0), (0.7, 0.6), (1.3, 1.0)):
        assert ratio(tau, sigma, 60 * tau) == pytest.approx(sigma**2 / (tau * math.sqrt(2 * sigma**2 - tau**2)), rel=1e-8)
    for sigma in (0.65, math.sqrt(0.5)):
        assert ratio(1.0, sigma, 40) > 1.9 * ratio(1.0, sigma, 20)  # grows without end


@pytest.mark.equation(
    "eq-iw-logsumexp",
    r"\log \frac{1}{S} \sum_{s=1}^{S} e^{\log w_s} = m + \log \sum_{s=1}^{S} e^{\log w_s - m} - \log S, \qquad m = \max_s \log w_s",
    kind="identity",
)
def test_the_largest_log_weight_may_be_taken_out_of_the_sum():
    log_w = draw(torch.Generator().manual_seed(0), 7)
    plain = math.log(math.fsum(math.exp(v) for v in log_w.tolist()) / 7)
    m = log_w.max().item()
    shifted = m + math.log(math.fsum(math.exp(v - m) for v in log_w.tolist())) - math.log(7)
    assert shifted == pytest.approx(plain, abs=1e-12)
    model, x = small(2)
    with torch.no_grad():
        model.decoder.logits.bias.copy_(torch.where(x[0] == 1, -1000.0, 1000.0))  # e^{log w} is 0 in any dtype
    bound = evaluation.importance_weighted_bound(model, x, 7, generator=torch.Generator().manual_seed(0))
    assert bound.isfinite().all() and bound.item() < -3000


@pytest.mark.equation(
    "eq-iw-mixture",
    r"\log \big( \epsilon \, p(x) + (1 - \epsilon) \, r(x) \big) \ge \log p(x) + \log \epsilon",
    kind="bound",
)
def test_a_model_that_is_almost_all_noise_loses_at_most_minus_log_epsilon():
    machine = rbm.RBM(*(draw(torch.Generator().manual_seed(3), *s) for s in ((3, 4), (3,), (4,))))
    p = exact.probabilities(lambda x: rbm.free_energy(machine, x), 4)
    for noise in (torch.full((16,), 1 / 16, dtype=torch.float64), torch.zeros(16, dtype=torch.float64)):
        for epsilon in (0.01, 0.3):
            mixed = epsilon * p + (1 - epsilon) * noise
            assert (mixed.log() >= p.log() + math.log(epsilon) - 1e-12).all()
    assert mixed.log().tolist() == pytest.approx((p.log() + math.log(epsilon)).tolist())  # no help from noise: equality


@pytest.mark.equation(
    "eq-iw-z-is-mu",
    r"\log p_\theta(x \mid z = \mu) = \mathbb{E}_{z \sim q}\big[ \log p_\theta(x \mid z) \big] + \frac{1}{2} \sum_{i=1}^{D} \sum_{j=1}^{K} \frac{A_{ij}^2 \, s_j^2}{\sigma_i^2}",
    kind="identity",
)
@pytest.mark.parametrize("seed", range(3))
def test_at_the_mean_of_the_code_the_linear_decoder_flatters_by_the_spread_it_leaves_out(seed):
    generator = torch.Generator().manual_seed(seed)
    A, c, log_var, x = (draw(generator, *s) for s in ((4, 2), (4,), (4,), (1, 4)))
    model = vae.LinearGaussian(A, c, log_var)
    mu, log_s2 = draw(generator, 1, 2), draw(generator, 1, 2)
    at_mean = distributions.gaussian_log_prob(x, mu @ A.T + c, log_var[None]).item()
    points, weights = np.polynomial.hermite_e.hermegauss(8)  # exact for the parabola in z
    weights = weights / weights.sum()
    mean = 0.0
    for (a, wa), (b, wb) in itertools.product(zip(points, weights, strict=True), repeat=2):
        z = mu + (0.5 * log_s2).exp() * torch.tensor([[a, b]])
        log_p = torch.distributions.Normal(z @ A.T + c, (0.5 * log_var).exp()).log_prob(x).sum().item()
        mean += wa * wb * log_p
    spread = 0.5 * sum(A[i, k].item() ** 2 * math.exp(log_s2[0, k].item() - log_var[i].item())
                       for i in range(4) for k in range(2))
    assert at_mean == pytest.approx(mean + spread, abs=1e-9)
    assert model.elbo(x, mu, log_s2).item() == pytest.approx(
        mean - distributions.kl_gaussian(mu, log_s2).item(), abs=1e-9)


@pytest.mark.equation(
    "eq-iw-grey",
    r"\sum_{i=1}^{D} \big( g_i \, \ell_i - \operatorname{softplus}(\ell_i) \big) = \mathbb{E}_{x_i \sim \operatorname{Bernoulli}(g_i)}\big[ \log p_\theta(x \mid z) \big], \qquad g_i \in [0, 1]",
    kind="identity",
)
def test_cross_entropy_with_grey_pixels_is_a_mean_over_binary_images():
    generator = torch.Generator().manual_seed(0)
    g, logits = torch.rand(4, generator=generator, dtype=torch.float64), draw(generator, 1, 4)
    mean = 0.0
    for x in states(4):
        chance = math.prod(p if on else 1 - p for p, on in zip(g.tolist(), x, strict=True))
        mean += chance * distributions.bernoulli_log_prob(torch.tensor([x], dtype=torch.float64), logits).item()
    written = sum(a * v - math.log1p(math.exp(v)) for a, v in zip(g.tolist(), logits[0].tolist(), strict=True))
    assert written == pytest.approx(mean, abs=1e-10)
    assert written == pytest.approx(
        -torch.nn.functional.binary_cross_entropy_with_logits(logits[0], g, reduction="sum").item(), abs=1e-10)


@pytest.mark.equation(
    "eq-iw-no-density",
    r"\int_0^1 p^{\,g} \, (1 - p)^{1 - g} \, dg = \frac{2 p - 1}{\log p - \log(1 - p)} \le \frac{1}{2}",
    kind="identity",
)
def test_the_bernoulli_formula_is_no_density_of_grey_values():
    for p in (0.01, 0.2, 0.45, 0.7, 0.999):
        area = integrate.quad(lambda g, p=p: p**g * (1 - p) ** (1 - g), 0, 1)[0]
        assert area == pytest.approx((2 * p - 1) / (math.log(p) - math.log(1 - p)), rel=1e-9)
        assert area < 0.5
    assert integrate.quad(lambda g: 0.5, 0, 1)[0] == 0.5  # p = 1/2: the limit, where the bound is touched
