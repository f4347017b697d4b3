"""The RBM for real-valued x: Gaussian visible units, binary hidden units, each pixel its own sigma.

E(x, h) = sum_i (x_i - c_i)^2 / (2 sigma_i^2) - h.W(x / sigma^2) - b.h

The weights are in units of x, the mean of x given h is c + W^T h, so that a filter is what a hidden
unit adds to the picture; log_var = log sigma^2 is a parameter like the others (Cho et al. 2011).
Summed over h, p(x) is a mixture of 2^n_hidden Gaussians. There is no `centered` here: real data are
centred by subtracting their mean.
"""

import math
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from lecture_lib.distributions import (
    _binary_units,
    _check_floating,
    _check_generator,
    _check_int,
    _check_units,
    _unit_probabilities,
    bernoulli_sample,
    softplus,
)
from lecture_lib.exact import MAX_UNITS, _check_count, _digits
from lecture_lib.sampling import Chains, gibbs

BLOCK = 2**12  # hidden states summed at once


class GaussianRBM(NamedTuple):
    """Parameters of a Gaussian RBM, or a gradient with respect to them.

    W: (n_hidden, n_visible); b: (n_hidden,), hidden bias; c: (n_visible,), visible bias, in the
    units of x; log_var: (n_visible,), log sigma^2
    """

    W: Tensor
    b: Tensor
    c: Tensor
    log_var: Tensor


def init(
    n_visible: int, n_hidden: int, *, generator: torch.Generator, data: Tensor | None = None
) -> GaussianRBM:
    """First parameters: small random weights; the mean and variance of the data if given.

    W_ji ~ N(0, 0.01^2),  b = 0,  c_i = mean of column i,  sigma_i^2 = its variance (at least 1e-4)
    data: (N, n_visible), real -> GaussianRBM in its dtype, else in float32 with c = 0, sigma = 1
    Raises TypeError or ValueError for counts below 1, for wrong data, or a generator that is none.
    """
    _check_generator(generator)
    for name, count in ("n_visible", n_visible), ("n_hidden", n_hidden):
        _check_int(name, count, 1)
    if data is None:
        zeros = torch.zeros(n_visible, device=generator.device, dtype=torch.float32)
        c, log_var = zeros, zeros.clone()
    else:
        _check_floating("data", data)
        data = _reals("data", data, n_visible, like=data)
        if len(data) < 2:
            raise ValueError(f"data must have at least two rows, got {len(data)}")
        if data.device.type != generator.device.type:
            raise ValueError(
                f"data and generator must be on one device, got {data.device} "
                f"and {generator.device}"
            )
        c, log_var = data.mean(0), data.var(0).clamp(min=1e-4).log()
    W = 0.01 * torch.randn(
        n_hidden, n_visible, generator=generator, dtype=c.dtype, device=c.device
    )
    return GaussianRBM(W, b=c.new_zeros(n_hidden), c=c, log_var=log_var)


def energy(params: GaussianRBM, x: Tensor, h: Tensor) -> Tensor:
    """Energy of a joint configuration.

    E(x, h) = sum_i (x_i - c_i)^2 / (2 sigma_i^2) - h.W(x / sigma^2) - b.h
    x: (batch, n_visible), real; h: (batch, n_hidden) in {0, 1} -> (batch,) in nats
    Raises TypeError or ValueError for parameters or units of a wrong dtype, shape, device or value.
    """
    W, b, c, log_var = params = _checked(params)
    x, h = _reals("x", x, len(c), W), _binary_units("h", h, ("batch", len(b)), W)
    if len(x) != len(h):
        raise ValueError(f"x and h must have one batch size, got {len(x)} and {len(h)}")
    return _parabola(params, x) - (h * (x * (-log_var).exp() @ W.T)).sum(-1) - h @ b


def free_energy(params: GaussianRBM, x: Tensor) -> Tensor:
    """Free energy: minus the log of the unnormalised density p(x), hidden units summed out.

    F(x) = sum_i (x_i - c_i)^2 / (2 sigma_i^2) - sum_j softplus(b_j + W_j.(x / sigma^2))
    x: (batch, n_visible), real -> (batch,) in nats
    Raises TypeError or ValueError for parameters or units of a wrong dtype, shape, device or value.
    """
    W, b, c, log_var = params = _checked(params)
    x = _reals("x", x, len(c), W)
    return _parabola(params, x) - softplus(b + x * (-log_var).exp() @ W.T).sum(-1)


def prob_h_given_x(params: GaussianRBM, x: Tensor) -> Tensor:
    """Probability of each hidden unit to be 1: given x they are independent.

    p(h_j = 1 | x) = sigm(b_j + W_j.(x / sigma^2))
    x: (batch, n_visible), real -> (batch, n_hidden)
    Raises TypeError or ValueError for parameters or units of a wrong dtype, shape, device or value.
    """
    W, b, c, log_var = _checked(params)
    x = _reals("x", x, len(c), W)
    return (b + x * (-log_var).exp() @ W.T).sigmoid()


