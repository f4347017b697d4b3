"""All shipped weights measured again: `python experiments/measure.py`.

Each `lecture_lib/pretrained` model beside its card: exactly where one layer can be enumerated, by
annealed importance sampling with the card's settings, but other random numbers, where not. Ends
with an error if one differs by more than 5 standard errors.
"""

import argparse
import math
import sys

import torch
from mnist_rbm import AIS, measure

from lecture_lib import data, pretrained, rbm


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=[], help="all, if none are given")
    parser.add_argument("--temperatures", type=int, default=AIS["n_temperatures"])
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    sets, wrong = {"mnist": data.mnist(), "digits": data.digits()}, []
    print(f"{'model':20} {'card':>9} {'now':>9} {'± s.e.':>7} {'size':>6}  nats, test images")
    for name in arguments.names or pretrained.names():
        params, card = pretrained.load(name)
        if not isinstance(params, rbm.RBM) or card["data"]["name"] not in sets:
            continue
        kept = max(card["runs"], key=lambda run: run["train_log_likelihood"])
        examples = sets[card["data"]["name"]]
        if min(params.W.shape) <= 20:
            double = rbm.RBM(*(p.double() for p in params))
            free = rbm.free_energy(double, examples.test).mean()
            now, error, size = (-free - rbm.log_partition(double)).item(), 0.0, math.inf
            allowed = 0.02  # the card's value is from before the weights were rounded
        else:
            settings = {**AIS, "n_temperatures": arguments.temperatures, "seed": arguments.seed}
            result = measure(params, examples, settings)
            now, error = result["test_log_likelihood"], result["standard_error"]
            size = result["effective_sample_size"]
            allowed = 5 * math.hypot(error, kept["standard_error"])
        card_says = kept["test_log_likelihood"]
        print(f"{name:20} {card_says:9.2f} {now:9.2f} {error:7.2f} {size:6.1f}", flush=True)
        if abs(now - card_says) > allowed:
            wrong.append(name)
    if wrong:
        sys.exit(f"not as on the card: {', '.join(wrong)}")


if __name__ == "__main__":
    torch.set_grad_enabled(False)
    main()
