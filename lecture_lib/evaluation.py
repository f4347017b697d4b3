"""How good is a model? Log Z of machines too large to enumerate, with its uncertainty.

With log Z the log-likelihood follows, log p(x) = -F(x) - log Z, in nats an example.
"""

import math
import warnings
from typing import NamedTuple

import torch
from torch import Tensor

from lecture_lib.distributions import (
    _check_generator,
    _check_int,
    _check_units,
    bernoulli_sample,
    softplus,
)
from lecture_lib.rbm import RBM, _checked

MIN_EFFECTIVE_SAMPLE_SIZE = 10


class AIS(NamedTuple):
    """An estimate of log Z by annealed importance sampling, and how far to trust it.

    log_partition: in nats; standard_error of it, in nats, from the spread of the weights;
    effective_sample_size: (sum w)^2 / sum w^2, from 1 to n_chains
    """

    log_partition: float
    standard_error: float
    effective_sample_size: float


def ais_log_partition(
    params: RBM,
    n_chains: int,
    n_temperatures: int,
    *,
    generator: torch.Generator,
    base: Tensor | None = None,
) -> AIS:
    """Log Z of an RBM by annealed importance sampling.

    p_t: the RBM with parameters t W, t b and (1 - t) base + t c, t = 0, 1/n, ..., 1
    log Z_0 = n_hidden log 2 + sum_i softplus(base_i),  x ~ p_0
    log w = sum over t of F_s(x) - F_t(x), s the t before; after each, one Gibbs step of p_t
    log Z ~ log Z_0 + log mean w, over n_chains independent chains
    base: visible biases of the first model, (n_visible,), 0 if none are given: the data's log-odds
    start nearer to a model of the data. Too few temperatures give a log Z that is too low, as a
    rule, and so a log-likelihood that flatters; then few chains carry the weight, and a warning
    says so where the effective sample size is below 10. Runs in the dtype of the parameters, adds
    up in float64.
    n_chains >= 2, n_temperatures = n >= 1 -> AIS
    Raises TypeError or ValueError for parameters, counts, base or generator that do not fit.
    Source: Neal 2001; Salakhutdinov & Murray 2008.
    """
    W, b, c = _checked(params)
    _check_generator(generator)
    for name, count, least in ("n_chains", n_chains, 2), ("n_temperatures", n_temperatures, 1):
        _check_int(name, count, least)
    if not all(t.isfinite().all() for t in params):
        raise ValueError("W, b and c must be finite")
    base = torch.zeros_like(c) if base is None else base
    _check_units("base", base, ("n_visible",), c)
    if base.shape != c.shape or not base.isfinite().all():
        raise ValueError(f"base must be ({len(c)},) and finite, got {tuple(base.shape)}")
    with torch.no_grad():
        log_w = _log_weights(RBM(W, b, c), base.to(c), n_chains, n_temperatures, generator)
        log_Z0 = len(b) * math.log(2) + softplus(base.double()).sum().item()
        share = log_w.softmax(0)
        result = AIS(
            log_partition=log_Z0 + log_w.logsumexp(0).item() - math.log(n_chains),
            standard_error=(share.std() * math.sqrt(n_chains)).item(),
            effective_sample_size=(1 / share.square().sum()).item(),
        )
    if result.effective_sample_size < MIN_EFFECTIVE_SAMPLE_SIZE:
        warnings.warn(
            f"effective sample size {result.effective_sample_size:.1f} of {n_chains} chains is "
            f"below {MIN_EFFECTIVE_SAMPLE_SIZE}: this log Z, and its standard error, are not to be "
            "trusted; take more temperatures, more chains or a base nearer to the model",
            stacklevel=2,
        )
    return result


def _log_weights(
    params: RBM, base: Tensor, n_chains: int, n: int, generator: torch.Generator
) -> Tensor:
    """log w of each chain, (n_chains,) in float64: one product up and one down a temperature."""
    W, b, c = params
    W_up, rise = W.T.contiguous(), c - base
    x = bernoulli_sample(base.sigmoid().expand(n_chains, -1), generator=generator)
    log_w = torch.zeros(n_chains, dtype=torch.float64, device=W.device)
    for step in range(n):
        s, t = step / n, (step + 1) / n
        a = torch.addmm(b, x, W_up)
        log_w += ((softplus(t * a) - softplus(s * a)).sum(-1) + (t - s) * (x @ rise)).double()
        h = bernoulli_sample((t * a).sigmoid_(), generator=generator)
        x = bernoulli_sample(
            torch.addmm(base + t * rise, h, W, alpha=t).sigmoid_(), generator=generator
        )
    return log_w
