"""The live figure of rbm/evaluation computes what lecture_lib computes."""

import math
from itertools import pairwise

import pytest
import torch

from lecture_lib import evaluation, rbm, widgets


def a_machine(seed, scale=1.5, shape=(3, 6)):
    generator = torch.Generator().manual_seed(seed)
    H, D = shape
    return rbm.RBM(*(scale * torch.randn(*s, generator=generator, dtype=torch.float64) for s in ((H, D), (H,), (D,))))


def front_end(run_js, params, **controls):
    data = {name: t.tolist() for name, t in params._asdict().items()}
    return run_js("annealing", "compute", data, {"temperatures": 5, "chains": 8, "scale": 1, "seed": 1, **controls})


def drawn(p, uniforms):
    return torch.tensor([[float(next(uniforms) < value) for value in p[0].tolist()]], dtype=torch.float64)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("temperatures", "scale"), [(1, 1), (4, 0.5), (30, 1.3)])
def test_what_is_exact_is_the_packages(run_js, seed, temperatures, scale):
    params = a_machine(seed)
    machine = rbm.RBM(*(scale * t for t in params))
    found = front_end(run_js, params, temperatures=temperatures, scale=scale, seed=seed)
    stages = [evaluation.annealed(machine, m / temperatures) for m in range(temperatures + 1)]
    assert found["exact"] == pytest.approx([rbm.log_partition(stage).item() for stage in stages], abs=1e-5)
    assert found["logZ"] == pytest.approx(rbm.log_partition(machine).item(), abs=1e-5)
    assert found["meanLog"] == pytest.approx(evaluation.ais_moments(machine, temperatures).mean_log, abs=1e-5)


@pytest.mark.parametrize(("temperatures", "chains"), [(1, 3), (6, 5)])
def test_weights_and_estimate_are_the_packages_for_the_same_random_numbers(run_js, temperatures, chains):
    params = a_machine(7)
    uniforms = iter(run_js("numerics", "uniforms", 11, chains * (6 + temperatures * 9)))
    stages = [evaluation.annealed(params, m / temperatures) for m in range(temperatures + 1)]
    paths = []
    for _ in range(chains):
        x = drawn(torch.full((1, 6), 0.5), uniforms)
        path = [rbm.log_partition(stages[0]).item()]
        for before, after in pairwise(stages):
            path.append(path[-1] + (rbm.free_energy(before, x) - rbm.free_energy(after, x)).item())
            h = drawn(rbm.prob_h_given_x(after, x), uniforms)
            x = drawn(rbm.prob_x_given_h(after, h), uniforms)
        paths.append(path)
    found = front_end(run_js, params, temperatures=temperatures, chains=chains, seed=11)
    assert torch.tensor(found["paths"], dtype=torch.float64) == pytest.approx(torch.tensor(paths, dtype=torch.float64), abs=1e-5)
    last = torch.tensor([path[-1] for path in paths], dtype=torch.float64)
    weights = last.exp()
    assert found["estimate"] == pytest.approx(weights.mean().log().item(), abs=1e-5)
    error = (weights.std() / weights.mean() / math.sqrt(chains)).item()
    assert found["standardError"] == pytest.approx(error, abs=1e-5)
    assert found["effectiveSampleSize"] == pytest.approx((weights.sum() ** 2 / weights.square().sum()).item(), abs=1e-5)


def test_many_chains_of_the_figure_meet_the_exact_answer(run_js):
    found = front_end(run_js, a_machine(2), temperatures=50, chains=300)
    assert abs(found["estimate"] - found["logZ"]) < 4 * found["standardError"]


@pytest.mark.parametrize("shape", [(3, 7), (5, 4)])
def test_a_machine_too_large_for_the_browser_is_refused(shape):
    with pytest.raises(ValueError, match=r"at most \(4, 6\)"):
        widgets.annealing(a_machine(0, shape=shape))


def test_the_figure_is_made():
    assert repr(widgets.annealing(a_machine(0), 4, 5)) == "LiveFigure('annealing')"
