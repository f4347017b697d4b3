"""The numerical module of the live figures against lecture_lib."""

import math

import pytest
import torch

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
