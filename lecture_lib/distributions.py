"""Log-probabilities and KL divergences: one value per example, in nats, summed over the last axis.

Nothing here broadcasts: shapes, and devices, must agree exactly, so that a (batch, 1) never meets a
(batch, n) in silence.
"""

import math

import torch
import torch.nn.functional
from torch import Tensor


def softplus(a: Tensor) -> Tensor:
    """The smooth ramp, right to the last digit.

    softplus(a) = log(1 + e^a)                          eq-softplus
    any shape -> the same shape
    torch's own is `a` above 20, an error of 2e-9; above 40 the two are one number, in float64 too.
    """
    return torch.nn.functional.softplus(a, threshold=40.0)


def bernoulli_log_prob(x: Tensor, logits: Tensor) -> Tensor:
    """Log-probability of independent binary units, each with its own log-odds.

    log p(x) = sum_i x_i log p_i + (1 - x_i) log(1 - p_i),  p = sigm(logits)
             = -sum_i softplus((1 - 2 x_i) logits_i)
    x: (..., n) in {0, 1}; logits: like x -> (...) in nats
    Raises TypeError for a dtype that is not floating; ValueError for shapes or devices that differ
    and for an x outside {0, 1}.
    """
    _check_alike(logits=logits)
    x = _binary_units("x", x, tuple(logits.shape), logits)
    return -softplus((1 - 2 * x) * logits).sum(-1)


def gaussian_log_prob(x: Tensor, mu: Tensor, log_var: Tensor) -> Tensor:
    """Log-density of independent Gaussians.

    log p(x) = -1/2 sum_i log(2 pi) + log sigma_i^2 + (x_i - mu_i)^2 / sigma_i^2    eq-elbo-gaussian
    x, mu, log_var = log sigma^2: (..., n), all alike -> (...) in nats
    Raises TypeError for dtypes and ValueError for shapes or devices that differ.
    """
    _check_alike(x=x, mu=mu, log_var=log_var)
    return -0.5 * (math.log(2 * math.pi) + log_var + (x - mu) ** 2 * (-log_var).exp()).sum(-1)


def kl_gaussian(mu: Tensor, log_var: Tensor) -> Tensor:
    """KL divergence of a diagonal Gaussian from the standard one.

    1/2 sum_i mu_i^2 + sigma_i^2 - 1 - log sigma_i^2  eq-elbo-kl-gaussian
    from q = N(mu, diag sigma^2) to N(0, I)
    mu, log_var = log sigma^2: (..., n), alike
    -> (...) in nats, never negative
    Raises TypeError for dtypes and ValueError for shapes or devices that
    differ.
    Source: Kingma & Welling 2014, appendix B.
    """
    _check_alike(mu=mu, log_var=log_var)
    # expm1: no cancellation near sigma = 1
    return 0.5 * (mu**2 + log_var.expm1() - log_var).sum(-1)


def kl_gaussians(mu1: Tensor, log_var1: Tensor, mu2: Tensor, log_var2: Tensor) -> Tensor:
    """KL divergence of one diagonal Gaussian from another.

    KL(N1 || N2) = 1/2 sum_i (mu1_i - mu2_i)^2 / sigma2_i^2 + r_i - 1 - log r_i,
                   r_i = sigma1_i^2 / sigma2_i^2        eq-elbo-kl-gaussians
    mu1, log_var1, mu2, log_var2: (..., n), all alike -> (...) in nats, never negative
    Raises TypeError for dtypes and ValueError for shapes or devices that differ.
    """
    _check_alike(mu1=mu1, log_var1=log_var1, mu2=mu2, log_var2=log_var2)
    log_r = log_var1 - log_var2
    return 0.5 * ((mu1 - mu2) ** 2 * (-log_var2).exp() + log_r.expm1() - log_r).sum(-1)


