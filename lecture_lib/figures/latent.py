"""Pictures of latent-variable models: the story of x, posteriors on a grid, the cost of sampling."""

from collections.abc import Sequence

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lecture_lib.figures.style import COLORS, new_figure

_HALO = [patheffects.withStroke(linewidth=3, foreground=COLORS["paper"])]


def generative_story(ax: Axes) -> Axes:
    """The story of one image: a code from the prior, through the decoder, and x from p(x|z); and its way back."""
    stations = [(0, "z", "z ~ p(z)", "code", "hidden"), (4, "g", "g(z)", "decoder", "faint"),
                (8, "x", "x ~ p(x | z)", "image", "visible")]
    for x, letter, formula, word, kind in stations:
        marker = "D" if letter == "g" else "o"
        ax.plot([x], [0], marker, markersize=26 if marker == "o" else 22, markeredgewidth=2.2,
                markerfacecolor=COLORS["paper"], markeredgecolor=COLORS[kind])
        ax.text(x, 0, letter, ha="center", va="center", fontsize=13, style="italic")
        ax.text(x, -1.15, formula, ha="center", va="center", fontsize=12)
        ax.text(x, 1.1, word, ha="center", va="center", fontsize=12)
    for start, end in ((0.75, 3.25), (4.75, 7.25)):
        ax.annotate("", (end, 0), (start, 0), arrowprops={"arrowstyle": "-|>", "color": COLORS["ink"], "lw": 2,
                                                          "mutation_scale": 18})
    ax.annotate("", (0.2, -1.65), (7.8, -1.65), arrowprops={
        "arrowstyle": "-|>", "color": COLORS["bound"], "lw": 2, "ls": "--", "mutation_scale": 18,
        "connectionstyle": "arc3,rad=-0.14"})
    ax.text(4, -2.9, "p(z | x): which codes did it come from?", ha="center", va="center", fontsize=12,
            color=COLORS["bound_text"])
    ax.set(xlim=(-1.4, 9.6), ylim=(-3.4, 1.6))
    ax.set_axis_off()
    return ax


def bayes_on_a_grid(axes: Sequence[Axes], z: np.ndarray, prior: np.ndarray, posteriors: np.ndarray) -> Sequence[Axes]:
    """Prior, dashed, and posterior, filled, over one latent number, a panel for each image.

    axes: (n,); z, prior: (N,); posteriors: (n, N)
    """
    for ax, posterior in zip(axes, posteriors, strict=True):
        ax.fill_between(z, posterior, color=COLORS["line"], alpha=0.5, linewidth=0)
        ax.plot(z, posterior, color=COLORS["ink"])
        ax.plot(z, prior, color=COLORS["hidden"], linestyle="--")
        ax.set(xlabel="latent z", xlim=(z[0], z[-1]), xticks=(-1, 0, 1), ylim=(0, None), yticks=[])
        ax.spines["left"].set_visible(False)
    return axes


def estimates_by_samples(ax: Axes, n_samples: np.ndarray, estimates: np.ndarray, exact: float) -> Axes:
    """Many runs of an estimate of log p(x) as samples come in, their mean, and the exact value.

    n_samples: (P,); estimates: (P, runs)
    """
    ax.plot(n_samples, estimates, color=COLORS["bound"], linewidth=0.8, alpha=0.5)
    ax.plot(n_samples, estimates.mean(1), color=COLORS["bound_text"], linewidth=2.5)
    ax.axhline(exact, color=COLORS["ink"], linewidth=1.6)
    ax.set_xscale("log", base=2)
    ax.annotate("exact log p(x)", (n_samples[0], exact), xytext=(0, 5), textcoords="offset points", path_effects=_HALO)
    middle = len(n_samples) // 2
    ax.annotate("mean of the estimates", (n_samples[middle], estimates[middle].mean()), xytext=(14, -28),
                textcoords="offset points", color=COLORS["bound_text"], path_effects=_HALO,
                arrowprops={"arrowstyle": "-", "color": COLORS["bound_text"]})
    ax.set(xlabel="samples S", ylabel="log p(x), estimated (nats)")
    return ax


def samples_needed(ax: Axes, K: np.ndarray, needed: dict[str, np.ndarray]) -> Axes:
    """How many samples an error costs, against the size of the code, on a log scale.

    K: (n,); needed: name -> (n,), NaN where the samples did not suffice; the first two are measured,
    a third is a prediction, drawn as a thin line
    """
    for rank, (name, values) in enumerate(needed.items()):
        measured = rank < 2
        ax.plot(K, values, color=COLORS["bound_text"] if measured else COLORS["ink"], linewidth=2 if measured else 1.2,
                linestyle=("-", "--", ":")[rank], marker="os "[rank], markersize=6)
        last = np.flatnonzero(np.isfinite(values))[-1]
        ax.annotate(name, (K[last], values[last]), xytext=(7, -2) if measured else (-12, 5), va="center",
                    ha="left" if measured else "right", textcoords="offset points", fontsize=11,
                    color=COLORS["bound_text"] if measured else COLORS["ink"], annotation_clip=False)
    ax.set_yscale("log", base=10)
    ax.set(xlabel="size of the code, K", ylabel="samples needed", xticks=K)
    return ax


def prior_samples_still(
    z: np.ndarray, prior: np.ndarray, posterior: np.ndarray, curve: np.ndarray,
    x: np.ndarray, draws: np.ndarray, places: np.ndarray, weights: np.ndarray,
) -> Figure:
    """Draws from the prior on a curve in the plane, large where they carry weight for x; below, the latent axis.

    z, prior, posterior: (N,); curve: (N, 2); x: (2,); draws, weights: (S,); places: (S, 2)
    """
    figure, (plane, axis) = new_figure(6.4, 5.0, nrows=2, height_ratios=(2, 1))
    plane.plot(*curve.T, color=COLORS["line"], linewidth=1.5)
    plane.scatter(*places.T, s=16 + 500 * weights, color=COLORS["model"], alpha=0.8, linewidths=0, zorder=3)
    plane.plot(*x, "x", color=COLORS["ink"], markersize=11, markeredgewidth=3, zorder=4)
    plane.set(xlim=(-3.6, 3.6), ylim=(-1.7, 1.7), aspect="equal", xlabel="x₁", ylabel="x₂")
    axis.fill_between(z, posterior, color=COLORS["line"], alpha=0.6, linewidth=0)
    axis.plot(z, posterior, color=COLORS["ink"])
    axis.plot(z, prior, color=COLORS["hidden"], linestyle="--")
    axis.plot(draws, np.zeros_like(draws), "|", color=COLORS["model"], markersize=14)
    axis.set(xlim=(-3, 3), xlabel="latent z", yticks=[], ylim=(-0.06 * posterior.max(), None))
    axis.spines["left"].set_visible(False)
    return figure
