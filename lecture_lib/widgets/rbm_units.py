"""The live figures of rbm/model and rbm/inference: a small RBM whose units are buttons."""

from torch import Tensor

from lecture_lib import figures
from lecture_lib.rbm import RBM, energy
from lecture_lib.widgets.live import LiveFigure

MAX_UNITS = 5  # a layer; 2^5 columns of a table are what a phone can show


def rbm_units(params: RBM, x: Tensor, h: Tensor) -> LiveFigure:
    """E(x, h) term by term, and p(x, h) among all states, of an RBM whose units are clicked.

    x: (n_visible,) and h: (n_hidden,) in {0, 1}, the state to start in; at most 5 units a layer
    """
    return LiveFigure(
        "rbm_units",
        data=_small_machine(params, x, h),
        task="Switch h\u2083 on: which links does it bring in, and does it pay? "
             "Then look for the state of lowest energy.",
        still=figures.rbm_still(*(t.numpy() for t in (*params, x, h))),
        alt="A network of hidden units above and visible units below. Units that are on are filled, "
            "and the links that join two of them stand out from the rest.",
    )


def rbm_conditionals(params: RBM, x: Tensor, h: Tensor, *, seed: int = 0) -> LiveFigure:
    """p(h | x) and p(x | h) as bars beside the units that are clicked, and block Gibbs steps.

    x: (n_visible,) and h: (n_hidden,) in {0, 1}, the state to start in; at most 5 units a layer
    """
    return LiveFigure(
        "rbm_conditionals",
        data={**_small_machine(params, x, h), "seed": seed},
        task="Click a visible unit: the hidden bars move, the visible ones stay. Click a hidden unit: the "
             "other way round. Then let the machine draw: one step, then a few hundred.",
        still=figures.rbm_still(*(t.numpy() for t in (*params, x, h))),
        alt="A network of hidden units above and visible units below. Units that are on are filled, "
            "and the links that join two of them stand out from the rest.",
    )


def _small_machine(params: RBM, x: Tensor, h: Tensor) -> dict:
    W, b, c = params
    if max(W.shape) > MAX_UNITS:
        raise ValueError(f"the figure shows at most {MAX_UNITS} units a layer, got W {tuple(W.shape)}")
    energy(params, x[None], h[None])  # refuses what does not fit
    return {name: t.tolist() for name, t in params._asdict().items()} | {
        "x": x.int().tolist(), "h": h.int().tolist()}
