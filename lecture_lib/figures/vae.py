"""Pictures of a VAE: its forward pass, its latent plane, and which of its latent units are in use."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lecture_lib.figures.style import COLORS, new_figure

_STAGES = {  # name: left, bottom, width, height in parts of the figure; what it is
    "x": (0.08, 0.04, 0.24, 0.27, "image"),
    "a": (0.04, 0.44, 0.32, 0.08, "hidden"),
    "mu": (0.04, 0.66, 0.32, 0.035, "signed"),
    "log_var": (0.04, 0.80, 0.32, 0.035, "signed"),
    "eps": (0.64, 0.92, 0.32, 0.035, "signed"),
    "z": (0.64, 0.73, 0.32, 0.035, "signed"),
    "a_decoder": (0.64, 0.44, 0.32, 0.08, "hidden"),
    "p": (0.68, 0.04, 0.24, 0.27, "image"),
}


def forward_pass(stages: Mapping[str, np.ndarray], titles: Mapping[str, str], terms: Mapping[str, str]) -> Figure:
    """One image on its way through a VAE: up the encoder at the left, down the decoder at the right.

    stages: x, a, mu, log_var, eps, z, a_decoder, p -> their numbers, one row each; titles: what is
    written above each; terms: kl, reconstruction and elbo, what is written where each is computed
    """
    figure = plt.figure(figsize=(4.7, 6.2), layout="none")
    for name, (left, bottom, width, height, kind) in _STAGES.items():
        ax, values = figure.add_axes((left, bottom, width, height)), stages[name]
        if kind == "image":
            side = round(values.size**0.5)
            ax.imshow(values.reshape(side, side), vmin=0, vmax=1, cmap="gray_r", aspect="auto")
        elif kind == "hidden":
            ax.imshow(values.reshape(8, -1), vmin=0, vmax=values.max(), cmap="gray_r", aspect="auto")
        else:
            ax.imshow(values.reshape(1, -1), vmin=-3, vmax=3, cmap="course_diverging", aspect="auto")
        ax.set(xticks=[], yticks=[])
        for spine in ax.spines.values():
            spine.set(visible=True, color=COLORS["line"], linewidth=0.8)
        ax.set_title(titles[name], fontsize=12, pad=3,
                     color=COLORS["visible_text" if name in ("x", "p") else "hidden_text"])
    page = figure.add_axes((0, 0, 1, 1), zorder=-1)
    page.set(xlim=(0, 1), ylim=(0, 1))
    page.axis("off")
    for start, end in (
        ((0.20, 0.385), (0.20, 0.435)), ((0.20, 0.575), (0.20, 0.655)),
        ((0.375, 0.685), (0.625, 0.74)), ((0.375, 0.82), (0.625, 0.755)), ((0.80, 0.915), (0.80, 0.825)),
        ((0.80, 0.725), (0.80, 0.585)), ((0.80, 0.435), (0.80, 0.375)),
    ):
        page.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": COLORS["faint"], "lw": 1.4,
                                                  "shrinkA": 0, "shrinkB": 0})
    page.annotate("encoder", (0.20, 0.605), xytext=(0.225, 0.605), va="center", fontsize=12, color=COLORS["faint"])
    page.annotate("decoder", (0.80, 0.64), xytext=(0.825, 0.64), va="center", fontsize=12, color=COLORS["faint"])
    for (x, y), name, colour in (((0.5, 0.61), "kl", "hidden_text"), ((0.5, 0.17), "reconstruction", "visible_text"),
                                 ((0.5, 0.40), "elbo", "bound_text")):
        page.annotate(terms[name], (x, y), ha="center", va="center", fontsize=12, linespacing=1.4,
                      color=COLORS[colour], fontweight="bold" if name == "elbo" else "normal")
    return figure


def manifold(ax: Axes, images: np.ndarray, columns: int) -> Axes:
    """Images in a grid without gaps, so that neighbours can be compared.

    images: (rows * columns, pixels), from the top left
    """
    side, rows = round(images.shape[1] ** 0.5), len(images) // columns
    sheet = images.reshape(rows, columns, side, side).transpose(0, 2, 1, 3).reshape(rows * side, columns * side)
    ax.imshow(sheet, vmin=0, vmax=1, cmap="gray_r", extent=(0, 1, 0, 1))
    ax.set(xticks=[], yticks=[])
    for spine in ax.spines.values():
        spine.set(visible=True, color=COLORS["line"], linewidth=0.8)
    return ax


def unit_bars(ax: Axes, kl: np.ndarray, threshold: float) -> Axes:
    """The mean KL of every latent unit, largest first; those below the threshold are crosses on the axis.

    kl: (n_latent,), in nats
    """
    kl = np.sort(kl)[::-1]
    places, used = np.arange(1, len(kl) + 1), kl >= threshold
    ax.bar(places[used], kl[used], width=0.75, color=COLORS["hidden"])
    ax.plot(places[~used], kl[~used], "x", color=COLORS["ink"], markersize=7, markeredgewidth=1.8, clip_on=False)
    if not used.all():
        ax.annotate(f"{(~used).sum()} not in use", (places[~used].mean(), 0), xytext=(0, 12), ha="center",
                    textcoords="offset points", fontsize=11)
    ax.set(xlim=(0.2, len(kl) + 0.8), ylabel="mean KL (nats)", xlabel="latent units, largest first")
    return ax


def water_level(ax: Axes, eigenvalues: np.ndarray, noise: float, shown: int) -> Axes:
    """Variances of principal directions above and below a level of noise; what is above it is used.

    eigenvalues: (n,), falling; noise: the level; shown: how many directions are drawn
    """
    values, places = eigenvalues[:shown], np.arange(1, min(shown, len(eigenvalues)) + 1)
    used = values > noise
    ax.vlines(places[used], noise, values[used], color=COLORS["hidden"], linewidth=4)
    ax.plot(places[used], values[used], "o", color=COLORS["hidden"], markersize=7)
    ax.plot(places[~used], values[~used], "o", color=COLORS["hidden"], markerfacecolor=COLORS["paper"], markersize=7,
            markeredgewidth=1.6)
    ax.axhline(noise, color=COLORS["ink"], linewidth=1.6, linestyle="--")
    halo = [patheffects.withStroke(linewidth=4, foreground=COLORS["paper"])]
    ax.annotate("noise σ²", (places[-1], noise), xytext=(0, 5), textcoords="offset points", ha="right",
                path_effects=halo)
    ax.annotate("used: the bar is the\ninformation it carries", (places[used][-1], values[used].max()), xytext=(4, 0),
                textcoords="offset points", va="top", color=COLORS["hidden_text"], fontsize=11)
    ax.annotate("collapsed", (places[~used].mean(), values[~used].mean()), xytext=(-14, -22), ha="right", fontsize=11,
                textcoords="offset points", color=COLORS["hidden_text"])
    ax.set(yscale="log", xlabel="principal direction", ylabel="variance of the data λⱼ", xlim=(0.2, places[-1] + 0.8))
    ax.minorticks_off()
    return ax


def latent_codes(ax: Axes, codes: np.ndarray, labels: Sequence[int], *, reach: float = 3.5) -> Axes:
    """Codes of images on a latent plane, each written as the digit that it is.

    codes: (n, 2); labels: n digits; reach: how far the plane goes from 0
    """
    for radius in (1, 2, 3):
        ax.add_patch(plt.Circle((0, 0), radius, fill=False, edgecolor=COLORS["line"], linewidth=0.8, zorder=0))
    for (x, y), label in zip(codes, labels, strict=True):
        if max(abs(x), abs(y)) < reach:
            ax.annotate(str(label), (x, y), ha="center", va="center", fontsize=7.5, color=COLORS["ink"])
    ax.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", xlabel="z₁", ylabel="z₂")
    return ax


def latent_plane_still(codes: np.ndarray, labels: Sequence[int], z: np.ndarray, image: np.ndarray) -> Figure:
    """The codes of test digits on the plane, one point among them, and the image decoded from it.

    codes: (n, 2); z: (2,); image: (pixels,)
    """
    side = round(image.size**0.5)
    figure, (left, right) = new_figure(6.4, 3.6, ncols=2, width_ratios=(1.25, 1))
    latent_codes(left, codes, labels)
    left.plot(*z, "o", color=COLORS["hidden"], markersize=13, markeredgecolor=COLORS["paper"], markeredgewidth=2)
    right.imshow(image.reshape(side, side), vmin=0, vmax=1, cmap="gray_r")
    right.set(xticks=[], yticks=[], xlabel="decoded")
    for spine in right.spines.values():
        spine.set(visible=True, color=COLORS["line"], linewidth=0.8)
    return figure


def plane_training_still(codes: np.ndarray, labels: Sequence[int], images: np.ndarray, title: str) -> Figure:
    """One moment of training: the codes of digits on the plane, and the plane decoded.

    codes: (n, 2); labels: n digits; images: (rows * rows, pixels), from the top left
    """
    figure, (left, right) = new_figure(6.4, 3.5, ncols=2)
    latent_codes(left, codes, labels)
    manifold(right, images, round(len(images) ** 0.5))
    right.set_xlabel("the plane, decoded")
    figure.suptitle(title, fontsize=12)
    return figure
