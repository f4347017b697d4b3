"""Weights of codes drawn from a q, against closed forms, loops and quadrature."""

import math

import pytest
import torch
from torch.testing import assert_close

from lecture_lib import evaluation, exact, vae


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.fixture
def linear():
    return vae.LinearGaussian(draw(3, 2), draw(3, seed=1), 0.3 * draw(3, seed=2))


def test_log_joint_is_prior_and_pixels_added_up_in_a_loop():
    model = vae.init(4, 5, 2, generator=torch.Generator().manual_seed(0)).double()
    x, z = exact.binary_states(4)[[3, 9, 14]], draw(6, 2)
    found = vae.log_joint(model.decoder, x, z)
    for n, image in enumerate(x.tolist()):
        for m, code in enumerate(z):
            total = sum(-0.5 * (math.log(2 * math.pi) + value**2) for value in code.tolist())
            for pixel, p in zip(image, model.decoder(code).sigmoid().tolist(), strict=True):
                total += math.log(p if pixel else 1 - p)
            assert found[n, m].item() == pytest.approx(total, rel=1e-10)


def test_weights_are_joint_over_q_at_the_codes_drawn(linear):
    x, mu, log_var = draw(5, 3, seed=3), draw(5, 2, seed=4), 0.2 * draw(5, 2, seed=5)
    seen = []

    def conditional(z):
        seen.append(z)
        return linear.conditional_log_prob(x, z)

    found = evaluation.importance_log_weights(conditional, mu, log_var, 7, generator=torch.Generator().manual_seed(0))
    z = torch.cat(seen)
    normal = torch.distributions.Normal
    sigma = (linear.log_var / 2).exp()
    expected = (
        normal(z @ linear.A.T + linear.c, sigma).log_prob(x).sum(-1)
        + normal(torch.zeros_like(z), torch.ones_like(z)).log_prob(z).sum(-1)
        - normal(mu, (log_var / 2).exp()).log_prob(z).sum(-1)
    )
    assert_close(found, expected)


def test_many_samples_come_in_blocks_and_their_mean_is_the_evidence(linear, monkeypatch):
    monkeypatch.setattr(evaluation, "BLOCK", 1000)
    x = draw(2, 3, seed=3)
    zeros = torch.zeros(2, 2, dtype=torch.float64)
    log_w = evaluation.importance_log_weights(
        lambda z: linear.conditional_log_prob(x, z), zeros, zeros, 40_250, generator=torch.Generator().manual_seed(0)
    )
    assert log_w.shape == (40_250, 2)
    w = (log_w - linear.log_prob(x)).exp()
    error = w.std(0) / len(w) ** 0.5
    assert ((w.mean(0) - 1).abs() < 4 * error).all()


def test_the_running_mean_is_the_mean_of_the_first_weights():
    log_w = 3 * draw(6, 2) - 800
    found = evaluation.running_log_mean(log_w)
    for s in range(1, 7):
        by_hand = [math.log(sum(math.exp(v + 800) for v in column) / s) - 800 for column in log_w[:s].T.tolist()]
        assert found[s - 1].tolist() == pytest.approx(by_hand)


def test_effective_sample_size_is_one_for_one_heavy_weight_and_all_for_equal_ones():
    equal, heavy = torch.full((8,), -900.0, dtype=torch.float64), torch.zeros(8, dtype=torch.float64)
    heavy[3] = 900.0
    found = evaluation.effective_sample_size(torch.stack([equal, heavy, draw(8)], 1))
    w = draw(8).exp()
    assert found.tolist() == pytest.approx([8.0, 1.0, (w.sum() ** 2 / w.square().sum()).item()])


def test_the_conditional_of_the_linear_model_is_torchs(linear):
    x, z = draw(4, 3, seed=6), draw(7, 4, 2, seed=7)
    found = linear.conditional_log_prob(x, z)
    expected = torch.distributions.Normal(z @ linear.A.T + linear.c, (linear.log_var / 2).exp()).log_prob(x).sum(-1)
    assert_close(found, expected)


def test_what_does_not_fit_is_refused(linear):
    generator = torch.Generator()
    zeros = torch.zeros(2, 2)
    with pytest.raises(ValueError, match=r"conditional must give \(3, 2\).*got \(2,\)"):
        evaluation.importance_log_weights(lambda z: z.sum((0, 2)), zeros, zeros, 3, generator=generator)
    with pytest.raises(ValueError, match="n_samples must be at least 1, got 0"):
        evaluation.importance_log_weights(lambda z: z.sum(-1), zeros, zeros, 0, generator=generator)
    with pytest.raises(ValueError, match="one shape"):
        evaluation.importance_log_weights(lambda z: z.sum(-1), zeros, zeros[:1], 3, generator=generator)
    with pytest.raises(TypeError, match=r"torch\.Generator, got NoneType"):
        evaluation.importance_log_weights(lambda z: z.sum(-1), zeros, zeros, 3, generator=None)
    for function in evaluation.running_log_mean, evaluation.effective_sample_size:
        with pytest.raises(ValueError, match="S >= 1"):
            function(torch.zeros(0, 2))
    model = vae.init(4, 5, 1, generator=torch.Generator())
    with pytest.raises(ValueError, match=r"x must be \(batch, 4\), got \(2, 3\)"):
        vae.log_joint(model.decoder, torch.zeros(2, 3), torch.zeros(6, 1))
    with pytest.raises(ValueError, match=r"x must be \(batch, 3\)"):
        linear.conditional_log_prob(torch.zeros(2, 4).double(), torch.zeros(2, 2).double())
