"""Gradients of an RBM's log-likelihood, against autograd, sums over all states and exact chains."""

import math
from functools import partial

import pytest
import torch
from enumeration import slow_energy, slow_marginal, states
from torch.testing import assert_close

from lecture_lib import exact, rbm, sampling
from lecture_lib.rbm import RBM

D, H = 4, 3
SEEDS = range(5)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(autouse=True)
def one_thread():
    """Small products gain nothing from a second thread, and on a busy machine wait for it."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def random_rbm(n_visible=D, n_hidden=H, scale=1.0, seed=0, dtype=torch.float64):
    shapes = (n_hidden, n_visible), (n_hidden,), (n_visible,)
    generator = seeded(seed)
    return RBM(*(scale * torch.randn(s, generator=generator, dtype=dtype) for s in shapes))


def random_units(rows, n=D, seed=0, dtype=torch.float64):
    return (torch.rand(rows, n, generator=seeded(100 + seed)) < 0.4).to(dtype)


def log_likelihood(params, x):
    """Mean log p(x), every sum over states as a sum of e^-E, differentiable."""
    W, b, c = params
    X, Hs = exact.binary_states(len(c)), exact.binary_states(len(b))
    minus_energy = X @ W.T @ Hs.T + (X @ c)[:, None] + Hs @ b
    log_p = minus_energy.logsumexp(1) - minus_energy.flatten().logsumexp(0)
    number = (x @ 2.0 ** torch.arange(len(c) - 1, -1, -1, dtype=x.dtype)).long()
    return log_p[number].mean()


def by_autograd(params, x):
    leaves = RBM(*(t.clone().requires_grad_() for t in params))
    return RBM(*torch.autograd.grad(log_likelihood(leaves, x), leaves))


def close(actual, expected, **tolerance):
    for a, e in zip(actual, expected, strict=True):
        assert_close(a, e, **(tolerance or {"atol": 1e-10, "rtol": 1e-10}))


@pytest.mark.parametrize("scale", [0.1, 1.0, 10.0])
@pytest.mark.parametrize("shape", [(4, 3), (3, 4), (3, 3), (1, 4), (5, 1)])
def test_the_exact_gradient_is_autograd_of_the_log_likelihood_whichever_layer_is_summed(
    shape, scale
):
    params, x = random_rbm(*shape, scale=scale), random_units(7, shape[0])
    close(rbm.log_likelihood_gradient(params, x), by_autograd(params, x))


def test_the_exact_gradient_is_data_minus_model_in_sums_over_every_state():
    params, x = random_rbm(), random_units(6)
    p, joint = slow_marginal(params), {}
    for v in states(D):
        weights = [math.exp(-slow_energy(params, v, h)) for h in states(H)]
        joint[v] = [w / math.fsum(weights) for w in weights]  # p(h | v)

    def mean_h(v, j):
        return math.fsum(q * h[j] for q, h in zip(joint[v], states(H), strict=True))

    data = [tuple(int(u) for u in row) for row in x.tolist()]
    W, b, c = rbm.log_likelihood_gradient(params, x)
    for j in range(H):
        model = math.fsum(p[v] * mean_h(v, j) for v in states(D))
        assert b[j].item() == pytest.approx(sum(mean_h(v, j) for v in data) / 6 - model)
        for i in range(D):
            model = math.fsum(p[v] * mean_h(v, j) * v[i] for v in states(D))
            by_hand = sum(mean_h(v, j) * v[i] for v in data) / 6 - model
            assert W[j, i].item() == pytest.approx(by_hand)
    for i in range(D):
        model = math.fsum(p[v] * v[i] for v in states(D))
        assert c[i].item() == pytest.approx(sum(v[i] for v in data) / 6 - model)


def test_each_parameter_has_a_gradient_and_a_small_step_along_each_raises_the_likelihood():
    """Public texts left the visible bias out, transposed W or turned the sign: each fails here."""
    for seed in SEEDS:
        params, x = random_rbm(seed=seed), random_units(5, seed=seed)
        gradient = rbm.log_likelihood_gradient(params, x)
        before = log_likelihood(params, x)
        for name in RBM._fields:
            part = getattr(gradient, name)
            assert part.shape == getattr(params, name).shape
            assert part.abs().max() > 1e-3
            moved = params._replace(**{name: getattr(params, name) + 1e-4 * part})
            rise = (log_likelihood(moved, x) - before) / 1e-4
            assert rise.item() == pytest.approx(part.square().sum().item(), rel=0.01)


def test_the_gradient_vanishes_where_the_model_is_the_data():
    params = random_rbm(3, 2)
    p = exact.probabilities(partial(rbm.free_energy, params), 3)
    h = rbm.prob_h_given_x(params, exact.binary_states(3))
    model = rbm.model_phase(params)
    close(model, RBM(h.T @ (p[:, None] * exact.binary_states(3)), p @ h,
                     p @ exact.binary_states(3)))  # fmt: skip
    counts = (1000 * p).round()  # a data set as near to p as 1000 rows allow
    x = exact.binary_states(3).repeat_interleave(counts.long(), 0)
    assert all(g.abs().max() < 0.005 for g in rbm.log_likelihood_gradient(params, x))


def test_the_exact_gradient_in_many_blocks_is_that_in_one(monkeypatch):
    params, x = random_rbm(9, 12), random_units(3, 9)
    whole = rbm.log_likelihood_gradient(params, x)
    monkeypatch.setattr(rbm, "BLOCK", 100)
    close(rbm.log_likelihood_gradient(params, x), whole)
    exchanged = rbm.model_phase(RBM(params.W.T, params.c, params.b))
    close(RBM(exchanged.W.T, exchanged.c, exchanged.b), rbm.model_phase(params))


def test_exact_gradient_ascent_learns_the_bars():
    from lecture_lib import data

    x = data.bars(2).train.double()
    params = rbm.init(4, 6, generator=seeded(), data=x)
    for _ in range(3000):
        params = RBM(*(p + 0.5 * g for p, g in zip(
            params, rbm.log_likelihood_gradient(params, x), strict=True)))  # fmt: skip
    assert -math.log(6) > log_likelihood(params, x) > -math.log(6) - 0.02


@pytest.mark.parametrize("x_rows", [1, 5])
def test_the_phase_is_minus_the_gradient_of_the_mean_free_energy(x_rows):
    params, x = random_rbm(), random_units(x_rows)
    leaves = RBM(*(t.clone().requires_grad_() for t in params))
    close(rbm.phase(params, x),
          torch.autograd.grad(-rbm.free_energy(leaves, x).mean(), leaves))  # fmt: skip


def test_the_cd_gradient_is_autograd_of_the_contrastive_loss_with_the_sample_held_constant():
    for k in 1, 3:
        params, x = random_rbm(), random_units(8)
        sample = sampling.gibbs(partial(rbm.gibbs_step, params), x, k, generator=seeded(4))
        leaves = RBM(*(t.clone().requires_grad_() for t in params))
        loss = rbm.free_energy(leaves, x).mean() - rbm.free_energy(leaves, sample).mean()
        minus = RBM(*(-g for g in torch.autograd.grad(loss, leaves)))
        close(rbm.cd_gradient(params, x, k, generator=seeded(4)), minus)


def exact_cd_mean(params, x, k):
    """E[CD-k]: from every row of x, k steps of the transition matrix."""
    X = exact.binary_states(D)
    number = (x @ 2.0 ** torch.arange(D - 1, -1, -1, dtype=x.dtype)).long()
    start = torch.nn.functional.one_hot(number, 2**D).double().mean(0)
    end = start @ torch.linalg.matrix_power(rbm.transition_matrix(params), k)
    h = rbm.prob_h_given_x(params, X)

    def expectation(p):
        return RBM((p[:, None] * h).T @ X, p @ h, p @ X)

    positive, negative = expectation(start), expectation(end)
    return RBM(*(a - b for a, b in zip(positive, negative, strict=True)))


@pytest.mark.parametrize("k", [1, 2, 5])
@pytest.mark.parametrize("seed", SEEDS)
def test_the_mean_of_cd_k_is_the_expectation_under_k_steps_of_the_chain(k, seed):
    params, x = random_rbm(scale=1.5, seed=seed), random_units(3, seed=seed)
    expected, copies, repeats = exact_cd_mean(params, x, k), 100, 40
    generator, many = seeded(seed), x.repeat(copies, 1)
    draws = [rbm.cd_gradient(params, many, k, generator=generator) for _ in range(repeats)]
    for name in RBM._fields:
        sample = torch.stack([getattr(g, name) for g in draws])
        error = (sample.mean(0) - getattr(expected, name)).abs()
        standard_error = sample.std(0) / math.sqrt(repeats)
        assert (error < 5 * standard_error + 1e-12).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_cd_k_tends_to_the_exact_gradient_and_cd_1_is_not_it(seed):
    params, x = random_rbm(seed=seed), random_units(3, seed=seed)
    exact_gradient = rbm.log_likelihood_gradient(params, x)
    close(exact_cd_mean(params, x, 2**15), exact_gradient, atol=1e-6, rtol=0)
    bias = exact_cd_mean(params, x, 1).W - exact_gradient.W
    assert bias.norm() > 0.01


def test_cd_starts_at_the_data_and_pcd_where_it_last_stopped():
    params, x, k = random_rbm(), random_units(5), 2
    start = random_units(9, seed=3)
    chains, generator = sampling.Chains(start), seeded(7)
    reference, state = seeded(7), start
    for _ in range(3):
        gradient = rbm.pcd_gradient(params, x, chains, k, generator=generator)
        state = sampling.gibbs(partial(rbm.gibbs_step, params), state, k, generator=reference)
        assert torch.equal(chains.x, state)
        W, b, c = gradient
        h, h_model = rbm.prob_h_given_x(params, x), rbm.prob_h_given_x(params, state)
        close(gradient, (h.T @ x / 5 - h_model.T @ state / 9,
                         h.mean(0) - h_model.mean(0), x.mean(0) - state.mean(0)))  # fmt: skip
    data_chains = sampling.Chains(x)
    close(rbm.pcd_gradient(params, x, data_chains, k, generator=seeded(1)),
          rbm.cd_gradient(params, x, k, generator=seeded(1)))  # fmt: skip
    assert torch.equal(x, random_units(5))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_mean_of_pcd_with_old_chains_is_the_exact_gradient(seed):
    params, x = random_rbm(scale=0.7, seed=seed), random_units(3, seed=seed)
    generator, expected = seeded(seed), rbm.log_likelihood_gradient(params, x)
    chains = sampling.Chains(random_units(2000, seed=seed))
    chains.advance(partial(rbm.gibbs_step, params), 50, generator=generator)
    draws = [rbm.pcd_gradient(params, x, chains, 20, generator=generator) for _ in range(30)]
    for name in RBM._fields:
        sample = torch.stack([getattr(g, name) for g in draws])
        error = (sample.mean(0) - getattr(expected, name)).abs()
        assert (error < 5 * sample.std(0) / math.sqrt(30)).all()


def test_both_phases_use_probabilities_of_h_and_not_samples():
    params, x = random_rbm(), random_units(1)
    W, b, c = rbm.cd_gradient(params, x, 1, generator=seeded())
    assert not ((b.abs() < 1e-9) | ((b.abs() - 1).abs() < 1e-9)).any()
    assert set(c.tolist()) <= {-1.0, 0.0, 1.0}


def offset_model(params, mean_x, mean_h):
    """The centred parameters W, b', c' of the same distribution, and the way back."""
    W, b, c = params

    def plain(W, b, c):
        return W, b - W @ mean_x, c - W.T @ mean_h

    return RBM(W, b + W @ mean_x, c + W.T @ mean_h), plain


@pytest.mark.parametrize("seed", SEEDS)
def test_the_centred_gradient_is_the_step_of_the_reparameterised_model(seed):
    params, x = random_rbm(seed=seed), random_units(6, seed=seed)
    mean_x, mean_h = (torch.rand(n, generator=seeded(seed), dtype=torch.float64) for n in (D, H))
    primed, plain = offset_model(params, mean_x, mean_h)
    close(plain(*primed), params)
    leaves = RBM(*(t.clone().requires_grad_() for t in primed))
    gradient = torch.autograd.grad(log_likelihood(RBM(*plain(*leaves)), x), leaves)
    moved = plain(*(p + g for p, g in zip(primed, gradient, strict=True)))  # the way is linear
    step = [new - old for new, old in zip(moved, params, strict=True)]
    close(rbm.centered(rbm.log_likelihood_gradient(params, x), mean_x, mean_h), step)


def test_the_offset_energy_of_the_docstring_differs_from_the_plain_one_by_a_constant():
    params = random_rbm()
    mean_x, mean_h = torch.rand(D, generator=seeded()).double(), torch.rand(H, generator=seeded())
    mean_h = mean_h.double()
    (W, b, c), _ = offset_model(params, mean_x, mean_h)
    x = exact.binary_states(D).repeat_interleave(2**H, 0)
    h = exact.binary_states(H).repeat(2**D, 1)
    offset = -((h - mean_h) * ((x - mean_x) @ W.T)).sum(1) - (x - mean_x) @ c - (h - mean_h) @ b
    difference = offset - rbm.energy(params, x, h)
    assert_close(difference, difference[:1].expand(len(difference)))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_centred_step_does_not_care_which_of_two_states_of_a_unit_is_called_one(seed):
    """Flip all visible units: the plain gradient changes the model's path, the centred does not."""
    params, x = random_rbm(seed=seed), random_units(6, seed=seed)
    W, b, c = params
    flipped = RBM(-W, b + W.sum(1), -c)
    close([-rbm.free_energy(flipped, 1 - exact.binary_states(D)).softmax(0)],
          [-rbm.free_energy(params, exact.binary_states(D)).softmax(0)])  # fmt: skip

    def moved(params, x, rule):
        gradient = rbm.log_likelihood_gradient(params, x)
        step = rule(gradient, x.mean(0), rbm.prob_h_given_x(params, x).mean(0))
        new = RBM(*(p + 0.3 * g for p, g in zip(params, step, strict=True)))
        return exact.probabilities(partial(rbm.free_energy, new), D)

    a, b = (moved(params, x, rbm.centered), moved(flipped, 1 - x, rbm.centered).flip(0))
    assert_close(a, b)
    plain = moved(params, x, lambda g, *_: g), moved(flipped, 1 - x, lambda g, *_: g).flip(0)
    assert (plain[0] - plain[1]).abs().max() > 1e-4


