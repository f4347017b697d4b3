"""The equations of book/rbm/model, against loops over units, links and states."""

import itertools
import math

import pytest
import torch
from enumeration import slow_energy, slow_joint, states

from lecture_lib import exact, rbm
from lecture_lib.rbm import RBM


def row(state):
    return torch.tensor([state], dtype=torch.float64)


def general_machine(seed, n=6):
    """A symmetric A with a zero diagonal, and a."""
    generator = torch.Generator().manual_seed(seed)
    upper = torch.randn(n, n, generator=generator, dtype=torch.float64).triu(1)
    return upper + upper.T, torch.randn(n, generator=generator, dtype=torch.float64)


def pair_energy(A, a, u):
    """The energy of a general machine, each pair of units once."""
    pairs = itertools.combinations(range(len(u)), 2)
    return -sum(A[m][n] * u[m] * u[n] for m, n in pairs) - sum(
        a_n * u_n for a_n, u_n in zip(a, u, strict=True)
    )


@pytest.mark.equation(
    "eq-boltzmann-machine-energy",
    r"E(u) = -\sum_{m < n} A_{mn} u_m u_n - \sum_n a_n u_n = -\tfrac{1}{2} u^\top A u - a^\top u",
    kind="identity",
)
@pytest.mark.parametrize("seed", range(3))
def test_each_pair_once_is_half_of_the_quadratic_form(seed):
    A, a = general_machine(seed)
    for u in states(6):
        v = row(u)[0]
        quadratic = -0.5 * v @ A @ v - a @ v
        assert quadratic.item() == pytest.approx(pair_energy(A.tolist(), a.tolist(), u), abs=1e-12)


