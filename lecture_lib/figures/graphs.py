"""Pictures of an energy on a graph: its tables, its states, and chains that walk between them."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Rectangle

from lecture_lib.figures.style import COLORS, new_figure

Places = Sequence[tuple[float, float]]


def signed(value: float, digits: int = 1) -> str:
    """A number as the text writes it: a true minus sign, and no minus before a zero."""
    text = f"{value:.{digits}f}"
    return text.lstrip("-") if float(text) == 0 else text.replace("-", "−")


def graph_tables(
    ax: Axes, names: Sequence[str], places: Places, edges: Sequence[tuple[int, int]],
    tables: np.ndarray, state: np.ndarray,
) -> Axes:
    """A graph whose factor squares are the tables themselves, the entries of one state marked.

    places: (x, y) of each unit; tables: (n_edges, 2, 2), rows for the unit named first in the
    edge, columns for the second; state: (n,) in {0, 1}, a unit that is on is filled
    """
    cell, wide = 0.42, 0.483
    for (i, j), table in zip(edges, tables, strict=True):
        ends = np.array([places[i], places[j]])
        ax.plot(*ends.T, color=COLORS["faint"], linewidth=1.6, zorder=1)
        middle = ends.mean(0)
        left, top = middle[0] - wide + 0.12, middle[1] + cell - 0.12
        ax.annotate(f"{names[i]}\\{names[j]}", (left - 0.04, top + 0.07), ha="right", va="bottom",
                    fontsize=9, color=COLORS["ink"], zorder=4)
        ax.add_patch(Rectangle((left - 0.3, top - 2 * cell), 2 * wide + 0.3, 2 * cell + 0.3,
                               facecolor=COLORS["paper"], edgecolor="none", zorder=2))
        for r in (0, 1):
            ax.annotate(str(r), (left - 0.1, top - (r + 0.5) * cell), ha="right", fontsize=9,
                        va="center_baseline", color=COLORS["faint"], zorder=4)
            ax.annotate(str(r), (left + (r + 0.5) * wide, top + 0.06), ha="center",
                        va="bottom", fontsize=9, color=COLORS["faint"], zorder=4)
            for s in (0, 1):
                chosen = (state[i], state[j]) == (r, s)
                ax.add_patch(Rectangle(
                    (left + s * wide, top - (r + 1) * cell), wide, cell, zorder=3,
                    facecolor=COLORS["ink"] if chosen else COLORS["paper"],
                    edgecolor=COLORS["faint"], linewidth=0.9))
                ax.annotate(signed(table[r, s]), zorder=4, fontsize=10, ha="center",
                            va="center_baseline", fontweight="bold" if chosen else "normal",
                            xy=(left + (s + 0.5) * wide, top - (r + 0.5) * cell),
                            color=COLORS["paper" if chosen else "ink"])
    for name, place, on in zip(names, places, state, strict=True):
        _unit(ax, place, f"{name} = {on:g}", on, radius=0.36)
    x, y = np.array(places).T
    ax.set(xlim=(x.min() - 0.75, x.max() + 0.75), ylim=(y.min() - 0.65, y.max() + 0.65),
           aspect="equal")
    ax.axis("off")
    return ax


def energy_order(
    axes: Sequence[Axes], energies: np.ndarray, probabilities: np.ndarray,
    labels: Mapping[int, str],
) -> Sequence[Axes]:
    """All states in the order of their energy: probabilities above, energies below, low down.

    energies, probabilities: (S,); labels: place in the order -> words beside its bar
    """
    order = np.argsort(energies, kind="stable")
    places = np.arange(len(order))
    above, below = axes
    above.bar(places, probabilities[order], width=0.8, color=COLORS["ink"])
    for place, label in labels.items():
        height = probabilities[order[place]]
        above.annotate(label, (place + 0.4, height), xytext=(6, -2), va="top",
                       textcoords="offset points")
    above.set(xticks=[], ylabel="p(x)", xlim=(-1, len(order)))
    below.bar(places, energies[order], width=0.8, color=COLORS["faint"])
    below.axhline(0, color=COLORS["line"], linewidth=1, zorder=0)
    below.set(xticks=[], ylabel="E(x) (nats)", xlim=(-1, len(order)),
              xlabel=f"the {len(order)} states, from the lowest energy to the highest")
    below.spines["bottom"].set_visible(False)
    return axes


def visits(
    ax: Axes, energies: np.ndarray, probabilities: np.ndarray, shares: np.ndarray,
    errors: np.ndarray,
) -> Axes:
    """Shares of samples as points with two standard errors, on bars of the exact probabilities.

    energies, probabilities, shares, errors: (S,); states in the order of their energy
    """
    order = np.argsort(energies, kind="stable")
    positions = np.arange(len(order))
    ax.bar(positions, probabilities[order], width=0.9, color=COLORS["line"],
           edgecolor=COLORS["faint"], linewidth=0.6)
    ax.errorbar(positions, shares[order], yerr=2 * errors[order], fmt="o", markersize=3.5,
                color=COLORS["model"], elinewidth=1.4)
    for height, words, colour in (
        (0.9, "exact: bars", "faint"), (0.74, "samples: points,", "model_text"),
        (0.58, "± 2 standard errors", "model_text"),
    ):
        ax.annotate(words, (len(order) * 0.3, probabilities.max() * height), color=COLORS[colour])
    ax.set(xticks=[], ylabel="p(x)", xlim=(-1, len(order)), ylim=(0, None),
           xlabel=f"the {len(order)} states, from the lowest energy to the highest")
    return ax


def temperature_bars(
    axes: Sequence[Axes], energies: np.ndarray, probabilities: Mapping[str, np.ndarray],
) -> Sequence[Axes]:
    """Probabilities of all states at several temperatures, one panel each, on one scale.

    energies: (S,); probabilities: name of the panel -> (S,)
    """
    order = np.argsort(energies, kind="stable")
    top = max(p.max() for p in probabilities.values())
    for ax, (name, p) in zip(axes, probabilities.items(), strict=True):
        ax.bar(np.arange(len(order)), p[order], width=0.8, color=COLORS["ink"])
        ax.annotate(name, (0.98, 0.9), xycoords="axes fraction", ha="right", va="top")
        ax.set(xticks=[], ylim=(0, 1.05 * top), ylabel="p(x)", xlim=(-1, len(order)))
    axes[-1].set_xlabel(f"the {len(order)} states, from the lowest energy to the highest")
    return axes


def labelled_lines(
    ax: Axes, x: np.ndarray, lines: Mapping[str, np.ndarray], *,
    colours: Sequence[str] = ("ink",), left: Sequence[str] = (),
) -> Axes:
    """Several curves, each named where it ends rather than in a legend, and dashed by rank.

    lines: name -> (len(x),), NaN where it is not drawn; colours: keys of COLORS, in turn; left: the
    names that stand to the left of the end of their curve
    """
    for rank, (name, y) in enumerate(lines.items()):
        colour = colours[rank % len(colours)]
        last, before = int(np.flatnonzero(np.isfinite(y))[-1]), name in left
        ax.plot(x, y, color=COLORS[colour], linestyle=("-", "--", "-.", ":")[rank % 4])
        ax.annotate(name, (x[last], y[last]), xytext=(-5 if before else 5, 0), va="center",
                    textcoords="offset points", ha="right" if before else "left",
                    color=COLORS.get(f"{colour}_text", COLORS[colour]))
    return ax


def unit_over_time(axes: Sequence[Axes], traces: Mapping[str, np.ndarray]) -> Sequence[Axes]:
    """One unit of a chain, sweep after sweep, as a strip a chain: filled where it is 1.

    traces: name -> (n_sweeps,) in {0, 1}
    """
    for ax, (name, trace) in zip(axes, traces.items(), strict=True):
        ax.stairs(trace, np.arange(len(trace) + 1), fill=True, color=COLORS["model"])
        ax.set(xlim=(0, len(trace)), ylim=(0, 1), yticks=[], xticks=[])
        ax.spines[["top", "right"]].set_visible(True)
        for spine in ax.spines.values():
            spine.set_color(COLORS["line"])
        ax.set_ylabel(name, rotation=0, ha="right", va="center")
    axes[-1].set_xticks(np.linspace(0, len(trace), 3))
    axes[-1].set_xlabel("sweeps")
    return axes


def flow_differences(axes: Sequence[Axes], flows: Mapping[str, np.ndarray]) -> Sequence[Axes]:
    """Flow there less flow back for each pair of states: white everywhere where they balance.

    flows: name -> (S, S), p(x) T(x, x'); all panels on one scale
    """
    nets = {name: flow - flow.T for name, flow in flows.items()}
    top = max(abs(net).max() for net in nets.values())
    for ax, (name, net) in zip(axes, nets.items(), strict=True):
        ax.imshow(net, cmap="course_diverging", vmin=-top, vmax=top)
        ax.set(xticks=[], yticks=[], xlabel="to state x′", ylabel="from state x")
        ax.set_title(name, fontsize=11)
        for spine in ax.spines.values():
            spine.set(visible=True, color=COLORS["line"], linewidth=0.8)
    return axes


def six_node_still(
    names: Sequence[str], places: Places, edges: Sequence[tuple[int, int]], tables: np.ndarray,
    state: np.ndarray, energies: np.ndarray, probabilities: np.ndarray,
) -> Figure:
    """The graph in one state, the energy of each edge beside it, and all probabilities."""
    figure, (ax, bars) = new_figure(6.4, 4.6, nrows=2, height_ratios=(1, 0.9))
    for (i, j), table in zip(edges, tables, strict=True):
        ends = np.array([places[i], places[j]])
        ax.plot(*ends.T, color=COLORS["faint"], linewidth=1.6, zorder=1)
        value = table[int(state[i]), int(state[j])]
        ax.annotate(signed(value), ends.mean(0), ha="center", va="center", zorder=2,
                    bbox={"facecolor": COLORS["paper"], "edgecolor": COLORS["faint"]})
    for name, place, on in zip(names, places, state, strict=True):
        _unit(ax, place, f"{name} = {on:g}", on, radius=0.36)
    x, y = np.array(places).T
    ax.set(xlim=(x.min() - 0.5, x.max() + 0.5), ylim=(y.min() - 0.5, y.max() + 0.5), aspect="equal")
    ax.axis("off")
    order = np.argsort(energies, kind="stable")
    bars.bar(np.arange(len(order)), probabilities[order], width=0.8, color=COLORS["ink"])
    bars.set(xticks=[], ylabel="p(x)", xlim=(-1, len(order)),
             xlabel=f"the {len(order)} states, from the lowest energy to the highest")
    return figure


def _unit(ax: Axes, place: tuple[float, float], text: str, on: float, radius: float) -> None:
    ax.add_patch(Circle(place, radius, edgecolor=COLORS["visible"], linewidth=2.2, zorder=5,
                        facecolor=COLORS["visible_text"] if on else COLORS["paper"]))
    ax.annotate(text, place, ha="center", va="center_baseline", zorder=6, fontsize=11,
                color=COLORS["paper"] if on else COLORS["visible_text"])
