"""The equations of book/rbm/learning, against loops over all states, differences and autograd."""

import math

import pytest
import torch
from enumeration import slow_energy, slow_joint, slow_marginal, states
from scipy.optimize import minimize

from lecture_lib import data, exact, rbm
from lecture_lib.rbm import RBM

X = ((0, 1, 1, 0), (1, 1, 1, 0), (0, 1, 0, 1), (0, 1, 0, 1), (1, 0, 0, 0))  # five examples, one of them twice
STEP = 1e-5


def rows(x):
    return torch.tensor(x, dtype=torch.float64)


def entries(machine):
    """Every parameter: its field and its place."""
    return [(name, place) for name, t in machine._asdict().items() for place in
            ([(j, i) for j in range(t.shape[0]) for i in range(t.shape[1])] if t.ndim == 2 else range(len(t)))]


def shifted(machine, name, place, by):
    tensor = getattr(machine, name).clone()
    tensor[place] += by
    return machine._replace(**{name: tensor})


def slope(function, machine, name, place):
    """Derivative of function(machine) by central differences."""
    up, down = (function(shifted(machine, name, place, by)) for by in (STEP, -STEP))
    return (up - down) / (2 * STEP)


def energy_slope(machine, x, h, name, place):
    return slope(lambda m: slow_energy(m, x, h), machine, name, place)


def surprise(machine, x):
    return -math.log(slow_marginal(machine)[x])


def log_z(machine):
    return math.log(math.fsum(math.exp(-slow_energy(machine, x, h)) for x in states(4) for h in states(3)))


def minus_log_sum(machine, x):
    return -math.log(math.fsum(math.exp(-slow_energy(machine, x, h)) for h in states(3)))


def nll(machine):
    marginal = slow_marginal(machine)
    return -sum(math.log(marginal[x]) for x in X) / len(X)


def hidden_on(machine, x):
    """p(h_j = 1 | x) of each unit, by counting in the joint."""
    joint, marginal = slow_joint(machine), slow_marginal(machine)
    return [sum(joint[x, h] for h in states(3) if h[j]) / marginal[x] for j in range(3)]


@pytest.mark.equation(
    "eq-nll", r"\operatorname{NLL}(\theta) = -\frac{1}{N} \sum_{m=1}^{N} \log p(x^{(m)})", kind="definition"
)
def test_the_loss_is_the_mean_surprise_at_the_examples(machine):
    log_p = -rbm.free_energy(machine, rows(X)) - rbm.log_partition(machine)
    assert -log_p.mean().item() == pytest.approx(nll(machine), rel=1e-10)


@pytest.mark.equation(
    "eq-nll-kl",
    r"\operatorname{NLL}(\theta) = \mathbb{H}(p_{\text{data}}) + D_{\mathrm{KL}}(p_{\text{data}} \,\Vert\, p)",
    kind="identity",
)
def test_the_loss_is_the_entropy_of_the_data_and_a_divergence(machine):
    p_data = torch.tensor([X.count(x) / len(X) for x in states(4)], dtype=torch.float64)
    p = torch.tensor(list(slow_marginal(machine).values()), dtype=torch.float64)
    total = exact.entropy(p_data) + exact.kl_divergence(p_data, p)
    assert total.item() == pytest.approx(nll(machine), rel=1e-10)
    assert nll(machine) > exact.entropy(p_data).item()


@pytest.mark.equation(
    "eq-nll-two-terms", r"-\log p(x) = -\log \sum_{h} e^{-E(x, h)} + \log Z", kind="identity"
)
def test_the_surprise_is_a_free_energy_and_log_z(machine):
    for x in X:
        assert minus_log_sum(machine, x) + log_z(machine) == pytest.approx(surprise(machine, x), rel=1e-10)
        package = rbm.free_energy(machine, rows([x]))[0] + rbm.log_partition(machine)
        assert package.item() == pytest.approx(surprise(machine, x), rel=1e-10)


