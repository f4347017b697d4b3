"""The live figure of energy/energy_based_models."""

from collections.abc import Sequence

import torch

from lecture_lib import figures
from lecture_lib.exact import binary_states, probabilities
from lecture_lib.graph import GraphEnergy
from lecture_lib.widgets.live import LiveFigure


def six_node_graph(
    energy: GraphEnergy, names: Sequence[str], places: Sequence[tuple[float, float]],
    start: Sequence[int],
) -> LiveFigure:
    """The energy of each edge and of each of the 64 states, their probabilities, a Gibbs chain.

    energy: on six units; names: a letter for each; places: where each is drawn, from (0, 0);
    start: the state in which the chain starts
    """
    if energy.n_units != 6 or not len(names) == len(places) == len(start) == 6:
        raise ValueError(
            "the figure has six units: energy, names, places and start must be of six, got "
            f"{energy.n_units}, {len(names)}, {len(places)} and {len(start)}"
        )
    x = binary_states(6)
    energies, p = energy(x), probabilities(energy, 6)
    best = x[torch.argsort(energies, stable=True)[0]]
    return LiveFigure(
        "six_node_graph",
        data={
            "edges": [list(edge) for edge in energy.edges],
            "tables": energy.tables.tolist(),
            "names": list(names),
            "places": [list(place) for place in places],
            "start": [int(value) for value in start],
            "tau": 1,
            "seed": 1,
            "steps": 300,
        },
        task="Press “5,000 steps” and watch the points find the bars. Then lower the temperature "
             "to 0.3, restart and try again: what does the chain miss?",
        still=figures.six_node_still(names, places, energy.edges, energy.tables.numpy(),
                                     best.numpy(), energies.numpy(), p.numpy()),
        alt="A graph of six units a to f with an energy on each of its five edges, in the state of "
            "lowest energy; below, bars for the probabilities of the 64 states, from "
            f"{p.max():.3f} falling towards zero.",
    )
