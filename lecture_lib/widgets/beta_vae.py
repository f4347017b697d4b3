"""The live figures of vae/beta_vae: codes that are moved, and units that go out while a VAE learns."""

import base64
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from lecture_lib import figures
from lecture_lib.disentanglement import unit_rates
from lecture_lib.vae import VAE, elbo_terms
from lecture_lib.widgets.live import LiveFigure, LiveTraining

Moment = tuple[int, VAE]

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


def rate_training(
    runs: Mapping[str, Sequence[Moment]],
    x: Tensor,
    images: Tensor,
    train: Callable[..., Iterable[Moment]],
) -> LiveTraining:
    """The rate of each latent unit, and a few reconstructions, at moments of several training runs.

    Units stand in the order of their rates at the end of a run, or, in a run of the reader's own, as
    they come.
    runs: name -> moments, each (epochs made, a VAE); x: (N, n_visible), over which rates and
    distortion are means; images: (n, n_visible), which are reconstructed; both in {0, 1}, squares
    train(beta) -> moments of a run with this weight of the KL term, one after the other; it is called
    where a kernel runs and the reader presses "Train".
    Raises ValueError for a run without moments, and for images that are no squares of an even side.
    """
    side = round(images.shape[1] ** 0.5)
    if side * side != images.shape[1] or side % 2:
        raise ValueError(f"images must be squares of an even side, got {images.shape[1]} pixels")
    if not runs or not all(runs.values()):
        raise ValueError(f"every run must have a moment, got {[len(run) for run in runs.values()]}")
    data = {
        "side": side,
        "images": [image.nonzero()[:, 0].tolist() for image in images],
        "runs": [
            {"name": name, "moments": [_recorded(moment, x, images, _order(run[-1][1], x)[1]) for moment in run]}
            for name, run in runs.items()
        ],
    }

    def learn(beta: float) -> Iterator[dict]:
        return (_recorded(moment, x, images, torch.arange(_size(moment))) for moment in train(beta=beta))

    epochs = [moment[0] for moment in next(iter(runs.values()))]
    last = {
        name: torch.tensor([m["rates"] for m in run["moments"]]).numpy()
        for name, run in zip(runs, data["runs"], strict=True)
    }
    return LiveTraining(
        "rate_training",
        learn=learn,
        data=data,
        task="Choose a run and play it: which units light up, and which go out again? Watch what the "
             "reconstructions lose with them.",
        still=figures.rates_still(epochs, last),
        alt="For each run, the rate of every latent unit against the epoch: the larger β, the fewer of "
            "them leave zero.",
    )


def _size(moment: Moment) -> int:
    return moment[1].encoder.mu.out_features


@torch.no_grad()
def _recorded(moment: Moment, x: Tensor, images: Tensor, order: Tensor) -> dict:
    epochs, vae = moment
    terms = elbo_terms(vae, x, generator=torch.Generator().manual_seed(0))
    p = vae.decoder(vae.encoder(images)[0]).sigmoid()
    levels = (p * 15).round().to(torch.uint8).reshape(-1, 2)
    return {
        "epochs": epochs,
        "rates": [round(rate, 3) for rate in unit_rates(*vae.encoder(x))[order].tolist()],
        "distortion": round(-terms.reconstruction.mean().item(), 3),
        "pictures": base64.b64encode((levels[:, 0] << 4 | levels[:, 1]).numpy().tobytes()).decode(),
    }
