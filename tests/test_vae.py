"""The VAE against torch.distributions, quadrature and, for the linear model, the joint Gaussian."""

import math

import pytest
import torch
from torch.distributions import Bernoulli, Independent, MultivariateNormal, Normal, kl_divergence

from lecture_lib import data, evaluation, training, vae

K, H, D = 2, 5, 4


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


@pytest.fixture
def model(generator):
    """A small VAE in float64 whose decoder is far from linear."""
    model = vae.init(D, H, K, generator=generator).double()
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(0.7 * torch.randn(p.shape, generator=generator, dtype=p.dtype))
    return model


@pytest.fixture
def x(generator):
    return (torch.rand(3, D, generator=generator, dtype=torch.float64) < 0.5).double()


def nodes(n=401, width=8.0):
    """A grid over the plane, and the area that belongs to each point."""
    line = torch.linspace(-width, width, n, dtype=torch.float64)
    return torch.cartesian_prod(line, line), (line[1] - line[0]).item() ** 2


def posterior(model, x):
    mu, log_var = model.encoder(x)
    return Independent(Normal(mu, log_var.exp().sqrt()), 1)


def log_evidence(model, x):
    """log p(x) by summing over the plane."""
    z, area = nodes()
    joint = [Independent(Bernoulli(logits=model.decoder(z)), 1).log_prob(row) for row in x]
    prior = MultivariateNormal(torch.zeros(K).double(), torch.eye(K).double()).log_prob(z)
    return torch.stack([(p + prior).logsumexp(0) + math.log(area) for p in joint])


def test_networks_are_the_formulas_of_their_docstrings(model, x):
    layer = model.encoder.hidden
    a = (x @ layer.weight.T + layer.bias).clamp(min=0)
    mu, log_var = model.encoder(x)
    torch.testing.assert_close(mu, a @ model.encoder.mu.weight.T + model.encoder.mu.bias)
    torch.testing.assert_close(log_var, a @ model.encoder.log_var.weight.T + model.encoder.log_var.bias)
    z = torch.randn(7, 2, K, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    layer, top = model.decoder.hidden, model.decoder.logits
    expected = (z @ layer.weight.T + layer.bias).clamp(min=0) @ top.weight.T + top.bias
    torch.testing.assert_close(model.decoder(z), expected)


def test_the_kl_term_is_that_of_torch(model, x, generator):
    kl = vae.elbo_terms(model, x, generator=generator).kl
    q, prior = posterior(model, x), Independent(Normal(torch.zeros(3, K).double(), 1.0), 1)
    torch.testing.assert_close(kl, kl_divergence(q, prior))


def test_reconstruction_is_the_mean_of_log_p_of_x_given_z_under_q(model, x, generator):
    z, area = nodes()
    q = posterior(model, x)
    exact = torch.stack([
        (Independent(Bernoulli(logits=model.decoder(z)), 1).log_prob(row)
         * Independent(Normal(q.base_dist.loc[n], q.base_dist.scale[n]), 1).log_prob(z).exp()).sum() * area
        for n, row in enumerate(x)
    ])  # fmt: skip
    draws = torch.stack([vae.elbo_terms(model, x, generator=generator).reconstruction for _ in range(4000)])
    error = draws.std(0) / math.sqrt(len(draws))
    assert ((draws.mean(0) - exact).abs() < 4 * error).all()


def test_the_same_generator_gives_the_same_terms(model, x):
    first, second = (vae.elbo_terms(model, x, generator=torch.Generator().manual_seed(5)) for _ in range(2))
    assert torch.equal(first.reconstruction, second.reconstruction)
    value = vae.elbo(model, x, generator=torch.Generator().manual_seed(5))
    torch.testing.assert_close(value, first.reconstruction - first.kl)
    half = vae.beta_objective(model, x, 0.5, generator=torch.Generator().manual_seed(5))
    torch.testing.assert_close(half, first.reconstruction - first.kl / 2)


def test_samples_are_averaged_and_their_spread_falls(model, x, generator):
    one, many = (
        torch.stack([vae.elbo(model, x, generator=generator, n_samples=n) for _ in range(300)]) for n in (1, 16)
    )
    ratio = one.var(0) / many.var(0)
    assert ((ratio > 9) & (ratio < 27)).all()


def test_the_elbo_is_below_the_evidence_and_the_gap_is_the_kl_to_the_posterior(model, x, generator):
    bound = vae.elbo(model, x, generator=generator, n_samples=20_000)
    evidence = log_evidence(model, x)
    z, area = nodes()
    prior = MultivariateNormal(torch.zeros(K).double(), torch.eye(K).double()).log_prob(z)
    for n, row in enumerate(x):
        q = posterior(model, x[n : n + 1]).log_prob(z[:, None])[:, 0]
        p = Independent(Bernoulli(logits=model.decoder(z)), 1).log_prob(row) + prior - evidence[n]
        gap = (q.exp() * (q - p)).sum() * area
        assert abs((evidence[n] - bound[n] - gap).item()) < 0.05 * (1 + gap.item())
        assert gap > 0


def test_the_gradient_reaches_every_parameter(model, x, generator):
    vae.elbo(model, x, generator=generator).mean().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())