def test_no_offsets_leave_the_gradient_as_it_is():
    gradient = rbm.log_likelihood_gradient(random_rbm(), random_units(4))
    zeros = torch.zeros(D).double(), torch.zeros(H).double()
    close(rbm.centered(gradient, *zeros), gradient)


@pytest.mark.parametrize("scale", [1.0, 30.0])
def test_the_pseudo_likelihood_is_a_product_of_conditionals_of_the_joint(scale):
    params = random_rbm(scale=scale)
    x, joint = exact.binary_states(D), exact.probabilities(
        partial(rbm.free_energy, params), D).log()  # fmt: skip
    for row, value in zip(x, rbm.pseudo_log_likelihood(params, x), strict=True):
        total = 0.0
        for i in range(D):
            other = row.clone()
            other[i] = 1 - other[i]
            here, there = (joint[int("".join(str(int(u)) for u in r), 2)] for r in (row, other))
            total += here - torch.logaddexp(here, there)
        assert value.item() == pytest.approx(total.item(), rel=1e-9, abs=1e-9)


def test_the_pseudo_likelihood_of_independent_units_is_the_likelihood():
    W, b, c = random_rbm()
    params, x = RBM(0 * W, b, c), exact.binary_states(D)
    log_p = exact.probabilities(partial(rbm.free_energy, params), D).log()
    assert_close(rbm.pseudo_log_likelihood(params, x), log_p)


