"""The live figure of vae/beta_vae."""

import base64
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from lecture_lib import figures
from lecture_lib.disentanglement import unit_rates
from lecture_lib.vae import VAE
from lecture_lib.widgets.live import LiveFigure

_MOST_BYTES = 300_000
_STEPS = torch.linspace(-3, 3, 7)


def traversals(models: Mapping[float, VAE], x: Tensor, starts: Tensor) -> LiveFigure:
    """One latent unit is moved, the others stand still, and the decoder draws: for several beta.

    A weight is sent as one byte, in steps of the largest of its row / 127. Units stand in the order
    of their rate, the largest first; rates are means over x.
    models: beta -> VAE, all with one number of units and one of pixels, a square; x: (N, n_visible)
    and starts: (n, n_visible) in {0, 1}, the images whose codes the figure starts from
    Raises ValueError for models that differ in shape, pixels that are no square, and for more than
    300 KB of weights.
    """
    shapes = {tuple(p.shape for p in model.decoder.parameters()) for model in models.values()}
    n_visible = starts.shape[1]
    side = round(n_visible**0.5)
    if len(shapes) != 1 or side * side != n_visible:
        raise ValueError(
            f"models must have decoders of one shape and square images, got {len(shapes)} shapes "
            f"and {n_visible} pixels"
        )
    sent = [_sent(beta, model, x, starts) for beta, model in models.items()]
    size = sum(len(part["hidden"]) + len(part["logits"]) for part in sent)
    if size > _MOST_BYTES:
        raise ValueError(f"the weights must fit {_MOST_BYTES} bytes, got {size}")
    still = {f"β = {beta:g}": _still(model, x, starts[:1]) for beta, model in models.items()}
    return LiveFigure(
        "traversals",
        data={"models": sent, "side": side},
        task="Choose β and a unit, and slide. Units stand in the order of their rate: look for what "
             "the first ones move, and what happens when you move one whose rate is zero.",
        still=figures.traversal_still(still, _STEPS.numpy()),
        alt="For each β one row of seven decoded images in which the unit of largest rate goes from "
            "−3 to 3: a shape that moves or grows.",
    )


def _order(model: VAE, x: Tensor) -> tuple[Tensor, Tensor]:
    """Rates, the largest first, and which units they belong to."""
    with torch.no_grad():
        return unit_rates(*model.encoder(x)).sort(descending=True, stable=True)


def _sent(beta: float, model: VAE, x: Tensor, starts: Tensor) -> dict:
    """A decoder with its units in order, and the codes it starts from, as the browser gets them."""
    rates, order = _order(model, x)
    with torch.no_grad():
        codes = model.encoder(starts)[0][:, order]
        hidden, hidden_scales = _bytes(model.decoder.hidden.weight[:, order])
        logits, logits_scales = _bytes(model.decoder.logits.weight)
    return {
        "beta": beta,
        "hidden": hidden,
        "hiddenScales": hidden_scales,
        "hiddenBias": [round(b, 4) for b in model.decoder.hidden.bias.tolist()],
        "logits": logits,
        "logitsScales": logits_scales,
        "logitsBias": [round(b, 4) for b in model.decoder.logits.bias.tolist()],
        "rates": [round(rate, 4) for rate in rates.tolist()],
        "codes": [[round(value, 3) for value in code] for code in codes.tolist()],
    }


def _bytes(W: Tensor) -> tuple[str, list[float]]:
    """W_ji = scale_j * byte_ji: the bytes as text, and a scale for each row."""
    scales = [float(f"{s:.6g}") for s in (W.abs().amax(1).clamp(min=1e-9) / 127).tolist()]
    steps = (W / torch.tensor(scales, dtype=W.dtype)[:, None]).round().clamp(-127, 127)
    return base64.b64encode(steps.to(torch.int8).numpy().tobytes()).decode(), scales


def _still(model: VAE, x: Tensor, start: Tensor) -> np.ndarray:
    """What the unit of largest rate does to one image."""
    _, order = _order(model, x)
    with torch.no_grad():
        z = model.encoder(start)[0].repeat(len(_STEPS), 1)
        z[:, order[0]] = _STEPS.to(z.dtype)
        return model.decoder(z).sigmoid().numpy()
