"""Pictures of gradient estimators: where the randomness sits, how the estimates scatter, and what they cost."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Polygon

from lecture_lib.figures.style import COLORS, new_figure


def _node(ax: Axes, place: tuple[float, float], words: str, colour: str, *, drawn: bool) -> None:
    """A circle for what is drawn at random, a diamond for what is computed."""
    x, y = place
    if drawn:
        ax.add_patch(Circle(place, 0.34, facecolor=COLORS["paper"], edgecolor=COLORS[colour], linewidth=2.4, zorder=3))
    else:
        corners = [(x - 0.42, y), (x, y + 0.42), (x + 0.42, y), (x, y - 0.42)]
        ax.add_patch(Polygon(corners, facecolor=COLORS["paper"], edgecolor=COLORS[colour], linewidth=2, zorder=3))
    ax.annotate(words, place, ha="center", va="center_baseline", fontsize=13, zorder=4)


def _arrow(
    ax: Axes, start: tuple[float, float], end: tuple[float, float], *, back: bool, blocked: bool = False
) -> None:
    """A solid arrow of the computation, and beside it the dashed way back of a gradient, if it has one."""
    direction = np.subtract(end, start) / np.hypot(*np.subtract(end, start))
    first, last = np.add(start, 0.44 * direction), np.subtract(end, 0.44 * direction)
    ax.annotate("", last, first, arrowprops={"arrowstyle": "-|>", "color": COLORS["ink"], "lw": 1.6,
                                             "shrinkA": 0, "shrinkB": 0})
    if back:
        side = 0.16 * np.array([direction[1], -direction[0]])
        ax.annotate("", first + side, last + side, arrowprops={
            "arrowstyle": "-|>", "color": COLORS["hidden"], "lw": 1.8, "ls": (0, (3, 2)), "shrinkA": 0, "shrinkB": 0})
    if blocked:
        ax.plot(*((first + last) / 2), "x", color=COLORS["hidden_text"], markersize=15, markeredgewidth=3.5, zorder=5)


def reparameterization_graph(axes: Sequence[Axes]) -> Sequence[Axes]:
    """Where the randomness sits: left, z itself is drawn; right, the noise is an input and z is computed."""
    mu, sigma, z, f, eps = (0.0, 0.0), (1.5, 0.0), (0.75, 1.35), (0.75, 2.8), (2.25, 1.35)
    left, right = axes
    for ax in axes:
        _node(ax, mu, "μ", "ink", drawn=False)
        _node(ax, sigma, "σ", "ink", drawn=False)
        _node(ax, f, "f", "ink", drawn=False)
        ax.set(xlim=(-0.65, 2.75), ylim=(-0.6, 3.35), aspect="equal")
        ax.set_axis_off()
    _node(left, z, "z", "hidden", drawn=True)
    for start in (mu, sigma):
        _arrow(left, start, z, back=False, blocked=True)
    _arrow(left, z, f, back=True)
    _node(right, z, "z", "hidden", drawn=False)
    _node(right, eps, "ε", "model", drawn=True)
    for start in (mu, sigma):
        _arrow(right, start, z, back=True)
    _arrow(right, eps, z, back=False)
    _arrow(right, z, f, back=True)
    left.set_title("z is drawn", fontsize=12)
    right.set_title("z = μ + σ ε", fontsize=12)
    left.annotate("no way\nback", (1.35, 0.72), xytext=(12, 6), textcoords="offset points", color=COLORS["hidden_text"])
    return axes


def estimates_around(axes: Sequence[Axes], groups: Mapping[str, np.ndarray], exact: float,
                     colours: Sequence[str]) -> Sequence[Axes]:
    """Histograms of estimates, a panel each on one axis, with the exact value as a line.

    groups: name -> (n,); colours: keys of COLORS
    """
    reach = max(2.5 * max(values.std() for values in groups.values()), 1e-9)
    edges = np.linspace(exact - reach, exact + reach, 62)
    for ax, (name, values), colour in zip(axes, groups.items(), colours, strict=True):
        counts, _ = np.histogram(values, edges)
        ax.stairs(counts, edges, fill=True, color=COLORS[colour], alpha=0.75)
        ax.axvline(exact, color=COLORS["ink"], linewidth=2)
        ax.set(yticks=[], xlim=(edges[0], edges[-1]))
        ax.spines["left"].set_visible(False)
        ax.annotate(name, (0, 0.95), xycoords="axes fraction", va="top",
                    color=COLORS.get(f"{colour}_text", COLORS[colour]))
        ax.annotate(f"variance {values.var(ddof=1):.2f}", (1, 0.95), xycoords="axes fraction", ha="right", va="top")
    for ax in axes[:-1]:
        ax.tick_params(labelbottom=False)
    axes[-1].set_xlabel("estimate of the gradient")
    return axes


def variance_lines(ax: Axes, sizes: np.ndarray, exact: Mapping[str, np.ndarray], measured: Mapping[str, np.ndarray],
                   colours: Sequence[str]) -> Axes:
    """Variances against a size, both logarithmic: lines by formula, marks as measured, named at their ends.

    sizes: (n,); exact, measured: the same names -> (n,); colours: keys of COLORS
    """
    marks = zip(exact, colours, ("o", "s", "D", "^"), ("-", "--", "-.", ":"), strict=False)
    for name, colour, mark, dash in marks:
        ax.plot(sizes, exact[name], color=COLORS[colour], linestyle=dash, linewidth=1.8)
        ax.plot(sizes, measured[name], mark, color=COLORS[colour], markersize=6.5, markeredgecolor=COLORS["paper"])
        ax.annotate(name, (sizes[-1], exact[name][-1]), xytext=(8, 0), textcoords="offset points", va="center",
                    color=COLORS.get(f"{colour}_text", COLORS[colour]), annotation_clip=False,
                    path_effects=[patheffects.withStroke(linewidth=3, foreground=COLORS["paper"])])
    ax.set(xscale="log", yscale="log", ylabel="variance of an estimate", xticks=sizes,
           xticklabels=[str(int(size)) for size in sizes])
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    ax.minorticks_off()
    return ax


def estimators_still(groups: Mapping[str, np.ndarray], exact: float) -> Figure:
    """Histograms of three estimators around the exact gradient: the still of the live figure.

    groups: three names -> (n,)
    """
    figure, axes = new_figure(6.4, 4.2, nrows=3)
    estimates_around(axes, groups, exact, ["hidden", "bound", "faint"])
    return figure


def shares(ax: Axes, groups: Mapping[str, Sequence[float]], names: Sequence[str], colours: Sequence[str]) -> Axes:
    """Horizontal stacked bars, one a setting, the parts named above the longest.

    groups: name of a bar -> its parts; names, colours: of the parts
    """
    places = np.arange(len(groups))[::-1]
    parts = np.array(list(groups.values()))
    start, longest = np.zeros(len(groups)), int(parts.sum(1).argmax())
    for part, name, colour, hatch in zip(parts.T, names, colours, ("", "//", ".."), strict=False):
        ax.barh(places, part, left=start, height=0.56, color=COLORS[colour], hatch=hatch, edgecolor=COLORS["paper"])
        middle = start[longest] + part[longest] / 2
        ax.annotate(name, (middle, places[longest] + 0.3), ha="center", va="bottom", fontsize=11,
                    color=COLORS.get(f"{colour}_text", COLORS[colour]))
        start = start + part
    ax.set_yticks(places, list(groups))
    ax.tick_params(axis="y", length=0)
    ax.set(ylim=(-0.5, len(groups) - 0.15), xlim=(0, 1.05 * start.max()))
    ax.spines["left"].set_visible(False)
    return ax
