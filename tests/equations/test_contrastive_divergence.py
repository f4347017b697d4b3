"""The equations of book/rbm/contrastive_divergence, against sums over all states and all chains."""

import math

import pytest
import torch
from enumeration import slow_energy, slow_joint, slow_marginal, states

from lecture_lib import exact, rbm, sampling

X = [(1, 0, 0, 1), (0, 1, 1, 1), (1, 0, 0, 1)]  # a small data set, one example twice


def rows(data):
    return torch.tensor(data, dtype=torch.float64)


def posterior(machine, x):
    """p(h | x) as shares of the joint."""
    joint, marginal = slow_joint(machine), slow_marginal(machine)
    return {h: joint[x, h] / marginal[x] for h in states(3)}


def hidden(machine, x):
    """h(x): the chance of each hidden unit, added up over hidden states."""
    p = posterior(machine, x)
    return [math.fsum(p[h] for h in states(3) if h[j]) for j in range(3)]


def slow_transition(machine):
    """T(x, x') as a dictionary, every conditional a share of the joint."""
    joint = slow_joint(machine)
    of_h = {h: math.fsum(joint[x, h] for x in states(4)) for h in states(3)}
    up = {x: posterior(machine, x) for x in states(4)}
    return {
        (x, y): math.fsum(up[x][h] * joint[y, h] / of_h[h] for h in states(3))
        for x in states(4) for y in states(4)
    }


def after(machine, q, k):
    """q T^k, one step at a time."""
    T = slow_transition(machine)
    for _ in range(k):
        q = {y: math.fsum(q[x] * T[x, y] for x in states(4)) for y in states(4)}
    return q


def data_distribution():
    return {x: X.count(x) / len(X) for x in states(4)}


def outer(machine, weights):
    """Sum of weights(x) h(x) x^T, in loops."""
    total = [[0.0] * 4 for _ in range(3)]
    for x, weight in weights.items():
        h = hidden(machine, x)
        for j in range(3):
            for i in range(4):
                total[j][i] += weight * h[j] * x[i]
    return torch.tensor(total, dtype=torch.float64)


def slow_kl(q, p):
    return math.fsum(v * math.log(v / p[s]) for s, v in q.items() if v > 0)


def energy_slope(machine, x, h, name):
    """The slope of the energy by autograd."""
    params = rbm.RBM(*(t.clone().requires_grad_() for t in machine))
    E = rbm.energy(params, rows([x]), rows([h])).sum()
    return torch.autograd.grad(E, getattr(params, name), allow_unused=True)[0]


@pytest.mark.equation(
    "eq-cd-point",
    r"\mathbb{E}_{x', h}\left[ \frac{\partial E(x', h)}{\partial \theta} \right] \approx \mathbb{E}_{h \mid \tilde x}\left[ \frac{\partial E(\tilde x, h)}{\partial \theta} \right]",
    kind="approximation",
)
def test_one_point_drawn_from_the_model_has_the_right_mean_and_an_error_that_averages_away(machine):
    joint, marginal = slow_joint(machine), slow_marginal(machine)
    mean = -math.fsum(p * x[1] * h[2] for (x, h), p in joint.items())  # of dE/dW_{2,1}, in a loop
    at = {x: math.fsum(q * energy_slope(machine, x, h, "W")[2, 1].item() for h, q in posterior(machine, x).items())
          for x in states(4)}
    assert math.fsum(marginal[x] * at[x] for x in states(4)) == pytest.approx(mean, abs=1e-10)
    spread = math.sqrt(math.fsum(marginal[x] * (at[x] - mean) ** 2 for x in states(4)))
    generator = torch.Generator().manual_seed(0)
    p = torch.tensor([marginal[x] for x in states(4)])
    drawn = torch.multinomial(p, 4000, replacement=True, generator=generator)
    average = sum(at[states(4)[s]] for s in drawn.tolist()) / 4000
    assert abs(average - mean) < 4 * spread / math.sqrt(4000) + 1e-12