@pytest.mark.equation(
    "eq-rbm-links-removed",
    r"\frac{(D + H)(D + H - 1)}{2} = D H + \frac{D (D - 1)}{2} + \frac{H (H - 1)}{2}",
    kind="identity",
)
@pytest.mark.parametrize("D, H", [(4, 3), (1, 1), (7, 2), (5, 11)])
def test_all_pairs_are_those_between_the_layers_and_those_inside_them(D, H):
    pairs = list(itertools.combinations([("x", i) for i in range(D)] + [("h", j) for j in range(H)], 2))
    between = sum(first[0] != second[0] for first, second in pairs)
    inside_x = sum(first[0] == second[0] == "x" for first, second in pairs)
    inside_h = sum(first[0] == second[0] == "h" for first, second in pairs)
    assert len(pairs) == (D + H) * (D + H - 1) // 2
    assert (between, inside_x, inside_h) == (D * H, D * (D - 1) // 2, H * (H - 1) // 2)
    assert len(pairs) == between + inside_x + inside_h


@pytest.mark.equation(
    "eq-rbm-inside-boltzmann-machine",
    r"A = \begin{pmatrix} 0 & W^\top \\ W & 0 \end{pmatrix}, \quad a = \begin{pmatrix} c \\ b \end{pmatrix} "
    r"\quad \Rightarrow \quad E(u) = E(x, h)",
    kind="identity",
)
def test_a_machine_without_links_inside_a_layer_has_the_energy_of_the_rbm(machine):
    W, b, c = machine
    A = torch.cat([
        torch.cat([torch.zeros(4, 4, dtype=W.dtype), W.T], 1),
        torch.cat([W, torch.zeros(3, 3, dtype=W.dtype)], 1),
    ])
    a = torch.cat([c, b])
    for x in states(4):
        for h in states(3):
            expected = rbm.energy(machine, row(x), row(h)).item()
            assert pair_energy(A.tolist(), a.tolist(), x + h) == pytest.approx(expected, abs=1e-12)


@pytest.mark.equation("eq-rbm-energy", r"E(x, h) = -h^\top W x - c^\top x - b^\top h", kind="definition")
def test_the_energy_of_the_package_is_the_formula_in_vectors(machine):
    W, b, c = machine
    for x in states(4):
        for h in states(3):
            u, g = row(x)[0], row(h)[0]
            expected = -(g @ (W @ u)) - c @ u - b @ g
            assert rbm.energy(machine, row(x), row(h)).item() == pytest.approx(expected.item(), abs=1e-12)


@pytest.mark.equation(
    "eq-rbm-energy-sums",
    r"E(x, h) = -\sum_{j=1}^{H} \sum_{i=1}^{D} h_j W_{ji} x_i - \sum_{i=1}^{D} c_i x_i - \sum_{j=1}^{H} b_j h_j",
    kind="identity",
)
def test_the_energy_is_a_sum_over_links_and_units(machine):
    for x in states(4):
        for h in states(3):
            expected = slow_energy(machine, x, h)
            assert rbm.energy(machine, row(x), row(h)).item() == pytest.approx(expected, abs=1e-12)


@pytest.mark.equation("eq-rbm-joint", r"p(x, h) = \frac{e^{-E(x, h)}}{Z}", kind="identity")
def test_the_joint_is_the_boltzmann_distribution_of_the_energy(machine):
    joint = slow_joint(machine)
    p = exact.probabilities(lambda u: rbm.energy(machine, u[:, :4], u[:, 4:]), 7)
    assert p.tolist() == pytest.approx([joint[u[:4], u[4:]] for u in states(7)], rel=1e-10)
    log_p = -rbm.energy(machine, *exact.binary_states(7).split([4, 3], 1)) - rbm.log_partition(machine)
    assert log_p.exp().tolist() == pytest.approx(p.tolist(), rel=1e-10)


@pytest.mark.equation(
    "eq-rbm-partition",
    r"Z = \sum_{x \in \{0,1\}^D} \; \sum_{h \in \{0,1\}^H} e^{-E(x, h)}",
    kind="identity",
)
def test_the_partition_function_is_the_sum_over_all_pairs(machine):
    total = 0.0
    for x in states(4):
        for h in states(3):
            total += math.exp(-slow_energy(machine, x, h))
    assert rbm.log_partition(machine).exp().item() == pytest.approx(total, rel=1e-10)


@pytest.mark.equation(
    "eq-rbm-energy-difference",
    r"\log \frac{p(x, h)}{p(x', h')} = E(x', h') - E(x, h)",
    kind="identity",
)
def test_log_ratios_of_probabilities_are_differences_of_energies(machine):
    joint = slow_joint(machine)
    pairs = list(joint)
    for first, second in zip(pairs, pairs[37:] + pairs[:37], strict=True):
        (x, h), (x_, h_) = first, second
        difference = rbm.energy(machine, row(x_), row(h_)) - rbm.energy(machine, row(x), row(h))
        assert math.log(joint[first] / joint[second]) == pytest.approx(difference.item(), abs=1e-9)


@pytest.mark.equation(
    "eq-rbm-vector-potentials",
    r"\psi_{xh}(x, h) = e^{h^\top W x}, \qquad \psi_x(x) = e^{c^\top x}, \qquad \psi_h(h) = e^{b^\top h}",
    kind="definition",
)
@pytest.mark.equation(
    "eq-rbm-vector-factors",
    r"e^{-E(x, h)} = \psi_{xh}(x, h) \, \psi_x(x) \, \psi_h(h)",
    kind="identity",
)
def test_the_boltzmann_factor_is_a_product_of_three_potentials_of_vectors(machine):
    W, b, c = machine
    for x in states(4):
        for h in states(3):
            u, g = row(x)[0], row(h)[0]
            psi_xh, psi_x, psi_h = (g @ W @ u).exp(), (c @ u).exp(), (b @ g).exp()
            expected = math.exp(-slow_energy(machine, x, h))
            assert (psi_xh * psi_x * psi_h).item() == pytest.approx(expected, rel=1e-10)
            # each potential is what is left of the factor when the other terms are absent
            alone = [RBM(W, 0 * b, 0 * c), RBM(0 * W, 0 * b, c), RBM(0 * W, b, 0 * c)]
            for psi, part in zip((psi_xh, psi_x, psi_h), alone, strict=True):
                assert psi.item() == pytest.approx(math.exp(-slow_energy(part, x, h)), rel=1e-10)


@pytest.mark.equation(
    "eq-rbm-scalar-potentials",
    r"\psi_{ji}(h_j, x_i) = e^{h_j W_{ji} x_i}, \qquad \psi_i(x_i) = e^{c_i x_i}, \qquad \psi_j(h_j) = e^{b_j h_j}",
    kind="definition",
)
@pytest.mark.equation(
    "eq-rbm-scalar-factors",
    r"e^{-E(x, h)} = \prod_{j=1}^{H} \prod_{i=1}^{D} \psi_{ji}(h_j, x_i) \; \prod_{i=1}^{D} \psi_i(x_i) "
    r"\; \prod_{j=1}^{H} \psi_j(h_j)",
    kind="identity",
)
def test_the_boltzmann_factor_is_a_product_over_links_and_units(machine):
    W, b, c = (t.tolist() for t in machine)
    for x in states(4):
        for h in states(3):
            product = 1.0
            for j in range(3):
                for i in range(4):
                    product *= math.exp(h[j] * W[j][i] * x[i])
            for i in range(4):
                product *= math.exp(c[i] * x[i])
            for j in range(3):
                product *= math.exp(b[j] * h[j])
            energy = rbm.energy(machine, row(x), row(h)).item()
            assert product == pytest.approx(math.exp(-energy), rel=1e-10)


@pytest.mark.equation("eq-rbm-parameter-count", r"D H + D + H \;\le\; 2^{D + H} - 1", kind="bound")
def test_an_rbm_has_fewer_numbers_than_the_table_of_its_states_from_three_units_on():
    for D in range(1, 8):
        for H in range(1, 8):
            machine = rbm.init(D, H, generator=torch.Generator().manual_seed(0))
            numbers = sum(t.numel() for t in machine)
            assert numbers == D * H + D + H
            table = len(states(D + H)) - 1
            assert numbers < table if D + H > 2 else numbers == table == 3


@pytest.mark.equation(
    "eq-rbm-swap-layers", r"E_{W, b, c}(x, h) = E_{W^\top, c, b}(h, x)", kind="identity"
)
def test_swapping_the_layers_transposes_the_weights(machine):
    W, b, c = machine
    swapped = RBM(W.T, c, b)
    for x in states(4):
        for h in states(3):
            energy = slow_energy(machine, x, h)
            assert rbm.energy(swapped, row(h), row(x)).item() == pytest.approx(energy, abs=1e-12)
    assert rbm.log_partition(swapped).item() == pytest.approx(rbm.log_partition(machine).item())


@pytest.mark.equation(
    "eq-rbm-rename-hidden", r"E_{PW, \, Pb, \, c}(x, P h) = E_{W, b, c}(x, h)", kind="identity"
)
def test_renaming_the_hidden_units_changes_no_energy(machine):
    W, b, c = machine
    for order in itertools.permutations(range(3)):
        P = torch.eye(3, dtype=W.dtype)[list(order)]
        renamed = RBM(P @ W, P @ b, c)
        for x in states(4):
            for h in states(3):
                Ph = tuple(h[k] for k in order)
                assert rbm.energy(renamed, row(x), row(Ph)).item() == pytest.approx(
                    slow_energy(machine, x, h), abs=1e-12
                )


@pytest.mark.equation(
    "eq-rbm-flip-terms",
    r"-h_j (b_j + W_j x) = -b_j - W_j x + \bar h_j (b_j + W_j x)",
    kind="identity",
)
def test_the_terms_of_one_hidden_unit_in_its_opposite(machine):
    W, b, _ = (t.tolist() for t in machine)
    for x in states(4):
        for j in range(3):
            t = b[j] + sum(w * x_i for w, x_i in zip(W[j], x, strict=True))
            for h_j in (0, 1):
                opposite = int(h_j == 0)
                assert -h_j * t == pytest.approx(-b[j] - (t - b[j]) + opposite * t, abs=1e-12)


@pytest.mark.equation(
    "eq-rbm-flip-hidden",
    r"E_{W, b, c}(x, h) = E_{\bar W, \bar b, \bar c}(x, \bar h) - b_j, \qquad \bar W_j = -W_j, "
    r"\quad \bar b_j = -b_j, \quad \bar c = c + W_j^\top",
    kind="identity",
)
@pytest.mark.parametrize("j", range(3))
def test_flipping_a_hidden_unit_moves_its_row_into_the_visible_biases(machine, j):
    W, b, c = (t.clone() for t in machine)
    sign = torch.ones(3, dtype=W.dtype)
    sign[j] = -1
    flipped = RBM(sign[:, None] * W, sign * b, c + W[j])
    for x in states(4):
        for h in states(3):
            opposite = tuple(1 - v if unit == j else v for unit, v in enumerate(h))
            expected = slow_energy(machine, x, h)
            assert slow_energy(flipped, x, opposite) - b[j].item() == pytest.approx(expected, abs=1e-12)
    x = exact.binary_states(4)  # and p(x) is what it was
    before = -rbm.free_energy(machine, x) - rbm.log_partition(machine)
    after = -rbm.free_energy(flipped, x) - rbm.log_partition(flipped)
    assert after.tolist() == pytest.approx(before.tolist(), abs=1e-10)


def spin_parameters(machine):
    """The parameters of the +-1 form as correlations of -E with spins: no algebra of the page in it.

    Over all states, products of different spins are orthogonal, so that the coefficient
    of s_i in -E is the mean of -E s_i, and so on.
    """
    terms = [
        (-slow_energy(machine, x, h), [2 * v - 1 for v in x], [2 * v - 1 for v in h])
        for x in states(4) for h in states(3)
    ]
    n = len(terms)
    W = [[math.fsum(e * s[i] * r[j] for e, s, r in terms) / n for i in range(4)] for j in range(3)]
    c = [math.fsum(e * s[i] for e, s, _ in terms) / n for i in range(4)]
    b = [math.fsum(e * r[j] for e, _, r in terms) / n for j in range(3)]
    constant = -math.fsum(e for e, _, _ in terms) / n
    return W, b, c, constant


@pytest.mark.equation(
    "eq-rbm-spins",
    r"E(x, h) = E_0 - r^\top W^{\pm} s - (c^{\pm})^\top s - (b^{\pm})^\top r",
    kind="identity",
)
def test_in_spins_the_energy_has_the_same_form(machine):
    W, b, c, constant = spin_parameters(machine)
    for x in states(4):
        for h in states(3):
            s, r = [2 * v - 1 for v in x], [2 * v - 1 for v in h]
            energy = constant - sum(r[j] * W[j][i] * s[i] for j in range(3) for i in range(4))
            energy -= sum(c[i] * s[i] for i in range(4)) + sum(b[j] * r[j] for j in range(3))
            assert rbm.energy(machine, row(x), row(h)).item() == pytest.approx(energy, abs=1e-10)


@pytest.mark.equation(
    "eq-rbm-spin-parameters",
    r"W^{\pm} = \tfrac{1}{4} W, \qquad c^{\pm} = \tfrac{1}{2} c + \tfrac{1}{4} W^\top \mathbf{1}, "
    r"\qquad b^{\pm} = \tfrac{1}{2} b + \tfrac{1}{4} W \mathbf{1}",
    kind="identity",
)
def test_the_parameters_of_the_spins_follow_from_those_of_the_units(machine):
    W, b, c = machine
    spin_W, spin_b, spin_c, _ = spin_parameters(machine)
    assert torch.tensor(spin_W, dtype=W.dtype) == pytest.approx(W / 4, abs=1e-10)
    assert spin_c == pytest.approx((c / 2 + W.T @ torch.ones(3, dtype=W.dtype) / 4).tolist(), abs=1e-10)
    assert spin_b == pytest.approx((b / 2 + W @ torch.ones(4, dtype=W.dtype) / 4).tolist(), abs=1e-10)
