"""Pictures of bounds: q against the posterior, and log p(x) as the sum of bound and gap."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lecture_lib.figures.style import COLORS, new_figure


def bound_ledger(ax: Axes, parts: np.ndarray, names: Sequence[str]) -> Axes:
    """Five bars that add up: average + entropy = bound, bound + gap = log p(x).

    parts: (5,), the fields of `exact.EvidenceBound`, in nats; names: of the five bars
    """
    average, entropy, bound, gap, evidence = parts
    ends = [(0, average), (average, bound), (0, bound), (bound, evidence), (0, evidence)]
    colours = ["visible", "hidden", "bound", "bound", "ink"]
    reach = max(max(pair) for pair in ends) - min(min(pair) for pair in ends)
    for place, ((start, end), colour) in enumerate(zip(ends, colours, strict=True)):
        hollow = place == 3
        ax.bar(place, end - start, bottom=start, width=0.62, linewidth=2 if hollow else 0.8,
               facecolor="none" if hollow else COLORS[colour], zorder=3,
               edgecolor=COLORS["bound"] if hollow else COLORS["ink"], linestyle="--" if hollow else "-")
        step = place in (1, 3)
        down = not step and end >= 0
        value = parts[place]
        words = f"{'+' if step and value >= 0 else ''}{value:.2f}".replace("-", "−")
        ax.annotate(words, (place, max(start, end) if down else min(start, end)), ha="center", fontweight="bold",
                    xytext=(0, 4 if down else -4), textcoords="offset points", va="bottom" if down else "top",
                    zorder=5, path_effects=[patheffects.withStroke(linewidth=3, foreground=COLORS["paper"])])
    for place, level in enumerate((average, bound, bound, evidence)):
        ax.plot([place - 0.31, place + 1.31], [level] * 2, color=COLORS["faint"], linestyle=":", linewidth=1.2)
    ax.axhline(0, color=COLORS["line"], linewidth=1, zorder=0)
    low, high = min(min(pair) for pair in ends), max(max(pair) for pair in ends)
    ax.set(xlim=(-0.5, 4.5), ylim=(low - 0.17 * reach, high + 0.12 * reach), ylabel="nats")
    ax.set_xticks(range(5), list(names))
    ax.tick_params(axis="x", length=0)
    ax.spines["bottom"].set_visible(False)
    return ax


def posterior_and_q(ax: Axes, z: np.ndarray, posterior: np.ndarray, qs: Mapping[str, np.ndarray]) -> Axes:
    """The exact posterior density over one latent number, filled, and one or more q over it, dashed.

    z, posterior: (N,); qs: name -> (N,), each named at its peak
    """
    ax.fill_between(z, posterior, color=COLORS["line"], alpha=0.5, linewidth=0)
    ax.plot(z, posterior, color=COLORS["ink"])
    peak = int(np.flatnonzero(posterior > 0.999 * posterior.max())[-1])
    ax.annotate("posterior", (z[peak], posterior[peak]), xytext=(8, 2), textcoords="offset points", ha="left",
                path_effects=[patheffects.withStroke(linewidth=3, foreground=COLORS["paper"])])
    for (name, q), dash in zip(qs.items(), ("--", "-.", ":"), strict=False):
        ax.plot(z, q, color=COLORS["bound_text"], linestyle=dash, linewidth=2.2)
        top = int(np.argmax(q))
        ax.annotate(name, (z[top], q[top]), xytext=(0, 4), textcoords="offset points", ha="center",
                    color=COLORS["bound_text"],
                    path_effects=[patheffects.withStroke(linewidth=3, foreground=COLORS["paper"])])
    highest = max(posterior.max(), *(q.max() for q in qs.values()))
    ax.set(xlabel="latent z", xlim=(z[0], z[-1]), ylim=(0, 1.18 * highest), yticks=[])
    ax.spines["left"].set_visible(False)
    return ax


def posterior_and_q_states(ax: Axes, names: Sequence[str], posterior: np.ndarray, q: np.ndarray) -> Axes:
    """The exact probabilities of hidden states as black bars, those of q beside them in the bounds' colour.

    names: of the S states; posterior, q: (S,)
    """
    places = np.arange(len(names))
    for shift, values, colour, words in ((-0.19, posterior, "ink", "p(h | x)"), (0.19, q, "bound", "q(h)")):
        ax.bar(places + shift, values, width=0.36, color=COLORS[colour], edgecolor=COLORS["ink"], linewidth=0.8)
        for place, value in zip(places, values, strict=True):
            ax.annotate(f"{value:.2f}", (place + shift, value), xytext=(0, 3), textcoords="offset points", ha="center",
                        fontsize=10)
        tallest = int(np.argmax(values))
        ax.annotate(words, (tallest + shift, values[tallest]), xytext=(0, 17), textcoords="offset points", ha="center",
                    color=COLORS.get(f"{colour}_text", COLORS[colour]))
    ax.set_xticks(places, [f"h = {name}" for name in names])
    ax.set(ylim=(0, 1.35 * max(posterior.max(), q.max())), yticks=[])
    ax.tick_params(axis="x", length=0)
    ax.spines["left"].set_visible(False)
    return ax


def bound_still(z: np.ndarray, posterior: np.ndarray, q: np.ndarray, parts: np.ndarray, names: Sequence[str]) -> Figure:
    """Posterior and q over one latent number, and the bars of the bound: the still of a live figure.

    z, posterior, q: (N,); parts: (5,); names: of the five bars
    """
    figure, (upper, lower) = new_figure(6.4, 5.2, nrows=2, height_ratios=(2, 3))
    posterior_and_q(upper, z, posterior, {"q": q})
    bound_ledger(lower, parts, names)
    return figure


def states_still(states: Sequence[str], posterior: np.ndarray, q: np.ndarray, parts: np.ndarray,
                 names: Sequence[str]) -> Figure:
    """Posterior and q over hidden states, and the bars of the bound: the still of a live figure.

    states: names of S states; posterior, q: (S,); parts: (5,); names: of the five bars
    """
    figure, (upper, lower) = new_figure(6.4, 5.2, nrows=2, height_ratios=(2, 3))
    posterior_and_q_states(upper, states, posterior, q)
    bound_ledger(lower, parts, names)
    return figure


def gaussian_ellipses(
    ax: Axes, mean: np.ndarray, covariances: Mapping[str, np.ndarray], colours: Sequence[str]
) -> Axes:
    """Gaussians over two latent numbers, each as its ellipses at 1 and 2 standard deviations.

    mean: (2,); covariances: name -> (2, 2); colours: keys of COLORS, the second and later dashed
    """
    turn = np.linspace(0, 2 * np.pi, 181)
    circle = np.stack([np.cos(turn), np.sin(turn)])
    for rank, ((name, covariance), colour) in enumerate(zip(covariances.items(), colours, strict=True)):
        root = np.linalg.cholesky(covariance)
        for radius in (1, 2):
            x, y = mean[:, None] + radius * root @ circle
            ax.plot(x, y, color=COLORS[colour], linestyle="--" if rank else "-", linewidth=2.4 if radius == 1 else 1.4)
        far, shift, side = (y.argmax(), (6, 5), "left") if rank == 0 else (y.argmin(), (-12, -16), "right")
        ax.annotate(name, (x[far], y[far]), xytext=shift, textcoords="offset points", ha=side,
                    color=COLORS.get(f"{colour}_text", COLORS[colour]), annotation_clip=False)
    ax.plot(*mean, "o", color=COLORS["ink"], markersize=5)
    ax.set(aspect="equal", xlabel="z₁", ylabel="z₂")
    return ax


def named_curves(ax: Axes, t: np.ndarray, curves: Mapping[str, np.ndarray], colours: Sequence[str],
                 places: Sequence[float]) -> Axes:
    """Curves over one axis, each named where it stands; dashed by rank.

    t: (N,); curves: name -> (N,); colours: keys of COLORS; places: where along t each name stands
    """
    for rank, ((name, values), colour, place) in enumerate(zip(curves.items(), colours, places, strict=True)):
        ax.plot(t, values, color=COLORS[colour], linestyle=("-", "--", "-.", ":")[rank % 4])
        ax.annotate(name, (place, np.interp(place, t, values)), xytext=(6, 3), textcoords="offset points",
                    color=COLORS.get(f"{colour}_text", COLORS[colour]),
                    path_effects=[patheffects.withStroke(linewidth=3, foreground=COLORS["paper"])])
    return ax
