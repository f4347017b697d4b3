"""Pictures of distributions: histograms and bars over states."""

from collections.abc import Mapping

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes

from lecture_lib.figures.style import COLORS


def histograms(ax: Axes, groups: Mapping[str, np.ndarray], colours: Mapping[str, str], *, bins: int = 40) -> Axes:
    """Histograms of several groups on one axis, each named beside its peak rather than in a legend.

    groups: name -> values; colours: name -> a key of COLORS; a group's outline is also dashed by rank
    """
    edges = np.linspace(min(v.min() for v in groups.values()), max(v.max() for v in groups.values()), bins + 1)
    tallest = 0.0
    for (name, values), dash in zip(groups.items(), ("-", "--", ":", "-."), strict=False):
        counts, _ = np.histogram(values, edges, density=True)
        colour = COLORS[colours[name]]
        ax.stairs(counts, edges, color=colour, linestyle=dash, linewidth=2)
        ax.stairs(counts, edges, color=colour, fill=True, alpha=0.15)
        peak = counts.argmax()
        ax.annotate(name, (edges[peak : peak + 2].mean(), counts[peak]), xytext=(0, 4),
                    textcoords="offset points", ha="center", color=COLORS.get(f"{colours[name]}_text", colour),
                    path_effects=[patheffects.withStroke(linewidth=4, foreground=COLORS["paper"])])
        tallest = max(tallest, counts.max())
    ax.set(ylim=(0, tallest * 1.15), yticks=[])
    ax.spines["left"].set_visible(False)
    return ax
