"""Our RBM estimator beside scikit-learn's: `python benchmarks/estimator.py`.

One epoch on binarised MNIST, 500 hidden units, minibatches of 100, float32. The models take turns,
so that a machine with other work slows all of them; the ratio
of the fastest turns is printed. Wall-clock time, as many threads as the machine has cores.
"""

import argparse
import os
import time
import warnings

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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=60_000, help="of the training set")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    x = data.mnist().train[: arguments.rows].numpy()
    models = {
        "scikit-learn": Peer(learning_rate=0.1, **SETTINGS),
        "PCD-1": BernoulliRBM(persistent=True, **SETTINGS),
        "PCD-1, centred": BernoulliRBM(persistent=True, centered=True, **SETTINGS),
        "CD-1": BernoulliRBM(persistent=False, **SETTINGS),
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
        ratio = min(turns) / min(times["scikit-learn"])
        goal = f"  goal {GOALS[name]:.2f}" if name in GOALS else ""
        print(f"{name:15} {min(turns):6.2f} s   {ratio:.2f} of scikit-learn's{goal}   "
              f"turns {', '.join(f'{t:.2f}' for t in turns)}")  # fmt: skip


if __name__ == "__main__":
    main()
