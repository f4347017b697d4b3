"""Pictures of beta-VAEs: what each unit does, what it costs, and how the metrics spread over seeds."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from lecture_lib.figures.style import COLORS, new_figure


def _mosaic(images: np.ndarray) -> np.ndarray:
    """(rows, columns, pixels) as one picture, with a blank pixel between images."""
    rows, columns, pixels = images.shape
    side = round(pixels**0.5)
    framed = np.full((rows, columns, side + 2, side + 2), np.nan)
    framed[:, :, 1:-1, 1:-1] = images.reshape(rows, columns, side, side)
    return framed.transpose(0, 2, 1, 3).reshape(rows * (side + 2), columns * (side + 2))


def _panel(ax: Axes, images: np.ndarray, names: Sequence[str]) -> Axes:
    """Rows of images on one grey scale, hairlines between them, a name left of each row."""
    rows, columns, pixels = images.shape
    side = round(pixels**0.5) + 2
    ax.imshow(_mosaic(images), vmin=0, vmax=1, cmap="gray_r", interpolation="nearest")
    for edge in range(rows + 1):
        ax.axhline(edge * side - 0.5, color=COLORS["line"], linewidth=0.7)
    for edge in range(columns + 1):
        ax.axvline(edge * side - 0.5, color=COLORS["line"], linewidth=0.7)
    ax.set(xticks=[], yticks=(np.arange(rows) + 0.5) * side - 0.5)
    ax.set_yticklabels(names, fontsize=10)
    ax.tick_params(length=0, pad=3)
    for spine in ax.spines.values():
        spine.set_visible(False)
    return ax


def traversal_panels(panels: Mapping[str, tuple[np.ndarray, Sequence[str]]]) -> np.ndarray:
    """Traversals side by side: a panel for each model, a row for each unit, a column for each value.

    panels: title -> (images, (units, values, pixels); a name for each unit) -> array of Axes
    """
    _, axes = plt.subplots(1, len(panels), figsize=(6.4, 3.5), squeeze=False)
    for ax, (title, (images, names)) in zip(axes[0], panels.items(), strict=True):
        _panel(ax, images, names).set_title(title, fontsize=12)
    return axes[0]


def traversal_still(rows: Mapping[str, np.ndarray], values: np.ndarray) -> Figure:
    """One unit of each of several models from the least to the largest value: name -> (values, pixels)."""
    figure, ax = new_figure(6.4, 0.95 * len(rows) + 0.35)
    images = np.stack(list(rows.values()))
    _panel(ax, images, list(rows))
    side = images.shape[2] ** 0.5 + 2
    ax.set_xticks((np.arange(len(values)) + 0.5) * side - 0.5)
    ax.set_xticklabels([f"{value:g}".replace("-", "−") for value in values])
    return figure


def rate_distortion(
    ax: Axes, rate: np.ndarray, distortion: np.ndarray, betas: Sequence[float], *, tangent: float = 1.1
) -> Axes:
    """Runs in the plane of rate and distortion, their means joined, and at each mean a line of slope -beta.

    rate, distortion: (betas, seeds), in nats; tangent: half the length of the lines, in nats of rate
    """
    ax.plot(rate.T, distortion.T, "o", color=COLORS["hidden"], markersize=3.5, alpha=0.7)
    R, D = rate.mean(1), distortion.mean(1)
    ax.plot(R, D, color=COLORS["hidden"], linewidth=1.4)
    for beta, r, d in zip(betas, R, D, strict=True):
        half = min(tangent, 12 / beta)
        ax.plot([r - half, r + half], [d + beta * half, d - beta * half], color=COLORS["ink"], linewidth=1.2,
                linestyle="--")
        ax.annotate(f"β = {beta:g}", (r, d), xytext=(9, 7), textcoords="offset points", fontsize=11)
    ax.set(xlabel="rate R (nats an image)", ylabel="distortion (nats an image)", xlim=(0, None), ylim=(0, None))
    return ax


def seeds_and_intervals(
    ax: Axes, betas: Sequence[float], values: np.ndarray, mean: np.ndarray, half: np.ndarray
) -> Axes:
    """A metric over beta: each seed a dot, the mean a bar, its interval a bracket beside the dots.

    values: (betas, seeds); mean, half: (betas,)
    """
    places = np.arange(len(betas), dtype=float)
    n_seeds = values.shape[1]
    offsets = (np.arange(n_seeds) - (n_seeds - 1) / 2) * 0.07 - 0.12
    ax.plot((places[:, None] + offsets).ravel(), values.ravel(), "o", color=COLORS["hidden"], markersize=4.5)
    ax.errorbar(places + 0.22, mean, half, color=COLORS["ink"], fmt="_", markersize=14, markeredgewidth=2,
                capsize=4, elinewidth=1.4)
    ax.set_xticks(places)
    ax.set_xticklabels([f"{beta:g}" for beta in betas])
    ax.set(xlabel="β", xlim=(-0.5, len(betas) - 0.5))
    return ax


def information_table(ax: Axes, shares: np.ndarray, factors: Sequence[str], units: Sequence[str]) -> Axes:
    """What each unit knows of each factor, as a table of numbers, shaded.

    shares: (units, factors) in [0, 1], drawn with a row for each factor
    """
    n_units, n_factors = shares.shape
    for j, k in np.ndindex(n_units, n_factors):
        share = float(shares[j, k])
        ax.add_patch(Rectangle((j - 0.5, k - 0.5), 1, 1, facecolor=COLORS["hidden"], alpha=min(1, max(0, share)),
                               edgecolor="none"))
        ax.text(j, k, f"{share:.2f}".removeprefix("0"), ha="center", va="center", fontsize=11,
                fontweight="bold" if share > 0.3 else "normal")
    ax.set(xlim=(-0.5, n_units - 0.5), ylim=(n_factors - 0.5, -0.5))
    ax.set_xticks(range(len(units)))
    ax.set_xticklabels(units)
    ax.set_yticks(range(len(factors)))
    ax.set_yticklabels(factors)
    ax.tick_params(length=0)
    return ax


def drowned_units(ax: Axes, eigenvalues: np.ndarray, levels: Mapping[str, float]) -> Axes:
    """Variances of principal directions, and the level below which each weight of the KL term drowns them.

    eigenvalues: (n,), falling; levels: name -> level
    """
    places = np.arange(1, len(eigenvalues) + 1)
    ax.plot(places, eigenvalues, "o", color=COLORS["hidden"], markersize=6)
    ax.vlines(places, 0, eigenvalues, color=COLORS["hidden"], linewidth=1.5)
    for dash, (name, level) in zip(("-", "--", "-.", ":"), levels.items(), strict=False):
        ax.axhline(level, color=COLORS["ink"], linewidth=1.2, linestyle=dash)
        ax.annotate(name, (places[-1] + 1.9, level), xytext=(0, 3), textcoords="offset points", ha="right")
    ax.set(xlabel="principal direction", ylabel="variance λ", xlim=(0.4, places[-1] + 1.95))
    return ax


def rates_still(epochs: Sequence[int], rates: Mapping[str, np.ndarray]) -> Figure:
    """The rate of every unit against the epoch, a panel for each run: name -> (moments, units)."""
    figure, axes = new_figure(6.4, 2.4, ncols=len(rates), sharey=True, squeeze=False)
    for ax, (name, run) in zip(axes[0], rates.items(), strict=True):
        ax.plot(epochs[: len(run)], run, color=COLORS["hidden"], linewidth=1.6)
        ax.set(title=name, xlabel="epoch", ylim=(0, None))
    axes[0, 0].set_ylabel("rate of a unit (nats)")
    return figure
