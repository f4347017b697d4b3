"""The equations of book/rbm/inference, against the joint distribution of all states."""

import itertools
import math

import pytest
import torch
from enumeration import slow_energy, slow_joint, slow_marginal, states

from lecture_lib import exact, rbm


def row(state):
    return torch.tensor([state], dtype=torch.float64)


def dot(u, v):
    return sum(a * b for a, b in zip(u, v, strict=True))


def posterior(machine):
    """p(h | x) of every pair, from the joint distribution alone."""
    joint, marginal = slow_joint(machine), slow_marginal(machine)
    return {(x, h): p / marginal[x] for (x, h), p in joint.items()}


def hidden_marginal(machine):
    joint = slow_joint(machine)
    return {h: math.fsum(joint[x, h] for x in states(4)) for h in states(3)}


def unit_terms(machine, x):
    """For each hidden unit j, the function h_j -> exp(h_j W_j x + b_j h_j)."""
    W, b, _ = (t.tolist() for t in machine)

    def term(j):
        return lambda h_j: math.exp(h_j * dot(W[j], x) + b[j] * h_j)

    return [term(j) for j in range(3)]


def inputs(machine, x):
    W, b, _ = (t.tolist() for t in machine)
    return [b[j] + dot(W[j], x) for j in range(3)]


def check_posterior(machine, formula):
    expected = posterior(machine)
    for x in states(4):
        for h in states(3):
            assert formula(x, h) == pytest.approx(expected[x, h], rel=1e-10)


@pytest.mark.equation(
    "eq-inference-definition",
    r"p(h \mid x) = \frac{p(x, h)}{\sum_{h' \in \{0,1\}^H} p(x, h')}",
    kind="definition",
)
def test_the_packages_conditional_is_the_joint_over_its_sum(machine):
    joint = slow_joint(machine)
    for x in states(4):
        p_on = rbm.prob_h_given_x(machine, row(x))[0].tolist()
        for h in states(3):
            package = math.prod(p if on else 1 - p for p, on in zip(p_on, h, strict=True))
            total = math.fsum(joint[x, other] for other in states(3))
            assert package == pytest.approx(joint[x, h] / total, rel=1e-8)


@pytest.mark.equation(
    "eq-inference-joint",
    r"p(h \mid x) = \frac{\exp\left( h^\top W x + c^\top x + b^\top h \right) / Z}"
    r"{\sum_{h' \in \{0,1\}^H} \exp\left( h'^\top W x + c^\top x + b^\top h' \right) / Z}",
    kind="identity",
)
def test_the_posterior_with_the_joint_put_in(machine):
    W, b, c = machine
    Z = rbm.log_partition(machine).exp()

    def weight(x, h):
        u, g = row(x)[0], row(h)[0]
        return ((g @ W @ u + c @ u + b @ g).exp() / Z).item()

    check_posterior(machine, lambda x, h: weight(x, h) / math.fsum(weight(x, g) for g in states(3)))


@pytest.mark.equation(
    "eq-inference-cancel",
    r"p(h \mid x) = \frac{\exp\left( \sum_j (h_j W_j x + b_j h_j) \right)}"
    r"{\sum_{h'_1 \in \{0,1\}} \cdots \sum_{h'_H \in \{0,1\}} \exp\left( \sum_j (h'_j W_j x + b_j h'_j) \right)}",
    kind="identity",
)
def test_the_partition_function_and_the_visible_biases_cancel(machine):
    W, b, _ = (t.tolist() for t in machine)

    def weight(x, h):
        return math.exp(sum(h[j] * dot(W[j], x) + b[j] * h[j] for j in range(3)))

    def formula(x, h):
        total = 0.0
        for h_1 in (0, 1):
            for h_2 in (0, 1):
                for h_3 in (0, 1):
                    total += weight(x, (h_1, h_2, h_3))
        return weight(x, h) / total

    check_posterior(machine, formula)