GRADIENTS = {
    "exact": rbm.log_likelihood_gradient,
    "phase": rbm.phase,
    "cd": partial(rbm.cd_gradient, k=1, generator=seeded()),
    "pcd": lambda params, x: rbm.pcd_gradient(
        params, x, sampling.Chains(torch.zeros(2, D).double()), 1, generator=seeded()
    ),
}


@pytest.mark.parametrize("gradient", GRADIENTS.values(), ids=GRADIENTS)
def test_a_batch_is_rows_of_units_and_not_empty(gradient):
    params = random_rbm()
    for shape in (D,), (2, D + 1), (1, 2, D), ():
        with pytest.raises(ValueError, match=rf"x must be \(batch, {D}\), got \("):
            gradient(params, torch.zeros(shape).double())
    for value in -1.0, 2.0, math.nan:
        with pytest.raises(ValueError, match=rf"x must be in .*, got {value}"):
            gradient(params, torch.full((2, D), value).double())
    with pytest.raises(TypeError, match="x must have a floating dtype"):
        gradient(params, torch.zeros(2, D).long())
    with pytest.raises(ValueError, match="at least one row"):
        gradient(params, torch.zeros(0, D).double())
    with pytest.raises(ValueError, match="W must be"):
        gradient(RBM(params.W.T, params.b, params.c), torch.zeros(2, D).double())
    assert gradient(params, torch.zeros(2, D)).W.dtype == torch.float64


