"""What book/rbm/persistent_cd says in words, over seeds 0 to 4."""

import math

import numpy as np
import pytest
import torch
from sklearn.neural_network import BernoulliRBM

from lecture_lib import data, exact, rbm, sampling, training
from lecture_lib.contrastive import Contrastive

SEEDS = range(5)
BARS = data.bars().train
VALLEYS = rbm.RBM(torch.tensor([[6.0, 6, 6, 6], [0.3, -0.2, 0.1, -0.1]]), torch.tensor([-12.0, 0.0]), torch.full((4,), -3.0))
BRIGHT = torch.cat([torch.ones(20, 4), 1 - torch.eye(4)])
PICTURES = exact.binary_states(4, dtype=torch.float32)


def copied(machine):
    return rbm.RBM(*(t.clone() for t in machine))


def step(machine, gradient, rate):
    for parameter, uphill in zip(machine, gradient, strict=True):
        parameter += rate * uphill


def mean_log_p(machine, x):
    return (-rbm.free_energy(machine, x) - rbm.log_partition(machine)).mean().item()


def in_the_dark(machine):
    return (-rbm.free_energy(machine, PICTURES)).softmax(0)[PICTURES.sum(1) <= 1].sum().item()


def learnt_in_the_valleys(gradient, n_updates=200):
    machine = copied(VALLEYS)
    for _ in range(n_updates):
        step(machine, gradient(machine), 0.1)
    return machine


def greater_by_standard_errors(first, second):
    """How many standard errors of the paired differences the first is above the second, on average."""
    difference = np.asarray(first) - np.asarray(second)
    return difference.mean() / (difference.std(ddof=1) / math.sqrt(len(difference)))


def test_cd_keeps_an_empty_valley_that_the_exact_gradient_and_pcd_clear():
    cd = {k: learnt_in_the_valleys(lambda m, k=k: rbm.expected_cd_gradient(m, BRIGHT, k)) for k in (1, 10)}
    right = learnt_in_the_valleys(lambda m: rbm.log_likelihood_gradient(m, BRIGHT))
    assert in_the_dark(VALLEYS) == pytest.approx(0.48, abs=0.01)
    assert in_the_dark(cd[1]) > 0.3
    assert 0.05 < in_the_dark(cd[10]) < 0.15
    assert in_the_dark(right) < 0.03
    assert mean_log_p(right, BRIGHT) - mean_log_p(cd[1], BRIGHT) > 1 / 3
    for seed in SEEDS:
        generator = torch.Generator().manual_seed(seed)
        chains = sampling.Chains((torch.rand(24, 4, generator=generator) < 0.5).float())
        by_pcd = learnt_in_the_valleys(lambda m, c=chains, g=generator: rbm.pcd_gradient(m, BRIGHT, c, 1, generator=g))
        assert in_the_dark(by_pcd) < 0.07


@pytest.fixture(scope="module")
def halfway():
    machines = []
    for seed in SEEDS:
        machine = rbm.init(9, 8, generator=torch.Generator().manual_seed(seed), data=BARS)
        for _ in range(900):
            step(machine, rbm.log_likelihood_gradient(machine, BARS), 0.5)
        machines.append(machine)
    return machines


def test_the_error_of_the_particles_grows_with_the_rate_and_falls_with_k(halfway):
    states = exact.binary_states(9, dtype=torch.float32)

    def error(seed, rate, k):
        generator, machine, errors = torch.Generator().manual_seed(seed), copied(halfway[seed]), []
        p = (-rbm.free_energy(machine, states)).softmax(0)
        u = torch.rand(500, generator=generator)
        chains = sampling.Chains(states[torch.searchsorted(p.cumsum(0), u).clamp(max=511)])
        for number in range(60):
            gradient = rbm.pcd_gradient(machine, BARS, chains, k, generator=generator)
            if number >= 40:
                parts = zip(rbm.phase(machine, chains.x), rbm.model_phase(machine), strict=True)
                errors.append(torch.cat([(a - b).flatten() for a, b in parts]).square().mean().sqrt().item())
            step(machine, gradient, rate)
        return sum(errors) / len(errors)

    frozen, slow, fast, helped = (
        [error(seed, rate, k) for seed in SEEDS] for rate, k in ((0.0, 1), (0.05, 1), (0.5, 1), (0.5, 5))
    )
    assert greater_by_standard_errors(slow, frozen) > 3
    assert greater_by_standard_errors(fast, slow) > 3
    assert greater_by_standard_errors(fast, helped) > 3


