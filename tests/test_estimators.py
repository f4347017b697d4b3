"""The scikit-learn face: scikit-learn's own checks, a Pipeline, and none of the known faults."""

import math
import pickle
import warnings

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import BernoulliNB
from sklearn.pipeline import Pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from lecture_lib import data, rbm
from lecture_lib.estimators import BernoulliRBM

SEEDS = range(5)


@pytest.fixture(autouse=True)
def one_thread():
    """Small products gain nothing from a second thread, and on a busy machine wait for it."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.filterwarnings("ignore:X should be in .0, 1.")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@parametrize_with_checks([
    BernoulliRBM(),
    BernoulliRBM(n_components=5, k=2, persistent=False, centered=True),
])  # fmt: skip
def test_scikit_learn_finds_nothing_wrong(estimator, check):
    check(estimator)


def coins(rows, seed=0, p=0.5, n=3):
    return (np.random.default_rng(seed).random((rows, n)) < p).astype(np.float64)


@pytest.mark.parametrize("persistent", [True, False])
@pytest.mark.parametrize("seed", SEEDS)
def test_fair_coins_stay_fair_whatever_the_number_of_rows(persistent, seed):
    """With the negative phase weighed by batch_size / rows a pixel's probability goes to 1."""
    x = coins(100, seed)
    model = BernoulliRBM(2, learning_rate=0.1, batch_size=10, persistent=persistent,
                         random_state=seed)  # fmt: skip
    for _ in range(300):
        model.partial_fit(x)
    with torch.no_grad():
        X = torch.cartesian_prod(*[torch.tensor([0.0, 1.0]).double()] * 3)
        p = (-rbm.free_energy(model.params_, X)).softmax(0) @ X
    # PCD with 10 chains is as noisy as 10 samples: 4 standard errors of a mean of 10
    assert (p - torch.from_numpy(x).mean(0)).abs().max() < 4 * 0.5 / math.sqrt(10)
    assert model.n_updates_ == 300


@pytest.mark.parametrize("seed", SEEDS)
def test_rows_in_order_of_their_class_are_learnt_as_well_as_mixed_ones(seed):
    """fit shuffles: otherwise the last rows would be what is remembered."""
    x = np.repeat([[1.0, 0.0], [0.0, 1.0]], 200, axis=0)
    model = BernoulliRBM(4, learning_rate=0.2, batch_size=20, n_iter=5, persistent=False,
                         random_state=seed).fit(x)  # fmt: skip
    both = torch.tensor([[1.0, 0.0], [0.0, 1.0]]).double()
    difference = rbm.free_energy(model.params_, both).diff().abs()
    ordered = rbm.init(2, 4, generator=torch.Generator().manual_seed(seed), data=torch.tensor(x))
    generator = torch.Generator().manual_seed(seed)
    for _ in range(5):
        for rows in torch.tensor(x).split(20):
            gradient = rbm.cd_gradient(ordered, rows, 1, generator=generator)
            ordered = rbm.RBM(*(p + 0.2 * g for p, g in zip(ordered, gradient, strict=True)))
    forgotten = rbm.free_energy(ordered, both).diff().abs()
    assert difference < 0.5 * forgotten


@pytest.mark.parametrize("more", [{}, {"k": 3}, {"centered": True}, {"persistent": False}])
def test_the_likelihood_of_digits_it_has_not_seen_rises(more):
    digits = data.digits()

    def log_likelihood(n_iter):
        model = BernoulliRBM(10, learning_rate=0.1, n_iter=n_iter, random_state=0, **more)
        params = rbm.RBM(*(p.double() for p in model.fit(digits.train.numpy()).params_))
        return (-rbm.free_energy(params, digits.test).mean() - rbm.log_partition(params)).item()

    assert log_likelihood(8) > log_likelihood(0) + 1