@pytest.mark.equation(
    "eq-positive-chain-rule",
    r"\frac{\partial}{\partial \theta} \Big( -\log \sum_{h} e^{-E(x, h)} \Big) = \frac{\sum_{h} e^{-E(x, h)} \, \frac{\partial E(x, h)}{\partial \theta}}{\sum_{h'} e^{-E(x, h')}}",
    kind="identity",
)
def test_the_slope_of_the_first_term_is_a_ratio_of_sums(machine):
    for x in X[:2]:
        for name, place in entries(machine):
            found = slope(lambda m, x=x: minus_log_sum(m, x), machine, name, place)
            weights = {h: math.exp(-slow_energy(machine, x, h)) for h in states(3)}
            above = sum(w * energy_slope(machine, x, h, name, place) for h, w in weights.items())
            assert above / sum(weights.values()) == pytest.approx(found, abs=1e-8)


@pytest.mark.equation(
    "eq-positive-phase",
    r"\frac{\partial F(x)}{\partial \theta} = \sum_{h} p(h \mid x) \, \frac{\partial E(x, h)}{\partial \theta} = \mathbb{E}_{h \mid x}\left[ \frac{\partial E(x, h)}{\partial \theta} \right]",
    kind="identity",
)
def test_the_slope_of_the_free_energy_is_the_mean_slope_of_the_energy_given_x(machine):
    joint, marginal = slow_joint(machine), slow_marginal(machine)
    for x in X[:2]:
        package = rbm.phase(machine, rows([x]))
        for name, place in entries(machine):
            mean = sum(joint[x, h] / marginal[x] * energy_slope(machine, x, h, name, place) for h in states(3))
            assert -getattr(package, name)[place].item() == pytest.approx(mean, abs=1e-8)
            found = slope(lambda m, x=x: rbm.free_energy(m, rows([x])).item(), machine, name, place)
            assert found == pytest.approx(mean, abs=1e-8)


@pytest.mark.equation(
    "eq-negative-chain-rule",
    r"\frac{\partial \log Z}{\partial \theta} = -\frac{1}{Z} \sum_{x', h} e^{-E(x', h)} \, \frac{\partial E(x', h)}{\partial \theta}",
    kind="identity",
)
def test_the_slope_of_log_z_is_a_sum_over_all_states(machine):
    Z = math.exp(log_z(machine))
    for name, place in entries(machine)[::2]:
        total = sum(math.exp(-slow_energy(machine, x, h)) * energy_slope(machine, x, h, name, place)
                    for x in states(4) for h in states(3))
        assert -total / Z == pytest.approx(slope(log_z, machine, name, place), abs=1e-8)


@pytest.mark.equation(
    "eq-negative-phase",
    r"\frac{\partial \log Z}{\partial \theta} = -\sum_{x', h} p(x', h) \, \frac{\partial E(x', h)}{\partial \theta} = -\mathbb{E}_{x', h}\left[ \frac{\partial E(x', h)}{\partial \theta} \right]",
    kind="identity",
)
def test_the_slope_of_log_z_is_minus_the_mean_slope_of_the_energy(machine):
    joint, package = slow_joint(machine), rbm.model_phase(machine)
    for name, place in entries(machine):
        mean = sum(p * energy_slope(machine, x, h, name, place) for (x, h), p in joint.items())
        found = slope(lambda m: rbm.log_partition(m).item(), machine, name, place)
        assert found == pytest.approx(-mean, abs=1e-8)
        assert getattr(package, name)[place].item() == pytest.approx(-mean, abs=1e-8)


@pytest.mark.equation(
    "eq-nll-gradient",
    r"\frac{\partial (-\log p(x))}{\partial \theta} = \underbrace{\mathbb{E}_{h \mid x}\left[ \frac{\partial E(x, h)}{\partial \theta} \right]}_{\text{positive phase}} - \underbrace{\mathbb{E}_{x', h}\left[ \frac{\partial E(x', h)}{\partial \theta} \right]}_{\text{negative phase}}",
    kind="identity",
)
def test_the_gradient_is_the_positive_less_the_negative_phase(machine):
    joint, marginal = slow_joint(machine), slow_marginal(machine)
    x, package = X[0], rbm.log_likelihood_gradient(machine, rows(X[:1]))
    for name, place in entries(machine):
        slopes = {pair: energy_slope(machine, *pair, name, place) for pair in joint}
        positive = sum(joint[x, h] / marginal[x] * slopes[x, h] for h in states(3))
        negative = sum(p * slopes[pair] for pair, p in joint.items())
        found = slope(lambda m: surprise(m, x), machine, name, place)
        assert positive - negative == pytest.approx(found, abs=1e-7)
        assert -getattr(package, name)[place].item() == pytest.approx(found, abs=1e-7)


