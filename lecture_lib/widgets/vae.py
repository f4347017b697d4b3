"""The live figure of vae/vae."""

import base64

import torch
from torch import Tensor

from lecture_lib import figures
from lecture_lib.vae import VAE
from lecture_lib.widgets.live import LiveFigure

_SIDE = 28
_MOST_BYTES = 300_000


def latent_plane(vae: VAE, x: Tensor, labels: Tensor, z: tuple[float, float] = (0.0, 0.0)) -> LiveFigure:
    """A point that is dragged over the plane of two latent numbers, and decoded as it moves.

    Every weight of the decoder is sent as one byte, in steps of max / 127 of its row.
    vae: with 784 pixels and 2 latent units; x: (n, 784) in {0, 1}, whose codes mu are shown, and
    labels: (n,), the digits that they are; z: where the point begins
    Raises ValueError for another number of pixels or latent units, and for more than 300 KB.
    """
    hidden, logits = vae.decoder.hidden, vae.decoder.logits
    if hidden.in_features != 2 or logits.out_features != _SIDE**2 or x.shape != (len(labels), _SIDE**2):
        raise ValueError(
            f"the figure needs 2 latent units, {_SIDE**2} pixels and a label for each x, got "
            f"{hidden.in_features} and {logits.out_features}, x {tuple(x.shape)}, {len(labels)} labels"
        )
    weights, scales = _bytes(logits.weight)
    if len(weights) > _MOST_BYTES:
        raise ValueError(f"the weights must fit {_MOST_BYTES} bytes, got {len(weights)}")
    with torch.no_grad():
        codes = vae.encoder(x)[0]
        image = vae.decoder(torch.tensor([z])).sigmoid()[0]
    return LiveFigure(
        "latent_plane",
        data={
            "hidden": _rounded(hidden.weight), "hiddenBias": _rounded(hidden.bias),
            "weights": weights, "scales": scales, "bias": _rounded(logits.bias),
            "codes": [[round(value, 3) for value in code] for code in codes.tolist()],
            "labels": labels.tolist(), "z": list(z),
        },
        task="Drag the point over the plane and watch one digit become another. The small digits are "
             "test images, each where the encoder puts it. What lies between two of them?",
        still=figures.latent_plane_still(codes.numpy()[:80], labels.tolist()[:80], torch.tensor(z).numpy(),
                                         image.numpy()),
        alt="The latent plane with the codes of test digits: equal digits lie together in wedges around the middle. "
            "A point on the plane, and beside it the digit that the decoder makes of it.",
    )


def _bytes(weight: Tensor) -> tuple[str, list[float]]:
    """Rows of weights as signed bytes in text, and the step of each row."""
    scales = weight.detach().abs().amax(1).clamp(min=1e-9) / 127
    whole = (weight.detach() / scales[:, None]).round().to(torch.int8)
    return base64.b64encode(whole.numpy().tobytes()).decode(), [float(f"{s:.9g}") for s in scales.tolist()]


def _rounded(tensor: Tensor) -> list:
    """Numbers with nine digits, nested as they are."""
    values = tensor.detach().tolist()
    return [[float(f"{v:.9g}") for v in row] if isinstance(row, list) else float(f"{row:.9g}") for row in values]
