"""The equations of book/rbm/persistent_cd, against loops over all states, differences and the chain's matrix."""

import math
from functools import partial

import pytest
import torch
from enumeration import slow_energy, slow_joint, slow_marginal, states

from lecture_lib import exact, rbm, sampling
from lecture_lib.rbm import RBM

X = ((0, 1, 1, 0), (1, 1, 1, 0), (0, 1, 0, 1), (0, 1, 0, 1), (1, 0, 0, 0))
MEAN_X, MEAN_H = (0.4, 0.8, 0.3, 0.5), (0.7, 0.2, 0.55)  # any offsets will do
STEP = 1e-5


def tensor(values):
    return torch.tensor(values, dtype=torch.float64)


def slow_transition(machine):
    """T[x, x'] = sum_h p(h | x) p(x' | h), by counting in the joint."""
    joint = slow_joint(machine)
    of_x, of_h = slow_marginal(machine), {}
    for (_, h), p in joint.items():
        of_h[h] = of_h.get(h, 0.0) + p
    return tensor([
        [sum(joint[x, h] / of_x[x] * joint[y, h] / of_h[h] for h in states(3)) for y in states(4)] for x in states(4)
    ])


def probabilities(machine):
    return tensor(list(slow_marginal(machine).values()))


def stepped(machine, gradient, rate):
    return RBM(*(t + rate * g for t, g in zip(machine, gradient, strict=True)))


def some_distribution(seed):
    return torch.rand(16, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).pow(3).softmax(0)


# Persistent chains


@pytest.mark.equation(
    "eq-pcd-update",
    r"W \Leftarrow W + \alpha \Big( \frac{1}{N} \sum_{m=1}^{N} h(x^{(m)}) \, x^{(m)\top} - \frac{1}{S} \sum_{r=1}^{S} h(\tilde x^{(r)}) \, \tilde x^{(r)\top} \Big)",
    kind="update",
)
def test_the_update_is_outer_products_at_the_data_less_those_at_the_particles(machine):
    chains = sampling.Chains(tensor(X[:3]))
    gradient = rbm.pcd_gradient(machine, tensor(X), chains, 2, generator=torch.Generator().manual_seed(0))
    W, b, _ = (t.tolist() for t in machine)

    def mean_product(rows, j, i):
        on = [1 / (1 + math.exp(-b[j] - sum(w * v for w, v in zip(W[j], x, strict=True)))) for x in rows]
        return sum(h * x[i] for h, x in zip(on, rows, strict=True)) / len(rows)

    particles = chains.x.tolist()
    moved = stepped(machine, gradient, 0.3).W
    for j in range(3):
        for i in range(4):
            expected = W[j][i] + 0.3 * (mean_product(X, j, i) - mean_product(particles, j, i))
            assert moved[j, i].item() == pytest.approx(expected, abs=1e-12)


@pytest.mark.equation("eq-pcd-distribution", r"q_{\text{next}} = q \, T^k", kind="identity")
def test_the_particles_go_on_from_where_they_were(machine):
    T, k, n = slow_transition(machine), 2, 40_000
    chains = sampling.Chains(tensor([X[1]]).repeat(n, 1))
    place = states(4).index(X[1])
    q = torch.zeros(16, dtype=torch.float64)
    q[place] = 1
    generator = torch.Generator().manual_seed(0)
    for _ in range(2):  # two updates: the second starts where the first ended, not at X[1]
        rbm.pcd_gradient(machine, tensor(X), chains, k, generator=generator)
        for _ in range(k):
            q = tensor([sum(q[s] * T[s, t] for s in range(16)) for t in range(16)])
        counts = (chains.x @ tensor([8.0, 4, 2, 1])).long().bincount(minlength=16)
        error = (q * (1 - q) / n).sqrt()
        assert ((counts / n - q).abs() < 5 * error + 1e-9).all()


def contraction(T):
    return max(0.5 * (row - other).abs().sum().item() for row in T for other in T)