@pytest.mark.equation(
    "eq-nll-gradient-free-energy",
    r"\frac{\partial (-\log p(x))}{\partial \theta} = \frac{\partial F(x)}{\partial \theta} - \mathbb{E}_{x' \sim p}\left[ \frac{\partial F(x')}{\partial \theta} \right]",
    kind="identity",
)
def test_the_gradient_in_free_energies(machine):
    marginal, x = slow_marginal(machine), X[0]
    for name, place in entries(machine):
        slopes = {s: slope(lambda m, s=s: minus_log_sum(m, s), machine, name, place) for s in states(4)}
        mean = sum(marginal[s] * slopes[s] for s in states(4))
        found = slope(lambda m: surprise(m, x), machine, name, place)
        assert slopes[x] - mean == pytest.approx(found, abs=1e-7)


def all_energy_slopes(machine, name):
    """The derivative of the package's energy at every state by autograd, beside x and h."""
    for x in states(4):
        for h in states(3):
            parameter = getattr(machine, name).clone().requires_grad_()
            energy = rbm.energy(machine._replace(**{name: parameter}), rows([x]), rows([h])).sum()
            yield x, h, torch.autograd.grad(energy, parameter)[0]


@pytest.mark.equation(
    "eq-energy-slope-weight", r"\frac{\partial E(x, h)}{\partial W_{ji}} = -h_j \, x_i", kind="identity"
)
def test_a_weight_lowers_the_energy_where_both_ends_are_on(machine):
    for x, h, found in all_energy_slopes(machine, "W"):
        assert found.tolist() == [[-h_j * x_i for x_i in x] for h_j in h]


@pytest.mark.equation(
    "eq-energy-slope-hidden-bias", r"\frac{\partial E(x, h)}{\partial b_j} = -h_j", kind="identity"
)
def test_a_hidden_bias_lowers_the_energy_where_its_unit_is_on(machine):
    for _, h, found in all_energy_slopes(machine, "b"):
        assert found.tolist() == [-h_j for h_j in h]


@pytest.mark.equation(
    "eq-energy-slope-visible-bias", r"\frac{\partial E(x, h)}{\partial c_i} = -x_i", kind="identity"
)
def test_a_visible_bias_lowers_the_energy_where_its_unit_is_on(machine):
    for x, _, found in all_energy_slopes(machine, "c"):
        assert found.tolist() == [-x_i for x_i in x]


@pytest.mark.equation(
    "eq-positive-weight",
    r"\mathbb{E}_{h \mid x}\left[ \frac{\partial E(x, h)}{\partial W_{ji}} \right] = -\sum_{h_j \in \{0, 1\}} p(h_j \mid x) \, h_j \, x_i = -h_j(x) \, x_i",
    kind="identity",
)
def test_given_x_the_mean_slope_of_a_weight_is_minus_a_probability_times_a_pixel(machine):
    joint, marginal = slow_joint(machine), slow_marginal(machine)
    for x in X:
        on, package = hidden_on(machine, x), rbm.prob_h_given_x(machine, rows([x]))[0].tolist()
        for j in range(3):
            for i in range(4):
                mean = sum(joint[x, h] / marginal[x] * -(h[j] * x[i]) for h in states(3))
                both = -sum(p * h_j * x[i] for h_j, p in ((0, 1 - on[j]), (1, on[j])))
                assert mean == pytest.approx(both, abs=1e-12)
                assert mean == pytest.approx(-package[j] * x[i], abs=1e-10)


def gradient_oracle(machine, name, place):
    return -slope(nll, machine, name, place)


