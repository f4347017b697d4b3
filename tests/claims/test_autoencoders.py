"""What book/vae/autoencoders says in words."""

import math
from functools import partial

import pytest
import torch
from sklearn.linear_model import LogisticRegression

from lecture_lib import autoencoder, data, pretrained, rbm
from lecture_lib.training import GradientAscent, fit


@pytest.fixture(scope="module")
def digits():
    return data.digits()


@pytest.fixture(scope="module")
def networks(digits):
    """Networks as on the page, of widths 2, 8 and 16, from three seeds each."""

    def trained(width, seed):
        generator = torch.Generator().manual_seed(seed)
        model = autoencoder.init(64, 128, width, generator=generator)
        step = GradientAscent(partial(autoencoder.reconstruction_log_prob, model), model,
                              torch.optim.Adam(model.parameters(), 6e-3), generator=generator)
        list(fit(step, digits.train, n_epochs=30, batch_size=100, generator=generator, progress=False))
        return model.requires_grad_(False)

    return {width: [trained(width, seed) for seed in range(3)] for width in (2, 8, 16)}


@pytest.mark.parametrize("seed", range(5))
def test_a_linear_autoencoder_finds_the_plane_of_pca_but_not_its_axes(digits, seed):
    x, K = digits.train.double(), 4
    model = autoencoder.init_linear(64, K, generator=torch.Generator().manual_seed(seed)).double()
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=400, line_search_fn="strong_wolfe")

    def loss():
        optimizer.zero_grad()
        J = autoencoder.squared_error(x, model(x)).mean()
        J.backward()
        return J

    optimizer.step(loss)
    found = autoencoder.pca(x, K)
    U = model.decoder.weight.detach()
    assert autoencoder.principal_angles(U, found.components.T).max() < math.radians(1)
    assert loss().item() == pytest.approx(found.variances[K:].sum().item(), rel=1e-3)
    cosines = (found.components @ (U / U.norm(dim=0))).abs()
    assert cosines.amax(1).min() < 0.9  # at least one component is no column of U


def test_some_pixels_of_the_digits_are_never_lit(digits):
    assert (digits.train.sum(0) == 0).any()


def test_the_network_reconstructs_test_digits_better_than_the_plane_of_its_width(digits, networks):
    for width, models in networks.items():
        plane = autoencoder.pca(digits.train, width)
        linear = autoencoder.squared_error(digits.test, plane.decode(plane.encode(digits.test))).mean()
        for model in models:
            error = autoencoder.squared_error(digits.test, model(digits.test).sigmoid()).mean()
            assert error < {2: 0.9, 8: 0.8, 16: 0.6}[width] * linear


def test_eight_numbers_classify_nearly_as_well_as_the_pixels_and_not_better(digits, networks):
    def score(feature, n):
        train, test = feature(digits.train), feature(digits.test)
        scale = train.std()
        classifier = LogisticRegression(max_iter=2000).fit(train[:n] / scale, digits.train_labels[:n])
        return classifier.score(test / scale, digits.test_labels)

    for n in 100, 1500:
        pixels, plane = score(lambda x: x, n), score(autoencoder.pca(digits.train, 8).encode, n)
        networks_ = sum(score(model.encode, n) for model in networks[8]) / 3
        assert pixels - 0.06 < networks_ < pixels + 0.01
        assert pixels - 0.06 < plane < pixels
        assert abs(networks_ - plane) < 0.04


def test_decoded_noise_is_ten_nats_less_probable_to_the_rbm_than_reconstructions(digits, networks):
    machine = pretrained.load("digits_rbm").params
    log_Z = rbm.log_partition(machine)
    for model in networks[8]:
        generator = torch.Generator().manual_seed(0)
        z, z_test = model.encode(digits.train), model.encode(digits.test)
        noise = torch.randn(2000, 8, generator=generator)
        first, second = torch.randint(len(z_test), (2, 2000), generator=generator)
        fitted = z.mean(0) + noise @ torch.linalg.cholesky(z.T.cov()).T
        found, between, drawn, standard = (
            (-rbm.free_energy(machine, (model.decode(codes) > 0).float()) - log_Z).mean().item()
            for codes in (z_test, (z_test[first] + z_test[second]) / 2, fitted, noise)
        )
        assert found - 2 < between < found
        assert between - 4 < drawn < between - 1
        assert standard < found - 8
        assert (math.exp(10) / 2e4) == pytest.approx(1.1, abs=0.01)


def test_the_codes_of_width_2_do_not_fill_the_standard_normal(digits, networks):
    for model in networks[2]:
        inside = (model.encode(digits.train).norm(dim=1) < 2).float().mean()
        assert inside < 0.7  # 0.86 of a standard normal
    assert 1 - math.exp(-2) == pytest.approx(0.86, abs=0.005)


def test_a_constant_counted_once_is_57_9_nats_short():
    assert 63 / 2 * math.log(2 * math.pi) == pytest.approx(57.9, abs=0.05)