def test_the_exact_gradient_and_the_pseudo_likelihood_need_binary_units():
    for function in rbm.log_likelihood_gradient, rbm.pseudo_log_likelihood:
        with pytest.raises(ValueError, match=r"x must be in \{0, 1\}, got 0.5"):
            function(random_rbm(), torch.full((2, D), 0.5).double())


@pytest.mark.parametrize("bad", [0, -1])
def test_k_is_at_least_one(bad):
    params, x, chains = random_rbm(), random_units(2), sampling.Chains(random_units(2))
    with pytest.raises(ValueError, match=f"k must be at least 1, got {bad}"):
        rbm.cd_gradient(params, x, bad, generator=seeded())
    with pytest.raises(ValueError, match=f"k must be at least 1, got {bad}"):
        rbm.pcd_gradient(params, x, chains, bad, generator=seeded())


def test_k_is_an_int_chains_are_chains_and_generators_generators():
    params, x, chains = random_rbm(), random_units(2), sampling.Chains(random_units(2))
    for bad in 1.0, True, None:
        with pytest.raises(TypeError, match="k must be an int"):
            rbm.cd_gradient(params, x, bad, generator=seeded())
        with pytest.raises(TypeError, match="k must be an int"):
            rbm.pcd_gradient(params, x, chains, bad, generator=seeded())
    with pytest.raises(TypeError, match=r"chains must be a sampling\.Chains, got Tensor"):
        rbm.pcd_gradient(params, x, chains.x, 1, generator=seeded())
    with pytest.raises(ValueError, match=r"chains\.x must be \(chains, 4\), got \(2, 5\)"):
        rbm.pcd_gradient(params, x, sampling.Chains(torch.zeros(2, 5)), 1, generator=seeded())
    with pytest.raises(ValueError, match=r"chains\.x must be in \[0, 1\], got [23]"):
        rbm.pcd_gradient(params, x, sampling.Chains(2 + x), 1, generator=seeded())
    for draw in (partial(rbm.cd_gradient, params, x, 1),
                 partial(rbm.pcd_gradient, params, x, chains, 1)):  # fmt: skip
        with pytest.raises(TypeError):
            draw()
        with pytest.raises(TypeError, match=r"generator must be a torch\.Generator"):
            draw(generator=0)


