"""What book/vae/elbo says in words, and the published mistakes that would show."""

import math

import pytest
import torch

from lecture_lib import distributions, exact, rbm, training, vae

Z = torch.linspace(-15, 15, 3001, dtype=torch.float64)
WIDTHS = exact.log_widths(Z)


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def f64(values):
    return torch.tensor(values, dtype=torch.float64)


def hand_made():
    """The page's decoder: a code to the right lights the right column, a code to the left the left."""
    decoder = vae.Decoder(1, 2, 4).double()
    with torch.no_grad():
        decoder.hidden.weight.copy_(f64([[1.0], [-1.0]]))
        decoder.hidden.bias.fill_(-0.5)
        decoder.logits.weight.copy_(f64([[0.0, 6.0], [6.0, 0.0]] * 2))
        decoder.logits.bias.fill_(-3.0)
    return decoder


DECODER = hand_made()
STATES = exact.binary_states(4)
LOG_JOINT = vae.log_joint(DECODER, STATES, Z[:, None]).detach()
LOG_P = exact.log_integral(LOG_JOINT, Z)
ALL_LIT = 15


def parts(mu, log_var, image=ALL_LIT):
    log_q = torch.distributions.Normal(mu[:, None], (log_var / 2).exp()[:, None]).log_prob(Z)
    return exact.evidence_bound(LOG_JOINT[image].expand_as(log_q), log_q, WIDTHS)


def climbed(start, image=ALL_LIT):
    return exact.gaussian_ascent(LOG_JOINT[[image]], Z, f64([start]), f64([-0.8]), rate=0.05, n_steps=1000)


def test_climbing_has_two_ends_a_wide_local_one_and_a_narrow_better_one():
    wide, narrow = climbed(0.0), climbed(-0.4)
    assert parts(*wide).gap.item() > parts(*narrow).gap.item() + 0.5
    for mu, log_var in (wide, narrow):  # both are hills of the bound: every small move is worse
        here = parts(mu, log_var).bound
        for d_mu, d_log_var in ((0.05, 0), (-0.05, 0), (0, 0.05), (0, -0.05), (0.03, 0.03), (0.03, -0.03)):
            assert parts(mu + d_mu, log_var + d_log_var).bound < here
    grid = torch.cartesian_prod(torch.linspace(-3, 3, 61).double(), 2 * torch.linspace(-2, 0.7, 28).double())
    assert parts(*grid.T).gap.min() > parts(*narrow).gap.item() - 1e-3  # no Gaussian does better


def test_one_of_two_equal_hills_costs_log_2_and_the_hills_own_shape():
    gap = parts(*climbed(-0.4)).gap.item()
    assert gap > math.log(2)
    left = LOG_JOINT[ALL_LIT].where(Z < 0, -torch.inf)  # one hill alone
    mu, log_var = climbed(-0.4)
    log_q = torch.distributions.Normal(mu, (log_var / 2).exp()).log_prob(Z)
    clipped = log_q.where(Z < 0, -torch.inf)
    clipped = clipped - exact.log_integral(clipped, Z)
    shape = exact.evidence_bound(left, clipped, WIDTHS).gap.item()
    assert gap == pytest.approx(math.log(2) + shape, abs=2e-3)
    own = torch.where(Z < 0, LOG_JOINT[ALL_LIT] - exact.log_integral(left, Z), -torch.inf)
    assert exact.evidence_bound(LOG_JOINT[ALL_LIT], own, WIDTHS).gap.item() == pytest.approx(math.log(2), abs=0.01)


def test_the_best_diagonal_q_is_narrower_than_the_posterior():
    model = vae.LinearGaussian(f64([[1.2, 1.0], [0.8, 1.2], [-0.3, 0.4]]), torch.zeros(3).double(), torch.full((3,), -1.0).double())
    covariance = model.posterior(torch.zeros(1, 3).double())[1]
    assert covariance[0, 1] < -0.1  # it leans
    assert (1 / covariance.inverse().diagonal() < 0.5 * covariance.diagonal()).all()
    turned = model._replace(A=torch.linalg.qr(model.A)[0])  # orthogonal columns
    precision = turned.posterior(torch.zeros(1, 3).double())[1].inverse()
    assert precision.diagonal().log().sum().item() == pytest.approx(precision.logdet().item(), abs=1e-9)


@pytest.fixture(scope="module")
def trained():
    """Five encoders for the fixed decoder, as on the page, and the images of each."""
    runs = []
    for seed in range(5):
        model = vae.VAE(vae.init(4, 16, 1, generator=seeded(seed)).encoder.double(), hand_made())
        images = distributions.bernoulli_sample(vae.sample(model, 1000, generator=seeded(seed + 10)), generator=seeded(seed + 20))
        before = model.decoder.logits.weight.clone()
        noise = seeded(seed + 30)
        step = training.GradientAscent(
            lambda x, model=model, noise=noise: vae.elbo(model, x, generator=noise), model.encoder,
            torch.optim.Adam(model.encoder.parameters(), lr=0.01), generator=noise)
        means = [e["objective"] for e in training.fit(
            step, images, n_epochs=12, batch_size=50, generator=seeded(seed + 40), progress=False)]
        assert torch.equal(model.decoder.logits.weight, before)
        number = (images @ f64([8, 4, 2, 1])).long()
        runs.append((model, images, LOG_P[number], means))
    return runs


def test_training_the_encoder_alone_climbs_towards_log_p_and_stays_below(trained):
    for _, _, log_p, means in trained:
        assert means[-1] > means[0] + 0.3
        assert max(means) < log_p.mean().item()


