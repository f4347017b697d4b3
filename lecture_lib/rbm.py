"""The restricted Boltzmann machine: one visible and one hidden layer, no links inside a layer.

W: (n_hidden, n_visible), row j belongs to hidden unit j; b: (n_hidden,); c: (n_visible,).
Units may have any floating dtype while they are 0 or 1; they are taken into the dtype of W.
"""

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
from lecture_lib.exact import MAX_UNITS, _check_count, _digits, binary_states, empirical
from lecture_lib.sampling import MAX_MATRIX_UNITS, Chains, gibbs, marginals

BLOCK = 2**12  # states summed at once: 784 float64 logits for each are 26 MB


class RBM(NamedTuple):
    """Parameters of an RBM, or a gradient with respect to them.

    W: (n_hidden, n_visible); b: (n_hidden,), hidden bias; c: (n_visible,), visible bias
    """

    W: Tensor
    b: Tensor
    c: Tensor


def init(
    n_visible: int, n_hidden: int, *, generator: torch.Generator, data: Tensor | None = None
) -> RBM:
    """First parameters: small random weights, and visible biases from the data's log-odds if given.

    W_ji ~ N(0, 0.01^2),  b = 0,  c_i = log (m_i + 1) / (N - m_i + 1),  m_i the sum of column i
    data: (N, n_visible) in [0, 1] -> RBM in its dtype, else in float32 with c = 0; the two 1s keep
    c finite where a unit never changes
    Raises TypeError or ValueError for counts below 1, for wrong data, or a generator that is none.
    Source: Hinton 2010, section 8.
    """
    _check_generator(generator)
    for name, count in ("n_visible", n_visible), ("n_hidden", n_hidden):
        _check_int(name, count, 1)
    if data is None:
        data = torch.empty(0, n_visible, device=generator.device, dtype=torch.float32)
    _check_floating("data", data)
    if data.device.type != generator.device.type:
        raise ValueError(
            f"data and generator must be on one device, got {data.device} and {generator.device}"
        )
    data = _unit_probabilities("data", data, ("batch", n_visible), like=data)
    W = 0.01 * torch.randn(
        n_hidden, n_visible, generator=generator, dtype=data.dtype, device=data.device
    )
    m = data.sum(0)
    return RBM(W, b=data.new_zeros(n_hidden), c=(m + 1).log() - (len(data) - m + 1).log())


def energy(params: RBM, x: Tensor, h: Tensor) -> Tensor:
    """Energy of a joint configuration.

    E(x, h) = -h.Wx - c.x - b.h                         eq-rbm-energy
    x: (batch, n_visible), h: (batch, n_hidden), both in {0, 1} -> (batch,) in nats
    Raises TypeError or ValueError for parameters or units of a wrong dtype, shape, device or value.
    """
    W, b, c = _checked(params)
    x, h = _binary_units("x", x, ("batch", len(c)), W), _binary_units("h", h, ("batch", len(b)), W)
    if len(x) != len(h):
        raise ValueError(f"x and h must have one batch size, got {len(x)} and {len(h)}")
    return -(h * (x @ W.T)).sum(-1) - x @ c - h @ b


def free_energy(params: RBM, x: Tensor) -> Tensor:
    """Free energy: minus the log of the unnormalised p(x), hidden units summed out.

    F(x) = -c.x - sum_j softplus(b_j + W_j.x)           eq-rbm-free-energy
    x: (batch, n_visible) in {0, 1} -> (batch,) in nats
    Raises TypeError or ValueError for parameters or units of a wrong dtype, shape, device or value.
    """
    W, b, c = _checked(params)
    x = _binary_units("x", x, ("batch", len(c)), W)
    return -(x @ c) - softplus(b + x @ W.T).sum(-1)


def free_energy_parts(params: RBM, x: Tensor) -> tuple[Tensor, Tensor]:
    """The free energy taken apart: what the visible biases and what each hidden unit adds.

    F(x) = (-c.x) + sum_j (-softplus(b_j + W_j.x))      eq-rbm-free-energy
    x: (batch, n_visible) in {0, 1} -> (batch,) and (batch, n_hidden), in nats
    Raises TypeError or ValueError for parameters or units of a wrong dtype, shape, device or value.
    """
    W, b, c = _checked(params)
    x = _binary_units("x", x, ("batch", len(c)), W)
    return -(x @ c), -softplus(b + x @ W.T)


