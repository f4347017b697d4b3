"""VAEs on binarised MNIST: `python experiments/mnist_vae.py standard --seeds 0 1 2`.

One command a method (`--help` lists them), on a GPU if there is one. A run goes on from its
checkpoint after an interruption. Where images are held out, the run is trained on the others, and
its curve says what it reaches on both. The weights of the run with the highest ELBO on training
images are stored for `pretrained.load`, rounded to half precision, and measured as stored; the card
lists every run. Runs of other seeds with the same settings that the card has already are kept.
`measure` measures the stored weights again, with other random numbers than their cards.
"""

import argparse
import copy
import hashlib
import json
import math
import time
from functools import partial
from pathlib import Path

import torch

from lecture_lib import data, evaluation, pretrained, training, vae

STANDARD = {
    "n_hidden": 400, "n_latent": 20, "n_epochs": 10, "batch_size": 128, "learning_rate": 4e-3,
    "weight_decay": 0.0, "held_out": 0,
}  # fmt: skip
METHODS = {
    "standard": STANDARD,
    "plane": {**STANDARD, "n_hidden": 200, "n_latent": 2, "n_epochs": 40, "learning_rate": 1e-3},
    "best": {**STANDARD, "n_hidden": 600, "n_latent": 32, "n_epochs": 120, "weight_decay": 0.02,
             "held_out": 5000},
}
BOUND = {"n_samples": 500, "seed": 1000}
MARKS = 10  # how often a run is measured on its way
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


def measure(model: vae.VAE, x: torch.Tensor, *, seed: int, n_samples: int = 1) -> dict:
    """Means of the ELBO's terms over images, in nats, and the importance-weighted bound if asked."""
    generator = torch.Generator(x.device).manual_seed(seed)
    with torch.no_grad():
        terms = [vae.elbo_terms(model, batch, generator=generator) for batch in x.split(1000)]
    reconstruction, kl = (torch.cat(part).double().mean().item() for part in zip(*terms, strict=True))
    result = {"elbo": reconstruction - kl, "reconstruction": reconstruction, "kl": kl}
    if n_samples > 1:
        bounds = [
            evaluation.importance_weighted_bound(model, batch, n_samples, generator=generator)
            for batch in x.split(100)
        ]
        result["bound"] = torch.cat(bounds).double().mean().item()
    return {name: round(value, 3) for name, value in result.items()}


def start(settings: dict, seed: int, x: torch.Tensor) -> training.GradientAscent:
    """The learning step of one run, before its first update: Adam, its rate falling along a cosine."""
    generator = torch.Generator(x.device).manual_seed(seed)
    model = vae.init(
        x.shape[1], settings["n_hidden"], settings["n_latent"], generator=generator, data=x
    )
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=settings["learning_rate"], weight_decay=settings["weight_decay"],
        fused=True,
    )  # fmt: skip
    n_updates = settings["n_epochs"] * -(-len(x) // settings["batch_size"])
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda t: (1 + math.cos(math.pi * t / n_updates)) / 2
    )
    return training.GradientAscent(
        partial(vae.elbo, model, generator=generator), model, optimizer,
        generator=generator, schedule=schedule,
    )  # fmt: skip


