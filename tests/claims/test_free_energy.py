"""What book/rbm/free_energy says in words."""

import torch

from lecture_lib import data, exact, pretrained, rbm
from lecture_lib.distributions import softplus

EXPECTS = torch.tensor([[4.0, 4, -4, -4], [-4, -4, 4, 4], [4, -4, 4, -4], [-4, 4, -4, 4]], dtype=torch.float64)
BARS = rbm.RBM(EXPECTS, torch.full((4,), -4.0, dtype=torch.float64), torch.full((4,), -0.5, dtype=torch.float64))


def test_a_unit_switched_off_leaves_other_free_energies_alone_and_their_probabilities_rise():
    states = exact.binary_states(4)
    left_column = (states == torch.tensor([1.0, 0, 1, 0])).all(-1).nonzero().item()
    top_row = (states == torch.tensor([1.0, 1, 0, 0])).all(-1).nonzero().item()
    without = rbm.RBM(BARS.W[1:], BARS.b[1:], BARS.c)
    F, F_without = rbm.free_energy(BARS, states), rbm.free_energy(without, states)
    p, p_without = (-F - rbm.log_partition(BARS)).exp(), (-F_without - rbm.log_partition(without)).exp()
    assert (F_without - F)[left_column].abs() < 0.02
    assert p_without[left_column] > 1.1 * p[left_column]
    assert p_without[top_row] < 0.1 * p[top_row]


def test_a_hidden_unit_only_ever_lowers_the_free_energy():
    generator = torch.Generator().manual_seed(0)
    params = rbm.RBM(*(5 * torch.randn(*shape, generator=generator) for shape in ((6, 5), (6,), (5,))))
    _, hidden = rbm.free_energy_parts(params, exact.binary_states(5))
    assert (hidden <= 0).all()


def test_two_copies_of_a_unit_differ_from_one_doubled_unit_only_near_zero():
    t = torch.tensor([-20.0, 0.0, 20.0], dtype=torch.float64)
    difference = 2 * softplus(t) - softplus(2 * t)
    assert difference[[0, 2]].abs().max() < 1e-8
    assert abs(difference[1].item() - 0.693) < 1e-3


def test_the_hidden_units_are_worth_more_than_six_nats_an_image():
    digits, machine = data.digits(), pretrained.load("digits_rbm").params
    start = rbm.init(64, 16, generator=torch.Generator(), data=digits.train)
    pixels = start._replace(W=torch.zeros(16, 64))
    log_p, log_p_pixels = (
        -rbm.free_energy(params, digits.test) - rbm.log_partition(params) for params in (machine, pixels)
    )
    assert 6 < (log_p - log_p_pixels).mean() < 7


def test_shuffled_digits_are_stranger_than_digits_upside_down_and_do_not_overlap_the_digits():
    digits, machine = data.digits().test, pretrained.load("digits_rbm").params
    order = torch.rand(digits.shape, generator=torch.Generator().manual_seed(0)).argsort(-1)
    F, turned, shuffled = (rbm.free_energy(machine, x) for x in (digits, digits.flip(-1), digits.gather(-1, order)))
    assert F.mean() < turned.mean() < shuffled.mean()
    assert (shuffled > F.max()).float().mean() > 0.99
