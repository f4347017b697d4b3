"""The numerical module of the live figures against lecture_lib."""

import math

import pytest
import torch
from scipy import stats

from lecture_lib import exact
from lecture_lib.distributions import softplus

INPUTS = [-1e4, -40.0, -3.0, -1e-9, 0.0, 1e-9, 0.5, 3.0, 40.0, 1e4]


@pytest.mark.parametrize("t", INPUTS)
def test_softplus_and_sigm_are_the_packages_without_overflow(run_js, t):
    value = torch.tensor(t, dtype=torch.float64)
    assert run_js("numerics", "softplus", t) == pytest.approx(softplus(value).item(), abs=1e-12)
    assert run_js("numerics", "sigm", t) == pytest.approx(value.sigmoid().item(), abs=1e-12)


def test_dot_and_log_sum_exp_are_their_sums(run_js):
    u, v = [1.5, -2.0, 0.25], [3.0, 0.5, -4.0]
    assert run_js("numerics", "dot", u, v) == pytest.approx(math.fsum(a * b for a, b in zip(u, v, strict=True)))
    assert run_js("numerics", "logSumExp", u) == pytest.approx(math.log(math.fsum(map(math.exp, u))))
    assert run_js("numerics", "logSumExp", [-1e4, -1e4]) == pytest.approx(-1e4 + math.log(2))


def test_states_come_in_the_packages_order(run_js):
    assert run_js("numerics", "binaryStates", 5) == exact.binary_states(5).tolist()


def test_boltzmann_gives_the_packages_probabilities(run_js):
    energies = torch.randn(16, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 30
    expected = exact.probabilities(lambda x: energies[(x @ torch.tensor([8.0, 4, 2, 1], dtype=x.dtype)).long()], 4)
    assert run_js("numerics", "boltzmann", energies.tolist()) == pytest.approx(expected.tolist(), abs=1e-12)


def test_the_random_stream_is_uniform_and_the_same_for_the_same_seed(run_js):
    drawn = run_js("numerics", "uniforms", 7, 20_000)
    assert drawn == run_js("numerics", "uniforms", 7, 20_000)
    assert drawn[:3] != run_js("numerics", "uniforms", 8, 3)
    assert min(drawn) >= 0
    assert max(drawn) < 1
    assert stats.kstest(drawn, "uniform").pvalue > 0.01
    pairs = torch.tensor(drawn, dtype=torch.float64) - 0.5
    correlation = (pairs[1:] @ pairs[:-1]) / (pairs @ pairs)
    assert abs(correlation) < 4 / math.sqrt(len(drawn))  # four standard errors


def test_the_random_stream_is_mulberry32(run_js):
    state, expected = 12345, []
    for _ in range(5):
        state = (state + 0x6D2B79F5) % 2**32
        t = (state ^ state >> 15) * (state | 1) % 2**32
        t ^= (t + (t ^ t >> 7) * (t | 61)) % 2**32
        expected.append((t ^ t >> 14) / 2**32)
    assert run_js("numerics", "uniforms", 12345, 5) == expected
