"""Energies on a graph against loops over edges, enumeration, and the transfer matrix."""

import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.testing import assert_close

from lecture_lib import exact, graph, sampling
from lecture_lib.graph import (
    GraphEnergy,
    elimination_terms,
    from_spins,
    gibbs_step,
    grid_edges,
    log_partition,
)

TREE = ((0, 1), (1, 2), (0, 3), (1, 4), (4, 5))  # the six units a to f of the lecture
LOOPY = (
    (0, 1),
    (2, 1),
    (2, 0),
    (3, 2),
    (0, 1),
    (5, 3),
)  # a loop, a reversed and a doubled edge, no 4


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def random_energy(edges, scale=1.0, seed=0):
    tables = scale * torch.randn(len(edges), 2, 2, generator=seeded(seed), dtype=torch.float64)
    return GraphEnergy(edges, tables)


@pytest.mark.parametrize("edges", [TREE, LOOPY])
def test_the_energy_is_the_sum_of_one_entry_from_the_table_of_each_edge(edges):
    energy = random_energy(edges)
    for x in exact.binary_states(6):
        by_hand = 0.0
        for e in range(len(edges)):
            a, b = int(x[edges[e][0]]), int(x[edges[e][1]])
            by_hand += energy.tables[e][a][b].item()
        assert energy(x[None]).item() == pytest.approx(by_hand)


@pytest.mark.parametrize("edges", [TREE, LOOPY])
@pytest.mark.parametrize("scale", [1.0, 1e4])
def test_the_conditional_of_the_neighbours_is_the_conditional_of_the_joint(edges, scale):
    energy, x = random_energy(edges, scale), exact.binary_states(6)
    for i in range(6):
        assert_close(energy.conditional(x, i), sampling.conditional(energy, x, i))


def test_a_unit_depends_on_its_neighbours_only():
    energy, x = random_energy(LOOPY), exact.binary_states(6)
    neighbours = {0: {1, 2}, 1: {0, 2}, 2: {0, 1, 3}, 3: {2, 5}, 4: set(), 5: {3}}
    for i in range(6):
        p = energy.conditional(x, i)
        for j in range(6):
            flipped = x.clone()
            flipped[:, j] = 1 - flipped[:, j]
            change = (energy.conditional(flipped, i) - p).abs().max()
            assert (change > 0) == (j in neighbours[i])


def test_a_unit_without_an_edge_is_a_fair_coin():
    energy, x = random_energy(LOOPY), exact.binary_states(6)
    assert (energy.conditional(x, 4) == 0.5).all()


def test_a_gibbs_sweep_on_the_graph_is_the_sweep_that_knows_the_energy_only():
    energy, x = random_energy(LOOPY), exact.binary_states(6)
    assert torch.equal(
        gibbs_step(energy, x, generator=seeded(1)),
        sampling.gibbs_sweep(energy, x, generator=seeded(1)),
    )
    assert torch.equal(x, exact.binary_states(6))


@pytest.mark.parametrize("edges", [TREE, LOOPY, grid_edges(3, 4), grid_edges(1, 5)])
@pytest.mark.parametrize("scale", [1.0, 1e4])
def test_summing_out_one_unit_at_a_time_gives_log_z(edges, scale):
    energy = random_energy(edges, scale)
    assert_close(log_partition(energy), exact.log_partition(energy, energy.n_units))


@given(st.data())
@settings(max_examples=25, deadline=None)
def test_log_z_of_any_small_graph_is_that_of_enumeration(data):
    pairs = [(i, j) for i in range(6) for j in range(6) if i != j]
    edges = data.draw(st.lists(st.sampled_from(pairs), min_size=1, max_size=12))
    energy = random_energy(edges, seed=data.draw(st.integers(0, 99)))
    assert_close(log_partition(energy), exact.log_partition(energy, energy.n_units))


def test_log_z_of_a_long_chain_is_a_product_of_matrices():
    chain = [(i, i + 1) for i in range(199)]
    tables = torch.randn(199, 2, 2, generator=seeded(), dtype=torch.float64)
    product, log_scale = torch.ones(2, dtype=torch.float64), 0.0
    for table in tables:
        product = product @ (-table).exp()
        log_scale, product = log_scale + product.sum().log(), product / product.sum()
    assert_close(log_partition(GraphEnergy(chain, tables)), log_scale)


def test_log_z_of_a_tree_needs_no_table_wider_than_an_edge():
    leaves = torch.randn(40, 2, 2, generator=seeded(), dtype=torch.float64)
    star = GraphEnergy([(0, leaf) for leaf in range(1, 41)], leaves)
    given_the_centre = (-leaves).logsumexp(2).sum(0)
    assert_close(log_partition(star), given_the_centre.logsumexp(0))


