"""Pictures of networks: units as circles, visible below and hidden above, factors as small squares.

A link's thickness is the size of its weight and a negative weight is dashed; a unit that is on is
filled. Units are numbered from 1, as in the text.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Arc, Circle, Rectangle

from lecture_lib.figures.style import COLORS, new_figure

RADIUS = 0.27
_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def subscript(name: str, *indices: int) -> str:
    """A name with small numbers: subscript("x", 3) is x₃; numbers above 9 are set apart."""
    between = " " if any(index > 9 for index in indices) else ""
    return name + between.join(str(index).translate(_SUBSCRIPTS) for index in indices)


def bipartite_positions(
    n_visible: int, n_hidden: int, *, gap: float = 1.0, height: float = 1.7
) -> tuple[np.ndarray, np.ndarray]:
    """Where the units of two layers stand: (n_visible, 2) in the row y = 0, (n_hidden, 2) above."""
    width = gap * (max(n_visible, n_hidden) - 1)

    def row(n: int, y: float) -> np.ndarray:
        step = (width + gap) / n
        return np.stack([(np.arange(n) + 0.5) * step - gap / 2, np.full(n, y)], 1)

    return row(n_visible, 0.0), row(n_hidden, height)


def draw_units(
    ax: Axes, positions: np.ndarray, labels: Sequence[str], kind: str, *,
    on: Sequence[bool] | np.ndarray | None = None, faint: Sequence[bool] | np.ndarray | None = None,
    radius: float = RADIUS,
) -> Axes:
    """Units as circles in the colour of their kind, a key of COLORS; one that is on is filled.

    positions: (n, 2); on: n truth values, all off if not given; faint: units out of the discussion
    """
    on = np.zeros(len(labels), bool) if on is None else np.asarray(on, bool)
    faint = np.zeros(len(labels), bool) if faint is None else np.asarray(faint, bool)
    strong = COLORS.get(f"{kind}_text", COLORS[kind])
    for position, label, lit, pale in zip(positions, labels, on, faint, strict=True):
        edge = COLORS["line"] if pale else COLORS[kind]
        ax.add_patch(Circle(tuple(position), radius, facecolor=strong if lit else COLORS["paper"], edgecolor=edge,
                            linewidth=1.2 if pale else 2.2, zorder=3))
        ax.annotate(label, tuple(position), ha="center", va="center_baseline", fontsize=12, zorder=4,
                    fontweight="bold" if lit else "normal",
                    color=COLORS["paper"] if lit else COLORS["faint"] if pale else strong)
    return ax


def draw_link(
    ax: Axes, start: np.ndarray, end: np.ndarray, *, weight: float = 1.0, active: bool = True,
    colour: str = "ink", width: float | None = None,
) -> Axes:
    """A straight link: as thick as its weight is large, dashed where it is negative; pale if not active."""
    ax.plot(*np.stack([start, end], 1), color=COLORS[colour if active else "line"],
            linewidth=0.6 + 1.1 * abs(weight) if width is None else width,
            linestyle="-" if weight >= 0 else (0, (2.5, 1.6)), zorder=2 if active else 1,
            solid_capstyle="butt", dash_capstyle="butt")
    return ax


def bipartite(
    ax: Axes, W: np.ndarray, *, x: np.ndarray | None = None, h: np.ndarray | None = None,
    b: np.ndarray | None = None, c: np.ndarray | None = None,
) -> Axes:
    """The RBM as a network: hidden units above, visible units below, a link for each weight.

    W: (n_hidden, n_visible); x and h: states, whose links that join two units at 1 stand out;
    b and c: biases, written beside their units
    """
    n_hidden, n_visible = W.shape
    visible, hidden = bipartite_positions(n_visible, n_hidden)
    for j, above in enumerate(hidden):
        for i, below in enumerate(visible):
            if W[j, i]:
                active = x is None or h is None or bool(x[i] and h[j])
                draw_link(ax, above, below, weight=W[j, i], active=active)
    draw_units(ax, visible, [subscript("x", i + 1) for i in range(n_visible)], "visible", on=x)
    draw_units(ax, hidden, [subscript("h", j + 1) for j in range(n_hidden)], "hidden", on=h)
    for values, positions, side in ((b, hidden, 1), (c, visible, -1)):
        if values is not None:
            for value, (left, y) in zip(values, positions, strict=True):
                ax.annotate(f"{value:g}".replace("-", "−"), (left, y + side * (RADIUS + 0.08)), ha="center",
                            va="bottom" if side > 0 else "top", fontsize=11, color=COLORS["faint"])
    return _fit(ax, visible, hidden)


def boltzmann_machine(ax: Axes, n_visible: int, n_hidden: int) -> Axes:
    """A general Boltzmann machine: every pair of units linked; the links inside a layer are dotted arcs."""
    visible, hidden = bipartite_positions(n_visible, n_hidden)
    for above in hidden:
        for below in visible:
            draw_link(ax, above, below, width=1.2)
    for layer, kind, first in ((visible, "visible", 180), (hidden, "hidden", 0)):
        for m, (left, y) in enumerate(layer):
            for right, _ in layer[m + 1:]:
                span = right - left
                ax.add_patch(Arc(((left + right) / 2, y), span, 0.65 * span + 0.5, theta1=first, theta2=first + 180,
                                 color=COLORS[kind], linewidth=1.6, linestyle=(0, (1, 1.2)), zorder=1))
    draw_units(ax, visible, [subscript("x", i + 1) for i in range(n_visible)], "visible")
    draw_units(ax, hidden, [subscript("h", j + 1) for j in range(n_hidden)], "hidden")
    reach = 0.33 * (visible[-1, 0] - visible[0, 0]) + 0.35
    return _fit(ax, visible, hidden, reach=reach)


def neighbourhood(ax: Axes, n_visible: int, n_hidden: int, j: int) -> Axes:
    """What hidden unit j sees: the links to its neighbours strong, all other links and units pale."""
    visible, hidden = bipartite_positions(n_visible, n_hidden)
    for m, above in enumerate(hidden):
        for below in visible:
            draw_link(ax, above, below, active=m == j, width=2.0 if m == j else 0.9, colour="hidden")
    draw_units(ax, visible, [subscript("x", i + 1) for i in range(n_visible)], "visible", on=np.ones(n_visible))
    draw_units(ax, hidden, [subscript("h", m + 1) for m in range(n_hidden)], "hidden",
               faint=np.arange(n_hidden) != j)
    return _fit(ax, visible, hidden)


def factor_graph(
    ax: Axes, variables: Mapping[str, tuple[float, float, str]],
    factors: Sequence[tuple[Sequence[str], tuple[float, float], str]], *, labels: bool = True,
) -> Axes:
    """A factor graph: circles for variables, small squares for factors, a line from each to its own.

    variables: name -> (x, y, kind), kind a key of COLORS; factors: (names, (x, y), label)
    """
    for names, position, label in factors:
        for name in names:
            draw_link(ax, np.array(position), np.array(variables[name][:2]), width=1.1, colour="faint")
        half = 0.09
        ax.add_patch(Rectangle((position[0] - half, position[1] - half), 2 * half, 2 * half,
                               facecolor=COLORS["ink"], edgecolor=COLORS["ink"], zorder=3))
        if labels and label:
            ax.annotate(label, (position[0] + 0.17, position[1]), va="center_baseline", fontsize=12,
                        path_effects=[patheffects.withStroke(linewidth=3, foreground=COLORS["paper"])], zorder=5)
    for name, (left, y, kind) in variables.items():
        draw_units(ax, np.array([[left, y]]), [name], kind)
    points = np.array([variable[:2] for variable in variables.values()] + [f[1] for f in factors], dtype=float)
    return _fit(ax, points, points)


def rbm_vector_view(ax: Axes) -> Axes:
    """The RBM as a factor graph of two vectors: one pairwise factor and two unary ones."""
    variables = {"x": (0.0, 0.0, "visible"), "h": (0.0, 1.7, "hidden")}
    factors = [(("x", "h"), (0.0, 0.85), "ψₓₕ"), (("h",), (0.0, 2.4), "ψₕ"), (("x",), (0.0, -0.7), "ψₓ")]
    return factor_graph(ax, variables, factors)


def rbm_scalar_view(ax: Axes, n_visible: int, n_hidden: int) -> Axes:
    """The RBM as a factor graph of single units: one factor for each link and one for each unit."""
    visible, hidden = bipartite_positions(n_visible, n_hidden)
    xs, hs = _placed("x", visible, "visible"), _placed("h", hidden, "hidden")
    variables = xs | hs
    factors: list = [((name,), (place[0], place[1] - 0.7), "") for name, place in xs.items()]
    factors += [((name,), (place[0], place[1] + 0.7), "") for name, place in hs.items()]
    for j, (above, top) in enumerate(hs.items()):
        for below, bottom in xs.items():
            share = 0.42 if j % 2 else 0.58  # two heights, so that no two squares meet
            place = share * top[0] + (1 - share) * bottom[0], share * top[1] + (1 - share) * bottom[1]
            factors.append(((above, below), place, ""))
    return factor_graph(ax, variables, factors)


def _placed(name: str, places: np.ndarray, kind: str) -> dict[str, tuple[float, float, str]]:
    """Units of a layer as the variables of a factor graph."""
    return {subscript(name, k + 1): (float(x), float(y), kind) for k, (x, y) in enumerate(places)}


def state_table(
    ax: Axes, probabilities: np.ndarray, texts: Sequence[Sequence[str]], rows: Sequence[str],
    columns: Sequence[str], *, colour: str = "model", largest: float | None = None,
) -> Axes:
    """A table of probabilities: in each cell a square whose area is the probability, and a text.

    probabilities: (n_rows, n_columns), none negative; largest: the one that fills its cell, the
    table's own largest if not given
    """
    largest = probabilities.max() if largest is None else largest
    n_rows, n_columns = probabilities.shape
    for r in range(n_rows):
        for s in range(n_columns):
            side = 0.96 * np.sqrt(probabilities[r, s] / largest)
            ax.add_patch(Rectangle((s - side / 2, r - side / 2), side, side, facecolor=COLORS[colour],
                                   edgecolor="none", alpha=0.45, zorder=1))
            ax.annotate(texts[r][s], (s, r), ha="center", va="center_baseline", fontsize=12, zorder=3)
    for edge in np.arange(n_rows + 1) - 0.5:
        ax.plot([-0.5, n_columns - 0.5], [edge, edge], color=COLORS["line"], linewidth=0.8, zorder=2)
    for edge in np.arange(n_columns + 1) - 0.5:
        ax.plot([edge, edge], [-0.5, n_rows - 0.5], color=COLORS["line"], linewidth=0.8, zorder=2)
    ax.set(xlim=(-0.55, n_columns - 0.45), ylim=(n_rows - 0.45, -0.55), aspect="equal")
    ax.set_xticks(range(n_columns), columns)
    ax.set_yticks(range(n_rows), rows)
    ax.tick_params(length=0, labelsize=11, labeltop=True, labelbottom=False)
    for spine in ax.spines.values():
        spine.set_visible(False)
    return ax


def energy_steps(
    ax: Axes, terms: Sequence[float] | np.ndarray, names: Sequence[str], kinds: Sequence[str]
) -> Axes:
    """An energy as a walk: each term goes on from where the last one ended, down where it is negative.

    terms: (n,) in nats; names and kinds (keys of COLORS): n each; the end is E
    """
    ends = np.cumsum(terms)
    for place, (term, end, kind) in enumerate(zip(terms, ends, kinds, strict=True)):
        ax.add_patch(Rectangle((place - 0.38, min(end, end - term)), 0.76, abs(term), facecolor=COLORS[kind],
                               edgecolor="none", zorder=2))
        if place + 1 < len(terms):
            ax.plot([place - 0.38, place + 1.38], [end, end], color=COLORS["faint"], linewidth=0.8, zorder=1)
        ax.annotate(f"{term:+.3g}".replace("-", "−"), (place, min(end, end - term)), xytext=(0, -3),
                    textcoords="offset points", ha="center", va="top", fontsize=11,
                    color=COLORS.get(f"{kind}_text", COLORS[kind]))
    last = len(terms) - 1
    ax.plot([last + 0.45, last + 1.5], [ends[-1], ends[-1]], color=COLORS["ink"], linewidth=2.5)
    ax.annotate(f"E = {ends[-1]:.3g}".replace("-", "−"), (last + 1, ends[-1]), xytext=(0, -4), va="top",
                textcoords="offset points", ha="center", fontweight="bold")
    ax.axhline(0, color=COLORS["line"], linewidth=1, zorder=0)
    low, high = min(0, ends.min()), max(0, ends.max())
    ax.set(xlim=(-0.6, last + 1.7), ylim=(low - 0.2 * (high - low), high + 0.05 * (high - low)),
           ylabel="energy (nats)")
    ax.set_xticks(range(len(terms)), names)
    ax.tick_params(axis="x", length=0, labelsize=11)
    ax.spines["bottom"].set_visible(False)
    return ax


def rbm_still(W: np.ndarray, b: np.ndarray, c: np.ndarray, x: np.ndarray, h: np.ndarray) -> Figure:
    """The network of a small RBM in one state, biases beside the units: the still of its live figures."""
    figure, ax = new_figure(6.0, 3.4)
    bipartite(ax, W, x=x, h=h, b=b, c=c)
    return figure


def _fit(ax: Axes, first: np.ndarray, second: np.ndarray, *, reach: float = 0.4) -> Axes:
    """Limits around all points, equal scales, no axes."""
    points = np.concatenate([first, second])
    (left, low), (right, high) = points.min(0), points.max(0)
    ax.set(xlim=(left - 0.45, right + 0.45), ylim=(low - reach - 0.1, high + reach + 0.1), aspect="equal")
    ax.axis("off")
    return ax