@pytest.mark.equation(
    "eq-pcd-contraction",
    r"D_{\mathrm{TV}}(q \, T^k, p) \le \rho \, D_{\mathrm{TV}}(q, p), \qquad \rho = \max_{x, x'} D_{\mathrm{TV}}\big( T^k(x, \cdot), T^k(x', \cdot) \big)",
    kind="bound",
)
def test_the_chain_brings_every_distribution_nearer_by_the_contraction(machine):
    p, T = probabilities(machine), slow_transition(machine)
    assert rbm.transition_matrix(machine) == pytest.approx(T, abs=1e-10)
    for k in (1, 2, 5):
        power = torch.linalg.matrix_power(T, k)
        rho = contraction(power)
        assert rho < 1
        for seed in range(5):
            q = some_distribution(seed)
            assert exact.total_variation(q @ power, p) <= rho * exact.total_variation(q, p) + 1e-12
    # it is reached: a chain on two states, of which the farther rows are the only two
    T2 = tensor([[0.9, 0.1], [0.3, 0.7]])
    p2, q2 = tensor([0.75, 0.25]), tensor([0.2, 0.8])
    assert exact.total_variation(q2 @ T2, p2).item() == pytest.approx(contraction(T2) * exact.total_variation(q2, p2).item())


@pytest.mark.equation(
    "eq-pcd-drift",
    r"D_{\mathrm{TV}}(q \, T^k, p_{\text{new}}) \le \rho \, D_{\mathrm{TV}}(q, p) + D_{\mathrm{TV}}(p, p_{\text{new}})",
    kind="bound",
)
def test_the_new_gap_is_what_is_left_of_the_old_one_and_the_move_of_the_model(machine):
    p, T = probabilities(machine), slow_transition(machine)
    for seed in range(5):
        q = some_distribution(seed)
        noise = rbm.init(4, 3, generator=torch.Generator().manual_seed(seed))
        p_new = probabilities(stepped(machine, [30 * t.double() for t in noise], 1))
        bound = contraction(T) * exact.total_variation(q, p) + exact.total_variation(p, p_new)
        assert exact.total_variation(q @ T, p_new) <= bound + 1e-12
        assert exact.total_variation(p, p_new) > 1e-3
    # p itself as q: the whole gap is the move
    assert exact.total_variation(p @ T, p_new).item() == pytest.approx(exact.total_variation(p, p_new).item(), abs=1e-12)


@pytest.mark.equation("eq-pcd-steady", r"D_{\mathrm{TV}}(q, p) \le \frac{d}{1 - \rho}", kind="bound")
def test_the_particles_stay_within_the_drift_over_what_the_chain_closes(machine):
    machine = RBM(*(0.3 * t for t in machine))  # weights at which rho is not close to 1
    p = q = probabilities(machine)
    moves, rhos, gaps = [], [], []
    for _ in range(30):
        T = slow_transition(machine)
        q = q @ T
        own = [sum(w * part for w, part in zip(q, parts, strict=True)) for parts in zip(
            *(rbm.phase(machine, tensor([x])) for x in states(4)), strict=True)]
        gradient = [up - down for up, down in zip(rbm.phase(machine, tensor(X)), own, strict=True)]
        machine = stepped(machine, gradient, 0.3)
        p_new = probabilities(machine)
        moves.append(exact.total_variation(p, p_new).item())
        rhos.append(contraction(T))
        p = p_new
        gaps.append(exact.total_variation(q, p).item())
    assert max(gaps) <= max(moves) / (1 - max(rhos)) + 1e-12
    assert max(gaps) > 0.2 * max(moves)


@pytest.mark.equation(
    "eq-pcd-drift-rate",
    r"D_{\mathrm{TV}}(p, p_{\theta + \alpha g}) \approx \frac{\alpha}{2} \, \mathbb{E}_{x \sim p} \left| \sum_{\theta} g_\theta \, \frac{\partial \log p(x)}{\partial \theta} \right|",
    kind="approximation",
)
def test_the_model_moves_in_proportion_to_the_learning_rate(machine):
    g = rbm.log_likelihood_gradient(machine, tensor(X))
    p, x = probabilities(machine), exact.binary_states(4)

    def log_p(rate):
        moved = stepped(machine, g, rate)
        return -rbm.free_energy(moved, x) - rbm.log_partition(moved)

    slopes = (log_p(STEP) - log_p(-STEP)) / (2 * STEP)
    promised = 0.5 * (p @ slopes.abs()).item()

    def error(rate):
        return abs(exact.total_variation(p, probabilities(stepped(machine, g, rate))).item() - rate * promised)

    assert error(1e-3) < 0.01 * 1e-3 * promised
    assert error(1e-4) < 0.2 * error(1e-3)


