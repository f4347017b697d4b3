"""Annealed importance sampling on small machines: every path listed, no sampling left to trust."""

import itertools
import math

import pytest
import torch
from enumeration import slow_joint, slow_marginal, states

from lecture_lib import evaluation, exact, rbm


def a_machine(seed, n_visible=4, n_hidden=3, scale=1.5):
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape):
        return scale * torch.randn(*shape, generator=generator, dtype=torch.float64)

    return rbm.RBM(draw(n_hidden, n_visible), draw(n_hidden), draw(n_visible))


def slow_paths(params, n, base):
    """(probability, log w) of every path x_0, ..., x_{n-1} and all hidden states between, in loops."""
    W, b, c = params
    H, D = W.shape
    machines = [rbm.RBM(m / n * W, m / n * b, (1 - m / n) * base + m / n * c) for m in range(n + 1)]
    joints = [slow_joint(m) for m in machines]
    marginals = [slow_marginal(m) for m in machines]
    log_Z = [rbm.log_partition(m).item() for m in machines]
    of_h = [{h: sum(j[x, h] for x in states(D)) for h in states(H)} for j in joints]
    steps = [
        {(x, y): sum(j[x, h] / p[x] * j[y, h] / o[h] for h in states(H)) for x in states(D) for y in states(D)}
        for j, p, o in zip(joints, marginals, of_h, strict=True)
    ]
    for path in itertools.product(states(D), repeat=n):
        chance, log_w = marginals[0][path[0]], 0.0
        for m, x in enumerate(path):
            log_w += math.log(marginals[m + 1][x]) + log_Z[m + 1] - math.log(marginals[m][x]) - log_Z[m]
            if m + 1 < n:
                chance *= steps[m + 1][x, path[m + 1]]
        yield chance, log_w


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("n", [1, 2, 3])
def test_the_moments_are_sums_over_all_paths(seed, n):
    params = a_machine(seed, n_visible=2, n_hidden=2)
    base = torch.tensor([0.4, -1.0], dtype=torch.float64)
    paths = list(slow_paths(params, n, base))
    assert math.fsum(chance for chance, _ in paths) == pytest.approx(1)
    mean_w = math.fsum(chance * math.exp(log_w) for chance, log_w in paths)
    found = evaluation.ais_moments(params, n, base)
    log_Z0 = 2 * math.log(2) + sum(math.log1p(math.exp(v)) for v in base.tolist())
    assert found.log_mean == pytest.approx(log_Z0 + math.log(mean_w), abs=1e-10)
    assert found.mean_log == pytest.approx(log_Z0 + math.fsum(q * log_w for q, log_w in paths), abs=1e-10)
    square = math.fsum(chance * math.exp(2 * log_w) for chance, log_w in paths)
    assert found.effective_share == pytest.approx(mean_w**2 / square, rel=1e-10)


@pytest.mark.parametrize("seed", range(5))
def test_the_mean_weight_is_right_with_any_number_of_temperatures(seed):
    params = a_machine(seed)
    log_Z = rbm.log_partition(params).item()
    found = [evaluation.ais_moments(params, n) for n in (1, 2, 7, 50)]
    assert [m.log_mean for m in found] == pytest.approx([log_Z] * 4, abs=1e-10)
    assert all(m.mean_log <= log_Z for m in found)
    assert found[-1].mean_log > found[0].mean_log
    assert 0 < found[0].effective_share < found[-1].effective_share <= 1


@pytest.mark.parametrize("n", [1, 10])
def test_estimates_of_single_chains_scatter_as_the_moments_say(n):
    params = a_machine(3)
    moments = evaluation.ais_moments(params, n)
    estimates = evaluation.ais_estimates(params, 20_000, n, generator=torch.Generator().manual_seed(n))
    assert estimates.dtype == torch.float64
    error = estimates.std().item() / math.sqrt(len(estimates))
    assert abs(estimates.mean().item() - moments.mean_log) < 4 * error
    weights = (estimates - moments.log_mean).exp()
    assert abs(weights.mean().item() - 1) < 4 * weights.std().item() / math.sqrt(len(weights))


def test_the_estimate_is_the_log_of_the_mean_of_its_chains():
    params = a_machine(1)
    chains = evaluation.ais_estimates(params, 50, 5, generator=torch.Generator().manual_seed(0))
    together = evaluation.ais_log_partition(params, 50, 5, generator=torch.Generator().manual_seed(0))
    assert together.log_partition == pytest.approx(math.log(chains.exp().mean().item()), abs=1e-12)
    weights = chains.exp()
    assert together.effective_sample_size == pytest.approx((weights.sum() ** 2 / weights.square().sum()).item())


def test_annealing_goes_from_the_base_to_the_model_and_every_stage_is_an_rbm():
    params, base = a_machine(2), torch.tensor([1.0, -1, 0, 2], dtype=torch.float64)
    first, last = (evaluation.annealed(params, fraction, base) for fraction in (0, 1))
    assert all(torch.equal(a, b) for a, b in zip(last, params, strict=True))
    assert first.W.count_nonzero() == first.b.count_nonzero() == 0
    assert torch.equal(first.c, base)
    half = evaluation.annealed(params, 0.5)
    assert torch.equal(half.W, params.W / 2) and torch.equal(half.c, params.c / 2)


@pytest.mark.parametrize("fraction", [-0.1, 1.1, float("nan")])
def test_a_fraction_outside_the_unit_interval_is_refused(fraction):
    with pytest.raises(ValueError, match="fraction must be in"):
        evaluation.annealed(a_machine(0), fraction)


def test_bad_input_is_refused():
    params, generator = a_machine(0), torch.Generator()
    with pytest.raises(ValueError, match="n_chains"):
        evaluation.ais_estimates(params, 0, 5, generator=generator)
    with pytest.raises(ValueError, match="n_temperatures"):
        evaluation.ais_moments(params, 0)
    with pytest.raises(ValueError, match="base must be"):
        evaluation.ais_moments(params, 1, torch.zeros(3, dtype=torch.float64))
    with pytest.raises(ValueError, match="finite"):
        evaluation.annealed(params._replace(b=params.b * math.inf), 0.5)
    with pytest.raises(ValueError, match=r"in 1\.\.12"):
        evaluation.ais_moments(rbm.init(13, 2, generator=generator), 1)
    with pytest.raises(TypeError, match="generator"):
        evaluation.ais_estimates(params, 2, 5, generator=0)


@pytest.mark.parametrize("seed", range(3))
def test_the_reconstruction_error_is_its_sums_written_out(seed):
    params = a_machine(seed)
    W, b, c = (t.tolist() for t in params)
    for x, found in zip(states(4), evaluation.reconstruction_error(params, exact.binary_states(4)).tolist(), strict=True):
        h = [1 / (1 + math.exp(-b[j] - sum(W[j][i] * x[i] for i in range(4)))) for j in range(3)]
        r = [1 / (1 + math.exp(-c[i] - sum(W[j][i] * h[j] for j in range(3)))) for i in range(4)]
        assert found == pytest.approx(-sum(math.log(r_i if x_i else 1 - r_i) for x_i, r_i in zip(x, r, strict=True)), abs=1e-10)


def test_a_reconstruction_needs_units_of_zero_and_one():
    with pytest.raises(ValueError, match="x must"):
        evaluation.reconstruction_error(a_machine(0), torch.full((1, 4), 0.5, dtype=torch.float64))
