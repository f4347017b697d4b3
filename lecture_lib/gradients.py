"""Gradients of an average with respect to the distribution that is averaged over.

E_q[f(z)],  q = N(mu, diag sigma^2):  both estimators are unbiased for a smooth f. The pathwise one
differentiates f along the draw; the score-function one only weighs how log q changes.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from lecture_lib.distributions import (
    _check_alike,
    _check_generator,
    _check_int,
)
from lecture_lib.vae import reparameterize

Objective = Callable[[Tensor], Tensor]


def pathwise_gradient(
    f: Objective,
    mu: Tensor,
    log_var: Tensor,
    *,
    generator: torch.Generator,
    n_samples: int = 1,
) -> tuple[Tensor, Tensor]:
    """The gradient through the draws: z as a smooth function of mu, sigma.

    1/S sum_s d f(mu + sigma * eps_s) / d mu, and d log sigma^2,
    eps_s ~ N(0, I), S = n_samples       eq-reparam-pathwise-estimate
    f: (S, batch, K) -> (S, batch), differentiable, row by row
    mu, log_var = log sigma^2: (batch, K) -> two gradients, (batch, K)
    Biased where f jumps: its derivative does not see the jump.
    Raises TypeError or ValueError for arguments that do not fit, for an
    f that gives another shape or does not depend on z by operations that
    have a gradient.
    Source: Kingma & Welling 2014; Rezende et al. 2014.
    """
    shape = _checked(mu, log_var, generator, n_samples)
    mu = mu.detach().requires_grad_()
    log_var = log_var.detach().requires_grad_()
    eps = torch.randn(
        shape, generator=generator, dtype=mu.dtype, device=mu.device
    )
    with torch.enable_grad():
        z = reparameterize(mu.expand(shape), log_var.expand(shape), eps)
        values = _values(f, z)
        if not values.requires_grad:
            raise ValueError(
                "f(z) must depend on z by operations with a gradient"
            )
        slope_mu, slope_log_var = torch.autograd.grad(
            values.mean(0).sum(), (mu, log_var)
        )
    return slope_mu, slope_log_var


def score_function_gradient(
    f: Objective,
    mu: Tensor,
    log_var: Tensor,
    *,
    generator: torch.Generator,
    n_samples: int = 1,
    baseline: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """The gradient of log q at each draw, weighed by f; no slope of f.

    1/S sum_s (f(z_s) - baseline) d log q(z_s) / d mu, and d log sigma^2,
    z_s ~ q, S = n_samples                  eq-reparam-score-estimate
    d log q / d mu = (z - mu) / sigma^2
    d log q / d log sigma^2 = ((z - mu)^2 / sigma^2 - 1) / 2
    f: (S, batch, K) -> (S, batch), row by row
    mu, log_var = log sigma^2: (batch, K); baseline: (batch,), numbers
    that do not depend on these draws, 0 if not given
    -> two gradients, (batch, K)
    Raises TypeError or ValueError for arguments that do not fit, and for
    an f that gives another shape.
    Source: Williams 1992 (REINFORCE).
    """
    score_mu, score_log_var, values = _scores(
        f, mu, log_var, generator, n_samples
    )
    if baseline is not None:
        if not isinstance(baseline, Tensor) or baseline.dtype != mu.dtype:
            raise TypeError(
                f"baseline must be a tensor of {mu.dtype}, got {baseline}"
            )
        if baseline.shape != mu.shape[:1]:
            raise ValueError(
                f"baseline must be ({len(mu)},), got {(*baseline.shape,)}"
            )
        values = values - baseline
    weights = values[..., None]
    return (weights * score_mu).mean(0), (weights * score_log_var).mean(0)


def leave_one_out_gradient(
    f: Objective,
    mu: Tensor,
    log_var: Tensor,
    *,
    generator: torch.Generator,
    n_samples: int = 2,
) -> tuple[Tensor, Tensor]:
    """The score-function gradient, each draw judged against the others.

    1/S sum_s (f(z_s) - 1/(S-1) sum_{r != s} f(z_r)) d log q(z_s) / d mu,
    and d log sigma^2                        eq-reparam-leave-one-out
    f: (S, batch, K) -> (S, batch), row by row
    mu, log_var = log sigma^2: (batch, K); S = n_samples, at least 2
    -> two gradients, (batch, K)
    Raises what `score_function_gradient` raises.
    Source: Kool et al. 2019.
    """
    _check_int("n_samples", n_samples, 2)
    score_mu, score_log_var, values = _scores(
        f, mu, log_var, generator, n_samples
    )
    others = (values.sum(0) - values) / (n_samples - 1)
    weights = (values - others)[..., None]
    return (weights * score_mu).mean(0), (weights * score_log_var).mean(0)


def noise_shares(
    objective: Objective,
    parameters: Sequence[Tensor],
    x: Tensor,
    n_draws: int,
) -> tuple[Tensor, Tensor]:
    """What makes a gradient noisy: which image it meets, and which draws.

    total variance over all parameters = Var_x(E[g|x]) + E_x[Var(g|x)],
    g = d objective(x) / d parameters
    x: (N, n_visible), N >= 2; objective: (1, n_visible) -> (1,), which
    draws anew at each call; n_draws >= 2, calls for each image
    -> the two parts, () and (), both estimated without bias
    Raises TypeError or ValueError for fewer than 2 images or draws.
    """
    _check_int("n_draws", n_draws, 2)
    if x.ndim != 2 or len(x) < 2:
        raise ValueError(
            f"x must be (N, n_visible) with N >= 2, got {tuple(x.shape)}"
        )
    means, within = [], []
    for row in x[:, None]:
        draws = torch.stack(
            [
                torch.cat(
                    [
                        g.flatten()
                        for g in torch.autograd.grad(
                            objective(row).sum(), list(parameters)
                        )
                    ]
                )
                for _ in range(n_draws)
            ]
        )
        means.append(draws.mean(0))
        within.append(draws.var(0).sum())
    codes = torch.stack(within).mean()
    return torch.stack(means).var(0).sum() - codes / n_draws, codes


@torch.no_grad()
def _scores(
    f: Objective,
    mu: Tensor,
    log_var: Tensor,
    generator: torch.Generator,
    n_samples: int,
) -> tuple[Tensor, Tensor, Tensor]:
    """Draws' scores for mu and log_var, each (S, batch, K), and the values of f, (S, batch)."""
    shape = _checked(mu, log_var, generator, n_samples)
    eps = torch.randn(
        shape, generator=generator, dtype=mu.dtype, device=mu.device
    )
    values = _values(
        f, reparameterize(mu.expand(shape), log_var.expand(shape), eps)
    )
    return eps * (-log_var / 2).exp(), (eps**2 - 1) / 2, values


def _checked(
    mu: Tensor, log_var: Tensor, generator: torch.Generator, n_samples: int
) -> tuple[int, ...]:
    """The shape of the draws of arguments that fit: (S, batch, K)."""
    _check_alike(mu=mu, log_var=log_var)
    _check_generator(generator)
    _check_int("n_samples", n_samples, 1)
    if mu.ndim != 2:
        raise ValueError(f"mu must be (batch, K), got {tuple(mu.shape)}")
    return n_samples, *mu.shape


def _values(f: Objective, z: Tensor) -> Tensor:
    """f(z), one value for each draw of each row."""
    values = f(z)
    if not isinstance(values, Tensor) or values.shape != z.shape[:-1]:
        came = getattr(values, "shape", type(values).__name__)
        expected = tuple(z.shape[:-1])
        raise ValueError(
            f"f must map {tuple(z.shape)} to {expected}, got {came}"
        )
    return values
