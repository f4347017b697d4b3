"""Gaussian units against sums over hidden states, mixtures of Gaussians, quadrature and autograd."""

import math
from functools import partial

import pytest
import torch
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal
from torch.testing import assert_close

from lecture_lib import data, exact, gaussian_rbm, sampling, training
from lecture_lib.gaussian_rbm import GaussianRBM

D, H = 3, 4
SEEDS = range(5)


@pytest.fixture(autouse=True)
def one_thread():
    """Small products gain nothing from a second thread, and on a busy machine wait for it."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def machine(seed=0, n_visible=D, n_hidden=H, dtype=torch.float64):
    shapes = (n_hidden, n_visible), (n_hidden,), (n_visible,), (n_visible,)
    generator = seeded(seed)
    return GaussianRBM(*(0.8 * torch.randn(s, generator=generator, dtype=dtype) for s in shapes))


def reals(rows, seed=0, n=D):
    return 2 * torch.randn(rows, n, generator=seeded(40 + seed), dtype=torch.float64)


def slow_energy(params, x, h):
    """The definition, unit by unit, for one x and one h."""
    W, b, c, log_var = (t.tolist() for t in params)
    total = 0.0
    for i in range(len(c)):
        sigma = math.exp(log_var[i] / 2)
        total += (x[i] - c[i]) ** 2 / (2 * sigma**2)
        for j in range(len(b)):
            total -= h[j] * W[j][i] * x[i] / sigma**2
    return total - sum(bj * hj for bj, hj in zip(b, h, strict=True))


def mixture(params):
    """p(x) as torch's mixture of 2^H Gaussians, its weights by integrating the energy by hand."""
    W, b, c, log_var = params
    h = exact.binary_states(len(b)).to(W)
    mean = torch.stack([c + sum(row[j] * W[j] for j in range(len(b))) for row in h])
    # e^{-E(x, h)} is a Gaussian in x around `mean` times its value there, completed at the top
    zero = torch.stack([-torch.tensor(slow_energy(params, m.tolist(), row.tolist()))
                        for m, row in zip(mean, h, strict=True)])  # fmt: skip
    sigma = (log_var / 2).exp().expand(len(h), -1)
    return MixtureSameFamily(Categorical(logits=zero.to(W)), Independent(Normal(mean, sigma), 1))