def test_the_shared_encoder_is_far_off_for_a_rare_picture(trained):
    alone = parts(*climbed(-0.4)).gap.item()
    with torch.no_grad():
        gaps = [parts(*(t[:, 0] for t in model.encoder(STATES[[ALL_LIT]]))).gap.item() for model, _, _, _ in trained]
    assert min(gaps) > alone
    assert sorted(gaps)[2] > alone + 1


def test_a_test_loss_at_the_mean_code_is_no_bound(trained):
    for model, images, log_p, _ in trained:
        with torch.no_grad():
            mu, log_var = model.encoder(images)
            at_mean = distributions.bernoulli_log_prob(images, model.decoder(mu)) - distributions.kl_gaussian(mu, log_var)
            honest = vae.elbo(model, images, generator=seeded(6), n_samples=50)
        assert at_mean.mean() > log_p.mean()
        assert honest.mean() < log_p.mean()
        assert (at_mean > log_p).double().mean() > 0.5


# Published mistakes, each caught by a property that the right formula has


def test_half_a_logarithm_in_the_divergence_is_found_by_its_sign():
    sigma = torch.linspace(0.3, 2, 200).double()
    wrong = (sigma**2 - 1 - sigma.log()) / 2
    assert wrong.min() < -0.05
    assert sigma[wrong.argmin()].item() == pytest.approx(1 / math.sqrt(2), abs=0.01)
    assert (1.0**2 - 1 - math.log(1.0)) / 2 == 0  # a test at sigma = 1 sees nothing
    right = distributions.kl_gaussian(torch.zeros(200, 1).double(), 2 * sigma.log()[:, None])
    assert right.min() >= 0


@pytest.mark.parametrize("count", [0, 1, 6, 25])
def test_the_gaussian_constant_once_too_often_d_times_or_never_is_no_log_density(count):
    """The evidence of a linear model of D = 5 has -D/2 log 2 pi: any other number breaks bound + gap."""
    model = vae.LinearGaussian(torch.randn(5, 1, generator=seeded(0)).double(), torch.zeros(5).double(), torch.zeros(5).double())
    x = torch.randn(1, 5, generator=seeded(1)).double()
    mean, covariance = model.posterior(x)
    constant = -0.5 * math.log(2 * math.pi)
    wrong = model.elbo(x, mean, covariance.log()) + (count - 5) * constant
    assert model.elbo(x, mean, covariance.log()).item() == pytest.approx(model.log_prob(x).item(), abs=1e-9)
    assert abs((wrong - model.log_prob(x)).item()) > 0.9


def test_theta_and_phi_swapped_are_found_by_what_each_leaves_alone():
    """log p(x) does not depend on the encoder (phi); the divergence to the prior not on the decoder (theta)."""
    model = vae.init(4, 5, 1, generator=seeded(0)).double()
    log_p = exact.log_integral(vae.log_joint(model.decoder, STATES, Z[::10, None]), Z[::10]).sum()
    encoder, decoder = list(model.encoder.parameters()), list(model.decoder.parameters())
    assert all(g is None for g in torch.autograd.grad(log_p, encoder, allow_unused=True))
    kl = vae.elbo_terms(model, STATES, generator=seeded(1)).kl.sum()
    assert all(g is None for g in torch.autograd.grad(kl, decoder, allow_unused=True, retain_graph=True))
    assert all(g.abs().sum() > 0 for g in torch.autograd.grad(kl, encoder))


# Answers to the questions


def test_a_better_bound_may_belong_to_a_worse_model():
    """Two linear models: the encoder of the better one is poor."""
    x = f64([[0.5]])
    better, worse = (vae.LinearGaussian(f64([[1.0]]), f64([c]), f64([0.0])) for c in (0.4, 3.0))
    mean, covariance = worse.posterior(x)
    high = worse.elbo(x, mean, covariance.log())
    low = better.elbo(x, f64([[4.0]]), f64([[0.0]]))
    assert better.log_prob(x) > worse.log_prob(x)
    assert low < high


def test_links_inside_the_hidden_layer_leave_independent_units_a_gap():
    machine = rbm.RBM(*(torch.randn(s, generator=seeded(0)).double() for s in ((2, 3), (2,), (3,))))
    h = exact.binary_states(2)
    x = f64([[1.0, 0.0, 1.0]]).expand(4, -1)
    for link, closed in ((0.0, True), (3.0, False)):
        log_joint = -rbm.energy(machine, x, h) + link * h[:, 0] * h[:, 1]
        q = torch.cartesian_prod(*(torch.linspace(0.005, 0.995, 199).double() for _ in range(2)))
        log_q = (q.log() @ h.T) + ((1 - q).log() @ (1 - h).T)
        found = exact.evidence_bound(log_joint.expand_as(log_q), log_q, torch.zeros(4).double())
        assert (found.gap.min() < 1e-3) == closed


def test_an_encoder_that_returns_the_prior_pays_no_divergence_and_has_a_lower_bound():
    prior = parts(f64([0.0]), f64([0.0]), image=10)
    likelihood = LOG_JOINT[10] - torch.distributions.Normal(0, 1).log_prob(Z)
    mean = (torch.distributions.Normal(0, 1).log_prob(Z).exp() * likelihood * WIDTHS.exp()).sum()
    assert prior.bound.item() == pytest.approx(mean.item(), abs=1e-6)
    assert prior.gap > 1


def test_the_bound_of_real_valued_data_can_be_positive():
    sharp = vae.LinearGaussian(f64([[0.1]]), f64([0.0]), f64([-8.0]))
    x = f64([[0.0]])
    mean, covariance = sharp.posterior(x)
    assert sharp.elbo(x, mean, covariance.log()) > 0
