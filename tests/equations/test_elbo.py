"""The equations of book/vae/elbo, against quadrature, loops over states, scipy and autograd.

The model of the first half has one latent number: its evidence comes from scipy's adaptive
quadrature, averages over q from the trapezoid rule, densities from scipy's distributions.
"""

import itertools
import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from enumeration import slow_energy, slow_joint, slow_marginal, states
from scipy import integrate, stats
from scipy.optimize import minimize

from lecture_lib import distributions, exact, rbm, vae

Z = np.linspace(-14, 14, 5601)
COLUMN = torch.from_numpy(Z)[:, None]


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def f64(values):
    return torch.tensor(values, dtype=torch.float64)


def randn(*shape, seed=0):
    return torch.randn(*shape, generator=seeded(seed), dtype=torch.float64)


def slow_log_likelihood(decoder, x, z):
    """log p(x|z) with every sum of the decoder as a loop."""
    V, v, U, u = (p.tolist() for layer in (decoder.hidden, decoder.logits) for p in (layer.weight, layer.bias))
    units = [max(0.0, row[0] * z + bias) for row, bias in zip(V, v, strict=True)]
    total = 0.0
    for i, on in enumerate(x):
        logit = u[i] + sum(weight * unit for weight, unit in zip(U[i], units, strict=True))
        total -= math.log1p(math.exp(-logit if on else logit))
    return total


@pytest.fixture(scope="module", params=range(2))
def world(request):
    """A decoder of one latent number, an image, a Gaussian q, and all that quadrature says of them."""
    seed = request.param
    decoder = vae.init(4, 3, 1, generator=seeded(seed)).decoder.double()
    with torch.no_grad():
        for parameter in decoder.parameters():
            parameter.copy_(1.2 * randn(*parameter.shape, seed=seed))
    x = (1, 0, 0, 1) if seed else (0, 1, 1, 1)
    mu, sigma = (0.4, 0.7) if seed else (-0.6, 1.3)
    prior, q = stats.norm.logpdf(Z), stats.norm.logpdf(Z, mu, sigma)
    likelihood = np.array([slow_log_likelihood(decoder, x, z) for z in Z])
    evidence = integrate.quad(
        lambda z: math.exp(slow_log_likelihood(decoder, x, z)) * stats.norm.pdf(z), -14, 14, limit=200, points=[0]
    )[0]
    return SimpleNamespace(
        decoder=decoder, x=torch.tensor([x], dtype=torch.float64), mu=mu, sigma=sigma, prior=prior, q=q,
        likelihood=likelihood, evidence=math.log(evidence), posterior=likelihood + prior - math.log(evidence),
        mean=lambda values: integrate.trapezoid(np.exp(q) * values, Z),
    )


def package(world):
    """What the package makes of the same model: the five parts of the bound."""
    log_joint = vae.log_joint(world.decoder, world.x, COLUMN)[0].detach()
    return exact.evidence_bound(log_joint, torch.from_numpy(world.q), exact.log_widths(COLUMN[:, 0]))


def kl(q, p, mean):
    return mean(q - p)


@pytest.mark.equation(
    "eq-elbo-constant",
    r"\log p_\theta(x) = \mathbb{E}_{z \sim q_\phi(z \mid x)}\left[ \log p_\theta(x) \right]",
    kind="identity",
)
def test_a_number_without_z_is_its_own_mean_under_any_q(world):
    assert world.mean(np.full_like(Z, world.evidence)) == pytest.approx(world.evidence, abs=1e-9)
    assert package(world).log_evidence.item() == pytest.approx(world.evidence, abs=1e-5)


@pytest.mark.equation(
    "eq-elbo-bayes",
    r"\log p_\theta(x) = \mathbb{E}_{q_\phi}\left[ \log \frac{p_\theta(x \mid z)\, p(z)}{p_\theta(z \mid x)} \right]",
    kind="identity",
)
def test_bayes_rule_gives_the_evidence_at_every_z(world):
    ratio = world.likelihood + world.prior - world.posterior
    assert ratio == pytest.approx(world.evidence, abs=1e-9)
    assert world.mean(ratio) == pytest.approx(world.evidence, abs=1e-9)
    assert integrate.trapezoid(np.exp(world.posterior), Z) == pytest.approx(1, abs=1e-5)


@pytest.mark.equation(
    "eq-elbo-times-one",
    r"\log p_\theta(x) = \mathbb{E}_{q_\phi}\left[ \log \frac{p_\theta(x \mid z)\, p(z)}{p_\theta(z \mid x)} \frac{q_\phi(z \mid x)}{q_\phi(z \mid x)} \right]",
    kind="identity",
)
def test_a_factor_of_one_changes_nothing(world):
    inside = abs(Z) < 9  # where no density underflows
    numerator = np.exp(world.likelihood + world.prior + world.q)[inside]
    denominator = np.exp(world.posterior + world.q)[inside]
    found = integrate.trapezoid(np.exp(world.q[inside]) * np.log(numerator / denominator), Z[inside])
    assert found == pytest.approx(world.evidence, abs=1e-4)