@pytest.mark.equation(
    "eq-cd-chain",
    r"h^{[t]} \sim p(h \mid x^{[t]}), \qquad x^{[t+1]} \sim p(x \mid h^{[t]}), \qquad t = 0, 1, \dots, k - 1",
    kind="update",
)
def test_the_gibbs_chain_ends_as_often_in_each_state_as_the_sum_over_its_ways_says(machine):
    n, k = 6000, 2
    start = rows([X[0]]).expand(n, -1)

    def step(x, *, generator):
        return rbm.gibbs_step(machine, x, generator=generator)

    ends = sampling.gibbs(step, start, k, generator=torch.Generator().manual_seed(1))
    share = exact.empirical(ends)
    q = after(machine, {x: float(x == X[0]) for x in states(4)}, k)
    for x, found in zip(states(4), share.tolist(), strict=True):
        assert abs(found - q[x]) <= 4.5 * math.sqrt(q[x] * (1 - q[x]) / n) + 1e-9


@pytest.mark.equation(
    "eq-cd-start", r"x^{[0]} = x, \qquad \tilde x = x^{[k]}", kind="definition"
)
def test_the_negative_sample_of_the_package_is_where_the_chain_from_the_data_ends(machine):
    x = rows(X)
    found = rbm.cd_gradient(machine, x, 3, generator=torch.Generator().manual_seed(4))
    generator, negative = torch.Generator().manual_seed(4), x
    for _ in range(3):
        negative = rbm.gibbs_step(machine, negative, generator=generator)
    assert torch.allclose(found.c, x.mean(0) - negative.mean(0))


@pytest.mark.equation("eq-cd-energy-gradient", r"\nabla_W E(x, h) = -h x^\top", kind="identity")
def test_the_slope_of_the_energy_in_w_is_minus_an_outer_product(machine):
    for x in states(4):
        for h in states(3):
            assert energy_slope(machine, x, h, "W").tolist() == [[-h_j * x_i for x_i in x] for h_j in h]
    bumped = machine._replace(W=machine.W + torch.eye(3, 4, dtype=torch.float64))
    x, h = (1, 1, 0, 1), (1, 0, 1)
    assert slow_energy(bumped, x, h) - slow_energy(machine, x, h) == pytest.approx(-(1 * 1 + 0 * 1 + 1 * 0))


@pytest.mark.equation(
    "eq-cd-expected-gradient",
    r"\mathbb{E}_{h \mid x}\left[ \nabla_W E(x, h) \right] = -\mathbb{E}_{h \mid x}[h] \, x^\top = -h(x) \, x^\top",
    kind="identity",
)
def test_the_mean_slope_over_h_has_the_hidden_probabilities_in_it(machine):
    for x in states(4):
        mean = sum(p * energy_slope(machine, x, h, "W") for h, p in posterior(machine, x).items())
        h = rbm.prob_h_given_x(machine, rows([x]))[0]
        assert torch.allclose(mean, -torch.outer(h, rows([x])[0]), atol=1e-12)
        assert torch.allclose(mean, -outer(machine, {x: 1.0}), atol=1e-12)


@pytest.mark.equation(
    "eq-cd-gradient",
    r"\nabla_W \big( -\log p(x) \big) \approx -h(x) \, x^\top + h(\tilde x) \, \tilde x^\top",
    kind="approximation",
)
def test_with_negative_samples_of_the_model_the_mean_of_cd_is_the_exact_gradient(machine):
    W = machine.W.clone().requires_grad_()
    params = machine._replace(W=W)
    log_p = -rbm.free_energy(params, rows(X)) - rbm.log_partition(params)
    (slope,) = torch.autograd.grad(-log_p.mean(), W)
    positive = outer(machine, data_distribution())
    assert torch.allclose(slope, -positive + outer(machine, slow_marginal(machine)), atol=1e-10)
    error = [(slope - (-positive + outer(machine, after(machine, data_distribution(), k)))).norm().item() for k in (1, 40)]
    assert error[1] < error[0] / 2  # where the negative sample comes from a short chain instead, it errs