def test_importance_weighting_tends_to_the_evidence(model, x, generator):
    evidence = log_evidence(model, x)
    bound = evaluation.importance_weighted_bound(model, x, 100_000, generator=generator)
    torch.testing.assert_close(bound, evidence, atol=0.05, rtol=0)


def test_importance_weighting_with_one_sample_is_the_elbo_and_it_rises_with_samples(model, x, generator):
    def mean(n, repeats):
        draws = [evaluation.importance_weighted_bound(model, x, n, generator=generator) for _ in range(repeats)]
        return torch.stack(draws).mean(0), torch.stack(draws).std(0) / math.sqrt(repeats)

    one, error = mean(1, 1500)
    exact = vae.elbo(model, x, generator=generator, n_samples=50_000)
    assert ((one - exact).abs() < 5 * error + 0.02).all()
    two, eight = mean(2, 1500)[0], mean(8, 500)[0]
    assert (one < two).all()
    assert (two < eight).all()


def test_blocks_of_samples_are_joined_without_loss(model, x, monkeypatch):
    whole = evaluation.importance_weighted_bound(model, x, 64, generator=torch.Generator().manual_seed(3))
    monkeypatch.setattr(evaluation, "BLOCK", 8 * len(x))  # 48 normal numbers: torch draws 16 at a time
    blocks = evaluation.importance_weighted_bound(model, x, 64, generator=torch.Generator().manual_seed(3))
    torch.testing.assert_close(whole, blocks)


def test_samples_are_means_of_decoded_codes(model, generator):
    draws = vae.sample(model, 40_000, generator=generator)
    assert draws.shape == (40_000, D)
    assert not draws.requires_grad
    z, area = nodes()
    prior = MultivariateNormal(torch.zeros(K).double(), torch.eye(K).double()).log_prob(z).exp()
    exact = (prior[:, None] * model.decoder(z).sigmoid()).sum(0) * area
    error = draws.std(0) / math.sqrt(len(draws))
    assert ((draws.mean(0) - exact).abs() < 4 * error).all()


def test_init_starts_near_the_model_of_independent_pixels_and_leaves_the_global_stream_alone():
    x = data.digits().train
    before = torch.get_rng_state()
    models = [vae.init(64, 20, 3, generator=torch.Generator().manual_seed(2), data=x) for _ in range(2)]
    assert torch.equal(before, torch.get_rng_state())
    for one, other in zip(models[0].parameters(), models[1].parameters(), strict=True):
        assert torch.equal(one, other)
    with torch.no_grad():
        p = models[0].decoder(torch.zeros(1, 3)).sigmoid()[0]
    torch.testing.assert_close(p, (x.sum(0) + 1) / (len(x) + 2))


def test_training_raises_the_elbo_and_goes_on_from_a_checkpoint_bit_for_bit(tmp_path):
    x = data.digits().train[:300]

    def run(n_epochs, checkpoint):
        generator = torch.Generator().manual_seed(0)
        model = vae.init(64, 30, 2, generator=generator, data=x)
        optimizer = torch.optim.Adam(model.parameters(), 1e-2)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 120)
        step = training.GradientAscent(
            lambda x: vae.elbo(model, x, generator=generator), model, optimizer,
            generator=generator, schedule=schedule,
        )  # fmt: skip
        fit = training.fit(step, x, n_epochs=n_epochs, batch_size=50, generator=generator,
                           checkpoint=checkpoint, progress=False)  # fmt: skip
        return model, [means["objective"] for means in fit]

    whole, means = run(20, tmp_path / "whole.npz")
    assert means[-1] > means[0] + 1
    run(7, tmp_path / "parts.npz")
    parts, later = run(20, tmp_path / "parts.npz")
    assert later == means[7:]
    for one, other in zip(whole.parameters(), parts.parameters(), strict=True):
        assert torch.equal(one, other)


def test_an_objective_must_give_one_value_per_example():
    model, generator = vae.init(4, 3, 2, generator=torch.Generator()), torch.Generator()
    step = training.GradientAscent(
        lambda x: model.decoder(model.encoder(x)[0]).mean(), model,
        torch.optim.SGD(model.parameters(), 0.1), generator=generator,
    )  # fmt: skip
    with pytest.raises(ValueError, match=r"objective\(x\) must be \(5,\), got \(\)"):
        step(torch.zeros(5, 4))


@pytest.fixture
def linear(generator):
    A, c = (torch.randn(s, generator=generator, dtype=torch.float64) for s in ((D, K), (D,)))
    return vae.LinearGaussian(A, c, torch.tensor([0.3, -0.5, -1.0, 0.8], dtype=torch.float64))


def test_the_linear_model_has_the_density_of_the_joint_gaussian(linear, generator):
    x = torch.randn(5, D, generator=generator, dtype=torch.float64)
    A, c, log_var = linear
    joint = MultivariateNormal(c, A @ A.T + log_var.exp().diag())
    torch.testing.assert_close(linear.log_prob(x), joint.log_prob(x))


