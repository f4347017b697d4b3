"""Pictures of autoencoders: the hourglass, where codes lie, the width of the bottleneck."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lecture_lib.figures.style import COLORS, new_figure


def hourglass(ax: Axes, n_visible: int = 7, n_latent: int = 2) -> Axes:
    """An autoencoder: x in the bottom row, the few units of the code above, the reconstruction again below."""
    left, right = np.arange(n_visible) * 1.0, n_visible + 3.0 + np.arange(n_visible)
    middle = (left.mean() + right.mean()) / 2
    top = middle + 1.3 * (np.arange(n_latent) - (n_latent - 1) / 2)
    for ends in left, right:
        for i in ends:
            for k in top:
                ax.plot([i, k], [0, 3], color=COLORS["line"], linewidth=0.9, zorder=1)
    for x, y, kind in (left, 0, "visible"), (top, 3, "hidden"), (right, 0, "visible"):
        faces = COLORS["paper"] if x is right else COLORS[kind]
        ax.plot(x, np.full_like(x, y), "o", markersize=13, markerfacecolor=faces,
                markeredgecolor=COLORS[kind], markeredgewidth=2, zorder=3)
    words: Any = {"va": "center", "fontsize": 12}
    ax.text(left.mean(), -0.75, "image x", ha="center", color=COLORS["visible_text"], **words)
    ax.text(right.mean(), -0.75, "reconstruction r", ha="center", color=COLORS["visible_text"], **words)
    ax.text(middle, 3.7, "code z", ha="center", color=COLORS["hidden_text"], **words)
    for x, word, ha in (left.mean() + 0.2, "encoder f", "right"), (right.mean() - 0.2, "decoder g", "left"):
        ax.text(x, 2.2, word, ha=ha, **words)
    ax.set(xlim=(left[0] - 0.6, right[-1] + 0.6), ylim=(-1.1, 4.1))
    ax.set_axis_off()
    return ax


def code_map(ax: Axes, codes: np.ndarray, labels: np.ndarray, radius: float = 2.0) -> Axes:
    """Codes in the plane, each class named at its middle, and a dashed circle where N(0, I) would put them.

    codes: (n, 2); labels: (n,) of int; radius: of the circle, 2 holds 86 % of N(0, I)
    """
    ax.plot(*codes.T, "o", color=COLORS["hidden"], markersize=2.5, markeredgewidth=0, alpha=0.6)
    angle = np.linspace(0, 2 * np.pi, 121)
    ax.plot(radius * np.cos(angle), radius * np.sin(angle), "--", color=COLORS["ink"], linewidth=1.6)
    halo = [patheffects.withStroke(linewidth=4, foreground=COLORS["paper"])]
    for label in np.unique(labels):
        x, y = np.median(codes[labels == label], 0)
        ax.text(x, y, str(label), ha="center", va="center", fontsize=13,
                fontweight="bold", path_effects=halo)
    ax.set(xlabel="z₁", ylabel="z₂", aspect="equal")
    return ax


def bottleneck_still(
    pictures: Sequence[np.ndarray], titles: Sequence[str], code: np.ndarray, errors: dict[str, np.ndarray]
) -> Figure:
    """Pictures side by side; below them the code as bars, and how the error falls as the code grows wider.

    pictures: (64,) each, with a title each; code: (K,); errors: name -> (widths,), for width 1, 2, ...
    """
    side = round(pictures[0].size ** 0.5)
    figure, axes = new_figure(6.4, 4.2, nrows=2, ncols=len(pictures), height_ratios=(1.3, 1))
    for ax, picture, title in zip(axes[0], pictures, titles, strict=True):
        ax.imshow(picture.reshape(side, side), vmin=0, vmax=1)
        ax.set(xticks=[], yticks=[])
        ax.set_xlabel(title, fontsize=10)
        for spine in ax.spines.values():
            spine.set(visible=True, color=COLORS["line"], linewidth=0.8)
    axes[1, 0].bar(np.arange(1, len(code) + 1), code, color=COLORS["hidden"], width=0.6)
    axes[1, 0].axhline(0, color=COLORS["faint"], linewidth=1)
    axes[1, 0].set(xlabel="code z", xticks=np.arange(1, len(code) + 1))
    grid = axes[1, 1].get_gridspec()
    for ax in axes[1, 1:]:
        ax.remove()
    curve = figure.add_subplot(grid[1, 1:])
    for (name, error), dash in zip(errors.items(), ("-", "--"), strict=True):
        width = np.arange(1, len(error) + 1)
        curve.plot(width, error, dash, color=COLORS["ink"])
        curve.annotate(name, (width[-1], error[-1]), xytext=(4, 0), textcoords="offset points", va="center",
                       fontsize=10, annotation_clip=False)
    curve.axvline(len(code), color=COLORS["line"], linewidth=1, zorder=0)
    curve.set(xlabel="width K", ylabel="squared error", ylim=(0, None))
    return figure
