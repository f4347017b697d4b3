"""Enumeration against itself written as loops, and against sums done by hand."""

import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.testing import assert_close

from lecture_lib.exact import (
    binary_states,
    entropy,
    kl_divergence,
    log_partition,
    probabilities,
    total_variation,
)


def table_energy(values):
    """The energy whose value at the m-th state is values[m]."""
    values = torch.as_tensor(values, dtype=torch.float64)
    n = int(math.log2(len(values)))
    place = 2.0 ** torch.arange(n - 1, -1, -1, dtype=torch.float64)
    return lambda x: values[(x @ place).long()]


@pytest.mark.parametrize("n", [1, 2, 5])
def test_states_count_up_in_binary_with_the_first_unit_most_significant(n):
    by_hand = torch.tensor(list(itertools.product([0.0, 1.0], repeat=n)), dtype=torch.float64)
    states = binary_states(n)
    assert states.dtype == torch.float64
    assert torch.equal(states, by_hand)


def test_states_come_in_the_dtype_asked_for():
    assert binary_states(3, dtype=torch.float32).dtype == torch.float32


def test_the_largest_number_of_units_is_twenty():
    states = binary_states(20, dtype=torch.float32)
    assert states.shape == (2**20, 20)
    assert torch.equal(states[-1], torch.ones(20))
    assert torch.equal(states[2**19], torch.tensor([1.0] + [0.0] * 19))


def test_log_partition_is_the_log_of_the_sum_of_boltzmann_factors():
    values = [0.3, -1.2, 2.0, 0.7, -0.1, 0.0, 5.0, -3.0]
    assert_close(
        log_partition(table_energy(values), 3).item(),
        math.log(math.fsum(math.exp(-value) for value in values)),
    )


def test_probabilities_are_boltzmann_factors_over_their_sum_in_the_order_of_the_states():
    values = [0.3, -1.2, 2.0, 0.7]
    Z = math.fsum(math.exp(-value) for value in values)
    by_hand = torch.tensor([math.exp(-value) / Z for value in values], dtype=torch.float64)
    assert_close(probabilities(table_energy(values), 2), by_hand)


@pytest.mark.parametrize("size", [1e4, 1e6, 1e300])
def test_energies_of_any_size_neither_overflow_nor_vanish(size):
    energy = table_energy([size, -size, size, -size])
    assert log_partition(energy, 2).item() == pytest.approx(size + math.log(2), rel=1e-15)
    assert_close(probabilities(energy, 2), torch.tensor([0, 0.5, 0, 0.5], dtype=torch.float64))


def test_a_state_of_infinite_energy_is_impossible():
    energy = table_energy([0.0, math.inf, 0.0, math.inf])
    assert_close(log_partition(energy, 2).item(), math.log(2))
    assert probabilities(energy, 2).tolist() == [0.5, 0.0, 0.5, 0.0]


@given(st.lists(st.floats(-1e4, 1e4), min_size=8, max_size=8), st.floats(-1e4, 1e4))
@settings(deadline=None)
def test_adding_a_constant_shifts_log_z_by_minus_it_and_moves_no_probability(values, a):
    energy = table_energy(values)
    assert_close(log_partition(lambda x: energy(x) + a, 3), log_partition(energy, 3) - a)
    assert_close(
        probabilities(lambda x: energy(x) + a, 3), probabilities(energy, 3), atol=1e-10, rtol=1e-10
    )
    assert probabilities(energy, 3).sum().item() == pytest.approx(1)


