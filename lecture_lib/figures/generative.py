"""Pictures of what a generative model is: from data to model, kinds of models, and fits."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from lecture_lib.figures.style import COLORS, new_figure


def data_to_model(ax: Axes) -> Axes:
    """The data distribution, the examples drawn from it, the model, and what the model gives."""
    _box(ax, 1.15, 3.3, 2.1, 0.9, "data distribution\nunknown", "ink", dashed=True)
    _box(ax, 1.15, 1.75, 2.1, 0.75, "N examples", "ink")
    _box(ax, 4.55, 1.75, 2.1, 0.75, "model p(x)", "model")
    _arrow(ax, (1.15, 2.83), (1.15, 2.15), "the world\ndraws", at=(1.25, 2.5), ha="left")
    _arrow(ax, (2.22, 1.75), (3.48, 1.75), "we fit", at=(2.85, 1.87), ha="center")
    _arrow(ax, (3.6, 2.17), (2.25, 3.0), "", style="<->", dashed=True)
    ax.annotate("how far apart?", (3.1, 2.75), color=COLORS["bound_text"], ha="left")
    uses = ("density", "how probable\nis this x?"), ("samples", "a new x"), (
        "features", "what is in\nthis x?")
    for place, (name, question) in zip((0.95, 2.85, 4.75), uses, strict=True):
        _box(ax, place, 0.2, 1.72, 0.95, f"{name}\n{question}", "model")
        _arrow(ax, (4.55, 1.36), (place, 0.7), "")
    ax.set(xlim=(0, 5.75), ylim=(-0.35, 3.85), aspect="equal")
    ax.axis("off")
    return ax


def taxonomy(
    ax: Axes, tree: Mapping[str, Mapping[str, Sequence[str]]], ours: Sequence[str]
) -> Axes:
    """Kinds of models as a tree from left to right: what they give, how, and their names.

    tree: what -> how -> names; ours: the names that stand out, with a dot
    """
    columns, row = (0.0, 2.0, 3.4), 0.0
    for what, kinds in tree.items():
        first = row
        middles = []
        for how, names in kinds.items():
            places = np.arange(row, row + len(names))
            middle = -float(places.mean())
            middles.append(middle)
            for place, name in zip(places, names, strict=True):
                own = name in ours
                _elbow(ax, columns[2] - 0.42, middle, columns[2] - 0.08, -float(place))
                ax.annotate(("● " if own else "") + name, (columns[2], -place), va="center",
                            fontweight="bold" if own else "normal",
                            color=COLORS["model_text" if own else "ink"])
            ax.annotate(how, (columns[1], middle), va="center")
            row += len(names)
        middle = -(first + row - 1) / 2
        for end in middles:
            _elbow(ax, columns[1] - 0.42, middle, columns[1] - 0.08, end)
        ax.annotate(what, (columns[0], middle), va="center", fontweight="bold")
        row += 0.5
    ax.set(xlim=(0, 5.9), ylim=(-row + 0.7, 0.6))
    ax.axis("off")
    return ax


def fits(
    ax: Axes, places: np.ndarray, data: np.ndarray, models: Mapping[str, np.ndarray],
    labels_at: Sequence[float], colours: Sequence[str],
) -> Axes:
    """A data distribution as bars, and distributions fitted to it as curves with names.

    places: (S,); data: (S,); models: name -> (S,); labels_at: the place of each name on its curve
    """
    ax.bar(places, data, width=0.8 * (places[1] - places[0]), color=COLORS["line"],
           edgecolor=COLORS["faint"], linewidth=0.6)
    dashes = ("-", "--", "-.")
    for rank, ((name, p), at, colour) in enumerate(
        zip(models.items(), labels_at, colours, strict=True)
    ):
        ax.plot(places, p, color=COLORS[colour], linestyle=dashes[rank])
        ax.annotate(name, (at, np.interp(at, places, p)), xytext=(5, 4),
                    textcoords="offset points", color=COLORS.get(f"{colour}_text", COLORS[colour]))
    ax.set(ylabel="probability", yticks=[0, round(float(data.max()), 2)])
    return ax


def divergences_still(
    data: np.ndarray, model: np.ndarray, forward_terms: np.ndarray, reverse_terms: np.ndarray, parts: np.ndarray
) -> Figure:
    """Data and model, where the two divergences arise, and their sums as bars: the still of a live figure.

    data, model, forward_terms, reverse_terms: (S,); parts: (3,): entropy, KL(data || model), KL(model || data)
    """
    places = np.arange(len(data))
    figure, (humps, forward, reverse, ledger) = new_figure(6.4, 6.4, nrows=4, height_ratios=(4, 2, 2, 3.4))
    fits(humps, places, data, {"model": model}, labels_at=(places[model.argmax()],), colours=("model",))
    humps.set(xlabel="states s")
    for ax, terms, words, colour in (
        (forward, forward_terms, "where KL(data || model) arises", "ink"),
        (reverse, reverse_terms, "where KL(model || data) arises", "model"),
    ):
        ax.bar(places, terms, width=0.8, color=COLORS[colour])
        ax.axhline(0, color=COLORS["line"], linewidth=1)
        ax.set(xticks=[], yticks=[0, round(float(terms.max()), 2)], xlim=humps.get_xlim())
        ax.set_title(words, loc="left")
        ax.spines["bottom"].set_visible(False)
    entropy, there, back = parts
    rows = ("entropy of data", 0, entropy, "line"), ("+ KL(data || model)", entropy, there, "ink"), (
        "= average NLL", 0, entropy + there, "line"), ("KL(model || data)", 0, back, "model")
    for row, (_, start, length, colour) in enumerate(rows):
        ledger.barh(-row, length, left=start, height=0.66, color=COLORS[colour], edgecolor=COLORS["faint"],
                    linewidth=0.6)
        ledger.annotate(f"{length:.2f}", (start + length, -row), xytext=(4, 0), textcoords="offset points",
                        va="center", fontweight="bold")
    ledger.set_yticks([-row for row in range(len(rows))], [name for name, *_ in rows])
    ledger.set(xlim=(0, 1.12 * max(entropy + there, back)), xlabel="nats")
    ledger.tick_params(axis="y", length=0)
    return figure


def _box(
    ax: Axes, x: float, y: float, width: float, height: float, text: str, colour: str, *,
    dashed: bool = False,
) -> None:
    ax.add_patch(FancyBboxPatch(
        (x - width / 2, y - height / 2), width, height, boxstyle="round,pad=0,rounding_size=0.08",
        facecolor=COLORS["paper"], edgecolor=COLORS[colour], linewidth=1.8,
        linestyle="--" if dashed else "-"))
    first, *rest = text.split("\n")
    lines = [first, *rest]
    for number, line in enumerate(lines):
        ax.annotate(line, (x, y - 0.24 * (number - (len(lines) - 1) / 2)), ha="center",
                    va="center_baseline", fontsize=11, fontweight="normal" if number else "bold",
                    color=COLORS.get(f"{colour}_text", COLORS[colour]))


def _arrow(
    ax: Axes, start: tuple[float, float], end: tuple[float, float], text: str, *,
    at: tuple[float, float] | None = None, ha: str = "left", style: str = "->",
    dashed: bool = False,
) -> None:
    colour = COLORS["bound" if dashed else "faint"]
    ax.annotate("", end, start, arrowprops={
        "arrowstyle": style, "color": colour, "linewidth": 1.6, "shrinkA": 0, "shrinkB": 0,
        "linestyle": "--" if dashed else "-"})
    if text and at:
        ax.annotate(text, at, ha=ha, va="center" if ha == "left" else "bottom", fontsize=11)


def _elbow(ax: Axes, x: float, y: float, end_x: float, end_y: float) -> None:
    middle = (x + end_x) / 2
    ax.plot([x, middle, middle, end_x], [y, y, end_y, end_y], color=COLORS["line"], linewidth=1.4)
