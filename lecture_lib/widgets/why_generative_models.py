"""The live figure of energy/why_generative_models."""

import torch
from torch import Tensor

from lecture_lib import figures
from lecture_lib.exact import entropy, kl_divergence
from lecture_lib.widgets.live import LiveFigure

NARROWEST, WIDEST, STEP = 1.0, 20.0, 0.25  # the widths of the slider; the middle moves by half a state


def hump(places: Tensor, middle: float, width: float) -> Tensor:
    """Probabilities of a single hump: a Gaussian over some places, made to sum to one.

    p(s) = exp(-(s - middle)^2 / (2 width^2)) / sum of the same over all places
    places: (S,); width > 0 -> (S,)
    """
    return (-(((places - middle) / width) ** 2) / 2).softmax(-1)


def best_humps(p_data: Tensor) -> tuple[Tensor, Tensor]:
    """Middle and width of the hump with the least KL(data || model), and with the least KL(model || data).

    p_data: (S,), the probabilities of states 0 to S - 1; every position of the two sliders is tried
    -> (2,) and (2,)
    """
    s = torch.arange(len(p_data), dtype=p_data.dtype)
    settings = torch.cartesian_prod(
        torch.arange(0, len(p_data) - 0.5, 0.5), torch.arange(NARROWEST, WIDEST + STEP / 2, STEP)
    ).to(p_data.dtype)
    models = hump(s, *settings.T[..., None])
    data = p_data.expand_as(models)
    return settings[kl_divergence(data, models).argmin()], settings[kl_divergence(models, data).argmin()]


def two_divergences(p_data: Tensor, middle: float = 22, width: float = 4) -> LiveFigure:
    """One hump that the reader moves over a data distribution: the two KL divergences, and where they arise.

    p_data: (S,), the probabilities of states 0 to S - 1, none of them zero; middle, width: the hump at first
    Raises ValueError for a p_data that is no row of positive probabilities.
    """
    if p_data.ndim != 1 or not (p_data > 0).all():
        raise ValueError(f"p_data must be (S,) of positive probabilities, got {tuple(p_data.shape)}, "
                         f"the least {p_data.min().item():g}")
    data = p_data.double()
    model = hump(torch.arange(len(data), dtype=data.dtype), middle, width)
    log_ratio = (data / model).log()
    parts = torch.stack([entropy(data), kl_divergence(data, model), kl_divergence(model, data)])
    return LiveFigure(
        "two_divergences",
        data={"data": data.tolist(), "middle": middle, "width": width, "narrowest": NARROWEST, "widest": WIDEST,
              "step": STEP, "best": [place.tolist() for place in best_humps(data)]},
        task="Drag the green hump, or use its sliders, until KL(data\u00a0‖\u00a0model) is as small as you can make "
             "it. Then do the same for KL(model\u00a0‖\u00a0data). Only then let the buttons show the best, and see "
             "whether both orders want the same hump.",
        still=figures.divergences_still(
            data.numpy(), model.numpy(), (data * log_ratio).numpy(), (-model * log_ratio).numpy(), parts.numpy(),
        ),
        alt="Above, grey bars with two humps, and a green hump in the valley between them. Below, bars that show at "
            "which states the two divergences arise: KL(data || model) at the two humps of the data, KL(model || "
            "data) in the valley. At the bottom, bars that add up: the entropy of the data, 3.0 nats, and "
            "KL(data || model) make the average negative log-likelihood.",
    )