def test_offsets_fit_the_gradient():
    gradient = rbm.log_likelihood_gradient(random_rbm(), random_units(4))
    with pytest.raises(ValueError, match=r"mean_x must be \(4,\), got \(3,\)"):
        rbm.centered(gradient, torch.zeros(3), torch.zeros(4))
    with pytest.raises(ValueError, match=r"mean_h must be \(3,\), got \(3, 1\)"):
        rbm.centered(gradient, torch.zeros(4), torch.zeros(3, 1))


def test_one_seed_gives_one_gradient_and_the_global_stream_is_left_alone():
    params, x = random_rbm(dtype=torch.float32), random_units(4, dtype=torch.float32)
    before = torch.get_rng_state()
    first, again = (rbm.cd_gradient(params, x, 2, generator=seeded(5)) for _ in range(2))
    assert all(map(torch.equal, first, again))
    assert first.W.dtype == torch.float32
    assert torch.equal(torch.get_rng_state(), before)


def softplus_by_where(a):
    return torch.where(a > 20, a, torch.log1p(a.exp()))


def test_gradients_stay_finite_at_large_inputs_where_a_softplus_by_where_gives_nan():
    a = torch.tensor([1000.0], requires_grad=True)
    (gradient,) = torch.autograd.grad(softplus_by_where(a).sum(), a)
    assert gradient.isnan().all()
    params, x = random_rbm(scale=1e4), random_units(5)
    leaves = RBM(*(t.clone().requires_grad_() for t in params))
    for g in torch.autograd.grad(rbm.free_energy(leaves, x).sum(), leaves):
        assert g.isfinite().all()
    for gradient in GRADIENTS.values():
        assert all(g.isfinite().all() for g in gradient(params, x))
    assert rbm.pseudo_log_likelihood(params, x).isfinite().all()
