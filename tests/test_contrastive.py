"""The fast step beside the textbook functions: the same update, from the same random numbers."""

import math

import pytest
import torch
from torch.testing import assert_close

from lecture_lib import rbm, sampling, training
from lecture_lib.contrastive import MEAN_H_RATE, Contrastive
from lecture_lib.distributions import bernoulli_sample
from lecture_lib.rbm import RBM

D, H = 6, 4
SEEDS = range(5)


@pytest.fixture(autouse=True)
def one_thread():
    """Small products gain nothing from a second thread, and on a busy machine wait for it."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def same_numbers(monkeypatch):
    """The fast step with the uniform numbers of `bernoulli_sample`, to be compared exactly."""

    def draw(self, p, out=None):
        sample = bernoulli_sample(p.clamp(0, 1), generator=self.generator)
        return sample if out is None else out.copy_(sample)

    monkeypatch.setattr(Contrastive, "_draw", draw)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def start(seed=0, n_visible=D, n_hidden=H, dtype=torch.float64):
    shapes = (n_hidden, n_visible), (n_hidden,), (n_visible,)
    generator = seeded(seed)
    return RBM(*(torch.randn(s, generator=generator, dtype=dtype) for s in shapes))


def units(rows, seed=0, n=D, dtype=torch.float64):
    return (torch.rand(rows, n, generator=seeded(50 + seed)) < 0.4).to(dtype)


def moved(params, gradient, rate):
    return RBM(*(p + rate * g for p, g in zip(params, gradient, strict=True)))


def copy(params):
    return RBM(*(p.clone() for p in params))


def close(actual, expected):
    for a, e in zip(actual, expected, strict=True):
        assert_close(a, e, atol=1e-12, rtol=1e-10)


@pytest.mark.parametrize("k", [1, 2, 5])
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("square", [False, True])
def test_the_fast_cd_step_is_the_textbook_update_time_after_time(same_numbers, k, seed, square):
    n_hidden = D if square else H
    fast, slow = start(seed, n_hidden=n_hidden), start(seed, n_hidden=n_hidden)
    generator = seeded(9)
    step = Contrastive(fast, k, learning_rate=0.3, generator=seeded(9))
    for t, rows in enumerate((7, 7, 3)):  # the last minibatch of an epoch is smaller
        x = units(rows, seed=t)
        slow = moved(slow, rbm.cd_gradient(slow, x, k, generator=generator), 0.3)
        step(x)
        close(fast, slow)


@pytest.mark.parametrize("k", [1, 2, 5])
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("rows", [9, 4])
def test_the_first_fast_pcd_step_is_the_textbook_update(same_numbers, k, seed, rows):
    """4 chains beside a minibatch of 9, too: each phase is its own mean."""
    fast, x, chains = start(seed), units(rows), sampling.Chains(units(4, seed=3))
    slow, slow_chains = copy(fast), sampling.Chains(chains.x)
    step = Contrastive(fast, k, learning_rate=0.3, generator=seeded(9), chains=chains)
    gradient = rbm.pcd_gradient(slow, x, slow_chains, k, generator=seeded(9))
    step(x)
    close(fast, moved(slow, gradient, 0.3))
    assert torch.equal(chains.x, slow_chains.x)


@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize("seed", SEEDS)
def test_the_next_fast_pcd_steps_draw_hidden_units_just_before_the_update(same_numbers, k, seed):
    fast, chains = start(seed), sampling.Chains(units(4, seed=3))
    slow, x_model, generator = copy(fast), chains.x.clone(), seeded(9)
    step = Contrastive(fast, k, learning_rate=0.3, generator=seeded(9), chains=chains)
    before = slow
    for t in range(4):
        x = units(7, seed=t)
        for j in range(k):
            h = rbm.sample_h_given_x(before if j == 0 else slow, x_model, generator=generator)
            x_model = rbm.sample_x_given_h(slow, h, generator=generator)
        positive, negative = rbm.phase(slow, x), rbm.phase(slow, x_model)
        before = slow
        slow = moved(slow, [p - n for p, n in zip(positive, negative, strict=True)], 0.3)
        step(x)
        close(fast, slow)


def test_without_learning_the_fast_chain_is_the_textbook_chain(same_numbers):
    params, chains, x = start(), sampling.Chains(units(4, seed=3)), units(5)
    slow, generator = sampling.Chains(chains.x), seeded(2)
    step = Contrastive(params, 2, learning_rate=0.0, generator=seeded(2), chains=chains)
    for _ in range(5):
        step(x)
        rbm.pcd_gradient(params, x, slow, 2, generator=generator)
        assert torch.equal(chains.x, slow.x)


@pytest.mark.parametrize("persistent", [True, False])
@pytest.mark.parametrize("seed", SEEDS)
def test_the_fast_centred_step_is_the_centred_textbook_update(same_numbers, seed, persistent):
    fast, x, mean_x = start(seed), units(9), units(30, seed=1).mean(0)
    slow, chains = copy(fast), sampling.Chains(units(4, seed=3))
    step = Contrastive(fast, 2, learning_rate=0.3, generator=seeded(9), mean_x=mean_x,
                       chains=chains if persistent else None)  # fmt: skip
    if persistent:
        gradient = rbm.pcd_gradient(slow, x, sampling.Chains(chains.x), 2, generator=seeded(9))
    else:
        gradient = rbm.cd_gradient(slow, x, 2, generator=seeded(9))
    h = rbm.prob_h_given_x(slow, x).mean(0)
    mean_h = (1 - MEAN_H_RATE) * 0.5 + MEAN_H_RATE * h
    step(x)
    close(fast, moved(slow, rbm.centered(gradient, mean_x, mean_h), 0.3))
    assert_close(step.mean_h, mean_h)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_fast_sampler_meets_every_probability(seed):
    """16 bits over their full range: with the top bit left out a likelihood fell by 70 nats."""
    p = torch.tensor([0.0, 1e-9, 2**-16, 0.01, 0.25, 0.5, 0.75, 0.99, 1 - 2**-16, 1.0])
    step = Contrastive(start(dtype=torch.float32), learning_rate=1.0, generator=seeded(seed))
    n = 400_000
    draws = step._draw(p.expand(n, -1))
    assert ((draws == 0) | (draws == 1)).all()
    error = (draws.mean(0) - p).abs()
    assert (error <= 5 * (p * (1 - p) / n).sqrt() + 2**-17).all()
    assert (draws[:, 0] == 0).all() and (draws[:, 1] == 0).all() and (draws[:, -1] == 1).all()
    half = step._draw(torch.full((n, 8), 0.5)) - 0.5
    covariance = half.T @ half / n  # neighbours share the 64 bits of one word
    off = covariance - covariance.diag().diag()
    assert off.abs().max() < 5 * 0.25 / math.sqrt(n)
    assert ((half[1:] * half[:-1]).mean(0).abs() < 5 * 0.25 / math.sqrt(n)).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_the_fast_sampler_has_the_mean_of_cd_as_the_textbook_functions_have(seed):
    params, x, repeats = start(seed), units(300), 100
    step = Contrastive(copy(params), 2, learning_rate=1.0, generator=seeded(seed))
    fast, slow, generator = [], [], seeded(70 + seed)
    for _ in range(repeats):
        for p, q in zip(step.params, params, strict=True):
            p.copy_(q)
        step(x)
        fast.append((step.params.W - params.W).clone())
        slow.append(rbm.cd_gradient(params, x, 2, generator=generator).W)
    a, b = torch.stack(fast), torch.stack(slow)
    standard_error = ((a.var(0) + b.var(0)) / repeats).sqrt()
    assert ((a.mean(0) - b.mean(0)).abs() < 5 * standard_error).all()


def test_the_learning_rate_may_be_a_function_of_the_updates_made(same_numbers):
    fast, slow, generator = start(), start(), seeded(9)
    step = Contrastive(fast, 1, learning_rate=lambda t: 0.1 / (1 + t), generator=seeded(9))
    for t in range(3):
        slow = moved(slow, rbm.cd_gradient(slow, units(5), 1, generator=generator), 0.1 / (1 + t))
        step(units(5))
        close(fast, slow)
    assert step.n_updates == 3


@pytest.mark.parametrize("persistent", [True, False])
def test_a_run_of_fast_steps_can_be_interrupted(tmp_path, persistent):
    def go(n_epochs, seed, checkpoint=None):
        x, generator = units(20, dtype=torch.float32), seeded(seed)
        chains = sampling.Chains(units(4, seed, dtype=torch.float32)) if persistent else None
        step = Contrastive(start(seed, dtype=torch.float32), learning_rate=lambda t: 0.1 / (1 + t),
                           generator=generator, mean_x=x.mean(0), chains=chains)  # fmt: skip
        means = list(training.fit(step, x, n_epochs=n_epochs, batch_size=6, generator=generator,
                                  checkpoint=checkpoint, progress=False))  # fmt: skip
        return step, means

    whole, means = go(4, 0)
    path = tmp_path / "run.npz"
    _, first = go(2, 0, path)
    again, rest = go(4, 1, path)
    assert first + rest == means == training.history(path)
    for a, b in zip(whole.params, again.params, strict=True):
        assert torch.equal(a, b)
    assert whole.n_updates == again.n_updates == 16
    if persistent:
        assert torch.equal(whole.chains.x, again.chains.x)
    other = Contrastive(start(n_hidden=5, dtype=torch.float32), learning_rate=0.1,
                        generator=seeded())  # fmt: skip
    with pytest.raises(ValueError, match=r"W must be \(4, 6\)"):
        other.load_state_dict(again.state_dict())


def test_active_is_the_mean_probability_of_hidden_units_at_the_data():
    params, x = start(), units(5)
    step = Contrastive(copy(params), learning_rate=0.1, generator=seeded())
    by_hand = rbm.prob_h_given_x(params, x).mean().item()
    assert step(x) == {"active": pytest.approx(by_hand)}


def test_what_does_not_fit_is_refused():
    params, more = start(), {"learning_rate": 0.1, "generator": seeded()}
    step = Contrastive(params, **more)
    for bad in torch.zeros(3, D + 1).double(), torch.zeros(D).double(), torch.zeros(0, D).double():
        with pytest.raises(ValueError, match=r"x must be \(batch, 6\)"):
            step(bad)
    with pytest.raises(ValueError, match=r"of torch\.float64, got \(3, 6\) of torch\.float32"):
        step(torch.zeros(3, D))
    with pytest.raises(ValueError, match="k must be at least 1"):
        Contrastive(params, 0, **more)
    with pytest.raises(TypeError, match="Chains"):
        Contrastive(params, 1, chains=units(4), **more)
    with pytest.raises(ValueError, match=r"chains\.x must be \(chains, 6\)"):
        Contrastive(params, 1, chains=sampling.Chains(torch.zeros(2, 5)), **more)
    with pytest.raises(ValueError, match=r"mean_x must be \(6,\)"):
        Contrastive(params, 1, mean_x=torch.zeros(5), **more)
    with pytest.raises(TypeError):
        Contrastive(params, 1)
    with pytest.raises(ValueError, match="W must be"):
        Contrastive(RBM(params.W.T, params.b, params.c), **more)
