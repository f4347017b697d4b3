"""The equations of book/vae/vae, against quadrature, enumeration, autograd and loops."""

import itertools
import math

import numpy as np
import pytest
import torch
from enumeration import states
from scipy import integrate, optimize, stats

from lecture_lib import distributions, exact, vae


def draw(generator, *shape):
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


@pytest.fixture(params=range(3))
def model(request):
    """A VAE of 5 pixels, 4 hidden units and 2 latent units with weights of order one, in float64."""
    return small(5, 4, 2, request.param)


def small(n_visible, n_hidden, n_latent, seed):
    generator = torch.Generator().manual_seed(seed)
    result = vae.init(n_visible, n_hidden, n_latent, generator=generator).double()
    with torch.no_grad():
        for parameter in result.parameters():
            parameter.copy_(0.7 * draw(generator, *parameter.shape))
    return result.requires_grad_(False)


def an_image(D, seed=0):
    generator = torch.Generator().manual_seed(100 + seed)
    return (torch.rand(1, D, generator=generator) < 0.5).double()


def layer(weight, bias, inputs):
    """W x + b as a loop."""
    return [b + sum(w * v for w, v in zip(row, inputs, strict=True))
            for row, b in zip(weight.tolist(), bias.tolist(), strict=True)]


def relu(values):
    return [max(0.0, v) for v in values]


def grid(reach=9.0, n=2001):
    """Points and weights of the trapezium rule for one latent number."""
    z = torch.linspace(-reach, reach, n, dtype=torch.float64)
    return z, torch.full((n,), 2 * reach / (n - 1), dtype=torch.float64)


def normal(z, mu=0.0, sigma=1.0):
    return torch.exp(-0.5 * ((z - mu) / sigma) ** 2) / (sigma * math.sqrt(2 * math.pi))


@pytest.mark.equation(
    "eq-vae-encoder",
    r"a = \operatorname{relu}(V x + v), \qquad \mu = M a + m, \qquad \log \sigma^2 = L a + l",
    kind="definition",
)
def test_the_encoder_is_one_hidden_layer_and_two_linear_maps(model):
    parts, x = model.encoder, an_image(5)
    a = relu(layer(parts.hidden.weight, parts.hidden.bias, x[0].tolist()))
    mu, log_var = parts(x)
    assert mu[0].tolist() == pytest.approx(layer(parts.mu.weight, parts.mu.bias, a), abs=1e-12)
    assert log_var[0].tolist() == pytest.approx(layer(parts.log_var.weight, parts.log_var.bias, a), abs=1e-12)


@pytest.mark.equation(
    "eq-vae-code",
    r"z = \mu + \sigma \odot \varepsilon, \qquad \sigma = e^{\frac{1}{2} \log \sigma^2}, \qquad \varepsilon \sim \mathcal{N}(0, I)",
    kind="identity",
)
def test_the_code_has_the_quantiles_of_the_encoders_gaussian(model):
    mu, log_var = model.encoder(an_image(5))
    for u in (0.02, 0.3, 0.5, 0.9):
        eps = torch.full_like(mu, stats.norm.ppf(u))
        z = vae.reparameterize(mu, log_var, eps)
        scale = np.sqrt(np.exp(log_var.numpy()))
        assert stats.norm.cdf(z.numpy(), mu.numpy(), scale) == pytest.approx(np.full((1, 2), u), abs=1e-10)