@pytest.mark.equation(
    "eq-elbo-three-terms",
    r"\log p_\theta(x) = \mathbb{E}_{q_\phi}\left[ \log p_\theta(x \mid z) \right] - \mathbb{E}_{q_\phi}\left[ \log \frac{q_\phi(z \mid x)}{p(z)} \right] + \mathbb{E}_{q_\phi}\left[ \log \frac{q_\phi(z \mid x)}{p_\theta(z \mid x)} \right]",
    kind="identity",
)
def test_three_averages_add_up_to_the_evidence(world):
    found = world.mean(world.likelihood) - world.mean(world.q - world.prior) + world.mean(world.q - world.posterior)
    assert found == pytest.approx(world.evidence, abs=1e-9)


@pytest.mark.equation(
    "eq-elbo-kl-definition",
    r"D_{\mathrm{KL}}(q \,\|\, p) = \mathbb{E}_{z \sim q}\left[ \log \frac{q(z)}{p(z)} \right]",
    kind="definition",
)
def test_the_packages_divergences_are_mean_log_ratios(world):
    mu, log_var = f64([world.mu]), f64([2 * math.log(world.sigma)])
    assert distributions.kl_gaussian(mu, log_var).item() == pytest.approx(kl(world.q, world.prior, world.mean), abs=1e-6)
    p, q = ([0.2, 0.5, 0.3], [0.6, 0.4, 0.0])
    listed = sum(b * math.log(b / a) for a, b in zip(p, q, strict=True) if b)
    assert exact.kl_divergence(torch.tensor(q), torch.tensor(p)).item() == pytest.approx(listed, abs=1e-6)


@pytest.mark.equation(
    "eq-elbo-decomposition",
    r"\log p_\theta(x) = \mathbb{E}_{q_\phi}\left[ \log p_\theta(x \mid z) \right] - D_{\mathrm{KL}}\left( q_\phi(z \mid x) \,\|\, p(z) \right) + D_{\mathrm{KL}}\left( q_\phi(z \mid x) \,\|\, p_\theta(z \mid x) \right)",
    kind="identity",
)
def test_reconstruction_minus_one_divergence_plus_the_other_is_the_evidence(world):
    mu, log_var = f64([world.mu]), f64([2 * math.log(world.sigma)])
    prior_kl = distributions.kl_gaussian(mu, log_var).item()
    posterior_kl = package(world).gap.item()
    assert world.mean(world.likelihood) - prior_kl + posterior_kl == pytest.approx(world.evidence, abs=2e-5)


@pytest.mark.equation(
    "eq-elbo-definition",
    r"\mathcal{L}(x; \theta, \phi) = \mathbb{E}_{q_\phi}\left[ \log p_\theta(x \mid z) \right] - D_{\mathrm{KL}}\left( q_\phi(z \mid x) \,\|\, p(z) \right)",
    kind="definition",
)
def test_the_packages_elbo_is_reconstruction_minus_divergence(world):
    model = vae.VAE(vae.init(4, 5, 1, generator=seeded()).encoder.double(), world.decoder)
    mu, log_var = (t.item() for t in model.encoder(world.x))
    q = stats.norm.logpdf(Z, mu, math.exp(log_var / 2))
    quadrature = integrate.trapezoid(np.exp(q) * (world.likelihood + world.prior - q), Z)
    values = vae.elbo(model, world.x.expand(20_000, -1), generator=seeded(1)).detach()
    assert values.mean().item() == pytest.approx(quadrature, abs=4 * values.std().item() / 20_000**0.5)
    terms = vae.elbo_terms(model, world.x, generator=seeded(2), n_samples=3)
    found = vae.elbo(model, world.x, generator=seeded(2), n_samples=3)
    assert found.item() == pytest.approx((terms.reconstruction - terms.kl).item(), abs=1e-12)


@pytest.mark.equation("eq-elbo-tangent", r"\log t \le t - 1 \quad \text{for all } t > 0", kind="bound")
def test_the_logarithm_lies_below_its_tangent_at_one():
    t = np.concatenate([np.logspace(-12, 12, 4001), [1.0]])
    assert (np.log(t) <= t - 1).all()
    assert math.log(1.0) == 0
    away = abs(t - 1) > 1e-3
    assert (np.log(t)[away] < (t - 1)[away]).all()


@pytest.mark.equation(
    "eq-elbo-kl-proof",
    r"-D_{\mathrm{KL}}(q \,\|\, p) = \mathbb{E}_{q}\left[ \log \frac{p(z)}{q(z)} \right] \le \mathbb{E}_{q}\left[ \frac{p(z)}{q(z)} - 1 \right] \le 0",
    kind="bound",
)
def test_the_two_steps_of_the_proof_hold_and_the_last_is_strict_where_q_misses_mass():
    for seed in range(20):
        p, q = (torch.rand(6, generator=seeded(seed + shift), dtype=torch.float64) for shift in (0, 100))
        q[:2] = 0 if seed % 2 else q[:2]
        p, q = p / p.sum(), q / q.sum()
        pairs = [(a, b) for a, b in zip(p.tolist(), q.tolist(), strict=True) if b]
        log_ratio = sum(b * math.log(a / b) for a, b in pairs)
        tangent = sum(b * (a / b - 1) for a, b in pairs)
        assert -exact.kl_divergence(q, p).item() == pytest.approx(log_ratio, abs=1e-12)
        assert log_ratio <= tangent
        assert tangent <= 1e-12
        assert (tangent < -0.01) == bool(seed % 2)