def variational_bound(params: RBM, x: Tensor, q: Tensor) -> Tensor:
    """A lower bound on -F(x) from any probabilities of the hidden units.

    E_q[-E(x, h)] + H(q) = c.x + sum_j q_j (b_j + W_j.x)
       - sum_j q_j log q_j + (1 - q_j) log(1 - q_j)  eq-elbo-rbm-independent
    h_j = 1 with probability q_j, independently
    x: (batch, n_visible) in {0, 1}, q: (batch, n_hidden) in [0, 1]
    -> (batch,) in nats, equal to -F(x) at q = `prob_h_given_x`
    Raises TypeError or ValueError for parameters, units or probabilities
    that do not fit.
    """
    W, b, c = _checked(params)
    x = _binary_units("x", x, ("batch", len(c)), W)
    q = _unit_probabilities("q", q, (len(x), len(b)), W)
    entropy = -(torch.xlogy(q, q) + torch.xlogy(1 - q, 1 - q)).sum(-1)
    return x @ c + (q * (b + x @ W.T)).sum(-1) + entropy


def prob_h_given_x(params: RBM, x: Tensor) -> Tensor:
    """Probability of each hidden unit to be 1: given x they are independent.

    p(h_j = 1 | x) = sigm(b_j + W_j.x)  eq-inference-hidden-logistic
    x: (batch, n_visible) in [0, 1] -> (batch, n_hidden); reals are read as probabilities of units
    Raises TypeError or ValueError for parameters or units of a wrong dtype, shape, device or value.
    """
    W, b, c = _checked(params)
    x = _unit_probabilities("x", x, ("batch", len(c)), W)
    return (b + x @ W.T).sigmoid()


def prob_x_given_h(params: RBM, h: Tensor) -> Tensor:
    """Probability of each visible unit to be 1: given h they are independent.

    p(x_i = 1 | h) = sigm(c_i + h.W_i),  W_i column i  eq-inference-visible-logistic
    h: (batch, n_hidden) in [0, 1] -> (batch, n_visible); reals are read as probabilities of units
    Raises TypeError or ValueError for parameters or units of a wrong dtype, shape, device or value.
    """
    W, b, c = _checked(params)
    h = _unit_probabilities("h", h, ("batch", len(b)), W)
    return (c + h @ W).sigmoid()


def sample_h_given_x(params: RBM, x: Tensor, *, generator: torch.Generator) -> Tensor:
    """Draw all hidden units at once.

    h_j ~ p(h_j | x)
    x: (batch, n_visible) in [0, 1] -> (batch, n_hidden) in {0, 1}
    Raises what `prob_h_given_x` raises, and TypeError for a generator that is none.
    """
    return bernoulli_sample(prob_h_given_x(params, x), generator=generator)


def sample_x_given_h(params: RBM, h: Tensor, *, generator: torch.Generator) -> Tensor:
    """Draw all visible units at once.

    x_i ~ p(x_i | h)
    h: (batch, n_hidden) in [0, 1] -> (batch, n_visible) in {0, 1}
    Raises what `prob_x_given_h` raises, and TypeError for a generator that is none.
    """
    return bernoulli_sample(prob_x_given_h(params, h), generator=generator)


def gibbs_step(params: RBM, x: Tensor, *, generator: torch.Generator) -> Tensor:
    """One step of block Gibbs sampling: up, then down.

    h ~ p(h | x),  x' ~ p(x' | h)
    x: (batch, n_visible) in [0, 1] -> (batch, n_visible) in {0, 1}
    Raises what `sample_h_given_x` raises.
    """
    h = sample_h_given_x(params, x, generator=generator)
    return sample_x_given_h(params, h, generator=generator)


