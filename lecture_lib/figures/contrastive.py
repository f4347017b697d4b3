"""Pictures of contrastive divergence: its chain, where it pushes, and how far from exact it is."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lecture_lib.figures.style import COLORS, new_figure


def gibbs_chain(ax: Axes, images: np.ndarray, hidden: np.ndarray) -> Axes:
    """A chain of block Gibbs sampling: visible states below, the hidden states between them above.

    images: (k + 1, pixels) in {0, 1}, the first is the data; hidden: (k, n_hidden) in {0, 1}
    """
    side = round(images[0].size ** 0.5)
    high, half = 1.45, 0.34
    for step, image in enumerate(images):
        kind = "ink" if step == 0 else "model"
        picture = ax.inset_axes((step - half, -half, 2 * half, 2 * half), transform=ax.transData)
        shades = np.where(image.reshape(side, side)[..., None] > 0,
                          _rgb(COLORS["visible"]), _rgb(COLORS["paper"]))
        picture.imshow(shades)
        picture.set(xticks=np.arange(side + 1) - 0.5, yticks=np.arange(side + 1) - 0.5)
        picture.grid(color=COLORS["line"], linewidth=0.7)
        picture.tick_params(length=0, labelbottom=False, labelleft=False)
        for spine in picture.spines.values():
            spine.set(visible=True, color=COLORS[kind], linewidth=2.4)
        last = step == len(images) - 1
        name = "x, data" if step == 0 else f"step {step}" + (": x̃" if last else "")
        ax.annotate(name, (step, -half), xytext=(0, -6), textcoords="offset points", ha="center",
                    va="top", color=COLORS["ink" if step == 0 else "model_text"])
    for step, state in enumerate(hidden):
        middle, n = step + 0.5, len(state)
        spread = min(0.62, 0.14 * (n - 1))
        across = middle + np.linspace(-spread / 2, spread / 2, n) if n > 1 else np.array([middle])
        ax.scatter(across, np.full(n, high), s=58, zorder=3, linewidth=1.6,
                   edgecolor=COLORS["hidden"], facecolor=[COLORS["hidden_text" if on else "paper"] for on in state])
        ax.annotate("h", (middle, high), xytext=(0, 8), textcoords="offset points", ha="center",
                    color=COLORS["hidden_text"])
        for start, end, words, at in (
            ((step + 0.08, half + 0.08), (middle - 0.12, high - 0.13), "p(h | x)", -1),
            ((middle + 0.12, high - 0.13), (step + 0.92, half + 0.08), "p(x | h)", 1),
        ):
            ax.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": COLORS["faint"], "lw": 1.6})
            if step == 0:
                ax.annotate(words, ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2), fontsize=10,
                            xytext=(7 * at, 0), textcoords="offset points", va="center",
                            ha="right" if at < 0 else "left", color=COLORS["faint"])
    ax.set(xlim=(-0.75, len(images) - 0.4), ylim=(-0.72, high + 0.32), aspect="equal")
    ax.set_axis_off()
    return ax


def push(axes: np.ndarray, states: np.ndarray, changes: Mapping[str, np.ndarray],
         weights: Mapping[str, np.ndarray], data: np.ndarray) -> np.ndarray:
    """What one update does to F of each state, as arrows, and below where it takes its samples.

    changes: name -> (S,) change of F in nats, down is more probable; weights: the same names ->
    (S,) probabilities of the negative sample; data: (S,) shares of the data; a column a name
    """
    (above, below), reach = axes, 1.15 * max(abs(c).max() for c in changes.values())
    top = 1.15 * max(q.max() for q in weights.values())
    positions = np.arange(len(states))
    for upper, lower, (name, change) in zip(above, below, changes.items(), strict=True):
        for position, value in zip(positions, change, strict=True):
            colour = COLORS["ink" if data[position] > 0 else "model"]
            if abs(value) < 0.08 * reach:  # too short for an arrow
                upper.plot([position] * 2, [0, value], color=colour, linewidth=3.5, solid_capstyle="butt")
                continue
            upper.annotate("", (position, value), (position, 0), arrowprops={
                "arrowstyle": "-|>", "lw": 2.4, "mutation_scale": 9, "shrinkA": 0, "shrinkB": 0,
                "color": colour})
        upper.axhline(0, color=COLORS["line"], linewidth=1, zorder=0)
        upper.set(ylim=(-reach, reach), xlim=(-0.8, len(states) - 0.2), xticks=[])
        upper.set_title(name, fontsize=11)
        lower.bar(positions, weights[name], width=0.7, color=COLORS["model"])
        lower.plot(positions[data > 0], np.zeros((data > 0).sum()), "v", color=COLORS["ink"], markersize=8,
                   clip_on=False, zorder=4)
        lower.set(ylim=(0, top), xticks=[], xlim=(-0.8, len(states) - 0.2))
        for ax in (upper, lower):
            ax.spines["bottom"].set_visible(False)
    above[0].set_ylabel("change of F")
    below[0].set_ylabel("x̃ ends at")
    return axes


def bias_and_divergence(axes: Sequence[Axes], bias: np.ndarray, divergence: np.ndarray) -> Sequence[Axes]:
    """The norm of CD-k's bias, k = 1, ..., and the KL divergence of its chain, k = 0, 1, ...

    bias: (n,); divergence: (n + 1,) in nats
    """
    left, right = axes
    k = np.arange(1, len(bias) + 1)
    left.plot(k, bias, "o-", color=COLORS["bound"], markersize=7)
    worst = int(np.argmax(bias[1:] / bias[:-1])) + 1
    left.annotate("it rises", (k[worst], bias[worst]), xytext=(0, 9), textcoords="offset points",
                  ha="center", color=COLORS["bound_text"])
    left.set(ylim=(0, 1.2 * bias.max()), xlabel="k", ylabel="norm of the bias", xticks=k)
    right.plot(np.arange(len(divergence)), divergence, "s-", color=COLORS["ink"], markersize=6)
    right.set(yscale="log", xlabel="k", ylabel="KL divergence (nats)", xticks=np.arange(len(divergence)))
    right.minorticks_off()
    return axes


def contrastive_still(states: np.ndarray, before: np.ndarray, after: np.ndarray, q: np.ndarray,
                      p: np.ndarray, bias: np.ndarray, data: int) -> Figure:
    """F before and after an update, where CD's chain ends and p, and the bias: the still of the live figure.

    states: (S, 4); before, after: (S,) in nats; q, p: (S,); bias: (n,); data: place of the data's state
    """
    from lecture_lib.figures.learning import state_pictures

    figure, (upper, middle, lower) = new_figure(6.4, 6.0, nrows=3, height_ratios=(3, 2, 1.6))
    positions = np.arange(len(states))
    upper.hlines(before, positions - 0.35, positions + 0.35, color=COLORS["faint"], linewidth=1.5)
    for position, (start, end) in enumerate(zip(before, after, strict=True)):
        upper.annotate("", (position, end), (position, start), arrowprops={
            "arrowstyle": "-|>", "lw": 2, "shrinkA": 0, "shrinkB": 0,
            "color": COLORS["ink" if position == data else "model"]})
    upper.set(ylabel="F(x) (nats)", xticks=[], xlim=(-0.6, len(states) - 0.4))
    upper.spines["bottom"].set_visible(False)
    middle.bar(positions, q, width=0.66, color=COLORS["model"])
    middle.hlines(p, positions - 0.42, positions + 0.42, color=COLORS["ink"], linewidth=2.5)
    middle.set_ylabel("x̃ (bars), p (lines)")
    state_pictures(middle, states, marked=positions == data)
    lower.plot(np.arange(1, len(bias) + 1), bias, "o-", color=COLORS["bound"], markersize=4)
    lower.set(xlabel="Gibbs steps k", ylabel="bias of CD-k", ylim=(0, 1.1 * bias.max()))
    return figure


def _rgb(colour: str) -> np.ndarray:
    return np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])


def bias_curves(ax: Axes, k: np.ndarray, curves: Mapping[str, np.ndarray], places: Sequence[int]) -> Axes:
    """The norm of the bias against the number of Gibbs steps, both logarithmic, one curve a machine.

    k: (n,); curves: name -> (n,); places: for each curve, where along it its name stands
    """
    for rank, ((name, norms), place) in enumerate(zip(curves.items(), places, strict=True)):
        colour = ("visible", "hidden", "ink")[rank % 3]
        ax.plot(k, norms, color=COLORS[colour], linestyle=("-.", "--", "-")[rank % 3])
        ax.annotate(name, (k[place], norms[place]), xytext=(6, 5), textcoords="offset points",
                    color=COLORS.get(f"{colour}_text", COLORS[colour]))
    ax.set(xscale="log", yscale="log", ylim=(1e-5, 0.3), xlim=(0.9, k[-1] * 1.05), xticks=[1, 3, 10, 30, 100],
           xticklabels=["1", "3", "10", "30", "100"], xlabel="Gibbs steps k", ylabel="norm of the bias")
    ax.minorticks_off()
    return ax
