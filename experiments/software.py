"""The software of the slides, and two packages of today, on the same digits: `python experiments/software.py`.

Each package trains an RBM with 500 hidden units on the whole binarised MNIST by its own code
(`software_peers.py`), in an environment of its own, on one thread. What it has learnt is read into our W, b
and c, and its log-likelihood is measured by our annealed importance sampling, the same for all. The result
is `results/software.json`, which the chapter rbm/practice shows.

The environments (PyDBM needs Python 3.8 and about ten minutes to build):

    bash experiments/software_environments.sh FOLDER
    python experiments/software.py --environments FOLDER [--only NAME ...]
"""

import argparse
import hashlib
import json
import math
import os
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import torch

from lecture_lib import data, evaluation, rbm

SETTINGS = {"n_hidden": 500, "batch_size": 100, "n_epochs": 5, "learning_rate": 0.1, "seed": 0}
OWN = {
    "scikit_learn": {},
    "lecture_lib": {},
    "learnergy": {},
    "rbms": {},  # it divides each gradient by its norm: the rate is the length of a step
    "pydbm": {},
}
PYTHON = {"scikit_learn": None, "lecture_lib": None, "learnergy": "peers", "rbms": "peers", "pydbm": "pydbm"}
AIS = {"n_chains": 100, "n_temperatures": 5_000, "seed": 0}
FOLDER = Path(__file__).parent
RESULT = FOLDER / "results" / "software.json"
ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")}


def train(name, images, n_rows, environments):
    """One package in its environment: what it reports, and its weights (none for PyDBM)."""
    settings = {**SETTINGS, **OWN[name]}
    python = sys.executable if PYTHON[name] is None else str(environments / PYTHON[name] / "bin" / "python")
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.npz"
        subprocess.run(
            [python, str(FOLDER / "software_peers.py"), name, str(images), str(result),
             json.dumps({**settings, "n_rows": n_rows})],
            check=True, env={**os.environ, **ONE_THREAD},
        )
        with np.load(result, allow_pickle=False) as arrays:
            facts = json.loads(str(arrays["facts"]))
            weights = [torch.from_numpy(arrays[field].astype(np.float32)) for field in rbm.RBM._fields]
    return {**facts, "settings": {**settings, "n_rows": n_rows}}, rbm.RBM(*weights) if weights[0].numel() else None


def measure(params, digits):
    """The log-likelihood by our annealed importance sampling, from the data's log-odds."""
    base = rbm.init(784, 1, generator=torch.Generator(), data=digits.train).c
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("always")
        log_Z, standard_error, effective = evaluation.ais_log_partition(
            params, AIS["n_chains"], AIS["n_temperatures"], base=base,
            generator=torch.Generator().manual_seed(AIS["seed"]),
        )
    blocks = digits.test.split(1000)
    F = torch.cat([rbm.free_energy(params, x) for x in blocks]).double().mean().item()
    return {
        "test_log_likelihood": round(-F - log_Z, 2),
        "standard_error": round(standard_error, 2) if math.isfinite(standard_error) else None,
        "effective_sample_size": round(effective, 1),
        "mean_absolute_weight": round(params.W.abs().mean().item(), 3),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--environments", type=Path, default=FOLDER.parent / "build" / "software")
    parser.add_argument("--only", nargs="+", choices=OWN, default=list(OWN))
    parser.add_argument("--rows", type=int, default=60_000)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    digits = data.mnist()
    checksum = hashlib.sha256(digits.train.numpy().tobytes() + digits.test.numpy().tobytes()).hexdigest()
    report = {
        "what": "RBMs of several packages on binarised MNIST, each trained by its own code",
        "script": "experiments/software.py",
        "data": {"name": "mnist", "sha256": checksum},
        "unit": "nats, mean over the 10,000 test images; processor seconds on one thread of a busy machine",
        "ais": AIS,
    }
    with tempfile.TemporaryDirectory() as folder:
        images = Path(folder) / "images.npy"
        np.save(images, digits.train.numpy().astype(np.uint8))
        for name in arguments.only:
            facts, params = train(name, images, arguments.rows, arguments.environments)
            if params is not None:
                facts |= measure(params, digits)
            print(name, json.dumps(facts), flush=True)
            before = json.loads(RESULT.read_text())["packages"] if RESULT.exists() else {}
            report["packages"] = {**before, name: facts}
            RESULT.parent.mkdir(exist_ok=True)
            temporary = RESULT.with_suffix(".tmp")
            temporary.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
            os.replace(temporary, RESULT)


if __name__ == "__main__":
    main()
