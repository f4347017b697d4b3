"""Annealed importance sampling against log Z by enumeration, within its own standard errors."""

import math
import warnings

import pytest
import torch
from torch.testing import assert_close

from lecture_lib import evaluation, rbm
from lecture_lib.evaluation import AIS, ais_log_partition
from lecture_lib.rbm import RBM

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


def random_rbm(n_visible=30, n_hidden=10, scale=0.5, seed=0, dtype=torch.float64):
    shapes = (n_hidden, n_visible), (n_hidden,), (n_visible,)
    generator = seeded(seed)
    return RBM(*(scale * torch.randn(s, generator=generator, dtype=dtype) for s in shapes))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("seed", SEEDS)
def test_ais_meets_the_exact_log_z_within_its_standard_error(seed, dtype):
    params = random_rbm(seed=seed, dtype=dtype)
    log_Z = rbm.log_partition(RBM(*(t.double() for t in params))).item()
    log_partition, standard_error, size = ais_log_partition(params, 200, 300,
                                                            generator=seeded(seed))  # fmt: skip
    assert 0 < standard_error < 0.1
    assert 100 < size <= 200
    assert abs(log_partition - log_Z) < 4 * standard_error


def test_the_errors_of_many_runs_are_as_large_as_the_standard_errors_say():
    params = random_rbm(12, 8, scale=0.7)
    log_Z = rbm.log_partition(params).item()
    runs = [ais_log_partition(params, 50, 50, generator=seeded(seed)) for seed in range(60)]
    z = torch.tensor([(run.log_partition - log_Z) / run.standard_error for run in runs])
    # the square of a standard normal has mean 1 and variance 2: 5 standard errors
    assert abs(z.square().mean().item() - 1) < 5 * math.sqrt(2 / 60)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_weights_have_mean_z_even_at_one_temperature(seed):
    """E[w] = Z is exact for any number of temperatures: here mere importance sampling."""
    params = random_rbm(6, 4, seed=seed)
    result = ais_log_partition(params, 20000, 1, generator=seeded(seed))
    assert abs(result.log_partition - rbm.log_partition(params).item()) < 4 * result.standard_error


@pytest.mark.parametrize("base", ["none", "zeros", "c", "other"])
def test_the_first_model_may_have_any_visible_biases(base):
    params = random_rbm(20, 8)
    bases = {"none": None, "zeros": torch.zeros(20), "c": params.c,
             "other": torch.randn(20, generator=seeded(3))}  # fmt: skip
    result = ais_log_partition(params, 200, 300, generator=seeded(), base=bases[base])
    assert abs(result.log_partition - rbm.log_partition(params).item()) < 4 * result.standard_error


def test_a_model_without_weights_is_its_own_first_model_and_nothing_is_left_to_chance():
    W, b, c = random_rbm(25, 7)
    params = RBM(0 * W, b, c)
    result = ais_log_partition(params, 12, 5, generator=seeded(), base=c)
    by_hand = math.fsum(math.log1p(math.exp(a)) for a in (*b.tolist(), *c.tolist()))
    assert result.log_partition == pytest.approx(by_hand, abs=1e-9)
    assert result.standard_error < 1e-9
    assert result.effective_sample_size == pytest.approx(12)


@pytest.mark.parametrize("seed", SEEDS)
def test_too_few_temperatures_flatter_the_model(seed):
    """log Z comes out too low, hence the log-likelihood too high, and the warning says so."""
    params = random_rbm(60, 14, scale=1.5, seed=seed)
    log_Z = rbm.log_partition(params).item()
    with pytest.warns(UserWarning, match="effective sample size .* below 10"):
        few = ais_log_partition(params, 20, 3, generator=seeded(seed))
    assert few.log_partition < log_Z - 5


def test_the_effective_sample_size_and_the_standard_error_are_those_of_the_weights(monkeypatch):
    w = torch.tensor([1.0, 2.0, 3.0, 10.0], dtype=torch.float64)
    monkeypatch.setattr(evaluation, "_log_weights", lambda *_: w.log() + 700)
    with pytest.warns(UserWarning, match="effective sample size 2.2 of 4 chains"):
        result = ais_log_partition(RBM(*(0 * t for t in random_rbm(5, 3))), 4, 1,
                                   generator=seeded())  # fmt: skip
    assert result.log_partition == pytest.approx(8 * math.log(2) + 700 + math.log(4))
    assert result.effective_sample_size == pytest.approx(16**2 / 114)
    assert result.standard_error == pytest.approx((w.std() / w.mean() / 2).item())


def test_large_parameters_stay_finite_and_far_models_warn():
    params = random_rbm(30, 10, scale=20.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = ais_log_partition(params, 10, 100, generator=seeded())
    assert all(map(math.isfinite, result))


def test_one_seed_gives_one_estimate_and_nothing_else_is_touched():
    params, before = random_rbm(), torch.get_rng_state()
    copies = [t.clone() for t in params]
    first, again = (ais_log_partition(params, 20, 50, generator=seeded(3)) for _ in range(2))
    assert isinstance(first, AIS) and first == again
    assert first != ais_log_partition(params, 20, 50, generator=seeded(4))
    assert torch.equal(torch.get_rng_state(), before)
    assert_close(list(params), copies)


def test_the_conditions_of_an_estimate_are_checked():
    params = random_rbm(5, 3)
    with pytest.raises(TypeError):
        ais_log_partition(params, 10, 10)
    with pytest.raises(TypeError, match=r"torch\.Generator"):
        ais_log_partition(params, 10, 10, generator=1)
    with pytest.raises(ValueError, match="n_chains must be at least 2, got 1"):
        ais_log_partition(params, 1, 10, generator=seeded())
    with pytest.raises(ValueError, match="n_temperatures must be at least 1, got 0"):
        ais_log_partition(params, 10, 0, generator=seeded())
    with pytest.raises(TypeError, match="n_temperatures must be an int, got float"):
        ais_log_partition(params, 10, 1e4, generator=seeded())
    with pytest.raises(ValueError, match=r"base must be \(5,\)"):
        ais_log_partition(params, 10, 10, generator=seeded(), base=torch.zeros(3))
    with pytest.raises(ValueError, match=r"base must be"):
        ais_log_partition(params, 10, 10, generator=seeded(), base=torch.full((5,), math.inf))
    with pytest.raises(ValueError, match="must be finite"):
        ais_log_partition(RBM(params.W * math.nan, params.b, params.c), 10, 10, generator=seeded())
    with pytest.raises(ValueError, match="W must be"):
        ais_log_partition(RBM(params.W.T, params.b, params.c), 10, 10, generator=seeded())