@pytest.mark.equation(
    "eq-gradient-weights",
    r"\frac{\partial}{\partial W} \, \frac{1}{N} \sum_{m} \log p(x^{(m)}) = \frac{1}{N} \sum_{m} h(x^{(m)}) \, x^{(m)\top} - \mathbb{E}_{x' \sim p}\left[ h(x') \, x'^\top \right]",
    kind="identity",
)
def test_the_gradient_of_the_weights_is_a_difference_of_outer_products(machine):
    marginal, package = slow_marginal(machine), rbm.log_likelihood_gradient(machine, rows(X)).W
    on = {x: hidden_on(machine, x) for x in states(4)}
    for j in range(3):
        for i in range(4):
            seen = sum(on[x][j] * x[i] for x in X) / len(X)
            dreamt = sum(p * on[x][j] * x[i] for x, p in marginal.items())
            assert seen - dreamt == pytest.approx(gradient_oracle(machine, "W", (j, i)), abs=1e-8)
            assert package[j, i].item() == pytest.approx(seen - dreamt, abs=1e-10)


@pytest.mark.equation(
    "eq-gradient-hidden-bias",
    r"\frac{\partial}{\partial b} \, \frac{1}{N} \sum_{m} \log p(x^{(m)}) = \frac{1}{N} \sum_{m} h(x^{(m)}) - \mathbb{E}_{x' \sim p}\left[ h(x') \right]",
    kind="identity",
)
def test_the_gradient_of_a_hidden_bias_is_a_difference_of_probabilities(machine):
    marginal, package = slow_marginal(machine), rbm.log_likelihood_gradient(machine, rows(X)).b
    on = {x: hidden_on(machine, x) for x in states(4)}
    for j in range(3):
        difference = sum(on[x][j] for x in X) / len(X) - sum(p * on[x][j] for x, p in marginal.items())
        assert difference == pytest.approx(gradient_oracle(machine, "b", j), abs=1e-8)
        assert package[j].item() == pytest.approx(difference, abs=1e-10)


@pytest.mark.equation(
    "eq-gradient-visible-bias",
    r"\frac{\partial}{\partial c} \, \frac{1}{N} \sum_{m} \log p(x^{(m)}) = \frac{1}{N} \sum_{m} x^{(m)} - \mathbb{E}_{x' \sim p}\left[ x' \right]",
    kind="identity",
)
def test_the_gradient_of_a_visible_bias_is_a_difference_of_pixels_and_not_zero(machine):
    marginal, package = slow_marginal(machine), rbm.log_likelihood_gradient(machine, rows(X)).c
    for i in range(4):
        difference = sum(x[i] for x in X) / len(X) - sum(p * x[i] for x, p in marginal.items())
        assert difference == pytest.approx(gradient_oracle(machine, "c", i), abs=1e-8)
        assert package[i].item() == pytest.approx(difference, abs=1e-10)
    assert package.abs().max() > 0.01


@pytest.mark.equation(
    "eq-negative-phase-swap",
    r"\mathbb{E}_{x' \sim p}\left[ h(x') \, x'^\top \right] = \mathbb{E}_{h \sim p}\left[ h \, x(h)^\top \right]",
    kind="identity",
)
def test_the_negative_phase_may_sum_over_either_layer(machine):
    joint = slow_joint(machine)
    over_x = torch.zeros(3, 4, dtype=torch.float64)
    for x, p in slow_marginal(machine).items():
        over_x += p * torch.outer(rbm.prob_h_given_x(machine, rows([x]))[0], rows(x))
    over_h = torch.zeros(3, 4, dtype=torch.float64)
    for h in states(3):
        p = sum(joint[x, h] for x in states(4))
        over_h += p * torch.outer(rows(h), (machine.c + machine.W.T @ rows(h)).sigmoid())
    assert over_x == pytest.approx(over_h, abs=1e-10)
    assert rbm.model_phase(machine).W == pytest.approx(over_x, abs=1e-10)
    swapped = rbm.model_phase(RBM(machine.W.T, machine.c, machine.b)).W.T
    assert swapped == pytest.approx(over_x, abs=1e-10)


@pytest.mark.equation(
    "eq-bars-bound", r"\frac{1}{14} \sum_{x \in \text{bars}} \log p(x) \le -\log 14", kind="bound"
)
def test_no_machine_does_better_on_the_bars_than_giving_each_a_fourteenth():
    bars = data.bars().train.double()
    assert len(bars) == 14
    generator, found = torch.Generator().manual_seed(0), []
    for scale in (0.0, 0.5, 2.0, 8.0):
        params = RBM(*(scale * torch.randn(*s, generator=generator, dtype=torch.float64) for s in ((8, 9), (8,), (9,))))
        found.append((-rbm.free_energy(params, bars) - rbm.log_partition(params)).mean().item())
    # one hidden unit a pattern, each on for its own pattern alone: almost the distribution itself
    sharp = RBM(60 * (2 * bars - 1), 30 - 60 * bars.sum(1), torch.zeros(9, dtype=torch.float64))
    found.append((-rbm.free_energy(sharp, bars) - rbm.log_partition(sharp)).mean().item())
    assert all(value <= -math.log(14) + 1e-12 for value in found)
    assert found[-1] == pytest.approx(-math.log(14), abs=1e-6)


