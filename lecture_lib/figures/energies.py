"""Pictures of energies over states: landscapes and what each part adds to them."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lecture_lib.figures.style import COLORS, new_figure


def softplus_curve(ax: Axes, t: np.ndarray, softplus: np.ndarray) -> Axes:
    """softplus(t) between the two lines it approaches, 0 and t."""
    ax.plot(t, np.maximum(t, 0), color=COLORS["faint"], linestyle="--", linewidth=1.5)
    ax.plot(t, softplus, color=COLORS["hidden"])
    ax.annotate("softplus(t)", (0, np.interp(0, t, softplus)), xytext=(-6, 10), textcoords="offset points", ha="right",
                color=COLORS["hidden_text"])
    ax.annotate("max(0, t)", (t[-1] / 2, t[-1] / 2), xytext=(8, -10), textcoords="offset points", color=COLORS["faint"])
    ax.set(xlabel="input to the hidden unit, t", ylabel="nats")
    return ax


def free_energy_parts(states: np.ndarray, visible: np.ndarray, hidden: np.ndarray) -> Figure:
    """F(x) of each 2 x 2 picture as a stack: the visible part, then what each hidden unit adds.

    states: (S, 4) in {0, 1}; visible: (S,); hidden: (S, n_hidden), none above 0; in nats
    """
    figure, ax = new_figure(6.4, 3.4)
    positions = np.arange(len(states))
    level = visible.copy()
    ax.hlines(level, positions - 0.35, positions + 0.35, color=COLORS["visible"], linewidth=3)
    for j, part in enumerate(hidden.T):
        ax.bar(positions, part, bottom=level, width=0.66, color=COLORS["hidden"],
               edgecolor=COLORS["paper"], linewidth=0.8)
        for position in np.flatnonzero(part < -1):
            ax.annotate(str(j + 1), (position, level[position] + part[position] / 2),
                        ha="center", va="center", fontsize=10, fontweight="bold")
        level = level + part
    ax.hlines(level, positions - 0.42, positions + 0.42, color=COLORS["ink"], linewidth=2.5)
    ax.axhline(0, color=COLORS["line"], linewidth=1, zorder=0)
    ax.set(xticks=[], ylabel="F(x) (nats)", xlim=(-0.6, len(states) - 0.4))
    ax.spines["bottom"].set_visible(False)
    for position, state in zip(positions, states, strict=True):
        picture = ax.inset_axes((position - 0.3, -0.12, 0.6, 0.1), transform=ax.get_xaxis_transform())
        picture.imshow(state.reshape(2, 2), vmin=0, vmax=1)
        picture.set(xticks=[], yticks=[])
        for spine in picture.spines.values():
            spine.set(visible=True, color=COLORS["faint"], linewidth=0.8)
    return figure
