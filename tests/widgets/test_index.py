"""The live figure of the first page computes what lecture_lib computes, on the weights it sends."""

import base64

import numpy as np
import pytest
import torch

from lecture_lib import data, rbm, widgets


def random_machine(seed, n_hidden=20):
    generator = torch.Generator().manual_seed(seed)
    W = torch.randn(n_hidden, 784, generator=generator, dtype=torch.float64) / 4
    b, c = (torch.randn(n, generator=generator, dtype=torch.float64) for n in (n_hidden, 784))
    return rbm.RBM(W, b, c)


def figure_of(machine, images=None):
    if images is None:
        images = (torch.rand(3, 784, generator=torch.Generator().manual_seed(9)) < 0.2).float()
    generator = torch.Generator().manual_seed(0)
    return widgets.dreaming_digits(
        machine, images, torch.arange(len(images)), generator=generator
    )


def sent_machine(sent):
    """The machine that the browser gets: its bytes times their scales, in float64."""
    steps = np.frombuffer(base64.b64decode(sent["weights"]), np.int8)
    scales, b, c = (torch.tensor(sent[k], dtype=torch.float64) for k in ("scales", "b", "c"))
    W = torch.tensor(steps, dtype=torch.float64).reshape(len(b), -1) * scales[:, None]
    return rbm.RBM(W, b, c)


@pytest.mark.parametrize("seed", range(3))
def test_weights_are_sent_to_half_a_step_of_each_hidden_unit(seed):
    machine = random_machine(seed)
    sent = sent_machine(figure_of(machine).data)
    half_step = machine.W.abs().amax(1, keepdim=True) / 127 / 2
    assert ((sent.W - machine.W).abs() <= half_step * 1.001).all()
    assert torch.allclose(sent.b, machine.b, atol=5.1e-5)
    assert torch.allclose(sent.c, machine.c, atol=5.1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_both_conditionals_and_the_free_energy_are_the_packages(run_js, seed):
    sent = figure_of(random_machine(seed)).data
    machine = sent_machine(sent)
    generator = torch.Generator().manual_seed(seed)
    x, h = (torch.rand(1, n, generator=generator, dtype=torch.float64).round() for n in (784, 20))
    for function, given, expected in (
        ("probHGivenX", x, rbm.prob_h_given_x(machine, x)),
        ("probXGivenH", h, rbm.prob_x_given_h(machine, h)),
        ("freeEnergy", x, rbm.free_energy(machine, x)),
    ):
        found = run_js("dreaming_digits", function, sent, given[0].tolist())
        assert found == pytest.approx(expected[0].tolist(), abs=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_a_clamped_step_draws_the_free_pixels_and_keeps_the_others(run_js, seed):
    sent = figure_of(random_machine(seed)).data
    machine = sent_machine(sent)
    generator = torch.Generator().manual_seed(seed)
    x, kept, v = torch.rand(3, 784, generator=generator, dtype=torch.float64)
    u = torch.rand(20, generator=generator, dtype=torch.float64)
    x, kept = x.round(), kept < 0.4
    found = run_js("dreaming_digits", "compute", sent, {
        "x": x.tolist(), "kept": kept.long().tolist(), "u": u.tolist(), "v": v.tolist(),
    })
    hidden = rbm.prob_h_given_x(machine, x[None])[0]
    h = (u < hidden).double()
    visible = torch.where(kept, x, rbm.prob_x_given_h(machine, h[None])[0])
    assert found["hidden"] == pytest.approx(hidden.tolist(), abs=1e-5)
    assert found["h"] == h.tolist()
    assert found["visible"] == pytest.approx(visible.tolist(), abs=1e-5)
    assert found["x"] == torch.where(kept, x, (v < visible).double()).tolist()


def test_the_digits_arrive_pixel_by_pixel(run_js):
    images = data.mnist().test[:3]
    sent = figure_of(random_machine(0), images).data
    assert [run_js("dreaming_digits", "digit", sent, n) for n in range(3)] == images.tolist()


def test_a_figure_that_is_too_large_or_does_not_fit_is_refused():
    with pytest.raises(ValueError, match=r"200000 bytes, got 209068"):
        figure_of(random_machine(0, n_hidden=200))
    with pytest.raises(ValueError, match=r"784 columns.*\(20, 784\).*\(3, 783\)"):
        figure_of(random_machine(0), torch.zeros(3, 783))
