"""The live figure of energy/energy_based_models computes what lecture_lib computes."""

import pytest
import torch

from lecture_lib import exact, graph, widgets

EDGES = ((0, 1), (1, 2), (0, 3), (1, 4), (4, 5))
PLACES = [(0, 1), (1, 1), (2, 1), (0, 0), (1, 0), (2, 0)]
START = [1, 1, 0, 1, 1, 1]


def some_energy(seed):
    generator = torch.Generator().manual_seed(seed)
    tables = 2 * torch.randn(5, 2, 2, generator=generator, dtype=torch.float64)
    return graph.GraphEnergy(EDGES, tables)


def front_end(run_js, energy, **controls):
    data = {"edges": [list(edge) for edge in energy.edges], "tables": energy.tables.tolist()}
    return run_js("six_node_graph", "compute", data, {"seed": 5, "steps": 0, **controls})


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("tau", [0.2, 1, 4])
def test_energies_probabilities_and_conditionals_are_the_packages(run_js, seed, tau):
    energy, states = some_energy(seed), exact.binary_states(6)
    x = states[11 * seed + 7]
    found = front_end(run_js, energy, x=x.int().tolist(), tau=tau)
    tempered = energy.at_temperature(tau)
    assert found["states"] == states.tolist()
    assert found["energies"] == pytest.approx(energy(states).tolist(), abs=1e-5)
    assert sum(found["edges"]) == pytest.approx(energy(x[None]).item(), abs=1e-5)
    p = exact.probabilities(tempered, 6)
    assert found["probability"] == pytest.approx(p.tolist(), abs=1e-5)
    assert found["logZ"] == pytest.approx(graph.log_partition(tempered).item(), abs=1e-5)
    conditionals = [tempered.conditional(x[None], i).item() for i in range(6)]
    assert found["conditionals"] == pytest.approx(conditionals, abs=1e-5)


@pytest.mark.parametrize("tau", [0.5, 1.5])
def test_the_chain_is_the_packages_chain_for_the_same_random_numbers(run_js, tau):
    energy, steps = some_energy(1), 300
    tempered, x = energy.at_temperature(tau), torch.tensor([START], dtype=torch.float64)
    counts = torch.zeros(64)
    for step, u in enumerate(run_js("numerics", "uniforms", 5, steps)):
        x[0, step % 6] = float(u < tempered.conditional(x, step % 6).item())
        counts[int("".join(str(int(v)) for v in x[0]), 2)] += 1
    chain = front_end(run_js, energy, x=START, tau=tau, steps=steps)["chain"]
    assert chain["counts"] == counts.tolist()
    assert chain["end"] == x[0].tolist()
    shares = counts.double() / steps
    distance = exact.total_variation(shares, exact.probabilities(tempered, 6)).item()
    assert chain["distance"] == pytest.approx(distance, abs=1e-5)


def test_a_long_chain_of_the_figure_comes_close_to_p(run_js):
    near = front_end(run_js, some_energy(1), x=START, tau=4, steps=50_000)["chain"]["distance"]
    assert near < 0.02


def test_a_graph_of_another_size_is_refused():
    pair = graph.GraphEnergy([(0, 1)], torch.zeros(1, 2, 2))
    with pytest.raises(ValueError, match=r"six units.*got 2, 6, 6 and 6"):
        widgets.six_node_graph(pair, "abcdef", PLACES, START)
