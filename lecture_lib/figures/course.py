"""The course at a glance: its four kinds of model and the path from one to the next."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from lecture_lib.figures.style import COLORS

_WIDTH, _HEIGHT, _GAP = 45.0, 41.0, 10.0  # of a tile, and between two of them


def course_path(ax: Axes) -> Axes:
    """The path of the course as four tiles: energy-based models, RBM, VAE and beta-VAE.

    -> the Axes, without frame; RBM and VAE are joined by a band: the inequality they share
    """
    right, top = _WIDTH + _GAP, _HEIGHT + _GAP
    tiles = {
        (0, top): ("1  Energy models", "low is probable", _landscape),
        (right, top): ("2  RBM", "hidden, summed out", _bipartite),
        (right, 0): ("3  VAE", "a code, inferred", _encoder_decoder),
        (0, 0): ("4  β-VAE", "a code one can read", _traversals),
    }
    _link(ax, (_WIDTH, top + 15), (right, top + 15), COLORS["ink"])
    _link(ax, (right, 15), (_WIDTH, 15), COLORS["ink"])
    ax.plot([right + 9] * 2, [_HEIGHT, top], color=COLORS["bound"], linewidth=7,
            solid_capstyle="butt")
    ax.text(right + 12, _HEIGHT + _GAP / 2, "one inequality", va="center",
            color=COLORS["bound_text"], fontsize=11, fontweight="bold")
    for (x, y), (title, line, picture) in tiles.items():
        ax.add_patch(FancyBboxPatch((x, y), _WIDTH, _HEIGHT, boxstyle="round,pad=0,rounding_size=2",
                                    facecolor=COLORS["paper"], edgecolor=COLORS["line"]))
        ax.text(x + 2.5, y + _HEIGHT - 3, title, va="top", fontsize=11.5, fontweight="bold")
        ax.text(x + 2.5, y + _HEIGHT - 10, line, va="top", fontsize=10.5)
        picture(ax, x + _WIDTH / 2, y + 12)
    ax.set(xlim=(-0.5, right + _WIDTH + 0.5), ylim=(-0.5, top + _HEIGHT + 0.5), aspect="equal")
    ax.set_axis_off()
    return ax


def _link(ax: Axes, start: tuple[float, float], end: tuple[float, float], colour: str) -> None:
    ax.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": colour, "lw": 2.5,
                                            "mutation_scale": 18, "shrinkA": 3, "shrinkB": 2})


def _units(ax: Axes, x: np.ndarray, y: float, kind: str) -> None:
    ax.plot(x, np.full_like(x, y), "o", color=COLORS[kind], markeredgecolor=COLORS["ink"],
            markeredgewidth=0.8, markersize=8, zorder=3)


def _landscape(ax: Axes, x: float, y: float) -> None:
    def height(t: np.ndarray) -> np.ndarray:
        return 11 * ((t / 9) ** 2 - 1) ** 2 + t / 6 - 7

    t = np.linspace(-12.6, 12.4, 101)
    ax.plot(x + t, y + height(t), color=COLORS["ink"])
    at = np.array([-10.6, -9.4, -8.3, 8.2, 9.4])
    ax.plot(x + at, y + height(at) + 1.8, "o", color=COLORS["ink"], markersize=5)
    ax.text(x - 16.5, y + 9, "E(x)", ha="center", fontsize=10.5, style="italic")


def _bipartite(ax: Axes, x: float, y: float) -> None:
    visible, hidden = x + np.linspace(-14, 14, 5), x + np.linspace(-9, 9, 3)
    for i in visible:
        for j in hidden:
            ax.plot([i, j], [y - 7, y + 7], color=COLORS["faint"], linewidth=0.9, zorder=1)
    _units(ax, visible, y - 7, "visible")
    _units(ax, hidden, y + 7, "hidden")
    ax.text(x - 16, y + 7, "h", ha="center", va="center", fontsize=10.5, style="italic")
    ax.text(x - 19, y - 7, "x", ha="center", va="center", fontsize=10.5, style="italic")


def _encoder_decoder(ax: Axes, x: float, y: float) -> None:
    three, two = np.array([-4.0, 0, 4]), np.array([-2.5, 2.5])
    _link(ax, (x - 12, y - 5), (x - 3, y + 6), COLORS["ink"])
    _link(ax, (x + 3, y + 6), (x + 12, y - 5), COLORS["ink"])
    _units(ax, x - 13 + three, y - 7, "visible")
    _units(ax, x + two, y + 7, "hidden")
    _units(ax, x + 13 + three, y - 7, "model")
    for at, height, name in ((-7.5, 7, "z"), (-20.2, -7, "x")):
        ax.text(x + at, y + height, name, ha="center", va="center", fontsize=10.5, style="italic")
    ax.text(x - 11.5, y + 1.5, "q", ha="center", fontsize=10.5, style="italic")
    ax.text(x + 11.5, y + 1.5, "p", ha="center", fontsize=10.5, style="italic")


def _traversals(ax: Axes, x: float, y: float) -> None:
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]])
    for height, grow, turn, name in ((6, 1, 0, "z₁"), (-6, 0, 1, "z₂")):
        _units(ax, np.array([x - 14.0]), y + height, "hidden")
        ax.text(x - 18.5, y + height, name, ha="center", va="center", fontsize=10.5, style="italic")
        for step in range(4):
            angle, size = turn * step * np.pi / 10, 1.4 + grow * step * 0.7 + (1 - grow) * 0.9
            rotation = [[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]
            shape = size * corners @ np.array(rotation) + [x - 6 + 7.5 * step, y + height]
            ax.fill(*shape.T, color=COLORS["model"], linewidth=0)
