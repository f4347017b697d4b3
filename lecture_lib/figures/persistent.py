"""Pictures of persistent chains: where particles stand, and several runs as a mean with its error."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lecture_lib.figures.learning import state_pictures
from lecture_lib.figures.style import COLORS, new_figure

_DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))


def particle_landscape(ax: Axes, states: np.ndarray, surprise: np.ndarray, particles: np.ndarray) -> Axes:
    """Surprise of each 2 x 2 picture, low at the bottom, and particles on it, a disc a state.

    states: (S, 4); surprise: -log p(x), (S,) in nats; particles: (S,) counts, the area of the discs
    """
    positions = np.arange(len(states))
    ax.hlines(surprise, positions - 0.4, positions + 0.4, color=COLORS["ink"], linewidth=2.2)
    at = particles > 0
    ax.scatter(positions[at], surprise[at], s=230 * particles[at] / particles.max(), zorder=3,
               color=COLORS["model"], edgecolor=COLORS["paper"], linewidth=0.8)
    ax.set(ylabel="−log p(x) (nats)")
    return state_pictures(ax, states)


def persistent_still(states: np.ndarray, surprise: np.ndarray, particles: Mapping[str, np.ndarray]) -> Figure:
    """Two landscapes, one above the other, with their particles: the still of a live figure.

    states: (S, 4); surprise: (S,) in nats; particles: title -> (S,) counts
    """
    figure, axes = new_figure(6.4, 5.2, nrows=len(particles))
    for ax, (title, counts) in zip(axes, particles.items(), strict=True):
        particle_landscape(ax, states, surprise, counts)
        ax.set_title(title, fontsize=11, loc="left")
    return figure


def mean_curves(
    ax: Axes, x: Sequence[float] | np.ndarray, groups: Mapping[str, np.ndarray], *,
    colours: Sequence[str] = ("bound", "visible", "hidden", "model"), gap: float = 0.075,
) -> Axes:
    """Runs of several methods: the mean, a band of one standard error, a name at the end of each.

    groups: name -> (runs, len(x)); colours: keys of COLORS, in turn; gap: the least distance of two
    names as a share of the axis. Set the axis' scale first.
    """
    means = {name: np.mean(runs, axis=0) for name, runs in groups.items()}
    for rank, (name, runs) in enumerate(groups.items()):
        colour = COLORS[colours[rank % len(colours)]]
        error = np.std(runs, axis=0, ddof=1) / len(runs) ** 0.5
        ax.plot(x, means[name], color=colour, linestyle=_DASHES[rank % 5])
        ax.fill_between(x, means[name] - error, means[name] + error, color=colour, alpha=0.22, linewidth=0)
    ax.set_xlim(min(x), max(x))
    to_share = ax.transScale + ax.transLimits
    ends = {name: to_share.transform((x[-1], mean[-1]))[1] for name, mean in means.items()}
    level = -np.inf
    for name in sorted(ends, key=lambda name: ends[name]):
        level = max(ends[name], level + gap)
        key = colours[list(groups).index(name) % len(colours)]
        ax.annotate(name, (1, level), xycoords="axes fraction", xytext=(6, 0), textcoords="offset points",
                    va="center", color=COLORS.get(f"{key}_text", COLORS[key]), annotation_clip=False)
    ax.minorticks_off()
    return ax


def dots_by_row(ax: Axes, rows: Mapping[str, Mapping[str, Sequence[float]]], *, low: float) -> Axes:
    """One dot a run, a row a setting, two data sets one above the other in each: full and hollow.

    rows: setting -> data set -> (runs,); the data sets are named in the first row; where the mean of
    the runs is below `low` an arrow at the edge stands for all of them, with their mean
    """
    marks = (("ink", True), ("bound", False))
    for row, sets in enumerate(rows.values()):
        for rank, ((name, runs), (key, full)) in enumerate(zip(sets.items(), marks, strict=False)):
            height, mean = -row + 0.2 - 0.4 * rank, float(np.mean(runs))
            colour, words = COLORS[key], COLORS.get(f"{key}_text", COLORS[key])
            face = colour if full else "none"
            if mean < low:
                ax.annotate(f"← {mean:.1f}".replace("-", "−"), (low, height), xytext=(4, 0), va="center",
                            textcoords="offset points", color=words, fontsize=11)
                continue
            ax.plot(runs, np.full(len(runs), height), "o", markersize=6, color=colour,
                    markerfacecolor=face, markeredgewidth=1.5)
            if row == 0:
                ax.annotate(name, (min(runs), height), xytext=(-9, 0), textcoords="offset points", ha="right",
                            va="center", color=words, fontsize=11)
        ax.axhline(-row - 0.5, color=COLORS["line"], linewidth=0.8)
    ax.set(xlim=(low, None), ylim=(-len(rows) + 0.5, 0.5))
    ax.set_yticks([-row for row in range(len(rows))], list(rows))
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    return ax
