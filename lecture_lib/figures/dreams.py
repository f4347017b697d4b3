"""Pictures of digits that are partly given and partly dreamt by a machine."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from lecture_lib.figures.style import COLORS, new_figure


def dreamt_digits(given: np.ndarray, dreams: np.ndarray, titles: Sequence[str]) -> Figure:
    """What is given of a digit, and digits that a machine dreamt around it, side by side.

    Given pixels are dark squares, or in the first picture dots where they are given as 0; a dreamt
    pixel is a circle whose area is its probability, in steps of 1/8.
    given: (pixels,) in {-1, 0, 1}, -1 where nothing is given; dreams: (n, pixels) in [0, 1];
    titles: n + 1 of them
    """
    side = round(given.size**0.5)
    figure, axes = new_figure(6.4, 6.4 / len(titles) + 0.3, ncols=len(titles), squeeze=False)
    row, column = np.divmod(np.arange(given.size), side)
    cell = 72 * 6.4 / len(titles) / (side + 1)  # in points
    for ax, dream, title in zip(axes[0], [np.zeros(given.size), *dreams], titles, strict=True):
        levels = np.round(8 * dream)
        for level in range(1, 9):
            here = (levels == level) & (given < 0)
            ax.plot(column[here], row[here], "o", color=COLORS["model"], markeredgewidth=0,
                    markersize=cell * (level / 8) ** 0.5)
        ax.plot(column[given == 1], row[given == 1], "s", color=COLORS["ink"], markeredgewidth=0,
                markersize=cell)
        ax.set(xlim=(-0.6, side - 0.4), ylim=(side - 0.4, -0.6), xticks=[], yticks=[], xlabel=title,
               aspect="equal")
        for spine in ax.spines.values():
            spine.set(visible=True, color=COLORS["line"], linewidth=0.8)
    axes[0, 0].plot(column[given == 0], row[given == 0], "o", color=COLORS["faint"],
                    markeredgewidth=0, markersize=cell / 6)
    return figure
