"""How good is a model? Log Z of machines too large to enumerate, with its uncertainty.

With log Z the log-likelihood follows, log p(x) = -F(x) - log Z, in nats an example.
"""

import math
import warnings
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from lecture_lib.distributions import (
    _binary_units,
    _check_alike,
    _check_floating,
    _check_generator,
    _check_int,
    _check_units,
    bernoulli_log_prob,
    bernoulli_sample,
    gaussian_log_prob,
    softplus,
)
from lecture_lib.exact import binary_states
from lecture_lib.rbm import (
    RBM,
    _checked,
    free_energy,
    log_partition,
    prob_h_given_x,
    transition_matrix,
)
from lecture_lib.vae import VAE, reparameterize

MIN_EFFECTIVE_SAMPLE_SIZE = 10
BLOCK = 2**14  # codes decoded at once


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
    log Z ~ log Z_0 + log mean w, over n_chains independent chains  eq-ais-estimate
    base: visible biases of the first model, (n_visible,), 0 if none are given: the data's log-odds
    start nearer to a model of the data. Too few temperatures give a log Z that is too low, as a
    rule, and so a log-likelihood that flatters; then few chains carry the weight, and a warning
    says so where the effective sample size is below 10. Runs in the dtype of the parameters, adds
    up in float64.
    n_chains >= 2, n_temperatures = n >= 1 -> AIS
    Raises TypeError or ValueError for parameters, counts, base or generator that do not fit.
    Source: Neal 2001; Salakhutdinov & Murray 2008.
    """
    _check_int("n_chains", n_chains, 2)
    log_Z = ais_estimates(params, n_chains, n_temperatures, generator=generator, base=base)
    share = log_Z.softmax(0)
    result = AIS(
        log_partition=log_Z.logsumexp(0).item() - math.log(n_chains),
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


def ais_estimates(
    params: RBM,
    n_chains: int,
    n_temperatures: int,
    *,
    generator: torch.Generator,
    base: Tensor | None = None,
) -> Tensor:
    """What each chain of annealed importance sampling by itself takes log Z for.

    log Z_0 + log w, as in `ais_log_partition`, which is the log of the mean of their exponentials
    n_chains >= 1 -> (n_chains,) in float64, in nats
    Raises what `ais_log_partition` raises.
    """
    params = _checked(params)
    _check_generator(generator)
    for name, count in ("n_chains", n_chains), ("n_temperatures", n_temperatures):
        _check_int(name, count, 1)
    base = _checked_base(params, base)
    with torch.no_grad():
        log_w = _log_weights(params, base, n_chains, n_temperatures, generator)
        return log_w + _log_partition_of_base(params, base)


def annealed(params: RBM, fraction: float, base: Tensor | None = None) -> RBM:
    """One of the distributions between the base and the model, itself an RBM.

    lambda W,  lambda b,  (1 - lambda) base + lambda c  eq-annealed-free-energy
    fraction = lambda in [0, 1]; base: (n_visible,), 0 if none is given -> RBM
    Raises TypeError or ValueError for parameters or a base that do not fit, or a wrong fraction.
    """
    W, b, c = _checked(params)
    base = _checked_base(params, base)
    if not 0 <= fraction <= 1:
        raise ValueError(f"fraction must be in [0, 1], got {fraction}")
    return RBM(fraction * W, fraction * b, (1 - fraction) * base + fraction * c)


class AISMoments(NamedTuple):
    """What a chain of annealed importance sampling does on average, exactly.

    log_mean: log of the mean of Z_0 w, which is log Z; mean_log: mean of log Z_0 w, never above it;
    effective_share: E[w]^2 / E[w^2], the share of many chains that the effective sample size counts
    """

    log_mean: float
    mean_log: float
    effective_share: float


def ais_moments(params: RBM, n_temperatures: int, base: Tensor | None = None) -> AISMoments:
    """Moments of the weight of annealed importance sampling on a small RBM, over all its paths.

    v(x') = sum_x v(x) (p~_t / p~_s)(x) T_t(x, x'), t = 1/n, ..., 1, s the t before: from v = p_0 the
    sum of the last v is E[w]; with the ratio squared it is E[w^2]
    E[log w] = sum_t sum_x q(x) log (p~_t / p~_s)(x), q where the chain then stands
    at most 12 units a layer; n_temperatures = n >= 1 -> AISMoments
    Raises what `annealed` and `rbm.transition_matrix` raise.
    """
    _check_int("n_temperatures", n_temperatures, 1)
    base = _checked_base(params, base)
    x = binary_states(len(params.c))
    machine = annealed(params, 0.0, base)
    q = (-free_energy(machine, x) - log_partition(machine)).exp().double()
    mean, square, mean_log = q, q, 0.0
    for step in range(n_temperatures):
        following = annealed(params, (step + 1) / n_temperatures, base)
        log_ratio = (free_energy(machine, x) - free_energy(following, x)).double()
        machine, T = following, transition_matrix(following).double()
        mean_log += (q @ log_ratio).item()
        mean, square = (mean * log_ratio.exp()) @ T, (square * (2 * log_ratio).exp()) @ T
        q = q @ T
    log_Z0 = _log_partition_of_base(params, base)
    mean_w = mean.sum()
    return AISMoments(
        log_mean=log_Z0 + mean_w.log().item(),
        mean_log=log_Z0 + mean_log,
        effective_share=(mean_w**2 / square.sum()).item(),
    )


def reconstruction_error(params: RBM, x: Tensor) -> Tensor:
    """How badly x is put back together from its own hidden probabilities. It is no likelihood.

    -sum_i x_i log r_i + (1 - x_i) log(1 - r_i)         eq-reconstruction-error
    r = sigm(c + W^T h(x)),  h(x) = sigm(b + W x)
    x: (batch, n_visible) in {0, 1} -> (batch,) in nats, never negative
    Raises TypeError or ValueError for parameters or units of a wrong dtype, shape, device or value.
    """
    W, _, c = _checked(params)
    x = _binary_units("x", x, ("batch", len(c)), W)
    return -bernoulli_log_prob(x, c + prob_h_given_x(params, x) @ W)


@torch.no_grad()
def importance_weighted_bound(
    vae: VAE, x: Tensor, n_samples: int, *, generator: torch.Generator
) -> Tensor:
    """The importance-weighted lower bound on log p(x), which tightens as samples are added.

    L_S(x) = log 1/S sum_s w_s,  w_s = p(x|z_s) p(z_s) / q(z_s|x),  z_s ~ q(z|x),  S = n_samples
    E L_1 is the ELBO; E L_S never falls with S and tends to log p(x). Added up in float64.
    x: (batch, n_visible) in {0, 1}; n_samples >= 1 -> (batch,) in nats
    Raises TypeError or ValueError for x, generator or n_samples that do not fit.
    Source: Burda, Grosse & Salakhutdinov 2016, equation 8.
    """
    _check_generator(generator)
    _check_int("n_samples", n_samples, 1)
    x = _binary_units("x", x, ("batch", "n_visible"), vae.encoder.mu.weight)
    mu, log_var = vae.encoder(x)
    total = torch.full((len(x),), -math.inf, dtype=torch.float64, device=x.device)
    for samples in torch.arange(n_samples).split(max(1, BLOCK // max(1, len(x)))):
        log_w = _log_importance_weights(vae, x, mu, log_var, len(samples), generator)
        total = torch.logaddexp(total, log_w.double().logsumexp(0))
    return (total - math.log(n_samples)).to(mu.dtype)


def _log_importance_weights(
    vae: VAE, x: Tensor, mu: Tensor, log_var: Tensor, n: int, generator: torch.Generator
) -> Tensor:
    """log p(x|z) + log p(z) - log q(z|x) of n draws z ~ q(z|x) for each x: (n, batch)."""

    def conditional(z: Tensor) -> Tensor:
        logits = vae.decoder(z)
        return bernoulli_log_prob(x.expand_as(logits), logits)

    return _weights_of_block(conditional, mu, log_var, n, generator)


def importance_log_weights(
    conditional: Callable[[Tensor], Tensor],
    mu: Tensor,
    log_var: Tensor,
    n_samples: int,
    *,
    generator: torch.Generator,
) -> Tensor:
    """Log-weights of codes drawn from a Gaussian q: what p(x) is the mean of.

    log w_s = log p(x|z_s) + log p(z_s) - log q(z_s),  z_s ~ q = N(mu, diag sigma^2),  p(z) = N(0, I)
    E w = p(x) for every q                              eq-lvm-importance
    with mu and log_var all 0, q is the prior: simple Monte Carlo, log w_s = log p(x|z_s)
    conditional: z, (S, batch, n_latent) -> log p(x|z), (S, batch); mu, log_var = log sigma^2:
    (batch, n_latent), alike; n_samples >= 1 -> (n_samples, batch) in nats
    Raises TypeError or ValueError for arguments that do not fit.
    """
    _check_generator(generator)
    _check_int("n_samples", n_samples, 1)
    _check_alike(mu=mu, log_var=log_var)
    _check_units("mu", mu, ("batch", "n_latent"), mu)
    rows = max(1, BLOCK // max(1, len(mu)))
    sizes = [min(rows, n_samples - start) for start in range(0, n_samples, rows)]
    return torch.cat([_weights_of_block(conditional, mu, log_var, n, generator) for n in sizes])


def running_log_mean(log_w: Tensor) -> Tensor:
    """Log of the mean of the first 1, 2, ..., S weights: the estimate of log p(x) as samples come in.

    log 1/s (w_1 + ... + w_s), s = 1, ..., S            eq-lvm-log-mean
    log_w: (S, ...) -> (S, ...) in nats; the last row is the estimate from all samples
    Raises TypeError or ValueError for what is no tensor of floats with at least one row.
    """
    _check_weights(log_w)
    count = torch.arange(1, len(log_w) + 1, dtype=log_w.dtype, device=log_w.device)
    return log_w.logcumsumexp(0) - count.log().reshape(-1, *[1] * (log_w.ndim - 1))


def effective_sample_size(log_w: Tensor) -> Tensor:
    """How many equal weights are worth as much as these.

    (sum_s w_s)^2 / sum_s w_s^2                         eq-lvm-effective-sample-size
    log_w: (S, ...) in nats -> (...), from 1 to S
    Raises TypeError or ValueError for what is no tensor of floats with at least one row.
    """
    _check_weights(log_w)
    return (2 * log_w.logsumexp(0) - (2 * log_w).logsumexp(0)).exp()


def _weights_of_block(
    conditional: Callable[[Tensor], Tensor],
    mu: Tensor,
    log_var: Tensor,
    n: int,
    generator: torch.Generator,
) -> Tensor:
    mu, log_var = (t.expand(n, *t.shape) for t in (mu, log_var))
    eps = torch.randn(mu.shape, generator=generator, dtype=mu.dtype, device=mu.device)
    z = reparameterize(mu, log_var, eps)
    log_likelihood = conditional(z)
    if log_likelihood.shape != z.shape[:2]:
        raise ValueError(
            f"conditional must give {tuple(z.shape[:2])}, one value for each code, "
            f"got {tuple(log_likelihood.shape)}"
        )
    zeros = torch.zeros_like(z)
    log_prior, log_q = gaussian_log_prob(z, zeros, zeros), gaussian_log_prob(z, mu, log_var)
    return log_likelihood + log_prior - log_q


def _check_weights(log_w: Tensor) -> None:
    _check_floating("log_w", log_w)
    if log_w.ndim == 0 or len(log_w) == 0:
        raise ValueError(f"log_w must be (S, ...) with S >= 1, got {tuple(log_w.shape)}")


def _checked_base(params: RBM, base: Tensor | None) -> Tensor:
    """The base's visible biases in the dtype of c, finite as all parameters must be."""
    if not all(t.isfinite().all() for t in params):
        raise ValueError("W, b and c must be finite")
    c = params.c
    base = torch.zeros_like(c) if base is None else base
    _check_units("base", base, ("n_visible",), c)
    if base.shape != c.shape or not base.isfinite().all():
        raise ValueError(f"base must be ({len(c)},) and finite, got {tuple(base.shape)}")
    return base.to(c)


def _log_partition_of_base(params: RBM, base: Tensor) -> float:
    return len(params.b) * math.log(2) + softplus(base.double()).sum().item()


def _log_weights(
    params: RBM, base: Tensor, n_chains: int, n: int, generator: torch.Generator
) -> Tensor:
    """log w of each chain, (n_chains,) in float64: two products a temperature.

    log w = sum over t of F_s(x) - F_t(x), s the t before       eq-ais-weight
    """
    W, b, c = params
    W_up, rise = W.T.contiguous(), c - base
    x = bernoulli_sample(base.sigmoid().expand(n_chains, -1), generator=generator)
    log_w = torch.zeros(n_chains, dtype=torch.float64, device=W.device)
    for step in range(n):
        s, t = step / n, (step + 1) / n
        a = torch.addmm(b, x, W_up)
        gain = (softplus(t * a) - softplus(s * a)).sum(-1)
        log_w += (gain + (t - s) * (x @ rise)).double()
        h = bernoulli_sample((t * a).sigmoid_(), generator=generator)
        p = torch.addmm(base + t * rise, h, W, alpha=t).sigmoid_()
        x = bernoulli_sample(p, generator=generator)
    return log_w
