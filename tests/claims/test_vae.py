"""What book/vae/vae says in words, with a number or a direction."""

import math

import pytest
import torch
from scipy import stats

from lecture_lib import data, pretrained, vae
from lecture_lib.distributions import bernoulli_log_prob


@pytest.fixture(scope="module")
def mnist():
    return data.mnist()


def terms(model, x):
    return vae.elbo_terms(model, x, generator=torch.Generator().manual_seed(3))


def test_thirty_nats_of_code_save_a_hundred_and_fifty_on_the_pixels(mnist):
    fit, kl = (t.mean().item() for t in terms(pretrained.load("mnist_vae_standard").params, mnist.test))
    m = mnist.train.sum(0)
    pixels = ((m + 1).log() - (len(mnist.train) - m + 1).log()).expand(10_000, -1)
    alone = bernoulli_log_prob(mnist.test, pixels).mean().item()
    assert 27 < kl < 30.5
    assert 53 < -fit < 58
    assert 145 < fit - alone < 155


def test_three_codes_in_a_hundred_lie_as_near_as_a_middle():
    assert stats.chi2.cdf(20 / 2, 20) == pytest.approx(0.03, abs=0.005)
    assert stats.chi2.cdf(2 / 2, 2) > 0.3  # nobody notices with two


def test_more_noise_never_wakes_a_unit():
    x = data.digits().train.double()
    alive = [int((vae.principal_decoder(x, 16, noise).A.norm(dim=0) > 0).sum()) for noise in (0.05, 0.1, 0.2, 0.27, 0.4, 2.0)]
    assert alive == sorted(alive, reverse=True)
    assert alive[0] == 16 and alive[3] == 8 and alive[-1] == 0


def test_a_unit_that_is_never_heard_drifts_to_the_prior():
    """The pull on mu and log sigma^2 where the decoder ignores z: uphill until mu = 0 and sigma = 1."""
    model = vae.init(6, 4, 2, generator=torch.Generator().manual_seed(0)).double()
    with torch.no_grad():
        model.decoder.hidden.weight.zero_()
        model.encoder.mu.bias.fill_(1.5)
        model.encoder.log_var.bias.fill_(-2.0)
    x = torch.eye(6, dtype=torch.float64)
    optimizer = torch.optim.Adam(model.encoder.parameters(), lr=0.05)
    for _ in range(400):
        optimizer.zero_grad()
        (-vae.elbo(model, x, generator=torch.Generator().manual_seed(0)).mean()).backward()
        optimizer.step()
    mu, log_var = model.encoder(x)
    assert mu.abs().max() < 0.02 and log_var.abs().max() < 0.02


def test_a_decoded_code_far_out_is_decoded_all_the_same():
    plane = pretrained.load("mnist_vae_plane").params
    far = plane.decoder(torch.tensor([[6.0, -6.0]])).sigmoid()
    assert ((far > 0.9) | (far < 0.1)).double().mean() > 0.8
    assert math.isfinite(far.sum().item())
