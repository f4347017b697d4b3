"""Pictures of learning: the two phases, what a step does to each state, and when data and model agree."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lecture_lib.figures.style import COLORS, new_figure


def state_pictures(ax: Axes, states: np.ndarray, *, marked: np.ndarray | None = None) -> Axes:
    """Below an axis, one small picture for each of its positions 0, 1, ...; a data state has a dot.

    states: (S, 4) in {0, 1}, pictures of 2 x 2 pixels; marked: (S,) of bool
    """
    for position, state in enumerate(states):
        picture = ax.inset_axes((position - 0.3, -0.24, 0.6, 0.16), transform=ax.get_xaxis_transform())
        picture.imshow(state.reshape(2, 2), vmin=0, vmax=1)
        picture.set(xticks=[], yticks=[])
        for spine in picture.spines.values():
            spine.set(visible=True, color=COLORS["faint"], linewidth=0.8)
        if marked is not None and marked[position]:
            ax.plot(position, -0.33, "o", color=COLORS["ink"], markersize=6, clip_on=False,
                    transform=ax.get_xaxis_transform())
    ax.set(xlim=(-0.6, len(states) - 0.4), xticks=[])
    ax.spines["bottom"].set_visible(False)
    return ax


def phase_changes(axes: Sequence[Axes], states: np.ndarray, changes: Mapping[str, np.ndarray],
                  marked: np.ndarray) -> Sequence[Axes]:
    """By how much a step changes F of each 2 x 2 picture, a panel each: down is down.

    states: (S, 4); changes: name -> (S,) in nats; marked: (S,) of bool, the data, in black
    """
    for ax, (name, change) in zip(axes, changes.items(), strict=True):
        reach = 1.2 * abs(change).max()
        head = 0.14 * reach
        for position, (value, own) in enumerate(zip(change, marked, strict=True)):
            colour = COLORS["ink" if own else "model"]
            tip = np.sign(value) * min(head, abs(value))
            ax.plot([position] * 2, [0, value - tip], color=colour, linewidth=2.6, solid_capstyle="butt")
            ax.fill([position - 0.3, position, position + 0.3], [value - tip, value, value - tip],
                    color=colour, linewidth=0)
        ax.axhline(0, color=COLORS["line"], linewidth=1, zorder=0)
        ax.set(ylim=(-reach, reach), xlim=(-0.6, len(states) - 0.4), xticks=[], ylabel="change of F")
        ax.spines["bottom"].set_visible(False)
        ax.set_title(name, fontsize=11, loc="left")
    state_pictures(axes[-1], states, marked=marked)
    return axes


def cost_of_sums(ax: Axes, sizes: Mapping[str, int], *, terms_per_second: float = 1e9) -> Axes:
    """log10 of the number of terms of Z, a bar a machine, beside what a computer can add up.

    sizes: name -> units in the smaller layer
    """
    places = np.arange(len(sizes))[::-1]
    lengths = np.array(list(sizes.values())) * np.log10(2)
    ax.barh(places, lengths, height=0.5, color=COLORS["hidden"])
    for place, length in zip(places, lengths, strict=True):
        ax.annotate(f"10{_raised(int(length))}", (length, place), xytext=(5, 0), va="center",
                    textcoords="offset points", color=COLORS["hidden_text"],
                    path_effects=[patheffects.withStroke(linewidth=4, foreground=COLORS["paper"])])
    for words, seconds, top in (("a second", 1.0, 0.95), ("the age of the universe", 4.35e17, 0.8)):
        level = np.log10(seconds * terms_per_second)
        ax.axvline(level, ymax=top + 0.03, color=COLORS["faint"], linestyle="--", linewidth=1.2, zorder=0)
        ax.annotate(words, (level, top), xycoords=("data", "axes fraction"), xytext=(5, 0),
                    textcoords="offset points", color=COLORS["faint"], va="center")
    ax.set(xlim=(0, 1.12 * lengths.max()), ylim=(-0.5, len(sizes) + 0.4), xlabel="terms in Z, log₁₀")
    ax.set_yticks(places, [f"{name}, {size} units" for name, size in sizes.items()])
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    return ax


def _raised(number: int) -> str:
    return str(number).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))


def state_probabilities(axes: Sequence[Axes], panels: Mapping[str, np.ndarray], marked: np.ndarray,
                        *, floor: float = 1e-7) -> Sequence[Axes]:
    """Probabilities of all states of a small machine, data states as black rings, a panel each.

    panels: name -> (S,) in binary order; marked: (S,) of bool; below `floor` a state lies on it
    """
    order = np.arange(len(marked))
    share = 1 / marked.sum()
    for ax, (name, p) in zip(axes, panels.items(), strict=True):
        shown = np.maximum(p, floor)
        ax.axhline(share, color=COLORS["ink"], linewidth=1, linestyle="--")
        ax.plot(order[~marked], shown[~marked], ".", color=COLORS["model"], markersize=3.5)
        ax.plot(order[marked], shown[marked], "o", color=COLORS["ink"], markersize=6.5,
                markerfacecolor="none", markeredgewidth=1.8)
        ax.set(yscale="log", ylim=(floor / 2, 0.6), xticks=[], xlim=(-12, len(marked) + 11))
        ax.set_title(name, fontsize=11)
        ax.minorticks_off()
    axes[0].set_ylabel("p(x)")
    for ax in axes[1:]:
        ax.tick_params(labelleft=False)
    axes[len(axes) // 2].set_xlabel("all states, in binary order")
    return axes


def two_phases_still(states: np.ndarray, before: np.ndarray, after: np.ndarray, p: np.ndarray,
                     marked: np.ndarray) -> Figure:
    """F of each 2 x 2 picture before and after a step, and p(x) after it: the still of a live figure.

    states: (S, 4); before, after: (S,) in nats; p: (S,); marked: (S,) of bool, the data
    """
    figure, (upper, lower) = new_figure(6.4, 4.2, nrows=2, height_ratios=(3, 2))
    positions = np.arange(len(states))
    upper.hlines(before, positions - 0.35, positions + 0.35, color=COLORS["faint"], linewidth=1.5)
    for position, (start, end) in enumerate(zip(before, after, strict=True)):
        upper.annotate("", (position, end), (position, start), arrowprops={
            "arrowstyle": "-|>", "lw": 2, "shrinkA": 0, "shrinkB": 0,
            "color": COLORS["ink" if marked[position] else "model"]})
    upper.hlines(after, positions - 0.35, positions + 0.35, color=COLORS["ink"], linewidth=2.5)
    upper.set(ylabel="F(x) (nats)", xticks=[], xlim=(-0.6, len(states) - 0.4))
    upper.spines["bottom"].set_visible(False)
    lower.bar(positions, p, width=0.66, color=COLORS["model"])
    lower.plot(positions[marked], np.full(marked.sum(), 1 / marked.sum()), "o", color=COLORS["ink"])
    lower.set_ylabel("p(x)")
    state_pictures(lower, states, marked=marked)
    return figure


def learning_curves(ax: Axes, steps: Sequence[int] | range, curves: Mapping[str, Sequence[float]]) -> Axes:
    """One curve a setting, on a logarithmic scale, named at its end, names kept apart; dashed by rank."""
    ends = {name: float(np.log10(curve[-1])) for name, curve in curves.items()}
    low, high = (f(np.log10(np.concatenate([list(c) for c in curves.values()]))) for f in (np.min, np.max))
    gap, level = 0.085 * (high - low), -np.inf
    for rank, name in enumerate(sorted(curves, key=lambda name: ends[name])):
        level = max(ends[name], level + gap)
        colour, dash = ("ink", "visible", "hidden", "bound")[rank % 4], ("-", "--", "-.", ":")[rank % 4]
        ax.plot(steps, curves[name], color=COLORS[colour], linestyle=dash, linewidth=1.8)
        ax.annotate(name, (steps[-1], 10**level), xytext=(6, 0), textcoords="offset points", va="center",
                    color=COLORS.get(f"{colour}_text", COLORS[colour]), annotation_clip=False)
    ax.set(yscale="log", xlim=(0, steps[-1]))
    ax.minorticks_off()
    return ax
