"""The live figure of rbm/practice shows what was recorded, and counts what the package counts."""

import numpy as np
import pytest
import torch

from lecture_lib import rbm, widgets


def recorded(seed, n_moments=3):
    generator = torch.Generator().manual_seed(seed)

    def moment(updates):
        params = rbm.init(784, 12, generator=generator)
        params.W.mul_(30)
        params.b.add_(8 * torch.randn(12, generator=generator))
        return updates, params, (torch.rand(5, 784, generator=generator) < 0.3).float()

    x = (torch.rand(40, 784, generator=generator) < 0.2).float()
    return {name: [moment(100 * m) for m in range(n_moments)] for name in ("one", "two")}, x


def own(rate, centred, b):
    """A run that ends after two epochs, and says with what it was asked for."""
    for epoch in 1, 2:
        yield 100 * epoch, *recorded(7)[0]["one"][epoch][1:]
    assert (rate, centred, b) == (0.5, False, -2)


@pytest.mark.parametrize("seed", range(3))
def test_filters_dreams_and_activity_are_those_of_the_run(run_js, seed):
    runs, x = recorded(seed)
    figure = widgets.training_run(runs, x, own)
    for number, name in enumerate(runs):
        for moment, (updates, params, chains) in enumerate(runs[name]):
            found = run_js("training_run", "compute", figure.data, {"run": number, "moment": moment})
            assert (found["name"], found["updates"]) == (name, updates)
            scale = params.W[:4].abs().amax(1, keepdim=True)
            rounded = (params.W[:4] / scale * 7).round() / 7 * scale
            assert np.array(found["filters"]) == pytest.approx(rounded.numpy(), abs=1e-5)
            dreams = rbm.prob_x_given_h(params, rbm.prob_h_given_x(params, chains[:4]))
            assert np.abs(np.array(found["dreams"]) - dreams.numpy()).max() <= 1 / 30 + 1e-6
            active = rbm.prob_h_given_x(params, x).mean(0).sort().values
            assert found["active"] == pytest.approx(active.tolist(), abs=5.01e-4)
            assert found["never"] == sum(p < 0.01 for p in found["active"])
            assert found["always"] == sum(p > 0.99 for p in found["active"])


def test_a_run_of_ones_own_comes_epoch_by_epoch_as_it_is_asked_for(monkeypatch):
    runs, x = recorded(0)
    figure = widgets.training_run(runs, x, own)
    before, sent = figure.get_state(), []
    monkeypatch.setattr(figure, "send", sent.append)
    figure._handle_custom_msg({"start": {"rate": 0.5, "centred": False, "b": -2}}, [])
    for _ in range(2):
        figure._handle_custom_msg({"more": True}, [])
    assert [message.get("epoch", {}).get("updates") for message in sent] == [100, 200, None]
    assert sent[-1] == {"done": True}
    assert sent[0]["epoch"].keys() == figure.data["runs"][0]["moments"][0].keys()
    assert figure.get_state() == before, "what is trained here is not saved with the notebook"
    figure._handle_custom_msg({"start": {"rate": 1}}, [])
    assert "TypeError" in sent[-1]["error"]


def test_runs_that_cannot_be_shown_are_refused():
    runs, x = recorded(0)
    for bad in {}, {"one": []}:
        with pytest.raises(ValueError, match="every run must have a moment"):
            widgets.training_run(bad, x, own)
    small = rbm.init(784, 3, generator=torch.Generator())
    with pytest.raises(ValueError, match=r"4 units.*\(3, 784\)"):
        widgets.training_run({"one": [(0, small, x[:5])]}, x, own)
