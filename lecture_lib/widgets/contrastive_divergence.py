"""The live figure of rbm/contrastive_divergence."""

from collections.abc import Sequence

import torch

from lecture_lib import figures
from lecture_lib.exact import binary_states
from lecture_lib.rbm import RBM, cd_bias, expected_cd_gradient, free_energy, transition_matrix
from lecture_lib.widgets.live import LiveFigure


def cd_landscape(
    params: RBM, x: Sequence[int], k: int = 1, *, rate: float = 1.0
) -> LiveFigure:
    """CD-k on 2 x 2 pictures: its chain, where it pushes F down and up, and its exact bias.

    params: an RBM with 4 visible units and at most 4 hidden ones; x: the data, four zeros and ones
    Raises ValueError for a machine of another size, an x that is not binary, or a k outside 1..20.
    """
    W, b, c = params
    if W.shape[1] != 4 or len(b) > 4:
        raise ValueError(
            f"the figure draws 2 x 2 pictures and sums over at most 4 hidden units, got {tuple(W.shape)}"
        )
    if len(x) != 4 or any(value not in (0, 1) for value in x) or k not in range(1, 21):
        raise ValueError(f"x must be four zeros and ones and k in 1..20, got {list(x)} and {k}")
    states, row = binary_states(4, dtype=W.dtype), torch.tensor([list(x)], dtype=W.dtype)
    place = int("".join(str(value) for value in x), 2)
    gradient = expected_cd_gradient(params, row, k)
    moved = RBM(*(t + rate * g for t, g in zip(params, gradient, strict=True)))
    F = free_energy(params, states)
    q = torch.linalg.matrix_power(transition_matrix(params), k)[place]
    return LiveFigure(
        "contrastive_divergence",
        data={"W": W.tolist(), "b": b.tolist(), "c": c.tolist(), "x": [int(v) for v in x], "k": k,
              "rate": rate, "seed": 6},
        task="Turn k up and watch the bars spread towards the lines. Then make the weights larger: "
             "how many steps do the bars need now, and what does the bias do?",
        still=figures.contrastive_still(states.numpy(), F.numpy(), free_energy(moved, states).numpy(),
                                        q.numpy(), (-F).softmax(0).numpy(),
                                        cd_bias(params, row, 20).numpy(), place),
        alt=f"The free energy of the 16 pictures of 2 by 2 pixels, with arrows for the mean update of CD-{k}: "
            "down at the data, up where its chain ends, which is hardly anywhere else; below, the bias "
            "falls slowly with k.",
    )
