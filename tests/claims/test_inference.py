"""What book/rbm/inference says in words."""

import math

import pytest
import torch
from enumeration import slow_energy, states

from lecture_lib import exact, rbm
from lecture_lib.rbm import RBM

SMALL = RBM(*(torch.tensor(t, dtype=torch.float64) for t in (
    [[3.0, 3, -2, -2], [-2, -2, 3, 3], [-2, 2, 2, -2]], [-2.0, -3, -1], [-1.0, -1, -1, -1])))


def small_machine(seed=0):
    generator = torch.Generator().manual_seed(seed)
    return RBM(*(torch.randn(*s, generator=generator, dtype=torch.float64) for s in ((3, 4), (3,), (4,))))


def test_without_the_prime_the_hidden_bias_is_silently_gone():
    W, b, _ = machine = small_machine()
    for x in exact.binary_states(4):
        total = 0.0
        for h in exact.binary_states(3):
            above = (h @ (W @ x) + b @ h).exp()
            below = sum((g @ (W @ x) + b @ h).exp() for g in exact.binary_states(3))
            bare = rbm.prob_h_given_x(machine._replace(b=0 * b), x[None])[0]
            assert (above / below).item() == pytest.approx((h * bare + (1 - h) * (1 - bare)).prod().item())
            total += (above / below).item()
        assert total == pytest.approx(1)


def test_units_one_and_two_of_the_small_machine_avoid_each_other():
    units = exact.binary_states(7)
    p = (-rbm.energy(SMALL, units[:, :4], units[:, 4:])).softmax(0)
    first, second = units[:, 4], units[:, 5]
    assert 0.4 < p @ first < 0.6
    assert 0.15 < p @ second < 0.25
    assert p @ (first * second) < 0.02
    assert (p @ first) * (p @ second) > 0.1


def test_a_link_between_two_hidden_units_leaves_the_others_and_the_way_down_alone():
    machine, a = small_machine(1), 1.3

    def energy(x, h):
        return slow_energy(machine, x, h) - a * h[0] * h[1]

    weights = {(x, h): math.exp(-energy(x, h)) for x in states(4) for h in states(3)}
    for h in states(3):
        total = math.fsum(weights[x, h] for x in states(4))
        on = [math.fsum(weights[x, h] for x in states(4) if x[i]) / total for i in range(4)]
        expected = rbm.prob_x_given_h(machine, torch.tensor([h], dtype=torch.float64))[0]
        assert on == pytest.approx(expected.tolist(), rel=1e-9)
    for x in states(4):
        total = math.fsum(weights[x, h] for h in states(3))
        third = math.fsum(weights[x, h] for h in states(3) if h[2]) / total
        expected = rbm.prob_h_given_x(machine, torch.tensor([x], dtype=torch.float64))[0, 2]
        assert third == pytest.approx(expected.item(), rel=1e-9)
        for h in states(3):  # the pair is free of the third unit, but no product itself
            pair = math.fsum(weights[x, (*h[:2], k)] for k in (0, 1)) / total
            assert weights[x, h] / total == pytest.approx(pair * (third if h[2] else 1 - third), rel=1e-9)


def test_in_equilibrium_the_new_x_and_the_old_h_are_a_sample_of_the_joint():
    machine = small_machine(2)
    xs, hs = exact.binary_states(4), exact.binary_states(3)
    joint = torch.stack([-rbm.energy(machine, xs, h.expand(16, -1)) for h in hs], 1).flatten()
    joint = joint.softmax(0).reshape(16, 8)
    on = rbm.prob_x_given_h(machine, hs)
    down = torch.stack([(x * on + (1 - x) * (1 - on)).prod(1) for x in xs])  # p(x' | h)
    assert down * joint.sum(0) == pytest.approx(joint, abs=1e-12)
    T, p = rbm.transition_matrix(machine), joint.sum(1)
    assert (p[:, None] * T - p[:, None] * p).abs().max() > 1e-3  # x and x' are not independent


def test_a_transposed_matrix_gives_log_odds_that_are_not_the_energy_saved():
    generator = torch.Generator().manual_seed(1)
    W, b, c = (torch.randn(*s, generator=generator, dtype=torch.float64) for s in ((4, 4), (4,), (4,)))
    h, off = torch.tensor([[1.0, 0, 1, 1]]).double(), torch.zeros(1, 4).double()
    for i in range(4):
        on = torch.eye(4).double()[i : i + 1]
        saved = (rbm.energy(RBM(W, b, c), off, h) - rbm.energy(RBM(W, b, c), on, h)).item()
        assert saved == pytest.approx((c + h @ W)[0, i].item())
        assert abs(saved - (c + h @ W.T)[0, i].item()) > 1e-3