@pytest.mark.equation(
    "eq-elbo-kl-nonnegative",
    r"D_{\mathrm{KL}}(q \,\|\, p) \ge 0, \quad \text{with equality exactly where } q = p",
    kind="bound",
)
def test_divergences_are_never_negative_and_zero_only_for_equals():
    mu, log_var, m, s = (randn(2000, 2, seed=seed) for seed in range(4))
    assert (distributions.kl_gaussians(mu, log_var, m, s) > 0).all()
    assert (distributions.kl_gaussian(mu, log_var) > 0).all()
    assert distributions.kl_gaussians(mu, log_var, mu, log_var).abs().max() == 0
    assert distributions.kl_gaussian(torch.zeros(1), torch.zeros(1)) == 0
    for by in (1e-3, -1e-3):
        assert distributions.kl_gaussian(f64([by]), torch.zeros(1).double()) > 1e-7
        assert distributions.kl_gaussian(torch.zeros(1).double(), f64([by])) > 1e-7


@pytest.mark.equation("eq-elbo-bound", r"\log p_\theta(x) \ge \mathcal{L}(x; \theta, \phi)", kind="bound")
def test_no_q_gives_more_than_the_evidence(world):
    log_joint = vae.log_joint(world.decoder, world.x, COLUMN)[0].detach()
    best = -math.inf
    for mu, sigma in itertools.product(np.linspace(-2, 2, 17), np.linspace(0.2, 1.8, 17)):
        log_q = torch.from_numpy(stats.norm.logpdf(Z, mu, sigma))
        best = max(best, exact.evidence_bound(log_joint, log_q, exact.log_widths(COLUMN[:, 0])).bound.item())
    assert best <= world.evidence
    assert best > world.evidence - 0.1


@pytest.mark.equation(
    "eq-elbo-gap",
    r"\log p_\theta(x) - \mathcal{L}(x; \theta, \phi) = D_{\mathrm{KL}}\left( q_\phi(z \mid x) \,\|\, p_\theta(z \mid x) \right)",
    kind="identity",
)
def test_the_gap_is_the_divergence_to_the_posterior_to_a_millionth(world):
    # the linear-Gaussian model: every side in closed form
    for K, seed in itertools.product((1, 2), range(3)):
        model = vae.LinearGaussian(randn(4, K, seed=seed), randn(4, seed=seed + 5), randn(4, seed=seed + 9))
        x, mu, log_var = randn(3, 4, seed=1), randn(3, K, seed=2), randn(3, K, seed=3)
        mean, covariance = model.posterior(x)
        divergence = torch.distributions.kl_divergence(
            torch.distributions.MultivariateNormal(mu, log_var.exp().diag_embed()),
            torch.distributions.MultivariateNormal(mean, covariance),
        )
        gap = model.log_prob(x) - model.elbo(x, mu, log_var)
        assert gap.tolist() == pytest.approx(divergence.tolist(), abs=1e-6)
    # the non-linear one: quadrature
    found = package(world)
    assert found.gap.item() == pytest.approx(kl(world.q, world.posterior, world.mean), abs=2e-5)
    assert (found.log_evidence - found.bound - found.gap).abs() < 1e-6


@pytest.mark.equation(
    "eq-elbo-marginal", r"\log p_\theta(x) = \log \int p_\theta(x, z) \, dz", kind="identity"
)
def test_the_packages_integral_over_codes_is_scipys(world):
    found = exact.log_integral(vae.log_joint(world.decoder, world.x, COLUMN), COLUMN[:, 0])
    assert found.item() == pytest.approx(world.evidence, abs=1e-5)


@pytest.mark.equation(
    "eq-elbo-importance",
    r"\log p_\theta(x) = \log \mathbb{E}_{q_\phi}\left[ \frac{p_\theta(x, z)}{q_\phi(z \mid x)} \right]",
    kind="identity",
)
def test_dividing_and_multiplying_by_q_leaves_the_integral(world):
    inside = np.exp(world.q) > 0
    ratio = np.exp(world.likelihood + world.prior - world.q)[inside]
    found = integrate.trapezoid(np.exp(world.q[inside]) * ratio, Z[inside])
    assert math.log(found) == pytest.approx(world.evidence, abs=1e-5)


@pytest.mark.equation(
    "eq-elbo-jensen",
    r"\log p_\theta(x) \ge \mathbb{E}_{q_\phi}\left[ \log \frac{p_\theta(x, z)}{q_\phi(z \mid x)} \right]",
    kind="bound",
)
def test_the_mean_log_ratio_lies_below_the_log_of_the_mean(world):
    for shift, scale in itertools.product((-1.0, 0.0, 1.0), (0.5, 1.0, 1.5)):
        q = stats.norm.logpdf(Z, world.mu + shift, world.sigma * scale)
        mean_log = integrate.trapezoid(np.exp(q) * (world.likelihood + world.prior - q), Z)
        assert mean_log < world.evidence


@pytest.mark.equation(
    "eq-elbo-two-forms",
    r"\mathbb{E}_{q_\phi}\left[ \log \frac{p_\theta(x, z)}{q_\phi(z \mid x)} \right] = \mathcal{L}(x; \theta, \phi)",
    kind="identity",
)
def test_jensens_bound_is_reconstruction_minus_divergence(world):
    mu, log_var = f64([world.mu]), f64([2 * math.log(world.sigma)])
    elbo = world.mean(world.likelihood) - distributions.kl_gaussian(mu, log_var).item()
    assert world.mean(world.likelihood + world.prior - world.q) == pytest.approx(elbo, abs=1e-6)


