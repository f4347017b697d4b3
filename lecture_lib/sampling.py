"""Markov chains for any energy function on binary units.

A *step* is any function step(x, generator=...) that moves each row of x, (batch, n), one step on.
Small chains are also given as matrices, T[x, x'] the probability of the move from state x to x', so
that what a chain keeps can be checked exactly and not by a histogram.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from lecture_lib.distributions import (
    _binary_units,
    _check_floating,
    _check_generator,
    bernoulli_sample,
)
from lecture_lib.exact import (
    Energy,
    _check_count,
    _checked_energies,
    binary_states,
    total_variation,
)

Step = Callable[..., Tensor]

MAX_MATRIX_UNITS = 12  # a 2^12 x 2^12 float64 matrix is 134 MB


def gibbs(step: Step, x: Tensor, n_steps: int, *, generator: torch.Generator) -> Tensor:
    """Run a chain: take a step again and again.

    x <- step(x), n_steps times
    step: (batch, n) -> (batch, n); x: (batch, n); n_steps >= 0 -> (batch, n), the last states
    Raises TypeError for n_steps that is no int or a generator that is none, ValueError below 0.
    """
    _check_steps(n_steps)
    _check_generator(generator)
    for _ in range(n_steps):
        x = step(x, generator=generator)
    return x


class Chains:
    """Persistent chains: the one thing in the course that changes in place.

    x: (batch, n), one chain a row; copied, so that the data the chains start from stays as it is
    Raises TypeError or ValueError for an x that is not such a tensor of floats.
    """

    def __init__(self, x: Tensor):
        _check_floating("x", x)
        if x.ndim != 2:
            raise ValueError(f"x must be (batch, n), got {tuple(x.shape)}")
        self.x = x.detach().clone()

    def advance(self, step: Step, n_steps: int, *, generator: torch.Generator) -> Tensor:
        """Move all chains on, keep where they are and return it.

        n_steps >= 0 -> (batch, n)
        """
        self.x = gibbs(step, self.x, n_steps, generator=generator)
        return self.x

    def __repr__(self) -> str:
        batch, n = self.x.shape
        return f"Chains(batch={batch}, n={n})"


def conditional(energy: Energy, x: Tensor, i: int) -> Tensor:
    """Probability that unit i is 1, given all others.

    p(x_i = 1 | others) = sigm(E(x with x_i = 0) - E(x with x_i = 1))  eq-conditional-sigm
    x: (batch, n) in {0, 1}; i in 0..n-1 -> (batch,); Z cancels
    Raises TypeError or ValueError for a wrong x or i, ValueError where both energies are +inf.
    """
    x = _binary_rows(x)
    _check_index(i, x.shape[1])
    energy_off, energy_on = (_energy(energy, _with_unit(x, i, value)) for value in (0, 1))
    if ((energy_off == torch.inf) & (energy_on == torch.inf)).any():
        raise ValueError(f"energy must be finite with x_{i} = 0 or x_{i} = 1, got +inf for both")
    return (energy_off - energy_on).sigmoid()


def gibbs_sweep(energy: Energy, x: Tensor, *, generator: torch.Generator) -> Tensor:
    """Draw each unit in turn, given all others as they then are.

    x_i ~ p(x_i | others),  i = 0, ..., n-1
    x: (batch, n) in {0, 1} -> (batch, n) in {0, 1}; two energies a unit
    Raises what `conditional` and `bernoulli_sample` raise.
    """
    x = _binary_rows(x)
    for i in range(x.shape[1]):
        x = _with_unit(x, i, bernoulli_sample(conditional(energy, x, i), generator=generator))
    return x


def metropolis_step(energy: Energy, x: Tensor, *, generator: torch.Generator) -> Tensor:
    """Propose to flip one unit, chosen uniformly, and accept when that pays.

    x' = x with one unit flipped, accepted with probability min(1, e^{E(x) - E(x')})
    x: (batch, n) in {0, 1}, of finite energy -> (batch, n) in {0, 1}
    Raises TypeError or ValueError for a wrong x or generator, ValueError where E(x) is +inf.
    Source: Metropolis et al. 1953.
    """
    _check_generator(generator)
    x = _binary_rows(x)
    batch, n = x.shape
    i = torch.randint(n, (batch, 1), generator=generator, device=x.device)
    proposal = x.scatter(1, i, 1 - x.gather(1, i))
    energy_now = _energy(energy, x)
    if (energy_now == torch.inf).any():
        raise ValueError("energy must be finite where a chain stands, got +inf")
    acceptance = (energy_now - _energy(energy, proposal)).exp().clamp(max=1)
    accepted = bernoulli_sample(acceptance, generator=generator) == 1
    return torch.where(accepted[:, None], proposal, x)


def transition_matrix(energy: Energy, n: int, i: int) -> Tensor:
    """The Gibbs update of unit i as a matrix over all states.

    T[x, x'] = p(x'_i | others) if x' agrees with x at all other units, else 0  eq-gibbs-update
    energy: (2^n, n) -> (2^n,); n in 1..12; i in 0..n-1 -> (2^n, 2^n), rows sum to 1, in the order
    of `binary_states`. A sweep is the product of the T of its units, the first leftmost.
    Raises what `conditional` raises, and TypeError or ValueError for a wrong n.
    """
    _check_count("n", n, MAX_MATRIX_UNITS)
    p = conditional(energy, binary_states(n), i)
    state, bit = torch.arange(2**n), 2 ** (n - 1 - i)
    T = p.new_zeros(2**n, 2**n)
    T[state, state | bit] = p
    T[state, state & ~bit] = 1 - p
    return T


def sweep_matrix(energy: Energy, n: int) -> Tensor:
    """A whole Gibbs sweep as a matrix over all states: unit 0 first, unit n-1 last.

    T = T_0 T_1 ... T_{n-1}
    energy: (2^n, n) -> (2^n,); n in 1..12 -> (2^n, 2^n), rows sum to 1, in the order of
    `binary_states`
    Raises what `transition_matrix` raises.
    """
    T = transition_matrix(energy, n, 0)
    for i in range(1, n):
        T = T @ transition_matrix(energy, n, i)
    return T


def metropolis_matrix(energy: Energy, n: int) -> Tensor:
    """The Metropolis step as a matrix over all states.

    T[x, x'] = 1/n min(1, e^{E(x) - E(x')}) if x' is x with one unit flipped; T[x, x] is the rest
    energy: (2^n, n) -> (2^n,), finite; n in 1..12 -> (2^n, 2^n), rows sum to 1, in the order of
    `binary_states`
    Raises TypeError or ValueError for a wrong n, ValueError for an energy that is not finite.
    """
    _check_count("n", n, MAX_MATRIX_UNITS)
    energies = _energy(energy, binary_states(n))
    if not energies.isfinite().all():
        raise ValueError("energy must be finite in every state, got +inf")
    state = torch.arange(2**n)
    T = energies.new_zeros(2**n, 2**n)
    for flipped in (state ^ 2**i for i in range(n)):
        T[state, flipped] = (energies - energies[flipped]).exp().clamp(max=1) / n
    T[state, state] = 1 - T.sum(1)
    return T


def marginals(T: Tensor, q: Tensor, n_steps: int) -> Tensor:
    """Where a chain of a small model stands after 0, 1, ..., n_steps steps, exactly.

    q_k = q_{k-1} T
    T: (S, S), rows sum to 1; q = q_0: (S,); n_steps >= 0 -> (n_steps + 1, S), each row sums to 1
    Raises TypeError or ValueError for a wrong n_steps, ValueError for shapes that do not fit.
    """
    _check_steps(n_steps)
    if q.ndim != 1 or T.shape != (len(q), len(q)):
        raise ValueError(f"T must be (S, S) and q (S,), got {tuple(T.shape)} and {tuple(q.shape)}")
    rows = [q]
    for _ in range(n_steps):
        rows.append(rows[-1] @ T)
    return torch.stack(rows)


def distances(T: Tensor, p: Tensor, start: int, n_steps: int) -> Tensor:
    """How far a chain of a small model still is from p, exactly, after 0, 1, ..., n_steps steps.

    TV(q_k, p),  q_0 all at one state,  q_k = q_{k-1} T
    T: (S, S), rows sum to 1; p: (S,); start in 0..S-1; n_steps >= 0 -> (n_steps + 1,), from 0 to 1
    Raises TypeError or ValueError for a wrong start or n_steps, or a p that is no distribution.
    """
    _check_steps(n_steps)
    _check_index(start, len(p))
    q = p.new_zeros(n_steps + 1, len(p))
    q[0, start] = 1
    for k in range(n_steps):
        q[k + 1] = q[k] @ T
    return total_variation(q, p.expand_as(q))


def _with_unit(x: Tensor, i: int, value: Tensor | float) -> Tensor:
    x = x.clone()
    x[:, i] = value
    return x


def _energy(energy: Energy, x: Tensor) -> Tensor:
    return _checked_energies(energy(x), len(x))


def _binary_rows(x: Tensor) -> Tensor:
    return _binary_units("x", x, ("batch", "n"), like=x)


def _check_index(i: int, n: int) -> None:
    if not isinstance(i, int) or isinstance(i, bool):
        raise TypeError(f"i must be an int, got {type(i).__name__}")
    if not 0 <= i < n:
        raise ValueError(f"i must be in 0..{n - 1}, got {i}")


def _check_steps(n_steps: int) -> None:
    if not isinstance(n_steps, int) or isinstance(n_steps, bool):
        raise TypeError(f"n_steps must be an int, got {type(n_steps).__name__}")
    if n_steps < 0:
        raise ValueError(f"n_steps must be 0 or more, got {n_steps}")
