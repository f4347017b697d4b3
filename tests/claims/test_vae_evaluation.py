"""What book/vae/evaluation says in words; and the known mistakes, each of which must differ from the truth."""

import math

import pytest
import torch

from lecture_lib import data, evaluation, pretrained, vae
from lecture_lib.distributions import bernoulli_log_prob, gaussian_log_prob, kl_gaussian
from lecture_lib.widgets.vae_evaluation import log_weights


@pytest.fixture(scope="module")
def exact_case():
    """A linear model whose posterior is diagonal, data from it, its q and its exact mean log p(x)."""
    generator = torch.Generator().manual_seed(1)
    A = torch.linalg.qr(torch.randn(12, 3, generator=generator, dtype=torch.float64)).Q * torch.tensor([2.0, 1.0, 0.7])
    model = vae.LinearGaussian(A, torch.zeros(12, dtype=torch.float64), torch.full((12,), -1.0, dtype=torch.float64))
    z = torch.randn(300, 3, generator=generator, dtype=torch.float64)
    x = z @ A.T + math.exp(-0.5) * torch.randn(300, 12, generator=generator, dtype=torch.float64)
    mu, covariance = model.posterior(x)
    return model, x, mu, covariance.diagonal().log().expand_as(mu), model.log_prob(x)


def test_the_elbo_of_the_package_is_log_p_where_q_is_the_posterior(exact_case):
    model, x, mu, log_var, log_p = exact_case
    assert torch.allclose(model.elbo(x, mu, log_var), log_p, rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    "mistake", ["z is mu", "no constant", "constant once", "log sigma for log sigma^2", "mean over pixels"])
def test_a_known_mistake_does_not_pass_for_an_elbo(exact_case, mistake):
    model, x, mu, log_var, log_p = exact_case
    kl, D = kl_gaussian(mu, log_var), x.shape[1]
    fit = model.elbo(x, mu, log_var) + kl
    constant = 0.5 * D * math.log(2 * math.pi)
    wrong = {
        "z is mu": gaussian_log_prob(x, mu @ model.A.T, model.log_var.expand_as(x)) - kl,
        "no constant": fit + constant - kl,
        "constant once": fit + constant * (D - 1) / D - kl,
        "log sigma for log sigma^2": fit - 0.5 * (mu**2 + log_var.exp() - 1 - log_var / 2).sum(-1),
        "mean over pixels": fit / D - kl,
    }[mistake]
    assert (wrong - log_p).mean().abs() > 0.3
    if mistake != "log sigma for log sigma^2":
        assert (wrong - log_p).mean() > 0  # all but this one flatter here


def test_decoding_the_mean_of_the_code_flatters_the_mnist_vae():
    model = pretrained.load("mnist_vae_best").params
    x = data.mnist().test[:1000]
    mu, log_var = model.encoder(x)
    at_mu = (bernoulli_log_prob(x, model.decoder(mu)) - kl_gaussian(mu, log_var)).mean().item()
    elbo = vae.elbo(model, x, generator=torch.Generator().manual_seed(0), n_samples=5).mean().item()
    assert at_mu > elbo + 8


def test_the_same_gap_costs_a_narrow_q_far_more_samples():
    model = vae.LinearGaussian(torch.tensor([[1.5], [-1.0]]).double(), torch.zeros(2).double(),
                               torch.tensor([-0.5, 0.2]).double())
    x = torch.tensor([1.6, -0.2]).double()
    mean, covariance = (t.squeeze() for t in model.posterior(x[None]))
    gaps = {}
    for width in (0.4, 1.6):
        generator = torch.Generator().manual_seed(0)
        log_var = (width**2 * covariance).log()
        z = mean + width * covariance.sqrt() * torch.randn(400 * 100, generator=generator, dtype=torch.float64)
        log_w = log_weights(model, x, z, mean, log_var).reshape(400, 100)
        gaps[width] = (model.log_prob(x[None]) - (log_w.logsumexp(1) - math.log(100)).mean()).item()
    assert gaps[0.4] > 10 * abs(gaps[1.6])


def test_each_number_moves_to_the_side_that_the_page_says_as_work_is_doubled():
    model, x = pretrained.load("mnist_vae_best").params, data.mnist().test[:100]
    bounds = [evaluation.importance_weighted_bound(model, x, S, generator=torch.Generator().manual_seed(S)).mean()
              for S in (1, 8, 64)]
    assert bounds[0] < bounds[1] < bounds[2]
    assert bounds[2] - bounds[1] > 0.5  # it still climbs


def test_the_cards_have_what_the_comparison_says():
    rbm_run = max(pretrained.load("mnist_recipe_long").card["runs"], key=lambda r: r["train_log_likelihood"])
    vae_run = max(pretrained.load("mnist_vae_best").card["runs"], key=lambda r: r["train_elbo"])
    assert rbm_run["effective_sample_size"] > 10 and rbm_run["standard_error"] < 0.5
    assert rbm_run["test_log_likelihood"] > vae_run["test_bound"] + 3
    assert vae_run["test_bound"] > vae_run["test_elbo"] + 3


def test_ninety_nine_parts_of_noise_cost_less_than_five_nats():
    assert -math.log(0.01) == pytest.approx(4.6, abs=0.01)