def bernoulli_sample(p: Tensor, *, generator: torch.Generator) -> Tensor:
    """Draw independent binary units.

    x_i = 1 where u_i < p_i,  u_i uniform on [0, 1)
    p: any shape, in [0, 1] -> like p, in {0, 1}
    The same bits on every system, which torch.bernoulli does not give.
    Raises TypeError for a generator that is none, ValueError for p outside [0, 1].
    """
    _check_generator(generator)
    _check_interval("p", p)
    return (torch.rand(p.shape, generator=generator, dtype=p.dtype, device=p.device) < p).to(
        p.dtype
    )


def _check_alike(**tensors: Tensor) -> None:
    """Tensors of one floating dtype, one shape and one device; an error names them all."""
    for name, tensor in tensors.items():
        _check_floating(name, tensor)
    for what, error in ("dtype", TypeError), ("shape", ValueError), ("device", ValueError):
        values = {name: getattr(tensor, what) for name, tensor in tensors.items()}
        if len(set(values.values())) > 1:
            came = ", ".join(
                f"{name} {tuple(v) if what == 'shape' else v}" for name, v in values.items()
            )
            raise error(f"{', '.join(tensors)} must have one {what}, got {came}")
    for name, tensor in tensors.items():
        if tensor.ndim == 0:
            raise ValueError(f"{name} must be (..., n), got ()")


def _check_floating(name: str, x: Tensor) -> None:
    if not isinstance(x, Tensor):
        raise TypeError(f"{name} must be a torch.Tensor, got {type(x).__name__}")
    if not x.is_floating_point():
        raise TypeError(f"{name} must have a floating dtype, got {x.dtype}")


def _check_generator(generator: torch.Generator) -> None:
    """None would mean torch's global stream, from which nothing here ever draws."""
    if not isinstance(generator, torch.Generator):
        raise TypeError(f"generator must be a torch.Generator, got {type(generator).__name__}")


def _check_int(name: str, count: int, least: int) -> None:
    """A number of things: an int, and at least so many."""
    if not isinstance(count, int) or isinstance(count, bool):
        raise TypeError(f"{name} must be an int, got {type(count).__name__}")
    if count < least:
        raise ValueError(f"{name} must be at least {least}, got {count}")


def _check_units(name: str, x: Tensor, shape: tuple, like: Tensor) -> None:
    """Floats of a shape, in which a word stands for any length, on the device of `like`."""
    _check_floating(name, x)
    if x.ndim != len(shape) or any(
        isinstance(n, int) and n != length for n, length in zip(shape, x.shape, strict=True)
    ):
        expected = ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "")
        raise ValueError(f"{name} must be ({expected}), got {tuple(x.shape)}")
    if x.device != like.device:
        raise ValueError(f"{name} must be on {like.device}, got {x.device}")


def _binary_units(name: str, x: Tensor, shape: tuple, like: Tensor) -> Tensor:
    """Units that are exactly 0 or 1, hence exact in any floating dtype, in the dtype of `like`."""
    _check_units(name, x, shape, like)
    if not _is_binary(x):
        raise ValueError(f"{name} must be in {{0, 1}}, got {x[(x != 0) & (x != 1)][0].item()}")
    return x.to(like.dtype)


def _unit_probabilities(name: str, x: Tensor, shape: tuple, like: Tensor) -> Tensor:
    """Units, or probabilities of units: reals in [0, 1], which have the dtype of `like`."""
    _check_units(name, x, shape, like)
    _check_interval(name, x)
    if x.dtype != like.dtype and not _is_binary(x):
        raise TypeError(
            f"{name} must have dtype {like.dtype} (any floating dtype if 0 or 1), got {x.dtype}"
        )
    return x.to(like.dtype)


def _is_binary(x: Tensor) -> bool:
    return torch.equal(x, (x != 0).to(x.dtype))


def _check_interval(name: str, x: Tensor) -> None:
    if x.numel() and not (x.amin() >= 0 and x.amax() <= 1):  # a NaN is neither
        raise ValueError(f"{name} must be in [0, 1], got {x[~((x >= 0) & (x <= 1))][0].item()}")
