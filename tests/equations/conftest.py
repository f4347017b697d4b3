"""A small random machine for the checks of the equations."""

import pytest
import torch

from lecture_lib.rbm import RBM


@pytest.fixture(params=range(3))
def machine(request):
    """An RBM with 4 visible and 3 hidden units and weights of order one, in float64."""
    generator = torch.Generator().manual_seed(request.param)

    def draw(*shape):
        return 1.5 * torch.randn(*shape, generator=generator, dtype=torch.float64)

    return RBM(draw(3, 4), draw(3), draw(4))