# The centred gradient


def centred_energy(W, b, c, x, h):
    """E'(x, h) with every sum of the definition as a loop; b and c are b' and c'."""
    dx = [x_i - m for x_i, m in zip(x, MEAN_X, strict=True)]
    dh = [h_j - m for h_j, m in zip(h, MEAN_H, strict=True)]
    return (
        -sum(dh[j] * W[j][i] * dx[i] for j in range(3) for i in range(4))
        - sum(c[i] * dx[i] for i in range(4))
        - sum(b[j] * dh[j] for j in range(3))
    )


def primed(machine):
    """b' = b + W mean_x and c' = c + W^T mean_h, as lists beside W."""
    W, b, c = (t.tolist() for t in machine)
    b_primed = [b[j] + sum(W[j][i] * MEAN_X[i] for i in range(4)) for j in range(3)]
    c_primed = [c[i] + sum(W[j][i] * MEAN_H[j] for j in range(3)) for i in range(4)]
    return W, b_primed, c_primed


def pairs():
    return [(x, h) for x in states(4) for h in states(3)]


@pytest.mark.equation(
    "eq-centred-energy",
    r"E'(x, h) = -(h - \bar h)^\top W (x - \bar x) - c'^\top (x - \bar x) - b'^\top (h - \bar h)",
    kind="definition",
)
def test_the_centred_energy_in_vectors_is_the_loop(machine):
    W, b, c = machine
    for x, h in pairs():
        dx, dh = tensor(x) - tensor(MEAN_X), tensor(h) - tensor(MEAN_H)
        found = -dh @ W @ dx - c @ dx - b @ dh
        assert found.item() == pytest.approx(centred_energy(W.tolist(), b.tolist(), c.tolist(), x, h), abs=1e-12)


@pytest.mark.equation(
    "eq-centred-multiplied",
    r"E'(x, h) = E'(0, 0) - h^\top W x - (c' - W^\top \bar h)^\top x - (b' - W \bar x)^\top h",
    kind="identity",
)
def test_multiplied_out_the_offsets_stand_beside_the_biases(machine):
    W, b, c = machine
    lists = [t.tolist() for t in machine]
    nothing = centred_energy(*lists, (0,) * 4, (0,) * 3)
    plain = RBM(W, b - W @ tensor(MEAN_X), c - W.T @ tensor(MEAN_H))
    for x, h in pairs():
        assert nothing + slow_energy(plain, x, h) == pytest.approx(centred_energy(*lists, x, h), abs=1e-11)


@pytest.mark.equation(
    "eq-centred-biases", r"b = b' - W \bar x, \qquad c = c' - W^\top \bar h", kind="identity"
)
def test_an_rbm_in_centred_coordinates_has_its_own_energy_and_a_constant(machine):
    lists = primed(machine)
    differences = [
        centred_energy(*lists, x, h) - rbm.energy(machine, tensor([x]), tensor([h])).item() for x, h in pairs()
    ]
    assert differences == pytest.approx([differences[0]] * len(differences), abs=1e-11)


@pytest.mark.equation("eq-centred-same-model", r"p'(x, h) = p(x, h)", kind="identity")
def test_the_constant_cancels_in_the_probability(machine):
    lists, joint = primed(machine), slow_joint(machine)
    weights = {pair: math.exp(-centred_energy(*lists, *pair)) for pair in pairs()}
    Z = math.fsum(weights.values())
    for pair, weight in weights.items():
        assert weight / Z == pytest.approx(joint[pair], rel=1e-10)


def slope(function, lists, name, place):
    """Derivative of function(W, b', c') by central differences."""
    found = []
    for by in (STEP, -STEP):
        W, b, c = [list(row) for row in lists[0]], list(lists[1]), list(lists[2])
        target = {"W": W[place[0]], "b": b, "c": c}[name]
        target[place[-1]] += by
        found.append(function(W, b, c))
    return (found[0] - found[1]) / (2 * STEP)


@pytest.mark.equation(
    "eq-centred-slope-weight",
    r"\frac{\partial E'(x, h)}{\partial W_{ji}} = -(h_j - \bar h_j)(x_i - \bar x_i)",
    kind="identity",
)
def test_a_centred_link_sees_deviations_at_both_ends(machine):
    lists = primed(machine)
    for x, h in pairs()[::5]:
        for j in range(3):
            for i in range(4):
                found = slope(partial(centred_energy, x=x, h=h), lists, "W", (j, i))
                assert found == pytest.approx(-(h[j] - MEAN_H[j]) * (x[i] - MEAN_X[i]), abs=1e-8)


