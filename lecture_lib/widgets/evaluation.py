"""The live figure of rbm/evaluation."""

from itertools import pairwise

import torch

from lecture_lib import figures
from lecture_lib.evaluation import annealed
from lecture_lib.rbm import RBM, free_energy, gibbs_step, log_partition
from lecture_lib.widgets.live import LiveFigure


def annealing(params: RBM, temperatures: int = 3, chains: int = 20, *, scale: float = 1.0) -> LiveFigure:
    """Annealed importance sampling on a small RBM: the estimate of log Z against the truth.

    params: an RBM with at most 6 visible and 4 hidden units, whose parameters are taken times scale
    Raises ValueError for a machine too large to sum over all its states.
    """
    W, b, c = params
    if W.shape[1] > 6 or len(b) > 4:
        raise ValueError(f"the figure sums over all states: W must be at most (4, 6), got {tuple(W.shape)}")
    machine = RBM(*(scale * t for t in params))
    generator = torch.Generator().manual_seed(1)
    stages = [annealed(machine, m / temperatures) for m in range(temperatures + 1)]
    x = (torch.rand(chains, len(c), generator=generator, dtype=W.dtype) < 0.5).to(W.dtype)
    paths = [log_partition(stages[0]).expand(chains)]
    for before, after in pairwise(stages):
        paths.append(paths[-1] + free_energy(before, x) - free_energy(after, x))
        x = gibbs_step(after, x, generator=generator)
    estimate = paths[-1].logsumexp(0).item() - torch.tensor(float(chains)).log().item()
    exact = torch.stack([log_partition(stage) for stage in stages])
    return LiveFigure(
        "annealing",
        data={"W": W.tolist(), "b": b.tolist(), "c": c.tolist(), "temperatures": temperatures,
              "chains": chains, "scale": scale, "seed": 4},
        task="Add temperatures one by one: the chains' lines close in on the exact curve from below. "
             "Then make the weights larger and see how many temperatures the same error costs.",
        still=figures.annealing_still((torch.arange(temperatures + 1) / temperatures).numpy(),
                                      exact.numpy(), torch.stack(paths, 1).numpy(), estimate),
        alt=f"The exact log Z of each stage of annealing as a thick line and the paths of {chains} chains with "
            f"{temperatures} temperatures: most end below the line, by a nat or more, and few above.",
    )
