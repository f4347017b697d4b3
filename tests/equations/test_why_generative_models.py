"""The equations of book/energy/why_generative_models, against sums over all states as loops."""

import itertools
import math
from collections import Counter

import pytest
import torch
from enumeration import slow_energy, slow_joint, slow_marginal, states
from scipy import optimize, stats

from lecture_lib import data, exact, rbm
from lecture_lib.distributions import bernoulli_log_prob, gaussian_log_prob


def random_p(seed, n=8):
    """A distribution over n states that rules nothing out."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n, generator=generator, dtype=torch.float64).softmax(0)


def examples(seed=0, n=40, pixels=4):
    """A few random images, with repetitions."""
    generator = torch.Generator().manual_seed(seed)
    chances = torch.rand(pixels, generator=generator, dtype=torch.float64)
    return (torch.rand(n, pixels, generator=generator, dtype=torch.float64) < chances).double()


def row(x):
    return torch.tensor([x], dtype=torch.float64)


@pytest.mark.equation(
    "eq-chain-rule",
    r"\log p(x) = \sum_{i=1}^{D} \log p(x_i \mid x_1, \ldots, x_{i-1})",
    kind="identity",
)
def test_a_log_probability_is_the_sum_of_one_conditional_for_each_pixel(machine):
    p = slow_marginal(machine)

    def begins(start):
        return math.fsum(p[y] for y in states(4) if y[: len(start)] == start)

    log_p = -rbm.free_energy(machine, exact.binary_states(4)) - rbm.log_partition(machine)
    for x, log_p_x in zip(states(4), log_p.tolist(), strict=True):
        conditionals = [begins(x[: i + 1]) / begins(x[:i]) for i in range(4)]
        assert math.fsum(map(math.log, conditionals)) == pytest.approx(log_p_x)


def small_model(seed):
    generator = torch.Generator().manual_seed(seed)
    return rbm.RBM(*(
        torch.randn(*shape, generator=generator, dtype=torch.float64)
        for shape in ((3, 4), (3,), (4,))
    ))


def log_prob(model, x):
    return -rbm.free_energy(model, x) - rbm.log_partition(model)


@pytest.mark.equation(
    "eq-average-nll",
    r"-\frac{1}{N} \log \prod_{t=1}^{N} p(x^{(t)}) = \frac{1}{N} \sum_{t=1}^{N} -\log p(x^{(t)})",
    kind="identity",
)
def test_the_log_of_the_product_is_the_sum_of_the_logs():
    model, x = small_model(0), examples()
    p = slow_marginal(model)
    product = math.prod(p[tuple(int(v) for v in image)] for image in x.tolist())
    assert -math.log(product) / len(x) == pytest.approx(-log_prob(model, x).mean().item())


@pytest.mark.equation(
    "eq-nll-expectation",
    r"\frac{1}{N} \sum_{t=1}^{N} -\log p(x^{(t)}) = -\sum_{x} \hat p(x) \log p(x), \qquad \hat p(x) = \frac{1}{N} \sum_{t=1}^{N} [x^{(t)} = x]",
    kind="identity",
)
def test_the_average_over_examples_is_an_expectation_under_their_own_distribution():
    model, x = small_model(0), examples()
    counted = Counter(tuple(int(v) for v in image) for image in x.tolist())
    assert max(counted.values()) > 1
    p = slow_marginal(model)
    expectation = -math.fsum(n / len(x) * math.log(p[image]) for image, n in counted.items())
    assert expectation == pytest.approx(-log_prob(model, x).mean().item())


@pytest.mark.equation(
    "eq-entropy", r"\mathbb{H}(p) = -\sum_{x} p(x) \log p(x)", kind="definition"
)
def test_entropy_is_that_of_scipy():
    for seed in range(3):
        p = random_p(seed)
        assert exact.entropy(p).item() == pytest.approx(stats.entropy(p.numpy()))


@pytest.mark.equation(
    "eq-kl",
    r"D_{\mathrm{KL}}(p \,\|\, q) = \sum_{x} p(x) \log \frac{p(x)}{q(x)}",
    kind="definition",
)
def test_kl_is_that_of_scipy():
    for seed in range(3):
        p, q = random_p(seed), random_p(seed + 10)
        expected = stats.entropy(p.numpy(), q.numpy())
        assert exact.kl_divergence(p, q).item() == pytest.approx(expected)


@pytest.mark.equation(
    "eq-nll-is-kl",
    r"-\sum_{x} p_{\text{data}}(x) \log p(x) = \mathbb{H}(p_{\text{data}}) + D_{\mathrm{KL}}(p_{\text{data}} \,\|\, p)",
    kind="identity",
)
def test_expected_nll_is_the_entropy_of_the_data_plus_the_divergence_to_the_model():
    for seed in range(3):
        world, model = random_p(seed), random_p(seed + 10)
        nll = -math.fsum(w * math.log(p) for w, p in zip(world.tolist(), model.tolist(), strict=True))
        parts = exact.entropy(world) + exact.kl_divergence(world, model)
        assert nll == pytest.approx(parts.item())


@pytest.mark.equation("eq-log-tangent", r"\log t \le t - 1", kind="bound")
def test_the_logarithm_lies_below_its_tangent_at_one_and_touches_it_there_only():
    for t in [1e-300, 1e-3, 0.5, 0.999, 1.001, 2.0, 1e300]:
        assert math.log(t) < t - 1
    assert math.log(1) == 1 - 1


def kl_terms(p, q):
    """-KL, and the sum that bounds it, over the states that p allows."""
    allowed = [(a, b) for a, b in zip(p.tolist(), q.tolist(), strict=True) if a > 0]
    minus_kl = math.fsum(a * math.log(b / a) for a, b in allowed)
    return minus_kl, math.fsum(a * (b / a - 1) for a, b in allowed), allowed


def pairs():
    """Pairs of distributions, some of which rule states out."""
    for seed in range(5):
        p, q = random_p(seed), random_p(seed + 10)
        yield p, q
        p = p.clone()
        p[:3] = 0
        yield p / p.sum(), q


@pytest.mark.equation(
    "eq-kl-insert",
    r"-D_{\mathrm{KL}}(p \,\|\, q) = \sum_{x} p(x) \log \frac{q(x)}{p(x)} \le \sum_{x} p(x) \left( \frac{q(x)}{p(x)} - 1 \right)",
    kind="bound",
)
def test_minus_the_divergence_lies_below_the_mean_of_the_tangent():
    for p, q in pairs():
        minus_kl, bound, _ = kl_terms(p, q)
        assert -exact.kl_divergence(p, q).item() == pytest.approx(minus_kl)
        assert minus_kl <= bound + 1e-15


@pytest.mark.equation(
    "eq-kl-sums",
    r"\sum_{x} p(x) \left( \frac{q(x)}{p(x)} - 1 \right) = \sum_{x} q(x) - \sum_{x} p(x) \le 1 - 1 = 0",
    kind="bound",
)
def test_the_mean_of_the_tangent_is_at_most_zero():
    for p, q in pairs():
        _, bound, allowed = kl_terms(p, q)
        difference = math.fsum(b for _, b in allowed) - math.fsum(a for a, _ in allowed)
        assert bound == pytest.approx(difference, abs=1e-12)
        assert bound <= 1e-15 + 1e-12


@pytest.mark.equation("eq-kl-positive", r"D_{\mathrm{KL}}(p \,\|\, q) \ge 0", kind="bound")
def test_a_divergence_is_never_negative_and_zero_for_equal_distributions():
    for p, q in pairs():
        assert exact.kl_divergence(p, q) > 0
        assert exact.kl_divergence(p, p).item() == pytest.approx(0, abs=1e-15)


@pytest.mark.equation(
    "eq-independent-pixels",
    r"p(x) = \prod_{i=1}^{D} m_i^{x_i} (1 - m_i)^{1 - x_i}",
    kind="definition",
)
def test_independent_pixels_are_torchs_bernoulli_variables():
    m = torch.tensor([0.1, 0.5, 0.7, 0.95], dtype=torch.float64)
    by_torch = torch.distributions.Independent(torch.distributions.Bernoulli(m), 1)
    total = 0.0
    for x in states(4):
        p = math.prod(m_i if x_i else 1 - m_i for x_i, m_i in zip(x, m.tolist(), strict=True))
        assert p == pytest.approx(by_torch.log_prob(row(x))[0].exp().item())
        assert p == pytest.approx(log_prob(pixel_model(m), row(x)).exp().item())
        total += p
    assert total == pytest.approx(1)


def pixel_model(m):
    """The RBM without weights whose pixels are on with probabilities m."""
    return rbm.RBM(m.new_zeros(3, len(m)), m.new_zeros(3), m.log() - (1 - m).log())


@pytest.mark.equation(
    "eq-independent-log",
    r"\log p(x) = \sum_{i=1}^{D} x_i \log m_i + (1 - x_i) \log(1 - m_i)",
    kind="identity",
)
def test_the_log_probability_of_independent_pixels_is_a_sum_over_pixels():
    m = torch.tensor([0.1, 0.5, 0.7, 0.95], dtype=torch.float64)
    x = exact.binary_states(4)
    by_hand = torch.stack([
        torch.stack([m[i].log() if x_i else (1 - m[i]).log() for i, x_i in enumerate(image)]).sum()
        for image in x
    ])
    logits = (m.log() - (1 - m).log()).expand(16, -1)
    assert bernoulli_log_prob(x, logits).tolist() == pytest.approx(by_hand.tolist())
    assert log_prob(pixel_model(m), x).tolist() == pytest.approx(by_hand.tolist())


@pytest.mark.equation(
    "eq-independent-average",
    r"\frac{1}{N} \sum_{t=1}^{N} \log p(x^{(t)}) = \sum_{i=1}^{D} \bar x_i \log m_i + (1 - \bar x_i) \log(1 - m_i)",
    kind="identity",
)
def test_the_average_log_likelihood_needs_only_the_mean_of_each_pixel():
    m, x = torch.tensor([0.1, 0.5, 0.7, 0.95], dtype=torch.float64), examples()
    by_means = math.fsum(
        mean * math.log(m_i) + (1 - mean) * math.log(1 - m_i)
        for mean, m_i in zip(x.mean(0).tolist(), m.tolist(), strict=True)
    )
    assert log_prob(pixel_model(m), x).mean().item() == pytest.approx(by_means)


@pytest.mark.equation(
    "eq-independent-slope",
    r"\frac{\partial}{\partial m_i}\, \frac{1}{N} \sum_{t=1}^{N} \log p(x^{(t)}) = \frac{\bar x_i}{m_i} - \frac{1 - \bar x_i}{1 - m_i}",
    kind="identity",
)
def test_the_slope_of_the_average_log_likelihood_is_that_of_autograd():
    x = examples()
    m = torch.tensor([0.1, 0.5, 0.7, 0.95], dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(log_prob(pixel_model(m), x).mean(), m)
    expected = [
        mean / m_i - (1 - mean) / (1 - m_i)
        for mean, m_i in zip(x.mean(0).tolist(), m.tolist(), strict=True)
    ]
    assert slope.tolist() == pytest.approx(expected)


@pytest.mark.equation("eq-independent-best", r"m_i = \bar x_i", kind="identity")
def test_the_likelihood_is_highest_at_the_mean_of_the_data():
    x = examples()
    for i in range(4):
        column = x[:, i : i + 1]

        def nll(m_i, column=column):
            return -log_prob(pixel_model(torch.tensor([m_i], dtype=torch.float64)), column).mean().item()

        found = optimize.minimize_scalar(nll, bounds=(1e-6, 1 - 1e-6), method="bounded",
                                         options={"xatol": 1e-9})
        assert found.x == pytest.approx(column.mean().item(), abs=1e-5)


@pytest.mark.equation(
    "eq-independent-energy",
    r"p(x) = \frac{e^{c^\top x}}{\prod_{i=1}^{D} (1 + e^{c_i})}",
    kind="identity",
)
def test_independent_pixels_are_an_rbm_without_weights():
    m = torch.tensor([0.1, 0.5, 0.7, 0.95], dtype=torch.float64)
    c = [math.log(m_i / (1 - m_i)) for m_i in m.tolist()]
    marginal = slow_marginal(pixel_model(m))
    for x in states(4):
        by_hand = math.exp(sum(c_i * x_i for c_i, x_i in zip(c, x, strict=True)))
        by_hand /= math.prod(1 + math.exp(c_i) for c_i in c)
        product = math.prod(m_i if x_i else 1 - m_i for m_i, x_i in zip(m.tolist(), x, strict=True))
        assert by_hand == pytest.approx(product)
        assert by_hand == pytest.approx(marginal[x])
        assert by_hand == pytest.approx(log_prob(pixel_model(m), row(x)).exp().item())


@pytest.mark.equation(
    "eq-independence-price",
    r"D_{\mathrm{KL}}\Big( p_{\text{data}} \,\Big\|\, \prod_{i=1}^{D} p_{\text{data}}(x_i) \Big) = \sum_{i=1}^{D} \mathbb{H}\big(p_{\text{data}}(x_i)\big) - \mathbb{H}(p_{\text{data}})",
    kind="identity",
)
def test_independence_costs_the_entropies_of_the_pixels_less_that_of_the_whole():
    for seed in range(3):
        p = random_p(seed, 16)
        x = exact.binary_states(4)
        m = p @ x
        product = log_prob(pixel_model(m), x).exp()
        pixels = sum(exact.entropy(torch.stack([m_i, 1 - m_i])) for m_i in m)
        expected = (pixels - exact.entropy(p)).item()
        assert exact.kl_divergence(p, product).item() == pytest.approx(expected)


def test_the_bars_have_fair_pixels_and_independence_costs_nine_log_2_less_log_14():
    bars = data.bars(3).train.double()
    assert (bars.mean(0) == 0.5).all()
    p = torch.zeros(512, dtype=torch.float64)
    p[(bars @ 2.0 ** torch.arange(8, -1, -1, dtype=torch.float64)).long()] = 1 / 14
    cost = exact.kl_divergence(p, torch.full_like(p, 1 / 512)).item()
    assert cost == pytest.approx(9 * math.log(2) - math.log(14))
    assert round(cost, 1) == 3.6


@pytest.mark.equation(
    "eq-inpainting",
    r"p(x_u \mid x_k) = \frac{p(x_u, x_k)}{\sum_{x_u'} p(x_u', x_k)} = \frac{e^{-F(x_u, x_k)}}{\sum_{x_u'} e^{-F(x_u', x_k)}}",
    kind="identity",
)
def test_the_unknown_pixels_given_the_known_ones_need_no_z(machine):
    joint = slow_joint(machine)
    for known in states(2):  # pixels 0 and 1 known, 2 and 3 unknown
        weights = {}
        for unknown in states(2):
            F = rbm.free_energy(machine, row((*known, *unknown))).item()
            weights[unknown] = math.exp(-F)
        for unknown in states(2):
            share = math.fsum(p for (x, _), p in joint.items() if x == (*known, *unknown))
            share /= math.fsum(p for (x, _), p in joint.items() if x[:2] == known)
            assert weights[unknown] / sum(weights.values()) == pytest.approx(share)


@pytest.mark.equation(
    "eq-inpainting-step",
    r"h \sim p(h \mid x_u, x_k), \qquad x_u \sim p(x_u \mid h)",
    kind="update",
)
def test_the_step_of_in_painting_keeps_the_conditional_and_the_package_moves_so(machine):
    known_mask = torch.tensor([True, True, False, False])
    joint = slow_joint(machine)
    known, unknown = (1, 0), states(2)
    given_x = {u: slow_joint_row(machine, (*known, *u)) for u in unknown}
    p_u = {u: sum(p for (x, _), p in joint.items() if x == (*known, *u)) for u in unknown}
    p_u = {u: p / sum(p_u.values()) for u, p in p_u.items()}

    def draw(h):  # p(x_u | h) of every x_u: the other visible units are not part of it
        weights = {
            u: sum(math.exp(-slow_energy(machine, (*k, *u), h)) for k in states(2)) for u in unknown
        }
        return {u: w / sum(weights.values()) for u, w in weights.items()}

    down = {h: draw(h) for h in states(3)}
    T = {
        (u, v): math.fsum(given_x[u][h] * down[h][v] for h in states(3))
        for u, v in itertools.product(unknown, unknown)
    }
    for v in unknown:
        assert math.fsum(p_u[u] * T[u, v] for u in unknown) == pytest.approx(p_u[v])

    batch = 20_000
    moved = rbm.clamped_gibbs_step(
        machine, row((*known, 0, 1)).repeat(batch, 1), known_mask,
        generator=torch.Generator().manual_seed(0),
    )
    assert (moved[:, :2] == torch.tensor(known)).all()
    for v in unknown:
        share = (moved[:, 2:] == torch.tensor(v)).all(1).double().mean().item()
        chance = T[(0, 1), v]
        assert abs(share - chance) < 4.5 * math.sqrt(chance * (1 - chance) / batch) + 1e-9


def slow_joint_row(machine, x):
    """p(h | x) of every h, in a loop."""
    weights = {h: math.exp(-slow_energy(machine, x, h)) for h in states(3)}
    return {h: weight / sum(weights.values()) for h, weight in weights.items()}


@pytest.mark.equation(
    "eq-gaussian-nll",
    r"-\log p(x) = \frac{1}{2} \sum_{i=1}^{D} (x_i - \mu_i)^2 + \frac{D}{2} \log 2\pi",
    kind="identity",
)
def test_a_gaussian_nll_has_its_constant():
    generator = torch.Generator().manual_seed(0)
    x, mu = torch.randn(2, 5, 64, generator=generator, dtype=torch.float64)
    by_hand = [
        0.5 * math.fsum((a - b) ** 2 for a, b in zip(one, m, strict=True)) + 32 * math.log(2 * math.pi)
        for one, m in zip(x.tolist(), mu.tolist(), strict=True)
    ]
    found = -gaussian_log_prob(x, mu, torch.zeros_like(mu))
    assert found.tolist() == pytest.approx(by_hand)
    assert found[0].item() == pytest.approx(-stats.norm(mu[0].numpy()).logpdf(x[0].numpy()).sum())
    assert 32 * math.log(2 * math.pi) == pytest.approx(58.8, abs=0.05)