@pytest.mark.equation(
    "eq-elbo-entropy-form",
    r"\mathcal{L}(x; \theta, \phi) = \mathbb{E}_{q_\phi}\left[ \log p_\theta(x, z) \right] + \mathbb{H}\left( q_\phi(z \mid x) \right)",
    kind="identity",
)
def test_mean_log_joint_plus_entropy_is_the_bound(world):
    elbo = world.mean(world.likelihood) - world.mean(world.q - world.prior)
    entropy = stats.norm(world.mu, world.sigma).entropy()
    assert world.mean(world.likelihood + world.prior) + entropy == pytest.approx(elbo, abs=1e-9)
    found = package(world)
    assert found.entropy.item() == pytest.approx(entropy, abs=1e-9)
    assert found.bound.item() == pytest.approx(elbo, abs=1e-9)


@pytest.mark.equation(
    "eq-elbo-linear-evidence",
    r"p(x) = \mathcal{N}\left( x;\; c,\; A A^\top + \Sigma \right)",
    kind="identity",
)
def test_the_linear_models_evidence_is_the_integral_over_its_code():
    A, c, log_var = randn(3, 1), randn(3, seed=1), randn(3, seed=2)
    x = randn(1, 3, seed=3)

    def joint(z):
        means = (A[:, 0] * z + c).tolist()
        return stats.norm.pdf(z) * math.prod(
            stats.norm.pdf(v, m, math.exp(s / 2)) for v, m, s in zip(x[0].tolist(), means, log_var.tolist(), strict=True)
        )

    integral = math.log(integrate.quad(joint, -12, 12)[0])
    found = vae.LinearGaussian(A, c, log_var).log_prob(x).item()
    assert found == pytest.approx(integral, abs=1e-6)
    covariance = (A @ A.T + log_var.exp().diag()).numpy()
    assert found == pytest.approx(stats.multivariate_normal(c.numpy(), covariance).logpdf(x.numpy()), abs=1e-9)


@pytest.mark.equation(
    "eq-elbo-linear-posterior",
    r"p(z \mid x) = \mathcal{N}\left( z;\; \Lambda^{-1} A^\top \Sigma^{-1} (x - c),\; \Lambda^{-1} \right), \qquad \Lambda = I + A^\top \Sigma^{-1} A",
    kind="identity",
)
def test_the_linear_models_posterior_is_joint_over_evidence():
    model = vae.LinearGaussian(randn(3, 2), randn(3, seed=1), randn(3, seed=2))
    x = randn(1, 3, seed=3)
    mean, covariance = model.posterior(x)
    for seed in range(5):
        z = randn(2, seed=10 + seed)
        noise = stats.multivariate_normal((model.A @ z + model.c).numpy(), model.log_var.exp().diag().numpy())
        joint = noise.logpdf(x[0].numpy()) + stats.norm.logpdf(z.numpy()).sum()
        posterior = stats.multivariate_normal(mean[0].numpy(), covariance.numpy()).logpdf(z.numpy())
        assert posterior == pytest.approx(joint - model.log_prob(x).item(), abs=1e-9)
    precision = np.eye(2) + sum(
        np.outer(row, row) / s for row, s in zip(model.A.numpy(), model.log_var.exp().tolist(), strict=True)
    )
    assert covariance.numpy() == pytest.approx(np.linalg.inv(precision), abs=1e-12)


@pytest.mark.equation(
    "eq-elbo-diagonal-gap",
    r"\min_{\mu, \sigma} \left( \log p(x) - \mathcal{L} \right) = \frac{1}{2} \left( \sum_{j=1}^{K} \log \Lambda_{jj} - \log \det \Lambda \right)",
    kind="identity",
)
def test_the_smallest_gap_of_a_diagonal_q_is_the_price_of_independence():
    for K, seed in itertools.product((2, 3), range(2)):
        model = vae.LinearGaussian(randn(4, K, seed=seed), randn(4, seed=1), randn(4, seed=2))
        x = randn(1, 4, seed=3)

        def gap(values, model=model, x=x, K=K):
            t = torch.tensor(values, dtype=torch.float64).reshape(2, 1, K).requires_grad_()
            value = (model.log_prob(x) - model.elbo(x, *t)).sum()
            (slope,) = torch.autograd.grad(value, t)
            return value.item(), slope.flatten().numpy()

        best = minimize(gap, np.zeros(2 * K), jac=True, tol=1e-12)
        precision = np.linalg.inv(model.posterior(x)[1].numpy())
        expected = 0.5 * (np.log(np.diag(precision)).sum() - np.linalg.slogdet(precision)[1])
        assert best.fun == pytest.approx(expected, abs=1e-7)
        assert np.exp(-best.x[K:]) == pytest.approx(np.diag(precision), rel=1e-3)


# The RBM


def factorised(q, h):
    return math.prod(p if on else 1 - p for p, on in zip(q, h, strict=True))


def random_q(seed, n):
    q = torch.rand(n, generator=seeded(seed), dtype=torch.float64)
    return (q / q.sum()).tolist()


def minus_free_energy(machine, x):
    return math.log(math.fsum(math.exp(-slow_energy(machine, x, h)) for h in states(3)))


def posterior_of(machine, x):
    joint, marginal = slow_joint(machine), slow_marginal(machine)
    return [joint[x, h] / marginal[x] for h in states(3)]


