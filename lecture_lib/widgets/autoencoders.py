"""The live figure of vae/autoencoders."""

import base64

import torch
from torch import Tensor

from lecture_lib import figures
from lecture_lib.autoencoder import PCA, squared_error
from lecture_lib.widgets.live import LiveFigure


def bottleneck(linear: PCA, x: Tensor, nonlinear: Tensor, width: int = 3) -> LiveFigure:
    """The bottleneck's width: what is left of a picture after principal components and a network.

    linear: PCA with n_widths components; x: (n, pixels) in {0, 1}; nonlinear: (n_widths, n, pixels) in
    [0, 1], the reconstructions of x by networks of width 1, 2, ...; width: where the figure begins
    Raises ValueError for shapes that do not fit each other.
    """
    n_widths, pixels = linear.components.shape
    if nonlinear.shape != (n_widths, *x.shape) or x.shape[1] != pixels:
        raise ValueError(
            f"nonlinear must be ({n_widths}, {len(x)}, {pixels}), one reconstruction for each component "
            f"and image, got {tuple(nonlinear.shape)} for x {tuple(x.shape)}"
        )
    errors = torch.stack([squared_error(x, r) for r in nonlinear])
    z = linear.encode(x[:1])
    r = linear.mean + z[:, :width] @ linear.components[:width]
    by_width = [
        squared_error(x[:1], linear.mean + z[:, :k] @ linear.components[:k]).item() for k in range(1, n_widths + 1)
    ]
    return LiveFigure(
        "bottleneck",
        data={
            "mean": _rounded(linear.mean), "components": _rounded(linear.components),
            "variances": _rounded(linear.variances),
            "images": ["".join("1" if on else "0" for on in image) for image in x.tolist()],
            "nonlinear": base64.b64encode((255 * nonlinear).round().to(torch.uint8).numpy().tobytes()).decode(),
            "nonlinearErrors": _rounded(errors), "width": width,
        },
        task="Widen the bottleneck from 1 to 16 and watch the picture come back. Then move one component of "
             "the code, and see which strokes it stands for.",
        still=figures.bottleneck_still(
            [x[0].numpy(), r[0].clamp(0, 1).numpy(), nonlinear[width - 1, 0].numpy()],
            ["x", f"{width} components", f"network, width {width}"], z[0, :width].numpy(),
            {"linear": torch.tensor(by_width).numpy(), "network": errors[:, 0].numpy()},
        ),
        alt=f"A test digit, its reconstruction from {width} principal components and by a non-linear autoencoder "
            f"of width {width}; below, the code as {width} bars, and two curves of the squared error, which fall "
            "as the code grows wider: the network's lies below.",
    )


def _rounded(tensor: Tensor) -> list:
    """A tensor as nested lists of numbers with six decimals."""
    return (tensor.double() * 1e6).round().div(1e6).tolist()
