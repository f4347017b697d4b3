"""The live figures of vae/elbo."""

from copy import deepcopy

import torch

from lecture_lib import figures
from lecture_lib.distributions import gaussian_log_prob
from lecture_lib.exact import binary_states, evidence_bound, log_widths
from lecture_lib.rbm import RBM, energy, prob_h_given_x
from lecture_lib.vae import Decoder, log_joint
from lecture_lib.widgets.live import LiveFigure

REACH, POINTS = 15.0, 1501  # the grid of z, wide and fine enough for every q of the sliders


def elbo_gap(
    decoder: Decoder, x: tuple[int, ...] = (1, 1, 1, 1), mu: float = 0.4, log_sigma: float = -0.4,
) -> LiveFigure:
    """A Gaussian q over one latent number that the reader moves: log p(x), the bound and the gap.

    decoder: of one latent number and 4 pixels; x: the picture; mu, log_sigma: q at first
    Raises ValueError for a decoder of another size.
    """
    sizes = decoder.hidden.in_features, decoder.logits.out_features
    if sizes != (1, 4):
        raise ValueError(f"the figure has one latent number and 2 x 2 pictures: decoder must be (1, 4), got {sizes}")
    z = torch.linspace(-REACH, REACH, POINTS, dtype=torch.float64)
    layers = [t.detach().double() for layer in (decoder.hidden, decoder.logits) for t in (layer.weight, layer.bias)]
    V, v, U, u = layers
    log_p = log_joint(deepcopy(decoder).double(), torch.tensor([x]).double(), z[:, None])[0].detach()
    log_q = gaussian_log_prob(z[:, None], torch.full_like(z, mu)[:, None], torch.full_like(z, 2 * log_sigma)[:, None])
    parts = evidence_bound(log_p, log_q, log_widths(z))
    shown = z.abs() <= 4
    posterior = (log_p - parts.log_evidence).exp()
    return LiveFigure(
        "elbo_gap",
        data={
            "decoder": {"V": V[:, 0].tolist(), "v": v.tolist(), "U": U.tolist(), "u": u.tolist()},
            "x": list(x), "mu": mu, "logSigma": log_sigma, "reach": REACH, "points": POINTS, "rate": 0.05,
        },
        task="Move q until the gap is as small as you can make it: the bound rises by what the gap loses, and "
             "log p(x) never moves. Then climb from μ = 0 and from μ = 0.4: which hill do you end on?",
        still=figures.bound_still(
            z[shown].numpy(), posterior[shown].numpy(), log_q[shown].exp().numpy(),
            torch.stack(parts).numpy(), ["mean\nlog p(x, z)", "entropy\nof q", "bound", "gap", "log p(x)"]),
        alt="Above, a posterior density with two equal peaks, and a Gaussian q between and over them. Below, bars "
            "that add up: mean log p(x, z) and entropy make the bound, bound and gap make log p(x).",
    )


def rbm_gap(params: RBM, x: tuple[int, ...] = (1, 1, 0, 0), q: tuple[float, float] = (0.5, 0.5)) -> LiveFigure:
    """Probabilities of two hidden units that the reader moves: −F(x), the bound and the gap.

    params: an RBM of 4 visible and 2 hidden units; x: the picture; q: the units' probabilities
    Raises ValueError for an RBM of another size.
    """
    if params.W.shape != (2, 4):
        raise ValueError(f"the figure has 2 hidden and 4 visible units: W must be (2, 4), got {tuple(params.W.shape)}")
    machine = RBM(*(t.double() for t in params))
    h, row = binary_states(2), torch.tensor([x]).double()
    chance = torch.tensor(q).double()
    log_q = (h * chance.log() + (1 - h) * (1 - chance).log()).sum(-1)
    parts = evidence_bound(-energy(machine, row.expand(4, -1), h), log_q, torch.zeros(4).double())
    on = prob_h_given_x(machine, row)[0]
    posterior = (h * on + (1 - h) * (1 - on)).prod(-1)
    return LiveFigure(
        "rbm_gap",
        data={**{name: t.tolist() for name, t in machine._asdict().items()}, "x": list(x), "q": list(q)},
        task="Close the gap by hand with the two sliders, then press the button. Here it closes completely: "
             "the bound reaches −F(x), for every picture.",
        still=figures.states_still(
            [" ".join(str(int(value)) for value in state) for state in h], posterior.numpy(), log_q.exp().numpy(),
            torch.stack(parts).numpy(), ["mean\n−E(x, h)", "entropy\nof q", "bound", "gap", "−F(x)"]),
        alt="Above, the probabilities of the four hidden states given x, and those of q, which are all one quarter. "
            "Below, bars that add up: mean −E(x, h) and entropy make the bound, bound and gap make −F(x).",
    )
