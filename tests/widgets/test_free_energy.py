"""The live figure of rbm/free_energy computes what lecture_lib computes."""

import pytest
import torch

from lecture_lib import exact, rbm, widgets


@pytest.mark.parametrize("seed", range(5))
def test_parts_free_energy_and_probability_are_the_packages(run_js, seed):
    generator = torch.Generator().manual_seed(seed)
    params = rbm.RBM(*(3 * torch.randn(*s, generator=generator, dtype=torch.float64) for s in ((4, 4), (4,), (4,))))
    on = (torch.rand(4, generator=generator) < 0.7).tolist()
    shift = 2.5
    found = run_js(
        "free_energy_landscape", "compute",
        {name: t.tolist() for name, t in params._asdict().items()}, {"units": on, "shift": shift},
    )
    kept = torch.tensor(on)
    W, b, c = params
    rest = rbm.RBM(W[kept], b[kept] + shift, c)
    x = exact.binary_states(4)
    visible, hidden = rbm.free_energy_parts(params._replace(b=b + shift), x)
    F = rbm.free_energy(rest, x)
    assert found["states"] == x.tolist()
    assert found["visible"] == pytest.approx(visible.tolist(), abs=1e-5)
    assert torch.tensor(found["hidden"], dtype=torch.float64).T == pytest.approx(hidden * kept, abs=1e-5)
    assert found["freeEnergy"] == pytest.approx(F.tolist(), abs=1e-5)
    assert found["probability"] == pytest.approx((-F - rbm.log_partition(rest)).exp().tolist(), abs=1e-5)


def test_a_machine_of_another_size_is_refused():
    machine = rbm.init(6, 2, generator=torch.Generator().manual_seed(0))
    with pytest.raises(ValueError, match=r"2 x 2.*\(2, 6\)"):
        widgets.free_energy_landscape(machine, ["a", "b"])
