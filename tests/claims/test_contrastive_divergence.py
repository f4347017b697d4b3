"""What book/rbm/contrastive_divergence says in words."""

import math
from functools import cache

import pytest
import torch
from sklearn.linear_model import LogisticRegression

from lecture_lib import data, exact, rbm, sampling

BARS = data.bars().train.double()
SEEDS = range(5)


@pytest.fixture(autouse=True)
def one_thread():
    """Small products gain nothing from a second thread, and on a busy machine wait for it."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@cache
def trained(seed, n_steps):
    """The page's machine: exact gradient steps of rate 0.5, a multiple of 100 of them."""
    if n_steps == 0:
        return rbm.init(9, 6, generator=torch.Generator().manual_seed(seed), data=BARS)
    machine = trained(seed, n_steps - 100)
    for _ in range(100):
        machine = rbm.RBM(*(t + 0.5 * g for t, g in zip(machine, rbm.log_likelihood_gradient(machine, BARS), strict=True)))
    return machine


def share(machine, k):
    """Norm of the bias over norm of the exact gradient."""
    return (rbm.cd_bias(machine, BARS, k)[-1] / rbm.norm(rbm.log_likelihood_gradient(machine, BARS))).item()


@pytest.mark.parametrize("seed", SEEDS)
def test_early_one_step_is_plenty_and_late_a_hundred_are_not(seed):
    early, late = trained(seed, 100), trained(seed, 1000)
    assert share(early, 1) < 0.2
    assert share(late, 1) > 0.5
    assert share(late, 100) > 100 * share(early, 100)


@pytest.mark.parametrize("seed", SEEDS)
def test_larger_weights_make_the_bias_larger_and_slower_to_fade(seed):
    machine = trained(seed, 300)
    scaled = [rbm.RBM(*(scale * t for t in machine)) for scale in (0.5, 1.0, 2.0, 4.0)]
    for k in (1, 3, 10):
        shares = [share(m, k) for m in scaled]
        assert shares[0] < shares[1] < min(shares[2:])


def random_case(generator, size=2, rows=3):
    draws = [3 * torch.randn(s, generator=generator, dtype=torch.float64) for s in ((size, size), (size,), (size,))]
    x = (torch.rand(rows, size, generator=generator, dtype=torch.float32) < 0.5).double()
    return rbm.RBM(*(t.round(decimals=1) for t in draws)), x


def test_the_bias_rises_in_one_machine_of_a_thousand_and_the_divergence_in_none():
    generator, found = torch.Generator().manual_seed(0), []
    for number in range(1000):
        machine, x = random_case(generator)
        norms = rbm.cd_bias(machine, x, 4)
        if (norms[1:] > norms[:-1] + 1e-3 * norms[0]).any():
            found.append(number)
            worst = (norms[1:] / norms[:-1]).max().item()
        if number % 10 == 0 or number in found:
            p = exact.probabilities(lambda s, machine=machine: rbm.free_energy(machine, s), 2)
            q = sampling.marginals(rbm.transition_matrix(machine), exact.empirical(x), 6)
            divergence = exact.kl_divergence(q, p.expand_as(q))
            assert (divergence[1:] <= divergence[:-1] + 1e-12).all()
    assert found == [868]
    assert 1.06 < worst < 1.08


def test_cd_cannot_unlearn_a_valley_that_its_chain_does_not_reach():
    expects = torch.tensor([[4.0, 4, -4, -4], [-4, -4, 4, 4], [4, -4, 4, -4], [-4, 4, -4, 4]], dtype=torch.float64)
    machine = rbm.RBM(expects, torch.full((4,), -4.0, dtype=torch.float64), torch.full((4,), -0.5, dtype=torch.float64))
    top, bottom = (torch.tensor([row], dtype=torch.float64) for row in ([1.0, 1, 0, 0], [0.0, 0, 1, 1]))

    def moves(gradient, x):
        moved = rbm.RBM(*(t + g for t, g in zip(machine, gradient, strict=True)))
        return (rbm.free_energy(moved, x) - rbm.free_energy(machine, x)).item()

    cd, full = rbm.expected_cd_gradient(machine, top, 1), rbm.log_likelihood_gradient(machine, top)
    assert moves(cd, bottom) < moves(full, bottom) / 10
    assert -moves(cd, top) < -moves(full, top) / 5


def test_on_small_digits_cd_1_costs_neither_accuracy_nor_likelihood_worth_the_name():
    digits = data.digits()

    def run(gradient, seed):
        generator = torch.Generator().manual_seed(seed)
        machine = rbm.init(64, 10, generator=generator, data=digits.train)
        for epoch in range(20):
            for rows in torch.randperm(1500, generator=generator).split(100):
                step = gradient(machine, digits.train[rows], generator)
                machine = rbm.RBM(*(t + (1 - epoch / 20) * g for t, g in zip(machine, step, strict=True)))
        rows = torch.randperm(1500, generator=torch.Generator().manual_seed(seed))[:100]

        def h(x):
            return rbm.prob_h_given_x(machine, x).numpy()

        classifier = LogisticRegression(max_iter=1000).fit(h(digits.train[rows]), digits.train_labels[rows].numpy())
        pixels = LogisticRegression(max_iter=1000).fit(digits.train[rows].numpy(), digits.train_labels[rows].numpy())
        log_p = -rbm.free_energy(machine, digits.test) - rbm.log_partition(machine)
        labels = digits.test_labels.numpy()
        return (log_p.mean().item(), classifier.score(h(digits.test), labels),
                pixels.score(digits.test.numpy(), labels))

    cd = torch.tensor([run(lambda m, x, g: rbm.cd_gradient(m, x, 1, generator=g), seed) for seed in SEEDS])
    full = torch.tensor([run(lambda m, x, g: rbm.log_likelihood_gradient(m, x), seed) for seed in SEEDS])
    difference = full - cd
    error = difference.std(0) / math.sqrt(len(SEEDS))
    assert difference[:, 0].mean() < 0.15 + 2 * error[0]  # nats
    assert difference[:, 1].mean() < 0.02 + 2 * error[1]  # accuracy
    assert (cd[:, 2] > cd[:, 1]).all()  # the bare pixels beat ten features


@pytest.mark.parametrize("seed", SEEDS)
def test_a_chain_that_never_draws_keeps_its_bias(seed):
    machine = trained(seed, 300)
    full = rbm.log_likelihood_gradient(machine, BARS)
    off = []
    for k in (1, 100):
        x = BARS
        for _ in range(k):
            x = rbm.prob_x_given_h(machine, rbm.prob_h_given_x(machine, x))
        phases = rbm.phase(machine, BARS), rbm.phase(machine, x)
        off.append(rbm.norm(rbm.RBM(*(p - n - g for p, n, g in zip(*phases, full, strict=True)))).item())
    assert off[1] > 0.5 * off[0]
    assert off[1] > 20 * rbm.cd_bias(machine, BARS, 100)[-1]