def close(actual, expected, **tolerance):
    for a, e in zip(actual, expected, strict=True):
        assert_close(a, e, **tolerance)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_energy_is_its_definition_and_the_free_energy_sums_hidden_units_out(seed):
    params, x, h = machine(seed), reals(5, seed), exact.binary_states(H)
    table = torch.tensor([[slow_energy(params, v, g) for g in h.tolist()] for v in x.tolist()])
    table = table.double()
    for g in range(len(h)):
        pairs = gaussian_rbm.energy(params, x, h[g].expand(5, -1))
        assert_close(pairs, table[:, g], atol=1e-5, rtol=1e-5)
    assert_close(gaussian_rbm.free_energy(params, x), -(-table).logsumexp(1), atol=1e-5, rtol=1e-5)
    share = (-table).softmax(1) @ h
    assert_close(gaussian_rbm.prob_h_given_x(params, x), share, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_density_is_a_mixture_of_gaussians(seed):
    params, x = machine(seed), reals(20, seed)
    log_p = -gaussian_rbm.free_energy(params, x) - gaussian_rbm.log_partition(params)
    assert_close(log_p, mixture(params).log_prob(x), atol=1e-5, rtol=1e-5)


def test_log_z_is_the_integral_of_the_boltzmann_factor():
    params = machine(2, n_visible=1)
    x = torch.linspace(-40, 40, 400_001, dtype=torch.float64)[:, None]
    integral = torch.trapezoid((-gaussian_rbm.free_energy(params, x)).exp(), x[:, 0])
    assert gaussian_rbm.log_partition(params).item() == pytest.approx(integral.log().item())


def test_given_h_the_density_of_x_is_gaussian_with_its_mean_and_sigma():
    params = machine(1)
    h = exact.binary_states(H)
    mean, sigma = gaussian_rbm.mean_x_given_h(params, h), (params.log_var / 2).exp()
    for x in reals(4), reals(4, 1):
        a, b = (-gaussian_rbm.energy(params, x[i : i + 1].expand(2**H, -1), h) for i in (0, 1))
        log_p = Normal(mean, sigma).log_prob
        assert_close(a - b, (log_p(x[0]) - log_p(x[1])).sum(1))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_exact_gradient_is_autograd_of_the_log_likelihood(seed):
    params, x = machine(seed), reals(6, seed)
    leaves = GaussianRBM(*(t.clone().requires_grad_() for t in params))
    log_p = -gaussian_rbm.free_energy(leaves, x).mean() - gaussian_rbm.log_partition(leaves)
    close(gaussian_rbm.log_likelihood_gradient(params, x), torch.autograd.grad(log_p, leaves))
    minus_free = -gaussian_rbm.free_energy(leaves, x).mean()
    close(gaussian_rbm.phase(params, x), torch.autograd.grad(minus_free, leaves))
    log_Z = gaussian_rbm.log_partition(leaves)
    close(gaussian_rbm.model_phase(params), torch.autograd.grad(log_Z, leaves))


def test_sums_over_many_blocks_are_those_over_one(monkeypatch):
    params, x = machine(n_hidden=7), reals(3)
    whole = gaussian_rbm.log_likelihood_gradient(params, x)
    monkeypatch.setattr(gaussian_rbm, "BLOCK", 10)
    close(gaussian_rbm.log_likelihood_gradient(params, x), whole)


@pytest.mark.parametrize("seed", SEEDS)
def test_long_chains_have_the_moments_of_the_mixture(seed):
    params, generator = machine(seed), seeded(seed)
    x = reals(20_000, seed)
    step = partial(gaussian_rbm.gibbs_step, params)
    x = sampling.gibbs(step, x, 60, generator=generator)
    p = mixture(params)
    for sample, mean in (x, p.mean), (x**2, p.variance + p.mean**2):
        assert ((sample.mean(0) - mean).abs() < 5 * sample.std(0) / len(x) ** 0.5).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_gibbs_step_from_the_model_stays_in_the_model(seed):
    """One step from exact samples of the mixture leaves its moments where they were."""
    params = machine(seed)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        x = mixture(params).sample((20_000,))
    moved = gaussian_rbm.gibbs_step(params, x, generator=seeded(seed))
    p = mixture(params)
    second = torch.einsum("ni,nj->nij", moved - p.mean, moved - p.mean)
    mu = (p.component_distribution.mean - p.mean)
    w = p.mixture_distribution.probs
    covariance = torch.einsum("s,si,sj->ij", w, mu, mu) + params.log_var.exp().diag()
    standard_error = second.std(0) / len(x) ** 0.5
    assert ((second.mean(0) - covariance).abs() < 5 * standard_error).all()


@pytest.mark.parametrize("k", [1, 3])
def test_cd_and_pcd_are_the_phases_at_the_data_and_at_the_chain(k):
    params, x, start = machine(), reals(5), reals(7, 3)
    step = partial(gaussian_rbm.gibbs_step, params)
    sample = sampling.gibbs(step, x, k, generator=seeded(4))
    leaves = GaussianRBM(*(t.clone().requires_grad_() for t in params))

    def contrast(sample):
        free = (gaussian_rbm.free_energy(leaves, v).mean() for v in (sample, x))
        return torch.autograd.grad(next(free) - next(free), leaves)

    close(gaussian_rbm.cd_gradient(params, x, k, generator=seeded(4)), contrast(sample))
    chains = sampling.Chains(start)
    gradient = gaussian_rbm.pcd_gradient(params, x, chains, k, generator=seeded(5))
    assert torch.equal(chains.x, sampling.gibbs(step, start, k, generator=seeded(5)))
    close(gradient, contrast(chains.x))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_first_model_has_the_mean_and_nearly_the_variance_of_the_data(seed):
    x = reals(500, seed) * torch.tensor([1.0, 3.0, 0.1]) + 5
    params = gaussian_rbm.init(D, H, generator=seeded(seed), data=x)
    p = mixture(params)
    assert_close(p.mean, x.mean(0), atol=0.1, rtol=0.01)
    assert_close(p.variance, x.var(0), rtol=0.01, atol=0)
    assert gaussian_rbm.init(D, H, generator=seeded()).W.dtype == torch.float32


def test_cd_learns_two_clusters_better_than_one_gaussian_can():
    generator = seeded()
    side = torch.where(torch.rand(400, 1, generator=generator) < 0.5, -1.0, 1.0)
    x = (side * torch.tensor([2.0, 1.0]) + 0.5 * torch.randn(400, 2, generator=generator)).double()
    params = gaussian_rbm.init(2, 3, generator=generator, data=x)
    one = Normal(x.mean(0), x.std(0)).log_prob(x).sum(1).mean()

    def step(batch):
        gradient = gaussian_rbm.cd_gradient(params, batch, 5, generator=generator)
        for p, g in zip(params, gradient, strict=True):
            p.add_(g, alpha=0.1)

    for _ in training.fit(step, x, n_epochs=60, batch_size=20, generator=generator,
                          state=params, progress=False):  # fmt: skip
        pass
    log_p = -gaussian_rbm.free_energy(params, x) - gaussian_rbm.log_partition(params)
    assert log_p.mean() > one + 0.5


def test_digits_as_reals_give_finite_numbers_in_float32():
    x = data.digits().train + 0.1
    params = gaussian_rbm.init(64, 8, generator=seeded(), data=x)
    for gradient in (gaussian_rbm.log_likelihood_gradient(params, x),
                     gaussian_rbm.cd_gradient(params, x, 1, generator=seeded())):  # fmt: skip
        assert all(g.isfinite().all() and g.dtype == torch.float32 for g in gradient)


def test_what_does_not_fit_is_refused():
    params, x, g = machine(), reals(3), {"generator": seeded()}
    W, b, c, log_var = params
    for f in gaussian_rbm.free_energy, gaussian_rbm.prob_h_given_x, gaussian_rbm.phase:
        with pytest.raises(ValueError, match=r"x must be \(batch, 3\), got \(3,\)"):
            f(params, x[0])
        with pytest.raises(TypeError, match=r"x must have dtype torch\.float64, got torch\.float32"):
            f(params, x.float())
        with pytest.raises(ValueError, match="x must be finite, got nan"):
            f(params, x * math.nan)
        with pytest.raises(ValueError, match="c and log_var"):
            f(GaussianRBM(W.T, b, c, log_var), x)
        with pytest.raises(ValueError, match="c and log_var"):
            f(GaussianRBM(W, b, c, log_var[:1]), x)
        with pytest.raises(TypeError, match="one floating dtype"):
            f(GaussianRBM(W, b, c.float(), log_var), x)
    with pytest.raises(ValueError, match=r"h must be in \{0, 1\}"):
        gaussian_rbm.energy(params, x, torch.full((3, H), 0.5).double())
    with pytest.raises(ValueError, match="one batch size"):
        gaussian_rbm.energy(params, x, torch.zeros(2, H))
    for bad in 0, -1:
        with pytest.raises(ValueError, match=f"k must be at least 1, got {bad}"):
            gaussian_rbm.cd_gradient(params, x, bad, **g)
        with pytest.raises(ValueError, match=f"k must be at least 1, got {bad}"):
            gaussian_rbm.pcd_gradient(params, x, sampling.Chains(x), bad, **g)
    with pytest.raises(TypeError, match="Chains"):
        gaussian_rbm.pcd_gradient(params, x, x, 1, **g)
    with pytest.raises(ValueError, match="at least one row"):
        gaussian_rbm.cd_gradient(params, x[:0], 1, **g)
    with pytest.raises(TypeError):
        gaussian_rbm.gibbs_step(params, x)
    with pytest.raises(TypeError, match=r"torch\.Generator"):
        gaussian_rbm.sample_x_given_h(params, torch.zeros(2, H), generator=0)
    with pytest.raises(ValueError, match=r"n_hidden must be in 1\.\.20 .*, got 21"):
        gaussian_rbm.log_partition(machine(n_hidden=21))
    with pytest.raises(ValueError, match="at least two rows"):
        gaussian_rbm.init(D, H, data=x[:1], **g)
