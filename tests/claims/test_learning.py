"""What book/rbm/learning says in words."""

import math

import pytest
import torch

from lecture_lib import data, exact, rbm
from lecture_lib.distributions import softplus

BARS = data.bars().train.double()
DREAMER = rbm.RBM(
    torch.tensor([[3, -3, 3, -3], [-3, 3, -3, 3], [1.5, 1.5, -1.5, -1.5], [-1.5, -1.5, 1.5, 1.5]]),
    torch.tensor([-3.0, -3, -1, -1]), torch.zeros(4),
)
PICTURES, ROWS, COLUMNS = exact.binary_states(4, dtype=torch.float32), [12, 3], [10, 5]


def stepped(machine, gradient, rate):
    return rbm.RBM(*(t + rate * g for t, g in zip(machine, gradient, strict=True)))


def kl(machine, x):
    return -(-rbm.free_energy(machine, x) - rbm.log_partition(machine)).mean().item() - math.log(len(x))


def all_five(n_hidden, data=None):
    """The machines of seeds 0 to 4, stacked."""
    machines = [rbm.init(9, n_hidden, generator=torch.Generator().manual_seed(seed), data=data) for seed in range(5)]
    return rbm.RBM(*(torch.stack(parts).double() for parts in zip(*machines, strict=True)))


def gradients(stack, x):
    """The exact gradient of each machine of a stack, over its hidden states, all at once."""
    W, b, c = stack
    h = exact.binary_states(b.shape[1])
    inputs = c[:, None] + h @ W
    p = (b @ h.T + softplus(inputs).sum(-1)).softmax(-1)
    dreamt = p[..., None] * inputs.sigmoid()
    on = (b[:, None] + x @ W.mT).sigmoid()
    return rbm.RBM(on.mT @ x / len(x) - h.T @ dreamt, on.mean(1) - p @ h, x.mean(0) - dreamt.sum(1))


def learnt(x, stack, *, rate=0.5, steps=1000, omitted=False):
    for _ in range(steps):
        gradient = gradients(stack, x)
        stack = stepped(stack, gradient._replace(c=0 * gradient.c) if omitted else gradient, rate)
    return stack


def apart(stack):
    return [rbm.RBM(*parts) for parts in zip(*stack, strict=True)]


def kls(stack, x):
    return torch.tensor([kl(machine, x) for machine in apart(stack)])


def test_the_gradients_of_this_file_are_the_packages():
    stack = learnt(BARS, all_five(8), steps=300)
    for found, machine in zip(apart(gradients(stack, BARS)), apart(stack), strict=True):
        for part, expected in zip(found, rbm.log_likelihood_gradient(machine, BARS), strict=True):
            assert part == pytest.approx(expected, abs=1e-12)


def test_each_phase_alone_moves_every_picture_and_only_both_tell_rows_from_columns():
    F = rbm.free_energy(DREAMER, PICTURES)
    down = rbm.free_energy(stepped(DREAMER, rbm.phase(DREAMER, PICTURES[ROWS]), 0.3), PICTURES) - F
    up = rbm.free_energy(stepped(DREAMER, rbm.model_phase(DREAMER), -0.3), PICTURES) - F
    both = rbm.free_energy(stepped(DREAMER, rbm.log_likelihood_gradient(DREAMER, PICTURES[ROWS]), 0.3), PICTURES) - F
    assert (down < 0).all() and down.argmin() == 15
    assert (up > 0).all()
    assert set(both.argsort()[:2].tolist()) == set(ROWS)
    assert set(both.argsort()[-2:].tolist()) == set(COLUMNS)


def test_the_positive_phase_alone_ends_at_a_picture_never_shown():
    machine = DREAMER
    for _ in range(200):
        machine = stepped(machine, rbm.phase(machine, PICTURES[ROWS]), 0.5)
    p = (-rbm.free_energy(machine, PICTURES)).softmax(0)
    assert p[15] > 0.99
    assert p[ROWS].sum() < 0.01
    assert (rbm.free_energy(machine, PICTURES) < rbm.free_energy(DREAMER, PICTURES))[ROWS].all()


def test_the_bars_are_learnt_at_one_half_and_neither_at_a_tenth_nor_at_eight():
    start = all_five(8, BARS)
    middle = learnt(BARS, start, steps=285)
    end = learnt(BARS, middle, steps=915)
    assert (kls(end, BARS) < 0.15).all()
    states = exact.binary_states(9)
    is_bar = (states[:, None] == BARS).all(-1).any(-1)
    for machine in apart(end):
        p = (-rbm.free_energy(machine, states)).softmax(0)[is_bar]
        assert p.sum() > 0.85
        assert p.min() > 0.7 / 14
    # the plateau: the gradient is small where the machine knows nothing, larger later, small again
    first, then, last = (
        torch.stack([g.abs().flatten(1).amax(1) for g in gradients(stack, BARS)]).amax(0) for stack in (start, middle, end)
    )
    assert (then > 3 * first).all() and (then > 3 * last).all()
    assert (kls(learnt(BARS, start, rate=0.1, steps=600), BARS) > 3.5).all()
    assert (kls(learnt(BARS, start, rate=8, steps=600), BARS) > 3).all()


def test_the_omitted_gradient_of_the_visible_bias_hides_on_the_bars_and_not_on_two_lines():
    right, wrong = (kls(learnt(BARS, all_five(8), omitted=omitted), BARS) for omitted in (False, True))
    assert (wrong - right).abs().max() < 0.15
    two_lines = BARS[BARS.sum(1) == 6]
    right, wrong = (kls(learnt(two_lines, all_five(4), omitted=omitted), two_lines) for omitted in (False, True))
    cost = wrong - right
    assert cost.min() > 0.1
    assert cost.mean() > 3 * cost.std() / len(cost) ** 0.5  # five seeds


def test_two_units_that_start_alike_stay_alike():
    stack = all_five(4)
    stack.W[:, 1] = stack.W[:, 0]
    machine = apart(learnt(BARS, stack, steps=300))[0]
    assert machine.W[1] == pytest.approx(machine.W[0], abs=1e-12)
    assert (machine.W[2] - machine.W[0]).abs().max() > 0.01


def test_how_many_units_fit_into_the_age_of_the_universe():
    assert int(math.log2(4.35e17 * 1e9)) == 88
    assert len(str(2**500)) == 151
