"""Our RBM estimator beside scikit-learn's: `python benchmarks/estimator.py`.

One epoch on binarised MNIST, 500 hidden units, minibatches of 100, float32. The models take turns,
and a turn is compared with scikit-learn's beside it; the median ratio is printed, since a machine
with other work slows now this one and now that. Wall-clock time, as many threads as the machine has
cores. "products" are the matrix products of an epoch and nothing else, two up, one down and the two
phases' gradients: no estimator that multiplies can be faster.
"""

import argparse
import os
import statistics
import time
import warnings

import numpy as np
import sklearn
import torch
from sklearn.neural_network import BernoulliRBM as Peer

from lecture_lib import data
from lecture_lib.estimators import BernoulliRBM

SETTINGS = {"n_components": 500, "batch_size": 100, "n_iter": 1, "random_state": 0}
GOALS = {"PCD-1": 0.40, "CD-1": 0.50}


def seconds(model: object, x: object) -> float:
    """Wall-clock time of one fit."""
    start = time.perf_counter()
    model.fit(x)
    return time.perf_counter() - start


class Products:
    """The matrix products of one epoch of CD-1 or PCD-1, into memory that is there already."""

    def fit(self, x: np.ndarray) -> None:
        """Data stands for samples too: the work is the same."""
        x, batch = torch.from_numpy(x), SETTINGS["batch_size"]
        n_hidden = SETTINGS["n_components"]
        W, down = torch.zeros(n_hidden, x.shape[1]), torch.empty(batch, x.shape[1])
        both, h = x[: 2 * batch].clone(), torch.empty(2 * batch, n_hidden)
        for _ in range(len(x) // batch):
            torch.mm(both, W.T, out=h)
            torch.mm(h[:batch], W, out=down)
            W.addmm_(h.T, both)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=60_000, help="of the training set")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    x = data.mnist().train[: arguments.rows].numpy()
    models = {
        "scikit-learn": Peer(learning_rate=0.1, **SETTINGS),
        "PCD-1": BernoulliRBM(persistent=True, **SETTINGS),
        "PCD-1, centred": BernoulliRBM(persistent=True, centered=True, **SETTINGS),
        "CD-1": BernoulliRBM(persistent=False, **SETTINGS),
        "products": Products(),
    }
    times: dict[str, list[float]] = {name: [] for name in models}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(arguments.turns):
            for name, model in models.items():
                times[name].append(seconds(model, x))
    print(f"scikit-learn {sklearn.__version__}, torch {torch.__version__}, "
          f"{arguments.threads} threads, {len(x)} rows, load {os.getloadavg()[0]:.1f}")  # fmt: skip
    for name, turns in times.items():
        ratio = statistics.median(t / s for t, s in zip(turns, times["scikit-learn"], strict=True))
        goal = f"  goal {GOALS[name]:.2f}" if name in GOALS else ""
        print(f"{name:15} {statistics.median(turns):6.2f} s   {ratio:.2f} of scikit-learn's{goal}   "
              f"turns {', '.join(f'{t:.2f}' for t in turns)}")  # fmt: skip


if __name__ == "__main__":
    main()