@pytest.mark.equation(
    "eq-elbo-rbm-average",
    r"-F(x) = \mathbb{E}_{q}\left[ -E(x, h) \right] - \mathbb{E}_{q}\left[ \log p(h \mid x) \right]",
    kind="identity",
)
def test_any_average_of_minus_energy_less_log_posterior_is_minus_the_free_energy(machine):
    for number, x in enumerate(states(4)):
        q, posterior = random_q(number, 8), posterior_of(machine, x)
        found = sum(w * (-slow_energy(machine, x, h) - math.log(p)) for w, h, p in zip(q, states(3), posterior, strict=True))
        F = rbm.free_energy(machine, f64([x])).item()
        assert found == pytest.approx(-F, abs=1e-9)


@pytest.mark.equation(
    "eq-elbo-rbm-decomposition",
    r"-F(x) = \mathbb{E}_{q}\left[ -E(x, h) \right] + \mathbb{H}(q) + D_{\mathrm{KL}}\left( q(h) \,\|\, p(h \mid x) \right)",
    kind="identity",
)
def test_minus_energy_entropy_and_divergence_add_up_to_minus_the_free_energy(machine):
    for number, x in enumerate(states(4)):
        q, posterior = random_q(number, 8), posterior_of(machine, x)
        average = sum(w * -slow_energy(machine, x, h) for w, h in zip(q, states(3), strict=True))
        entropy = -sum(w * math.log(w) for w in q)
        divergence = sum(w * math.log(w / p) for w, p in zip(q, posterior, strict=True))
        assert average + entropy + divergence == pytest.approx(minus_free_energy(machine, x), abs=1e-9)
        rows = f64([x]).expand(8, -1)
        found = exact.evidence_bound(
            -rbm.energy(machine, rows, exact.binary_states(3)), f64(q).log(), torch.zeros(8).double()
        )
        expected = [average, entropy, average + entropy, divergence, minus_free_energy(machine, x)]
        assert [t.item() for t in found] == pytest.approx(expected, abs=1e-9)


@pytest.mark.equation(
    "eq-elbo-rbm-maximum",
    r"-F(x) = \max_{q} \left\{ \mathbb{E}_{q}\left[ -E(x, h) \right] + \mathbb{H}(q) \right\}",
    kind="identity",
)
def test_the_best_of_all_q_is_minus_the_free_energy(machine):
    for x in states(4)[::5]:
        energies = torch.tensor([-slow_energy(machine, x, h) for h in states(3)]).double()

        def loss(logits, energies=energies):
            t = torch.tensor(logits).requires_grad_()
            q = t.softmax(0)
            value = -(q * (energies - q.log())).sum()
            (slope,) = torch.autograd.grad(value, t)
            return value.item(), slope.numpy()

        best = minimize(loss, np.zeros(8), jac=True, tol=1e-10)
        F = rbm.free_energy(machine, f64([x])).item()
        assert -best.fun == pytest.approx(-F, abs=1e-6)


@pytest.mark.equation(
    "eq-elbo-rbm-independent",
    r"\begin{aligned} \mathbb{E}_{q}\left[ -E(x, h) \right] + \mathbb{H}(q) = c^\top x &+ \sum_{j=1}^{H} q_j (b_j + W_j x) \\ &- \sum_{j=1}^{H} \Big( q_j \log q_j + (1 - q_j) \log (1 - q_j) \Big) \end{aligned}",
    kind="identity",
)
def test_for_independent_units_both_averages_are_sums_over_units(machine):
    W, b, c = (t.tolist() for t in machine)
    for number, x in enumerate(states(4)):
        q = torch.rand(3, generator=seeded(number), dtype=torch.float64).tolist()
        listed = sum(
            factorised(q, h) * (-slow_energy(machine, x, h) - math.log(factorised(q, h))) for h in states(3)
        )
        by_unit = sum(v * on for v, on in zip(c, x, strict=True))
        for j in range(3):
            a = b[j] + sum(w * on for w, on in zip(W[j], x, strict=True))
            by_unit += q[j] * a - q[j] * math.log(q[j]) - (1 - q[j]) * math.log(1 - q[j])
        assert by_unit == pytest.approx(listed, abs=1e-9)
        found = rbm.variational_bound(machine, f64([x]), f64([q]))
        assert found.item() == pytest.approx(listed, abs=1e-9)


@pytest.mark.equation(
    "eq-elbo-rbm-best",
    r"\log \frac{q_j}{1 - q_j} = b_j + W_j x \quad \Longleftrightarrow \quad q_j = \operatorname{sigm}(b_j + W_j x) = p(h_j = 1 \mid x)",
    kind="identity",
)
def test_the_bound_is_flat_at_the_posterior_and_nowhere_else(machine):
    W, b, _ = machine
    for x in states(4):
        row = f64([x])
        posterior = posterior_of(machine, x)
        on = [sum(p for p, h in zip(posterior, states(3), strict=True) if h[j]) for j in range(3)]
        assert rbm.prob_h_given_x(machine, row)[0].tolist() == pytest.approx(on, abs=1e-12)
        assert [math.log(p / (1 - p)) for p in on] == pytest.approx((b + W @ row[0]).tolist(), abs=1e-6)
        for q, flat in ((torch.tensor([on]), True), (torch.full((1, 3), 0.37).double(), False)):
            q = q.double().requires_grad_()
            (slope,) = torch.autograd.grad(rbm.variational_bound(machine, row, q).sum(), q)
            assert (slope.abs().max() < 1e-6) == flat