@pytest.mark.equation(
    "eq-gradient-step",
    r"\theta \Leftarrow \theta + \alpha g, \qquad g = -\frac{\partial \operatorname{NLL}(\theta)}{\partial \theta}",
    kind="update",
)
def test_a_step_along_the_packages_gradient_is_a_step_down_the_loss(machine):
    gradient = rbm.log_likelihood_gradient(machine, rows(X))
    stepped = RBM(*(t + 0.1 * g for t, g in zip(machine, gradient, strict=True)))
    for name, place in entries(machine):
        expected = getattr(machine, name)[place].item() - 0.1 * slope(nll, machine, name, place)
        assert getattr(stepped, name)[place].item() == pytest.approx(expected, abs=1e-8)
    assert nll(stepped) < nll(machine)


@pytest.mark.equation(
    "eq-gradient-gain",
    r"\operatorname{NLL}(\theta + \alpha g) \approx \operatorname{NLL}(\theta) - \alpha \lVert g \rVert^2",
    kind="approximation",
)
def test_the_promise_of_a_step_is_wrong_by_the_square_of_the_learning_rate(machine):
    g = rbm.log_likelihood_gradient(machine, rows(X))
    square = sum(t.square().sum().item() for t in g)

    def error(rate):
        stepped = RBM(*(t + rate * u for t, u in zip(machine, g, strict=True)))
        return abs(nll(stepped) - (nll(machine) - rate * square))

    assert error(1e-3) < 1e-3 * square / 50
    assert error(2e-3) / error(1e-3) == pytest.approx(4, rel=0.02)


@pytest.fixture(scope="module")
def best():
    """The maximum of a likelihood with a finite one, found without any gradient of ours."""
    counts = dict(zip(states(2), (4, 1, 2, 3), strict=True))

    def machine(t):
        t = torch.tensor(t, dtype=torch.float64)
        return RBM(t[:2].reshape(1, 2), t[2:3], t[3:])

    def loss(t):
        marginal = slow_marginal(machine(t))
        return -sum(n * math.log(marginal[x]) for x, n in counts.items()) / 10

    found = minimize(loss, [0.4, 0.3, -0.2, 0.1, 0.2], method="BFGS", options={"gtol": 1e-9, "finite_diff_rel_step": 1e-7})
    return machine(found.x), [x for x, n in counts.items() for _ in range(n)]


@pytest.mark.equation(
    "eq-moment-matching-weights",
    r"\frac{1}{N} \sum_{m} h(x^{(m)}) \, x^{(m)\top} = \mathbb{E}_{x' \sim p}\left[ h(x') \, x'^\top \right]",
    kind="identity",
)
def test_at_the_best_parameters_both_phases_of_the_weights_agree(best):
    machine, x = best
    assert rbm.phase(machine, rows(x)).W == pytest.approx(rbm.model_phase(machine).W, abs=1e-5)
    elsewhere = shifted(machine, "W", (0, 0), 0.5)
    assert (rbm.phase(elsewhere, rows(x)).W - rbm.model_phase(elsewhere).W).abs().max() > 1e-3


@pytest.mark.equation(
    "eq-moment-matching-visible",
    r"\frac{1}{N} \sum_{m} x^{(m)} = \mathbb{E}_{x' \sim p}\left[ x' \right]",
    kind="identity",
)
def test_at_the_best_parameters_the_dreams_pixels_are_the_datas(best):
    machine, x = best
    marginal = slow_marginal(machine)
    dreamt = [sum(p * s[i] for s, p in marginal.items()) for i in range(2)]
    assert dreamt == pytest.approx(rows(x).mean(0).tolist(), abs=1e-5)
    assert rbm.model_phase(machine).c.tolist() == pytest.approx(dreamt, abs=1e-10)