@pytest.mark.equation(
    "eq-vae-decoder",
    r"\ell = U \operatorname{relu}(V' z + v') + u, \qquad p_\theta(x_i = 1 \mid z) = \operatorname{sigm}(\ell_i)",
    kind="definition",
)
def test_the_decoder_is_one_hidden_layer_and_the_log_odds_of_every_pixel(model):
    parts = model.decoder
    z = draw(torch.Generator().manual_seed(3), 1, 2)
    a = relu(layer(parts.hidden.weight, parts.hidden.bias, z[0].tolist()))
    logits = layer(parts.logits.weight, parts.logits.bias, a)
    assert parts(z)[0].tolist() == pytest.approx(logits, abs=1e-12)
    for i, value in enumerate(logits):
        one, zero = (math.exp(torch.distributions.Bernoulli(logits=torch.tensor(value, dtype=torch.float64))
                              .log_prob(torch.tensor(b, dtype=torch.float64)).item()) for b in (1.0, 0.0))
        assert parts(z)[0, i].item() == pytest.approx(math.log(one / zero), abs=1e-9)


@pytest.mark.equation(
    "eq-vae-reconstruction",
    r"\log p_\theta(x \mid z) = \sum_{i=1}^{D} \big( x_i \, \ell_i - \operatorname{softplus}(\ell_i) \big)",
    kind="identity",
)
def test_the_reconstruction_term_is_the_log_of_a_product_of_coins(model):
    z = draw(torch.Generator().manual_seed(4), 1, 2)
    logits = model.decoder(z)
    p = (1 / (1 + (-logits[0]).exp())).tolist()
    total = 0.0
    for x in states(5):
        product = math.prod(q if on else 1 - q for q, on in zip(p, x, strict=True))
        found = distributions.bernoulli_log_prob(torch.tensor([x], dtype=torch.float64), logits).item()
        written = sum(on * v - math.log1p(math.exp(v)) for on, v in zip(x, logits[0].tolist(), strict=True))
        assert found == pytest.approx(math.log(product), abs=1e-9)
        assert written == pytest.approx(math.log(product), abs=1e-9)
        total += product
    assert total == pytest.approx(1, abs=1e-12)


@pytest.mark.equation(
    "eq-vae-kl",
    r"D_{\mathrm{KL}}\big( q_\phi(z \mid x) \,\Vert\, p(z) \big) = \frac{1}{2} \sum_{j=1}^{K} \big( \mu_j^2 + \sigma_j^2 - 1 - \log \sigma_j^2 \big)",
    kind="identity",
)
def test_the_kl_term_is_an_integral_over_every_latent_number(model):
    x = an_image(5)
    mu, log_var = model.encoder(x)
    integral = 0.0
    for m, lv in zip(mu[0].tolist(), log_var[0].tolist(), strict=True):
        q = stats.norm(m, math.exp(0.5 * lv))
        integral += q.expect(lambda t, q=q: q.logpdf(t) - stats.norm.logpdf(t), epsabs=1e-11)
    assert distributions.kl_gaussian(mu, log_var).item() == pytest.approx(integral, abs=1e-7)
    terms = vae.elbo_terms(model, x, generator=torch.Generator().manual_seed(0))
    assert terms.kl.item() == pytest.approx(integral, abs=1e-7)


@pytest.mark.equation(
    "eq-vae-estimate",
    r"\mathbb{E}_{\varepsilon}\big[ \log p_\theta(x \mid \mu + \sigma \odot \varepsilon) \big] - D_{\mathrm{KL}}\big( q_\phi(z \mid x) \,\Vert\, p(z) \big) = \mathcal{L}(x; \theta, \phi)",
    kind="identity",
)
@pytest.mark.parametrize("seed", range(3))
def test_one_draw_estimates_the_elbo_without_bias(seed):
    model, x = small(4, 5, 1, seed), an_image(4, seed)
    mu, log_var = model.encoder(x)
    sigma = math.exp(0.5 * log_var.item())
    eps, w = grid(8, 3001)  # the mean over eps
    logits = model.decoder(vae.reparameterize(mu.expand(3001, 1), log_var.expand(3001, 1), eps[:, None]))
    fit = (w * normal(eps) * distributions.bernoulli_log_prob(x.expand(3001, 4), logits)).sum().item()
    estimate = fit - distributions.kl_gaussian(mu, log_var).item()
    z, w = grid(12 * sigma + abs(mu.item()), 8001)  # by definition: the mean of log p(x, z) / q(z|x) over q
    log_p = distributions.bernoulli_log_prob(x.expand(len(z), 4), model.decoder(z[:, None]))
    log_joint = log_p - 0.5 * z**2 - 0.5 * math.log(2 * math.pi)
    log_q = -0.5 * ((z - mu.item()) / sigma) ** 2 - math.log(sigma) - 0.5 * math.log(2 * math.pi)
    definition = (w * log_q.exp() * (log_joint - log_q)).sum().item()
    assert estimate == pytest.approx(definition, abs=1e-3)
    many = torch.cat([vae.elbo(model, x, generator=torch.Generator().manual_seed(n)) for n in range(400)])
    assert abs(many.mean().item() - definition) < 4 * many.std().item() / 20 + 1e-6


