"""One style for all figures: transparent, vector, and colours that mean something.

The site draws these figures as inline SVG and replaces each colour of `COLORS`
by the style sheet's variable of the same name, so that they follow dark mode.
"""

import io
from typing import Any

import matplotlib as mpl
from cycler import cycler
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib_inline.backend_inline import set_matplotlib_formats

# What each colour means (Okabe and Ito's colour-blind-safe palette). Each
# `..._text` is the same hue, dark enough to be read as text.
COLORS = {
    "visible": "#0072b2",       # visible units x
    "hidden": "#d55e00",        # hidden units h, latent z
    "model": "#009e73",         # the model's own samples
    "bound": "#cc79a7",         # bounds and approximations
    "ink": "#1b1b1c",           # the exact, the data, all words
    "faint": "#6b6b6c",         # axes
    "line": "#c4c4c5",          # rules and frames
    "paper": "#fefefe",         # the page behind a mark
    "visible_text": "#005a8e",
    "hidden_text": "#a34800",
    "model_text": "#00694d",
    "bound_text": "#97416f",
}

# Signed values, 0 in white: from blue (negative) to orange (positive).
if "course_diverging" not in mpl.colormaps:
    mpl.colormaps.register(LinearSegmentedColormap.from_list(
        "course_diverging", ["#00456e", "#0072b2", "#ffffff", "#d55e00", "#7d3600"]))

_STYLE: Any = {
    "axes.edgecolor": COLORS["faint"],
    "axes.labelcolor": COLORS["ink"],
    "axes.labelsize": 12,
    "axes.prop_cycle": cycler(color=[COLORS[name] for name in ("visible", "hidden", "model", "bound")]),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 12,
    "figure.constrained_layout.use": True,
    "figure.dpi": 96,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "font.size": 12,
    "image.cmap": "gray_r",
    "image.interpolation": "nearest",
    "lines.linewidth": 2,
    "savefig.facecolor": "none",
    "svg.fonttype": "none",  # the site sets its own sans; write symbols in Unicode, not as $...$
    "svg.hashsalt": "course",
    "text.color": COLORS["ink"],
    "xtick.color": COLORS["faint"],
    "xtick.labelcolor": COLORS["ink"],
    "ytick.color": COLORS["faint"],
    "ytick.labelcolor": COLORS["ink"],
}


def use_style() -> None:
    """Draw all figures that follow in the course's style, as SVG in a notebook."""
    mpl.rcParams.update(_STYLE)
    set_matplotlib_formats("svg", metadata={"Date": None})


def to_svg(figure: Figure) -> str:
    """The figure as SVG text, the same bytes each time."""
    buffer = io.StringIO()
    with mpl.rc_context(_STYLE):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()


def new_figure(width: float, height: float, **subplots: Any) -> tuple[Figure, Any]:
    """A figure of the course's style that no notebook shows by itself, with its axes."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(width, height))
        return figure, figure.subplots(**subplots)
