"""The equations of book/rbm/free_energy, against sums over all states written as loops."""

import math

import pytest
import torch
from enumeration import slow_energy, slow_joint, slow_marginal, states

from lecture_lib import exact, rbm
from lecture_lib.distributions import softplus


def row(x):
    return torch.tensor([x], dtype=torch.float64)


def unnormalised(machine, x):
    """p(x) Z: the sum of e^{-E(x, h)} over h, in a loop."""
    return math.fsum(math.exp(-slow_energy(machine, x, h)) for h in states(3))


def inputs(machine, x):
    """b_j + W_j x for each hidden unit j, in a loop."""
    W, b, _ = (t.tolist() for t in machine)
    return [b[j] + sum(w * x_i for w, x_i in zip(W[j], x, strict=True)) for j in range(len(b))]


def visible_factor(machine, x):
    return math.exp(sum(c_i * x_i for c_i, x_i in zip(machine.c.tolist(), x, strict=True)))


@pytest.mark.equation(
    "eq-free-energy-marginal",
    r"p(x) = \sum_{h \in \{0,1\}^H} p(x, h) = \frac{1}{Z} \sum_{h \in \{0,1\}^H} e^{h^\top W x + c^\top x + b^\top h}",
    kind="identity",
)
def test_summing_the_joint_over_h_is_the_marginal_of_the_package(machine):
    marginal = slow_marginal(machine)
    log_p = -rbm.free_energy(machine, exact.binary_states(4)) - rbm.log_partition(machine)
    for x, log_p_x in zip(states(4), log_p.tolist(), strict=True):
        assert marginal[x] == pytest.approx(math.exp(log_p_x), rel=1e-10)


@pytest.mark.equation(
    "eq-free-energy-visible-out",
    r"p(x) = \frac{e^{c^\top x}}{Z} \sum_{h_1 \in \{0,1\}} \cdots \sum_{h_H \in \{0,1\}} e^{\sum_j (h_j W_j x + b_j h_j)}",
    kind="identity",
)
def test_the_visible_part_leaves_the_sum_over_h(machine):
    W, b, _ = (t.tolist() for t in machine)
    for x in states(4):
        nested = 0.0
        for h_1 in (0, 1):
            for h_2 in (0, 1):
                for h_3 in (0, 1):
                    nested += math.exp(sum(
                        h_j * sum(w * x_i for w, x_i in zip(W_j, x, strict=True)) + b_j * h_j
                        for h_j, W_j, b_j in zip((h_1, h_2, h_3), W, b, strict=True)
                    ))
        assert visible_factor(machine, x) * nested == pytest.approx(unnormalised(machine, x), rel=1e-12)


@pytest.mark.equation(
    "eq-free-energy-factors",
    r"p(x) = \frac{e^{c^\top x}}{Z} \prod_{j=1}^{H} \, \sum_{h_j \in \{0,1\}} e^{h_j W_j x + b_j h_j}",
    kind="identity",
)
def test_the_sum_over_h_is_a_product_of_sums_over_each_unit(machine):
    W, b, _ = (t.tolist() for t in machine)
    for x in states(4):
        product = visible_factor(machine, x)
        for W_j, b_j in zip(W, b, strict=True):
            input_j = sum(w * x_i for w, x_i in zip(W_j, x, strict=True))
            product *= sum(math.exp(h_j * input_j + b_j * h_j) for h_j in (0, 1))
        assert product == pytest.approx(unnormalised(machine, x), rel=1e-12)


@pytest.mark.equation(
    "eq-free-energy-two-terms",
    r"p(x) = \frac{e^{c^\top x}}{Z} \prod_{j=1}^{H} \left( 1 + e^{b_j + W_j x} \right)",
    kind="identity",
)
def test_each_factor_is_one_plus_an_exponential(machine):
    for x in states(4):
        product = visible_factor(machine, x) * math.prod(1 + math.exp(t) for t in inputs(machine, x))
        assert product == pytest.approx(unnormalised(machine, x), rel=1e-12)


