"""What book/vae/latent_variable_models says in words."""

import math
from itertools import pairwise

import pytest
import torch

from lecture_lib import data, distributions, evaluation, exact, vae
from lecture_lib.training import GradientAscent, fit


@pytest.fixture(scope="module", params=range(2))
def trained(request):
    """A decoder of one latent number, trained by exact likelihood as on the page, and the digits."""
    digits, grid = data.digits(), torch.linspace(-5, 5, 101)
    generator = torch.Generator().manual_seed(request.param)
    decoder = vae.init(64, 64, 1, generator=generator, data=digits.train).decoder

    def log_prob(x, z=grid):
        return exact.log_integral(vae.log_joint(decoder, x, z[:, None]), z)

    before = log_prob(digits.test).mean().item()
    step = GradientAscent(log_prob, decoder, torch.optim.Adam(decoder.parameters(), 1e-2), generator=generator)
    list(fit(step, digits.train, n_epochs=60, batch_size=100, generator=generator, progress=False))
    decoder.requires_grad_(False)
    return decoder, log_prob, before, digits


def test_one_latent_number_is_worth_several_nats_and_its_grid_is_fine_enough(trained):
    _, log_prob, before, digits = trained
    after = log_prob(digits.test).mean().item()
    assert after > before + 3.5
    assert abs(log_prob(digits.test, torch.linspace(-8, 8, 4001)).mean().item() - after) < 0.01


def test_the_posterior_of_some_digits_has_two_or_three_peaks_and_is_narrower_than_the_prior(trained):
    decoder, log_prob, _, digits = trained
    fine = torch.linspace(-8, 8, 4001)
    posterior = (vae.log_joint(decoder, digits.test, fine[:, None]) - log_prob(digits.test, fine)[:, None]).exp()
    inner = posterior[:, 1:-1]
    peaks = ((inner > posterior[:, :-2]) & (inner > posterior[:, 2:]) & (inner > 0.3 * posterior.amax(1, keepdim=True))).sum(1)
    assert (peaks > 1).float().mean() > 0.1
    mean = exact.log_integral((posterior * (fine + 20)).log(), fine).exp() - 20
    variance = exact.log_integral(posterior.log() + (fine - mean[:, None]).square().clamp(min=1e-9).log(), fine).exp()
    assert variance.sqrt().median() < 0.3
    assert {1, 2, 3} <= set(peaks.tolist())


def model_of(K, sigma=0.3):
    return vae.LinearGaussian(torch.eye(K), torch.zeros(K), torch.full((K,), 2 * math.log(sigma)))


def estimates(model, x, n_samples, seed, mu=None, sigma=None):
    mu = torch.zeros(len(x), model.A.shape[1]) if mu is None else mu
    log_var = torch.zeros_like(mu) if sigma is None else 2 * sigma.log()
    log_w = evaluation.importance_log_weights(
        lambda z: model.conditional_log_prob(x, z), mu, log_var, n_samples, generator=torch.Generator().manual_seed(seed)
    )
    return evaluation.running_log_mean(log_w)


def test_the_samples_for_one_nat_grow_exponentially_with_the_size_of_the_code():
    needed, predicted = [], []
    for K in (2, 4, 6):
        model = model_of(K)
        x = torch.randn(48, K, generator=torch.Generator().manual_seed(K)) * math.sqrt(1.09)
        off = (estimates(model, x, 2**14, K) - model.log_prob(x)).abs().median(1).values
        needed.append(int((off < 1).nonzero()[0]) + 1)
        predicted.append((1 / model.effective_share(x) - 1).median().item())
    for few, many in pairwise(needed):
        assert many > 4 * few
    for measured, from_share in zip(needed, predicted, strict=True):
        assert 0.1 < measured / from_share < 10


def test_a_sharper_decoder_costs_more():
    x = torch.randn(64, 4, generator=torch.Generator().manual_seed(0))
    assert (model_of(4, 0.1).effective_share(x) < 0.1 * model_of(4, 0.3).effective_share(x)).float().mean() > 0.8


def test_one_in_four_for_each_of_twenty_axes_is_one_in_a_million_millions():
    assert 4**20 == pytest.approx(1e12, rel=0.11)
    one = model_of(1).effective_share(torch.randn(2000, 1, generator=torch.Generator().manual_seed(0)) * math.sqrt(1.09))
    assert 3 < 1 / one.log().mean().exp() < 5


def test_sixteen_draws_near_the_posterior_beat_sixty_five_thousand_from_the_prior():
    model = model_of(8)
    x = torch.randn(16, 8, generator=torch.Generator().manual_seed(3)) * math.sqrt(1.09)
    mean, covariance = model.posterior(x)
    sigma = covariance.diagonal().sqrt().expand_as(mean)
    truth = model.log_prob(x)
    blind = (estimates(model, x, 2**16, 0)[-1] - truth).abs().median()
    near = (estimates(model, x, 16, 0, mean + 0.2 * sigma, 1.25 * sigma)[-1] - truth).abs().median()
    assert near < blind


def test_a_deaf_decoder_needs_one_sample():
    deaf = model_of(3)._replace(A=torch.zeros(3, 3))
    assert deaf.effective_share(torch.randn(5, 3, generator=torch.Generator().manual_seed(0))).tolist() == pytest.approx([1] * 5, rel=1e-4)


def test_the_published_density_integrates_to_more_than_one_and_halves_the_variance():
    line = torch.linspace(-9, 9, 4001, dtype=torch.float64)
    for sigma in (1.0, 0.1):
        log_f = -2 * math.log(sigma) - 0.5 * line**2 / sigma**2
        assert exact.log_integral(log_f, line).exp().item() == pytest.approx(math.sqrt(2 * math.pi) / sigma, rel=1e-6)
        right = distributions.gaussian_log_prob(line[:, None], 0 * line[:, None], torch.full_like(line[:, None], 2 * math.log(sigma)))
        assert exact.log_integral(right, line).item() == pytest.approx(0, abs=1e-8)
    log_var = torch.linspace(-2, 1, 3001, dtype=torch.float64)
    assert log_var[(-log_var - 0.5 / log_var.exp()).argmax()].exp().item() == pytest.approx(0.5, rel=1e-3)