@pytest.mark.equation(
    "eq-vae-minibatch",
    r"\mathbb{E}_{B}\Big[ \frac{1}{|B|} \sum_{n \in B} \mathcal{L}(x^{(n)}; \theta, \phi) \Big] = \frac{1}{N} \sum_{n=1}^{N} \mathcal{L}(x^{(n)}; \theta, \phi)",
    kind="identity",
)
def test_a_random_minibatch_is_right_on_average(model):
    x = torch.tensor(states(5)[3:9], dtype=torch.float64)
    values = vae.elbo(model, x, generator=torch.Generator().manual_seed(1)).tolist()
    for size in (1, 2, 4):
        means = [math.fsum(batch) / size for batch in itertools.combinations(values, size)]
        assert math.fsum(means) / len(means) == pytest.approx(math.fsum(values) / 6, abs=1e-10)


def estimate(model, x, mu, log_var, eps):
    """The estimate of the bound at given mu, log sigma^2 and eps."""
    logits = model.decoder(vae.reparameterize(mu, log_var, eps))
    return (distributions.bernoulli_log_prob(x, logits) - distributions.kl_gaussian(mu, log_var)).item()


def pixel_pull(model, x, z):
    """sum_i (x_i - p_i) d l_i / d z_k, the derivatives by central differences."""
    step, pulls = 1e-6, []
    p = torch.distributions.Bernoulli(logits=model.decoder(z)).mean
    for k in range(z.shape[1]):
        shift = torch.zeros_like(z)
        shift[0, k] = step
        slope = (model.decoder(z + shift) - model.decoder(z - shift)) / (2 * step)
        pulls.append(((x - p) * slope).sum().item())
    return pulls


@pytest.mark.equation(
    "eq-vae-pull-mu",
    r"\frac{\partial \hat{\mathcal{L}}}{\partial \mu_j} = \sum_{i=1}^{D} (x_i - p_i) \frac{\partial \ell_i}{\partial z_j} - \mu_j",
    kind="identity",
)
def test_mu_is_pulled_by_wrong_pixels_and_by_the_prior(model):
    x = an_image(5)
    mu, log_var = model.encoder(x)
    eps = draw(torch.Generator().manual_seed(5), 1, 2)
    pull = pixel_pull(model, x, vae.reparameterize(mu, log_var, eps))
    for k in range(2):
        shift = torch.zeros_like(mu)
        shift[0, k] = 1e-6
        slope = (estimate(model, x, mu + shift, log_var, eps) - estimate(model, x, mu - shift, log_var, eps)) / 2e-6
        assert slope == pytest.approx(pull[k] - mu[0, k].item(), abs=1e-6)


