"""Estimators of the gradient of an average over a Gaussian, against closed forms and quadrature."""

import math
from functools import partial

import pytest
import torch
from scipy import integrate, stats
from torch.testing import assert_close

from lecture_lib.gradients import leave_one_out_gradient, noise_shares, pathwise_gradient, score_function_gradient

ESTIMATORS = {
    "pathwise": pathwise_gradient,
    "score": score_function_gradient,
    "score with a baseline": partial(score_function_gradient, baseline=torch.tensor([2.0, -1.0]).double()),
    "leave one out": leave_one_out_gradient,
}
MU = torch.tensor([[0.4, -1.0, 0.2], [1.5, 0.0, -0.3]], dtype=torch.float64)
LOG_VAR = torch.tensor([[0.2, -0.5, 0.0], [-1.0, 0.6, 0.3]], dtype=torch.float64)
A = torch.tensor([1.0, -0.5, 2.0], dtype=torch.float64)
T = torch.tensor([0.3, 0.0, -1.0], dtype=torch.float64)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def quadratic(z):
    return (A * (z - T) ** 2).sum(-1)


def exact_quadratic(mu, log_var):
    """E sum_k a (z - t)^2 = sum_k a ((mu - t)^2 + sigma^2), differentiated by hand."""
    return 2 * A * (mu - T), A * log_var.exp()


def many(estimator, f, *, repeats=40_000, n_samples=2, seed=0):
    """Independent estimates at MU and LOG_VAR: mean and standard error of both gradients."""
    mu, log_var = (t.repeat(repeats, 1) for t in (MU, LOG_VAR))
    if isinstance(estimator, partial):
        estimator = partial(estimator.func, baseline=estimator.keywords["baseline"].repeat(repeats))
    found = estimator(f, mu, log_var, generator=seeded(seed), n_samples=n_samples)
    rows = [g.reshape(repeats, *MU.shape) for g in found]
    return [(g.mean(0), g.std(0) / repeats**0.5) for g in rows]


@pytest.mark.parametrize("name", ESTIMATORS)
def test_each_estimator_is_right_on_average_for_a_quadratic(name):
    for (mean, error), exact in zip(many(ESTIMATORS[name], quadratic), exact_quadratic(MU, LOG_VAR), strict=True):
        assert ((mean - exact).abs() < 4.5 * error + 1e-9).all()


@pytest.mark.parametrize("name", ESTIMATORS)
def test_each_estimator_is_right_on_average_where_only_quadrature_knows(name):
    def f(z):
        return torch.sin(2 * z).sum(-1) + 0.5 * z.prod(-1)

    def average(mu, log_var):
        """E[sum sin 2z + 1/2 prod z], the sine by quadrature, the product by independence."""
        total = 0.0
        for m, s in zip(mu, log_var, strict=True):
            sd = math.exp(s / 2)
            total += integrate.quad(
                lambda v, m=m, sd=sd: math.sin(2 * v) * stats.norm.pdf(v, m, sd), m - 10 * sd, m + 10 * sd)[0]
        return total + 0.5 * math.prod(mu)

    step = 1e-5
    for index, (mean, error) in enumerate(many(ESTIMATORS[name], f, seed=1)):
        for row in range(2):
            for k in range(3):
                ends = []
                for sign in (1, -1):
                    point = [MU[row].tolist(), LOG_VAR[row].tolist()]
                    point[index][k] += sign * step
                    ends.append(average(*point))
                slope = (ends[0] - ends[1]) / (2 * step)
                assert mean[row, k].item() == pytest.approx(slope, abs=4.5 * error[row, k].item() + 1e-8)


def test_the_pathwise_gradient_of_a_linear_function_has_no_noise_in_mu():
    mu, _ = pathwise_gradient(lambda z: z @ A, MU, LOG_VAR, generator=seeded())
    assert_close(mu, A.expand(2, -1))


def test_one_draw_is_the_formula_written_out():
    eps = torch.randn(1, 2, 3, generator=seeded(5), dtype=torch.float64)[0]
    sigma = (LOG_VAR / 2).exp()
    z = MU + sigma * eps
    slope = 2 * A * (z - T)
    found = pathwise_gradient(quadratic, MU, LOG_VAR, generator=seeded(5))
    assert_close(found, (slope, slope * sigma * eps / 2))
    mu, log_var = MU.clone().requires_grad_(), LOG_VAR.clone().requires_grad_()
    log_q = torch.distributions.Normal(mu, (log_var / 2).exp()).log_prob(z).sum(-1)
    values = quadratic(z)
    scores = torch.autograd.grad((values * log_q).sum(), (mu, log_var))
    assert_close(score_function_gradient(quadratic, MU, LOG_VAR, generator=seeded(5)), scores)


def test_a_constant_has_gradient_zero_and_a_baseline_that_knows_it_has_no_noise():
    def seven(z):
        return torch.full(z.shape[:-1], 7.0, dtype=z.dtype)

    noisy, _ = score_function_gradient(seven, MU, LOG_VAR, generator=seeded())
    assert noisy.abs().max() > 1
    sevens = torch.tensor([7.0, 7.0]).double()
    for found in (
        score_function_gradient(seven, MU, LOG_VAR, generator=seeded(), baseline=sevens),
        leave_one_out_gradient(seven, MU, LOG_VAR, generator=seeded(), n_samples=5),
    ):
        assert all(g.abs().max() < 1e-12 for g in found)


