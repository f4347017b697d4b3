"""Small models by enumeration: every state, log Z and every probability; integrals over one number.

An energy is any function from (batch, n) to (batch,). With n units there are 2^n states, so these
sums are for small n: they are what all approximations of the course are measured against. A latent
variable of one dimension has a fine grid instead of states.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

Energy = Callable[[Tensor], Tensor]

MAX_UNITS = 20  # 2^20 states of 20 float64 units are 168 MB


def binary_states(n: int, *, dtype: torch.dtype = torch.float64) -> Tensor:
    """All states of n binary units, counting up in binary, first unit most significant.

    n in 1..20 -> (2^n, n) of 0 and 1
    Raises TypeError for an n that is no int or a dtype that is not floating, ValueError for an n
    outside 1..20.
    """
    _check_count("n", n, MAX_UNITS)
    if not (isinstance(dtype, torch.dtype) and dtype.is_floating_point):
        raise TypeError(f"dtype must be a floating dtype, got {dtype}")
    return _digits(torch.arange(2**n), n, dtype)


def log_partition(energy: Energy, n: int) -> Tensor:
    """Log of the partition function, by summing over all 2^n states.

    log Z = log sum_x e^{-E(x)}                         eq-partition-function
    energy: (2^n, n) in {0, 1} -> (2^n,), finite or +inf; n in 1..20 -> () in nats
    Raises what `probabilities` raises.
    """
    return (-_energies(energy, binary_states(n))).logsumexp(0)


def probabilities(energy: Energy, n: int) -> Tensor:
    """Boltzmann distribution of an energy: the probability of each state.

    p(x) = e^{-E(x)} / Z                                eq-boltzmann
    energy: (2^n, n) in {0, 1} -> (2^n,), finite or +inf; n in 1..20 -> (2^n,), in the order of
    `binary_states`
    Raises TypeError or ValueError for a wrong n; ValueError for energies of another shape, for one
    that is NaN or -inf, and where all are +inf, so that no state is possible.
    """
    return (-_energies(energy, binary_states(n))).softmax(0)


def log_integral(log_f: Tensor, grid: Tensor) -> Tensor:
    """Log of the integral of a positive function of one number, by the trapezoid rule in log space.

    log int f(z) dz ~ log sum_n f(z_n) (z_{n+1} - z_{n-1}) / 2, half an interval at either end
    log_f: (..., N), finite or -inf, the log of f at each point of the grid; grid: (N,), rising,
    N >= 2 -> (...) in the unit of log_f
    The error is that of the trapezoid rule: tiny where f is smooth on the scale of the grid and
    falls to nothing inside its ends, which the caller must see to.
    Raises TypeError for what are no tensors of one floating dtype; ValueError for shapes or devices
    that do not fit, for a grid that does not rise, and for a log_f that is NaN or +inf.
    """
    _check_grid(log_f, grid)
    return (log_f + log_widths(grid)).logsumexp(-1)


def log_widths(grid: Tensor) -> Tensor:
    """Log of the share of the line that the trapezoid rule gives to each point of a grid.

    log (z_{n+1} - z_{n-1}) / 2, half an interval at either end
    grid: (N,), rising, N >= 2 -> (N,)
    Raises TypeError for what is no tensor of floats, ValueError for a grid that does not rise.
    """
    _check_grid(grid, grid)
    steps = grid.diff().log()
    nothing = steps.new_full((1,), -torch.inf)
    return torch.logaddexp(torch.cat([nothing, steps]), torch.cat([steps, nothing])) - math.log(2)


class EvidenceBound(NamedTuple):
    """log p(x) taken apart by a distribution q over what is hidden; all in nats, one value per row.

    log_evidence = bound + gap,  bound = mean_log_joint + entropy
    """

    mean_log_joint: Tensor
    entropy: Tensor
    bound: Tensor
    gap: Tensor
    log_evidence: Tensor


def evidence_bound(log_joint: Tensor, log_q: Tensor, log_weights: Tensor) -> EvidenceBound:
    """The variational bound on log p(x) and its gap, by summing over all values of z.

    log p(x) = log sum_z w p(x, z),                     eq-elbo-gap
    bound = sum_z w q (log p(x, z) - log q),            eq-elbo-entropy-form
    gap = KL(q || p(z|x)) = sum_z w q (log q - log p(z|x)), which is summed by itself
    log_joint: (..., S), log p(x, z) or -E(x, h) of each state; log_q: (..., S), finite or -inf, with
    sum_z w q = 1; log_weights: (S,): 0 for a sum over states, `log_widths` of a grid for an integral
    -> five tensors (...) in nats
    Raises TypeError or ValueError for dtypes or shapes that do not fit and for a q that does not
    sum to 1.
    """
    for name, tensor in ("log_joint", log_joint), ("log_q", log_q), ("log_weights", log_weights):
        if not isinstance(tensor, Tensor) or not tensor.is_floating_point():
            raise TypeError(f"{name} must be a tensor of floats, got {type(tensor).__name__}")
        if tensor.shape[-1:] != log_weights.shape or tensor.ndim == 0:
            raise ValueError(
                "log_joint and log_q must be (..., S) and log_weights (S,), got "
                f"{tuple(log_joint.shape)}, {tuple(log_q.shape)} and {tuple(log_weights.shape)}"
            )
    q = (log_q + log_weights).exp()
    if not (q.sum(-1) - 1).abs().amax() <= q.new_tensor(torch.finfo(q.dtype).eps).sqrt():
        raise ValueError("log_q must be the log of a distribution: q does not sum to 1")
    log_evidence = (log_joint + log_weights).logsumexp(-1)
    possible = q > 0  # 0 log 0 = 0
    average = torch.where(possible, q * log_joint, 0.0).sum(-1)
    entropy = -torch.where(possible, q * log_q, 0.0).sum(-1)
    log_posterior = log_joint - log_evidence[..., None]
    gap = torch.where(possible, q * (log_q - log_posterior), 0.0).sum(-1)
    return EvidenceBound(average, entropy, average + entropy, gap, log_evidence)


def gaussian_ascent(
    log_joint: Tensor, grid: Tensor, mu: Tensor, log_var: Tensor, *, rate: float, n_steps: int
) -> tuple[Tensor, Tensor]:
    """Steps up the variational bound of a Gaussian q over one latent number, with exact gradients.

    d bound / d mu = E_q[(z - mu) / sigma^2 (log p(x, z) - log q(z))],
    d bound / d log sigma^2 = E_q[((z - mu)^2 / sigma^2 - 1) / 2 (log p(x, z) - log q(z))]
    log_joint: (batch, N), log p(x, z) on a grid (N,); mu, log_var: (batch,), where q starts
    -> mu and log_var (batch,) after n_steps steps of size `rate`
    Raises what `log_widths` raises, ValueError for shapes that do not fit.
    """
    _check_grid(log_joint, grid)
    if not log_joint.shape[:1] == mu.shape == log_var.shape or log_joint.ndim != 2:
        raise ValueError(
            "log_joint must be (batch, N), mu and log_var (batch,), got "
            f"{tuple(log_joint.shape)}, {tuple(mu.shape)} and {tuple(log_var.shape)}"
        )
    widths = log_widths(grid).exp()
    for _ in range(n_steps):
        off = grid - mu[:, None]
        square = off**2 * (-log_var).exp()[:, None]
        log_q = -0.5 * (math.log(2 * math.pi) + log_var[:, None] + square)
        excess = widths * log_q.exp() * (log_joint - log_q)
        mu = mu + rate * (excess * off).sum(-1) * (-log_var).exp()
        log_var = log_var + rate * (excess * (square - 1)).sum(-1) / 2
    return mu, log_var


def entropy(p: Tensor) -> Tensor:
    """Entropy of a distribution given as the list of its probabilities.

    H(p) = -sum_s p_s log p_s,  0 log 0 = 0
    p: (..., S), each row summing to 1 -> (...) in nats, from 0 to log S
    Raises TypeError or ValueError for what is no list of probabilities.
    """
    _check_distributions(p=p)
    return -torch.xlogy(p, p).sum(-1)


def kl_divergence(p: Tensor, q: Tensor) -> Tensor:
    """KL divergence of two distributions given as lists of their probabilities.

    KL(p || q) = sum_s p_s log p_s / q_s,  0 log 0 = 0
    p, q: (..., S), alike, each row summing to 1 -> (...) in nats, never negative; +inf where q
    rules out what p allows
    Raises TypeError or ValueError for what are no lists of probabilities, or not alike.
    """
    _check_distributions(p=p, q=q)
    tiny = q / p == torch.inf  # p is 0, or so small that the ratio overflows: all that is left is q
    ratio = torch.where(tiny, 1.0, torch.where(p > 0, q / p, 1.0))
    return (p * (ratio - 1 - ratio.log())).sum(-1) + torch.where((p > 0) & ~tiny, 0.0, q).sum(-1)


def total_variation(p: Tensor, q: Tensor) -> Tensor:
    """Total variation distance: the most by which p and q differ on any set of states.

    TV(p, q) = 1/2 sum_s |p_s - q_s|
    p, q: (..., S), alike, each row summing to 1 -> (...), from 0 to 1
    Raises TypeError or ValueError for what are no lists of probabilities, or not alike.
    """
    _check_distributions(p=p, q=q)
    return (p - q).abs().sum(-1) / 2


def empirical(x: Tensor) -> Tensor:
    """Empirical distribution of a batch: the share of each state among its rows.

    q(s) = 1/N sum_x [x = s]
    x: (N, n) in {0, 1}, N >= 1, n in 1..20 -> (2^n,), in the order of `binary_states`, in the dtype
    of x
    Raises TypeError for an x that is no tensor of floats, ValueError for a wrong shape or value.
    """
    if not isinstance(x, Tensor) or not x.is_floating_point():
        raise TypeError(f"x must be a tensor of floats, got {getattr(x, 'dtype', type(x).__name__)}")
    if x.ndim != 2 or len(x) == 0:
        raise ValueError(f"x must be (batch, n) with at least one row, got {tuple(x.shape)}")
    n = x.shape[1]
    _check_count("n", n, MAX_UNITS)
    if not ((x == 0) | (x == 1)).all():
        raise ValueError("x must be 0 or 1")
    place = (x.long() << torch.arange(n - 1, -1, -1, device=x.device)).sum(-1)
    return torch.bincount(place, minlength=2**n).to(x.dtype) / len(x)


def _check_grid(log_f: Tensor, grid: Tensor) -> None:
    """A rising grid, and one log-value of a function for each of its points."""
    for name, t in ("log_f", log_f), ("grid", grid):
        if not isinstance(t, Tensor):
            raise TypeError(f"{name} must be a torch.Tensor, got {type(t).__name__}")
        if not t.is_floating_point():
            raise TypeError(f"{name} must have a floating dtype, got {t.dtype}")
    if log_f.dtype != grid.dtype:
        raise TypeError(f"log_f and grid must have one dtype, got {log_f.dtype} and {grid.dtype}")
    if log_f.device != grid.device:
        raise ValueError(f"log_f must be on {grid.device}, got {log_f.device}")
    if grid.ndim != 1 or len(grid) < 2:
        raise ValueError(f"grid must be (N,) with N >= 2, got {tuple(grid.shape)}")
    if log_f.ndim == 0 or log_f.shape[-1] != len(grid):
        raise ValueError(f"log_f must be (..., {len(grid)}), got {tuple(log_f.shape)}")
    if not (grid.isfinite().all() and (grid.diff() > 0).all()):
        raise ValueError("grid must rise from each point to the next")
    if not (log_f < torch.inf).all():
        wrong = "NaN" if log_f.isnan().any() else "+inf"
        raise ValueError(f"log_f must be finite or -inf, got {wrong}")


def _check_distributions(**distributions: Tensor) -> None:
    """Lists of probabilities of one shape, dtype and device, each summing to 1."""
    for name, p in distributions.items():
        if not isinstance(p, Tensor):
            raise TypeError(f"{name} must be a torch.Tensor, got {type(p).__name__}")
        if not p.is_floating_point():
            raise TypeError(f"{name} must have a floating dtype, got {p.dtype}")
        if p.ndim == 0:
            raise ValueError(f"{name} must be (..., S), got ()")
        error = (p.sum(-1) - 1).abs().max() if p.numel() else 0.0
        if not (p >= 0).all() or not error <= torch.finfo(p.dtype).eps ** 0.5:
            raise ValueError(f"{name} must be probabilities that sum to 1")
    first, *others = distributions.items()
    for name, q in others:
        p_is, q_is = ((tuple(t.shape), t.dtype, t.device) for t in (first[1], q))
        if p_is != q_is:
            raise ValueError(f"{first[0]} and {name} must be alike, got {p_is} and {q_is}")


def _digits(numbers: Tensor, n: int, dtype: torch.dtype) -> Tensor:
    """Binary digits of whole numbers, most significant first: (batch,) -> (batch, n)."""
    shifts = torch.arange(n - 1, -1, -1, device=numbers.device)
    return (numbers[:, None] >> shifts).bitwise_and_(1).to(dtype)


def _energies(energy: Energy, x: Tensor) -> Tensor:
    """energy(x), checked: each has a Boltzmann factor, and not all of these are 0."""
    energies = _checked_energies(energy(x), len(x))
    if (energies == torch.inf).all():
        raise ValueError("energy must be finite for at least one state, got +inf for all of them")
    return energies


def _checked_energies(energies: Tensor, batch: int) -> Tensor:
    """The values of an energy function, one per state, each finite or +inf."""
    if not isinstance(energies, Tensor):
        raise TypeError(f"energy must return a torch.Tensor, got {type(energies).__name__}")
    if not energies.is_floating_point():
        raise TypeError(f"energy must return a floating dtype, got {energies.dtype}")
    if energies.shape != (batch,):
        raise ValueError(
            f"energy must return ({batch},), one value per state, got {tuple(energies.shape)}"
        )
    if not (energies > -torch.inf).all():
        wrong = "NaN" if energies.isnan().any() else "-inf"
        raise ValueError(f"energy must be finite or +inf, got {wrong}")
    return energies


def _check_count(name: str, count: int, limit: int) -> None:
    """A number of units that can be enumerated: an int in 1..limit."""
    if not isinstance(count, int) or isinstance(count, bool):
        raise TypeError(f"{name} must be an int, got {type(count).__name__}")
    if not 1 <= count <= limit:
        raise ValueError(
            f"{name} must be in 1..{limit} (2^{limit} states are the limit), got {count}"
        )
