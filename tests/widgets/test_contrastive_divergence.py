"""The live figure of rbm/contrastive_divergence computes what lecture_lib computes."""

import pytest
import torch

from lecture_lib import exact, rbm, sampling, widgets


def a_machine(seed, scale=2.0, shape=(4, 4)):
    generator = torch.Generator().manual_seed(seed)
    H, D = shape
    return rbm.RBM(*(scale * torch.randn(*s, generator=generator, dtype=torch.float64) for s in ((H, D), (H,), (D,))))


def front_end(run_js, params, **controls):
    data = {name: t.tolist() for name, t in params._asdict().items()}
    return run_js("contrastive_divergence", "compute", data, {"k": 1, "scale": 1, "rate": 1, "seed": 1, **controls})


def check(found, gradient):
    for name, part in gradient._asdict().items():
        assert torch.tensor(found[name], dtype=torch.float64) == pytest.approx(part, abs=1e-5)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("k", "scale"), [(1, 1), (3, 0.4), (20, 1.7)])
def test_gradients_bias_and_divergence_are_the_packages(run_js, seed, k, scale):
    params = a_machine(seed, shape=(3 + seed % 2, 4))
    x = exact.binary_states(4)[(5 * seed + 3) % 16]
    found = front_end(run_js, params, x=x.int().tolist(), k=k, scale=scale, rate=0.7)
    machine, row, states = rbm.RBM(*(scale * t for t in params)), x[None], exact.binary_states(4)
    F = rbm.free_energy(machine, states)
    p = (-F).softmax(0)
    q = sampling.marginals(rbm.transition_matrix(machine), exact.empirical(row), 20)
    cd, full = rbm.expected_cd_gradient(machine, row, k), rbm.log_likelihood_gradient(machine, row)
    assert found["states"] == states.tolist()
    assert found["freeEnergy"] == pytest.approx(F.tolist(), abs=1e-5)
    assert found["p"] == pytest.approx(p.tolist(), abs=1e-5)
    assert found["q"] == pytest.approx(q[k].tolist(), abs=1e-5)
    check(found["cd"], cd)
    check(found["exact"], full)
    assert found["cdNorm"] == pytest.approx(rbm.norm(cd).item(), abs=1e-5)
    assert found["exactNorm"] == pytest.approx(rbm.norm(full).item(), abs=1e-5)
    assert found["bias"] == pytest.approx(rbm.cd_bias(machine, row, 20).tolist(), abs=1e-5)
    divergence = [exact.kl_divergence(now, p).item() for now in q]
    assert found["divergence"] == pytest.approx(divergence, abs=1e-5)
    for name, gradient in ("cdAfter", cd), ("exactAfter", full):
        moved = rbm.RBM(*(t + 0.7 * g for t, g in zip(machine, gradient, strict=True)))
        assert found[name] == pytest.approx(rbm.free_energy(moved, states).tolist(), abs=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_the_chain_is_the_packages_chain_for_the_same_random_numbers(run_js, seed):
    params, k = a_machine(seed, scale=1.0), 12
    uniforms = iter(run_js("numerics", "uniforms", seed, 8 * k))
    x = torch.tensor([[1.0, 0, 0, 1]], dtype=torch.float64)
    chain = [x[0].tolist()]
    for _ in range(k):
        h = torch.tensor([[float(next(uniforms) < p) for p in rbm.prob_h_given_x(params, x)[0].tolist()]], dtype=torch.float64)
        x = torch.tensor([[float(next(uniforms) < p) for p in rbm.prob_x_given_h(params, h)[0].tolist()]], dtype=torch.float64)
        chain.append(x[0].tolist())
    assert front_end(run_js, params, x=[1, 0, 0, 1], k=k, seed=seed)["chain"] == chain


@pytest.mark.parametrize(("shape", "x", "k"), [((4, 6), [1, 0, 0, 1], 1), ((5, 4), [1, 0, 0, 1], 1),
                                               ((4, 4), [1, 0, 1], 1), ((4, 4), [1, 0, 2, 0], 1),
                                               ((4, 4), [1, 0, 0, 1], 0)])
def test_what_the_figure_cannot_draw_is_refused(shape, x, k):
    with pytest.raises(ValueError, match=r"2 x 2 pictures|x must be four"):
        widgets.cd_landscape(a_machine(0, shape=shape), x, k)


def test_the_figure_is_made():
    assert repr(widgets.cd_landscape(a_machine(0), [1, 0, 0, 1], 2)) == "LiveFigure('contrastive_divergence')"