def test_log_z_of_an_ising_grid_is_that_of_its_transfer_matrix():
    rows, columns, J = 6, 8, 0.3
    s = 2 * exact.binary_states(columns) - 1
    within, between = J * (s[:, 1:] * s[:, :-1]).sum(1), J * s @ s.T
    log_weight = within
    for _ in range(rows - 1):
        log_weight = (log_weight[:, None] + between).logsumexp(0) + within
    edges = grid_edges(rows, columns)
    couplings = torch.full((len(edges),), J, dtype=torch.float64)
    energy = from_spins(edges, couplings, torch.zeros(rows * columns, dtype=torch.float64))
    assert_close(log_partition(energy), log_weight.logsumexp(0))


def test_log_z_reaches_grids_of_sixteen_columns_and_no_further_than_it_can():
    edges = grid_edges(16, 16)
    free = GraphEnergy(edges, torch.zeros(len(edges), 2, 2, dtype=torch.float64))
    assert log_partition(free).item() == pytest.approx(256 * math.log(2))
    complete = [(i, j) for j in range(23) for i in range(j)]
    with pytest.raises(ValueError, match="at most 22 units, got 23"):
        log_partition(GraphEnergy(complete, torch.zeros(len(complete), 2, 2)))


def test_spins_are_a_change_of_variable():
    couplings = torch.randn(len(LOOPY[:-1]) + 2, generator=seeded(1), dtype=torch.float64)
    fields = torch.randn(6, generator=seeded(2), dtype=torch.float64)
    edges = (*LOOPY[:-1], (5, 3), (4, 5))
    energy = from_spins(edges, couplings, fields)
    for x in exact.binary_states(6):
        s = [2 * value - 1 for value in x.tolist()]
        by_hand = -sum(J.item() * s[i] * s[j] for J, (i, j) in zip(couplings, edges, strict=True))
        by_hand -= sum(f.item() * s_i for f, s_i in zip(fields, s, strict=True))
        assert energy(x[None]).item() == pytest.approx(by_hand)


@pytest.mark.parametrize(("rows", "columns"), [(1, 2), (2, 1), (2, 3), (4, 4)])
def test_a_grid_joins_each_unit_with_the_units_at_distance_one(rows, columns):
    place = [(r, s) for r in range(rows) for s in range(columns)]
    by_hand = {
        (i, j)
        for i, (r, s) in enumerate(place)
        for j, (t, u) in enumerate(place)
        if i < j and abs(r - t) + abs(s - u) == 1
    }
    edges = grid_edges(rows, columns)
    assert set(edges) == by_hand
    assert len(edges) == len(by_hand) == rows * (columns - 1) + (rows - 1) * columns


def test_the_number_of_units_is_one_more_than_the_largest():
    assert random_energy(LOOPY).n_units == 6
    assert random_energy([[7, 2]]).n_units == 8


def test_an_energy_cannot_be_changed():
    energy = random_energy(TREE)
    with pytest.raises(AttributeError):
        energy.tables = torch.zeros(5, 2, 2)
    with pytest.raises(AttributeError):
        energy.edges = ()
    assert random_energy([[0, 1]]).edges == ((0, 1),)


def test_units_of_any_floating_dtype_are_exact():
    energy, x = random_energy(TREE), exact.binary_states(6)
    for dtype in torch.float16, torch.float32:
        assert torch.equal(energy(x.to(dtype)), energy(x))
        assert torch.equal(energy.conditional(x.to(dtype), 1), energy.conditional(x, 1))


@pytest.mark.parametrize("edges", [[], [(0, 0)], [(0, -1)], [(0, 1, 2)], [(0,)]])
def test_edges_are_pairs_of_different_units(edges):
    with pytest.raises(ValueError, match="edges must"):
        GraphEnergy(edges, torch.zeros(1, 2, 2))
    with pytest.raises(ValueError, match="edges must"):
        from_spins(edges, torch.zeros(1), torch.zeros(1))


@pytest.mark.parametrize("edge", [(0, 1.0), ("a", "b"), (True, 0)])
def test_units_are_named_by_ints(edge):
    with pytest.raises(TypeError, match="pairs of int, got"):
        GraphEnergy([edge], torch.zeros(1, 2, 2))


def test_tables_are_two_by_two_finite_floats_one_for_each_edge():
    for shape in (2, 2), (2, 2, 2), (1, 3, 2):
        with pytest.raises(ValueError, match=r"tables must be \(1, 2, 2\), got \("):
            GraphEnergy([(0, 1)], torch.zeros(shape))
    for value in math.nan, math.inf:
        with pytest.raises(ValueError, match="finite"):
            GraphEnergy([(0, 1)], torch.full((1, 2, 2), value))
    with pytest.raises(TypeError, match=r"floating dtype, got torch\.int64"):
        GraphEnergy([(0, 1)], torch.zeros(1, 2, 2).long())
    with pytest.raises(TypeError, match="Tensor, got list"):
        GraphEnergy([(0, 1)], [[[0, 1], [1, 0]]])


