"""The live figure of vae/beta_vae decodes what lecture_lib decodes, with the weights it sends."""

import base64
import random

import numpy as np
import pytest
import torch

from lecture_lib import data, disentanglement, vae, widgets

K, HIDDEN = 5, 12


@pytest.fixture(scope="module")
def images():
    return data.sprites(16, n_scales=2, n_orientations=2, n_positions=2).train


def random_model(seed, n_hidden=HIDDEN):
    model = vae.init(256, n_hidden, K, generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        for n, parameter in enumerate(model.parameters()):
            generator = torch.Generator().manual_seed(100 * seed + n)
            parameter += 0.3 * torch.randn(parameter.shape, generator=generator)
    return model


def sent_decoder(sent):
    """The decoder that the browser gets: its bytes times their scales, in float64."""
    decoder = vae.Decoder(K, len(sent["hiddenBias"]), 256).double()
    with torch.no_grad():
        for layer, name in ((decoder.hidden, "hidden"), (decoder.logits, "logits")):
            steps = np.frombuffer(base64.b64decode(sent[name]), np.int8).astype(np.float64)
            scales = torch.tensor(sent[f"{name}Scales"], dtype=torch.float64)
            layer.weight.copy_(torch.from_numpy(steps).reshape(layer.weight.shape) * scales[:, None])
            layer.bias.copy_(torch.tensor(sent[f"{name}Bias"], dtype=torch.float64))
    return decoder.requires_grad_(False)


@pytest.mark.parametrize("seed", range(3))
def test_a_moved_code_is_decoded_as_by_the_package(run_js, images, seed):
    models = {1.0: random_model(seed), 4.0: random_model(seed + 10)}
    sent = widgets.traversals(models, images, images[:3]).data
    draw = random.Random(seed)
    for which in range(2):
        choice = {"model": which, "image": draw.randrange(3), "unit": draw.randrange(K),
                  "value": draw.uniform(-3, 3)}
        found = run_js("traversals", "compute", sent, choice)
        decoder = sent_decoder(sent["models"][which])
        z = torch.tensor(sent["models"][which]["codes"][choice["image"]], dtype=torch.float64)
        before = decoder(z).sigmoid()
        z[choice["unit"]] = choice["value"]
        after = decoder(z).sigmoid()
        assert found["p"] == pytest.approx(after.tolist(), abs=1e-5)
        assert found["lit"] == pytest.approx(after.sum().item(), abs=1e-5)
        assert found["change"] == pytest.approx((after - before).abs().sum().item(), abs=1e-5)


def test_units_are_sent_in_the_order_of_their_rates_with_their_codes(images):
    model = random_model(3)
    (sent,) = widgets.traversals({2.0: model}, images, images[:2]).data["models"]
    with torch.no_grad():
        mu, log_var = model.encoder(images)
        rates = disentanglement.unit_rates(mu, log_var)
        order = rates.argsort(descending=True)
        assert sent["rates"] == pytest.approx(rates[order].tolist(), abs=6e-5)
        assert sent["rates"] == sorted(sent["rates"], reverse=True)
        assert torch.allclose(torch.tensor(sent["codes"]), mu[:2, order], atol=6e-4)
        z = torch.tensor(sent["codes"])
        exact = model.decoder(mu[:2]).sigmoid()
        assert torch.allclose(sent_decoder(sent)(z.double()).sigmoid().float(), exact, atol=0.03)
    half_step = model.decoder.logits.weight.abs().amax(1, keepdim=True) / 127 / 2
    error = (sent_decoder(sent).logits.weight - model.decoder.logits.weight.double()).abs()
    assert (error <= half_step * 1.001).all()


def test_the_figure_starts_where_it_is_the_same_each_time(images):
    model = random_model(4)
    first, second = (widgets.traversals({1.0: model}, images, images[:2]) for _ in range(2))
    assert repr(first) == "LiveFigure('traversals')"
    assert first.data == second.data
    assert first.still == second.still
    assert "−3 to 3" in first.alt


def test_a_figure_that_is_too_large_or_does_not_fit_is_refused(images):
    with pytest.raises(ValueError, match=r"got 2 shapes and 256 pixels"):
        widgets.traversals({1.0: random_model(0), 2.0: random_model(0, 13)}, images, images[:2])
    with pytest.raises(ValueError, match=r"weights must fit 300000 bytes, got 348004"):
        widgets.traversals({1.0: random_model(0, 1000)}, images, images[:2])
    with pytest.raises(ValueError, match=r"square images, got 1 shapes and 255 pixels"):
        widgets.traversals({1.0: random_model(0)}, images, images[:2, 1:])


def recorded_runs():
    x = data.sprites(16, n_scales=2, n_orientations=2, n_positions=2).test
    return {name: [(5 * m, random_model(seed + m)) for m in range(3)] for name, seed in (("one", 20), ("two", 30))}, x


def own(beta):
    """A run that ends after two epochs, and says with what it was asked for."""
    for epoch in 1, 2:
        yield epoch, random_model(epoch)
    assert beta == 8


def test_rates_and_reconstructions_are_those_of_the_run(run_js):
    runs, x = recorded_runs()
    figure = widgets.rate_training(runs, x, x[:3], own)
    for number, name in enumerate(runs):
        order = disentanglement.unit_rates(*runs[name][-1][1].encoder(x)).argsort(descending=True)
        seen = []
        for moment, (epochs, model) in enumerate(runs[name]):
            found = run_js("rate_training", "compute", figure.data, {"run": number, "moment": moment})
            with torch.no_grad():
                rates = disentanglement.unit_rates(*model.encoder(x))[order]
                terms = vae.elbo_terms(model, x, generator=torch.Generator().manual_seed(0))
                p = model.decoder(model.encoder(x[:3])[0]).sigmoid()
            assert (found["name"], found["epochs"]) == (name, epochs)
            assert found["rates"] == pytest.approx(rates.tolist(), abs=5.1e-4)
            assert found["rate"] == pytest.approx(sum(found["rates"]), abs=1e-5)
            assert found["used"] == (rates > 0.1).sum()
            assert found["distortion"] == pytest.approx(-terms.reconstruction.mean().item(), abs=5.1e-4)
            assert np.abs(np.array(found["decoded"]) - p.numpy()).max() <= 1 / 30 + 1e-6
            seen.append(found["rates"])
            assert np.array(found["curves"])[:, :, 1].T.tolist() == seen


def test_a_run_of_ones_own_comes_epoch_by_epoch_as_it_is_asked_for(monkeypatch):
    runs, x = recorded_runs()
    figure = widgets.rate_training(runs, x, x[:3], own)
    before, sent = figure.get_state(), []
    monkeypatch.setattr(figure, "send", sent.append)
    figure._handle_custom_msg({"start": {"beta": 8}}, [])
    for _ in range(2):
        figure._handle_custom_msg({"more": True}, [])
    assert [message.get("epoch", {}).get("epochs") for message in sent] == [1, 2, None]
    assert sent[-1] == {"done": True}
    assert sent[0]["epoch"].keys() == figure.data["runs"][0]["moments"][0].keys()
    assert figure.get_state() == before, "what is trained here is not saved with the notebook"


def test_runs_that_cannot_be_shown_are_refused():
    runs, x = recorded_runs()
    for bad in {}, {"one": []}:
        with pytest.raises(ValueError, match="every run must have a moment"):
            widgets.rate_training(bad, x, x[:3], own)
    with pytest.raises(ValueError, match="squares of an even side, got 225 pixels"):
        widgets.rate_training(runs, x, x[:3, :225], own)
