"""Energies that are sums of tables over the edges of a graph on {0, 1} units.

The graph shows what a general energy hides: a unit depends on its neighbours only, and log Z costs
a few small sums where the graph is a tree, but twice as much with each further column of a grid.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from lecture_lib.distributions import (
    _binary_units,
    _check_floating,
    _check_generator,
    bernoulli_sample,
)
from lecture_lib.sampling import _check_index, _with_unit

Edges = Sequence[tuple[int, int]]

MAX_TABLE_UNITS = 22  # 2^22 float64 are 34 MB


@dataclass(frozen=True, eq=False)
class GraphEnergy:
    """An energy with one 2 x 2 table for each edge of a graph.

    E(x) = sum_e T_e[x_i, x_j],  e = (i, j)
    edges: pairs (i, j) of different units; tables: (n_edges, 2, 2), finite, T_e[a, b] the energy of
    edge e with its first unit at a and its second at b
    Called with x: (batch, n) in {0, 1} -> (batch,) in nats
    Raises TypeError or ValueError for edges or tables that are not so, and for a wrong x.
    """

    edges: Edges
    tables: Tensor

    def __post_init__(self) -> None:
        edges = _checked_edges(self.edges)
        object.__setattr__(self, "edges", edges)
        _check_floating("tables", self.tables)
        if self.tables.shape != (len(edges), 2, 2):
            raise ValueError(f"tables must be ({len(edges)}, 2, 2), got {tuple(self.tables.shape)}")
        if not self.tables.isfinite().all():
            raise ValueError("tables must be finite, got NaN or inf")

    @property
    def n_units(self) -> int:
        """Number of units: 1 + the largest one named by an edge."""
        return 1 + max(map(max, self.edges))

    def neighbours(self, i: int) -> set[int]:
        """The units that share an edge with unit i."""
        return {unit for edge in self.edges if i in edge for unit in edge} - {i}

    def __call__(self, x: Tensor) -> Tensor:
        x = self._units(x).long()
        i, j = torch.tensor(self.edges, device=x.device).T
        return self.tables[torch.arange(len(self.edges), device=x.device), x[:, i], x[:, j]].sum(-1)

    def conditional(self, x: Tensor, i: int) -> Tensor:
        """Probability that unit i is 1 given its neighbours, which is all that it depends on.

        p(x_i = 1 | others) = sigm(sum_{e at i} T_e[0, x_j] - T_e[1, x_j]),  j the other unit of e
        x: (batch, n) in {0, 1}; i in 0..n-1 -> (batch,)
        Raises TypeError or ValueError for a wrong x or i.
        """
        x = self._units(x)
        _check_index(i, self.n_units)
        energy_drop = x.new_zeros(len(x))
        for edge, table in zip(self.edges, self.tables, strict=True):
            if i in edge:
                T = table if i == edge[0] else table.T
                j = edge[1] if i == edge[0] else edge[0]
                energy_drop = energy_drop + (T[0] - T[1])[x[:, j].long()]
        return energy_drop.sigmoid()

    def at_temperature(self, tau: float) -> "GraphEnergy":
        """The energy E / tau, whose Boltzmann distribution is that of E at temperature tau.

        p_tau(x) = e^{-E(x) / tau} / Z_tau
        tau > 0; 1 leaves the energy as it is -> GraphEnergy
        Raises ValueError for a tau that is not positive and finite.
        """
        if not 0 < tau < math.inf:
            raise ValueError(f"tau must be positive and finite, got {tau}")
        return GraphEnergy(self.edges, self.tables / tau)

    def _units(self, x: Tensor) -> Tensor:
        return _binary_units("x", x, ("batch", self.n_units), like=self.tables)


def gibbs_step(energy: GraphEnergy, x: Tensor, *, generator: torch.Generator) -> Tensor:
    """A Gibbs sweep: draw each unit in turn, given its neighbours as they then are.

    x_i ~ p(x_i | neighbours of i),  i = 0, ..., n-1
    x: (batch, n) in {0, 1} -> (batch, n) in {0, 1}
    Raises TypeError or ValueError for a wrong x, TypeError for a generator that is none.
    """
    _check_generator(generator)
    x = energy._units(x)
    for i in range(energy.n_units):
        x = _with_unit(x, i, bernoulli_sample(energy.conditional(x, i), generator=generator))
    return x


def log_partition(energy: GraphEnergy) -> Tensor:
    """Log of the partition function, summing out one unit at a time.

    log Z = log sum_x prod_e e^{-T_e[x_i, x_j]}: the sum over x_i passes all tables without i, and
    leaves a table over the neighbours of i. Units farthest from the first go first: in a tree these
    are leaves, so that tables never grow; in a grid tables grow to about 2^columns entries.
    -> () in nats
    Raises ValueError where a table would have more than 22 units.
    Source: variable elimination, Koller & Friedman 2009, chapter 9.
    """
    tables = [
        _sorted_table(edge, -table) for edge, table in zip(energy.edges, energy.tables, strict=True)
    ]
    tables += [((i,), energy.tables.new_zeros(2)) for i in range(energy.n_units)]
    for i in reversed(_breadth_first({i: energy.neighbours(i) for i in range(energy.n_units)})):
        at_i = [table for table in tables if i in table[0]]
        tables = [table for table in tables if i not in table[0]] + [_sum_out(i, at_i)]
    return torch.stack([value for _, value in tables]).sum()


def elimination_terms(edges: Edges) -> int:
    """How many numbers `log_partition` adds up: the entries of all tables that it sums over.

    sum_i 2^{units in the table of unit i, i included}
    edges -> int; against the 2^n terms of a sum over all states
    Raises TypeError or ValueError for wrong edges. Makes no table, so that any graph will do.
    """
    edges = _checked_edges(edges)
    neighbours: dict[int, set[int]] = {i: set() for i in range(1 + max(map(max, edges)))}
    for i, j in edges:
        neighbours[i].add(j)
        neighbours[j].add(i)
    terms = 0
    for i in reversed(_breadth_first(neighbours)):
        others = neighbours.pop(i)
        terms += 2 ** (1 + len(others))
        for j in others:
            neighbours[j] = (neighbours[j] | others) - {i, j}
    return terms


def grid_edges(rows: int, columns: int) -> tuple[tuple[int, int], ...]:
    """Edges of a grid: each unit with its right and its lower neighbour.

    unit of row r and column s: r columns + s
    rows, columns >= 1, not both 1 -> rows (columns - 1) + (rows - 1) columns pairs
    Raises TypeError for what is no int, ValueError for a grid without an edge.
    """
    for name, count in ("rows", rows), ("columns", columns):
        if not isinstance(count, int) or isinstance(count, bool):
            raise TypeError(f"{name} must be an int, got {type(count).__name__}")
    if min(rows, columns) < 1 or rows == columns == 1:
        raise ValueError(
            f"rows and columns must be at least 1, and not both 1, got {rows} and {columns}"
        )
    units = torch.arange(rows * columns).reshape(rows, columns)
    right = torch.stack([units[:, :-1], units[:, 1:]], -1).reshape(-1, 2)
    down = torch.stack([units[:-1], units[1:]], -1).reshape(-1, 2)
    return tuple((i, j) for i, j in torch.cat([right, down]).tolist())


def from_spins(edges: Edges, couplings: Tensor, fields: Tensor) -> GraphEnergy:
    """Change of variable from +-1 spins to {0, 1} units: the Ising model as tables.

    E(s) = -sum_e J_e s_i s_j - sum_i f_i s_i,  s = 2x - 1  eq-spins
    T_e[a, b] = -J_e s_a s_b - f_i s_a / d_i - f_j s_b / d_j: each of the d_i edges of unit i takes
    its share of the field
    couplings J: (n_edges,); fields f: (n,) -> GraphEnergy
    Raises TypeError for dtypes; ValueError for shapes or devices, or for a unit without an edge.
    """
    edges = _checked_edges(edges)
    n = 1 + max(map(max, edges))
    for name, values, shape in ("couplings", couplings, (len(edges),)), ("fields", fields, (n,)):
        _check_floating(name, values)
        if values.shape != shape:
            raise ValueError(f"{name} must be {shape}, got {tuple(values.shape)}")
    if couplings.dtype != fields.dtype:
        raise TypeError(
            f"couplings and fields must have one dtype, got {couplings.dtype} and {fields.dtype}"
        )
    if couplings.device != fields.device:
        raise ValueError(
            "couplings and fields must be on one device, "
            f"got {couplings.device} and {fields.device}"
        )
    ends = torch.tensor(edges, device=fields.device)
    degrees = ends.flatten().bincount(minlength=n)
    if not degrees.all():
        raise ValueError(f"each unit must have an edge, got none at {degrees.argmin().item()}")
    i, j = ends.T
    s, share = fields.new_tensor([-1, 1]), fields / degrees
    pair = -couplings[:, None, None] * s[:, None] * s
    first, second = -share[i][:, None, None] * s[:, None], -share[j][:, None, None] * s
    return GraphEnergy(edges, pair + first + second)


def _checked_edges(edges: Edges) -> tuple[tuple[int, int], ...]:
    """At least one edge, each a pair of different units, as tuples of int."""
    edges = tuple(tuple(edge) for edge in edges)  # type: ignore[misc]
    if not edges:
        raise ValueError("edges must name at least one pair, got none")
    for edge in edges:
        if not all(isinstance(unit, int) and not isinstance(unit, bool) for unit in edge):
            raise TypeError(f"edges must be pairs of int, got {edge}")
        if len(edge) != 2 or edge[0] == edge[1] or min(edge) < 0:
            raise ValueError(f"edges must be pairs of different units 0, 1, 2, ..., got {edge}")
    return edges


def _breadth_first(neighbours: dict[int, set[int]]) -> list[int]:
    """All units, each near one before each far one."""
    order: dict[int, None] = {}
    for start in neighbours:
        queue = [start]
        for i in queue:
            if i not in order:
                order[i] = None
                queue.extend(sorted(neighbours[i]))
    return list(order)


def _sorted_table(edge: tuple[int, int], table: Tensor) -> tuple[tuple[int, ...], Tensor]:
    return (edge, table) if edge[0] < edge[1] else (edge[::-1], table.T)


def _sum_out(i: int, tables: list) -> tuple[tuple[int, ...], Tensor]:
    """Add the log-tables that contain unit i, and sum over its two values."""
    units = sorted({unit for own, _ in tables for unit in own})
    if len(units) > MAX_TABLE_UNITS:
        raise ValueError(
            f"a table must have at most {MAX_TABLE_UNITS} units, got {len(units)}: "
            "the graph is too wide"
        )
    total = sum(t.reshape([2 if unit in own else 1 for unit in units]) for own, t in tables)
    return tuple(unit for unit in units if unit != i), total.logsumexp(units.index(i))