@pytest.mark.equation(
    "eq-vae-pull-sigma",
    r"\frac{\partial \hat{\mathcal{L}}}{\partial \log \sigma_j^2} = \frac{\sigma_j \varepsilon_j}{2} \sum_{i=1}^{D} (x_i - p_i) \frac{\partial \ell_i}{\partial z_j} + \frac{1 - \sigma_j^2}{2}",
    kind="identity",
)
def test_the_log_variance_is_pulled_by_the_noise_and_towards_one(model):
    x = an_image(5)
    mu, log_var = model.encoder(x)
    eps = draw(torch.Generator().manual_seed(6), 1, 2)
    pull = pixel_pull(model, x, vae.reparameterize(mu, log_var, eps))
    for k in range(2):
        shift = torch.zeros_like(mu)
        shift[0, k] = 1e-6
        slope = (estimate(model, x, mu, log_var + shift, eps) - estimate(model, x, mu, log_var - shift, eps)) / 2e-6
        sigma = math.exp(0.5 * log_var[0, k].item())
        expected = 0.5 * sigma * eps[0, k].item() * pull[k] + 0.5 * (1 - sigma**2)
        assert slope == pytest.approx(expected, abs=1e-6)


def pixel_moments(model):
    """E[p_i] and E[p_i^2] over the prior of one latent number, and p(x) of every x, by quadrature."""
    z, w = grid()
    w = w * normal(z)
    p = model.decoder(z[:, None]).sigmoid()
    D = p.shape[1]
    log_p = {x: (distributions.bernoulli_log_prob(torch.tensor([x], dtype=torch.float64).expand(len(z), D),
                                                  model.decoder(z[:, None])).exp() * w).sum().item() for x in states(D)}
    return (w[:, None] * p).sum(0), (w[:, None] * p**2).sum(0), log_p


@pytest.mark.equation(
    "eq-vae-mean-image",
    r"\mathbb{E}_{x \sim p_\theta(x)}[x_i] = \mathbb{E}_{z \sim \mathcal{N}(0, I)}\big[ \operatorname{sigm}(\ell_i(z)) \big]",
    kind="identity",
)
@pytest.mark.parametrize("seed", range(2))
def test_the_mean_of_decoded_means_is_the_mean_of_the_model(seed):
    model = small(4, 5, 1, seed)
    mean, _, p = pixel_moments(model)
    assert sum(p.values()) == pytest.approx(1, abs=1e-9)
    by_states = [sum(chance * x[i] for x, chance in p.items()) for i in range(4)]
    assert mean.tolist() == pytest.approx(by_states, abs=1e-9)
    drawn = vae.sample(model, 20_000, generator=torch.Generator().manual_seed(seed))
    assert (drawn.mean(0) - mean).abs().max() < 4.5 * 0.5 / math.sqrt(20_000)


@pytest.mark.equation(
    "eq-vae-two-noises",
    r"\operatorname{Var}(x_i) = \mathbb{E}_z\big[ p_i (1 - p_i) \big] + \operatorname{Var}_z(p_i), \qquad p_i = \operatorname{sigm}(\ell_i(z))",
    kind="identity",
)
@pytest.mark.parametrize("seed", range(2))
def test_a_picture_of_means_has_only_the_second_of_two_variances(seed):
    mean, square, p = pixel_moments(small(4, 5, 1, seed))
    for i in range(4):
        by_states = sum(chance * x[i] for x, chance in p.items())
        variance = sum(chance * (x[i] - by_states) ** 2 for x, chance in p.items())
        within, between = (mean - square)[i].item(), (square - mean**2)[i].item()
        assert within + between == pytest.approx(variance, abs=1e-9)


@pytest.mark.equation(
    "eq-vae-quantiles",
    r"P\Big( \Phi^{-1}(u) < z_j \le \Phi^{-1}\big( u + \tfrac{1}{n} \big) \Big) = \frac{1}{n}",
    kind="identity",
)
def test_steps_between_quantiles_hold_equal_parts_of_the_prior():
    n = 15
    ends = torch.special.ndtri(torch.arange(1, n, dtype=torch.float64) / n).tolist()
    for low, high in itertools.pairwise([-12.0, *ends, 12.0]):
        assert integrate.quad(stats.norm.pdf, low, high)[0] == pytest.approx(1 / n, abs=1e-9)