def mean_x_given_h(params: GaussianRBM, h: Tensor) -> Tensor:
    """Mean of each visible unit: given h they are independent Gaussians, each with its sigma.

    p(x_i | h) = N(x_i; c_i + h.W_i, sigma_i^2),  W_i column i
    h: (batch, n_hidden) in [0, 1] -> (batch, n_visible)
    Raises TypeError or ValueError for parameters or units of a wrong dtype, shape, device or value.
    """
    W, b, c, _ = _checked(params)
    return c + _unit_probabilities("h", h, ("batch", len(b)), W) @ W


def sample_h_given_x(params: GaussianRBM, x: Tensor, *, generator: torch.Generator) -> Tensor:
    """Draw all hidden units at once.

    h_j ~ p(h_j | x)
    x: (batch, n_visible), real -> (batch, n_hidden) in {0, 1}
    Raises what `prob_h_given_x` raises, and TypeError for a generator that is none.
    """
    return bernoulli_sample(prob_h_given_x(params, x), generator=generator)


def sample_x_given_h(params: GaussianRBM, h: Tensor, *, generator: torch.Generator) -> Tensor:
    """Draw all visible units at once.

    x_i = c_i + h.W_i + sigma_i eps_i,  eps_i ~ N(0, 1)
    h: (batch, n_hidden) in [0, 1] -> (batch, n_visible), real
    Raises what `mean_x_given_h` raises, and TypeError for a generator that is none.
    """
    _check_generator(generator)
    mean = mean_x_given_h(params, h)
    eps = torch.randn(mean.shape, generator=generator, dtype=mean.dtype, device=mean.device)
    return mean + (params.log_var / 2).exp() * eps


def gibbs_step(params: GaussianRBM, x: Tensor, *, generator: torch.Generator) -> Tensor:
    """One step of block Gibbs sampling: up, then down.

    h ~ p(h | x),  x' ~ p(x' | h)
    x: (batch, n_visible), real -> (batch, n_visible), real
    Raises what `sample_h_given_x` raises.
    """
    h = sample_h_given_x(params, x, generator=generator)
    return sample_x_given_h(params, h, generator=generator)


def log_partition(params: GaussianRBM) -> Tensor:
    """Log of the partition function, exactly: the integral over x by hand, the sum over h.

    log Z = sum_i 1/2 log(2 pi sigma_i^2)
            + log sum_h e^{b.h + sum_i (m_i^2 - c_i^2) / (2 sigma_i^2)},  m = c + W^T h
    n_hidden in 1..20 -> () in nats
    Raises TypeError or ValueError for parameters that do not fit, ValueError for more hidden units.
    """
    params = _checked(params)
    log_weights = torch.cat([_log_weight(params, h) for h in _hidden_blocks(params)])
    return _log_constant(params) + log_weights.logsumexp(0)


def phase(params: GaussianRBM, x: Tensor) -> GaussianRBM:
    """Minus the gradient of the free energy, mean over a batch: what lowers F there.

    -dF/dW = h(x) (x / sigma^2)^T,  -dF/db = h(x),  -dF/dc = (x - c) / sigma^2,
    -dF/dlog_var_i = (x_i - c_i)^2 / (2 sigma_i^2) - h(x).W_i x_i / sigma_i^2
    x: (batch, n_visible), real, at least one row -> GaussianRBM
    Raises what `prob_h_given_x` raises, ValueError for an empty batch.
    """
    W, _, c, log_var = params
    h = prob_h_given_x(params, x)
    if len(x) == 0:
        raise ValueError("x must have at least one row, got none")
    precision, deviation = (-log_var).exp(), x - c
    return GaussianRBM(
        W=h.T @ (x * precision) / len(x),
        b=h.mean(0),
        c=deviation.mean(0) * precision,
        log_var=(deviation**2 / 2 - (h @ W) * x).mean(0) * precision,
    )


def model_phase(params: GaussianRBM) -> GaussianRBM:
    """The negative phase exactly: the mean of `phase` under the model, which is d log Z.

    sums over all h of p(h) times the mean over x ~ N(c + W^T h, sigma^2)
    n_hidden in 1..20 -> GaussianRBM
    Raises what `log_partition` raises.
    """
    W, _, c, log_var = params = _checked(params)
    precision, log_sum = (-log_var).exp(), log_partition(params) - _log_constant(params)
    total = GaussianRBM(*(torch.zeros_like(t) for t in params))
    for h in _hidden_blocks(params):
        p, shift = (_log_weight(params, h) - log_sum).exp(), h @ W
        part = GaussianRBM(
            W=(p[:, None] * h).T @ ((c + shift) * precision),
            b=p @ h,
            c=p @ shift * precision,
            log_var=p @ (0.5 - (shift**2 / 2 + shift * c) * precision),
        )
        total = GaussianRBM(*(t + new for t, new in zip(total, part, strict=True)))
    return total


