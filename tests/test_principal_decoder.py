"""The linear decoder of highest likelihood with a given noise."""

import pytest
import torch

from lecture_lib import vae


def test_the_columns_are_principal_directions_largest_first_and_c_is_the_mean():
    x = torch.randn(200, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * torch.tensor([3.0, 1, 2, 0.5])
    model = vae.principal_decoder(x + 5, 3, 0.1)
    lengths = model.A.norm(dim=0)
    assert model.A.shape == (4, 3) and (lengths.diff() < 0).all()
    assert model.A.abs().argmax(0).tolist() == [0, 2, 1]
    torch.testing.assert_close(model.c, (x + 5).mean(0))
    torch.testing.assert_close(model.log_var.exp(), torch.full((4,), 0.1, dtype=torch.float64))


@pytest.mark.parametrize(
    ("x", "n_latent", "noise", "error", "message"),
    [
        (torch.zeros(3), 1, 0.1, ValueError, r"x must be \(N, n_visible\)"),
        (torch.zeros(3, 2), 0, 0.1, ValueError, "n_latent must be at least 1"),
        (torch.zeros(3, 2), 3, 0.1, ValueError, "n_latent must be at most 2"),
        (torch.zeros(3, 2), 1, 0.0, ValueError, "noise must be a positive number"),
        (torch.zeros(3, 2, dtype=torch.int64), 1, 0.1, TypeError, "floating"),
    ],
)
def test_what_does_not_fit_is_refused(x, n_latent, noise, error, message):
    with pytest.raises(error, match=message):
        vae.principal_decoder(x, n_latent, noise)