@pytest.mark.equation(
    "eq-vae-midpoint",
    r"\mathbb{E}\big\Vert \tfrac{1}{2} (z + z') \big\Vert^2 = \tfrac{1}{2} \, \mathbb{E}\Vert z \Vert^2 = \frac{K}{2}, \qquad z, z' \sim \mathcal{N}(0, I)",
    kind="identity",
)
def test_the_middle_of_two_codes_lies_nearer_to_the_origin_than_either():
    points, weights = np.polynomial.hermite_e.hermegauss(20)
    weights = weights / weights.sum()
    middle = sum(p * q * (0.5 * (s + t)) ** 2 for s, p in zip(points, weights, strict=True)
                 for t, q in zip(points, weights, strict=True))
    one = sum(p * s**2 for s, p in zip(points, weights, strict=True))
    for K in (1, 2, 20):  # the coordinates are independent: K times one of them
        assert K * middle == pytest.approx(0.5 * K * one, abs=1e-10)
        assert K * middle == pytest.approx(K / 2, abs=1e-10)


@pytest.mark.equation(
    "eq-vae-units",
    r"D_{\mathrm{KL}}\big( q_\phi(z \mid x) \,\Vert\, p(z) \big) = \sum_{j=1}^{K} D_{\mathrm{KL}}\big( q_\phi(z_j \mid x) \,\Vert\, p(z_j) \big)",
    kind="identity",
)
def test_the_kl_is_a_sum_over_latent_units(model):
    mu, log_var = model.encoder(an_image(5))
    joint = torch.distributions.MultivariateNormal(mu[0], log_var[0].exp().diag())
    prior = torch.distributions.MultivariateNormal(torch.zeros(2).double(), torch.eye(2).double())
    whole = torch.distributions.kl_divergence(joint, prior).item()
    units = distributions.kl_gaussian(mu[..., None], log_var[..., None])
    assert units.shape == (1, 2)
    assert units.sum().item() == pytest.approx(whole, abs=1e-10)
    for k in range(2):
        one = torch.distributions.Normal(mu[0, k], (0.5 * log_var[0, k]).exp())
        alone = torch.distributions.kl_divergence(one, torch.distributions.Normal(0.0, 1.0)).item()
        assert units[0, k].item() == pytest.approx(alone, abs=1e-6)


@pytest.mark.equation(
    "eq-vae-deaf-decoder",
    r"p_\theta(x \mid z) = p_\theta(x) \;\text{ for every } z \quad \Longrightarrow \quad \mathcal{L}(x; \theta, \phi) = \log p_\theta(x) - D_{\mathrm{KL}}\big( q_\phi(z \mid x) \,\Vert\, p(z) \big)",
    kind="identity",
)
@pytest.mark.parametrize("seed", range(2))
def test_a_decoder_that_ignores_the_code_makes_every_code_a_loss(seed):
    model, x = small(4, 5, 1, seed), an_image(4, seed)
    model.decoder.hidden.weight.zero_()
    z, w = grid()
    log_p = distributions.bernoulli_log_prob(x.expand(len(z), 4), model.decoder(z[:, None]))
    evidence = exact.log_integral((log_p + normal(z).log())[None], z).item()
    mu, log_var = model.encoder(x)
    kl = torch.distributions.kl_divergence(torch.distributions.Normal(mu, (0.5 * log_var).exp()),
                                           torch.distributions.Normal(0.0, 1.0)).item()
    bound = vae.elbo(model, x, generator=torch.Generator().manual_seed(seed)).item()
    assert bound == pytest.approx(evidence - kl, abs=1e-6)
    for part in (model.encoder.mu, model.encoder.log_var):
        part.weight.zero_()
        part.bias.zero_()
    assert vae.elbo(model, x, generator=torch.Generator()).item() == pytest.approx(evidence, abs=1e-6)


# The linear model


