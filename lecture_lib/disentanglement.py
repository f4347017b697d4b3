"""How well single units of a representation stand for single factors of the data.

Both metrics need the true factors. codes: (N, n_latent), what an encoder makes of N examples, its
means as a rule; factors: (N, n_factors), int class indices, what the examples were made from.
"""

import torch
from torch import Tensor

from lecture_lib.distributions import _check_floating, _check_generator, _check_int, kl_gaussian


def unit_rates(mu: Tensor, log_var: Tensor) -> Tensor:
    """What each unit of the code costs: its own KL divergence from N(0, 1), mean over the examples.

    R_k = mean_x KL(N(mu_k, sigma_k^2) || N(0, 1)),  sum_k R_k the mean of `kl_gaussian`
    mu, log_var = log sigma^2 of q(z|x): (N, n_latent), alike -> (n_latent,) in nats, never negative
    Raises TypeError or ValueError for a mu and a log_var that differ in dtype, shape or device.
    """
    return kl_gaussian(mu[..., None], log_var[..., None]).mean(0)


def entropy(factors: Tensor) -> Tensor:
    """Entropy of each factor, over the examples.

    H(v_m) = -sum_v p(v_m = v) log p(v_m = v)
    factors: (N, n_factors), int class indices -> (n_factors,) in nats, float64
    Raises TypeError or ValueError for factors that are none.
    """
    _check_factors(factors)
    columns = [factor.unique(return_inverse=True)[1].bincount() for factor in factors.T]
    counts = [count.double() / len(factors) for count in columns]
    return torch.stack([-(p * p.log()).sum() for p in counts])


def mutual_information(codes: Tensor, factors: Tensor, *, n_bins: int = 20) -> Tensor:
    """What each unit of the representation tells about each factor.

    I(z_k; v_m) = sum_b sum_v p(b, v) log (p(b, v) / (p(b) p(v)))       eq-beta-mutual-information
    b the bin of z_k: n_bins of one width from its least to its largest value over the examples
    codes: (N, n_latent), finite; factors: (N, n_factors), int class indices
    -> (n_latent, n_factors) in nats, float64, never negative; a unit that never changes has 0.
    From N examples it comes out too high, by about (bins - 1)(values - 1) / (2 N) for independent ones.
    Raises TypeError or ValueError for codes, factors or n_bins that do not fit.
    Source: the bins as in Locatello et al. 2019; Chen et al. 2018 integrate over q(z_k|x) instead.
    """
    _check_int("n_bins", n_bins, 2)
    _check_pair(codes, factors)
    z = codes.double()
    low, high = z.amin(0), z.amax(0)
    width = torch.where(high > low, (high - low) / n_bins, 1)
    bins = ((z - low) / width).long().clamp(max=n_bins - 1)
    table = z.new_zeros(z.shape[1], factors.shape[1])
    for k, factor in enumerate(factors.T):
        values, v = factor.unique(return_inverse=True)
        for j, b in enumerate(bins.T):
            counts = (b * len(values) + v).bincount(minlength=n_bins * len(values))
            joint = counts.view(n_bins, len(values)).double() / len(z)
            independent = joint.sum(1, keepdim=True) * joint.sum(0, keepdim=True)
            seen = joint > 0
            table[j, k] = (joint[seen] * (joint[seen] / independent[seen]).log()).sum()
    return table.clamp(min=0)


def mutual_information_gap(
    codes: Tensor, factors: Tensor, *, n_bins: int = 20
) -> Tensor:
    """MIG: for each factor, the lead of the unit that tells most about it.

    1/M sum_m (I(z_k(m); v_m) - max_{k != k(m)} I(z_k; v_m)) / H(v_m)    eq-beta-mig
    k(m) the unit with the largest I(z_k; v_m), M the number of factors
    codes: (N, n_latent), two units or more; factors: (N, n_factors), int
    class indices -> () in [0, 1]: 1 where each factor has one unit that
    determines it and no other unit knows of it (and no factor has more
    values than there are bins), 0 where two units know the same
    Raises what `mutual_information` raises, ValueError for a single unit
    or a factor that never changes.
    Source: Chen et al. 2018, equation 6; bins as in `mutual_information`.
    """
    information = mutual_information(codes, factors, n_bins=n_bins)
    if len(information) < 2:
        shape = tuple(codes.shape)
        raise ValueError(f"codes must be (N, 2 or more), got {shape}")
    _check_all_change(factors)
    best, second = information.topk(2, dim=0).values
    return ((best - second) / entropy(factors)).mean()


def factor_differences(
    codes: Tensor,
    factors: Tensor,
    factor: int,
    n_batches: int,
    *,
    generator: torch.Generator,
    n_pairs: int = 64,
) -> Tensor:
    """Mean absolute differences between pairs of codes that agree in one factor.

    z_diff = 1/L sum_l |z(x_l) - z(x'_l)|,  v_m(x_l) = v_m(x'_l), L = n_pairs
                                                                        eq-beta-difference
    x_l is any of the N examples and x'_l any of those with its value of factor m
    codes: (N, n_latent); factors: (N, n_factors), int class indices; factor = m in 0..n_factors - 1
    -> (n_batches, n_latent) >= 0
    Raises TypeError or ValueError for arguments that do not fit.
    Source: Higgins et al. 2017, section 3.
    """
    _check_pair(codes, factors)
    _check_generator(generator)
    for name, count in ("n_batches", n_batches), ("n_pairs", n_pairs):
        _check_int(name, count, 1)
    _check_int("factor", factor, 0)
    if factor >= factors.shape[1]:
        raise ValueError(f"factor must be below {factors.shape[1]}, got {factor}")
    _, v, counts = factors[:, factor].unique(return_inverse=True, return_counts=True)
    order, starts = v.argsort(stable=True), counts.cumsum(0) - counts
    shape = n_batches, n_pairs
    u = torch.rand(2, *shape, generator=generator, dtype=torch.float64, device=generator.device)
    u = u.to(codes.device)
    first = (u[0] * len(codes)).long()
    same = v[first]
    second = order[starts[same] + (u[1] * counts[same]).long()]
    return (codes[first] - codes[second]).abs().mean(1)


