"""The live figure of vae/vae computes what lecture_lib computes."""

import math

import pytest
import torch

from lecture_lib import vae, widgets


def a_plane(seed, n_hidden=12):
    """A VAE whose decoder is exactly what the figure sends, and six images."""
    generator = torch.Generator().manual_seed(seed)
    model = vae.init(784, n_hidden, 2, generator=generator)
    with torch.no_grad():
        for parameter in model.decoder.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
    x = (torch.rand(6, 784, generator=generator) < 0.2).float()
    return model, x, torch.tensor([3, 1, 4, 1, 5, 9])


def as_sent(model):
    """The model with its decoder's weights rounded to bytes, in float64."""
    double = vae.init(784, model.decoder.hidden.out_features, 2, generator=torch.Generator()).double()
    double.load_state_dict(model.state_dict())
    with torch.no_grad():
        U = double.decoder.logits.weight
        step = U.abs().amax(1, keepdim=True) / 127
        U.copy_((U / step).round() * step)
    return double


@pytest.mark.parametrize("seed", range(3))
def test_the_decoded_image_is_the_packages(run_js, seed):
    model, x, labels = a_plane(seed)
    data = widgets.latent_plane(model, x, labels).data
    rounded, codes = as_sent(model), model.encoder(x)[0]
    for z in ([0.3, -1.2], [-3.5, 3.5], [0.0, 0.0]):
        found = run_js("latent_plane", "compute", data, {"z": z})
        p = rounded.decoder(torch.tensor([z], dtype=torch.float64)).sigmoid()[0]
        assert found["p"] == pytest.approx(p.tolist(), abs=1e-5)
        assert found["lit"] == pytest.approx(sum(found["p"]), abs=1e-9)
        assert found["radius"] == pytest.approx(math.hypot(*z), abs=1e-9)
        distances = (codes - torch.tensor(z)).norm(dim=1)
        assert found["distance"] == pytest.approx(distances.min().item(), abs=2e-3)
        assert found["label"] == labels[distances.argmin()].item()


def test_numbers_that_are_sent_exactly_come_back_to_1e_5(run_js):
    data = {
        "hidden": [[0.5, -1.0], [2.0, 0.25]], "hiddenBias": [0.125, -0.5],
        "weights": "fwCBQA==", "scales": [0.03125, 0.0625], "bias": [0.25, -1.5],
        "codes": [[0.0, 1.0], [2.0, 2.0]], "labels": [7, 2],
    }
    U = torch.tensor([[127.0, 0.0], [-127.0, 64.0]], dtype=torch.float64) * torch.tensor([[0.03125], [0.0625]])
    decoder = vae.Decoder(2, 2, 2).double()
    with torch.no_grad():
        for parameter, values in zip(decoder.parameters(), (data["hidden"], data["hiddenBias"], U, data["bias"]), strict=True):
            parameter.copy_(torch.as_tensor(values))
    for z in ([0.7, 0.2], [1.5, 2.5], [-2.0, 0.4]):
        found = run_js("latent_plane", "compute", data, {"z": z})
        p = decoder(torch.tensor([z], dtype=torch.float64)).sigmoid()[0]
        assert found["p"] == pytest.approx(p.tolist(), abs=1e-5)


@pytest.mark.parametrize("shape", [(784, 5, 3), (100, 5, 2)])
def test_a_vae_of_another_size_is_refused(shape):
    model = vae.init(*shape, generator=torch.Generator().manual_seed(0))
    with pytest.raises(ValueError, match="2 latent units, 784 pixels"):
        widgets.latent_plane(model, torch.zeros(2, shape[0]), torch.zeros(2))


def test_weights_that_would_make_the_page_heavy_are_refused():
    model, x, labels = a_plane(0, n_hidden=400)
    with pytest.raises(ValueError, match="must fit 300000 bytes"):
        widgets.latent_plane(model, x, labels)


def test_the_figure_is_made():
    assert repr(widgets.latent_plane(*a_plane(0))) == "LiveFigure('latent_plane')"