def data_and_directions(seed, D=5, N=40):
    """Data with mean 0 and principal variances of different sizes; the variances, falling, and the directions."""
    generator = torch.Generator().manual_seed(seed)
    x = draw(generator, N, D) @ draw(generator, D, D)
    x = x - x.mean(0)
    values, vectors = np.linalg.eigh((x.T @ x / N).numpy())
    return x, torch.tensor(values[::-1].copy()), torch.tensor(vectors[:, ::-1].copy())


def along(vectors, lengths, noise):
    """A linear model whose columns lie along the principal directions."""
    A = vectors[:, : len(lengths)] * torch.as_tensor(lengths, dtype=torch.float64)
    D = len(vectors)
    return vae.LinearGaussian(A, torch.zeros(D, dtype=torch.float64),
                              torch.full((D,), math.log(noise), dtype=torch.float64))


@pytest.mark.equation(
    "eq-vae-linear-likelihood",
    r"\frac{1}{N} \sum_{n=1}^{N} \log p(x^{(n)}) = -\frac{1}{2} \sum_{i=1}^{D} \Big( \log 2 \pi v_i + \frac{\lambda_i}{v_i} \Big), \qquad v_i = \sigma^2 + a_i^2",
    kind="identity",
)
@pytest.mark.parametrize("seed", range(3))
def test_the_likelihood_of_the_linear_model_is_a_sum_over_directions(seed):
    x, values, vectors = data_and_directions(seed)
    for lengths, noise in (([1.3, 0.4], 0.7), ([0.0, 2.0, 0.1], 0.2)):
        model = along(vectors, lengths, noise)
        a = [*lengths, *[0.0] * (5 - len(lengths))]
        written = -0.5 * sum(math.log(2 * math.pi * (noise + s**2)) + v / (noise + s**2)
                             for s, v in zip(a, values.tolist(), strict=True))
        density = stats.multivariate_normal(np.zeros(5), (model.A @ model.A.T).numpy() + noise * np.eye(5))
        assert written == pytest.approx(float(density.logpdf(x.numpy()).mean()), abs=1e-9)
        assert model.log_prob(x).mean().item() == pytest.approx(written, abs=1e-9)


@pytest.mark.equation(
    "eq-vae-linear-optimum",
    r"a_j^2 = \max(0, \, \lambda_j - \sigma^2)",
    kind="identity",
)
@pytest.mark.parametrize("seed", range(3))
def test_no_linear_decoder_beats_the_one_that_ignores_directions_below_the_noise(seed):
    x, values, vectors = data_and_directions(seed)
    noise = 0.5 * (values[1] + values[2]).item()  # two directions above, three below
    best = vae.principal_decoder(x, 3, noise)
    lengths = best.A.square().sum(0).sqrt()
    assert lengths.square().tolist() == pytest.approx(
        [max(0.0, v - noise) for v in values[:3].tolist()], abs=1e-9)
    assert lengths[2] == 0
    top = best.log_prob(x).mean().item()

    def loss(flat):
        A = torch.tensor(flat.reshape(5, 3), requires_grad=True)
        value = -best._replace(A=A).log_prob(x).mean()
        value.backward()
        return value.item(), A.grad.numpy().ravel()

    for start in range(4):  # climbing from anywhere ends there, and never above
        begin = draw(torch.Generator().manual_seed(start), 15).numpy()
        found = optimize.minimize(loss, begin, jac=True, method="BFGS")
        assert -found.fun == pytest.approx(top, abs=1e-5)
        assert -found.fun <= top + 1e-9