def beta_vae_score(
    codes: Tensor,
    factors: Tensor,
    *,
    generator: torch.Generator,
    n_train: int = 1000,
    n_test: int = 1000,
    n_pairs: int = 64,
) -> Tensor:
    """The score of the beta-VAE paper: can a linear classifier tell which factor was kept fixed?

    accuracy of m from z_diff, on batches the classifier has not seen
    n_train and n_test batches of n_pairs pairs, the same number for each factor (rounded up); a
    multinomial logistic regression on z_diff, each unit's divided by its standard deviation, so that
    the units of z do not matter
    codes: (N, n_latent); factors: (N, n_factors), at least two -> () in [0, 1]; chance is 1 / n_factors
    It saturates: a rotated representation scores 1 too where factors spread z by different amounts.
    Raises TypeError or ValueError for arguments that do not fit, and a factor that never changes.
    Source: Higgins et al. 2017, section 3 and algorithm 1.
    """
    from sklearn.linear_model import LogisticRegression  # here, since importing it takes a second

    _check_pair(codes, factors)
    for name, count in ("n_train", n_train), ("n_test", n_test):
        _check_int(name, count, 1)
    n_factors = factors.shape[1]
    if n_factors < 2:
        raise ValueError(f"factors must be (N, 2 or more), got {tuple(factors.shape)}")
    _check_all_change(factors)
    parts = []
    for n in n_train, n_test:
        n_batches = -(-n // n_factors)
        z_diff = torch.cat([
            factor_differences(codes, factors, k, n_batches, generator=generator, n_pairs=n_pairs)
            for k in range(n_factors)
        ])
        y = torch.arange(n_factors).repeat_interleave(n_batches)
        parts.append((z_diff.detach().cpu().double(), y))
    (train, y_train), (test, y_test) = parts
    mean, std = train.mean(0), train.std(0)
    scale = torch.where(std > 0, std, 1)
    classifier = LogisticRegression(C=100, max_iter=1000)
    classifier.fit(((train - mean) / scale).numpy(), y_train.numpy())
    return torch.tensor(classifier.score(((test - mean) / scale).numpy(), y_test.numpy()))


def mean_interval(values: Tensor, *, confidence: float = 0.95) -> tuple[Tensor, Tensor]:
    """Mean of a few runs, and half the width of Student's interval around it.

    m -+ t s / sqrt(n)                                                  eq-beta-interval
    s the standard deviation, t the (1 + confidence) / 2 quantile of Student's t
    with n - 1 degrees of freedom: over many sets of n draws from one Gaussian, that part of the
    intervals holds its mean
    values: (..., n), n >= 2 runs -> mean and half width, each (...)
    Raises TypeError or ValueError for values that are none, and a confidence outside (0, 1).
    """
    from scipy.stats import t  # here, since importing it takes a second

    _check_floating("values", values)
    if values.ndim == 0 or values.shape[-1] < 2:
        raise ValueError(f"values must be (..., 2 or more), got {tuple(values.shape)}")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must be between 0 and 1, got {confidence}")
    n = values.shape[-1]
    quantile = float(t.ppf((1 + confidence) / 2, n - 1))
    return values.mean(-1), quantile * values.std(-1) / n**0.5


def _check_factors(factors: Tensor) -> None:
    if not isinstance(factors, Tensor):
        raise TypeError(f"factors must be a torch.Tensor, got {type(factors).__name__}")
    if factors.is_floating_point() or factors.is_complex() or factors.dtype == torch.bool:
        raise TypeError(f"factors must be class indices of an int dtype, got {factors.dtype}")
    if factors.ndim != 2 or 0 in factors.shape:
        raise ValueError(f"factors must be (N, n_factors), got {tuple(factors.shape)}")


def _check_pair(codes: Tensor, factors: Tensor) -> None:
    """Finite codes and class indices, a row each for the same examples."""
    _check_factors(factors)
    _check_floating("codes", codes)
    if codes.ndim != 2 or 0 in codes.shape:
        raise ValueError(f"codes must be (N, n_latent), got {tuple(codes.shape)}")
    if len(codes) != len(factors):
        raise ValueError(
            f"codes and factors must have a row for each example, got {len(codes)} and {len(factors)}"
        )
    if codes.device != factors.device:
        raise ValueError(
            f"codes and factors must be on one device, got {codes.device} and {factors.device}"
        )
    if not codes.isfinite().all():
        raise ValueError(f"codes must be finite, got {codes[~codes.isfinite()][0].item()}")


def _check_all_change(factors: Tensor) -> None:
    for k, factor in enumerate(factors.T):
        if (factor == factor[0]).all():
            raise ValueError(
                f"every factor must take two values or more, got {factor[0].item()} for all of column {k}"
            )
