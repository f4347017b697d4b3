"""The live figure of a plane that is learnt shows what was recorded."""

import numpy as np
import pytest
import torch

from lecture_lib import vae, widgets


def recorded(seed, n_moments=3):
    generator = torch.Generator().manual_seed(seed)

    def moment(epochs):
        model = vae.init(64, 10, 2, generator=generator)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.mul_(3)
        return epochs, model

    x = (torch.rand(7, 64, generator=generator) < 0.4).float()
    return {name: [moment(5 * m) for m in range(n_moments)] for name in ("one", "two")}, x, torch.arange(7)


def own(rate, beta):
    """A run that ends after two epochs, and says with what it was asked for."""
    for epoch in 1, 2:
        yield epoch, recorded(7)[0]["one"][epoch][1]
    assert (rate, beta) == (0.01, 4)


@pytest.mark.parametrize("seed", range(2))
def test_bound_codes_and_decoded_plane_are_those_of_the_run(run_js, seed):
    runs, x, labels = recorded(seed)
    figure = widgets.plane_training(runs, x, labels, own)
    z = torch.special.ndtri((torch.arange(9) + 0.5) / 9)
    for number, name in enumerate(runs):
        bounds = []
        for moment, (epochs, model) in enumerate(runs[name]):
            found = run_js("plane_training", "compute", figure.data, {"run": number, "moment": moment})
            assert (found["name"], found["epochs"]) == (name, epochs)
            terms = vae.elbo_terms(model, x, generator=torch.Generator().manual_seed(0), n_samples=10)
            assert found["reconstruction"] == pytest.approx(terms.reconstruction.mean().item(), abs=5.1e-4)
            assert found["kl"] == pytest.approx(terms.kl.mean().item(), abs=5.1e-4)
            assert found["bound"] == pytest.approx(found["reconstruction"] - found["kl"], abs=1e-5)
            bounds.append([epochs, found["bound"]])
            assert np.abs(np.array(found["codes"]) - model.encoder(x)[0].detach().numpy()).max() < 5.1e-3
            for row, column in ((0, 0), (8, 0), (3, 7)):  # z2 falls from the top row to the bottom row
                p = model.decoder(torch.stack([z[column], z[8 - row]])[None]).sigmoid()[0].detach().numpy()
                assert np.abs(np.array(found["images"][9 * row + column]) - p).max() <= 1 / 30 + 1e-6
        assert np.array(found["curve"]) == pytest.approx(np.array(bounds), abs=1e-5)


def test_a_run_of_ones_own_comes_epoch_by_epoch_as_it_is_asked_for(monkeypatch):
    runs, x, labels = recorded(0)
    figure = widgets.plane_training(runs, x, labels, own)
    before, sent = figure.get_state(), []
    monkeypatch.setattr(figure, "send", sent.append)
    figure._handle_custom_msg({"start": {"rate": 0.01, "beta": 4}}, [])
    for _ in range(2):
        figure._handle_custom_msg({"more": True}, [])
    assert [message.get("epoch", {}).get("epochs") for message in sent] == [1, 2, None]
    assert sent[-1] == {"done": True}
    assert sent[0]["epoch"].keys() == figure.data["runs"][0]["moments"][0].keys()
    assert figure.get_state() == before, "what is trained here is not saved with the notebook"


def test_runs_that_cannot_be_shown_are_refused():
    runs, x, labels = recorded(0)
    for bad in {}, {"one": []}:
        with pytest.raises(ValueError, match="every run must have a moment"):
            widgets.plane_training(bad, x, labels, own)
    three = vae.init(64, 10, 3, generator=torch.Generator())
    with pytest.raises(ValueError, match="64 pixels and 2 latent units, got 64 and 3"):
        widgets.plane_training({"one": [(0, three)]}, x, labels, own)
