"""All shipped RBMs measured again: `python experiments/measure.py`.

Each `lecture_lib/pretrained` model beside its card: exactly where one layer can be enumerated, by
annealed importance sampling with the card's settings, but other random numbers, where not. What
came is kept in `results/measured.json`. Ends with an error if one differs by more than 5 standard
errors, unless either effective sample size is below 10: then a standard error says little.
"""

import argparse
import json
import math
import os
import sys
from pathlib import Path

import torch
from mnist_rbm import AIS, measure

from lecture_lib import data, pretrained, rbm

RESULT = Path(__file__).parent / "results" / "measured.json"
TRUSTED = 10  # the effective sample size below which a standard error is not believed


def exactly(params: rbm.RBM, x: torch.Tensor) -> dict:
    """The mean log-likelihood by a sum over the states of the smaller layer."""
    double = rbm.RBM(*(p.double() for p in params))
    value = -rbm.free_energy(double, x).mean() - rbm.log_partition(double)
    return {"test_log_likelihood": round(value.item(), 3), "standard_error": 0.0, "effective_sample_size": None}


def record(name: str, found: dict) -> None:
    """Put one measurement into the file of results, whole or not at all."""
    models = json.loads(RESULT.read_text())["models"] if RESULT.exists() else {}
    report = {
        "what": "shipped RBMs measured again with other random numbers; nats, mean over test images",
        "script": "experiments/measure.py",
        "models": dict(sorted({**models, name: found}.items())),
    }
    temporary = RESULT.with_suffix(".tmp")
    temporary.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    os.replace(temporary, RESULT)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=[], help="all, if none are given")
    parser.add_argument("--temperatures", type=int, default=AIS["n_temperatures"])
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    settings = {**AIS, "n_temperatures": arguments.temperatures, "seed": arguments.seed}
    sets, wrong = {"mnist": data.mnist(), "digits": data.digits()}, []
    print(f"{'model':20} {'card':>9} {'now':>9} {'± s.e.':>7} {'size':>6}  nats, test images")
    for name in arguments.names or pretrained.names():
        params, card = pretrained.load(name)
        if not isinstance(params, rbm.RBM) or card["data"]["name"] not in sets:
            continue
        kept = max(card["runs"], key=lambda run: run["train_log_likelihood"])
        examples = sets[card["data"]["name"]]
        if min(params.W.shape) <= 20:
            found = exactly(params, examples.test)
            allowed = 0.02  # the card's value is from before the weights were rounded
        else:
            found = measure(params, examples, settings) | {"ais": settings}
            sizes = kept["effective_sample_size"], found["effective_sample_size"]
            error = math.hypot(found["standard_error"], kept["standard_error"])
            allowed = 5 * error if min(sizes) >= TRUSTED else math.inf
        record(name, {"seed_of_the_run": kept["seed"], **found})
        now, size = found["test_log_likelihood"], found["effective_sample_size"] or math.inf
        print(f"{name:20} {kept['test_log_likelihood']:9.2f} {now:9.2f} "
              f"{found['standard_error']:7.2f} {size:6.1f}", flush=True)  # fmt: skip
        if abs(now - kept["test_log_likelihood"]) > allowed:
            wrong.append(name)
    if wrong:
        sys.exit(f"not as on the card: {', '.join(wrong)}")


if __name__ == "__main__":
    torch.set_grad_enabled(False)
    main()
