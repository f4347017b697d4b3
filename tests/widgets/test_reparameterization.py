"""The live figure of vae/reparameterization computes what lecture_lib computes."""

import statistics

import pytest
import torch

from lecture_lib import gradients, widgets


@pytest.mark.parametrize("seed", range(4))
def test_the_estimates_are_the_packages_at_the_same_noise(run_js, monkeypatch, seed):
    generator = torch.Generator().manual_seed(seed)
    K, S, count = 3 + seed, 1 + seed, 5
    mu, sigma, shift = 0.3 * seed - 0.5, 0.4 + 0.3 * seed, float(seed - 2)
    eps = torch.randn(count, S, K, generator=generator, dtype=torch.float64)
    controls = {"mu": mu, "sigma": sigma, "K": K, "S": S, "shift": shift}
    found = run_js("two_estimators", "estimates", controls, eps.flatten().tolist())

    monkeypatch.setattr(gradients.torch, "randn", lambda *_, **__: eps.transpose(0, 1))
    rows = torch.full((count, K), mu, dtype=torch.float64)
    log_var = 2 * torch.full_like(rows, sigma).log()
    expected = torch.full((count,), K * (mu**2 + sigma**2) / 2 + shift, dtype=torch.float64)

    def f(z):
        return (z**2).sum(-1) / 2 + shift

    for name, estimator, more in (
        ("pathwise", gradients.pathwise_gradient, {}),
        ("score", gradients.score_function_gradient, {}),
        ("baseline", gradients.score_function_gradient, {"baseline": expected}),
    ):
        package = estimator(f, rows, log_var, generator=generator, n_samples=S, **more)[0][:, 0]
        assert found[name] == pytest.approx(package.tolist(), abs=1e-5)


def test_the_noise_is_normal_and_the_summary_is_mean_and_variance(run_js):
    eps = run_js("two_estimators", "normals", 7, 20_001)
    assert len(eps) == 20_001
    assert statistics.fmean(eps) == pytest.approx(0, abs=4 / 20_001**0.5)
    assert statistics.variance(eps) == pytest.approx(1, abs=4 * (2 / 20_001) ** 0.5)
    assert statistics.fmean(e**4 for e in eps) == pytest.approx(3, abs=4 * (96 / 20_001) ** 0.5)
    controls = {"mu": 0.5, "sigma": 1.2, "K": 2, "S": 3, "shift": 1, "seed": 7}
    result = run_js("two_estimators", "compute", {"count": 50}, controls)
    assert result["exact"] == 0.5
    for name, summary in result["summary"].items():
        assert len(result["found"][name]) == 50
        assert summary["mean"] == pytest.approx(statistics.fmean(result["found"][name]), abs=1e-9)
        assert summary["variance"] == pytest.approx(statistics.variance(result["found"][name]), abs=1e-9)


def test_sizes_below_one_are_refused():
    with pytest.raises(ValueError, match="at least 1, got 0, 1 and 500"):
        widgets.two_estimators(K=0)
