"""The live figure of energy/why_generative_models computes what lecture_lib computes."""

import math

import pytest
import torch

from lecture_lib import exact, widgets
from lecture_lib.widgets.why_generative_models import best_humps, hump


def two_humps():
    s = torch.arange(45, dtype=torch.float64)
    return 0.6 * hump(s, 11, 2.5) + 0.4 * hump(s, 33, 2.5)


def drawn(seed):
    """A random distribution over a random number of states, and a random hump."""
    generator = torch.Generator().manual_seed(seed)
    count = int(torch.randint(3, 60, (), generator=generator))
    p = (3 * torch.randn(count, generator=generator, dtype=torch.float64)).softmax(0)
    middle, width = torch.rand(2, generator=generator, dtype=torch.float64).tolist()
    return p, {"middle": middle * (count - 1), "width": 1 + 19 * width}


def test_a_hump_is_a_gaussian_made_to_sum_to_one():
    s = torch.arange(30, dtype=torch.float64)
    density = torch.distributions.Normal(12.5, 3.0).log_prob(s).exp()
    torch.testing.assert_close(hump(s, 12.5, 3.0), density / density.sum())


@pytest.mark.parametrize("seed", range(6))
def test_entropy_and_divergences_are_the_packages_and_add_up(run_js, seed):
    p, controls = drawn(seed)
    found = run_js("two_divergences", "compute", {"data": p.tolist()}, controls)
    model = hump(torch.arange(len(p), dtype=p.dtype), **controls)
    assert found["model"] == pytest.approx(model.tolist(), abs=1e-9)
    assert found["entropy"] == pytest.approx(exact.entropy(p).item(), abs=1e-5)
    assert found["forward"] == pytest.approx(exact.kl_divergence(p, model).item(), abs=1e-5)
    assert found["reverse"] == pytest.approx(exact.kl_divergence(model, p).item(), abs=1e-5)
    assert found["nll"] == pytest.approx(-(p * model.log()).sum().item(), abs=1e-5)
    assert found["entropy"] + found["forward"] == pytest.approx(found["nll"], abs=1e-5)
    assert sum(found["forwardTerms"]) == pytest.approx(found["forward"], abs=1e-9)
    assert sum(found["reverseTerms"]) == pytest.approx(found["reverse"], abs=1e-9)


def test_a_hump_so_narrow_that_probabilities_underflow_costs_a_finite_number_of_nats(run_js):
    p = two_humps()
    found = run_js("two_divergences", "compute", {"data": p.tolist()}, {"middle": 0, "width": 0.5})
    assert 0.0 in found["model"]
    s = torch.arange(45, dtype=torch.float64)
    log_model = (-((s / 0.5) ** 2) / 2).log_softmax(0)
    assert found["nll"] == pytest.approx(-(p * log_model).sum().item(), rel=1e-9)
    assert found["reverse"] == pytest.approx((log_model.exp() * (log_model - p.log())).sum().item(), rel=1e-9)


def test_a_divergence_is_infinite_only_where_the_data_rule_out_what_the_model_allows(run_js):
    found = run_js("two_divergences", "compute", {"data": [0.5, 0.5, 0.0]}, {"middle": 0, "width": 0.05})
    assert found["reverse"] is None  # JSON has no infinity
    model = (-((torch.arange(3, dtype=torch.float64) / 0.05) ** 2) / 2).log_softmax(0)
    assert found["forward"] == pytest.approx(-math.log(2) - 0.5 * (model[0] + model[1]).item())


def test_the_buttons_lead_to_the_best_of_all_positions_of_the_sliders(run_js):
    p = two_humps()
    saved = widgets.two_divergences(p).data
    assert saved["best"] == [place.tolist() for place in best_humps(p)]
    generator = torch.Generator().manual_seed(0)
    for order, name in enumerate(("forward", "reverse")):
        middle, width = saved["best"][order]
        best = run_js("two_divergences", "compute", {"data": saved["data"]}, {"middle": middle, "width": width})[name]
        beside = [(middle + a, width + b) for a in (-0.5, 0, 0.5) for b in (-0.25, 0, 0.25)]
        anywhere = zip((44 * torch.rand(6, generator=generator)).tolist(), (1 + 19 * torch.rand(6, generator=generator)).tolist(), strict=True)
        for a, b in (*beside, *anywhere):
            other = run_js("two_divergences", "compute", {"data": saved["data"]}, {"middle": a, "width": b})[name]
            assert other >= best - 1e-12


def test_probabilities_of_zero_are_refused():
    with pytest.raises(ValueError, match=r"positive probabilities, got \(3,\), the least 0"):
        widgets.two_divergences(torch.tensor([0.5, 0.5, 0.0]))