@pytest.mark.equation(
    "eq-elbo-rbm-evidence",
    r"\log p(x) = \max_{q} \left\{ \mathbb{E}_{q}\left[ -E(x, h) \right] + \mathbb{H}(q) \right\} - \log Z",
    kind="identity",
)
def test_the_best_bound_less_log_z_is_log_p(machine):
    x = exact.binary_states(4)
    best = rbm.variational_bound(machine, x, rbm.prob_h_given_x(machine, x))
    marginal = slow_marginal(machine)
    expected = [math.log(marginal[state]) for state in states(4)]
    assert (best - rbm.log_partition(machine)).tolist() == pytest.approx(expected, abs=1e-9)


# The divergence of Gaussians

PAIRS = [(0.0, 1.0), (1.3, 0.4), (-0.7, 2.1), (2.0, 0.05)]


def gaussian_mean(f, mu, sigma):
    """E[f(z)], z ~ N(mu, sigma^2), by adaptive quadrature."""
    return integrate.quad(lambda z: stats.norm.pdf(z, mu, sigma) * f(z), mu - 12 * sigma, mu + 12 * sigma)[0]


def one_dimensional_kl(mu, sigma, m=0.0, s=1.0):
    return gaussian_mean(lambda z: stats.norm.logpdf(z, mu, sigma) - stats.norm.logpdf(z, m, s), mu, sigma)


@pytest.mark.equation(
    "eq-elbo-kl-sum",
    r"D_{\mathrm{KL}}\left( \mathcal{N}(\mu, \operatorname{diag} \sigma^2) \,\|\, \mathcal{N}(0, I) \right) = \sum_{j=1}^{K} D_{\mathrm{KL}}\left( \mathcal{N}(\mu_j, \sigma_j^2) \,\|\, \mathcal{N}(0, 1) \right)",
    kind="identity",
)
def test_the_divergence_of_products_is_the_sum_of_divergences():
    (m0, s0), (m1, s1) = PAIRS[1:3]
    joint = integrate.dblquad(
        lambda b, a: stats.norm.pdf(a, m0, s0) * stats.norm.pdf(b, m1, s1) * (
            stats.norm.logpdf(a, m0, s0) + stats.norm.logpdf(b, m1, s1) - stats.norm.logpdf(a) - stats.norm.logpdf(b)),
        m0 - 7 * s0, m0 + 7 * s0, m1 - 7 * s1, m1 + 7 * s1, epsabs=1e-6, epsrel=1e-6,
    )[0]
    assert joint == pytest.approx(one_dimensional_kl(m0, s0) + one_dimensional_kl(m1, s1), abs=1e-5)
    mu, log_var = f64([m0, m1]), 2 * f64([s0, s1]).log()
    assert distributions.kl_gaussian(mu, log_var).item() == pytest.approx(joint, abs=1e-5)


@pytest.mark.equation(
    "eq-elbo-gaussian",
    r"\log \mathcal{N}(z; \mu, \sigma^2) = -\frac{1}{2} \log 2\pi - \frac{1}{2} \log \sigma^2 - \frac{(z - \mu)^2}{2 \sigma^2}",
    kind="identity",
)
def test_the_log_density_has_its_constant_once_a_dimension_and_integrates_to_one():
    for mu, sigma in PAIRS:
        z = np.linspace(mu - 3, mu + 3, 13)
        mine = distributions.gaussian_log_prob(
            torch.from_numpy(z)[:, None], torch.full((13, 1), mu, dtype=torch.float64), torch.full((13, 1), 2 * math.log(sigma), dtype=torch.float64)
        )
        assert mine.tolist() == pytest.approx(stats.norm.logpdf(z, mu, sigma).tolist(), abs=1e-9)
        mass = integrate.quad(
            lambda z, mu=mu, sigma=sigma: math.exp(
                -0.5 * math.log(2 * math.pi) - 0.5 * math.log(sigma**2) - (z - mu) ** 2 / (2 * sigma**2)),
            mu - 12 * sigma, mu + 12 * sigma)[0]
        assert mass == pytest.approx(1, abs=1e-9)
    three = distributions.gaussian_log_prob(*(torch.zeros(3).double() for _ in range(3)))
    assert three.item() == pytest.approx(-1.5 * math.log(2 * math.pi))  # once for each dimension


@pytest.mark.equation(
    "eq-elbo-log-ratio",
    r"\log \frac{\mathcal{N}(z; \mu, \sigma^2)}{\mathcal{N}(z; 0, 1)} = -\frac{1}{2} \log \sigma^2 - \frac{(z - \mu)^2}{2 \sigma^2} + \frac{z^2}{2}",
    kind="identity",
)
def test_the_constant_cancels_in_the_log_ratio():
    for (mu, sigma), z in itertools.product(PAIRS, (-2.0, 0.3, 1.7)):
        written = -0.5 * math.log(sigma**2) - (z - mu) ** 2 / (2 * sigma**2) + z**2 / 2
        assert written == pytest.approx(stats.norm.logpdf(z, mu, sigma) - stats.norm.logpdf(z), abs=1e-9)


@pytest.mark.equation(
    "eq-elbo-moments",
    r"\mathbb{E}\left[ (z - \mu)^2 \right] = \sigma^2, \qquad \mathbb{E}\left[ z^2 \right] = \mu^2 + \sigma^2",
    kind="identity",
)
def test_the_two_moments_by_quadrature():
    for mu, sigma in PAIRS:
        assert gaussian_mean(lambda z, mu=mu: (z - mu) ** 2, mu, sigma) == pytest.approx(sigma**2, abs=1e-7)
        assert gaussian_mean(lambda z: z**2, mu, sigma) == pytest.approx(mu**2 + sigma**2, abs=1e-7)


