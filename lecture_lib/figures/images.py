"""Pictures of pictures: digits and filters, on one grey scale, with a hairline frame."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.layout_engine import ConstrainedLayoutEngine

from lecture_lib.figures.style import COLORS


def image_grid(images: np.ndarray, columns: int, titles: Sequence[str] = (), *,
               vmin: float = 0.0, vmax: float = 1.0, cmap: str = "gray_r", width: float = 6.4) -> np.ndarray:
    """Square images in a grid, each with its title below; white is vmin, black is vmax.

    images: (n, pixels) or (n, side, side) -> array of n Axes
    """
    side = round(images[0].size ** 0.5)
    if side * side != images[0].size:
        raise ValueError(f"images must be square, got {images[0].size} pixels each")
    rows = -(-len(images) // columns)
    line = 0.28 if titles else 0.05
    _, grid = plt.subplots(rows, columns, squeeze=False,
                                figsize=(width, rows * (width / columns + line)),
                                layout=ConstrainedLayoutEngine(w_pad=0.03, h_pad=0.03))
    axes = grid.ravel()[: len(images)]
    for ax, image in zip(axes, images, strict=True):
        ax.imshow(image.reshape(side, side), vmin=vmin, vmax=vmax, cmap=cmap)
        ax.set(xticks=[], yticks=[])
        for spine in ax.spines.values():
            spine.set(visible=True, color=COLORS["line"], linewidth=0.8)
    for ax, title in zip(axes, titles, strict=False):
        ax.set_xlabel(title, fontsize=10)
    for ax in grid.ravel()[len(images):]:
        ax.set_visible(False)
    return axes


def filter_grid(filters: np.ndarray, columns: int, titles: Sequence[str] = (), *, width: float = 6.4) -> np.ndarray:
    """Rows of W as images on a scale symmetric about 0: orange where a pixel excites, blue where it inhibits.

    filters: (n, pixels) -> array of n Axes
    """
    top = float(np.abs(filters).max())
    return image_grid(filters, columns, titles, vmin=-top, vmax=top, cmap="course_diverging", width=width)
