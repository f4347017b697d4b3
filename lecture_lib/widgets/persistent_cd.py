"""The live figure of rbm/persistent_cd."""

import torch
from torch import Tensor

from lecture_lib import figures
from lecture_lib.exact import binary_states
from lecture_lib.rbm import RBM, free_energy
from lecture_lib.widgets.live import LiveFigure


def persistent_chains(params: RBM, examples: Tensor) -> LiveFigure:
    """Two copies of a machine learn from the same data, one by CD, one by PCD, particles shown.

    params: where both start, with 4 visible units; examples: (n, 4) in {0, 1}, as many particles
    Raises ValueError for a machine or examples of another size.
    """
    W, b, c = params
    if W.shape[1] != 4 or examples.ndim != 2 or examples.shape[1] != 4 or len(examples) == 0:
        raise ValueError(
            "the figure draws 2 x 2 pictures: W must be (n_hidden, 4) and examples (n, 4), "
            f"got {tuple(W.shape)} and {tuple(examples.shape)}"
        )
    x = binary_states(4, dtype=W.dtype)
    places = (examples.long() @ torch.tensor([8, 4, 2, 1])).tolist()
    order = sorted(range(16), key=lambda s: (int(x[s].sum()), s))
    surprise = -(-free_energy(params, x)).log_softmax(0)
    at_data = torch.bincount(torch.tensor(places), minlength=16)
    spread = torch.ones(16)
    return LiveFigure(
        "persistent_chains",
        data={"W": W.tolist(), "b": b.tolist(), "c": c.tolist(), "examples": places, "seed": 1, "rate": 0.1},
        task="Press “10 updates” several times and follow the dark valley on the left, where no data are: "
             "which of the two machines finds out? Then start again with k = 20.",
        still=figures.persistent_still(x[order].numpy(), surprise[order].numpy(), {
            "CD: particles restart at the data": at_data[order].numpy(),
            "PCD: particles start anywhere and go on": spread[order].numpy(),
        }),
        alt="Two copies of a landscape over the 16 pictures of 2 by 2 pixels, with a valley at all dark and one "
            "at all lit. In the upper one the particles stand at the data, in the bright valley only; in the "
            "lower one they are spread over all pictures.",
    )
