"""RBMs on binarised MNIST: `python experiments/mnist_rbm.py recipe --seeds 0 1 2`.

One command a method (`--help` lists them), on a GPU if there is one. A run goes on from its
checkpoint after an interruption. The weights of the run with the highest training log-likelihood
are stored for `pretrained.load`, rounded to half precision, and measured as stored; the card lists
every run. Runs of other seeds with the same settings that the card has already are kept.
"""

import argparse
import hashlib
import json
import math
import time
import warnings
from pathlib import Path

import torch

from lecture_lib import data, distributions, evaluation, pretrained, rbm, training
from lecture_lib.contrastive import Contrastive
from lecture_lib.sampling import Chains

PLAIN = {
    "n_hidden": 500, "n_epochs": 10, "batch_size": 20, "k": 1, "persistent": False, "n_chains": 0,
    "learning_rate": 0.05, "falling": False, "log_odds": False, "centered": False,
}  # fmt: skip
PERSISTENT = {**PLAIN, "persistent": True, "n_chains": 100}
RECIPE = {**PERSISTENT, "learning_rate": 0.1, "falling": True, "log_odds": True, "centered": True}
METHODS = {
    "cd1": PLAIN,
    "cd10": {**PLAIN, "k": 10},
    "pcd1": PERSISTENT,
    "pcd1_falling": {**PERSISTENT, "falling": True},
    "recipe": RECIPE,
    "recipe_cosine": {**RECIPE, "batch_size": 100, "n_chains": 200, "falling": "cosine"},
    "recipe_long": {**RECIPE, "n_epochs": 100, "batch_size": 100},
    "small": {**RECIPE, "n_hidden": 160},
}
AIS = {"n_chains": 100, "n_temperatures": 10_000, "seed": 1000}
QUICK = {"n_chains": 100, "n_temperatures": 500, "seed": 2000}
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


def log_odds(x: torch.Tensor) -> torch.Tensor:
    """Visible biases of the model of independent pixels: the first model of AIS."""
    m = x.sum(0)
    return (m + 1).log() - (len(x) - m + 1).log()


def measure(params: rbm.RBM, mnist: data.Digits, settings: dict) -> dict:
    """Log-likelihoods of test and training images, in nats, with the uncertainty of log Z."""
    generator = torch.Generator(params.W.device).manual_seed(settings["seed"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the effective sample size is in the result
        ais = evaluation.ais_log_partition(
            params, settings["n_chains"], settings["n_temperatures"],
            generator=generator, base=log_odds(mnist.train),
        )  # fmt: skip
    free = [rbm.free_energy(params, x).double().mean().item() for x in
            (mnist.test, mnist.train[:10_000])]  # fmt: skip
    return {
        "test_log_likelihood": round(-free[0] - ais.log_partition, 3),
        "train_log_likelihood": round(-free[1] - ais.log_partition, 3),
        "log_partition": round(ais.log_partition, 3),
        "standard_error": round(ais.standard_error, 3),
        "effective_sample_size": round(ais.effective_sample_size, 1),
    }


def start(settings: dict, seed: int, x: torch.Tensor) -> Contrastive:
    """The learning step of one run, before its first update."""
    generator = torch.Generator(x.device).manual_seed(seed)
    params = rbm.init(x.shape[1], settings["n_hidden"], generator=generator, data=x)
    if not settings["log_odds"]:
        params.c.zero_()
    rate, n_updates = settings["learning_rate"], settings["n_epochs"] * -(
        -len(x) // settings["batch_size"]
    )
    schedules = {
        False: rate,
        True: lambda t: rate * (1 - t / n_updates),
        "cosine": lambda t: rate * (1 + math.cos(math.pi * t / n_updates)) / 2,
    }
    chains = None
    if settings["persistent"]:
        p = x.mean(0).expand(settings["n_chains"], -1)
        chains = Chains(distributions.bernoulli_sample(p, generator=generator))
    return Contrastive(
        params, settings["k"], generator=generator, chains=chains,
        learning_rate=schedules[settings["falling"]],
        mean_x=x.mean(0) if settings["centered"] else None,
    )  # fmt: skip


def run(method: str, seed: int, mnist: data.Digits, folder: Path) -> tuple[rbm.RBM, dict]:
    """One training run from one seed: the parameters as they are stored, and what they reach."""
    settings, begin, cpu = METHODS[method], time.perf_counter(), time.process_time()
    step = start(settings, seed, mnist.train)
    checkpoint = folder / f"mnist_{method}_{seed}.npz"
    notes = checkpoint.with_suffix(".json")  # what the run has been so far, for one that goes on
    so_far = {"curve": [], "seconds": 0.0, "cpu_seconds": 0.0}
    if checkpoint.exists() and notes.exists():
        so_far = json.loads(notes.read_text())
    for _ in training.fit(
        step, mnist.train, n_epochs=settings["n_epochs"], batch_size=settings["batch_size"],
        generator=step.generator, checkpoint=checkpoint,
    ):  # fmt: skip
        epoch = len(training.history(checkpoint))
        if settings["n_epochs"] <= 10 or epoch % 10 == 0:
            so_far["curve"].append({"epoch": epoch, **measure(step.params, mnist, QUICK)})
            print(method, seed, so_far["curve"][-1], flush=True)
        so_far["seconds"] += time.perf_counter() - begin
        so_far["cpu_seconds"] += time.process_time() - cpu
        begin, cpu = time.perf_counter(), time.process_time()
        notes.write_text(json.dumps(so_far))
    params = rbm.RBM(*(p.half().float() for p in step.params))
    result = {
        "seed": seed,
        **measure(params, mnist, AIS),
        "not_rounded": measure(step.params, mnist, AIS)["test_log_likelihood"],
        "seconds": round(so_far["seconds"]),
        "cpu_seconds": round(so_far["cpu_seconds"]),
        "device": DEVICE.type,
        "curve": so_far["curve"],
    }
    return params, result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("method", choices=METHODS)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--checkpoints", type=Path, default=Path("build"), help="a folder")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    arguments.checkpoints.mkdir(parents=True, exist_ok=True)
    mnist = data.mnist()
    checksum = hashlib.sha256(mnist.train.numpy().tobytes() + mnist.test.numpy().tobytes())
    mnist = data.Digits(*(t.to(DEVICE) for t in mnist))
    name, settings = f"mnist_{arguments.method}", METHODS[arguments.method]
    card = pretrained.load(name).card if name in pretrained.names() else {}
    runs = card.get("runs", []) if card.get("settings") == settings else []
    for seed in arguments.seeds:
        params, result = run(arguments.method, seed, mnist, arguments.checkpoints)
        print(name, {key: value for key, value in result.items() if key != "curve"}, flush=True)
        runs = sorted([r for r in runs if r["seed"] != seed] + [result], key=lambda r: r["seed"])
        best = max(runs, key=lambda r: r["train_log_likelihood"])
        kept = params if best["seed"] == seed else pretrained.load(name).params
        pretrained.save(name, kept, {
            "what": f"RBM, 784 visible and {settings['n_hidden']} hidden units, binarised MNIST",
            "script": f"experiments/mnist_rbm.py {arguments.method}",
            "settings": settings,
            "data": {"name": "mnist", "sha256": checksum.hexdigest()},
            "kept": f"seed {best['seed']}, the highest training log-likelihood; half precision",
            "unit": "nats, mean over the 10,000 test or the first 10,000 training images, as stored",
            "ais": AIS,
            "ais_of_the_curve": QUICK,
            "runs": runs,
        })  # fmt: skip


if __name__ == "__main__":
    main()