def clamped_gibbs_step(
    params: RBM, x: Tensor, known: Tensor, *, generator: torch.Generator
) -> Tensor:
    """One step of block Gibbs sampling that draws the unknown units only: in-painting.

    h ~ p(h | x),  x'_i ~ p(x'_i | h) where i is not known, x'_i = x_i where it is
    given h the units of x are independent, so that this is Gibbs sampling from p(unknown | known)
    x: (batch, n_visible) in {0, 1}; known: bool, (n_visible,) -> (batch, n_visible) in {0, 1}
    Raises what `gibbs_step` raises, TypeError or ValueError for an x that is not binary or a known
    that is no such mask.
    """
    W, _, c = _checked(params)
    x = _binary_units("x", x, ("batch", len(c)), W)
    if not isinstance(known, Tensor) or known.dtype != torch.bool:
        came = getattr(known, "dtype", type(known).__name__)
        raise TypeError(f"known must be a tensor of bool, got {came}")
    if known.shape != c.shape:
        raise ValueError(f"known must be {tuple(c.shape)}, got {tuple(known.shape)}")
    return torch.where(known, x, gibbs_step(params, x, generator=generator))


def log_partition(params: RBM) -> Tensor:
    """Log of the partition function, exactly: the smaller layer by enumeration.

    log Z = log sum_x e^{-F(x)}, or the same over h (eq-log-partition-hidden): an RBM with its
    layers exchanged has the same Z
    the smaller layer has 1..20 units -> () in nats
    Raises TypeError or ValueError for parameters that do not fit, ValueError where both layers are
    larger.
    """
    W, b, c = _checked(params)
    if len(b) < len(c):
        W, b, c = W.T, c, b
    n = len(c)
    _check_count("the smaller layer", n, MAX_UNITS)
    numbers = torch.arange(2**n, device=W.device).split(BLOCK)
    blocks = [-free_energy(RBM(W, b, c), _digits(block, n, W.dtype)) for block in numbers]
    return torch.cat(blocks).logsumexp(0)


def pseudo_log_likelihood(params: RBM, x: Tensor) -> Tensor:
    """Log of the pseudo-likelihood: how well all others tell each unit.

    log PL(x) = sum_i log p(x_i | others)               eq-pseudo-likelihood
              = -sum_i softplus(F(x) - F(x with unit i flipped))
    x: (batch, n_visible) in {0, 1} -> (batch,) in nats; all n_visible
    flips, none left to chance
    Raises TypeError or ValueError for parameters or units of a wrong
    dtype, shape, device or value.
    Source: Besag 1975.
    """
    W, b, c = _checked(params)
    x = _binary_units("x", x, ("batch", len(c)), W)
    a, flip = b + x @ W.T, 1 - 2 * x
    kept = softplus(a)
    total = x.new_zeros(len(x))
    for i in range(len(c)):
        flipped = softplus(a + flip[:, i, None] * W[:, i])
        total -= softplus(flip[:, i] * c[i] + (flipped - kept).sum(-1))
    return total


def phase(params: RBM, x: Tensor) -> RBM:
    """Minus the gradient of the free energy, mean over a batch.

    -dF/dW = h(x) x^T,  -dF/db = h(x),  -dF/dc = x      eq-positive-phase
    with h(x) = sigm(b + W x); at data this is the positive phase, at
    samples of the model an estimate of the negative phase
    x: (batch, n_visible) in [0, 1], at least one row -> RBM
    Raises what `prob_h_given_x` raises, ValueError for an empty batch.
    """
    h = prob_h_given_x(params, x)
    if len(x) == 0:
        raise ValueError("x must have at least one row, got none")
    x = x.to(h.dtype)
    return RBM(W=h.T @ x / len(x), b=h.mean(0), c=x.mean(0))


def model_phase(params: RBM) -> RBM:
    """The negative phase exactly: the mean of `phase` under the model.

    d log Z: sum_x p(x) h(x) x^T,  sum_x p(x) h(x),  sum_x p(x) x
    or the same over h where that is smaller          eq-negative-phase-swap
    the smaller layer has 1..20 units -> RBM
    Raises what `log_partition` raises.
    """
    W, b, c = _checked(params)
    if len(b) < len(c):
        W, b, c = model_phase(RBM(W.T, c, b))
        return RBM(W.T, c, b)
    log_Z, total = log_partition(params), RBM(*(torch.zeros_like(t) for t in params))
    for numbers in torch.arange(2 ** len(c), device=W.device).split(BLOCK):
        x = _digits(numbers, len(c), W.dtype)
        p = (-free_energy(params, x) - log_Z).exp()
        h = p[:, None] * prob_h_given_x(params, x)
        total = RBM(total.W + h.T @ x, total.b + h.sum(0), total.c + p @ x)
    return total


