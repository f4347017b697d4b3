"""The live figure of rbm/practice: training runs, played back, and one of the reader's own."""

import base64
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import torch
from torch import Tensor

from lecture_lib import figures
from lecture_lib.rbm import RBM, prob_h_given_x, prob_x_given_h
from lecture_lib.widgets.live import LiveTraining

Moment = tuple[int, RBM, Tensor]

_SIDE, _SHOWN = 28, 4
_LEVELS = 7  # a filter has steps of 1/7 of its largest weight, a sample of 1/15: half a byte a pixel


def training_run(
    runs: Mapping[str, Sequence[Moment]], x: Tensor, train: Callable[..., Iterable[Moment]]
) -> LiveTraining:
    """Filters, samples and the activity of all hidden units at moments of several training runs.

    runs: name -> moments, each (updates made, params with 784 visible units, states of its chains)
    x: (n, 784), the images over which activity is a mean
    train(rate, centred, b) -> moments, one after the other, of a run with these settings; it is
    called where a kernel runs and the reader presses "Train".
    Raises ValueError for a run without moments, for less than 4 units or chains, and for another
    number of pixels.
    """
    if not runs or not all(runs.values()):
        raise ValueError(f"every run must have a moment, got {[len(run) for run in runs.values()]}")
    data = {
        "runs": [
            {"name": name, "moments": [_recorded(moment, x) for moment in run]}
            for name, run in runs.items()
        ]
    }

    def learn(rate: float, centred: bool, b: float) -> Iterator[dict]:
        return (_recorded(moment, x) for moment in train(rate=rate, centred=centred, b=b))

    name, run = next(iter(runs.items()))
    updates, params, _ = run[-1]
    return LiveTraining(
        "training_run",
        learn=learn,
        data=data,
        task="Choose a machine and play its training. Watch when its filters take shape, what its "
             "chains dream meanwhile, and which hidden units are on always or never.",
        still=figures.run_still(params.W[:_SHOWN].numpy(), _dreams(run[-1]).numpy(),
                                f"{name}, after {updates:,} updates"),
        alt=f"Four filters and four samples of the machine “{name}” after {updates:,} updates: "
            "strokes in orange and blue, and digits.",
    )  # fmt: skip


def _dreams(moment: Moment) -> Tensor:
    """Probabilities of the visible units of the first chains, one step up and down."""
    _, params, chains = moment
    return prob_x_given_h(params, prob_h_given_x(params, chains[:_SHOWN]))


def _recorded(moment: Moment, x: Tensor) -> dict:
    updates, params, chains = moment
    if params.W.shape[1] != _SIDE**2 or min(len(params.b), len(chains)) < _SHOWN:
        raise ValueError(
            f"W must be (n_hidden, {_SIDE**2}) with {_SHOWN} units or more and as many chains, "
            f"got {tuple(params.W.shape)} and {len(chains)} chains"
        )
    filters = params.W[:_SHOWN]
    scales = filters.abs().amax(-1).clamp(min=1e-9)
    levels = (filters / scales[:, None] * _LEVELS).round() + _LEVELS
    active = prob_h_given_x(params, x).mean(0).sort().values
    return {
        "updates": updates,
        "scales": [float(f"{scale:.6g}") for scale in scales.tolist()],
        "filters": _packed(levels),
        "dreams": _packed((_dreams(moment) * 15).round()),
        "active": [round(p, 3) for p in active.tolist()],
    }


def _packed(levels: Tensor) -> str:
    """Numbers in 0..15 as text, two of them a byte, the first in the high half."""
    pairs = levels.to(torch.uint8).numpy().reshape(-1, 2)
    return base64.b64encode((pairs[:, 0] << 4 | pairs[:, 1]).tobytes()).decode()