@pytest.mark.equation(
    "eq-free-energy-exponent",
    r"p(x) = \frac{1}{Z} \exp\Big( c^\top x + \sum_{j=1}^{H} \log\left( 1 + e^{b_j + W_j x} \right) \Big)",
    kind="identity",
)
def test_the_product_moves_into_the_exponent(machine):
    for x in states(4):
        exponent = sum(c * v for c, v in zip(machine.c.tolist(), x, strict=True))
        exponent += sum(math.log(1 + math.exp(t)) for t in inputs(machine, x))
        assert math.exp(exponent) == pytest.approx(unnormalised(machine, x), rel=1e-12)


@pytest.mark.equation(
    "eq-softplus", r"\operatorname{softplus}(t) = \log\left(1 + e^{t}\right)", kind="definition"
)
def test_softplus_is_the_log_of_one_plus_an_exponential():
    t = torch.linspace(-30, 30, 601, dtype=torch.float64)
    expected = [math.log1p(math.exp(value)) for value in t.tolist()]
    assert softplus(t).tolist() == pytest.approx(expected, rel=1e-12)


@pytest.mark.equation(
    "eq-rbm-free-energy",
    r"F(x) = -c^\top x - \sum_{j=1}^{H} \operatorname{softplus}(b_j + W_j x)",
    kind="identity",
)
def test_free_energy_is_energy_with_hidden_units_summed_out(machine):
    for x in states(4):
        assert rbm.free_energy(machine, row(x)).item() == pytest.approx(-math.log(unnormalised(machine, x)), abs=1e-10)
        visible, hidden = rbm.free_energy_parts(machine, row(x))
        assert (visible + hidden.sum()).item() == pytest.approx(-math.log(unnormalised(machine, x)), abs=1e-10)


@pytest.mark.equation(
    "eq-free-energy-boltzmann",
    r"p(x) = \frac{e^{-F(x)}}{Z}, \qquad Z = \sum_{x' \in \{0,1\}^D} e^{-F(x')}",
    kind="identity",
)
def test_the_free_energy_is_an_energy_of_x_with_the_same_partition_function(machine):
    pairs = math.fsum(math.exp(-slow_energy(machine, x, h)) for x in states(4) for h in states(3))
    weights = (-rbm.free_energy(machine, exact.binary_states(4))).exp()
    assert weights.sum().item() == pytest.approx(pairs, rel=1e-10)
    marginal = slow_marginal(machine)
    assert (weights / weights.sum()).tolist() == pytest.approx([marginal[x] for x in states(4)], rel=1e-10)


@pytest.mark.equation(
    "eq-softplus-bounds",
    r"\max(0, t) \le \operatorname{softplus}(t) \le \max(0, t) + \log 2",
    kind="bound",
)
def test_softplus_stays_within_log_2_of_the_corner_and_touches_both_bounds():
    t = torch.cat([torch.linspace(-40, 40, 8001, dtype=torch.float64), torch.tensor([-1e4, 1e4], dtype=torch.float64)])
    excess = softplus(t) - t.clamp(min=0)
    assert excess.min() >= 0
    assert excess.max() <= math.log(2) + 1e-15
    assert excess[4000].item() == pytest.approx(math.log(2))  # at t = 0
    assert excess[-2:].tolist() == [0, 0]


@pytest.mark.equation(
    "eq-softplus-slope",
    r"\frac{d}{dt} \operatorname{softplus}(t) = \operatorname{sigm}(t)",
    kind="identity",
)
def test_the_slope_of_softplus_is_the_logistic_function():
    t = torch.linspace(-20, 20, 401, dtype=torch.float64)
    step = 1e-5
    slope = (softplus(t + step) - softplus(t - step)) / (2 * step)
    expected = [1 / (1 + math.exp(-value)) for value in t.tolist()]
    assert slope.tolist() == pytest.approx(expected, abs=1e-8)


