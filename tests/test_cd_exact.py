"""CD-k's mean as a sum over all that its chain may do, and where it leaves the exact gradient."""

import math

import pytest
import torch
from enumeration import slow_joint, slow_marginal, states

from lecture_lib import exact, rbm, sampling


def a_machine(seed, n_visible=4, n_hidden=3, scale=1.5):
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape):
        return scale * torch.randn(*shape, generator=generator, dtype=torch.float64)

    return rbm.RBM(draw(n_hidden, n_visible), draw(n_hidden), draw(n_visible))


def some_data(seed, rows=5, n=4):
    return (torch.rand(rows, n, generator=torch.Generator().manual_seed(seed)) < 0.5).double()


def slow_transition(params):
    """T(x, x') = sum_h p(h | x) p(x' | h), every conditional a share of the joint."""
    joint, marginal = slow_joint(params), slow_marginal(params)
    H, D = params.W.shape
    of_h = {h: math.fsum(joint[x, h] for x in states(D)) for h in states(H)}
    return {
        (x, y): math.fsum(joint[x, h] / marginal[x] * joint[y, h] / of_h[h] for h in states(H))
        for x in states(D) for y in states(D)
    }


def slow_cd(params, data, k):
    """Mean of h(x) x^T - h(x~) x~^T and so on, x~ over all ends of all chains of k steps, in loops."""
    T, (H, D) = slow_transition(params), params.W.shape
    joint, marginal = slow_joint(params), slow_marginal(params)
    on = {x: [math.fsum(joint[x, h] for h in states(H) if h[j]) / marginal[x] for j in range(H)] for x in states(D)}
    total = [0.0] * (H * D + H + D)
    for start in data:
        q = {x: float(x == start) for x in states(D)}
        for _ in range(k):
            q = {y: math.fsum(q[x] * T[x, y] for x in states(D)) for y in states(D)}
        for x in states(D):
            weight = float(x == start) - q[x]
            flat = [on[x][j] * x[i] for j in range(H) for i in range(D)] + on[x] + list(x)
            total = [t + weight * v / len(data) for t, v in zip(total, flat, strict=True)]
    return total


def flat(gradient):
    return torch.cat([part.flatten() for part in gradient])


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("k", [1, 2, 4])
def test_the_expected_gradient_is_a_sum_over_all_chains(seed, k):
    params, x = a_machine(seed), some_data(seed, rows=2)
    expected = slow_cd(params, [tuple(int(v) for v in row) for row in x.tolist()], k)
    assert flat(rbm.expected_cd_gradient(params, x, k)).tolist() == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize("seed", range(3))
def test_cd_gradients_scatter_around_their_expectation(seed, k):
    params, x = a_machine(seed), some_data(seed)
    generator = torch.Generator().manual_seed(seed)
    draws = torch.stack([flat(rbm.cd_gradient(params, x, k, generator=generator)) for _ in range(2000)])
    error = draws.std(0) / math.sqrt(len(draws))
    away = draws.mean(0) - flat(rbm.expected_cd_gradient(params, x, k))
    assert (away.abs() <= 4.5 * error + 1e-12).all()


@pytest.mark.parametrize("seed", range(3))
def test_the_bias_is_the_norm_of_the_difference_and_ends_at_zero(seed):
    params, x = a_machine(seed), some_data(seed)
    bias = rbm.cd_bias(params, x, 4)
    for k in range(1, 5):
        difference = flat(rbm.expected_cd_gradient(params, x, k)) - flat(rbm.log_likelihood_gradient(params, x))
        assert bias[k - 1].item() == pytest.approx(difference.norm().item(), abs=1e-12)
    assert rbm.cd_bias(a_machine(seed, scale=0.5), x, 60)[-1] < 1e-9


def test_a_machine_without_weights_has_no_bias():
    params = a_machine(0)
    free = params._replace(W=torch.zeros_like(params.W))
    assert rbm.cd_bias(free, some_data(0), 3).tolist() == pytest.approx([0, 0, 0], abs=1e-12)


def test_the_norm_is_over_all_three_parts():
    assert rbm.norm(rbm.RBM(torch.full((2, 2), 2.0), torch.tensor([2.0, 1.0]), torch.tensor([0.0, 2.0]))) == 5


def test_the_results_have_the_dtype_of_the_parameters():
    params = rbm.RBM(*(t.float() for t in a_machine(0)))
    x = some_data(0).float()
    assert rbm.expected_cd_gradient(params, x, 2).W.dtype == torch.float32
    assert rbm.cd_bias(params, x, 2).tolist() == pytest.approx(rbm.cd_bias(a_machine(0), x.double(), 2).tolist(), abs=1e-5)


@pytest.mark.parametrize("function", [rbm.expected_cd_gradient, rbm.cd_bias])
def test_bad_input_is_refused(function):
    params, x = a_machine(0), some_data(0)
    with pytest.raises(ValueError, match="must be at least 1"):
        function(params, x, 0)
    with pytest.raises(TypeError):
        function(params, x, 1.5)
    with pytest.raises(ValueError, match="x must"):
        function(params, x / 2, 1)
    with pytest.raises(ValueError, match=r"at least one row"):
        function(params, x[:0], 1)
    with pytest.raises(ValueError, match=r"n_visible must be in 1\.\.12"):
        function(rbm.init(13, 2, generator=torch.Generator()), torch.zeros(1, 13), 1)


def test_the_empirical_distribution_counts_each_state():
    x = torch.tensor([[0, 1, 1], [0, 1, 1], [1, 0, 0], [0, 0, 0]], dtype=torch.float64)
    assert exact.empirical(x).tolist() == [0.25, 0, 0, 0.5, 0.25, 0, 0, 0]
    assert (exact.empirical(x) @ exact.binary_states(3)).tolist() == x.mean(0).tolist()


@pytest.mark.parametrize("wrong", [torch.zeros(0, 2), torch.zeros(3), torch.full((1, 2), 0.5), torch.zeros(1, 21)])
def test_an_empirical_distribution_needs_rows_of_zero_and_one(wrong):
    with pytest.raises(ValueError, match="must be"):
        exact.empirical(wrong)


@pytest.mark.parametrize("wrong", [[[0.0, 1.0]], torch.zeros(1, 2, dtype=torch.int64)])
def test_an_empirical_distribution_needs_floats(wrong):
    with pytest.raises(TypeError, match="x must be a tensor of floats"):
        exact.empirical(wrong)


def test_marginals_are_powers_of_the_matrix():
    T = rbm.transition_matrix(a_machine(1))
    q = exact.empirical(some_data(1))
    rows = sampling.marginals(T, q, 3)
    assert rows.shape == (4, 16)
    assert torch.allclose(rows[3], q @ torch.linalg.matrix_power(T, 3), atol=1e-14)
    assert torch.equal(rows[0], q)
    with pytest.raises(ValueError, match=r"T must be \(S, S\)"):
        sampling.marginals(T, q[:3], 1)
    with pytest.raises(ValueError, match="n_steps"):
        sampling.marginals(T, q, -1)