def test_minus_the_gradient_of_log_z_is_the_mean_of_the_derivative_of_the_energy():
    theta = torch.tensor([0.4, -1.0, 2.0], dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(log_partition(lambda x: x @ theta, 3), theta)
    p = probabilities(lambda x: x @ theta, 3)
    assert_close(-gradient, p @ binary_states(3))


@pytest.mark.parametrize("function", [binary_states, lambda n: log_partition(lambda x: x.sum(1), n),
                                      lambda n: probabilities(lambda x: x.sum(1), n)])  # fmt: skip
def test_a_number_of_units_that_cannot_be_enumerated_is_refused(function):
    with pytest.raises(ValueError, match=r"1\.\.20 .*, got 21"):
        function(21)
    for n in 0, -1:
        with pytest.raises(ValueError, match=f"got {n}"):
            function(n)
    for n in 3.0, True, "3", None:
        with pytest.raises(TypeError, match=f"n must be an int, got {type(n).__name__}"):
            function(n)


@pytest.mark.parametrize("dtype", [torch.int64, torch.bool, "float64"])
def test_states_are_floats(dtype):
    with pytest.raises(TypeError, match="floating dtype"):
        binary_states(2, dtype=dtype)


@pytest.mark.parametrize("function", [log_partition, probabilities])
def test_what_is_no_energy_is_refused(function):
    with pytest.raises(ValueError, match=r"\(8,\), one value per state, got \(8, 3\)"):
        function(lambda x: x, 3)
    with pytest.raises(ValueError, match=r"\(8,\), one value per state, got \(8, 1\)"):
        function(lambda x: x.sum(1, keepdim=True), 3)
    with pytest.raises(ValueError, match=r"got \(\)"):
        function(lambda x: x.sum(), 3)
    with pytest.raises(ValueError, match="finite or \\+inf, got NaN"):
        function(table_energy([0, math.nan]), 1)
    with pytest.raises(ValueError, match="finite or \\+inf, got -inf"):
        function(table_energy([0, -math.inf]), 1)
    with pytest.raises(ValueError, match="at least one state"):
        function(table_energy([math.inf, math.inf]), 1)
    with pytest.raises(TypeError, match="floating"):
        function(lambda x: x.sum(1).long(), 1)
    with pytest.raises(TypeError, match="Tensor, got list"):
        function(lambda x: [0.0, 0.0], 1)


def random_distribution(seed, n=8):
    weights = torch.rand(n, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return weights / weights.sum()


def test_entropy_and_kl_are_their_sums_written_out():
    p, q = random_distribution(0), random_distribution(1)
    assert entropy(p).item() == pytest.approx(-sum(v * math.log(v) for v in p.tolist()))
    by_hand = sum(v * math.log(v / w) for v, w in zip(p.tolist(), q.tolist(), strict=True))
    assert kl_divergence(p, q).item() == pytest.approx(by_hand)
    batch_p, batch_q = torch.stack([p, q]), torch.stack([q, q])
    assert_close(kl_divergence(batch_p, batch_q), torch.stack([kl_divergence(p, q), p.sum() * 0]))


def test_the_entropy_of_a_sure_thing_is_zero_and_of_a_uniform_choice_log_s():
    assert entropy(torch.tensor([0.0, 1.0, 0.0])).item() == 0
    assert entropy(torch.full((5,), 0.2, dtype=torch.float64)).item() == pytest.approx(math.log(5))


def test_kl_is_infinite_where_the_model_rules_out_what_happens_and_ignores_what_never_does():
    p, q = torch.tensor([0.5, 0.5, 0.0]), torch.tensor([0.25, 0.25, 0.5])
    assert kl_divergence(p, q).item() == pytest.approx(math.log(2))
    assert kl_divergence(q, p).item() == math.inf


def test_kl_is_finite_where_a_probability_is_all_but_zero():
    p = torch.tensor([1.0, 5e-324], dtype=torch.float64)
    q = torch.tensor([0.5, 0.5], dtype=torch.float64)
    assert kl_divergence(p, q).item() == pytest.approx(math.log(2))
    assert kl_divergence(q, p).item() == pytest.approx(0.5 * math.log(0.5) + 0.5 * (math.log(0.5) - math.log(5e-324)))


def test_a_small_kl_is_not_lost_to_rounding():
    p = torch.tensor([0.5, 0.5], dtype=torch.float64)
    e = 1e-9
    q = torch.tensor([0.5 + e, 0.5 - e], dtype=torch.float64)
    assert kl_divergence(p, q).item() == pytest.approx(2 * e**2, rel=1e-3, abs=1e-24)


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_kl_is_never_negative_and_total_variation_lies_below_its_root(seed_p, seed_q):
    p, q = random_distribution(seed_p), random_distribution(seed_q)
    kl, tv = kl_divergence(p, q).item(), total_variation(p, q).item()
    assert kl >= 0
    assert 0 <= tv <= min(1, math.sqrt(kl / 2)) + 1e-15  # Pinsker's inequality


def test_total_variation_is_the_largest_difference_on_any_set_of_states():
    p, q = random_distribution(2, 6), random_distribution(3, 6)
    largest = max(
        abs(sum(p[s].item() - q[s].item() for s in chosen))
        for size in range(7)
        for chosen in itertools.combinations(range(6), size)
    )
    assert total_variation(p, q).item() == pytest.approx(largest)


@pytest.mark.parametrize("measure", [
    entropy,
    lambda p: kl_divergence(p, p),
    lambda p: total_variation(p, p),
])  # fmt: skip
def test_what_is_no_list_of_probabilities_is_refused(measure):
    for bad in torch.tensor([0.5, 0.6]), torch.tensor([1.5, -0.5]), torch.tensor([math.nan, 1.0]):
        with pytest.raises(ValueError, match="p must be probabilities that sum to 1"):
            measure(bad)
    with pytest.raises(ValueError, match=r"p must be \(\.\.\., S\), got \(\)"):
        measure(torch.tensor(1.0))
    with pytest.raises(TypeError, match="floating"):
        measure(torch.tensor([1]))
    with pytest.raises(TypeError, match="Tensor, got list"):
        measure([1.0])


def test_two_distributions_of_different_shape_are_refused():
    p = torch.tensor([0.5, 0.5])
    for other in torch.tensor([[0.5, 0.5]]), p.double():
        with pytest.raises(ValueError, match="p and q must be alike"):
            kl_divergence(p, other)