@pytest.mark.parametrize("use", [
    lambda energy, x: energy(x),
    lambda energy, x: energy.conditional(x, 0),
    lambda energy, x: gibbs_step(energy, x, generator=seeded()),
])  # fmt: skip
def test_states_are_rows_of_one_zero_or_one_for_each_unit(use):
    energy = random_energy(TREE)
    for shape in (6,), (2, 5), (2, 7), (1, 2, 6):
        with pytest.raises(ValueError, match=r"x must be \(batch, 6\), got \("):
            use(energy, torch.zeros(shape))
    for dtype in torch.int64, torch.bool:
        with pytest.raises(TypeError, match=f"floating dtype, got {dtype}"):
            use(energy, torch.zeros(2, 6, dtype=dtype))
    for value in 0.5, -1.0, 2.0, math.nan:
        with pytest.raises(ValueError, match=rf"\{{0, 1\}}, got {value}"):
            use(energy, torch.full((2, 6), value))
    with pytest.raises(ValueError, match="x must be on cpu, got meta"):
        use(energy, torch.zeros(2, 6, device="meta"))


def test_a_conditional_needs_a_unit_and_a_sweep_a_generator():
    energy, x = random_energy(TREE), torch.zeros(2, 6)
    for i in -1, 6:
        with pytest.raises(ValueError, match=rf"i must be in 0\.\.5, got {i}"):
            energy.conditional(x, i)
    with pytest.raises(TypeError, match="i must be an int, got float"):
        energy.conditional(x, 1.0)
    with pytest.raises(TypeError):
        gibbs_step(energy, x)
    with pytest.raises(TypeError, match="Generator, got NoneType"):
        gibbs_step(energy, x, generator=None)


def test_grids_and_spins_that_do_not_fit_are_refused():
    for rows, columns in (0, 3), (3, -1), (1, 1):
        with pytest.raises(ValueError, match=f"got {rows} and {columns}"):
            grid_edges(rows, columns)
    for rows, columns in (2.0, 2), (2, True):
        with pytest.raises(TypeError, match="must be an int"):
            grid_edges(rows, columns)
    edge = [(0, 1)]
    with pytest.raises(ValueError, match=r"couplings must be \(1,\), got \(2,\)"):
        from_spins(edge, torch.zeros(2), torch.zeros(2))
    with pytest.raises(ValueError, match=r"fields must be \(2,\), got \(3,\)"):
        from_spins(edge, torch.zeros(1), torch.zeros(3))
    with pytest.raises(TypeError, match=r"one dtype, got torch\.float32 and torch\.float64"):
        from_spins(edge, torch.zeros(1), torch.zeros(2).double())
    with pytest.raises(TypeError, match="floating"):
        from_spins(edge, torch.zeros(1).long(), torch.zeros(2))
    with pytest.raises(ValueError, match="one device, got cpu and meta"):
        from_spins(edge, torch.zeros(1), torch.zeros(2, device="meta"))
    with pytest.raises(ValueError, match="each unit must have an edge, got none at 1"):
        from_spins([(0, 2)], torch.zeros(1), torch.zeros(3))


def test_a_temperature_divides_the_energy():
    energy, x = random_energy(LOOPY), exact.binary_states(6)
    for tau in 0.25, 1, 3.0:
        assert_close(energy.at_temperature(tau)(x), energy(x) / tau)
    for bad in 0, -1.0, math.inf, math.nan:
        with pytest.raises(ValueError, match="tau must be positive and finite"):
            energy.at_temperature(bad)


@pytest.mark.parametrize("edges", [TREE, LOOPY, grid_edges(3, 4), grid_edges(5, 5)])
def test_the_terms_of_the_elimination_are_the_entries_of_the_tables_it_sums(edges, monkeypatch):
    entries = []
    sum_out = graph._sum_out

    def counted(i, tables):
        units, result = sum_out(i, tables)
        entries.append(2 * result.numel())
        return units, result

    monkeypatch.setattr(graph, "_sum_out", counted)
    log_partition(random_energy(edges))
    assert elimination_terms(edges) == sum(entries)


def test_the_terms_of_a_tree_grow_with_its_units_and_those_of_a_grid_double_with_each_column():
    chain = [(i, i + 1) for i in range(99)]
    assert elimination_terms(chain) == 99 * 4 + 2
    assert elimination_terms(TREE) == 5 * 4 + 2
    counts = [elimination_terms(grid_edges(n, n)) for n in (10, 20, 30)]
    assert all(2**9 < after / before < 2**12 for before, after in itertools.pairwise(counts))