@pytest.mark.equation(
    "eq-inference-product",
    r"p(h \mid x) = \frac{\prod_j \exp\left( h_j W_j x + b_j h_j \right)}"
    r"{\sum_{h'_1 \in \{0,1\}} \cdots \sum_{h'_H \in \{0,1\}} \prod_j \exp\left( h'_j W_j x + b_j h'_j \right)}",
    kind="identity",
)
def test_the_exponential_of_the_sum_is_a_product_over_units(machine):
    def formula(x, h):
        term = unit_terms(machine, x)
        total = 0.0
        for h_1 in (0, 1):
            for h_2 in (0, 1):
                for h_3 in (0, 1):
                    total += term[0](h_1) * term[1](h_2) * term[2](h_3)
        return math.prod(term[j](h[j]) for j in range(3)) / total

    check_posterior(machine, formula)


@pytest.mark.equation(
    "eq-inference-sums-apart",
    r"p(h \mid x) = \frac{\prod_j \exp\left( h_j W_j x + b_j h_j \right)}"
    r"{\left( \sum_{h'_1} \exp\left( h'_1 W_1 x + b_1 h'_1 \right) \right) \cdots "
    r"\left( \sum_{h'_H} \exp\left( h'_H W_H x + b_H h'_H \right) \right)}",
    kind="identity",
)
def test_the_sum_of_products_is_a_product_of_sums(machine):
    def formula(x, h):
        term = unit_terms(machine, x)
        first = sum(term[0](h_1) for h_1 in (0, 1))
        second = sum(term[1](h_2) for h_2 in (0, 1))
        third = sum(term[2](h_3) for h_3 in (0, 1))
        return math.prod(term[j](h[j]) for j in range(3)) / (first * second * third)

    check_posterior(machine, formula)


@pytest.mark.equation(
    "eq-inference-product-of-sums",
    r"p(h \mid x) = \frac{\prod_j \exp\left( h_j W_j x + b_j h_j \right)}"
    r"{\prod_j \left( \sum_{h'_j \in \{0,1\}} \exp\left( h'_j W_j x + b_j h'_j \right) \right)}",
    kind="identity",
)
def test_the_denominator_is_a_product_over_units(machine):
    def formula(x, h):
        term = unit_terms(machine, x)
        above = math.prod(term[j](h[j]) for j in range(3))
        return above / math.prod(sum(term[j](h_j) for h_j in (0, 1)) for j in range(3))

    check_posterior(machine, formula)


@pytest.mark.equation(
    "eq-inference-two-terms",
    r"p(h \mid x) = \frac{\prod_j \exp\left( h_j W_j x + b_j h_j \right)}"
    r"{\prod_j \left( 1 + \exp\left( b_j + W_j x \right) \right)}",
    kind="identity",
)
def test_each_sum_of_the_denominator_is_one_plus_an_exponential(machine):
    def formula(x, h):
        term = unit_terms(machine, x)
        above = math.prod(term[j](h[j]) for j in range(3))
        return above / math.prod(1 + math.exp(t) for t in inputs(machine, x))

    check_posterior(machine, formula)


@pytest.mark.equation(
    "eq-inference-ratios",
    r"p(h \mid x) = \prod_j \frac{\exp\left( h_j W_j x + b_j h_j \right)}{1 + \exp\left( b_j + W_j x \right)}",
    kind="identity",
)
def test_the_posterior_is_a_product_of_ratios_each_of_which_sums_to_one(machine):
    def ratio(x, j, h_j):
        return unit_terms(machine, x)[j](h_j) / (1 + math.exp(inputs(machine, x)[j]))

    check_posterior(machine, lambda x, h: math.prod(ratio(x, j, h[j]) for j in range(3)))
    for x in states(4):
        for j in range(3):
            assert ratio(x, j, 0) + ratio(x, j, 1) == pytest.approx(1, rel=1e-12)