def test_learning_shakes_the_particles_out_of_a_pattern(halfway):
    def share(seed, rate):
        generator, machine = torch.Generator().manual_seed(seed), copied(halfway[seed])
        chains = sampling.Chains(BARS[4].repeat(200, 1))
        for _ in range(30):
            step(machine, rbm.pcd_gradient(machine, BARS, chains, 1, generator=generator), rate)
        return (chains.x == BARS[4]).all(1).float().mean().item()

    frozen, slow, fast = ([share(seed, rate) for seed in SEEDS] for rate in (0.0, 0.02, 0.1))
    assert min(frozen) > 0.3
    assert max(fast) < 0.05
    assert greater_by_standard_errors(frozen, slow) > 3


def trained(x, n_hidden, seed, *, n_epochs, batch, rate, persistent=True, centred=True, log_odds=True, falling=True):
    generator = torch.Generator().manual_seed(seed)
    machine = rbm.init(x.shape[1], n_hidden, generator=generator, data=x if log_odds else None)
    start = (torch.rand(batch, x.shape[1], generator=generator) < 0.5).float()
    n_updates = n_epochs * -(-len(x) // batch)
    update = Contrastive(
        machine, 1, generator=generator, learning_rate=lambda t: rate * (1 - t / n_updates * falling),
        chains=sampling.Chains(start) if persistent else None, mean_x=x.mean(0) if centred else None,
    )
    for _ in training.fit(update, x, n_epochs=n_epochs, batch_size=batch, generator=generator, progress=False):
        pass
    return machine


def test_on_the_bars_persistent_chains_beat_cd_and_the_centred_gradient_beats_both():
    settings = {"cd": {"persistent": False, "centred": False}, "pcd": {"centred": False}, "centred": {}}
    cd, pcd, centred = (
        [mean_log_p(trained(BARS.repeat(800, 1), 8, seed, n_epochs=10, batch=140, rate=0.5, **choice), BARS) for seed in SEEDS]
        for choice in settings.values()
    )
    assert greater_by_standard_errors(pcd, cd) > 3
    assert greater_by_standard_errors(centred, pcd) > 3


def test_the_recipe_does_as_well_on_negatives_and_each_plain_method_fails_somewhere():
    digits = data.digits()

    def ends(negative, **choice):
        train, test = (1 - x if negative else x for x in digits[:2])
        return [mean_log_p(trained(train, 12, seed, n_epochs=20, batch=100, rate=1.0, **choice), test) for seed in SEEDS]

    plain = {"centred": False, "log_odds": False, "falling": False}
    recipe, on_negatives = ends(False), ends(True)
    assert abs(greater_by_standard_errors(recipe, on_negatives)) < 4
    assert np.mean(recipe) == pytest.approx(np.mean(on_negatives), abs=0.3)
    assert min(on_negatives) - max(ends(True, centred=False)) > 0.5
    assert min(recipe) - max(ends(False, **plain)) > 2
    assert greater_by_standard_errors(ends(False, persistent=False, **plain), recipe) > 2
    assert min(on_negatives) - max(ends(True, persistent=False, **plain)) > 10
    constant = ends(False, falling=False)
    assert np.std(constant, ddof=1) > 2 * np.std(recipe, ddof=1)


@pytest.mark.filterwarnings("ignore")
def test_a_negative_phase_divided_by_the_rows_drives_fair_coins_to_one_and_ours_does_not():
    for seed in SEEDS:
        generator = torch.Generator().manual_seed(seed)
        coins = (torch.rand(100, 4, generator=generator) < 0.5).float()
        theirs = BernoulliRBM(n_components=2, batch_size=10, random_state=seed)
        ours, chains = rbm.init(4, 2, generator=generator), sampling.Chains(torch.zeros(10, 4))
        for _ in range(300):
            theirs.partial_fit(coins.numpy().astype("float64"))
            step(ours, rbm.pcd_gradient(ours, coins, chains, 1, generator=generator), 0.1)
        parts = theirs.components_, theirs.intercept_hidden_, theirs.intercept_visible_
        assert rbm.model_phase(rbm.RBM(*map(torch.tensor, parts))).c.min() > 0.95
        assert (rbm.model_phase(ours).c - coins.mean(0)).abs().max() < 0.2
