"""log p(x, z) of a decoder, against torch's distributions."""

import pytest
import torch
from torch.distributions import Bernoulli, Normal
from torch.testing import assert_close

from lecture_lib import exact, vae

GENERATOR = torch.Generator().manual_seed(0)
DECODER = vae.init(4, 3, 2, generator=GENERATOR).decoder.double()
Z = torch.randn(5, 2, generator=GENERATOR, dtype=torch.float64)


def test_it_is_likelihood_times_prior_for_every_pair():
    x = exact.binary_states(4)
    found = vae.log_joint(DECODER, x, Z)
    for i in range(16):
        for n in range(5):
            expected = Bernoulli(logits=DECODER(Z[n])).log_prob(x[i]).sum() + Normal(0, 1).log_prob(Z[n]).sum()
            assert_close(found[i, n], expected)


def test_over_one_latent_number_the_probabilities_of_all_images_sum_to_one():
    decoder = vae.init(4, 3, 1, generator=GENERATOR).decoder.double()
    z = torch.linspace(-12, 12, 2401, dtype=torch.float64)
    log_p = exact.log_integral(vae.log_joint(decoder, exact.binary_states(4), z[:, None]), z)
    assert log_p.exp().sum().item() == pytest.approx(1, abs=1e-8)


@pytest.mark.parametrize(("x", "z", "message"), [
    (torch.zeros(2, 3), Z, r"x must be \(batch, 4\), got \(2, 3\)"),
    (torch.full((2, 4), 0.5), Z, r"x must be in \{0, 1\}"),
    (torch.zeros(2, 4), Z[:, :1], r"z must be \(\.\.\., 2\)"),
])
def test_images_and_codes_that_do_not_fit_are_refused(x, z, message):
    with pytest.raises(ValueError, match=message):
        vae.log_joint(DECODER, x, z)
