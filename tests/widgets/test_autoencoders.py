"""The live figure of vae/autoencoders computes what lecture_lib computes."""

import pytest
import torch

from lecture_lib import autoencoder, widgets


@pytest.fixture(scope="module")
def start():
    generator = torch.Generator().manual_seed(0)
    mixed = torch.randn(80, 64, generator=generator, dtype=torch.float64)
    x = (mixed + mixed.roll(1, 1) + mixed.roll(8, 1) > 0).double()
    nonlinear = torch.rand(5, 3, 64, generator=generator, dtype=torch.float64)
    return autoencoder.pca(x, 5), x[:3], nonlinear


@pytest.mark.parametrize(("width", "image", "component", "shift"), [
    (1, 0, 1, 0.0), (3, 2, 2, -1.5), (5, 1, 5, 3.0), (2, 1, 4, 2.0),
])  # fmt: skip
def test_code_reconstruction_and_errors_are_the_packages(run_js, start, width, image, component, shift):
    linear, x, nonlinear = start
    data = widgets.bottleneck(*start).data
    found = run_js("bottleneck", "compute", data,
                   {"width": width, "image": image, "component": component, "shift": shift})
    narrow = linear._replace(components=linear.components[:width])
    z = narrow.encode(x[image : image + 1])
    if component <= width:
        z[0, component - 1] += shift * linear.variances[component - 1].sqrt()
    r = narrow.decode(z)
    assert found["x"] == x[image].tolist()
    assert found["code"] == pytest.approx(z[0].tolist(), abs=1e-5)
    assert found["linear"] == pytest.approx(r[0].tolist(), abs=1e-5)
    assert found["error"] == pytest.approx(autoencoder.squared_error(x[image], r[0]).item(), abs=3e-5)
    assert found["kept"] == pytest.approx((linear.variances[:width].sum() / linear.variances.sum()).item(), abs=1e-5)
    assert found["nonlinear"] == pytest.approx(nonlinear[width - 1, image].tolist(), abs=0.5 / 255 + 1e-9)
    exact = [autoencoder.squared_error(x[image], r).item() for r in nonlinear[:, image]]
    assert found["nonlinearErrors"] == pytest.approx(exact, abs=1e-5)
    for k, error in enumerate(found["errors"], 1):
        part = linear._replace(components=linear.components[:k])
        r = part.decode(part.encode(x[image : image + 1]))
        assert error == pytest.approx(autoencoder.squared_error(x[image : image + 1], r).item(), abs=3e-5)


def test_reconstructions_of_another_number_of_images_are_refused(start):
    linear, x, nonlinear = start
    with pytest.raises(ValueError, match=r"nonlinear must be \(5, 3, 64\).*got \(5, 2, 64\)"):
        widgets.bottleneck(linear, x, nonlinear[:, :2])