@pytest.mark.equation(
    "eq-cd-update-weights",
    r"W \Leftarrow W + \alpha \left( h(x) \, x^\top - h(\tilde x) \, \tilde x^\top \right)",
    kind="update",
)
def test_the_update_of_w_has_probabilities_at_the_data_and_at_the_end_of_the_chain(machine):
    gradient = rbm.cd_gradient(machine, rows(X), 2, generator=torch.Generator().manual_seed(3))
    negative = negative_samples(machine, 2, seed=3)
    expected = outer(machine, data_distribution()) - sum(outer(machine, {x: 1 / 3}) for x in negative)
    assert torch.allclose(gradient.W, expected, atol=1e-12)


def negative_samples(machine, k, seed):
    generator, x = torch.Generator().manual_seed(seed), rows(X)
    for _ in range(k):
        x = rbm.gibbs_step(machine, x, generator=generator)
    return [tuple(int(v) for v in row) for row in x.tolist()]


@pytest.mark.equation(
    "eq-cd-update-hidden-bias", r"b \Leftarrow b + \alpha \left( h(x) - h(\tilde x) \right)", kind="update"
)
def test_the_update_of_b_is_the_difference_of_hidden_probabilities(machine):
    gradient = rbm.cd_gradient(machine, rows(X), 1, generator=torch.Generator().manual_seed(5))
    negative = negative_samples(machine, 1, seed=5)
    expected = [sum(hidden(machine, x)[j] - hidden(machine, y)[j] for x, y in zip(X, negative, strict=True)) / 3 for j in range(3)]
    assert gradient.b.tolist() == pytest.approx(expected, abs=1e-12)


@pytest.mark.equation(
    "eq-cd-update-visible-bias", r"c \Leftarrow c + \alpha \left( x - \tilde x \right)", kind="update"
)
def test_the_update_of_c_is_the_difference_of_pictures(machine):
    gradient = rbm.cd_gradient(machine, rows(X), 1, generator=torch.Generator().manual_seed(6))
    negative = negative_samples(machine, 1, seed=6)
    expected = [sum(x[i] - y[i] for x, y in zip(X, negative, strict=True)) / 3 for i in range(4)]
    assert gradient.c.tolist() == pytest.approx(expected, abs=1e-12)


@pytest.mark.equation(
    "eq-cd-free-energy-step",
    r"\theta \Leftarrow \theta - \alpha \, \nabla_\theta \big( F(x) - F(\tilde x) \big)",
    kind="update",
)
def test_the_update_is_a_step_down_the_difference_of_free_energies_with_the_negative_sample_held(machine):
    gradient = rbm.cd_gradient(machine, rows(X), 2, generator=torch.Generator().manual_seed(7))
    negative = rows(negative_samples(machine, 2, seed=7))
    params = rbm.RBM(*(t.clone().requires_grad_() for t in machine))
    loss = rbm.free_energy(params, rows(X)).mean() - rbm.free_energy(params, negative).mean()
    for found, slope in zip(gradient, torch.autograd.grad(loss, list(params)), strict=True):
        assert torch.allclose(found, -slope, atol=1e-12)


@pytest.mark.equation(
    "eq-cd-variance",
    r"\operatorname{Var}[\tilde h_j \tilde x_i] = \operatorname{Var}[h_j(\tilde x) \, \tilde x_i] + \mathbb{E}\left[ h_j(\tilde x) \, (1 - h_j(\tilde x)) \, \tilde x_i \right], \qquad \tilde h \sim p(h \mid \tilde x)",
    kind="identity",
)
def test_a_sampled_h_adds_the_variance_of_its_coin(machine):
    q = after(machine, data_distribution(), 1)
    for j in range(3):
        for i in range(4):
            on = {x: hidden(machine, x)[j] for x in states(4)}
            mean = math.fsum(q[x] * p * h[j] * x[i] for x in states(4) for h, p in posterior(machine, x).items())
            sampled = math.fsum(q[x] * p * (h[j] * x[i] - mean) ** 2 for x in states(4) for h, p in posterior(machine, x).items())
            told = math.fsum(q[x] * (on[x] * x[i] - mean) ** 2 for x in states(4))
            coin = math.fsum(q[x] * on[x] * (1 - on[x]) * x[i] for x in states(4))
            assert sampled == pytest.approx(told + coin, abs=1e-12)