@pytest.mark.equation(
    "eq-elbo-kl-one",
    r"D_{\mathrm{KL}}\left( \mathcal{N}(\mu, \sigma^2) \,\|\, \mathcal{N}(0, 1) \right) = \frac{1}{2} \left( \mu^2 + \sigma^2 - 1 - \log \sigma^2 \right)",
    kind="identity",
)
def test_the_closed_form_of_one_dimension_is_the_integral():
    for mu, sigma in PAIRS:
        closed = 0.5 * (mu**2 + sigma**2 - 1 - math.log(sigma**2))
        assert closed == pytest.approx(one_dimensional_kl(mu, sigma), abs=1e-7)
        found = distributions.kl_gaussian(f64([mu]), f64([2 * math.log(sigma)]))
        assert found.item() == pytest.approx(one_dimensional_kl(mu, sigma), abs=1e-7)


@pytest.mark.equation(
    "eq-elbo-kl-gaussian",
    r"D_{\mathrm{KL}}\left( q_\phi(z \mid x) \,\|\, p(z) \right) = \frac{1}{2} \sum_{j=1}^{K} \left( \mu_j^2 + \sigma_j^2 - 1 - \log \sigma_j^2 \right)",
    kind="identity",
)
def test_the_packages_divergence_is_torchs_and_the_sum_written_out():
    mu, log_var = randn(6, 5), randn(6, 5, seed=1)
    q = torch.distributions.Normal(mu, (log_var / 2).exp())
    torchs = torch.distributions.kl_divergence(q, torch.distributions.Normal(0, 1)).sum(-1)
    found = distributions.kl_gaussian(mu, log_var)
    assert found.tolist() == pytest.approx(torchs.tolist(), abs=1e-9)
    listed = [0.5 * sum(m**2 + math.exp(s) - 1 - s for m, s in zip(ms, ss, strict=True))
              for ms, ss in zip(mu.tolist(), log_var.tolist(), strict=True)]
    assert found.tolist() == pytest.approx(listed, abs=1e-9)


@pytest.mark.equation(
    "eq-elbo-kl-gaussians",
    r"\begin{aligned} D_{\mathrm{KL}}\big( &\mathcal{N}(\mu, \operatorname{diag} \sigma^2) \,\|\, \mathcal{N}(m, \operatorname{diag} s^2) \big) \\ &= \frac{1}{2} \sum_{j=1}^{K} \left( \frac{(\mu_j - m_j)^2}{s_j^2} + \frac{\sigma_j^2}{s_j^2} - 1 - \log \frac{\sigma_j^2}{s_j^2} \right) \end{aligned}",
    kind="identity",
)
def test_the_divergence_of_two_gaussians_is_the_integral():
    for (mu, sigma), (m, s) in itertools.product(PAIRS[:3], PAIRS[:3]):
        found = distributions.kl_gaussians(
            *(f64([value]) for value in (mu, 2 * math.log(sigma), m, 2 * math.log(s)))
        )
        assert found.item() == pytest.approx(one_dimensional_kl(mu, sigma, m, s), abs=1e-6)
    parts = [randn(2, 3, seed=seed) for seed in range(4)]
    mu, log_var, m, log_s = parts
    torchs = torch.distributions.kl_divergence(
        torch.distributions.Normal(mu, (log_var / 2).exp()), torch.distributions.Normal(m, (log_s / 2).exp())
    ).sum(-1)
    assert distributions.kl_gaussians(*parts).tolist() == pytest.approx(torchs.tolist(), abs=1e-9)


# Data sets and minibatches


@pytest.mark.equation(
    "eq-elbo-objective",
    r"\theta^*, \phi^* = \arg\max_{\theta, \phi} \sum_{n=1}^{N} \mathcal{L}\left( x^{(n)}; \theta, \phi \right)",
    kind="identity",
)
def test_maximising_over_both_is_maximum_likelihood_where_the_family_holds_the_posterior():
    x = randn(40, 3) @ randn(3, 3, seed=1)

    def unpack(values):
        A, V, noise, spread = values[:3, None], values[3:6], values[6], values[7]
        return vae.LinearGaussian(A, x.mean(0), noise.expand(3)), (x - x.mean(0)) @ V[:, None], spread.expand(40, 1)

    def loss(values):
        t = torch.tensor(values).requires_grad_()
        model, mu, log_var = unpack(t)
        value = -model.elbo(x, mu, log_var).mean()
        (slope,) = torch.autograd.grad(value, t)
        return value.item(), slope.numpy()

    best = minimize(loss, np.full(8, 0.3), jac=True, tol=1e-10)
    # Tipping and Bishop: the maximum likelihood of one component, from the eigenvalues of the covariance
    values = np.linalg.eigvalsh(np.cov(x.numpy().T, bias=True))
    noise = values[:2].mean()
    highest = -0.5 * (3 * math.log(2 * math.pi) + math.log(values[2]) + 2 * math.log(noise) + 3)
    assert -best.fun == pytest.approx(highest, abs=1e-5)


