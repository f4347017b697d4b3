"""What book/rbm/model says in words."""

import math

import pytest
import torch
from enumeration import slow_joint

from lecture_lib import data, exact, pretrained, rbm
from lecture_lib.rbm import RBM


def test_one_link_and_two_biases_describe_every_positive_table_of_two_units():
    generator = torch.Generator().manual_seed(0)
    for _ in range(20):
        table = torch.rand(4, generator=generator, dtype=torch.float64) + 0.01
        p00, p01, p10, p11 = (table / table.sum()).tolist()  # p_hx
        W, b, c = math.log(p11 * p00 / (p10 * p01)), math.log(p10 / p00), math.log(p01 / p00)
        machine = RBM(*(torch.tensor(t, dtype=torch.float64) for t in ([[W]], [b], [c])))
        joint = slow_joint(machine)
        found = [joint[(x,), (h,)] for h in (0, 1) for x in (0, 1)]
        assert found == pytest.approx([p00, p01, p10, p11], rel=1e-10)


def test_counts_of_parameters_and_links_are_those_of_the_text():
    assert sum(t.numel() for t in pretrained.load("digits_rbm").params) == 1104
    assert len(str(2**80 - 1)) == 25
    assert (784 * 500 + 784 + 500, 784 * 500) == (393_284, 392_000)
    assert 1284 * 1283 // 2 == 823_686


def test_swapped_biases_are_wrong_by_the_difference_the_text_says():
    generator = torch.Generator().manual_seed(1)
    W, b, c = (torch.randn(*s, generator=generator, dtype=torch.float64) for s in ((4, 4), (4,), (4,)))
    units = exact.binary_states(8)
    x, h = units[:, :4], units[:, 4:]
    wrong = rbm.energy(RBM(W, c, b), x, h) - rbm.energy(RBM(W, b, c), x, h)
    assert wrong == pytest.approx((x - h) @ (c - b), abs=1e-12)


def test_the_best_hidden_state_of_an_image_is_the_one_of_lowest_energy():
    machine = pretrained.load("digits_rbm").params
    images = data.digits().test[:5]
    best = (rbm.prob_h_given_x(machine, images) > 0.5).float()
    h = exact.binary_states(16, dtype=torch.float32)
    for image, own in zip(images, best, strict=True):
        lowest = rbm.energy(machine, image.expand(len(h), -1), h).min()
        energy = rbm.energy(machine, image[None], own[None])
        assert energy.item() == pytest.approx(lowest.item(), abs=1e-3)


def test_wrong_partners_cost_tens_of_nats_and_less_within_a_digit():
    machine, digits = pretrained.load("digits_rbm").params, data.digits()
    own = (rbm.prob_h_given_x(machine, digits.test) > 0.5).float()
    E = torch.stack([rbm.energy(machine, digits.test, h.expand(len(own), -1)) for h in own], 1)
    same = digits.test_labels[:, None] == digits.test_labels
    same_digit = same & ~torch.eye(len(own), dtype=torch.bool)
    assert E[~same].mean() - E.diag().mean() > 20
    assert E[same_digit].mean() < E[~same].mean() - 5