@pytest.mark.equation(
    "eq-centred-slope-hidden-bias", r"\frac{\partial E'(x, h)}{\partial b'_j} = -(h_j - \bar h_j)", kind="identity"
)
def test_a_centred_hidden_bias_sees_the_deviation_of_its_unit(machine):
    lists = primed(machine)
    for x, h in pairs()[::5]:
        for j in range(3):
            found = slope(partial(centred_energy, x=x, h=h), lists, "b", (0, j))
            assert found == pytest.approx(-(h[j] - MEAN_H[j]), abs=1e-8)


@pytest.mark.equation(
    "eq-centred-slope-visible-bias", r"\frac{\partial E'(x, h)}{\partial c'_i} = -(x_i - \bar x_i)", kind="identity"
)
def test_a_centred_visible_bias_sees_the_deviation_of_its_unit(machine):
    lists = primed(machine)
    for x, h in pairs()[::5]:
        for i in range(4):
            found = slope(partial(centred_energy, x=x, h=h), lists, "c", (0, i))
            assert found == pytest.approx(-(x[i] - MEAN_X[i]), abs=1e-8)


def centred_log_likelihood(W, b, c):
    weights = {pair: math.exp(-centred_energy(W, b, c, *pair)) for pair in pairs()}
    Z = math.fsum(weights.values())
    return sum(math.log(sum(weights[x, h] for h in states(3)) / Z) for x in X) / len(X)


def by_differences(machine):
    """The gradient of the mean log-likelihood with respect to W, b' and c', offsets held."""
    lists = primed(machine)
    W = [[slope(centred_log_likelihood, lists, "W", (j, i)) for i in range(4)] for j in range(3)]
    b = [slope(centred_log_likelihood, lists, "b", (0, j)) for j in range(3)]
    c = [slope(centred_log_likelihood, lists, "c", (0, i)) for i in range(4)]
    return RBM(tensor(W), tensor(b), tensor(c))


@pytest.mark.equation(
    "eq-centred-gradient-biases", r"G'_{b} = G_b, \qquad G'_{c} = G_c", kind="identity"
)
def test_the_offsets_cancel_in_the_gradients_of_the_biases(machine):
    found, plain = by_differences(machine), rbm.log_likelihood_gradient(machine, tensor(X))
    assert found.b == pytest.approx(plain.b, abs=1e-8)
    assert found.c == pytest.approx(plain.c, abs=1e-8)


@pytest.mark.equation(
    "eq-centred-gradient-weights",
    r"G'_W = \frac{1}{N} \sum_{m} (h(x^{(m)}) - \bar h)(x^{(m)} - \bar x)^\top - \mathbb{E}_{x' \sim p}\left[ (h(x') - \bar h)(x' - \bar x)^\top \right]",
    kind="identity",
)
def test_the_centred_gradient_of_the_weights_is_a_difference_of_products_of_deviations(machine):
    found, joint, marginal = by_differences(machine).W, slow_joint(machine), slow_marginal(machine)
    on = {x: [sum(joint[x, h] for h in states(3) if h[j]) / marginal[x] for j in range(3)] for x in states(4)}
    for j in range(3):
        for i in range(4):
            product = {x: (on[x][j] - MEAN_H[j]) * (x[i] - MEAN_X[i]) for x in states(4)}
            expected = sum(product[x] for x in X) / len(X) - sum(marginal[x] * product[x] for x in states(4))
            assert found[j, i].item() == pytest.approx(expected, abs=1e-8)


@pytest.mark.equation(
    "eq-centred-gradient-expanded", r"G'_W = G_W - \bar h \, G_c^\top - G_b \, \bar x^\top", kind="identity"
)
def test_the_centred_gradient_in_terms_of_the_plain_one(machine):
    plain = rbm.log_likelihood_gradient(machine, tensor(X))
    written = plain.W - torch.outer(tensor(MEAN_H), plain.c) - torch.outer(plain.b, tensor(MEAN_X))
    assert written == pytest.approx(by_differences(machine).W, abs=1e-8)
    assert rbm.centered(plain, tensor(MEAN_X), tensor(MEAN_H)).W == pytest.approx(written, abs=1e-12)


