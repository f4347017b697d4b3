"""The live figure of rbm/learning computes what lecture_lib computes."""

import pytest
import torch

from lecture_lib import exact, rbm, widgets

PHASES = {(True, True): "both", (True, False): "positive", (False, True): "negative"}


def some_machine(seed):
    generator = torch.Generator().manual_seed(seed)
    return rbm.RBM(*(2 * torch.randn(*s, generator=generator, dtype=torch.float64) for s in ((4, 4), (4,), (4,))))


@pytest.mark.parametrize("phases", PHASES, ids=PHASES.get)
@pytest.mark.parametrize("seed", range(3))
def test_steps_of_the_figure_are_steps_of_the_packages_gradient(run_js, seed, phases):
    positive, negative = phases
    params, x, steps = some_machine(seed), exact.binary_states(4), 3
    picked = torch.rand(16, generator=torch.Generator().manual_seed(seed)) < 0.3
    found = run_js(
        "two_phases", "compute", {name: t.tolist() for name, t in params._asdict().items()},
        {"picked": picked.tolist(), "rate": 0.4, "positive": positive, "negative": negative, "steps": steps},
    )
    learnt = params
    for _ in range(steps):
        if positive and negative:
            gradient = rbm.log_likelihood_gradient(learnt, x[picked])
        else:
            gradient = rbm.phase(learnt, x[picked]) if positive else rbm.RBM(*(-t for t in rbm.model_phase(learnt)))
        learnt = rbm.RBM(*(t + 0.4 * g for t, g in zip(learnt, gradient, strict=True)))
    for name, tensor in learnt._asdict().items():
        assert torch.tensor(found["params"][name], dtype=torch.float64) == pytest.approx(tensor, abs=1e-5)
    log_p = -rbm.free_energy(learnt, x) - rbm.log_partition(learnt)
    assert found["before"] == pytest.approx(rbm.free_energy(params, x).tolist(), abs=1e-5)
    assert found["after"] == pytest.approx(rbm.free_energy(learnt, x).tolist(), abs=1e-5)
    assert found["probability"] == pytest.approx(log_p.exp().tolist(), abs=1e-5)
    assert found["logLikelihood"] == pytest.approx(log_p[picked].mean().item(), abs=1e-5)


def test_pictures_that_are_not_there_are_refused():
    machine = rbm.init(4, 2, generator=torch.Generator().manual_seed(0))
    with pytest.raises(ValueError, match=r"0 to 15.*got \[16\]"):
        widgets.two_phases(machine, [16])
    with pytest.raises(ValueError, match=r"2 x 2.*\(2, 6\)"):
        widgets.two_phases(rbm.init(6, 2, generator=torch.Generator().manual_seed(0)), [0])
