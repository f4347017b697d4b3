"""The live figure of rbm/learning."""

from collections.abc import Sequence

import torch

from lecture_lib import figures
from lecture_lib.exact import binary_states
from lecture_lib.rbm import RBM, free_energy, log_likelihood_gradient
from lecture_lib.widgets.live import LiveFigure


def two_phases(params: RBM, rows: Sequence[int]) -> LiveFigure:
    """Steps of exact learning on 2 x 2 pictures that the reader picks: F of each picture, and p(x).

    params: where learning starts, with 4 visible units; rows: the numbers of the pictures that are
    data at first, in the order of `binary_states`
    Raises ValueError for a machine of another size or rows that are none.
    """
    W, b, c = params
    if W.shape[1] != 4:
        raise ValueError(f"the figure draws 2 x 2 pictures: W must be (n_hidden, 4), got {tuple(W.shape)}")
    if not rows or not all(row in range(16) for row in rows):
        raise ValueError(f"rows must be numbers of pictures, 0 to 15 and at least one, got {list(rows)}")
    x = binary_states(4, dtype=W.dtype)
    marked = torch.zeros(16, dtype=torch.bool)
    marked[list(rows)] = True
    gradient = log_likelihood_gradient(params, x[marked])
    learnt = RBM(*(t + 0.5 * g for t, g in zip(params, gradient, strict=True)))
    after = free_energy(learnt, x)
    return LiveFigure(
        "two_phases",
        data={"W": W.tolist(), "b": b.tolist(), "c": c.tolist(), "rows": list(rows)},
        task="Press “1 step” a few times and watch the arrows: which pictures go down, which go up? "
             "Then start again with the positive phase alone, and press “100 steps”.",
        still=figures.two_phases_still(x.numpy(), free_energy(params, x).numpy(), after.numpy(),
                                       (-after).softmax(0).numpy(), marked.numpy()),
        alt="The free energy of the 16 pictures of 2 by 2 pixels before and after a step of learning, and "
            "their probabilities. The energy of the two data falls, that of the two columns rises.",
    )
