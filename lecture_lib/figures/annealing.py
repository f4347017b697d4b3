"""Pictures of annealed importance sampling: its paths, its estimates, and what they are compared with."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lecture_lib.figures.style import COLORS, new_figure


def annealing_stages(axes: Sequence[Axes], stages: Mapping[str, np.ndarray]) -> Sequence[Axes]:
    """The distributions between base and model as bars over all states, one panel each, on one scale.

    stages: name -> (S,) probabilities
    """
    top = 1.1 * max(p.max() for p in stages.values())
    for ax, (name, p) in zip(axes, stages.items(), strict=True):
        ax.bar(np.arange(len(p)), p, width=1, color=COLORS["ink"])
        ax.set(xticks=[], ylim=(0, top), xlim=(-1, len(p)), yticks=[])
        ax.annotate(name, (0.02, 0.92), xycoords="axes fraction", va="top",
                    path_effects=[patheffects.withStroke(linewidth=3, foreground=COLORS["paper"])])
        ax.spines["left"].set_visible(False)
    axes[-1].set_xlabel(f"all {len(p)} states, in binary order")
    return axes


def annealing_paths(ax: Axes, fractions: np.ndarray, exact: np.ndarray, paths: np.ndarray, estimate: float) -> Axes:
    """log Z of each stage, exactly, and what each chain has so far taken it for.

    fractions: (n + 1,) from 0 to 1; exact: (n + 1,); paths: (n_chains, n + 1); estimate: of log Z
    """
    ax.plot(fractions, paths.T, color=COLORS["model"], linewidth=0.9, alpha=0.55)
    ax.plot(fractions, exact, color=COLORS["ink"], linewidth=2.8)
    ax.plot([1], [estimate], "D", color=COLORS["bound"], markersize=9, markeredgecolor=COLORS["ink"], clip_on=False,
            zorder=5)
    ax.set(xlim=(0, 1.02), xlabel="annealing fraction λ", ylabel="log Z of the stage (nats)")
    return ax


def estimates_against_truth(
    ax: Axes, counts: Sequence[int], estimates: np.ndarray, truth: float, *, label: str,
    mean_log: Sequence[float] | None = None,
) -> Axes:
    """Estimates of log Z, one column a number of temperatures, and the exact value as a line.

    counts: (C,); estimates: (C, runs); mean_log: (C,), where one chain lands on average
    """
    ax.axhline(truth, color=COLORS["ink"], linewidth=2)
    ax.annotate(label, (counts[-1], truth), xytext=(0, 6), textcoords="offset points", ha="right")
    for count, column in zip(counts, estimates, strict=True):
        ax.plot(np.full(len(column), count), column, "o", color=COLORS["bound"], markersize=6, alpha=0.75,
                markeredgewidth=0)
    if mean_log is not None:
        ax.plot(counts, mean_log, "--", color=COLORS["bound_text"], linewidth=1.5)
        middle = len(counts) // 2 - 1
        ax.annotate("one chain\non average", (counts[middle], mean_log[middle]), xytext=(10, -6), va="top",
                    textcoords="offset points", color=COLORS["bound_text"])
        ax.annotate("100 chains together", (counts[0], truth), xytext=(-6, 6), textcoords="offset points",
                    color=COLORS["bound_text"])
    ax.set(xscale="log", xticks=counts, xticklabels=[f"{count:,}" for count in counts],
           xlabel="temperatures", ylabel="log Z (nats)")
    ax.minorticks_off()
    return ax


def curves_and_truth(axes: Sequence[Axes], steps: np.ndarray, panels: Mapping[str, np.ndarray],
                     colours: Sequence[str]) -> Sequence[Axes]:
    """Several measures of one training run, one panel each on its own scale, best step of each marked.

    panels: name -> (len(steps),), higher is better; colours: keys of COLORS
    """
    for ax, (name, values), colour in zip(axes, panels.items(), colours, strict=True):
        ax.plot(steps, values, color=COLORS[colour])
        best = int(np.argmax(values))
        ax.plot(steps[best], values[best], "o", color=COLORS[colour], markersize=8, markeredgecolor=COLORS["ink"])
        ax.annotate("best", (steps[best], values[best]), xytext=(0, 9), textcoords="offset points", ha="center",
                    color=COLORS.get(f"{colour}_text", COLORS[colour]))
        ax.set_ylim(top=values.max() + 0.3 * np.ptp(values))
        ax.set_title(name, fontsize=11, loc="left")
        ax.set_ylabel("nats")
    for ax in axes[:-1]:
        ax.tick_params(labelbottom=False)
    axes[-1].set_xlabel("updates")
    return axes


def annealing_still(fractions: np.ndarray, exact: np.ndarray, paths: np.ndarray, estimate: float) -> Figure:
    """The paths of a few chains against the exact log Z of each stage: the still of the live figure."""
    figure, ax = new_figure(6.4, 3.6)
    annealing_paths(ax, fractions, exact, paths, estimate)
    ax.annotate("exact", (fractions[-1], exact[-1]), xytext=(-8, 6), textcoords="offset points", ha="right")
    return figure