@pytest.mark.equation(
    "eq-elbo-objective-gap",
    r"\sum_{n=1}^{N} \mathcal{L}\left( x^{(n)}; \theta, \phi \right) = \sum_{n=1}^{N} \log p_\theta\left( x^{(n)} \right) - \sum_{n=1}^{N} D_{\mathrm{KL}}\left( q_\phi(z \mid x^{(n)}) \,\|\, p_\theta(z \mid x^{(n)}) \right)",
    kind="identity",
)
def test_the_sum_of_bounds_is_log_likelihood_less_gaps(world):
    x = exact.binary_states(4)
    encoder = vae.init(4, 5, 1, generator=seeded()).encoder.double()
    with torch.no_grad():
        mu, log_var = encoder(x)
        log_joint = vae.log_joint(world.decoder, x, COLUMN)
        log_q = torch.distributions.Normal(mu, (log_var / 2).exp()).log_prob(COLUMN[:, 0])
    found = exact.evidence_bound(log_joint, log_q, exact.log_widths(COLUMN[:, 0]))
    log_p = exact.log_integral(log_joint, COLUMN[:, 0])
    posterior = (log_joint - log_p[:, None]).numpy()
    gaps = integrate.trapezoid(log_q.exp().numpy() * (log_q.numpy() - posterior), Z)
    assert found.bound.sum().item() == pytest.approx((log_p.sum() - gaps.sum()).item(), abs=1e-6)


@pytest.mark.equation(
    "eq-elbo-minibatch",
    r"\hat{\mathcal{L}} = \frac{1}{M} \sum_{m=1}^{M} \Big( \frac{1}{S} \sum_{s=1}^{S} \log p_\theta\left( x^{(m)} \mid z^{(m,s)} \right) - D_{\mathrm{KL}}\left( q_\phi(z \mid x^{(m)}) \,\|\, p(z) \right) \Big), \qquad z^{(m,s)} \sim q_\phi(z \mid x^{(m)})",
    kind="identity",
)
def test_the_packages_estimate_is_the_sums_written_out_at_the_same_codes(world):
    model = vae.VAE(vae.init(4, 5, 1, generator=seeded()).encoder.double(), world.decoder)
    x, S = exact.binary_states(4)[[3, 9, 14]], 4
    with torch.no_grad():
        mu, log_var = model.encoder(x)
        found = vae.elbo(model, x, generator=seeded(8), n_samples=S).mean().item()
    eps = torch.randn(S, 3, 1, generator=seeded(8), dtype=torch.float64)
    total = 0.0
    for m in range(3):
        centre, spread = mu[m].item(), math.exp(log_var[m].item() / 2)
        codes = [centre + spread * eps[s, m, 0].item() for s in range(S)]
        reconstruction = sum(slow_log_likelihood(world.decoder, x[m].int().tolist(), z) for z in codes) / S
        total += reconstruction - 0.5 * (centre**2 + spread**2 - 1 - math.log(spread**2))
    assert found == pytest.approx(total / 3, abs=1e-9)


@pytest.mark.equation(
    "eq-elbo-unbiased",
    r"\mathbb{E}\big[ \hat{\mathcal{L}} \big] = \frac{1}{N} \sum_{n=1}^{N} \mathcal{L}\left( x^{(n)}; \theta, \phi \right)",
    kind="identity",
)
def test_the_mean_over_minibatches_and_codes_is_the_mean_bound(world):
    model = vae.VAE(vae.init(4, 5, 1, generator=seeded()).encoder.double(), world.decoder)
    data = exact.binary_states(4)[[1, 6, 7, 12]]
    with torch.no_grad():
        mu, log_var = model.encoder(data)
        log_q = torch.distributions.Normal(mu, (log_var / 2).exp()).log_prob(COLUMN[:, 0])
        bounds = exact.evidence_bound(
            vae.log_joint(world.decoder, data, COLUMN), log_q, exact.log_widths(COLUMN[:, 0])).bound
        batches = list(itertools.combinations(range(4), 2))  # every minibatch of two
        repeats = 2000
        estimates = torch.stack([
            vae.elbo(model, data[list(batch)].repeat(repeats, 1), generator=seeded(50 + number)).reshape(repeats, 2).mean(1)
            for number, batch in enumerate(batches)
        ])
    error = estimates.std().item() / estimates.numel() ** 0.5
    assert estimates.mean().item() == pytest.approx(bounds.mean().item(), abs=4 * error)


@pytest.mark.equation(
    "eq-elbo-pixel-mean",
    r"\frac{1}{D} \, \mathbb{E}_{q_\phi}\left[ \log p_\theta(x \mid z) \right] - D_{\mathrm{KL}} = \frac{1}{D} \Big( \mathbb{E}_{q_\phi}\left[ \log p_\theta(x \mid z) \right] - D \cdot D_{\mathrm{KL}} \Big)",
    kind="identity",
)
def test_a_mean_over_pixels_weighs_the_divergence_d_times(world):
    model = vae.VAE(vae.init(4, 5, 1, generator=seeded()).encoder.double(), world.decoder)
    x = exact.binary_states(4)
    reconstruction, divergence = vae.elbo_terms(model, x, generator=seeded(3))
    weighted = vae.beta_objective(model, x, 4.0, generator=seeded(3))
    averaged = reconstruction / 4 - divergence
    assert averaged.tolist() == pytest.approx((weighted / 4).tolist(), abs=1e-9)
    slopes = [torch.autograd.grad(value.sum(), model.encoder.mu.weight, retain_graph=True)[0] for value in (averaged, weighted)]
    assert slopes[0].flatten().tolist() == pytest.approx((slopes[1] / 4).flatten().tolist(), abs=1e-9)