def single(machine, x, j):
    """p(h_j = 1 | x): the shares of all hidden states in which unit j is on."""
    p = posterior(machine)
    return math.fsum(p[x, h] for h in states(3) if h[j])


@pytest.mark.equation(
    "eq-inference-independent",
    r"p(h \mid x) = \prod_{j=1}^{H} p(h_j \mid x)",
    kind="identity",
)
def test_given_x_the_hidden_units_are_independent(machine):
    on = {x: [single(machine, x, j) for j in range(3)] for x in states(4)}
    check_posterior(
        machine,
        lambda x, h: math.prod(p if h_j else 1 - p for p, h_j in zip(on[x], h, strict=True)),
    )
    p, marginal = hidden_marginal(machine), []  # without x they are not
    for j in range(3):
        marginal.append(math.fsum(p[h] for h in states(3) if h[j]))
    product = {h: math.prod(m if on_ else 1 - m for m, on_ in zip(marginal, h, strict=True)) for h in states(3)}
    assert max(abs(p[h] - product[h]) for h in states(3)) > 1e-3


@pytest.mark.equation(
    "eq-inference-hidden-on",
    r"p(h_j = 1 \mid x) = \frac{\exp\left( b_j + W_j x \right)}{1 + \exp\left( b_j + W_j x \right)}",
    kind="identity",
)
def test_the_factor_of_a_hidden_unit_that_is_on(machine):
    for x in states(4):
        for j, t in enumerate(inputs(machine, x)):
            assert math.exp(t) / (1 + math.exp(t)) == pytest.approx(single(machine, x, j), rel=1e-10)


@pytest.mark.equation(
    "eq-inference-hidden-logistic",
    r"p(h_j = 1 \mid x) = \frac{1}{1 + \exp\left( -(b_j + W_j x) \right)} = \operatorname{sigm}(b_j + W_j x)",
    kind="identity",
)
def test_a_hidden_unit_is_on_with_the_logistic_function_of_its_input(machine):
    for x in states(4):
        package = rbm.prob_h_given_x(machine, row(x))[0].tolist()
        for j, t in enumerate(inputs(machine, x)):
            assert 1 / (1 + math.exp(-t)) == pytest.approx(single(machine, x, j), rel=1e-10)
            assert package[j] == pytest.approx(single(machine, x, j), rel=1e-10)


@pytest.mark.equation("eq-sigm", r"\operatorname{sigm}(t) = \frac{1}{1 + e^{-t}}", kind="definition")
def test_sigm_is_the_function_the_package_uses():
    t = torch.linspace(-30, 30, 601, dtype=torch.float64)
    one_unit = rbm.RBM(torch.zeros(1, 1, dtype=t.dtype), t[:1], torch.zeros(1, dtype=t.dtype))
    for value in t.tolist():
        params = one_unit._replace(b=torch.tensor([value], dtype=t.dtype))
        expected = 1 / (1 + math.exp(-value))
        assert rbm.prob_h_given_x(params, row((0,))).item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.equation(
    "eq-sigm-symmetry", r"\operatorname{sigm}(-t) = 1 - \operatorname{sigm}(t)", kind="identity"
)
def test_turning_the_sign_of_the_input_exchanges_on_and_off():
    t = torch.linspace(-30, 30, 601, dtype=torch.float64)
    assert torch.sigmoid(-t) == pytest.approx(1 - torch.sigmoid(t), abs=1e-15)


@pytest.mark.equation(
    "eq-inference-log-odds",
    r"\log \frac{p(h_j = 1 \mid x)}{p(h_j = 0 \mid x)} = b_j + W_j x",
    kind="identity",
)
def test_the_input_of_a_hidden_unit_is_its_log_odds(machine):
    for x in states(4):
        for j, t in enumerate(inputs(machine, x)):
            p = single(machine, x, j)
            assert math.log(p / (1 - p)) == pytest.approx(t, abs=1e-7)


