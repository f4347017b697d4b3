"""Arrays in, Axes out: every figure of the course, in one style."""

from lecture_lib.figures.distributions import histograms
from lecture_lib.figures.dreams import dreamt_digits
from lecture_lib.figures.energies import free_energy_parts, softplus_curve
from lecture_lib.figures.images import filter_grid, image_grid
from lecture_lib.figures.style import COLORS, new_figure, to_svg, use_style

__all__ = [
    "COLORS",
    "dreamt_digits",
    "filter_grid",
    "free_energy_parts",
    "histograms",
    "image_grid",
    "new_figure",
    "softplus_curve",
    "to_svg",
    "use_style",
]
