"""The live figure of vae/evaluation computes what lecture_lib computes."""

import math

import pytest
import torch

from lecture_lib import vae, widgets
from lecture_lib.widgets.vae_evaluation import log_weights


def a_model(seed, D=3):
    generator = torch.Generator().manual_seed(seed)
    A, c, x = (torch.randn(*s, generator=generator, dtype=torch.float64) for s in ((D, 1), (D,), (D,)))
    return vae.LinearGaussian(A, c, 0.5 * c), x


def front_end(run_js, seed, **controls):
    model, x = a_model(seed)
    data = {"A": model.A[:, 0].tolist(), "c": model.c.tolist(), "logVar": model.log_var.tolist(), "x": x.tolist(),
            "runs": 20, "most": 12}
    return run_js("importance_bound", "compute", data, {"shift": 0.7, "width": 0.9, "samples": 5, "seed": seed, **controls})


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("shift", "width"), [(0, 1), (1.3, 0.6), (-2, 2.1)])
def test_evidence_posterior_and_elbo_are_the_packages(run_js, seed, shift, width):
    model, x = a_model(seed)
    found = front_end(run_js, seed, shift=shift, width=width)
    mean, covariance = (t.item() for t in model.posterior(x[None]))
    sd = math.sqrt(covariance)
    assert (found["mean"], found["sd"]) == pytest.approx((mean, sd), abs=1e-5)
    assert found["logP"] == pytest.approx(model.log_prob(x[None]).item(), abs=1e-5)
    mu = torch.tensor([[mean + shift * sd]], dtype=torch.float64)
    log_var = torch.tensor([[2 * math.log(width * sd)]], dtype=torch.float64)
    assert found["elbo"] == pytest.approx(model.elbo(x[None], mu, log_var).item(), abs=1e-5)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("shift", "width"), [(0.7, 0.9), (-1.5, 0.4)])
def test_bounds_and_weights_are_the_packages_for_the_same_random_numbers(run_js, seed, shift, width):
    model, x = a_model(seed)
    found = front_end(run_js, seed, shift=shift, width=width)
    u = torch.tensor(run_js("numerics", "uniforms", seed, 20 * 12), dtype=torch.float64).reshape(-1, 2)
    radius, angle = (-2 * (1 - u[:, 0]).log()).sqrt(), 2 * math.pi * u[:, 1]
    eps = torch.stack([radius * angle.cos(), radius * angle.sin()], 1).reshape(-1)
    mean, covariance = (t.squeeze() for t in model.posterior(x[None]))
    sd = covariance.sqrt()
    mu, log_var = mean + shift * sd, 2 * (width * sd).log()
    z = vae.reparameterize(mu.expand(240), log_var.expand(240), eps)
    log_w = log_weights(model, x, z, mu, log_var).reshape(20, 12)
    bounds = log_w.logcumsumexp(1) - torch.arange(1, 13).log()
    assert found["bounds"] == pytest.approx(bounds.mean(0).tolist(), abs=1e-5)
    assert found["bound"] == pytest.approx(bounds[:, 4].mean().item(), abs=1e-5)
    assert found["standardError"] == pytest.approx((bounds[:, 4].std() / math.sqrt(20)).item(), abs=1e-5)
    assert found["draws"] == pytest.approx(z[:5].tolist(), abs=1e-5)
    assert found["shares"] == pytest.approx(log_w[0, :5].softmax(0).tolist(), abs=1e-5)


def test_with_the_posterior_itself_one_draw_is_enough(run_js):
    found = front_end(run_js, 1, shift=0, width=1)
    assert found["bounds"] == pytest.approx([found["logP"]] * 12, abs=1e-6)


def test_a_model_of_two_latent_units_is_refused():
    model, x = a_model(0)
    with pytest.raises(ValueError, match=r"\(n_visible, 1\), got \(3, 2\)"):
        widgets.importance_bound(model._replace(A=model.A.expand(3, 2)), x)


def test_the_figure_is_made():
    assert repr(widgets.importance_bound(*a_model(0))) == "LiveFigure('importance_bound')"
