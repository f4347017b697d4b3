"""Pictures of what one layer says about the other: the logistic function, probabilities unit by unit."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from lecture_lib.figures.style import COLORS


def logistic_curve(ax: Axes, t: np.ndarray, p: np.ndarray) -> Axes:
    """sigm(t) between its limits 0 and 1, with the slope 1/4 at t = 0 and a pair of mirrored points."""
    ax.axhline(0, color=COLORS["line"], linewidth=1, zorder=0)
    ax.axhline(1, color=COLORS["line"], linewidth=1, zorder=0)
    ax.plot(t[abs(t) < 2], 0.5 + t[abs(t) < 2] / 4, color=COLORS["faint"], linestyle="--", linewidth=1.5)
    ax.plot(t, p, color=COLORS["hidden"])
    for place in (-2.0, 2.0):
        height = float(np.interp(place, t, p))
        ax.plot(place, height, "o", color=COLORS["hidden"], markersize=6)
        ax.plot([place, place], [0, height], color=COLORS["line"], linewidth=1, zorder=0)
        ax.annotate(f"sigm({place:.0f}) = {height:.2f}".replace("-", "−"), (place, height),
                    xytext=(8, -12) if place > 0 else (-8, 8), textcoords="offset points",
                    ha="left" if place > 0 else "right", color=COLORS["hidden_text"])
    ax.annotate("slope ¼", (0, 0.5), xytext=(10, -12), textcoords="offset points",
                color=COLORS["faint"])
    ax.set(xlabel="input to the unit, t = log-odds (nats)", ylabel="probability of being on",
           yticks=[0, 0.5, 1], ylim=(-0.04, 1.08))
    return ax


def hidden_probabilities(
    ax: Axes, images: np.ndarray, probabilities: np.ndarray, groups: Sequence[str]
) -> Axes:
    """A row for each image: the image, then a square for each hidden unit whose area is p(h_j = 1 | x).

    images: (n, side * side); probabilities: (n, n_hidden); groups: n names, equal ones side by side
    """
    side = round(images.shape[1] ** 0.5)
    y = 0.0
    ticks = []
    for row, (image, chances, group) in enumerate(zip(images, probabilities, groups, strict=True)):
        if row and group != groups[row - 1]:
            y += 0.7
        ax.imshow(image.reshape(side, side), cmap="gray_r", vmin=0, vmax=1, zorder=2,
                  extent=(-1.75, -0.75, y + 0.5, y - 0.5))
        ax.add_patch(Rectangle((-1.75, y - 0.5), 1, 1, fill=False, edgecolor=COLORS["line"], linewidth=0.8, zorder=3))
        for j, chance in enumerate(chances):
            ax.add_patch(Rectangle((j - 0.5, y - 0.5), 1, 1, fill=False, edgecolor=COLORS["line"], linewidth=0.6))
            size = 0.94 * np.sqrt(chance)
            ax.add_patch(Rectangle((j - size / 2, y - size / 2), size, size, facecolor=COLORS["hidden"],
                                   edgecolor="none"))
        ticks.append((y, group if not row or group != groups[row - 1] else ""))
        y += 1.08
    n_hidden = probabilities.shape[1]
    ax.set(xlim=(-1.9, n_hidden - 0.4), ylim=(y - 0.4, -0.6), aspect="equal")
    ax.set_xticks(range(0, n_hidden, 5), [str(j + 1) for j in range(0, n_hidden, 5)])
    ax.set_yticks([place for place, _ in ticks], [name for _, name in ticks])
    ax.tick_params(length=0)
    ax.set_xlabel("hidden unit j")
    for spine in ax.spines.values():
        spine.set_visible(False)
    return ax