def run(method: str, seed: int, mnist: data.Digits, folder: Path) -> tuple[vae.VAE, dict]:
    """One training run from one seed: the model as it is stored, and what it reaches."""
    settings, begin, cpu = METHODS[method], time.perf_counter(), time.process_time()
    n_train = len(mnist.train) - settings["held_out"]
    train, held_out = mnist.train[:n_train], mnist.train[n_train:]
    step = start(settings, seed, train)
    checkpoint = folder / f"mnist_vae_{method}_{seed}.npz"
    notes = checkpoint.with_suffix(".json")  # what the run has been so far, for one that goes on
    so_far = {"curve": [], "seconds": 0.0, "cpu_seconds": 0.0}
    if checkpoint.exists() and notes.exists():
        so_far = json.loads(notes.read_text())
    for _ in training.fit(
        step, train, n_epochs=settings["n_epochs"], batch_size=settings["batch_size"],
        generator=step.generator, checkpoint=checkpoint,
    ):  # fmt: skip
        so_far["seconds"] += time.perf_counter() - begin
        so_far["cpu_seconds"] += time.process_time() - cpu
        epoch = len(training.history(checkpoint))
        if epoch % max(1, settings["n_epochs"] // MARKS) == 0:
            mark = {"epoch": epoch, "train": measure(step.module, train[:10_000], seed=2000)["elbo"]}
            if len(held_out):
                mark["held_out"] = measure(step.module, held_out, seed=2000)["elbo"]
            so_far["curve"].append(mark)
            print(method, seed, mark, f"{so_far['cpu_seconds']:.0f} s", flush=True)
        notes.write_text(json.dumps(so_far))
        begin, cpu = time.perf_counter(), time.process_time()
    model = copy.deepcopy(step.module)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(parameter.half().float())
    test = measure(model, mnist.test, **BOUND)
    result = {
        "seed": seed,
        **{f"test_{name}": value for name, value in test.items()},
        "train_elbo": measure(model, train[:10_000], seed=BOUND["seed"])["elbo"],
        "not_rounded": measure(step.module, mnist.test, seed=BOUND["seed"])["elbo"],
        "seconds": round(so_far["seconds"]),
        "cpu_seconds": round(so_far["cpu_seconds"]),
        "device": DEVICE.type,
        "curve": so_far["curve"],
    }
    return model, result


def measure_again(x: torch.Tensor) -> None:
    """Every stored VAE beside its card; an error where one differs by more than 0.2 nats."""
    wrong = []
    for name in (f"mnist_vae_{method}" for method in METHODS):
        model, card = pretrained.load(name)
        says = max(card["runs"], key=lambda run: run["train_elbo"])
        now = measure(model.to(x.device), x, seed=7, n_samples=BOUND["n_samples"])
        for term in "elbo", "bound":
            print(f"{name:20} {term:5} card {says[f'test_{term}']:8.2f} now {now[term]:8.2f} nats", flush=True)
            if abs(now[term] - says[f"test_{term}"]) > 0.2:
                wrong.append(f"{name} ({term})")
    if wrong:
        raise SystemExit(f"not as on the card: {', '.join(wrong)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("method", choices=[*METHODS, "measure"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--checkpoints", type=Path, default=Path("build"), help="a folder")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    arguments.checkpoints.mkdir(parents=True, exist_ok=True)
    mnist = data.mnist()
    checksum = hashlib.sha256(mnist.train.numpy().tobytes() + mnist.test.numpy().tobytes())
    mnist = data.Digits(*(t.to(DEVICE) for t in mnist))
    if arguments.method == "measure":
        return measure_again(mnist.test)
    name, settings = f"mnist_vae_{arguments.method}", METHODS[arguments.method]
    card = pretrained.load(name).card if name in pretrained.names() else {}
    runs = card.get("runs", []) if card.get("settings") == settings else []
    for seed in arguments.seeds:
        model, result = run(arguments.method, seed, mnist, arguments.checkpoints)
        print(name, {key: value for key, value in result.items() if key != "curve"}, flush=True)
        runs = sorted([r for r in runs if r["seed"] != seed] + [result], key=lambda r: r["seed"])
        kept = max(runs, key=lambda r: r["train_elbo"])
        weights = model if kept["seed"] == seed else pretrained.load(name).params
        pretrained.save(name, weights, {
            "what": f"VAE, {mnist.train.shape[1]}-{settings['n_hidden']}-{settings['n_latent']}, "
                    "binarised MNIST",
            "script": f"experiments/mnist_vae.py {arguments.method}",
            "settings": settings,
            "data": {"name": "mnist", "sha256": checksum.hexdigest()},
            "kept": f"seed {kept['seed']}, the highest ELBO on training images; half precision",
            "unit": "nats, mean over the 10,000 test or the first 10,000 training images, as stored",
            "bound": BOUND,
            "runs": runs,
        })  # fmt: skip


if __name__ == "__main__":
    main()
