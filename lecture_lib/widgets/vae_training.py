"""A live figure of vae/vae: a latent plane as it is learnt, played back, and one of the reader's own."""

import base64
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import torch
from torch import Tensor

from lecture_lib import figures
from lecture_lib.vae import VAE, elbo_terms
from lecture_lib.widgets.live import LiveTraining

Moment = tuple[int, VAE]

_SIDE, _GRID = 8, 9


def plane_training(
    runs: Mapping[str, Sequence[Moment]], x: Tensor, labels: Tensor, train: Callable[..., Iterable[Moment]]
) -> LiveTraining:
    """The codes of test digits, the decoded plane and the bound at moments of several training runs.

    runs: name -> moments, each (epochs made, a VAE with 64 pixels and 2 latent units)
    x: (n, 64) in {0, 1} and labels: (n,), the digits whose codes and whose bound are shown
    train(rate, beta) -> moments of a run with these settings, one after the other; it is called
    where a kernel runs and the reader presses "Train".
    Raises ValueError for a run without moments, and for a VAE of another size.
    """
    if not runs or not all(runs.values()):
        raise ValueError(f"every run must have a moment, got {[len(run) for run in runs.values()]}")
    data = {
        "labels": labels.tolist(),
        "runs": [
            {"name": name, "moments": [_recorded(moment, x) for moment in run]} for name, run in runs.items()
        ],
    }

    def learn(rate: float, beta: float) -> Iterator[dict]:
        return (_recorded(moment, x) for moment in train(rate=rate, beta=beta))

    name, run = next(iter(runs.items()))
    epochs, vae = run[-1]
    with torch.no_grad():
        codes, sheet = vae.encoder(x)[0], vae.decoder(_plane()).sigmoid()
    return LiveTraining(
        "plane_training",
        learn=learn,
        data=data,
        task="Choose a run and play it. Watch how the codes leave the middle, how equal digits find "
             "together, and what the decoder makes of the plane meanwhile.",
        still=figures.plane_training_still(codes.numpy()[:60], labels.tolist()[:60], sheet.numpy(),
                                           f"{name}, after {epochs} epochs"),
        alt=f"The codes of test digits on the latent plane after {epochs} epochs, equal digits together, and the plane "
            "decoded: 9 by 9 small digits, neighbours alike.",
    )  # fmt: skip


def _plane() -> Tensor:
    """Codes at the middle quantiles of 9 by 9 cells of equal probability, from the top left: (81, 2)."""
    z = torch.special.ndtri((torch.arange(_GRID) + 0.5) / _GRID)
    return torch.stack([z.expand(_GRID, _GRID), z.flip(0)[:, None].expand(_GRID, _GRID)], -1).reshape(-1, 2)


@torch.no_grad()
def _recorded(moment: Moment, x: Tensor) -> dict:
    epochs, vae = moment
    sizes = vae.encoder.hidden.in_features, vae.encoder.mu.out_features
    if sizes != (_SIDE**2, 2):
        raise ValueError(f"a VAE must have {_SIDE**2} pixels and 2 latent units, got {sizes[0]} and {sizes[1]}")
    terms = elbo_terms(vae, x, generator=torch.Generator().manual_seed(0), n_samples=10)
    levels = (vae.decoder(_plane()).sigmoid() * 15).round().to(torch.uint8).reshape(-1, 2)
    packed = (levels[:, 0] << 4 | levels[:, 1]).numpy().tobytes()
    return {
        "epochs": epochs,
        "reconstruction": round(terms.reconstruction.mean().item(), 3),
        "kl": round(terms.kl.mean().item(), 3),
        "codes": [[round(value, 2) for value in code] for code in vae.encoder(x)[0].tolist()],
        "sheet": base64.b64encode(packed).decode(),
    }
