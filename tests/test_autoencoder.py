"""Autoencoders and PCA, against scikit-learn, scipy and the formulas as loops."""

import math

import numpy as np
import pytest
import torch
from scipy.linalg import subspace_angles
from torch.testing import assert_close

from lecture_lib import autoencoder


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.fixture
def model():
    return autoencoder.init(6, 5, 2, generator=torch.Generator().manual_seed(0)).double()


@pytest.fixture
def x():
    return (draw(7, 6) > 0).double()


def test_the_network_is_two_layers_up_to_the_code_and_two_down(model, x):
    a = (x @ model.hidden.weight.T + model.hidden.bias).clamp(min=0)
    z = a @ model.code.weight.T + model.code.bias
    assert_close(model.encode(x), z)
    b = (z @ model.decoder.hidden.weight.T + model.decoder.hidden.bias).clamp(min=0)
    logits = b @ model.decoder.logits.weight.T + model.decoder.logits.bias
    assert_close(model.decode(z), logits)
    assert_close(model(x), logits)


def test_the_linear_network_is_one_layer_up_and_one_down(x):
    model = autoencoder.init_linear(6, 2, generator=torch.Generator().manual_seed(0)).double()
    z = x @ model.encoder.weight.T + model.encoder.bias
    assert_close(model.encode(x), z)
    assert_close(model(x), z @ model.decoder.weight.T + model.decoder.bias)


def test_first_weights_come_from_the_generator_alone_and_are_bounded_by_the_inputs():
    torch.manual_seed(0)
    before = torch.get_rng_state()
    first, again = (autoencoder.init(6, 5, 2, generator=torch.Generator().manual_seed(3)) for _ in range(2))
    linear = autoencoder.init_linear(400, 3, generator=torch.Generator().manual_seed(3))
    assert torch.equal(torch.get_rng_state(), before)
    for a, b in zip(first.parameters(), again.parameters(), strict=True):
        assert torch.equal(a, b)
    assert 0.045 < linear.encoder.weight.abs().max() <= 0.05
    assert linear.encoder.bias.abs().max() == 0


def test_the_reconstruction_log_probability_is_a_sum_over_pixels(model, x):
    r = model(x).sigmoid()
    for row, mean, found in zip(x, r, autoencoder.reconstruction_log_prob(model, x), strict=True):
        by_hand = sum(math.log(p if on else 1 - p) for on, p in zip(row.tolist(), mean.tolist(), strict=True))
        assert found.item() == pytest.approx(by_hand, rel=1e-10)
        assert found <= 0


def test_squared_error_is_a_sum_over_pixels(x):
    r = draw(7, 6, seed=1)
    by_hand = [sum((a - b) ** 2 for a, b in zip(*rows, strict=True)) for rows in zip(x.tolist(), r.tolist(), strict=True)]
    assert autoencoder.squared_error(x, r).tolist() == pytest.approx(by_hand)


@pytest.mark.parametrize("n_components", [1, 3, 6])
def test_pca_is_scikit_learns(n_components):
    from sklearn.decomposition import PCA

    x = draw(50, 6) @ draw(6, 6, seed=1)
    ours, theirs = autoencoder.pca(x, n_components), PCA(n_components, svd_solver="full").fit(x.numpy())
    assert ours.mean.tolist() == pytest.approx(theirs.mean_.tolist())
    signs = np.sign((ours.components.numpy() * theirs.components_).sum(1, keepdims=True))
    np.testing.assert_allclose(ours.components, signs * theirs.components_, atol=1e-9)
    kept = ours.variances[:n_components].numpy()
    np.testing.assert_allclose(kept, theirs.explained_variance_ * 49 / 50)  # scikit-learn divides by N - 1
    np.testing.assert_allclose(ours.encode(x), theirs.transform(x.numpy()) * signs.T, atol=1e-9)
    z = ours.encode(x)
    np.testing.assert_allclose(ours.decode(z), theirs.inverse_transform(z.numpy() * signs.T), atol=1e-9)


def test_all_components_give_x_back_and_their_variances_add_up():
    x = draw(50, 6)
    found = autoencoder.pca(x, 6)
    assert_close(found.decode(found.encode(x)), x)
    assert_close(found.variances.sum(), (x - x.mean(0)).square().sum(1).mean())


def test_principal_angles_are_scipys_and_right_for_tiny_angles():
    A, B = draw(9, 3), draw(9, 3, seed=1)
    assert autoencoder.principal_angles(A, B).tolist() == pytest.approx(subspace_angles(A.numpy(), B.numpy()).tolist())
    mixed = A @ draw(3, 3, seed=2)
    assert autoencoder.principal_angles(A, mixed).max() < 1e-12
    e = torch.eye(3, dtype=torch.float64)
    near = torch.stack([e[0], math.cos(1e-9) * e[1] + math.sin(1e-9) * e[2]], 1)
    assert autoencoder.principal_angles(e[:, :2], near).tolist() == pytest.approx([1e-9, 0.0], abs=1e-15)


def test_what_does_not_fit_is_refused(model, x):
    with pytest.raises(ValueError, match="n_latent must be at least 1, got 0"):
        autoencoder.init(6, 5, 0, generator=torch.Generator())
    with pytest.raises(ValueError, match="n_latent must be at least 1, got 0"):
        autoencoder.init_linear(6, 0, generator=torch.Generator())
    for start in (lambda: autoencoder.init(6, 5, 2, generator=None), lambda: autoencoder.init_linear(6, 2, generator=None)):
        with pytest.raises(TypeError, match=r"torch\.Generator, got NoneType"):
            start()
    with pytest.raises(ValueError, match=r"x must be \(batch, 6\), got \(7, 5\)"):
        model.encode(x[:, :5])
    with pytest.raises(ValueError, match=r"x must be in \{0, 1\}, got 0.5"):
        autoencoder.reconstruction_log_prob(model, x / 2 + 0.5)
    with pytest.raises(ValueError, match=r"x must be \(7, 6\), got \(7, 1\)"):
        autoencoder.squared_error(x[:, :1], x)
    with pytest.raises(ValueError, match="n_components must be at most 6, got 7"):
        autoencoder.pca(x, 7)
    with pytest.raises(ValueError, match="with at least one row"):
        autoencoder.pca(x[:0], 2)
    with pytest.raises(TypeError, match="floating"):
        autoencoder.pca(x.long(), 2)
    with pytest.raises(ValueError, match=r"B must be \(9, 3\), got \(9, 2\)"):
        autoencoder.principal_angles(draw(9, 3), draw(9, 2))