@pytest.mark.equation(
    "eq-inference-energy-drop",
    r"E(x, h_{-j}, h_j = 0) - E(x, h_{-j}, h_j = 1) = b_j + W_j x",
    kind="identity",
)
def test_switching_a_hidden_unit_on_saves_its_input_whatever_the_others_do(machine):
    for x in states(4):
        for j, t in enumerate(inputs(machine, x)):
            for rest in states(2):
                off, on = ((*rest[:j], value, *rest[j:]) for value in (0, 1))
                saved = rbm.energy(machine, row(x), row(off)) - rbm.energy(machine, row(x), row(on))
                assert saved.item() == pytest.approx(t, abs=1e-10)
                assert slow_energy(machine, x, off) - slow_energy(machine, x, on) == pytest.approx(t, abs=1e-10)


@pytest.mark.equation(
    "eq-inference-hidden-vector",
    r"h(x) = \operatorname{sigm}(b + W x) = \mathbb{E}[\, h \mid x \,]",
    kind="identity",
)
def test_the_vector_of_hidden_probabilities_is_the_mean_of_h_given_x(machine):
    W, b, _ = machine
    p = posterior(machine)
    for x in states(4):
        mean = [math.fsum(p[x, h] * h[j] for h in states(3)) for j in range(3)]
        assert torch.sigmoid(b + W @ row(x)[0]).tolist() == pytest.approx(mean, rel=1e-10)
        assert rbm.prob_h_given_x(machine, row(x))[0].tolist() == pytest.approx(mean, rel=1e-10)


def visible_posterior(machine):
    """p(x | h) of every pair, from the joint distribution alone."""
    joint, marginal = slow_joint(machine), hidden_marginal(machine)
    return {(x, h): p / marginal[h] for (x, h), p in joint.items()}


@pytest.mark.equation(
    "eq-inference-visible-independent",
    r"p(x \mid h) = \prod_{i=1}^{D} p(x_i \mid h)",
    kind="identity",
)
def test_given_h_the_visible_units_are_independent(machine):
    p = visible_posterior(machine)
    for h in states(3):
        on = [math.fsum(p[x, h] for x in states(4) if x[i]) for i in range(4)]
        for x in states(4):
            product = math.prod(q if x_i else 1 - q for q, x_i in zip(on, x, strict=True))
            assert product == pytest.approx(p[x, h], rel=1e-9)
            package = rbm.prob_x_given_h(machine, row(h))[0].tolist()
            product = math.prod(q if x_i else 1 - q for q, x_i in zip(package, x, strict=True))
            assert product == pytest.approx(p[x, h], rel=1e-8)


@pytest.mark.equation(
    "eq-inference-visible-logistic",
    r"p(x_i = 1 \mid h) = \operatorname{sigm}(c_i + h^\top W_{\cdot i})",
    kind="identity",
)
def test_a_visible_unit_is_on_with_the_logistic_function_of_its_column(machine):
    W, _, c = (t.tolist() for t in machine)
    p = visible_posterior(machine)
    for h in states(3):
        package = rbm.prob_x_given_h(machine, row(h))[0].tolist()
        for i in range(4):
            on = math.fsum(p[x, h] for x in states(4) if x[i])
            t = c[i] + sum(h[j] * W[j][i] for j in range(3))
            assert 1 / (1 + math.exp(-t)) == pytest.approx(on, rel=1e-10)
            assert package[i] == pytest.approx(on, rel=1e-10)


