"""Pictures of training in practice: curves with their uncertainty, and what a machine looks like when it is ill."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from lecture_lib.figures.style import COLORS, new_figure

_DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))
_MARKERS = ("o", "s", "^", "D", "v")


def measured_lines(
    ax: Axes, lines: Mapping[str, tuple[np.ndarray, np.ndarray, np.ndarray]], *,
    colours: Sequence[str] = ("ink",), gap: float = 0.075,
) -> Axes:
    """Measured curves with error bars of one standard error, each named at its end, names kept apart.

    lines: name -> (x, y, standard error), each (n,); colours: keys of COLORS, in turn; gap: the
    least distance of two names, as a part of the height
    """
    for rank, (x, y, error) in enumerate(lines.values()):
        colour = COLORS[colours[rank % len(colours)]]
        ax.errorbar(x, y, error, color=colour, linestyle=_DASHES[rank % 5], marker=_MARKERS[rank % 5],
                    markersize=4, elinewidth=1.2, linewidth=1.6)
    low, high = ax.get_ylim()
    ends = {name: float(y[-1]) for name, (_, y, _) in lines.items()}
    places = dict(zip(sorted(ends, key=ends.__getitem__), _apart(sorted(ends.values()), gap * (high - low)),
                      strict=True))
    right = max(float(x[-1]) for x, _, _ in lines.values())
    for rank, name in enumerate(lines):
        colour = colours[rank % len(colours)]
        ax.annotate(name, (right, places[name]), xytext=(8, 0), textcoords="offset points", va="center",
                    fontsize=11, color=COLORS.get(f"{colour}_text", COLORS[colour]), annotation_clip=False)
    return ax


def _apart(values: Sequence[float], gap: float) -> list[float]:
    """Rising places, each at least `gap` above the one before and as near to its value as that allows."""
    places = list(values)
    for _ in range(100):
        for i in range(1, len(places)):
            short = gap - (places[i] - places[i - 1])
            if short > 1e-12:
                places[i - 1] -= short / 2
                places[i] += short / 2
    return places


def row_names(axes: np.ndarray, columns: int, names: Sequence[str]) -> np.ndarray:
    """Name the rows of an image grid, at their left."""
    for ax, name in zip(axes[::columns], names, strict=True):
        ax.set_ylabel(name, fontsize=10, rotation=0, ha="right", va="center", labelpad=5)
    return axes


def case_sheet(machines: Mapping[str, tuple[np.ndarray, np.ndarray]], *, filters: int = 4) -> np.ndarray:
    """Machines, one a row: some of their filters, the histogram of their weights, and how often each unit is on.

    machines: name -> (W, (n_hidden, pixels); p, (n_hidden,), the mean of each hidden unit over images)
    -> array of Axes (machines, filters + 2)
    """
    widest = 1.0
    _, grid = plt.subplots(
        len(machines), filters + 2, figsize=(6.4, 1.25 * len(machines) + 0.2), squeeze=False,
        gridspec_kw={"width_ratios": [1] * filters + [1.3, 1.3]},
    )
    for row, (name, (W, p)) in zip(grid, machines.items(), strict=True):
        side = round(W.shape[1] ** 0.5)
        top = np.abs(W[:filters]).max()
        for ax, image in zip(row, W[:filters], strict=False):
            ax.imshow(image.reshape(side, side), vmin=-top, vmax=top, cmap="course_diverging")
            ax.set(xticks=[], yticks=[])
            for spine in ax.spines.values():
                spine.set(visible=True, color=COLORS["line"], linewidth=0.8)
        row[0].set_title(" ", fontsize=11)  # room for the name, which may be as long as the row
        row[0].annotate(name, (0, 1), xytext=(0, 5), xycoords="axes fraction", textcoords="offset points",
                        fontsize=11).set_in_layout(False)
        counts, edges = np.histogram(W.clip(-widest, widest), bins=41, range=(-widest, widest))
        row[filters].stairs(counts + 0.5, edges, color=COLORS["ink"], fill=True, alpha=0.75)
        row[filters].set(yscale="log", yticks=[], xticks=[-1, 0, 1], ylim=(0.5, W.size))
        row[filters].yaxis.set_minor_formatter(NullFormatter())
        row[filters].tick_params(axis="y", which="both", length=0)
        row[filters].spines["left"].set_visible(False)
        row[-1].plot(np.linspace(0, 1, len(p)), np.sort(p), color=COLORS["hidden"], clip_on=False, linewidth=2.5)
        row[-1].set(ylim=(0, 1), xlim=(0, 1), yticks=[0, 1], xticks=[])
        for ax in row[filters:]:
            ax.tick_params(labelsize=10, pad=1)
            if ax.get_subplotspec().rowspan.stop < len(grid):
                ax.tick_params(labelbottom=False)
    grid[-1, filters].set_xlabel("weight", fontsize=10)
    grid[-1, -1].set_xlabel("units, sorted", fontsize=10)
    grid[0, filters].set_title("how many", fontsize=10)
    grid[0, -1].set_title("how often on", fontsize=10)
    return grid


def method_dots(names: Sequence[str], careful: np.ndarray, errors: np.ndarray, quick: np.ndarray) -> Axes:
    """Methods, one a row: a careful measurement with its standard error, and a quick one of the same thing.

    careful, errors, quick: (n,), in nats
    """
    _, ax = plt.subplots(figsize=(6.4, 0.5 * len(names) + 1.1))
    rows = np.arange(len(names))[::-1]
    ax.hlines(rows, careful, quick, color=COLORS["bound"], linestyle=":", linewidth=1.5)
    ax.plot(quick, rows, "s", color=COLORS["bound"], markerfacecolor=COLORS["paper"], markersize=7, markeredgewidth=1.8)
    ax.errorbar(careful, rows, xerr=errors, fmt="o", color=COLORS["ink"], markersize=6, elinewidth=1.6, capsize=3)
    widest = int(np.argmax(np.abs(careful - quick)))  # both are named where they are far apart
    for x, name, colour in ((careful, "10,000 temperatures", "ink"), (quick, "500", "bound_text")):
        ax.annotate(name, (x[widest], rows[widest]), xytext=(0, 9), textcoords="offset points", ha="center",
                    fontsize=10, color=COLORS[colour])
    ax.set(yticks=rows, yticklabels=names, ylim=(-0.7, len(names) - 0.3), xlabel="log-likelihood of test digits (nats)")
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.margins(x=0.08)
    return ax


def two_functions(ax: Axes, t: np.ndarray, exact: np.ndarray, places: np.ndarray, other: np.ndarray,
                  names: tuple[str, str]) -> Axes:
    """A curve and what somebody else returns for it at a few places, joined by how far they are apart.

    t, exact: (n,), the curve; places, other: (m,), the points; names: of curve and points
    """
    ax.plot(t, exact, color=COLORS["ink"])
    at = np.interp(places, t, exact)
    ax.vlines(places, np.minimum(at, other), np.maximum(at, other), color=COLORS["bound"], linestyle=":")
    ax.plot(places, other, "s", color=COLORS["bound"], markersize=7)
    ax.annotate(names[0], (t[len(t) // 3], exact[len(t) // 3]), xytext=(-6, 6), textcoords="offset points",
                ha="right", color=COLORS["ink"])
    ax.annotate(names[1], (places[1], other[1]), xytext=(9, -4), textcoords="offset points",
                color=COLORS["bound_text"], va="top")
    return ax


def run_still(filters: np.ndarray, dreams: np.ndarray, title: str) -> Figure:
    """One moment of a training run: filters above, samples below.

    filters, dreams: (n, pixels) -> the figure
    """
    side = round(filters.shape[1] ** 0.5)
    figure, axes = new_figure(6.0, 3.6, nrows=2, ncols=len(filters), squeeze=False)
    for ax, image in zip(axes[0], filters, strict=True):
        top = np.abs(image).max()
        ax.imshow(image.reshape(side, side), vmin=-top, vmax=top, cmap="course_diverging")
    for ax, image in zip(axes[1], dreams, strict=True):
        ax.imshow(image.reshape(side, side), vmin=0, vmax=1, cmap="gray_r")
    for ax in axes.ravel():
        ax.set(xticks=[], yticks=[])
        for spine in ax.spines.values():
            spine.set(visible=True, color=COLORS["line"], linewidth=0.8)
    axes[0, 0].set_ylabel("filters")
    axes[1, 0].set_ylabel("dreams")
    figure.suptitle(title, fontsize=12)
    return figure
