"""The live figure of vae/latent_variable_models."""

import math

import torch
from torch import Tensor

from lecture_lib import figures
from lecture_lib.distributions import gaussian_log_prob
from lecture_lib.exact import log_integral
from lecture_lib.widgets.live import LiveFigure


def curve(z: Tensor) -> Tensor:
    """Where the decoder of the live figure puts a code: a wave in the plane.

    g(z) = (1.4 z, sin 4 z)
    z: (...) -> (..., 2)
    """
    return torch.stack([1.4 * z, (4 * z).sin()], -1)


def curve_log_prob(x: Tensor, z: Tensor, sigma: float) -> Tensor:
    """Log-density of a point of the plane given its code: the curve, blurred by sigma.

    log N(x; g(z), sigma^2 I)
    x: (2,); z: (N,); sigma > 0 -> (N,) in nats
    """
    mean = curve(z)
    log_var = torch.full_like(mean, 2 * math.log(sigma))
    return gaussian_log_prob(x.expand_as(mean), mean, log_var)


def prior_samples(x: tuple[float, float] = (0.55, 0.5), sigma: float = 0.15, seed: int = 1) -> LiveFigure:
    """Simple Monte Carlo with one latent number: which draws from the prior carry weight for x.

    x: where the point begins; sigma: the noise of p(x|z); seed: of the first draw
    Raises ValueError for a sigma that is not positive.
    """
    if not sigma > 0:
        raise ValueError(f"sigma must be positive, got {sigma}")
    point = torch.tensor(x, dtype=torch.float64)
    z = torch.linspace(-5, 5, 2001, dtype=torch.float64)
    log_likelihood = curve_log_prob(point, z, sigma)
    log_prior = gaussian_log_prob(z[:, None], torch.zeros_like(z)[:, None], torch.zeros_like(z)[:, None])
    posterior = (log_likelihood + log_prior - log_integral(log_likelihood + log_prior, z)).exp()
    draws = torch.randn(32, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    weights = curve_log_prob(point, draws, sigma).softmax(0)
    return LiveFigure(
        "prior_samples",
        data={"x": list(x), "sigma": sigma, "seed": seed},
        task="Drag the cross or move its sliders, and draw again: only the codes whose dots lie near the cross carry "
             "weight. Then make the noise small, and see how many draws the estimate needs.",
        still=figures.prior_samples_still(
            z.numpy(), log_prior.exp().numpy(), posterior.numpy(), curve(z).numpy(),
            point.numpy(), draws.numpy(), curve(draws).numpy(), weights.numpy(),
        ),
        alt="A wave in the plane, on it 32 decoded draws from the prior as green dots, and a cross, the point x. "
            "A few dots near the cross are large, for they carry all the weight. Below, the prior over z as a broad "
            "bell and the posterior as two narrow peaks, where the curve passes near x.",
    )
