"""The live figure of vae/latent_variable_models computes what lecture_lib computes."""

import pytest
import torch
from scipy import stats

from lecture_lib import evaluation, exact, widgets
from lecture_lib.widgets.latent_variable_models import curve_log_prob


@pytest.mark.parametrize("seed", range(4))
def test_weights_estimate_exact_value_and_posterior_are_the_packages(run_js, seed):
    generator = torch.Generator().manual_seed(seed)
    z = torch.randn(50, generator=generator, dtype=torch.float64)
    x = torch.randn(2, generator=generator, dtype=torch.float64)
    sigma = [0.05, 0.2, 0.6, 0.1][seed]
    found = run_js("prior_samples", "compute", {"x": x.tolist(), "sigma": sigma, "z": z.tolist()})
    log_w = curve_log_prob(x, z, sigma)
    assert found["logWeights"] == pytest.approx(log_w.tolist(), rel=1e-5, abs=1e-5)
    assert found["estimate"] == pytest.approx(evaluation.running_log_mean(log_w)[-1].item(), abs=1e-5)
    assert found["effective"] == pytest.approx(evaluation.effective_sample_size(log_w).item(), abs=1e-5)
    assert found["shares"] == pytest.approx(log_w.softmax(0).tolist(), abs=1e-5)
    grid = torch.linspace(-5, 5, 1001, dtype=torch.float64)
    log_joint = curve_log_prob(x, grid, sigma) + torch.distributions.Normal(grid.new_zeros(()), 1).log_prob(grid)
    log_p = exact.log_integral(log_joint, grid)
    assert found["exact"] == pytest.approx(log_p.item(), abs=1e-5)
    assert found["posterior"] == pytest.approx((log_joint - log_p).exp().tolist(), abs=1e-5)


def test_draws_of_the_browser_are_standard_normal_and_the_same_each_time(run_js):
    z = run_js("prior_samples", "normals", 7, 5000)
    assert z == run_js("prior_samples", "normals", 7, 5000)
    assert stats.kstest(z, "norm").pvalue > 0.01
    assert len(run_js("prior_samples", "normals", 7, 33)) == 33


def test_a_sigma_of_zero_is_refused():
    with pytest.raises(ValueError, match="sigma must be positive, got 0"):
        widgets.prior_samples(sigma=0)
