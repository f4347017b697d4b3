"""Beta-VAEs on sprites, every beta from every seed: `python experiments/sprites_vae.py`.

The runs are independent of each other and go through joblib. As it stands, one machine uses
`--jobs` of its cores; inside `joblib.parallel_config("dask")`, with a `dask.distributed.Client`
open, the same `sweep` runs on a Dask cluster and gives the same table. Every run is in
`results/sprites_vae.json`. For a few values of beta, the weights of the run with the highest
objective on training images are stored for `pretrained.load`, in half precision.
"""

import argparse
import hashlib
import json
import time
from functools import partial
from pathlib import Path
from typing import Any

import joblib
import torch

from lecture_lib import data, disentanglement, pretrained, training, vae

BETAS = 1.0, 2.0, 4.0, 8.0, 16.0
SEEDS = 0, 1, 2, 3, 4
SETTINGS = {
    "n_hidden": 128, "n_latent": 8, "n_epochs": 200, "batch_size": 64, "learning_rate": 1e-3,
}  # fmt: skip
SHIPPED = 1.0, 4.0, 16.0
RESULTS = Path(__file__).parent / "results" / "sprites_vae.json"
UNIT = (
    "nats; rate and distortion: means over the test images, 10 samples of z each; mig: codes drawn "
    "from q(z|x), score: means of q(z|x), both over all images, as are rates, one a unit"
)


def train(sprites: data.Sprites, beta: float, seed: int, settings: dict[str, Any]) -> vae.VAE:
    """One VAE, trained with Adam on the beta objective."""
    generator = torch.Generator().manual_seed(seed)
    model = vae.init(
        sprites.train.shape[1], settings["n_hidden"], settings["n_latent"],
        generator=generator, data=sprites.train,
    )  # fmt: skip
    step = training.GradientAscent(
        partial(vae.beta_objective, model, beta=beta, generator=generator), model,
        torch.optim.Adam(model.parameters(), lr=settings["learning_rate"]), generator=generator,
    )  # fmt: skip
    for _ in training.fit(
        step, sprites.train, n_epochs=settings["n_epochs"], batch_size=settings["batch_size"],
        generator=generator, progress=False,
    ):  # fmt: skip
        pass
    return model.requires_grad_(False)


def measure(model: vae.VAE, sprites: data.Sprites, beta: float) -> dict[str, Any]:
    """What one model reaches: rate and distortion, the rate of each unit, and both metrics."""
    generator = torch.Generator().manual_seed(1000)
    train, test = (
        vae.elbo_terms(model, x, generator=generator, n_samples=10)
        for x in (sprites.train, sprites.test)
    )
    x = torch.cat([sprites.train, sprites.test])
    factors = torch.cat([sprites.train_factors, sprites.test_factors])
    mu, log_var = model.encoder(x)
    z = vae.reparameterize(mu, log_var, torch.randn(mu.shape, generator=generator))
    score = disentanglement.beta_vae_score(mu, factors, generator=generator)
    objective = train.reconstruction - beta * train.kl
    return {
        "train_objective": round(objective.mean().item(), 3),
        "train_elbo": round((train.reconstruction - train.kl).mean().item(), 3),
        "distortion": round(-test.reconstruction.mean().item(), 3),
        "rate": round(test.kl.mean().item(), 3),
        "rates": [round(rate, 3) for rate in disentanglement.unit_rates(mu, log_var).tolist()],
        "mig": round(disentanglement.mutual_information_gap(z, factors).item(), 4),
        "score": round(score.item(), 4),
    }


def run(beta: float, seed: int, settings: dict[str, Any]) -> tuple[dict[str, Any], vae.VAE]:
    """One run: its row of the table, and the model in half precision, which is what is measured."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    begin = time.thread_time()
    sprites = data.sprites()
    model = train(sprites, beta, seed, settings).half().float()
    seconds = time.thread_time() - begin
    row = {"beta": beta, "seed": seed, **measure(model, sprites, beta), "cpu_seconds": round(seconds)}
    torch.set_num_threads(threads)
    return row, model


def sweep(
    betas: tuple[float, ...], seeds: tuple[int, ...], settings: dict[str, Any], n_jobs: int | None = None,
    memory: joblib.Memory | None = None,
) -> list[tuple[dict[str, Any], vae.VAE]]:
    """Every beta from every seed, through joblib: on this machine, or wherever its configuration says."""
    one = run if memory is None else memory.cache(run)
    parallel = joblib.Parallel(n_jobs=n_jobs)
    return parallel(joblib.delayed(one)(beta, seed, settings) for beta in betas for seed in seeds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=1, help="cores to use; -1 is all of them")
    parser.add_argument("--folder", type=Path, default=Path("build/sprites_vae"),
                        help="finished runs are kept there, so that a sweep goes on")
    parser.add_argument("--only", type=float, nargs=2, metavar=("BETA", "SEED"),
                        help="make this run and stop; the sweep then finds it in the folder")
    arguments = parser.parse_args()
    memory = joblib.Memory(arguments.folder, verbose=0)
    if arguments.only:
        beta, seed = arguments.only
        ((row, _),) = sweep((beta,), (int(seed),), SETTINGS, memory=memory)
        print(row, flush=True)
        return
    runs = sweep(BETAS, SEEDS, SETTINGS, arguments.jobs, memory)
    sprites = data.sprites()
    checksum = hashlib.sha256(sprites.train.numpy().tobytes() + sprites.test.numpy().tobytes())
    about = {
        "settings": SETTINGS, "data": {"name": "sprites", "sha256": checksum.hexdigest()}, "unit": UNIT,
    }  # fmt: skip
    table = {"script": "experiments/sprites_vae.py", **about, "runs": [row for row, _ in runs]}
    RESULTS.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    for beta in SHIPPED:
        mine = [(row, model) for row, model in runs if row["beta"] == beta]
        kept, model = max(mine, key=lambda pair: pair[0]["train_objective"])
        pretrained.save(f"sprites_beta_{beta:g}", model, {
            "what": f"VAE, 400-{SETTINGS['n_hidden']}-{SETTINGS['n_latent']}, sprites, beta = {beta:g}",
            "script": table["script"],
            **about,
            "settings": {"beta": beta, **SETTINGS},
            "kept": f"seed {kept['seed']}, the highest objective on training images; half precision",
            "runs": [row for row, _ in mine],
        })  # fmt: skip


if __name__ == "__main__":
    main()
