"""The live figure of rbm/persistent_cd computes what lecture_lib computes."""

import pytest
import torch

from lecture_lib import rbm, widgets


@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize("seed", range(3))
def test_an_update_of_the_figure_is_the_packages_for_the_same_random_numbers(run_js, seed, k):
    generator = torch.Generator().manual_seed(seed)
    params = rbm.RBM(*(2 * torch.randn(*s, generator=generator, dtype=torch.float64) for s in ((2, 4), (2,), (4,))))
    examples, particles = ((torch.rand(n, 4, generator=generator, dtype=torch.float64) < 0.6).double() for n in (5, 3))
    u = run_js("numerics", "uniforms", seed, 3 * k * 6)
    found = run_js(
        "persistent_chains", "compute", {name: t.tolist() for name, t in params._asdict().items()},
        {"examples": examples.tolist(), "particles": particles.tolist(), "k": k, "rate": 0.3, "u": u},
    )
    numbers, x = iter(u), particles.clone()
    for row in range(3):
        for _ in range(k):
            h = torch.tensor([float(next(numbers) < p) for p in rbm.prob_h_given_x(params, x[row : row + 1])[0].tolist()])
            on = rbm.prob_x_given_h(params, h[None].double())[0].tolist()
            x[row] = torch.tensor([float(next(numbers) < p) for p in on])
    assert found["particles"] == x.tolist()
    up, down = rbm.phase(params, examples), rbm.phase(params, x)
    learnt = rbm.RBM(*(t + 0.3 * (p - q) for t, p, q in zip(params, up, down, strict=True)))
    for name, tensor in learnt._asdict().items():
        assert torch.tensor(found["params"][name], dtype=torch.float64) == pytest.approx(tensor, abs=1e-5)
    states = torch.tensor([[(s >> i) & 1 for i in (3, 2, 1, 0)] for s in range(16)], dtype=torch.float64)
    surprise = rbm.free_energy(learnt, states) + rbm.log_partition(learnt)
    assert found["surprise"] == pytest.approx(surprise.tolist(), abs=1e-5)


def test_machines_and_examples_of_another_size_are_refused():
    machine = rbm.init(4, 2, generator=torch.Generator().manual_seed(0))
    with pytest.raises(ValueError, match=r"examples \(n, 4\), got \(2, 4\) and \(3, 6\)"):
        widgets.persistent_chains(machine, torch.zeros(3, 6))
