"""The live figure of vae/reparameterization."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from lecture_lib import figures
from lecture_lib.gradients import pathwise_gradient, score_function_gradient
from lecture_lib.widgets.live import LiveFigure


def two_estimators(mu: float = 0.5, sigma: float = 1.0, K: int = 8, S: int = 1, count: int = 500) -> LiveFigure:
    """Histograms of pathwise and score-function estimates of one gradient, drawn in the browser.

    f(z) = |z|^2 / 2 + a, z ~ N(mu, sigma^2 I) in K dimensions, S draws an estimate; the gradient is
    that of mu_1
    Raises ValueError for sizes below 1.
    """
    if min(K, S, count) < 1:
        raise ValueError(f"K, S and count must be at least 1, got {K}, {S} and {count}")
    rows = torch.full((count, K), mu, dtype=torch.float64)
    log_var = torch.full_like(rows, sigma).log() * 2
    expected = torch.full((count,), K * (mu**2 + sigma**2) / 2, dtype=torch.float64)

    def half_square(z: Tensor) -> Tensor:
        return (z**2).sum(-1) / 2

    estimators: dict[str, Callable[..., tuple[Tensor, Tensor]]] = {
        "pathwise": pathwise_gradient,
        "with baseline": partial(score_function_gradient, baseline=expected),
        "score function": score_function_gradient,
    }
    drawn = {
        name: estimator(half_square, rows, log_var, generator=torch.Generator().manual_seed(0), n_samples=S)[0][:, 0]
        for name, estimator in estimators.items()
    }
    return LiveFigure(
        "two_estimators",
        data={"count": count, "start": {"mu": mu, "sigma": sigma, "K": K, "S": S, "shift": 0, "seed": 1}},
        task="Raise the dimension K and watch which histogram spreads. Then add a constant a to f: it changes no "
             "gradient at all. Which estimator minds?",
        still=figures.estimators_still({name: g.numpy() for name, g in drawn.items()}, mu),
        alt="Three histograms around the exact gradient. The pathwise estimates are the narrowest, those of the "
            "score function with a baseline wider, those without one the widest by far.",
    )
