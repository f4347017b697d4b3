"""What book/vae/reparameterization says in words, over five seeds, and the published mistakes that would show."""

import math

import pytest
import torch

from lecture_lib import data, distributions, gradients, training, vae
from lecture_lib.gradients import leave_one_out_gradient, pathwise_gradient, score_function_gradient


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def bowl(z):
    return (z**2).sum(-1) / 2


def measured(estimator, K, S=1, *, seed=0, n=4000, f=bowl, **more):
    zero = torch.zeros(n, K, dtype=torch.float64)
    return estimator(f, zero, zero, generator=seeded(seed), n_samples=S, **more)[0][:, 0]


def test_samplers_cut_the_graph_or_answer_zero():
    mu = torch.tensor([0.5], requires_grad=True)
    assert not torch.distributions.Normal(mu, 1.0).sample().requires_grad
    assert not distributions.bernoulli_sample(mu, generator=seeded(0)).requires_grad
    z = torch.normal(mu, torch.ones(1), generator=seeded(0))
    assert torch.autograd.grad((z**2).sum(), mu)[0] == 0
    exact = pathwise_gradient(
        lambda z: (z**2).sum(-1), mu.detach().expand(40_000, 1), torch.zeros(40_000, 1), generator=seeded(0))[0].mean()
    assert exact.item() == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("seed", range(5))
def test_variances_over_dimensions_are_flat_linear_and_square(seed):
    for K in (1, 10, 100):
        baseline = torch.full((4000,), K / 2, dtype=torch.float64)
        for estimator, expected, more in (
            (pathwise_gradient, 1, {}),
            (score_function_gradient, (K + 4) / 2, {"baseline": baseline}),
            (score_function_gradient, (K + 2) * (K + 4) / 4, {}),
        ):
            found = measured(estimator, K, seed=seed, **more)
            error = ((found - found.mean()) ** 2).std().item() / 4000**0.5
            assert found.var().item() == pytest.approx(expected, abs=5 * error)


@pytest.mark.parametrize("seed", range(5))
def test_more_draws_help_all_alike_and_never_change_the_order(seed):
    for S in (2, 4, 8, 16):
        path, others, score = (
            measured(e, 20, S, seed=seed).var().item()
            for e in (pathwise_gradient, leave_one_out_gradient, score_function_gradient)
        )
        assert others > 10 * path
        assert score > 100 * path
        assert score > 5 * others
    assert score > 6  # sixteen plain draws are still noisier than one pathwise draw, whose variance is 1
    assert others < 1


def test_a_constant_shakes_the_score_function_and_leaves_the_others_alone():
    def lifted(z):
        return bowl(z) + 20

    for estimator in (pathwise_gradient, leave_one_out_gradient):
        plain, shifted = (measured(estimator, 8, 2, f=f) for f in (bowl, lifted))
        assert shifted.tolist() == pytest.approx(plain.tolist(), abs=1e-9)
    assert measured(score_function_gradient, 8, f=lifted).var() > 10 * measured(score_function_gradient, 8).var()


@pytest.mark.parametrize("seed", range(5))
def test_a_steep_step_trades_bias_for_noise_and_the_jump_itself_has_no_slope(seed):
    exact = math.exp(-0.125) / math.sqrt(2 * math.pi)
    half = torch.full((20_000, 1), 0.5, dtype=torch.float64)

    def slope(tau):
        return pathwise_gradient(
            lambda z: (z[..., 0] / tau).sigmoid(), half, torch.zeros_like(half), generator=seeded(seed))[0]

    wide, middle, steep = slope(1.0), slope(0.1), slope(0.001)
    assert wide.mean().item() < exact - 0.1  # biased
    assert wide.std() < middle.std() / 5 < steep.std() / 25
    assert steep.mean().item() == pytest.approx(exact, abs=5 * steep.std().item() / 20_000**0.5)
    jump = score_function_gradient(
        lambda z: (z[..., 0] > 0).double(), half, torch.zeros_like(half), generator=seeded(seed))[0]
    assert jump.mean().item() == pytest.approx(exact, abs=5 * jump.std().item() / 20_000**0.5)


@pytest.mark.parametrize("seed", range(5))
def test_most_of_the_noise_of_a_small_vae_comes_from_its_codes_and_one_code_each_is_best(seed):
    digits = data.digits()
    model, noise = vae.init(64, 64, 4, generator=seeded(seed), data=digits.train), seeded(seed + 10)

    def objective(x):
        return vae.elbo(model, x, generator=noise)

    step = training.GradientAscent(
        objective, model, torch.optim.Adam(model.parameters(), lr=0.005), generator=noise)
    for _ in training.fit(
        step, digits.train, n_epochs=8, batch_size=50, generator=seeded(seed + 20), progress=False
    ):
        pass
    images, codes = gradients.noise_shares(objective, list(model.parameters()), digits.test[:60], 4)
    assert codes > images > 0
    noise_of = [(S * images + codes) / 100 for S in (1, 5, 20)]
    assert noise_of[0] < noise_of[1] / 1.3 < noise_of[2]


# Answers to the questions, and mistakes


def test_a_linear_function_has_a_pathwise_gradient_without_noise():
    assert measured(pathwise_gradient, 3, f=lambda z: z.sum(-1)).var() == 0


def test_a_baseline_that_knows_its_own_draw_shrinks_the_estimate():
    def careless(z):  # the mean over all draws as baseline
        values = z[..., 0] * 3
        return values - values.mean(0)

    for S in (2, 4):
        found = measured(score_function_gradient, 1, S, n=40_000, f=careless)
        error = found.std().item() / 200
        assert found.mean().item() == pytest.approx(3 * (S - 1) / S, abs=4.5 * error)
        honest = measured(leave_one_out_gradient, 1, S, n=40_000, f=lambda z: z[..., 0] * 3)
        assert honest.mean().item() == pytest.approx(3, abs=4.5 * honest.std().item() / 200)


def test_for_a_fast_wave_the_score_function_is_the_quieter():
    def wave(z):
        return (50 * z[..., 0]).sin()

    assert measured(score_function_gradient, 1, f=wave).var() < measured(pathwise_gradient, 1, f=wave).var() / 100


def test_sigma_squared_in_place_of_sigma_is_found_by_the_variance_of_draws():
    log_var = torch.full((40_000, 1), -1.0, dtype=torch.float64)
    eps = torch.randn(40_000, 1, generator=seeded(0), dtype=torch.float64)
    right = vae.reparameterize(torch.zeros_like(log_var), log_var, eps)
    wrong = log_var.exp() * eps
    assert right.var().item() == pytest.approx(math.exp(-1), rel=0.05)
    assert wrong.var().item() == pytest.approx(math.exp(-2), rel=0.05)


def test_the_constant_counted_d_squared_times_has_the_right_gradient_and_a_wrong_value():
    x = torch.randn(1, 784, generator=seeded(0), dtype=torch.float64)
    mu = torch.zeros(1, 784, dtype=torch.float64, requires_grad=True)
    right = distributions.gaussian_log_prob(x, mu, torch.zeros_like(x))
    wrong = -0.5 * (784 * math.log(2 * math.pi) + (x - mu) ** 2).sum(-1)
    slopes = [torch.autograd.grad(value.sum(), mu)[0] for value in (right, wrong)]
    assert slopes[0].flatten().tolist() == pytest.approx(slopes[1].flatten().tolist(), abs=1e-12)
    assert (right - wrong).item() == pytest.approx(784 * 783 / 2 * math.log(2 * math.pi), rel=1e-9)
    assert (right - wrong).item() > 500_000
