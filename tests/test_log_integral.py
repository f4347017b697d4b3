"""The trapezoid rule in log space, against closed forms and scipy's quadrature."""

import math

import pytest
import torch
from scipy import integrate
from torch.testing import assert_close

from lecture_lib.exact import log_integral


def test_the_density_of_a_gaussian_integrates_to_one_wherever_it_lies():
    z = torch.linspace(-12, 12, 801, dtype=torch.float64)
    for mu, sigma in torch.tensor([[0.0, 1.0], [1.5, 0.7], [-3.0, 0.3]], dtype=torch.float64):
        log_f = torch.distributions.Normal(mu, sigma).log_prob(z)
        assert log_integral(log_f, z).item() == pytest.approx(0.0, abs=1e-10)


def test_it_is_scipys_trapezoid_rule_on_an_uneven_grid():
    generator = torch.Generator().manual_seed(0)
    z = torch.rand(50, generator=generator, dtype=torch.float64).sort().values
    f = torch.rand(3, 50, generator=generator, dtype=torch.float64)
    expected = integrate.trapezoid(f.numpy(), z.numpy())
    assert log_integral(f.log(), z).exp().tolist() == pytest.approx(expected.tolist(), rel=1e-12)


def test_values_far_below_the_smallest_float_are_no_zeros():
    z = torch.linspace(-10, 10, 401, dtype=torch.float64)
    log_f = -0.5 * z**2 - 5000
    assert log_integral(log_f, z).item() == pytest.approx(0.5 * math.log(2 * math.pi) - 5000, abs=1e-9)


def test_where_the_function_is_zero_its_log_is_minus_infinity():
    z = torch.tensor([0.0, 1.0, 2.0])
    nothing = torch.tensor([0.0, 0.0, 0.0]).log()
    triangle = torch.tensor([0.0, 1.0, 0.0]).log()
    found = log_integral(torch.stack([nothing, triangle]), z)
    assert found[0] == -torch.inf
    assert found[1].item() == pytest.approx(0.0, abs=1e-6)


def test_its_slope_is_the_share_of_each_point():
    z = torch.linspace(-3, 4, 11, dtype=torch.float64)
    log_f = torch.sin(z).requires_grad_()
    (slope,) = torch.autograd.grad(log_integral(log_f, z), log_f)
    widths = torch.full_like(z, 0.7)
    widths[[0, -1]] /= 2
    share = log_f.detach().exp() * widths
    assert_close(slope, share / share.sum())


@pytest.mark.parametrize(("log_f", "grid", "error", "message"), [
    (torch.zeros(3), torch.zeros(3), ValueError, "grid must rise"),
    (torch.zeros(3), torch.tensor([0.0, 2.0, 1.0]), ValueError, "grid must rise"),
    (torch.zeros(4), torch.arange(3.0), ValueError, r"log_f must be \(\.\.\., 3\), got \(4,\)"),
    (torch.zeros(3, 1), torch.arange(3.0), ValueError, r"log_f must be \(\.\.\., 3\)"),
    (torch.zeros(1), torch.zeros(1), ValueError, r"grid must be \(N,\) with N >= 2"),
    (torch.tensor([0.0, math.nan, 0.0]), torch.arange(3.0), ValueError, "NaN"),
    (torch.tensor([0.0, math.inf, 0.0]), torch.arange(3.0), ValueError, r"\+inf"),
    (torch.zeros(3).double(), torch.arange(3.0), TypeError, "one dtype"),
    (torch.zeros(3).long(), torch.arange(3.0), TypeError, "floating"),
    ([0.0, 1.0], torch.arange(2.0), TypeError, "log_f must be a torch.Tensor, got list"),
])  # fmt: skip
def test_what_is_no_function_on_a_grid_is_refused(log_f, grid, error, message):
    with pytest.raises(error, match=message):
        log_integral(log_f, grid)
