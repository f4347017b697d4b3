"""What book/rbm/evaluation says in words."""

import math
import warnings

import pytest
import torch

from lecture_lib import data, evaluation, pretrained, rbm

SEEDS = range(5)
BARS = data.bars().train


@pytest.fixture(autouse=True)
def one_thread():
    """Small products gain nothing from a second thread, and on a busy machine wait for it."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def ais(params, n, seed, base=None, n_chains=100):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return evaluation.ais_log_partition(params, n_chains, n, base=base, generator=torch.Generator().manual_seed(seed))


def test_on_the_digit_machine_few_temperatures_are_low_and_many_meet_the_exact_log_z():
    machine = pretrained.load("digits_rbm").params
    log_Z = rbm.log_partition(machine).item()
    few = torch.tensor([ais(machine, 3, seed).log_partition - log_Z for seed in SEEDS])
    assert (few < -4).all()
    assert few.mean() + 2 * few.std() / math.sqrt(5) < -5
    for seed in SEEDS:
        many = ais(machine, 300, seed)
        assert abs(many.log_partition - log_Z) < 4 * many.standard_error
        assert many.effective_sample_size > 30


def test_one_temperature_gives_probabilities_above_one():
    machine, digits = pretrained.load("digits_rbm").params, data.digits()
    F = rbm.free_energy(machine, digits.test).mean().item()
    assert all(-F - ais(machine, 1, seed).log_partition > 0 for seed in SEEDS)


def test_few_temperatures_flatter_the_machine_of_mnist_and_its_standard_error_does_not_say_so():
    mnist = data.mnist()
    params, card = pretrained.load("mnist_small")
    base = rbm.init(784, 1, generator=torch.Generator(), data=mnist.train).c
    log_Z = card["runs"][0]["log_partition"]
    runs = [ais(params, 10, seed, base) for seed in SEEDS]
    off = torch.tensor([run.log_partition - log_Z for run in runs])
    assert off.mean() + 2 * off.std() / math.sqrt(5) < -5
    assert sum(run.log_partition + 3 * run.standard_error < log_Z for run in runs) >= 4
    assert all(run.effective_sample_size < 10 for run in runs)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_likelihood_falls_while_pseudo_likelihood_and_reconstruction_improve(seed):
    generator = torch.Generator().manual_seed(seed)
    machine, rows = rbm.init(9, 4, generator=generator, data=BARS), []
    for update in range(4001):
        if update % 100 == 0:
            log_p = -rbm.free_energy(machine, BARS) - rbm.log_partition(machine)
            rows.append([log_p.mean().item(), rbm.pseudo_log_likelihood(machine, BARS).mean().item(),
                         -evaluation.reconstruction_error(machine, BARS).mean().item()])
        machine = rbm.RBM(*(t + g for t, g in zip(machine, rbm.cd_gradient(machine, BARS, 1, generator=generator), strict=True)))
    curves = torch.tensor(rows)
    best, end = curves[curves[:, 0].argmax()], curves[-5:].mean(0)
    assert end[0] < best[0] - 0.4
    assert (end[1:] > best[1:] + 0.05).all()


def test_a_perfect_reconstruction_may_be_the_uniform_distribution():
    x = data.digits().test
    copy = rbm.RBM(30 * torch.eye(64), torch.full((64,), -15.0), torch.full((64,), -15.0))
    F = rbm.free_energy(copy, x)
    assert evaluation.reconstruction_error(copy, x).max() < 1e-3
    assert F.max() - F.min() < 1e-3  # all alike, so log p(x) = -64 log 2


def test_scikit_learns_score_is_another_number_at_each_call_and_no_likelihood():
    from sklearn.neural_network import BernoulliRBM

    machine, x = pretrained.load("digits_rbm").params, data.digits().test
    model = BernoulliRBM(n_components=16)
    model.components_, model.intercept_hidden_, model.intercept_visible_ = (t.double().numpy() for t in machine)
    scores = []
    for seed in range(40):
        model.set_params(random_state=seed)
        scores.append(model.score_samples(x.double().numpy()).mean())
    scores = torch.tensor(scores)
    pseudo = rbm.pseudo_log_likelihood(machine, x).mean().item()
    assert scores.std() > 0.3
    assert abs(scores.mean() - pseudo) < 4 * scores.std() / math.sqrt(40)
    log_p = (-rbm.free_energy(machine, x) - rbm.log_partition(machine)).mean()
    assert pseudo > log_p + 2