def log_likelihood_gradient(params: GaussianRBM, x: Tensor) -> GaussianRBM:
    """Gradient of the mean log-likelihood, exactly: positive phase minus negative phase.

    d/dtheta mean_x log p(x) = -mean_x dF(x)/dtheta + E_p[dF/dtheta]
    x: (batch, n_visible), real; n_hidden in 1..20 -> GaussianRBM, uphill
    Raises what `phase` and `log_partition` raise.
    """
    return _difference(phase(params, x), model_phase(params))


def cd_gradient(
    params: GaussianRBM, x: Tensor, k: int, *, generator: torch.Generator
) -> GaussianRBM:
    """Contrastive divergence, CD-k: the negative phase at x~, k Gibbs steps away from the data.

    phase(x) - phase(x~)
    x: (batch, n_visible), real; k >= 1 -> GaussianRBM, uphill
    Raises what `gibbs_step` and `phase` raise, TypeError or ValueError for a wrong k.
    """
    _check_int("k", k, 1)
    x_model = gibbs(partial(gibbs_step, params), x, k, generator=generator)
    return _difference(phase(params, x), phase(params, x_model))


def pcd_gradient(
    params: GaussianRBM, x: Tensor, chains: Chains, k: int, *, generator: torch.Generator
) -> GaussianRBM:
    """Persistent contrastive divergence, PCD-k: as CD-k, but x~ goes on from where it last was.

    x~ <- k Gibbs steps from x~;  then phase(x) - phase(x~)
    x: (batch, n_visible), real; chains: any number of rows, moved on in place; k >= 1
    Raises what `cd_gradient` raises, TypeError or ValueError for wrong chains.
    """
    _check_int("k", k, 1)
    if not isinstance(chains, Chains):
        raise TypeError(f"chains must be a sampling.Chains, got {type(chains).__name__}")
    _reals("chains.x", chains.x, len(params.c), params.W)
    positive = phase(params, x)
    x_model = chains.advance(partial(gibbs_step, params), k, generator=generator)
    return _difference(positive, phase(params, x_model))


def _parabola(params: GaussianRBM, x: Tensor) -> Tensor:
    return ((x - params.c) ** 2 * (-params.log_var).exp()).sum(-1) / 2


def _log_constant(params: GaussianRBM) -> Tensor:
    """The integral of e^{-parabola} over x."""
    return 0.5 * (math.log(2 * math.pi) + params.log_var).sum()


def _log_weight(params: GaussianRBM, h: Tensor) -> Tensor:
    """log p(h), unnormalised: the integral of e^{-E(x, h)} over x without its constant."""
    W, b, c, log_var = params
    shift = h @ W
    return h @ b + (shift * (shift / 2 + c) * (-log_var).exp()).sum(-1)


def _hidden_blocks(params: GaussianRBM) -> Iterator[Tensor]:
    n = len(params.b)
    _check_count("n_hidden", n, MAX_UNITS)
    for numbers in torch.arange(2**n, device=params.W.device).split(BLOCK):
        yield _digits(numbers, n, params.W.dtype)


def _reals(name: str, x: Tensor, n: int, like: Tensor) -> Tensor:
    """Finite reals (batch, n) that have the dtype of `like`."""
    _check_units(name, x, ("batch", n), like)
    if x.dtype != like.dtype:
        raise TypeError(f"{name} must have dtype {like.dtype}, got {x.dtype}")
    if not x.isfinite().all():
        raise ValueError(f"{name} must be finite, got {x[~x.isfinite()][0].item()}")
    return x


def _difference(positive: GaussianRBM, negative: GaussianRBM) -> GaussianRBM:
    return GaussianRBM(*(p - n for p, n in zip(positive, negative, strict=True)))


def _checked(params: GaussianRBM) -> GaussianRBM:
    """W, b, c and log_var that fit one another; an error names all four."""
    W, b, c, log_var = params
    if not all(isinstance(tensor, Tensor) for tensor in params):
        raise TypeError(
            "W, b, c and log_var must be torch.Tensors, got "
            + ", ".join(type(t).__name__ for t in params)
        )
    if len({t.dtype for t in params}) > 1 or not W.is_floating_point():
        raise TypeError(
            "W, b, c and log_var must have one floating dtype, got "
            + ", ".join(str(t.dtype) for t in params)
        )
    fits = W.ndim == 2 and b.shape == W.shape[:1] and c.shape == log_var.shape == W.shape[1:]
    if not fits:
        raise ValueError(
            "W must be (n_hidden, n_visible), b (n_hidden,), c and log_var (n_visible,), got "
            + ", ".join(str(tuple(t.shape)) for t in params)
        )
    if len({t.device for t in params}) > 1:
        raise ValueError(
            "W, b, c and log_var must be on one device, got "
            + ", ".join(str(t.device) for t in params)
        )
    return GaussianRBM(W, b, c, log_var)