def test_rows_do_not_mix_and_each_is_the_mean_over_its_draws():
    eps = torch.randn(5, 2, 3, generator=seeded(3), dtype=torch.float64)
    z = MU + (LOG_VAR / 2).exp() * eps
    slope = 2 * A * (z - T)
    expected = slope.mean(0), (slope * (LOG_VAR / 2).exp() * eps / 2).mean(0)
    assert_close(pathwise_gradient(quadratic, MU, LOG_VAR, generator=seeded(3), n_samples=5), expected)
    values = quadratic(z)[..., None]
    scores = eps * (-LOG_VAR / 2).exp(), (eps**2 - 1) / 2
    expected = tuple((values * score).mean(0) for score in scores)
    assert_close(score_function_gradient(quadratic, MU, LOG_VAR, generator=seeded(3), n_samples=5), expected)
    others = torch.stack([(values.sum(0) - values[s]) / 4 for s in range(5)])
    expected = tuple(((values - others) * score).mean(0) for score in scores)
    assert_close(leave_one_out_gradient(quadratic, MU, LOG_VAR, generator=seeded(3), n_samples=5), expected)


def test_the_score_function_needs_no_derivative_and_the_pathwise_gradient_misses_a_jump():
    def step(z):
        return (z > 0).to(z.dtype).sum(-1)

    density = torch.distributions.Normal(MU, (LOG_VAR / 2).exp()).log_prob(torch.zeros(2, 3)).exp()
    for (mean, error), exact in zip(many(score_function_gradient, step), (density, -density * MU / 2), strict=True):
        assert ((mean - exact).abs() < 4.5 * error).all()
    with pytest.raises(ValueError, match="must depend on z by operations with a gradient"):
        pathwise_gradient(step, MU, LOG_VAR, generator=seeded())
    mu, _ = pathwise_gradient(lambda z: step(z) + 0 * z.sum(-1), MU, LOG_VAR, generator=seeded(), n_samples=100)
    assert mu.abs().max() == 0  # the slope is 0 almost everywhere


@pytest.mark.parametrize("estimator", [pathwise_gradient, score_function_gradient, leave_one_out_gradient])
@pytest.mark.parametrize(("change", "error", "message"), [
    ({"mu": MU[0], "log_var": LOG_VAR[0]}, ValueError, r"mu must be \(batch, K\), got \(3,\)"),
    ({"log_var": LOG_VAR[:1]}, ValueError, "must have one shape"),
    ({"log_var": LOG_VAR.float()}, TypeError, "must have one dtype"),
    ({"generator": None}, TypeError, "generator must be a torch.Generator"),
    ({"n_samples": 0}, ValueError, "n_samples must be at least"),
    ({"n_samples": 2.0}, TypeError, "n_samples must be an int"),
    ({"f": lambda z: z}, ValueError, r"f must map \(2, 2, 3\) to \(2, 2\)"),
    ({"f": lambda z: 1.0}, ValueError, "got float"),
])
def test_wrong_arguments_are_refused(estimator, change, error, message):
    arguments = {"f": quadratic, "mu": MU, "log_var": LOG_VAR, "generator": seeded(), "n_samples": 2} | change
    with pytest.raises(error, match=message):
        estimator(arguments.pop("f"), arguments.pop("mu"), arguments.pop("log_var"), **arguments)


@pytest.mark.parametrize(("baseline", "error"), [(1.0, TypeError), (torch.zeros(2), TypeError), (torch.zeros(3).double(), ValueError)])
def test_a_baseline_is_one_number_for_each_row(baseline, error):
    with pytest.raises(error, match="baseline must be"):
        score_function_gradient(quadratic, MU, LOG_VAR, generator=seeded(), baseline=baseline)


def test_gradients_work_inside_no_grad_and_leave_the_arguments_alone():
    mu = MU.clone().requires_grad_()
    with torch.no_grad():
        found = pathwise_gradient(quadratic, mu, LOG_VAR, generator=seeded())
    assert mu.grad is None
    assert not any(g.requires_grad for g in found)
    assert not any(g.requires_grad for g in score_function_gradient(quadratic, mu, LOG_VAR, generator=seeded()))
    with pytest.raises(TypeError):
        pathwise_gradient(quadratic, MU, LOG_VAR)


def test_noise_is_split_between_images_and_draws():
    """g = 2 x + eps: the images' share is 4 Var(x), the draws' share 1."""
    generator, w = seeded(), torch.zeros(2, requires_grad=True, dtype=torch.float64)
    x = 1.5 * torch.randn(400, 2, generator=seeded(1), dtype=torch.float64)

    def objective(row):
        return ((2 * row + torch.randn(1, 2, generator=generator, dtype=torch.float64)) * w).sum(-1)

    images, draws = noise_shares(objective, [w], x, 4)
    assert images.item() == pytest.approx(4 * x.var(0).sum().item(), rel=0.05)
    assert draws.item() == pytest.approx(2, rel=0.1)
    with pytest.raises(ValueError, match="N >= 2"):
        noise_shares(objective, [w], x[:1], 4)
    with pytest.raises(ValueError, match="n_draws must be at least 2"):
        noise_shares(objective, [w], x, 1)
