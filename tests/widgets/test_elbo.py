"""The live figures of vae/elbo compute what lecture_lib computes."""

import pytest
import torch

from lecture_lib import exact, rbm, vae, widgets

GRID = torch.linspace(-15, 15, 1501, dtype=torch.float64)
NAMES = ("average", "entropy", "bound", "gap", "logEvidence")


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def random_decoder(seed):
    decoder = vae.Decoder(1, 3, 4).double()
    with torch.no_grad():
        for parameter in decoder.parameters():
            parameter.copy_(1.5 * torch.randn(parameter.shape, generator=seeded(seed), dtype=torch.float64))
    return decoder


def numbers(decoder):
    V, v, U, u = (p.tolist() for layer in (decoder.hidden, decoder.logits) for p in (layer.weight, layer.bias))
    return {"decoder": {"V": [row[0] for row in V], "v": v, "U": U, "u": u}, "grid": GRID.tolist()}


def log_joint(decoder, x):
    return vae.log_joint(decoder, x[None], GRID[:, None])[0].detach()


@pytest.mark.parametrize("seed", range(4))
def test_bound_and_gap_of_a_gaussian_are_the_packages(run_js, seed):
    decoder, generator = random_decoder(seed), seeded(seed)
    x = (torch.rand(4, generator=generator) < 0.5).double()
    mu, log_sigma = (torch.rand(2, generator=generator, dtype=torch.float64) * 2 - 1.2).tolist()
    found = run_js("elbo_gap", "compute", numbers(decoder), {"x": x.tolist(), "mu": mu, "logSigma": log_sigma})
    log_q = torch.distributions.Normal(torch.tensor(mu).double(), torch.tensor(log_sigma).double().exp()).log_prob(GRID)
    expected = exact.evidence_bound(log_joint(decoder, x), log_q, exact.log_widths(GRID))
    for name, value in zip(NAMES, expected, strict=True):
        assert found[name] == pytest.approx(value.item(), abs=1e-5)
    assert found["bound"] + found["gap"] == pytest.approx(found["logEvidence"], abs=1e-5)
    assert found["joint"] == pytest.approx(log_joint(decoder, x).tolist(), abs=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_climbing_takes_the_packages_steps(run_js, seed):
    decoder = random_decoder(seed)
    x = (torch.rand(4, generator=seeded(seed)) < 0.5).double()
    start = {"x": x.tolist(), "mu": 0.3, "logSigma": -0.4, "rate": 0.05, "steps": 7}
    found = run_js("elbo_gap", "climb", numbers(decoder), start)
    mu, log_var = exact.gaussian_ascent(
        log_joint(decoder, x)[None], GRID, torch.tensor([0.3]).double(), torch.tensor([-0.8]).double(),
        rate=0.05, n_steps=7,
    )
    assert found["mu"] == pytest.approx(mu.item(), abs=1e-5)
    assert found["logSigma"] == pytest.approx(log_var.item() / 2, abs=1e-5)


@pytest.mark.parametrize("seed", range(4))
def test_bound_and_gap_of_hidden_units_are_the_packages(run_js, seed):
    generator = seeded(seed)
    machine = rbm.RBM(*(2 * torch.randn(s, generator=generator, dtype=torch.float64) for s in ((2, 4), (2,), (4,))))
    x = (torch.rand(1, 4, generator=generator) < 0.5).double()
    q = torch.rand(1, 2, generator=generator, dtype=torch.float64)
    found = run_js(
        "rbm_gap", "compute", {name: t.tolist() for name, t in machine._asdict().items()},
        {"x": x[0].tolist(), "q": q[0].tolist()},
    )
    assert found["bound"] == pytest.approx(rbm.variational_bound(machine, x, q).item(), abs=1e-5)
    assert found["logEvidence"] == pytest.approx(-rbm.free_energy(machine, x).item(), abs=1e-5)
    assert found["bound"] + found["gap"] == pytest.approx(found["logEvidence"], abs=1e-5)
    assert found["on"] == pytest.approx(rbm.prob_h_given_x(machine, x)[0].tolist(), abs=1e-5)
    h = exact.binary_states(2)
    log_joint = -rbm.energy(machine, x.expand(4, -1), h)
    log_q = (h * q.log() + (1 - h) * (1 - q).log()).sum(-1)
    expected = exact.evidence_bound(log_joint, log_q, torch.zeros(4).double())
    assert [found[name] for name in NAMES] == pytest.approx([v.item() for v in expected], abs=1e-5)
    assert found["posterior"] == pytest.approx(log_joint.softmax(0).tolist(), abs=1e-5)


def test_models_of_another_size_are_refused():
    with pytest.raises(ValueError, match=r"\(1, 4\), got \(2, 4\)"):
        widgets.elbo_gap(vae.Decoder(2, 3, 4))
    with pytest.raises(ValueError, match=r"\(2, 4\), got \(3, 4\)"):
        widgets.rbm_gap(rbm.init(4, 3, generator=seeded(0)))