@pytest.mark.equation(
    "eq-vae-linear-posterior",
    r"\operatorname{Var}(z_j \mid x) = \frac{\sigma^2}{\sigma^2 + a_j^2} = \min\Big( 1, \frac{\sigma^2}{\lambda_j} \Big)",
    kind="identity",
)
@pytest.mark.parametrize("seed", range(3))
def test_a_collapsed_code_is_as_wide_as_the_prior(seed):
    x, values, _ = data_and_directions(seed)
    noise = 0.5 * (values[1] + values[2]).item()
    model = vae.principal_decoder(x, 4, noise)
    precision = torch.eye(4).double() + model.A.T @ model.A / noise  # of z given x, by Bayes' rule
    covariance = np.linalg.inv(precision.numpy())
    assert model.posterior(x)[1].numpy() == pytest.approx(covariance, abs=1e-10)
    assert np.diag(covariance).tolist() == pytest.approx([min(1, noise / v) for v in values[:4].tolist()], abs=1e-9)
    a2 = model.A.square().sum(0)
    assert np.diag(covariance).tolist() == pytest.approx((noise / (noise + a2)).tolist(), abs=1e-9)


@pytest.mark.equation(
    "eq-vae-linear-kl",
    r"\frac{1}{N} \sum_{n=1}^{N} D_{\mathrm{KL}}\big( p(z_j \mid x^{(n)}) \,\Vert\, p(z_j) \big) = \frac{1}{2} \max\Big( 0, \, \log \frac{\lambda_j}{\sigma^2} \Big)",
    kind="identity",
)
@pytest.mark.parametrize("seed", range(3))
def test_the_kl_of_a_code_is_half_the_log_of_signal_over_noise_or_nothing(seed):
    x, values, _ = data_and_directions(seed)
    noise = 0.5 * (values[1] + values[2]).item()
    mean, covariance = vae.principal_decoder(x, 4, noise).posterior(x)
    for k in range(4):
        q = torch.distributions.Normal(mean[:, k], covariance[k, k].sqrt())
        kl = torch.distributions.kl_divergence(q, torch.distributions.Normal(0.0, 1.0)).mean().item()
        assert kl == pytest.approx(0.5 * max(0.0, math.log(values[k].item() / noise)), abs=1e-6)


@pytest.mark.equation(
    "eq-vae-linear-gap",
    r"\mathcal{L}(x) = \log p(x) \quad \text{with} \quad q(z \mid x) = p(z \mid x)",
    kind="identity",
)
@pytest.mark.parametrize("seed", range(3))
def test_the_collapse_happens_with_no_gap_at_all(seed):
    x, values, _ = data_and_directions(seed)
    model = vae.principal_decoder(x, 4, 0.5 * (values[1] + values[2]).item())
    mean, covariance = model.posterior(x)
    off = covariance - covariance.diagonal().diag()
    assert off.abs().max() < 1e-9  # a diagonal q can be the posterior
    bound = model.elbo(x, mean, covariance.diagonal().log().expand_as(mean))
    assert bound.tolist() == pytest.approx(model.log_prob(x).tolist(), abs=1e-9)


@pytest.mark.equation(
    "eq-vae-pixel-mean",
    r"\frac{1}{D} \log p_\theta(x \mid z) - D_{\mathrm{KL}} = \frac{1}{D} \big( \log p_\theta(x \mid z) - D \cdot D_{\mathrm{KL}} \big)",
    kind="identity",
)
def test_a_mean_over_pixels_is_a_beta_vae_with_the_number_of_pixels_for_beta(model):
    x = an_image(5)
    fit, kl = vae.elbo_terms(model, x, generator=torch.Generator().manual_seed(2))
    beta = vae.beta_objective(model, x, 5.0, generator=torch.Generator().manual_seed(2))
    mu, log_var = model.encoder(x)
    eps = torch.randn(1, 1, 2, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    logits = model.decoder(vae.reparameterize(mu, log_var, eps[0]))
    mean = -torch.nn.functional.binary_cross_entropy_with_logits(logits, x)  # torch's default: a mean over pixels
    assert (mean - kl).item() == pytest.approx((beta / 5).item(), abs=1e-9)
    assert mean.item() == pytest.approx((fit / 5).item(), abs=1e-9)