@pytest.mark.equation(
    "eq-inference-markov",
    r"p(h_j \mid x, h_{-j}) = p(h_j \mid x), \qquad p(x_i \mid h, x_{-i}) = p(x_i \mid h)",
    kind="identity",
)
def test_given_its_neighbours_a_unit_does_not_care_about_the_rest(machine):
    joint = slow_joint(machine)
    p_h, p_x = posterior(machine), visible_posterior(machine)
    for x, h in itertools.product(states(4), states(3)):
        for j in range(3):
            other = (*h[:j], 1 - h[j], *h[j + 1 :])
            given_all = joint[x, h] / (joint[x, h] + joint[x, other])
            given_x = math.fsum(p_h[x, g] for g in states(3) if g[j] == h[j])
            assert given_all == pytest.approx(given_x, rel=1e-9)
        for i in range(4):
            other = (*x[:i], 1 - x[i], *x[i + 1 :])
            given_all = joint[x, h] / (joint[x, h] + joint[other, h])
            given_h = math.fsum(p_x[u, h] for u in states(4) if u[i] == x[i])
            assert given_all == pytest.approx(given_h, rel=1e-9)


def slow_transition(machine):
    """T by loops over the way through the hidden layer, both conditionals from the joint."""
    up, down = posterior(machine), visible_posterior(machine)
    return {
        (x, y): math.fsum(up[x, h] * down[y, h] for h in states(3))
        for x in states(4) for y in states(4)
    }


@pytest.mark.equation(
    "eq-inference-transition",
    r"T(x, x') = \sum_{h \in \{0,1\}^H} p(h \mid x) \, p(x' \mid h)",
    kind="update",
)
def test_a_block_gibbs_step_moves_with_the_transition_matrix(machine):
    T = rbm.transition_matrix(machine)
    expected = slow_transition(machine)
    assert T.flatten().tolist() == pytest.approx(
        [expected[x, y] for x in states(4) for y in states(4)], rel=1e-9
    )
    # and the sampler of the package makes these moves: a statistical check from one state
    n, start = 40_000, 6
    x = exact.binary_states(4)[start].expand(n, -1)
    moved = rbm.gibbs_step(machine, x, generator=torch.Generator().manual_seed(0))
    place = (moved @ torch.tensor([8.0, 4, 2, 1], dtype=moved.dtype)).long()
    share = place.bincount(minlength=16) / n
    error = (T[start] * (1 - T[start]) / n).sqrt()
    assert ((share - T[start]).abs() < 4.5 * error + 1e-4).all()


@pytest.mark.equation(
    "eq-inference-flow",
    r"p(x) \, T(x, x') = \sum_{h \in \{0,1\}^H} \frac{p(x, h) \, p(x', h)}{p(h)}",
    kind="identity",
)
def test_the_flow_between_two_states_is_a_symmetric_sum_over_h(machine):
    joint, p_x, p_h = slow_joint(machine), slow_marginal(machine), hidden_marginal(machine)
    T = rbm.transition_matrix(machine).tolist()
    for r, x in enumerate(states(4)):
        for s, y in enumerate(states(4)):
            flow = math.fsum(joint[x, h] * joint[y, h] / p_h[h] for h in states(3))
            assert p_x[x] * T[r][s] == pytest.approx(flow, rel=1e-9)


@pytest.mark.equation(
    "eq-inference-balance", r"p(x) \, T(x, x') = p(x') \, T(x', x)", kind="identity"
)
def test_block_gibbs_is_in_detailed_balance(machine):
    p, T = slow_marginal(machine), rbm.transition_matrix(machine).tolist()
    for r, x in enumerate(states(4)):
        for s, y in enumerate(states(4)):
            assert p[x] * T[r][s] == pytest.approx(p[y] * T[s][r], rel=1e-9)


@pytest.mark.equation(
    "eq-inference-invariant",
    r"\sum_{x \in \{0,1\}^D} p(x) \, T(x, x') = p(x')",
    kind="identity",
)
def test_a_block_gibbs_step_leaves_the_model_as_it_is(machine):
    p, T = slow_marginal(machine), rbm.transition_matrix(machine).tolist()
    for s, y in enumerate(states(4)):
        arrived = math.fsum(p[x] * T[r][s] for r, x in enumerate(states(4)))
        assert arrived == pytest.approx(p[y], rel=1e-9)