def log_likelihood_gradient(params: RBM, x: Tensor) -> RBM:
    """Gradient of the mean log-likelihood: positive minus negative phase.

    -mean_x dF(x)/dtheta + sum_x' p(x') dF(x')/dtheta   eq-nll-gradient
    x: (batch, n_visible) in {0, 1}; the smaller layer has 1..20 units
    -> RBM, uphill, exact
    Raises what `phase` and `log_partition` raise, ValueError for an x
    that is not binary.
    """
    W, _, c = _checked(params)
    x = _binary_units("x", x, ("batch", len(c)), W)
    return _difference(phase(params, x), model_phase(params))


def cd_gradient(params: RBM, x: Tensor, k: int, *, generator: torch.Generator) -> RBM:
    """Contrastive divergence, CD-k: the negative phase k Gibbs steps away.

    h(x) x^T - h(x~) x~^T,  h(x) - h(x~),  x - x~       eq-cd-update-weights
    each the mean over the batch; x~ is where k steps from x end
    x: (batch, n_visible) in [0, 1]; k >= 1 -> RBM, uphill; biased, since
    k steps are few
    Raises what `gibbs_step` and `phase` raise, TypeError or ValueError
    for a wrong k.
    Source: Hinton 2002.
    """
    _check_int("k", k, 1)
    x_model = gibbs(partial(gibbs_step, params), x, k, generator=generator)
    return _difference(phase(params, x), phase(params, x_model))


def expected_cd_gradient(params: RBM, x: Tensor, k: int) -> RBM:
    """The mean of `cd_gradient` over all that its chains may do, exactly.

    mean_x [h(x) x^T] - sum_x~ q_k(x~) h(x~) x~^T       eq-cd-expected-update
    and so for b and c;  q_k = q_0 T^k, q_0 the data's distribution
    x: (batch, n_visible) in {0, 1}; at most 12 units a layer; k >= 1
    -> RBM, uphill
    Raises what `transition_matrix` and `phase` raise, TypeError or
    ValueError for a wrong k.
    """
    _check_int("k", k, 1)
    q = marginals(transition_matrix(params), _data_distribution(params, x), k)
    return _difference(phase(params, x), _phase_under(params, q[-1]))


def cd_bias(params: RBM, x: Tensor, n_steps: int) -> Tensor:
    """How far CD-k is from the exact gradient on average, as a norm, for k = 1, ..., n_steps.

    ||sum_x' (p(x') - q_k(x')) phase(x')||              eq-cd-bias
    over W, b and c together;  q_k = q_0 T^k, q_0 the data's distribution
    x: (batch, n_visible) in {0, 1}; at most 12 units a layer; n_steps >= 1 -> (n_steps,)
    Raises what `expected_cd_gradient` raises.
    """
    _check_int("n_steps", n_steps, 1)
    q = marginals(transition_matrix(params), _data_distribution(params, x), n_steps)
    p = (-free_energy(params, binary_states(len(params.c))) - log_partition(params)).exp()
    return torch.stack([norm(_phase_under(params, p - q_k)) for q_k in q[1:]])


def norm(gradient: RBM) -> Tensor:
    """Euclidean norm of a gradient, over W, b and c together: () >= 0."""
    return torch.cat([part.flatten() for part in gradient]).norm()


def pcd_gradient(
    params: RBM, x: Tensor, chains: Chains, k: int, *, generator: torch.Generator
) -> RBM:
    """Persistent CD, PCD-k: x~ goes on from where it last was.

    h(x) x^T - h(x~) x~^T,  h(x) - h(x~),  x - x~       eq-pcd-update
    each a mean; x~ are the chains, moved on by k Gibbs steps
    x: (batch, n_visible) in [0, 1]; chains: any number of rows, changed
    in place; k >= 1 -> RBM, uphill
    Raises what `cd_gradient` raises, TypeError or ValueError for wrong
    chains.
    Source: Tieleman 2008.
    """
    _check_int("k", k, 1)
    if not isinstance(chains, Chains):
        raise TypeError(f"chains must be a sampling.Chains, got {type(chains).__name__}")
    _unit_probabilities("chains.x", chains.x, ("chains", len(params.c)), params.W)
    positive = phase(params, x)
    x_model = chains.advance(partial(gibbs_step, params), k, generator=generator)
    return _difference(positive, phase(params, x_model))


