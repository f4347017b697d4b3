"""The live figure of vae/evaluation."""

import torch
from torch import Tensor

from lecture_lib import figures
from lecture_lib.distributions import gaussian_log_prob
from lecture_lib.vae import LinearGaussian
from lecture_lib.widgets.live import LiveFigure

_RUNS, _MOST = 200, 200


def importance_bound(
    model: LinearGaussian, x: Tensor, *, shift: float = 1.0, width: float = 0.8, samples: int = 5
) -> LiveFigure:
    """The importance-weighted bound on a model of one latent number, against the exact log p(x).

    q = N(m + shift s, (width s)^2), m and s the mean and standard deviation of the true p(z|x)
    model: with one latent unit, in float64; x: (n_visible,)
    Raises ValueError for a model with more than one latent unit.
    """
    if model.A.shape[1] != 1:
        raise ValueError(f"the figure needs one latent unit: A must be (n_visible, 1), got {tuple(model.A.shape)}")
    mean, covariance = (t.squeeze() for t in model.posterior(x[None]))
    s = covariance.sqrt()
    mu, log_var = mean + shift * s, (width * s).log() * 2
    generator = torch.Generator().manual_seed(0)
    z = mu + width * s * torch.randn(4000, _MOST, generator=generator, dtype=x.dtype)
    log_w = log_weights(model, x, z.reshape(-1), mu, log_var).reshape(4000, _MOST)
    counts = torch.arange(1, _MOST + 1)
    bounds = (log_w.logcumsumexp(1) - counts.log()).mean(0)
    grid = mean + s * torch.linspace(-5, 5, 201, dtype=x.dtype)
    densities = [
        gaussian_log_prob(grid[:, None], m.expand(201, 1), v.expand(201, 1)).exp()
        for m, v in ((mean, covariance.log()), (mu, log_var))
    ]
    return LiveFigure(
        "importance_bound",
        data={"A": model.A[:, 0].tolist(), "c": model.c.tolist(), "logVar": model.log_var.tolist(),
              "x": x.tolist(), "shift": shift, "width": width, "samples": samples, "seed": 1,
              "runs": _RUNS, "most": _MOST},
        task="Move q away from the posterior and add samples: the bound climbs from the ELBO towards log p(x). "
             "Then make q narrow. How many samples does the same gap cost now?",
        still=figures.importance_still(grid.numpy(), densities[0].numpy(), densities[1].numpy(), counts.numpy(),
                                       bounds.numpy(), model.log_prob(x[None]).item()),
        alt="Above, the true posterior and a q beside it. Below, the importance-weighted bound against the number of "
            "samples: it begins at the ELBO and climbs towards the exact log p(x), ever more slowly.",
    )


def log_weights(model: LinearGaussian, x: Tensor, z: Tensor, mu: Tensor, log_var: Tensor) -> Tensor:
    """log w = log p(x|z) + log p(z) - log q(z|x) for draws z of one latent number.

    x: (n_visible,); z: (n,); mu, log_var: () -> (n,) in nats
    """
    n, zeros = len(z), torch.zeros_like(z[:, None])
    mean = z[:, None] @ model.A.T + model.c
    return (
        gaussian_log_prob(x.expand(n, -1), mean, model.log_var.expand(n, -1))
        + gaussian_log_prob(z[:, None], zeros, zeros)
        - gaussian_log_prob(z[:, None], mu.expand(n, 1), log_var.expand(n, 1))
    )