@pytest.mark.equation("eq-cd-distribution", r"q_k = q_0 T^k", kind="identity")
def test_the_distribution_of_the_negative_sample_is_the_data_times_a_power_of_t(machine):
    q_0 = exact.empirical(rows(X))
    assert q_0.tolist() == pytest.approx(list(data_distribution().values()))
    marginals = sampling.marginals(rbm.transition_matrix(machine), q_0, 3)
    for k in range(4):
        assert marginals[k].tolist() == pytest.approx(list(after(machine, data_distribution(), k).values()), abs=1e-12)


@pytest.mark.equation(
    "eq-cd-expected-update",
    r"\mathbb{E}\left[ h(x) \, x^\top - h(\tilde x) \, \tilde x^\top \right] = \sum_{x} q_0(x) \, h(x) \, x^\top - \sum_{\tilde x} q_k(\tilde x) \, h(\tilde x) \, \tilde x^\top",
    kind="identity",
)
def test_the_mean_update_is_a_sum_over_the_ends_of_all_chains(machine):
    for k in (1, 3):
        expected = outer(machine, data_distribution()) - outer(machine, after(machine, data_distribution(), k))
        assert torch.allclose(rbm.expected_cd_gradient(machine, rows(X), k).W, expected, atol=1e-12)


@pytest.mark.equation(
    "eq-cd-bias",
    r"\text{bias}_k = \sum_{x'} \big( p(x') - q_k(x') \big) \, h(x') \, x'^\top",
    kind="identity",
)
def test_the_bias_is_the_mean_update_less_the_gradient_by_autograd(machine):
    W = machine.W.clone().requires_grad_()
    params = machine._replace(W=W)
    (slope,) = torch.autograd.grad((-rbm.free_energy(params, rows(X))).mean() - rbm.log_partition(params), W)
    p = slow_marginal(machine)
    for k in (1, 2):
        q = after(machine, data_distribution(), k)
        bias = outer(machine, {x: p[x] - q[x] for x in states(4)})
        assert torch.allclose(rbm.expected_cd_gradient(machine, rows(X), k).W - slope, bias, atol=1e-10)
        of_b = [math.fsum((p[x] - q[x]) * hidden(machine, x)[j] for x in states(4)) for j in range(3)]
        of_c = [math.fsum((p[x] - q[x]) * x[i] for x in states(4)) for i in range(4)]
        norm = math.sqrt(math.fsum(v * v for v in [*bias.flatten().tolist(), *of_b, *of_c]))
        assert rbm.cd_bias(machine, rows(X), k)[-1].item() == pytest.approx(norm, abs=1e-12)


def pairs(q, T):
    return {(x, y): q[x] * T[x, y] for x in states(4) for y in states(4)}


@pytest.mark.equation(
    "eq-cd-kl-pairs",
    r"\sum_{x, x'} q(x) \, T(x, x') \log \frac{q(x) \, T(x, x')}{p(x) \, T(x, x')} = D_{\mathrm{KL}}(q \,\Vert\, p)",
    kind="identity",
)
def test_pairs_are_as_far_apart_as_starting_points(machine):
    T, p = slow_transition(machine), slow_marginal(machine)
    for q in (data_distribution(), after(machine, data_distribution(), 1)):
        expected = exact.kl_divergence(torch.tensor(list(q.values()), dtype=torch.float64), torch.tensor(list(p.values()), dtype=torch.float64))
        assert slow_kl(pairs(q, T), pairs(p, T)) == pytest.approx(expected.item(), abs=1e-10)