def test_one_random_state_gives_one_model_and_the_global_streams_are_left_alone():
    x, before = coins(40, n=5), torch.get_rng_state()
    numpy_before = np.random.get_state()[1].copy()  # noqa: NPY002
    first, again, other = (BernoulliRBM(3, random_state=s).fit(x).components_ for s in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    assert torch.equal(torch.get_rng_state(), before)
    assert np.array_equal(np.random.get_state()[1], numpy_before)  # noqa: NPY002


def test_transform_is_the_probability_of_the_hidden_units_and_params_are_shared():
    x = coins(30, n=5)
    model = BernoulliRBM(3, random_state=0).fit(x)
    expected = rbm.prob_h_given_x(model.params_, torch.from_numpy(x))
    assert np.allclose(model.transform(x), expected.numpy())
    assert model.components_.shape == (3, 5) and model.intercept_hidden_.shape == (3,)
    assert model.intercept_visible_.shape == (5,) and model.chains_.shape == (10, 5)
    assert list(model.get_feature_names_out()) == [f"bernoullirbm{j}" for j in range(3)]
    for dtype in np.float32, np.float64:
        features = BernoulliRBM(3, n_iter=1).fit_transform(x.astype(dtype))
        assert features.dtype == dtype


def test_training_can_go_on_after_pickling_as_if_nothing_had_happened():
    x = coins(20, n=5)
    for more in {}, {"persistent": False}, {"centered": True, "k": 2}:
        model = BernoulliRBM(3, random_state=0, **more).fit(x)
        copy = pickle.loads(pickle.dumps(model))
        model.partial_fit(x).partial_fit(x)
        copy.partial_fit(x).partial_fit(x)
        assert np.array_equal(model.components_, copy.components_)
        assert np.array_equal(model.intercept_visible_, copy.intercept_visible_)


def test_it_takes_its_place_in_a_pipeline_and_a_grid_search():
    digits = data.digits()
    x, y = digits.train[:300].numpy(), digits.train_labels[:300].numpy()
    pipeline = Pipeline([
        ("rbm", BernoulliRBM(40, learning_rate=0.05, n_iter=10, random_state=0)),
        ("classifier", BernoulliNB(binarize=0.5)),
    ])  # fmt: skip
    # ten classes: chance is 0.1
    search = GridSearchCV(pipeline, {"rbm__k": np.array([1, 2])}, cv=2).fit(x, y)
    assert search.best_score_ > 0.5
    assert clone(pipeline).get_params()["rbm__k"] == 1


def test_reals_outside_the_unit_interval_are_taken_with_a_warning():
    x = np.random.default_rng(0).normal(size=(20, 4))
    with pytest.warns(UserWarning, match=r"X should be in \[0, 1\], got values from -"):
        model = BernoulliRBM(3, n_iter=2).fit(x)
    assert np.isfinite(model.components_).all()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        BernoulliRBM(3, n_iter=2).fit(np.random.default_rng(0).random((20, 4)))


def test_data_that_cannot_be_written_to_are_left_alone():
    x = coins(20)
    x.flags.writeable = False
    BernoulliRBM(2, n_iter=1).fit(x).partial_fit(x)
    assert np.array_equal(x, coins(20))


@pytest.mark.parametrize(("more", "error", "match"), [
    ({"n_components": 0}, ValueError, "n_components must be at least 1, got 0"),
    ({"batch_size": 0}, ValueError, "batch_size must be at least 1"),
    ({"n_iter": -1}, ValueError, "n_iter must be at least 0"),
    ({"k": 0}, ValueError, "k must be at least 1"),
    ({"k": 1.5}, TypeError, "k must be an int, got float"),
    ({"learning_rate": 0.0}, ValueError, "learning_rate must be a positive number"),
    ({"learning_rate": math.nan}, ValueError, "learning_rate must be a positive number"),
    ({"learning_rate": "fast"}, ValueError, "learning_rate must be a positive number"),
])  # fmt: skip
def test_hyperparameters_out_of_range_are_refused_at_fit(more, error, match):
    with pytest.raises(error, match=match):
        BernoulliRBM(**more).fit(coins(5))
    with pytest.raises(error, match=match):
        BernoulliRBM(**more).partial_fit(coins(5))


@pytest.mark.filterwarnings("ignore:X should be in .0, 1.")
def test_a_diverging_fit_stops_with_a_message():
    x = 1e30 * np.random.default_rng(0).random((20, 4)).astype(np.float32)
    with pytest.raises(FloatingPointError, match="diverged"):
        BernoulliRBM(3, n_iter=5, learning_rate=1e30, random_state=0).fit(x)


def test_the_kind_of_chain_cannot_change_between_partial_fits():
    model = BernoulliRBM(2).partial_fit(coins(5))
    with pytest.raises(ValueError, match="persistent must stay"):
        model.set_params(persistent=False).partial_fit(coins(5))
