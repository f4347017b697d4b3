"""What book/energy/energy_based_models says in words."""

import math

import pytest
import torch

from lecture_lib import exact, graph, sampling

EDGES = [(0, 1), (1, 2), (0, 3), (1, 4), (4, 5)]
TABLES = [
    [[-1.0, 0.5], [0.5, -1.5]],
    [[0.5, -1.0], [-0.5, 1.0]],
    [[-0.5, 0.0], [1.0, -1.0]],
    [[-1.5, 1.0], [1.0, -1.0]],
    [[-1.0, 0.0], [0.5, -0.5]],
]


@pytest.fixture
def energy():
    """The six units with the tables of the page."""
    return graph.GraphEnergy(EDGES, torch.tensor(TABLES, dtype=torch.float64))


def test_the_two_best_answers_differ_in_all_six_units(energy):
    x = exact.binary_states(6)
    first, second = int("001000", 2), int("110111", 2)
    assert (x[first] != x[second]).all()
    assert [energy(x)[s].item() for s in (first, second)] == [-5.0, -4.5]
    assert energy(x).min() == -5.0
    assert energy.tables.amin((1, 2)).sum() == -6.0


def test_summing_out_takes_22_numbers_here_and_398_for_a_tree_of_100_units():
    assert graph.elimination_terms(EDGES) == 22
    assert graph.elimination_terms([(i, i + 1) for i in range(99)]) == 398
    branching = [((i - 1) // 3, i) for i in range(1, 100)]
    assert graph.elimination_terms(branching) == 398


def test_a_grid_of_16_takes_seven_million_and_one_of_28_more_than_fifty_billion():
    assert 7e6 < graph.elimination_terms(graph.grid_edges(16, 16)) < 8e6
    assert 5e10 < graph.elimination_terms(graph.grid_edges(28, 28)) < 6e10
    assert 8 * 2**28 > 2e9  # the bytes of a table over 28 units


def test_with_every_pair_joined_the_first_sum_already_has_every_state():
    complete = [(i, j) for j in range(12) for i in range(j)]
    assert graph.elimination_terms(complete) == 2**13 - 2


def test_a_sixth_edge_makes_a_loop_whose_largest_table_has_three_units():
    loop = [*EDGES, (2, 5)]
    assert graph.elimination_terms(loop) == 8 + 8 + 4 + 4 + 4 + 2  # two tables of three units


def test_halving_the_temperature_takes_ten_times_as_long(energy):
    sweeps = {}
    for tau in (1, 0.5):
        cooled = energy.at_temperature(tau)
        T, p = sampling.sweep_matrix(cooled, 6), exact.probabilities(cooled, 6)
        far = sampling.distances(T, p, int("110111", 2), 400)
        sweeps[tau] = int((far < 0.01).nonzero()[0, 0])
    assert sweeps == {1: 22, 0.5: 229}


def test_every_sweep_removes_the_same_share_in_the_end(energy):
    T, p = sampling.sweep_matrix(energy, 6), exact.probabilities(energy, 6)
    far = sampling.distances(T, p, int("110111", 2), 40)
    ratios = far[11:] / far[10:-1]
    assert ratios.max() - ratios.min() < 1e-3


def test_choosing_the_unit_at_random_keeps_detailed_balance(energy):
    T = sum(sampling.transition_matrix(energy, 6, i) for i in range(6)) / 6
    flow = exact.probabilities(energy, 6)[:, None] * T
    assert (flow - flow.T).abs().max() < 1e-15


def test_with_the_sign_reversed_a_conditional_is_one_minus_itself(energy):
    x = exact.binary_states(6)
    for i in range(6):
        reversed_sign = sampling.conditional(lambda x: -energy(x), x, i)
        assert (reversed_sign + energy.conditional(x, i)).tolist() == pytest.approx([1] * 64)


def test_the_numbers_of_the_first_question():
    assert round(math.exp(3)) == 20
    assert round(math.exp(6)) == 403
    assert round(math.exp(10)) == 22026
