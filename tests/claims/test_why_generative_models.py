"""What book/energy/why_generative_models says in words."""

import math

import numpy as np
import pytest
import torch
from sklearn.neighbors import KNeighborsClassifier

from lecture_lib import data, pretrained, rbm


@pytest.fixture(scope="module")
def digits():
    return data.digits()


@pytest.fixture(scope="module")
def models(digits):
    machine = pretrained.load("digits_rbm").params
    start = rbm.init(64, 16, generator=torch.Generator(), data=digits.train)
    return {"RBM": machine, "pixels": start._replace(W=torch.zeros(16, 64))}


def test_thirteen_of_the_test_images_were_seen_before(digits):
    seen = {tuple(image) for image in digits.train.tolist()}
    again = sum(tuple(image) in seen for image in digits.test.tolist())
    assert again == 13
    assert len(digits.test) - again == 284


def test_the_hidden_units_make_a_digit_740_times_as_probable(digits, models):
    means = {
        name: (-rbm.free_energy(model, digits.test) - rbm.log_partition(model)).mean().item()
        for name, model in models.items()
    }
    assert means["RBM"] == pytest.approx(-18.0, abs=0.05)
    assert means["pixels"] == pytest.approx(-24.6, abs=0.05)
    assert math.exp(means["RBM"] - means["pixels"]) == pytest.approx(740, abs=10)
    bits = {name: -mean / math.log(2) for name, mean in means.items()}
    assert bits["RBM"] == pytest.approx(25.9, abs=0.05)
    assert bits["pixels"] == pytest.approx(35.5, abs=0.05)


def test_the_pixel_model_has_the_mean_of_the_data(digits, models):
    mean = rbm.prob_x_given_h(models["pixels"], torch.zeros(1, 16))[0]
    assert (mean - digits.train.mean(0)).abs().max() < 0.001


def test_features_help_with_one_label_a_digit_and_hurt_with_fifty(digits, models):
    """On 20 choices other than those of the page."""
    inputs = [
        [rbm.prob_h_given_x(models["RBM"], x).numpy() for x in (digits.train, digits.test)],
        [x.numpy() for x in (digits.train, digits.test)],
    ]
    labels, truth = digits.train_labels.numpy(), digits.test_labels.numpy()
    for count, sign in ((1, 1), (50, -1)):
        gains = []
        for draw in range(100, 120):
            rng = np.random.default_rng(draw)
            few = np.concatenate(
                [rng.choice(np.flatnonzero(labels == d), count, False) for d in range(10)]
            )
            features, pixels = (
                KNeighborsClassifier(1).fit(train[few], labels[few]).score(test, truth)
                for train, test in inputs
            )
            gains.append(features - pixels)
        error = np.std(gains, ddof=1) / len(gains) ** 0.5
        assert sign * np.mean(gains) > 4 * error