@pytest.mark.equation(
    "eq-cd-kl-split",
    r"D_{\mathrm{KL}}(q \,\Vert\, p) = D_{\mathrm{KL}}(qT \,\Vert\, pT) + \sum_{x'} (qT)(x') \, D_{\mathrm{KL}}\big( q(\cdot \mid x') \,\Vert\, p(\cdot \mid x') \big)",
    kind="identity",
)
def test_the_divergence_splits_into_that_after_the_step_and_that_of_looking_back(machine):
    T, p, q = slow_transition(machine), slow_marginal(machine), data_distribution()
    next_q, next_p = after(machine, q, 1), after(machine, p, 1)
    back = math.fsum(
        next_q[y] * slow_kl({x: q[x] * T[x, y] / next_q[y] for x in states(4)}, {x: p[x] * T[x, y] / next_p[y] for x in states(4)})
        for y in states(4)
    )
    assert back >= 0
    assert slow_kl(q, p) == pytest.approx(slow_kl(next_q, next_p) + back, abs=1e-10)


@pytest.mark.equation(
    "eq-cd-kl-never-rises",
    r"D_{\mathrm{KL}}(q_{k+1} \,\Vert\, p) \le D_{\mathrm{KL}}(q_k \,\Vert\, p)",
    kind="bound",
)
def test_the_divergence_of_the_chain_from_the_model_never_rises():
    for seed in range(300):
        generator = torch.Generator().manual_seed(seed)
        scale = 0.5 + 3 * torch.rand((), generator=generator).item()
        params = rbm.RBM(*(scale * torch.randn(*s, generator=generator, dtype=torch.float64) for s in ((3, 4), (3,), (4,))))
        q_0 = torch.rand(16, generator=generator, dtype=torch.float64) ** 4
        p = exact.probabilities(lambda x, params=params: rbm.free_energy(params, x), 4)
        q = sampling.marginals(rbm.transition_matrix(params), q_0 / q_0.sum(), 12)
        divergence = exact.kl_divergence(q, p.expand_as(q))
        assert (divergence[1:] <= divergence[:-1] + 1e-12).all()
    free = params._replace(W=torch.zeros(3, 4, dtype=torch.float64))  # one step ends it: T has p in every row
    p = exact.probabilities(lambda x: rbm.free_energy(free, x), 4)
    assert exact.kl_divergence(sampling.marginals(rbm.transition_matrix(free), q[0], 1)[1], p) < 1e-12


@pytest.mark.equation(
    "eq-cd-contrast",
    r"D_{\mathrm{KL}}(q_0 \,\Vert\, p) - D_{\mathrm{KL}}(q_k \,\Vert\, p) \ge 0",
    kind="bound",
)
def test_the_contrast_of_the_two_divergences_is_never_negative_and_zero_at_the_model(machine):
    p = slow_marginal(machine)
    for start in (data_distribution(), {x: 1 / 16 for x in states(4)}, {x: float(x == X[1]) for x in states(4)}):
        for k in (1, 2, 5):
            assert slow_kl(start, p) - slow_kl(after(machine, start, k), p) >= -1e-12
    assert slow_kl(p, p) - slow_kl(after(machine, p, 3), p) == pytest.approx(0, abs=1e-12)


@pytest.mark.equation(
    "eq-cd-bias-bound",
    r"\left| \text{bias}_k(W_{ji}) \right| \le D_{\mathrm{TV}}(q_k, p) \le \sqrt{\tfrac{1}{2} D_{\mathrm{KL}}(q_k \,\Vert\, p)}",
    kind="bound",
)
def test_the_bias_of_a_weight_is_bounded_by_a_number_that_never_rises(machine):
    p = slow_marginal(machine)
    for k in (1, 2, 4):
        q = after(machine, data_distribution(), k)
        bias = outer(machine, {x: p[x] - q[x] for x in states(4)}).abs().max().item()
        distance = sum(abs(p[x] - q[x]) for x in states(4)) / 2
        assert bias <= distance + 1e-12
        assert distance <= math.sqrt(slow_kl(q, p) / 2) + 1e-12
        full = rbm.expected_cd_gradient(machine, rows(X), k).W - rbm.log_likelihood_gradient(machine, rows(X)).W
        assert full.abs().max().item() == pytest.approx(bias, abs=1e-10)