def test_the_posterior_of_the_linear_model_is_bayes_rule_on_a_grid(linear, generator):
    x = torch.randn(2, D, generator=generator, dtype=torch.float64)
    mean, covariance = linear.posterior(x)
    z, area = nodes(201, 7.0)
    for n, row in enumerate(x):
        log_joint = Normal(z @ linear.A.T + linear.c, linear.log_var.exp().sqrt()).log_prob(row).sum(1)
        log_joint = log_joint + Normal(0.0, 1.0).log_prob(z).sum(1)
        share = (log_joint - linear.log_prob(x)[n]).exp() * area
        torch.testing.assert_close(share.sum().item(), 1.0, atol=1e-6, rtol=0)
        torch.testing.assert_close(share @ z, mean[n], atol=1e-6, rtol=1e-6)
        d = z - mean[n]
        torch.testing.assert_close((share[:, None] * d).T @ d, covariance, atol=1e-6, rtol=1e-6)


def test_the_elbo_of_the_linear_model_misses_the_evidence_by_the_kl_to_the_posterior(linear, generator):
    x = torch.randn(3, D, generator=generator, dtype=torch.float64)
    mu, log_var = (torch.randn(3, K, generator=generator, dtype=torch.float64) for _ in range(2))
    mean, covariance = linear.posterior(x)
    q = MultivariateNormal(mu, torch.diag_embed(log_var.exp()))
    gap = kl_divergence(q, MultivariateNormal(mean, covariance))
    torch.testing.assert_close(linear.log_prob(x) - linear.elbo(x, mu, log_var), gap)


BAD = {
    "counts": (lambda m, x, g: vae.Encoder(4, 0, 2), ValueError, "n_hidden must be at least 1, got 0"),
    "a count that is no int": (lambda m, x, g: vae.Decoder(2, 3.0, 4), TypeError, "n_hidden must be an int"),
    "codes that differ": (lambda m, x, g: vae.VAE(vae.Encoder(4, 3, 2), vae.Decoder(3, 3, 4)), ValueError,
                          "n_latent must be one number, got encoder 2, decoder 3"),
    "pixels that differ": (lambda m, x, g: vae.VAE(vae.Encoder(4, 3, 2), vae.Decoder(2, 3, 5)), ValueError,
                           "n_visible must be one number, got encoder 4, decoder 5"),
    "grey pixels": (lambda m, x, g: vae.elbo(m, x / 2, generator=g), ValueError, r"x must be in \{0, 1\}"),
    "images of another size": (lambda m, x, g: vae.elbo(m, x[:, :3], generator=g), ValueError,
                               r"x must be \(..., 4\), got \(3, 3\)"),
    "one image without a batch": (lambda m, x, g: vae.elbo(m, x[0], generator=g), ValueError, "x must be"),
    "images as integers": (lambda m, x, g: vae.elbo(m, x.long(), generator=g), TypeError, "floating dtype"),
    "another dtype for the encoder": (lambda m, x, g: m.encoder(x.float()), TypeError, "must have dtype"),
    "codes of another size": (lambda m, x, g: m.decoder(x), ValueError, r"z must be \(..., 2\), got \(3, 4\)"),
    "no generator": (lambda m, x, g: vae.elbo(m, x, generator=None), TypeError, "generator must be"),
    "no samples": (lambda m, x, g: vae.elbo(m, x, generator=g, n_samples=0), ValueError, "n_samples must be"),
    "no samples for the bound": (lambda m, x, g: evaluation.importance_weighted_bound(m, x, 0, generator=g),
                                 ValueError, "n_samples must be at least 1"),
    "a negative beta": (lambda m, x, g: vae.beta_objective(m, x, -1, generator=g), ValueError, "beta must be"),
    "beta not a number": (lambda m, x, g: vae.beta_objective(m, x, math.nan, generator=g), ValueError, "beta"),
    "noise of another shape": (lambda m, x, g: vae.reparameterize(x, x, x[:, :1]), ValueError, "one shape"),
    "data of another size": (lambda m, x, g: vae.init(5, 3, 2, generator=g, data=x), ValueError, "data must be"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_named(model, x, generator, name):
    act, error, words = BAD[name]
    with pytest.raises(error, match=words):
        act(model, x, generator)


def test_a_linear_model_that_does_not_fit_is_named(linear):
    x = torch.zeros(2, D, dtype=torch.float64)
    with pytest.raises(ValueError, match=r"x must be \(batch, 4\), got \(2, 3\)"):
        linear.log_prob(x[:, :3])
    with pytest.raises(ValueError, match=r"mu must be \(batch, 2\), got \(2, 4\)"):
        linear.elbo(x, x, x)
    with pytest.raises(ValueError, match=r"c must be \(4,\), got \(3,\)"):
        vae.LinearGaussian(linear.A, linear.c[:3], linear.log_var).log_prob(x)
    with pytest.raises(TypeError, match="one dtype"):
        linear.posterior(x.float())