def step_in_centred_coordinates(machine, rate):
    """A step of W, b' and c', and the plain biases that belong to its end."""
    gradient = by_differences(machine)
    W, b, c = (tensor(part) + rate * g for part, g in zip(primed(machine), gradient, strict=True))
    return RBM(W, b - W @ tensor(MEAN_X), c - W.T @ tensor(MEAN_H))


@pytest.mark.equation(
    "eq-centred-step-hidden-bias", r"\Delta b = \alpha \, (G_b - G'_W \, \bar x)", kind="update"
)
def test_the_hidden_bias_makes_the_step_of_the_centred_model(machine):
    plain = rbm.log_likelihood_gradient(machine, tensor(X))
    package = stepped(machine, rbm.centered(plain, tensor(MEAN_X), tensor(MEAN_H)), 0.3)
    expected = step_in_centred_coordinates(machine, 0.3)
    assert package.b == pytest.approx(expected.b, abs=1e-8)
    delta = 0.3 * (plain.b - by_differences(machine).W @ tensor(MEAN_X))
    assert machine.b + delta == pytest.approx(expected.b, abs=1e-8)


@pytest.mark.equation(
    "eq-centred-step-visible-bias", r"\Delta c = \alpha \, (G_c - G'^\top_W \, \bar h)", kind="update"
)
def test_the_visible_bias_makes_the_step_of_the_centred_model(machine):
    plain = rbm.log_likelihood_gradient(machine, tensor(X))
    package = stepped(machine, rbm.centered(plain, tensor(MEAN_X), tensor(MEAN_H)), 0.3)
    expected = step_in_centred_coordinates(machine, 0.3)
    assert package.c == pytest.approx(expected.c, abs=1e-8)
    assert package.W == pytest.approx(expected.W, abs=1e-8)
    delta = 0.3 * (plain.c - by_differences(machine).W.T @ tensor(MEAN_H))
    assert machine.c + delta == pytest.approx(expected.c, abs=1e-8)


def negative(machine):
    W, b, c = machine
    return RBM(-W, b + W @ torch.ones(4, dtype=torch.float64), -c)


@pytest.mark.equation(
    "eq-flip-visible", r"p_{(-W, \; b + W1, \; -c)}(1 - x) = p_{(W, \; b, \; c)}(x)", kind="identity"
)
def test_the_negatives_machine_gives_the_negative_the_same_probability(machine):
    marginal, turned = slow_marginal(machine), slow_marginal(negative(machine))
    for x, p in marginal.items():
        assert turned[tuple(1 - v for v in x)] == pytest.approx(p, rel=1e-10)


@pytest.mark.equation(
    "eq-plain-flip", r"G_W^{\text{neg}} = -G_W + G_b \, 1^\top", kind="identity"
)
def test_the_plain_gradient_of_the_negative_is_wrong_by_the_hidden_biases(machine):
    plain = rbm.log_likelihood_gradient(machine, tensor(X))
    turned = rbm.log_likelihood_gradient(negative(machine), 1 - tensor(X))
    assert turned.W == pytest.approx(-plain.W + plain.b[:, None].expand(3, 4), abs=1e-10)
    assert (turned.W + plain.W).abs().max() > 0.01


@pytest.mark.equation("eq-centred-flip", r"G'^{\,\text{neg}}_W = -G'_W", kind="identity")
def test_the_centred_step_of_the_negatives_machine_is_the_negative_of_the_step(machine):
    offsets = tensor(MEAN_X), tensor(MEAN_H)
    step = rbm.centered(rbm.log_likelihood_gradient(machine, tensor(X)), *offsets)
    of_negative = rbm.log_likelihood_gradient(negative(machine), 1 - tensor(X))
    turned = rbm.centered(of_negative, 1 - offsets[0], offsets[1])
    assert turned.W == pytest.approx(-step.W, abs=1e-12)
    assert turned.b == pytest.approx(step.b + step.W.sum(1), abs=1e-12)
    assert turned.c == pytest.approx(-step.c, abs=1e-12)
    for found, expected in zip(stepped(negative(machine), turned, 0.7), negative(stepped(machine, step, 0.7)), strict=True):
        assert found == pytest.approx(expected, abs=1e-12)
