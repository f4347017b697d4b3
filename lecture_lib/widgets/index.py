"""The live figure of the first page."""

import base64

import numpy as np
import torch
from torch import Tensor

from lecture_lib import figures
from lecture_lib.rbm import RBM, prob_x_given_h, sample_h_given_x
from lecture_lib.widgets.live import LiveFigure

_SIDE = 28
_MOST_BYTES = 200_000


def dreaming_digits(
    params: RBM, x: Tensor, labels: Tensor, *, generator: torch.Generator
) -> LiveFigure:
    """A machine that dreams digits: the reader fixes some pixels, and it samples the others.

    W_ji is sent as one byte, in steps of max_i |W_ji| / 127 for each hidden unit j.
    params: an RBM with 784 visible units; x: (n, 784) in {0, 1}, the digits whose lower halves the
    figure starts from, one after the other; labels: (n,), which digits they are; the generator
    draws the still picture
    Raises ValueError for another number of pixels or labels, and for more than 200 KB of weights.
    """
    W, b, c = params
    if W.shape[1] != _SIDE**2 or x.shape != (len(labels), _SIDE**2):
        raise ValueError(
            f"W and x must have {_SIDE**2} columns and x a row for each of the {len(labels)} "
            f"labels, got W {tuple(W.shape)} and x {tuple(x.shape)}"
        )
    scales = W.abs().amax(1).clamp(min=1e-9) / 127
    weights = _text((W / scales[:, None]).round().to(torch.int8).numpy())
    if len(weights) > _MOST_BYTES:
        raise ValueError(f"the weights must fit {_MOST_BYTES} bytes, got {len(weights)}")
    given = torch.where(torch.arange(_SIDE**2) < _SIDE**2 // 2, -1, x[0])
    return LiveFigure(
        "dreaming_digits",
        data={
            "weights": weights,
            "scales": [float(f"{scale:.6g}") for scale in scales.tolist()],
            "b": [round(bias, 4) for bias in b.tolist()],
            "c": [round(bias, 4) for bias in c.tolist()],
            "digits": _text(np.packbits(x.bool().numpy(), axis=1)),
            "labels": labels.tolist(),
            "seed": 7,
        },
        task="Press Dream, then draw on the picture or erase parts of it: what you touch stays as "
             "you leave it (squares and dots), and the machine dreams the rest (circles).",
        still=figures.dreamt_digits(given.numpy(), _dreams(params, given, 3, generator).numpy(),
                                    ["given", "a dream", "another", "another"]),
        alt=f"The lower half of a handwritten {labels[0]}, and three upper halves that a machine "
            "has dreamt for it, no two alike.",
    )


def _text(array: np.ndarray) -> str:
    return base64.b64encode(array.tobytes()).decode()


def _dreams(params: RBM, given: Tensor, n: int, generator: torch.Generator) -> Tensor:
    """Probabilities of the visible units after 100 clamped steps, in n chains."""
    free = given < 0
    x = torch.where(free, 0, given).to(params.W.dtype).expand(n, -1)
    for _ in range(100):
        p = prob_x_given_h(params, sample_h_given_x(params, x, generator=generator))
        p = torch.where(free, p, x)
        x = (torch.rand(p.shape, generator=generator, dtype=p.dtype) < p).to(p.dtype)
    return p