def centered(gradient: RBM, mean_x: Tensor, mean_h: Tensor) -> RBM:
    """The centred gradient: the plain step of the model with offsets.

    E'(x, h) = -(h - mean_h).W(x - mean_x)
               - c'.(x - mean_x) - b'.(h - mean_h)      eq-centred-energy
    dW' = dW - mean_h dc^T - db mean_x^T,
    db' = db - dW' mean_x,  dc' = dc - dW'^T mean_h
    gradient: any `RBM` gradient; mean_x: (n_visible,), mean_h:
    (n_hidden,), any offsets -> RBM
    Raises TypeError or ValueError for parts that do not fit.
    Source: Montavon & Mueller 2012; Melchior et al. 2016.
    """
    W, b, c = _checked(gradient)
    for name, mean, like in ("mean_x", mean_x, c), ("mean_h", mean_h, b):
        _check_units(name, mean, tuple(like.shape), like)
    mean_x, mean_h = mean_x.to(W.dtype), mean_h.to(W.dtype)
    W = W - torch.outer(mean_h, c) - torch.outer(b, mean_x)
    return RBM(W, b - W @ mean_x, c - mean_h @ W)


def transition_matrix(params: RBM) -> Tensor:
    """The block Gibbs step of a small RBM as a matrix over all visible states.

    T[x, x'] = sum_h p(h | x) p(x' | h)                 eq-inference-transition
    at most 12 units a layer -> (2^n_visible, 2^n_visible), rows sum to 1, in the order of
    `binary_states`
    Raises TypeError or ValueError for parameters that do not fit, ValueError for a larger layer.
    """
    W, b, c = _checked(params)
    for name, count in ("n_visible", len(c)), ("n_hidden", len(b)):
        _check_count(name, count, MAX_MATRIX_UNITS)
    x, h = (binary_states(n, dtype=W.dtype).to(W.device) for n in (len(c), len(b)))
    return _layer_table(b + x @ W.T, h) @ _layer_table(c + h @ W, x)


def _layer_table(logits: Tensor, states: Tensor) -> Tensor:
    """p(state | row) of independent units: log-odds (rows, n), states (2^n, n) -> (rows, 2^n)."""
    return (logits @ states.T - softplus(logits).sum(-1, keepdim=True)).exp()


def _data_distribution(params: RBM, x: Tensor) -> Tensor:
    W, _, c = _checked(params)
    _check_count("n_visible", len(c), MAX_MATRIX_UNITS)
    return empirical(_binary_units("x", x, ("batch", len(c)), W).to(W.dtype))


def _phase_under(params: RBM, weights: Tensor) -> RBM:
    """The sum of `phase` over all visible states, each with its weight: (2^n_visible,) -> RBM."""
    x = binary_states(len(params.c), dtype=weights.dtype).to(weights.device)
    h = weights[:, None] * prob_h_given_x(params, x)
    return RBM(W=h.T @ x, b=h.sum(0), c=weights @ x)


def _difference(positive: RBM, negative: RBM) -> RBM:
    return RBM(*(p - n for p, n in zip(positive, negative, strict=True)))


def _checked(params: RBM) -> RBM:
    """W, b and c that fit one another; an error names all three."""
    W, b, c = params
    if not all(isinstance(tensor, Tensor) for tensor in params):
        raise TypeError(
            f"W, b and c must be torch.Tensors, got {', '.join(type(t).__name__ for t in params)}"
        )
    if not W.dtype == b.dtype == c.dtype or not W.is_floating_point():
        raise TypeError(
            f"W, b and c must have one floating dtype, got W {W.dtype}, b {b.dtype}, c {c.dtype}"
        )
    if W.ndim != 2 or b.shape != W.shape[:1] or c.shape != W.shape[1:]:
        raise ValueError(
            "W must be (n_hidden, n_visible), b (n_hidden,) and c (n_visible,), "
            f"got W {tuple(W.shape)}, b {tuple(b.shape)}, c {tuple(c.shape)}"
        )
    if not W.device == b.device == c.device:
        raise ValueError(
            f"W, b and c must be on one device, got W {W.device}, b {b.device}, c {c.device}"
        )
    return RBM(W, b, c)
