"""What book/energy/why_generative_models says in words."""

import math

import numpy as np
import pytest
import torch
from sklearn.neighbors import KNeighborsClassifier

from lecture_lib import data, exact, pretrained, rbm
from lecture_lib.widgets.why_generative_models import hump


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


@pytest.fixture(scope="module")
def slides():
    """Both divergences at every position of the sliders: (89 middles, 77 widths)."""
    s = torch.arange(45, dtype=torch.float64)
    two = 0.6 * hump(s, 11, 2.5) + 0.4 * hump(s, 33, 2.5)
    models = hump(s, torch.arange(0, 44.5, 0.5).double()[:, None, None], torch.arange(1, 20.25, 0.25).double()[:, None])
    data_ = two.expand_as(models)
    return exact.kl_divergence(data_, models), exact.kl_divergence(models, data_)


def improved(kl, middle, width):
    """Where single steps of the sliders, each the best of its neighbours, come to an end."""
    place = round(2 * middle), round(4 * (width - 1))
    while True:
        around = [(i, j) for i in range(place[0] - 1, place[0] + 2) for j in range(place[1] - 1, place[1] + 2)
                  if 0 <= i < len(kl) and 0 <= j < len(kl[0])]
        best = min(around, key=lambda at: kl[at].item())
        if kl[best] >= kl[place]:
            return place[0] / 2, 1 + place[1] / 4
        place = best


def test_wherever_one_starts_likelihood_leads_to_the_same_wide_hump(slides):
    there, _ = slides
    ends = {improved(there, middle, width) for middle in range(0, 45, 4) for width in (1.5, 2.5, 5, 12, 20)}
    assert ends == {(18.0, 15.0)}
    assert there[22, 6].item() == pytest.approx(14.8, abs=0.05)  # exactly on the left hump


def test_the_reverse_divergence_has_an_optimum_on_each_hump_and_a_wide_one(slides):
    _, back = slides
    assert improved(back, 11, 4) == (11.0, 2.5)
    assert improved(back, 33, 4) == (33.0, 2.5)
    assert back[22, 6].item() == pytest.approx(math.log(1 / 0.6), abs=1e-3)
    assert back[66, 6].item() == pytest.approx(math.log(1 / 0.4), abs=1e-3)
    wide = {improved(back, middle, width) for middle in range(0, 45, 4) for width in (12, 15, 20)}
    assert len(wide) == 1
    middle, width = wide.pop()
    assert 15 < middle < 22
    assert width > 12
    assert back[round(2 * middle), round(4 * (width - 1))].item() == pytest.approx(1.95, abs=0.005)


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
