"""Log-probabilities and divergences against torch.distributions, quadrature and enumeration."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from torch.testing import assert_close

from lecture_lib.distributions import (
    bernoulli_log_prob,
    bernoulli_sample,
    gaussian_log_prob,
    kl_gaussian,
    kl_gaussians,
    softplus,
)
from lecture_lib.exact import binary_states


def randn(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def standard(mu, log_var):
    return torch.distributions.Normal(mu, (log_var / 2).exp())


reals = st.floats(-6, 6)


def test_softplus_is_log_of_one_plus_exp_to_the_last_digit():
    for a in -1e4, -700.0, -40.0, -1.0, 0.0, 1.0, 19.0, 20.5, 25.0, 39.9, 40.1, 700.0, 1e4:
        by_hand = max(a, 0) + math.log1p(math.exp(-abs(a)))
        assert softplus(torch.tensor(a, dtype=torch.float64)).item() == pytest.approx(
            by_hand, rel=4e-16
        )


def test_the_slope_of_softplus_is_the_logistic_function_and_finite_everywhere():
    a = torch.tensor([-1e4, -3.0, 0.0, 25.0, 1e4], dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(softplus(a).sum(), a)
    assert_close(slope, torch.tensor([0, 1 / (1 + math.exp(3)), 0.5, 1 / (1 + math.exp(-25)), 1.0],
                                     dtype=torch.float64))  # fmt: skip


def test_bernoulli_log_prob_is_that_of_torch_distributions():
    logits, x = 3 * randn(5, 4), (randn(5, 4, seed=1) > 0).double()
    oracle = torch.distributions.Bernoulli(logits=logits).log_prob(x).sum(-1)
    assert_close(bernoulli_log_prob(x, logits), oracle)


def test_bernoulli_probabilities_of_all_states_sum_to_one():
    x = binary_states(6)
    logits = (5 * randn(6)).expand(len(x), -1)
    assert bernoulli_log_prob(x, logits).exp().sum().item() == pytest.approx(1)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_bernoulli_log_prob_and_its_gradient_are_finite_and_right_at_huge_logits(dtype):
    logits = torch.tensor([[1e4, -1e4], [1e4, 1e4], [30.0, -30.0]], dtype=dtype, requires_grad=True)
    x = torch.tensor([[1.0, 0.0], [0.0, 0.0], [1.0, 0.0]], dtype=dtype)
    log_prob = bernoulli_log_prob(x, logits)
    (gradient,) = torch.autograd.grad(log_prob.sum(), logits)
    assert log_prob[:2].tolist() == [0.0, -2e4]
    assert log_prob[2].item() == pytest.approx(-2 * math.log1p(math.exp(-30)), rel=1e-6)
    small = 1 / (1 + math.exp(30))
    by_hand = torch.tensor([[0, 0], [-1, -1], [small, -small]], dtype=dtype)
    assert_close(gradient, by_hand)  # x - sigm(logits)


def test_bernoulli_log_prob_at_infinite_logits_is_zero_or_minus_infinity():
    logits = torch.tensor([[math.inf], [math.inf], [-math.inf]], dtype=torch.float64)
    x = torch.tensor([[1.0], [0.0], [0.0]], dtype=torch.float64)
    assert bernoulli_log_prob(x, logits).tolist() == [0.0, -math.inf, 0.0]


def test_units_of_any_floating_dtype_are_exact_in_bernoulli_log_prob():
    x, logits = (randn(5, 4) > 0), randn(5, 4, seed=1)
    for dtype in torch.float16, torch.bfloat16, torch.float32:
        result = bernoulli_log_prob(x.to(dtype), logits)
        assert torch.equal(result, bernoulli_log_prob(x.double(), logits))


def test_gaussian_log_prob_is_that_of_torch_distributions():
    x, mu, log_var = randn(5, 4), randn(5, 4, seed=1), randn(5, 4, seed=2)
    assert_close(gaussian_log_prob(x, mu, log_var), standard(mu, log_var).log_prob(x).sum(-1))


@given(reals, st.floats(-4, 4))
@settings(max_examples=20, deadline=None)
def test_the_gaussian_density_integrates_to_one(mu, log_var):
    def density(x):
        row = [torch.tensor([[v]], dtype=torch.float64) for v in (x, mu, log_var)]
        return gaussian_log_prob(*row).exp().item()

    sigma = math.exp(log_var / 2)
    total, _ = quad(density, mu - 12 * sigma, mu + 12 * sigma, points=[mu])
    assert total == pytest.approx(1, abs=1e-8)


def test_kl_is_the_integral_of_q_times_log_q_over_p():
    mu1, log_var1, mu2, log_var2 = 0.7, -0.8, -0.4, 0.5
    q = torch.distributions.Normal(mu1, math.exp(log_var1 / 2))
    p = torch.distributions.Normal(mu2, math.exp(log_var2 / 2))
    prior = torch.distributions.Normal(0.0, 1.0)

    def integral(p):
        def integrand(x):
            x = torch.tensor(x, dtype=torch.float64)
            return (q.log_prob(x).exp() * (q.log_prob(x) - p.log_prob(x))).item()

        return quad(integrand, mu1 - 10, mu1 + 10)[0]

    row = [torch.tensor([[v]], dtype=torch.float64) for v in (mu1, log_var1, mu2, log_var2)]
    assert kl_gaussians(*row).item() == pytest.approx(integral(p), abs=1e-6)
    assert kl_gaussian(*row[:2]).item() == pytest.approx(integral(prior), abs=1e-6)


def test_kl_is_that_of_torch_distributions_summed_over_the_last_axis():
    mu1, log_var1, mu2, log_var2 = (randn(2, 3, 4, seed=seed) for seed in range(4))
    kl = torch.distributions.kl_divergence
    oracle = kl(standard(mu1, log_var1), standard(mu2, log_var2)).sum(-1)
    assert_close(kl_gaussians(mu1, log_var1, mu2, log_var2), oracle)
    oracle = kl(standard(mu1, log_var1), standard(torch.zeros(()), torch.zeros(()))).sum(-1)
    assert_close(kl_gaussian(mu1, log_var1), oracle)
    assert kl_gaussian(mu1, log_var1).shape == (2, 3)


@given(*[st.lists(reals, min_size=3, max_size=3)] * 4)
@settings(deadline=None)
def test_kl_is_never_negative_and_zero_between_equals(mu1, log_var1, mu2, log_var2):
    row = [torch.tensor([v], dtype=torch.float64) for v in (mu1, log_var1, mu2, log_var2)]
    assert kl_gaussians(*row).item() >= 0
    assert kl_gaussian(*row[:2]).item() >= 0
    assert kl_gaussians(*row[:2], *row[:2]).item() == 0


def test_kl_keeps_its_digits_where_the_two_gaussians_almost_agree():
    tiny = torch.tensor([[1e-8]], dtype=torch.float64)
    zero = torch.zeros_like(tiny)
    assert kl_gaussian(zero, tiny).item() == pytest.approx(1e-16 / 4, rel=1e-6, abs=0)
    assert kl_gaussians(zero, tiny, zero, zero).item() == pytest.approx(1e-16 / 4, rel=1e-6, abs=0)


def test_a_bernoulli_sample_is_one_where_the_uniform_number_is_below_p():
    p = torch.rand(7, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    u = torch.rand(7, 3, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    x = bernoulli_sample(p, generator=torch.Generator().manual_seed(2))
    assert x.dtype == torch.float64
    assert torch.equal(x == 1, u < p)


def test_a_bernoulli_sample_is_certain_at_p_zero_and_one():
    p = torch.tensor([0.0, 1.0]).repeat(1000, 1)
    assert torch.equal(bernoulli_sample(p, generator=torch.Generator().manual_seed(0)), p)


def test_a_bernoulli_sample_has_mean_p():
    p, n = torch.tensor([0.1, 0.5, 0.9], dtype=torch.float64), 40_000
    x = bernoulli_sample(p.expand(n, -1), generator=torch.Generator().manual_seed(3))
    standard_error = (p * (1 - p) / n).sqrt()
    assert ((x.mean(0) - p).abs() < 4 * standard_error).all()


def test_a_draw_leaves_the_global_stream_alone():
    before = torch.get_rng_state()
    bernoulli_sample(torch.full((5,), 0.5), generator=torch.Generator().manual_seed(0))
    assert torch.equal(torch.get_rng_state(), before)


def test_a_draw_without_a_generator_is_refused():
    with pytest.raises(TypeError):
        bernoulli_sample(torch.full((5,), 0.5))
    with pytest.raises(TypeError, match="Generator, got NoneType"):
        bernoulli_sample(torch.full((5,), 0.5), generator=None)


@pytest.mark.parametrize("p", [-0.1, 1.1, math.nan, math.inf])
def test_p_outside_the_unit_interval_is_refused(p):
    with pytest.raises(ValueError, match=r"p must be in \[0, 1\], got"):
        bernoulli_sample(torch.tensor([0.5, p]), generator=torch.Generator())


FUNCTIONS = [(bernoulli_log_prob, 2), (gaussian_log_prob, 3), (kl_gaussian, 2), (kl_gaussians, 4)]


@pytest.mark.parametrize(("function", "n"), FUNCTIONS)
@pytest.mark.parametrize("other", [(1, 3), (2, 1), (3,), (2, 2, 3), ()])
def test_shapes_that_would_broadcast_are_refused(function, n, other):
    for position in range(n):
        arguments = [torch.zeros(2, 3)] * n
        arguments[position] = torch.zeros(other)
        with pytest.raises(ValueError, match=r"must (have|be) .*got .*\("):
            function(*arguments)


def test_an_error_says_what_was_expected_and_what_came():
    with pytest.raises(ValueError, match=r"^x must be \(4, 3\), got \(1, 3\)$"):
        bernoulli_log_prob(torch.zeros(1, 3), torch.zeros(4, 3))
    expected = r"^mu, log_var must have one shape, got mu \(4, 3\), log_var \(1, 3\)$"
    with pytest.raises(ValueError, match=expected):
        kl_gaussian(torch.zeros(4, 3), torch.zeros(1, 3))


@pytest.mark.parametrize(("function", "n"), FUNCTIONS)
def test_what_has_no_last_axis_to_sum_is_refused(function, n):
    with pytest.raises(ValueError, match=r"got \(\)"):
        function(*[torch.zeros(())] * n)


@pytest.mark.parametrize(("function", "n"), FUNCTIONS)
@pytest.mark.parametrize(
    "bad", [torch.zeros(2, 3).long(), torch.zeros(2, 3).bool(), [[0.0] * 3] * 2]
)
def test_what_is_no_floating_tensor_is_refused(function, n, bad):
    for position in range(n):
        arguments = [torch.zeros(2, 3)] * n
        arguments[position] = bad
        with pytest.raises(TypeError, match=r"must (be|have) a .*, got"):
            function(*arguments)


@pytest.mark.parametrize(("function", "n"), FUNCTIONS[1:])
def test_reals_of_two_dtypes_are_refused(function, n):
    arguments = [torch.zeros(2, 3)] * (n - 1) + [torch.zeros(2, 3).double()]
    with pytest.raises(TypeError, match=r"one dtype, got .*torch\.float32.*torch\.float64"):
        function(*arguments)


@pytest.mark.parametrize(("function", "n"), FUNCTIONS)
def test_tensors_on_two_devices_are_refused(function, n):
    arguments = [torch.zeros(2, 3)] * (n - 1) + [torch.zeros(2, 3, device="meta")]
    with pytest.raises(ValueError, match=r"(cpu.*meta|meta.*cpu)"):
        function(*arguments)


@pytest.mark.parametrize("value", [0.5, -1.0, 2.0, math.nan, math.inf])
def test_a_bernoulli_unit_is_zero_or_one(value):
    with pytest.raises(ValueError, match=rf"x must be in \{{0, 1\}}, got {value}"):
        bernoulli_log_prob(torch.tensor([[0.0, value]]), torch.zeros(1, 2))
