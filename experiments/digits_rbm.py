"""A small RBM on 8 x 8 digits, trained by its exact likelihood: `python experiments/digits_rbm.py`.

With 16 hidden units log Z is a sum over 2^16 states, so that autograd gives the
exact gradient of the log-likelihood and the result is exact too. The chapters on
the model, on inference and on the free energy load it as "digits_rbm".
"""

import hashlib
import time

import torch

from lecture_lib import data, pretrained, rbm

SETTINGS = {"n_hidden": 16, "n_steps": 2000, "learning_rate": 0.03, "weight_decay": 0.0005}
SEEDS = (0, 1, 2)


def log_likelihood(params: rbm.RBM, x: torch.Tensor) -> torch.Tensor:
    """Mean of log p(x) = -F(x) - log Z, in nats."""
    return -rbm.free_energy(params, x).mean() - rbm.log_partition(params)


def run(seed: int, digits: data.Digits) -> tuple[rbm.RBM, dict]:
    """One training run from one seed: the parameters and what they reach."""
    start = time.perf_counter()
    generator = torch.Generator().manual_seed(seed)
    params = rbm.init(64, SETTINGS["n_hidden"], generator=generator, data=digits.train)
    optimizer = torch.optim.Adam([p.requires_grad_() for p in params], lr=SETTINGS["learning_rate"])
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.02, SETTINGS["n_steps"])
    for _ in range(SETTINGS["n_steps"]):
        loss = -log_likelihood(params, digits.train) + SETTINGS["weight_decay"] * params.W.square().sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    with torch.no_grad():
        result = {
            "seed": seed,
            "train_log_likelihood": round(log_likelihood(params, digits.train).item(), 3),
            "test_log_likelihood": round(log_likelihood(params, digits.test).item(), 3),
            "seconds": round(time.perf_counter() - start, 1),
        }
    return params, result


def main() -> None:
    digits = data.digits()
    results = []
    for seed in SEEDS:
        params, result = run(seed, digits)
        print(result, flush=True)
        results.append(result)
        if result["train_log_likelihood"] == max(r["train_log_likelihood"] for r in results):
            best = params
    checksum = hashlib.sha256(digits.train.numpy().tobytes() + digits.test.numpy().tobytes()).hexdigest()
    pretrained.save("digits_rbm", best, {
        "what": "RBM, 64 visible and 16 hidden units, 8 x 8 digits, exact maximum likelihood",
        "script": "experiments/digits_rbm.py",
        "settings": SETTINGS,
        "data": {"name": "digits", "sha256": checksum},
        "kept": "the run with the highest training log-likelihood; weights stored in half precision",
        "unit": "nats, mean over images, log Z exact",
        "runs": results,
    })


if __name__ == "__main__":
    main()