@pytest.mark.equation(
    "eq-inference-mutual-information",
    r"I(h_1; h_2) = \sum_{h_1, h_2} p(h_1, h_2) \log \frac{p(h_1, h_2)}{p(h_1) \, p(h_2)}",
    kind="identity",
)
def test_the_mutual_information_is_what_two_entropies_lose_when_joined(machine):
    p = hidden_marginal(machine)
    table = {(a, b): math.fsum(p[h] for h in states(3) if h[:2] == (a, b)) for a, b in states(2)}
    first = [table[a, 0] + table[a, 1] for a in (0, 1)]
    second = [table[0, b] + table[1, b] for b in (0, 1)]

    def entropy(values):
        return -math.fsum(v * math.log(v) for v in values)

    expected = entropy(first) + entropy(second) - entropy(table.values())
    written = math.fsum(q * math.log(q / (first[a] * second[b])) for (a, b), q in table.items())
    assert written == pytest.approx(expected, abs=1e-12)
    joint = torch.tensor(list(table.values()), dtype=torch.float64)
    product = torch.tensor([first[a] * second[b] for a, b in table], dtype=torch.float64)
    assert exact.kl_divergence(joint, product).item() == pytest.approx(expected, abs=1e-12)
    assert expected > 1e-6


@pytest.mark.equation(
    "eq-inference-covariance",
    r"\operatorname{Cov}(h_j, h_l) = \sum_x p(x) \, h_j(x) \, h_l(x) "
    r"- \Big( \sum_x p(x) \, h_j(x) \Big) \Big( \sum_x p(x) \, h_l(x) \Big)",
    kind="identity",
)
def test_the_covariance_of_two_hidden_units_is_that_of_their_probabilities(machine):
    p_h, p_x = hidden_marginal(machine), slow_marginal(machine)
    mean = [math.fsum(p_h[h] * h[j] for h in states(3)) for j in range(3)]
    on = {x: rbm.prob_h_given_x(machine, row(x))[0].tolist() for x in states(4)}
    for j, l in itertools.combinations(range(3), 2):  # noqa: E741
        covariance = math.fsum(p_h[h] * h[j] * h[l] for h in states(3)) - mean[j] * mean[l]
        both = math.fsum(p_x[x] * on[x][j] * on[x][l] for x in states(4))
        first = math.fsum(p_x[x] * on[x][j] for x in states(4))
        second = math.fsum(p_x[x] * on[x][l] for x in states(4))
        assert both - first * second == pytest.approx(covariance, abs=1e-10)


@pytest.mark.equation(
    "eq-inference-reconstruction",
    r"\hat x_i = \operatorname{sigm}\big( c_i + h(x)^\top W_{\cdot i} \big) \;\approx\; "
    r"\mathbb{E}[\, x'_i \mid x \,] = \sum_{h} p(h \mid x) \, p(x'_i = 1 \mid h)",
    kind="approximation",
)
def test_the_reconstruction_is_near_the_mean_of_a_gibbs_step(machine):
    """Off by at most max |sigm''| / 2 = 1 / (12 sqrt 3) times the variance of the input."""
    W, _, _ = machine
    T, up = rbm.transition_matrix(machine), posterior(machine)
    for r, x in enumerate(states(4)):
        mean = T[r] @ exact.binary_states(4)
        listed = [
            math.fsum(up[x, h] * rbm.prob_x_given_h(machine, row(h))[0, i].item() for h in states(3))
            for i in range(4)
        ]
        assert mean.tolist() == pytest.approx(listed, rel=1e-9)
        p = rbm.prob_h_given_x(machine, row(x))
        error = (rbm.prob_x_given_h(machine, p)[0] - mean).abs()
        variance = (p * (1 - p)) @ W**2
        assert (error <= variance[0] / (12 * math.sqrt(3)) + 1e-12).all()