@pytest.mark.equation(
    "eq-free-energy-slope",
    r"-\frac{\partial F(x)}{\partial b_j} = \operatorname{sigm}(b_j + W_j x) = p(h_j = 1 \mid x)",
    kind="identity",
)
def test_the_bias_lowers_the_free_energy_as_much_as_the_unit_is_on(machine):
    joint, marginal = slow_joint(machine), slow_marginal(machine)
    for x in states(4):
        b = machine.b.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(rbm.free_energy(machine._replace(b=b), row(x)).sum(), b)
        on = [sum(joint[x, h] for h in states(3) if h[j]) / marginal[x] for j in range(3)]
        assert (-gradient).tolist() == pytest.approx(on, rel=1e-10)
        assert rbm.prob_h_given_x(machine, row(x))[0].tolist() == pytest.approx(on, rel=1e-10)


@pytest.mark.equation(
    "eq-product-of-experts",
    r"p(x) \propto \prod_{i=1}^{D} e^{c_i x_i} \prod_{j=1}^{H} f_j(x), \qquad f_j(x) = 1 + e^{b_j + W_j x}",
    kind="identity",
)
def test_ratios_of_probabilities_are_ratios_of_products_of_experts(machine):
    marginal = slow_marginal(machine)
    product = {
        x: math.prod(math.exp(c * v) for c, v in zip(machine.c.tolist(), x, strict=True))
        * math.prod(1 + math.exp(t) for t in inputs(machine, x))
        for x in states(4)
    }
    for x in states(4):
        assert product[x] / product[0, 0, 0, 0] == pytest.approx(marginal[x] / marginal[0, 0, 0, 0], rel=1e-10)


@pytest.mark.equation(
    "eq-free-energy-best-state",
    r"\min_h E(x, h) - H \log 2 \;\le\; F(x) \;\le\; \min_h E(x, h)",
    kind="bound",
)
def test_the_free_energy_lies_within_h_log_2_of_the_best_state(machine):
    for scale in (0.0, 1e-3, 1.0, 100.0):
        scaled = rbm.RBM(*(scale * t for t in machine))
        for x in states(4):
            best = min(slow_energy(scaled, x, h) for h in states(3))
            F = rbm.free_energy(scaled, row(x)).item()
            assert best - 3 * math.log(2) - 1e-10 <= F <= best + 1e-10
    assert F == pytest.approx(best, abs=1e-3)  # large weights: the best state is all of the sum
    nothing = rbm.RBM(*(0 * t for t in machine))
    assert rbm.free_energy(nothing, row((0, 1, 0, 1))).item() == pytest.approx(-3 * math.log(2))


@pytest.mark.equation(
    "eq-free-energy-any-state", r"F(x) = E(x, h) + \log p(h \mid x)", kind="identity"
)
def test_energy_plus_log_posterior_is_the_same_for_every_hidden_state(machine):
    joint, marginal = slow_joint(machine), slow_marginal(machine)
    for x in states(4):
        F = rbm.free_energy(machine, row(x)).item()
        for h in states(3):
            posterior = joint[x, h] / marginal[x]
            assert slow_energy(machine, x, h) + math.log(posterior) == pytest.approx(F, abs=1e-9)


@pytest.mark.equation(
    "eq-log-partition-hidden",
    r"\log Z = \log \sum_{h \in \{0,1\}^H} \exp\Big( b^\top h + \sum_{i=1}^{D} \operatorname{softplus}(c_i + h^\top W_{\cdot i}) \Big)",
    kind="identity",
)
def test_log_z_over_the_hidden_layer_is_log_z_over_all_pairs(machine):
    pairs = math.log(math.fsum(math.exp(-slow_energy(machine, x, h)) for x in states(4) for h in states(3)))
    assert rbm.log_partition(machine).item() == pytest.approx(pairs, abs=1e-10)
    W, b, c = machine
    h = exact.binary_states(3)
    written_out = (h @ b + softplus(c + h @ W).sum(-1)).logsumexp(0)
    assert written_out.item() == pytest.approx(pairs, abs=1e-10)
