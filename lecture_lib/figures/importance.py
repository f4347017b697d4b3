"""Pictures of importance-weighted bounds, and of a bound from below beside an estimate from above."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lecture_lib.figures.style import COLORS, new_figure


def bound_against_samples(
    ax: Axes, counts: Sequence[int], bounds: np.ndarray, errors: np.ndarray | None = None, *,
    exact: float | None = None,
) -> Axes:
    """The bound against the number of samples, on a logarithmic scale; the exact value where it is known.

    counts, bounds: (n,), in nats; errors: (n,), standard errors
    """
    if exact is not None:
        ax.axhline(exact, color=COLORS["ink"], linewidth=2)
        ax.annotate("log p(x), exact", (counts[0], exact), xytext=(0, 5), textcoords="offset points")
    ax.errorbar(counts, bounds, errors, color=COLORS["bound"], marker="o", markersize=6, linewidth=1.8, elinewidth=1.4)
    ax.annotate("the ELBO", (counts[0], bounds[0]), xytext=(10, -4), textcoords="offset points", va="top",
                color=COLORS["bound_text"])
    ax.set(xscale="log", xticks=counts, xticklabels=[f"{count:,}" for count in counts], xlabel="samples S",
           ylabel="nats")
    ax.margins(y=0.14)
    ax.minorticks_off()
    return ax


def two_sides(
    ax: Axes, above: tuple[Sequence[int], np.ndarray], below: tuple[Sequence[int], np.ndarray],
    names: tuple[str, str], ends: tuple[float, float] | None = None,
) -> Axes:
    """An estimate that comes down and one that comes up, as work is doubled; where careful ones end, as lines.

    above, below: (counts, values in nats); names: of the two; ends: careful values of the two
    """
    right = max(above[0][-1], below[0][-1])
    for (counts, values), name, dash, marker, side in (
        (above, names[0], "--", "s", 1), (below, names[1], "-", "o", -1),
    ):
        ax.plot(counts, values, color=COLORS["bound"], linestyle=dash, marker=marker, markersize=6)
        ax.annotate(name, (counts[0], values[0]), xytext=(8, 8 * side), textcoords="offset points",
                    va="bottom" if side > 0 else "top", color=COLORS["bound_text"])
    for value in ends or ():
        ax.plot([1, right], [value, value], color=COLORS["ink"], linewidth=1.2, linestyle=(0, (1, 2)))
    ax.set(xscale="log", xlabel="temperatures, or samples for each image", ylabel="nats, test images")
    ax.margins(y=0.16)
    return ax


def importance_still(
    z: np.ndarray, posterior: np.ndarray, q: np.ndarray, counts: np.ndarray, bounds: np.ndarray, exact: float
) -> Figure:
    """A posterior and a q beside it; and the bound against S, with the exact value.

    z, posterior, q: (m,) densities; counts, bounds: (n,)
    """
    figure, (above, below) = new_figure(6.4, 4.2, nrows=2)
    above.plot(z, posterior, color=COLORS["ink"])
    above.plot(z, q, color=COLORS["bound"], linestyle="--")
    above.annotate("p(z | x)", (z[posterior.argmax()], posterior.max()), xytext=(8, -8), textcoords="offset points")
    above.annotate("q", (z[q.argmax()], q.max()), xytext=(-14, 4), textcoords="offset points",
                   color=COLORS["bound_text"])
    above.set(yticks=[], xlabel="z")
    above.spines["left"].set_visible(False)
    below.axhline(exact, color=COLORS["ink"])
    below.annotate("log p(x)", (counts[0], exact), xytext=(2, 4), textcoords="offset points")
    below.plot(counts, bounds, color=COLORS["bound"])
    below.set(xscale="log", xlabel="samples S", ylabel="nats")
    return figure
