"""The live figures of rbm/model and rbm/inference compute what lecture_lib computes."""

import pytest
import torch

from lecture_lib import exact, rbm, widgets


def machine(seed, n_visible=4, n_hidden=3):
    generator = torch.Generator().manual_seed(seed)
    shapes = ((n_hidden, n_visible), (n_hidden,), (n_visible,))
    return rbm.RBM(*(2 * torch.randn(*s, generator=generator, dtype=torch.float64) for s in shapes))


def plain(params):
    return {name: t.tolist() for name, t in params._asdict().items()}


def index(state):
    return int("".join(str(int(v)) for v in state), 2)


@pytest.mark.parametrize("seed", range(3))
def test_terms_energies_and_joint_probabilities_are_the_packages(run_js, seed):
    params = machine(seed)
    xs, hs = exact.binary_states(4), exact.binary_states(3)
    x, h = xs[3 + 4 * seed], hs[5 - seed]
    found = run_js("rbm_units", "compute", plain(params), {"x": x.int().tolist(), "h": h.int().tolist()})
    energy = rbm.energy(params, x[None], h[None]).item()
    assert found["energy"] == pytest.approx(energy, abs=1e-5)
    assert sum(term["value"] for term in found["terms"]) == pytest.approx(energy, abs=1e-5)
    assert len(found["terms"]) == x.sum() + h.sum() + x.sum() * h.sum()
    links = sum(term["value"] for term in found["terms"] if term["kind"] == "link")
    assert links == pytest.approx(-(h @ params.W @ x).item(), abs=1e-5)
    assert found["columns"] == xs.tolist()
    assert found["rows"] == hs.tolist()
    joint = exact.probabilities(lambda u: rbm.energy(params, u[:, 3:], u[:, :3]), 7).reshape(8, 16)
    assert torch.tensor(found["probability"], dtype=torch.float64) == pytest.approx(joint, abs=1e-5)
    energies = torch.stack([rbm.energy(params, xs, row.expand(16, -1)) for row in hs])
    assert torch.tensor(found["energies"], dtype=torch.float64) == pytest.approx(energies, abs=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_conditionals_and_the_marginal_are_the_packages(run_js, seed):
    params = machine(seed, 5, 3)
    x, h = exact.binary_states(5)[7 + 6 * seed], exact.binary_states(3)[seed + 2]
    found = run_js("rbm_conditionals", "compute", plain(params), {"x": x.int().tolist(), "h": h.int().tolist()})
    assert found["hidden"] == pytest.approx(rbm.prob_h_given_x(params, x[None])[0].tolist(), abs=1e-5)
    assert found["visible"] == pytest.approx(rbm.prob_x_given_h(params, h[None])[0].tolist(), abs=1e-5)
    log_p = -rbm.free_energy(params, exact.binary_states(5)) - rbm.log_partition(params)
    assert run_js("rbm_conditionals", "marginal", plain(params)) == pytest.approx(log_p.exp().tolist(), abs=1e-5)


def test_a_walk_goes_up_and_down_with_the_packages_conditionals(run_js):
    params = machine(3)
    numbers = run_js("numerics", "uniforms", 5, 7 * 200)
    history = run_js("rbm_conditionals", "walk", plain(params), [0, 1, 1, 0], numbers)
    assert len(history) == 200
    x = torch.tensor([[0.0, 1, 1, 0]], dtype=torch.float64)
    for move, u in zip(history, torch.tensor(numbers, dtype=torch.float64).reshape(-1, 7), strict=True):
        h = (u[:3] < rbm.prob_h_given_x(params, x)).double()
        x = (u[3:] < rbm.prob_x_given_h(params, h)).double()
        assert move == {"h": h[0].int().tolist(), "x": x[0].int().tolist()}


def test_a_walk_visits_each_state_as_often_as_the_model_says(run_js):
    params = machine(1)._replace(W=machine(1).W / 4)  # it forgets fast, so that steps 4 apart are nearly independent
    history = run_js("rbm_conditionals", "walk", plain(params), [0, 0, 0, 0], run_js("numerics", "uniforms", 9, 7 * 16000))
    kept = torch.tensor([index(move["x"]) for move in history[4::4]])
    share = torch.bincount(kept, minlength=16) / len(kept)
    p = (-rbm.free_energy(params, exact.binary_states(4)) - rbm.log_partition(params)).exp()
    assert ((share - p).abs() < 4.5 * (p * (1 - p) / len(kept)).sqrt()).all()


def test_what_does_not_fit_the_figure_is_refused():
    with pytest.raises(ValueError, match=r"at most 5.*\(3, 6\)"):
        widgets.rbm_units(machine(0, 6, 3), torch.zeros(6), torch.zeros(3))
    with pytest.raises(ValueError, match=r"x must be"):
        widgets.rbm_conditionals(machine(0), torch.zeros(3), torch.zeros(3))
