"""The equations of book/energy/energy_based_models, against sums over all states as loops."""

import itertools
import math

import pytest
import torch
from enumeration import states
from scipy import stats

from lecture_lib import exact, graph, sampling
from lecture_lib.distributions import bernoulli_sample

A, B, C, D, E, F = range(6)
EDGES = ((A, B), (B, C), (A, D), (B, E), (E, F))


def random_graph(seed, edges=EDGES):
    generator = torch.Generator().manual_seed(seed)
    tables = torch.randn(len(edges), 2, 2, generator=generator, dtype=torch.float64)
    return graph.GraphEnergy(edges, tables)


@pytest.fixture(params=range(3))
def energy(request):
    """The six units of the lecture with random tables."""
    return random_graph(request.param)


def slow_energy(energy, x):
    """One entry of the table of each edge, in a loop."""
    tables = energy.tables.tolist()
    return math.fsum(tables[e][x[i]][x[j]] for e, (i, j) in enumerate(energy.edges))


def slow_p(energy, tau=1.0):
    """p of each state, a dictionary, by dividing Boltzmann factors by their sum."""
    weights = {x: math.exp(-slow_energy(energy, x) / tau) for x in states(6)}
    Z = math.fsum(weights.values())
    return {x: weight / Z for x, weight in weights.items()}


def row(x):
    return torch.tensor([x], dtype=torch.float64)


def with_unit(x, i, value):
    return (*x[:i], value, *x[i + 1 :])


def psi(energy, e):
    """The potential of edge e as a function of its two units."""
    return lambda u, v: math.exp(-energy.tables[e, u, v].item())


def package_p(energy):
    return exact.probabilities(energy, 6).tolist()


@pytest.mark.equation("eq-unnormalised", r"\tilde p(x) = e^{-E(x)} > 0", kind="definition")
def test_the_exponential_of_minus_any_energy_is_positive(energy):
    weights = (-100 * energy(exact.binary_states(6))).exp()
    assert (weights > 0).all()
    for x, weight in zip(states(6), (-energy(exact.binary_states(6))).exp().tolist(), strict=True):
        assert weight == pytest.approx(math.exp(-slow_energy(energy, x)))


@pytest.mark.equation(
    "eq-partition-function", r"Z = \sum_{x \in \{0,1\}^n} e^{-E(x)}", kind="definition"
)
def test_z_is_the_sum_of_all_boltzmann_factors(energy):
    Z = math.fsum(math.exp(-slow_energy(energy, x)) for x in states(6))
    assert exact.log_partition(energy, 6).item() == pytest.approx(math.log(Z), abs=1e-12)


@pytest.mark.equation(
    "eq-boltzmann", r"p(x) = \frac{\tilde p(x)}{Z} = \frac{e^{-E(x)}}{Z}", kind="definition"
)
def test_probabilities_are_boltzmann_factors_over_their_sum(energy):
    assert package_p(energy) == pytest.approx(list(slow_p(energy).values()), rel=1e-12)
    assert math.fsum(package_p(energy)) == pytest.approx(1)


@pytest.mark.equation("eq-energy-of-p", r"E(x) = -\log p(x) - \log Z", kind="identity")
def test_any_positive_distribution_has_an_energy():
    generator = torch.Generator().manual_seed(0)
    p = torch.rand(16, generator=generator, dtype=torch.float64)
    p, log_Z = p / p.sum(), 1.7  # any distribution, and a Z of our choice
    place = 2.0 ** torch.arange(3, -1, -1, dtype=torch.float64)

    def energy(x):
        return -p[(x @ place).long()].log() - log_Z

    assert exact.probabilities(energy, 4).tolist() == pytest.approx(p.tolist(), rel=1e-12)
    assert exact.log_partition(energy, 4).item() == pytest.approx(log_Z)


@pytest.mark.equation(
    "eq-energy-ratio", r"\frac{p(x)}{p(x')} = e^{E(x') - E(x)}", kind="identity"
)
def test_a_ratio_of_probabilities_needs_no_z(energy):
    p = dict(zip(states(6), package_p(energy), strict=True))
    for x, other in itertools.product(states(6)[::5], states(6)[::7]):
        ratio = math.exp(slow_energy(energy, other) - slow_energy(energy, x))
        assert p[x] / p[other] == pytest.approx(ratio, rel=1e-10)


@pytest.mark.equation(
    "eq-energy-constant",
    r"\frac{e^{-(E(x) + r)}}{\sum_{x'} e^{-(E(x') + r)}} = \frac{e^{-r}\, e^{-E(x)}}{e^{-r} \sum_{x'} e^{-E(x')}} = p(x)",
    kind="identity",
)
def test_a_constant_added_to_every_energy_changes_no_probability(energy):
    for r in (-3.0, 10.0):
        shifted = exact.probabilities(lambda x, r=r: energy(x) + r, 6)
        assert shifted.tolist() == pytest.approx(list(slow_p(energy).values()), rel=1e-12)
        change = exact.log_partition(lambda x, r=r: energy(x) + r, 6) - exact.log_partition(energy, 6)
        assert change.item() == pytest.approx(-r)


def test_ten_nats_more_for_one_state_make_all_others_gain_by_one_factor(energy):
    one = torch.tensor([1.0, 1, 0, 1, 1, 1], dtype=torch.float64)
    before = exact.probabilities(energy, 6)
    after = exact.probabilities(lambda x: energy(x) + 10.0 * (x == one).all(1), 6)
    ratio = after / before
    others = torch.arange(64) != int("110111", 2)
    assert (ratio[others] > 1).all()
    assert ratio[others].max() == pytest.approx(ratio[others].min().item())
    assert (ratio[~others] / ratio[others][0]).item() == pytest.approx(math.exp(-10))


@pytest.mark.equation(
    "eq-temperature",
    r"p_\tau(x) = \frac{e^{-E(x)/\tau}}{Z_\tau}, \qquad Z_\tau = \sum_{x \in \{0,1\}^n} e^{-E(x)/\tau}",
    kind="definition",
)
def test_a_temperature_divides_all_energies(energy):
    for tau in (0.3, 1.0, 4.0):
        found = package_p(energy.at_temperature(tau))
        assert found == pytest.approx(list(slow_p(energy, tau).values()), rel=1e-10)


@pytest.mark.equation(
    "eq-temperature-odds",
    r"\log \frac{p_\tau(x)}{p_\tau(x')} = \frac{E(x') - E(x)}{\tau}",
    kind="identity",
)
def test_log_odds_are_energy_differences_over_the_temperature(energy):
    for tau in (0.5, 3.0):
        p = dict(zip(states(6), package_p(energy.at_temperature(tau)), strict=True))
        for x, other in itertools.product(states(6)[::5], states(6)[::7]):
            difference = (slow_energy(energy, other) - slow_energy(energy, x)) / tau
            assert math.log(p[x] / p[other]) == pytest.approx(difference, abs=1e-10)


@pytest.mark.equation(
    "eq-temperature-limits",
    r"\lim_{\tau \to \infty} p_\tau(x) = \frac{1}{2^n}, \qquad \lim_{\tau \to 0} p_\tau(x) = \begin{cases} 1/M & \text{if } E(x) = \min_{x'} E(x') \\ 0 & \text{otherwise} \end{cases}",
    kind="identity",
)
def test_hot_is_uniform_and_cold_is_uniform_over_the_best_states(energy):
    assert package_p(energy.at_temperature(1e9)) == pytest.approx([1 / 64] * 64, abs=1e-9)
    rounded = graph.GraphEnergy(EDGES, energy.tables.round())  # whole numbers: ties occur
    for one in (energy, rounded):
        energies = {x: slow_energy(one, x) for x in states(6)}
        best = [x for x in states(6) if energies[x] <= min(energies.values()) + 1e-12]
        limit = [1 / len(best) if x in best else 0.0 for x in states(6)]
        assert package_p(one.at_temperature(1e-4)) == pytest.approx(limit, abs=1e-9)


@pytest.mark.equation(
    "eq-temperature-derivative",
    r"\frac{d}{d\tau}\, p_\tau(x) = \frac{p_\tau(x)}{\tau^2} \Big( E(x) - \mathbb{E}_{p_\tau}[E] \Big)",
    kind="identity",
)
def test_a_state_above_the_mean_energy_gains_as_it_gets_warmer(energy):
    for tau in (0.5, 1.0, 3.0):
        p, step = slow_p(energy, tau), 1e-5
        mean = math.fsum(p[x] * slow_energy(energy, x) for x in states(6))
        warmer, colder = (package_p(energy.at_temperature(tau + s)) for s in (step, -step))
        for x, up, down in zip(states(6), warmer, colder, strict=True):
            expected = p[x] / tau**2 * (slow_energy(energy, x) - mean)
            assert (up - down) / (2 * step) == pytest.approx(expected, abs=1e-8)


@pytest.mark.equation(
    "eq-mean-energy-slope",
    r"\frac{d}{d\tau}\, \mathbb{E}_{p_\tau}[E] = \frac{1}{\tau^2} \Big( \mathbb{E}_{p_\tau}[E^2] - \mathbb{E}_{p_\tau}[E]^2 \Big) = \frac{\operatorname{Var}_{p_\tau}[E]}{\tau^2} \ge 0",
    kind="identity",
)
def test_the_mean_energy_rises_with_temperature_as_fast_as_its_variance_says(energy):
    energies = energy(exact.binary_states(6))
    for tau in (0.5, 1.0, 3.0):
        warm = torch.tensor(tau, dtype=torch.float64, requires_grad=True)
        (slope,) = torch.autograd.grad(((-energies / warm).softmax(0) * energies).sum(), warm)
        p = slow_p(energy, tau)
        mean = math.fsum(p[x] * slow_energy(energy, x) for x in states(6))
        square = math.fsum(p[x] * slow_energy(energy, x) ** 2 for x in states(6))
        variance = math.fsum(p[x] * (slow_energy(energy, x) - mean) ** 2 for x in states(6))
        assert slope.item() == pytest.approx(variance / tau**2, rel=1e-9)
        assert slope.item() == pytest.approx((square - mean**2) / tau**2, rel=1e-9)
        assert slope.item() >= 0


@pytest.mark.equation(
    "eq-six-node-energy",
    r"\begin{aligned} E(a, b, c, d, e, f) = {} & E_{a,b}(a, b) + E_{b,c}(b, c) + E_{a,d}(a, d) \\ & {} + E_{b,e}(b, e) + E_{e,f}(e, f) \end{aligned}",
    kind="definition",
)
def test_the_energy_of_the_six_units_is_one_entry_of_each_of_five_tables(energy):
    ab, bc, ad, be, ef = energy.tables.tolist()
    for a, b, c, d, e, f in states(6):
        by_hand = ab[a][b] + bc[b][c] + ad[a][d] + be[b][e] + ef[e][f]
        assert energy(row((a, b, c, d, e, f))).item() == pytest.approx(by_hand)


@pytest.mark.equation(
    "eq-potential", r"\psi_{a,b}(a, b) = \exp\big( -E_{a,b}(a, b) \big)", kind="definition"
)
def test_a_potential_is_the_boltzmann_factor_of_one_edge(energy):
    for e, (i, j) in enumerate(EDGES):
        for u, v in states(2):
            x = with_unit(with_unit((0,) * 6, i, u), j, v)
            without = graph.GraphEnergy(
                EDGES, energy.tables * (torch.arange(5) != e)[:, None, None]
            )
            factor = (without(row(x)) - energy(row(x))).exp().item()
            assert factor == pytest.approx(psi(energy, e)(u, v))


@pytest.mark.equation(
    "eq-potentials",
    r"\tilde p(a, b, c, d, e, f) = \psi_{a,b}\, \psi_{b,c}\, \psi_{a,d}\, \psi_{b,e}\, \psi_{e,f}",
    kind="identity",
)
def test_the_unnormalised_probability_is_a_product_of_potentials(energy):
    ab, bc, ad, be, ef = (psi(energy, edge) for edge in range(5))
    for a, b, c, d, e, f in states(6):
        product = ab(a, b) * bc(b, c) * ad(a, d) * be(b, e) * ef(e, f)
        assert math.exp(-energy(row((a, b, c, d, e, f))).item()) == pytest.approx(product)


def nested_z(energy):
    """Z with its six sums, in the order of the page."""
    ab, bc, ad, be, ef = (psi(energy, edge) for edge in range(5))
    total = 0.0
    for a in (0, 1):
        for b in (0, 1):
            for c in (0, 1):
                for d in (0, 1):
                    for e in (0, 1):
                        for f in (0, 1):
                            total += ab(a, b) * bc(b, c) * ad(a, d) * be(b, e) * ef(e, f)
    return total


@pytest.mark.equation(
    "eq-tree-sums",
    r"Z = \sum_{a} \sum_{b} \sum_{c} \sum_{d} \sum_{e} \sum_{f} \psi_{a,b}\, \psi_{b,c}\, \psi_{a,d}\, \psi_{b,e}\, \psi_{e,f}",
    kind="identity",
)
def test_six_nested_sums_of_products_are_z(energy):
    assert math.log(nested_z(energy)) == pytest.approx(exact.log_partition(energy, 6).item())


@pytest.mark.equation(
    "eq-tree-pushed",
    r"Z = \sum_{a} \Big( \sum_{d} \psi_{a,d} \Big) \sum_{b} \psi_{a,b} \Big( \sum_{c} \psi_{b,c} \Big) \sum_{e} \psi_{b,e} \sum_{f} \psi_{e,f}",
    kind="identity",
)
def test_each_factor_may_leave_the_sums_that_it_does_not_contain(energy):
    ab, bc, ad, be, ef = (psi(energy, edge) for edge in range(5))
    two = (0, 1)
    pushed = sum(
        sum(ad(a, d) for d in two)
        * sum(
            ab(a, b)
            * sum(bc(b, c) for c in two)
            * sum(be(b, e) * sum(ef(e, f) for f in two) for e in two)
            for b in two
        )
        for a in two
    )
    assert pushed == pytest.approx(nested_z(energy))
    assert math.log(pushed) == pytest.approx(graph.log_partition(energy).item())


def messages(energy):
    """m_f(e), m_c(b), m_d(a), m_e(b) and m_b(a), as pairs of numbers."""
    ab, bc, ad, be, ef = (psi(energy, edge) for edge in range(5))
    m_f = [ef(e, 0) + ef(e, 1) for e in (0, 1)]
    m_c = [bc(b, 0) + bc(b, 1) for b in (0, 1)]
    m_d = [ad(a, 0) + ad(a, 1) for a in (0, 1)]
    m_e = [be(b, 0) * m_f[0] + be(b, 1) * m_f[1] for b in (0, 1)]
    m_b = [ab(a, 0) * m_c[0] * m_e[0] + ab(a, 1) * m_c[1] * m_e[1] for a in (0, 1)]
    return m_f, m_c, m_d, m_e, m_b


@pytest.mark.equation(
    "eq-tree-leaves",
    r"m_f(e) = \sum_{f} \psi_{e,f}(e, f), \qquad m_c(b) = \sum_{c} \psi_{b,c}(b, c), \qquad m_d(a) = \sum_{d} \psi_{a,d}(a, d)",
    kind="definition",
)
def test_a_leaf_sums_to_z_of_its_own_edge_with_the_neighbour_held(energy):
    m_f, m_c, m_d, _, _ = messages(energy)
    for edge, message in ((4, m_f), (1, m_c), (2, m_d)):
        alone = graph.GraphEnergy([(0, 1)], energy.tables[edge : edge + 1])
        Z = graph.log_partition(alone).exp().item()
        assert sum(message) == pytest.approx(Z)
        p = exact.probabilities(alone, 2).reshape(2, 2).sum(1) * Z
        assert p.tolist() == pytest.approx(message)


@pytest.mark.equation(
    "eq-tree-e",
    r"m_e(b) = \sum_{e} \psi_{b,e}(b, e)\, m_f(e) = \sum_{e} \sum_{f} \psi_{b,e}(b, e)\, \psi_{e,f}(e, f)",
    kind="identity",
)
def test_the_table_from_e_stands_for_all_that_lies_beyond_it(energy):
    be, ef = psi(energy, 3), psi(energy, 4)
    m_e = messages(energy)[3]
    for b in (0, 1):
        both = sum(be(b, e) * ef(e, f) for e in (0, 1) for f in (0, 1))
        assert m_e[b] == pytest.approx(both)
    beyond = graph.GraphEnergy([(0, 1), (1, 2)], energy.tables[3:5])
    assert sum(m_e) == pytest.approx(graph.log_partition(beyond).exp().item())


@pytest.mark.equation(
    "eq-tree-b", r"m_b(a) = \sum_{b} \psi_{a,b}(a, b)\, m_c(b)\, m_e(b)", kind="identity"
)
def test_the_table_from_b_sums_out_b_c_e_and_f(energy):
    ab, bc, _, be, ef = (psi(energy, edge) for edge in range(5))
    m_b = messages(energy)[4]
    for a in (0, 1):
        listed = sum(
            ab(a, b) * bc(b, c) * be(b, e) * ef(e, f) for b, c, e, f in states(4)
        )
        assert m_b[a] == pytest.approx(listed)
    without_d = graph.GraphEnergy(
        [(0, 1), (1, 2), (1, 3), (3, 4)], energy.tables[[0, 1, 3, 4]]
    )
    assert sum(m_b) == pytest.approx(graph.log_partition(without_d).exp().item())


@pytest.mark.equation("eq-tree-z", r"Z = \sum_{a} m_b(a)\, m_d(a)", kind="identity")
def test_what_comes_from_both_sides_of_a_gives_z(energy):
    _, _, m_d, _, m_b = messages(energy)
    Z = m_b[0] * m_d[0] + m_b[1] * m_d[1]
    assert math.log(Z) == pytest.approx(exact.log_partition(energy, 6).item())
    assert math.log(Z) == pytest.approx(graph.log_partition(energy).item())


def slow_conditional(energy, x, i):
    """p(x_i = 1 | all others), as a share of the joint."""
    p = slow_p(energy)
    on, off = p[with_unit(x, i, 1)], p[with_unit(x, i, 0)]
    return on / (on + off)


@pytest.mark.equation(
    "eq-conditional-ratio",
    r"p(x_i = 1 \mid x_{-i}) = \frac{p(x_i = 1, x_{-i})}{p(x_i = 0, x_{-i}) + p(x_i = 1, x_{-i})}",
    kind="identity",
)
def test_the_conditional_is_the_share_of_the_joint(energy):
    for i, x in itertools.product(range(6), states(6)[::9]):
        found = sampling.conditional(energy, row(x), i).item()
        assert found == pytest.approx(slow_conditional(energy, x, i))


@pytest.mark.equation(
    "eq-conditional-energies",
    r"p(x_i = 1 \mid x_{-i}) = \frac{e^{-E_1}}{e^{-E_0} + e^{-E_1}}",
    kind="identity",
)
def test_z_cancels_in_the_conditional(energy):
    for i, x in itertools.product(range(6), states(6)[::9]):
        off, on = (math.exp(-slow_energy(energy, with_unit(x, i, v))) for v in (0, 1))
        assert on / (off + on) == pytest.approx(slow_conditional(energy, x, i))
        assert on / (off + on) == pytest.approx(energy.conditional(row(x), i).item())


@pytest.mark.equation(
    "eq-conditional-sigm",
    r"p(x_i = 1 \mid x_{-i}) = \frac{1}{1 + e^{-(E_0 - E_1)}} = \operatorname{sigm}(E_0 - E_1)",
    kind="identity",
)
def test_a_unit_looks_at_how_much_the_energy_drops(energy):
    for i, x in itertools.product(range(6), states(6)[::9]):
        drop = slow_energy(energy, with_unit(x, i, 0)) - slow_energy(energy, with_unit(x, i, 1))
        assert 1 / (1 + math.exp(-drop)) == pytest.approx(slow_conditional(energy, x, i))
        by_package = sampling.conditional(energy, row(x), i).item()
        assert by_package == pytest.approx(1 / (1 + math.exp(-drop)))


@pytest.mark.equation(
    "eq-conditional-edges",
    r"p(x_i = 1 \mid x_{-i}) = \operatorname{sigm}\Big( \sum_{j \in N(i)} E_{i,j}(0, x_j) - E_{i,j}(1, x_j) \Big)",
    kind="identity",
)
def test_only_the_edges_at_a_unit_count(energy):
    for i, x in itertools.product(range(6), states(6)[::9]):
        found = energy.conditional(row(x), i).item()
        assert found == pytest.approx(slow_conditional(energy, x, i))


@pytest.mark.equation(
    "eq-local-markov", r"p(x_i \mid x_{-i}) = p(x_i \mid x_{N(i)})", kind="identity"
)
def test_given_its_neighbours_a_unit_is_independent_of_all_others(energy):
    p = slow_p(energy)
    for i in range(6):
        neighbours = sorted(energy.neighbours(i))
        for x in states(6)[::5]:
            alike = [y for y in states(6) if all(y[j] == x[j] for j in neighbours)]
            given = math.fsum(p[y] for y in alike if y[i]) / math.fsum(p[y] for y in alike)
            assert slow_conditional(energy, x, i) == pytest.approx(given)
            assert energy.conditional(row(x), i).item() == pytest.approx(given)


def slow_update(energy, i):
    """T_i by its definition, a dictionary of pairs of states."""
    T = {}
    for x, y in itertools.product(states(6), states(6)):
        same = with_unit(x, i, 0) == with_unit(y, i, 0)
        on = slow_conditional(energy, x, i) if same else 0.0
        T[x, y] = (on if y[i] else 1 - on) if same else 0.0
    return T


@pytest.mark.equation(
    "eq-gibbs-update",
    r"T_i(x, x') = \begin{cases} p(x'_i \mid x_{-i}) & \text{if } x'_{-i} = x_{-i} \\ 0 & \text{otherwise} \end{cases}",
    kind="update",
)
def test_the_matrix_of_an_update_moves_one_unit_by_its_conditional():
    energy = random_graph(0)
    for i in (0, 1, 5):
        T = sampling.transition_matrix(energy, 6, i)
        assert T.flatten().tolist() == pytest.approx(list(slow_update(energy, i).values()))
        batch = 4000  # the sampler's own draw of this unit
        moved = bernoulli_sample(
            energy.conditional(row((1, 1, 0, 1, 1, 1)).repeat(batch, 1), i),
            generator=torch.Generator().manual_seed(i),
        )
        chance = slow_conditional(energy, (1, 1, 0, 1, 1, 1), i)
        error = math.sqrt(chance * (1 - chance) / batch)
        assert abs(moved.mean().item() - chance) < 4 * error


@pytest.mark.equation(
    "eq-detailed-balance", r"p(x)\, T_i(x, x') = p(x')\, T_i(x', x)", kind="identity"
)
def test_every_update_has_as_many_go_there_as_come_back(energy):
    p = torch.tensor(list(slow_p(energy).values()), dtype=torch.float64)
    for i in range(6):
        flow = p[:, None] * sampling.transition_matrix(energy, 6, i)
        assert (flow - flow.T).abs().max() < 1e-15


def balance_terms(energy, i):
    """For x and x' that agree outside i: p(x) T_i(x, x'), and what the proof needs."""
    p = slow_p(energy)
    T = sampling.transition_matrix(energy, 6, i).tolist()
    number = {x: s for s, x in enumerate(states(6))}

    def given(x, value):  # p(x_i = value | x_-i), from the joint
        on = slow_conditional(energy, x, i)
        return on if value else 1 - on

    def rest(x):  # p(x_-i)
        return p[with_unit(x, i, 0)] + p[with_unit(x, i, 1)]

    for x in states(6)[::3]:
        for value in (0, 1):
            y = with_unit(x, i, value)
            yield x, y, p[x] * T[number[x]][number[y]], given, rest, p


@pytest.mark.equation(
    "eq-balance-insert",
    r"p(x)\, T_i(x, x') = p(x)\; p(x'_i \mid x_{-i})",
    kind="identity",
)
def test_the_flow_is_p_times_the_conditional(energy):
    for i in (1, 5):
        for x, y, flow, given, _, p in balance_terms(energy, i):
            assert flow == pytest.approx(p[x] * given(x, y[i]))


@pytest.mark.equation(
    "eq-balance-split",
    r"p(x)\, T_i(x, x') = p(x_{-i})\; p(x_i \mid x_{-i})\; p(x'_i \mid x_{-i})",
    kind="identity",
)
def test_the_product_rule_splits_p(energy):
    for i in (1, 5):
        for x, y, flow, given, rest, _ in balance_terms(energy, i):
            assert flow == pytest.approx(rest(x) * given(x, x[i]) * given(x, y[i]))


@pytest.mark.equation(
    "eq-balance-exchange",
    r"p(x)\, T_i(x, x') = p(x'_{-i})\; p(x'_i \mid x'_{-i})\; p(x_i \mid x'_{-i})",
    kind="identity",
)
def test_the_flow_is_symmetric_in_its_two_states(energy):
    for i in (1, 5):
        for x, y, flow, given, rest, _ in balance_terms(energy, i):
            assert flow == pytest.approx(rest(y) * given(y, y[i]) * given(y, x[i]))


@pytest.mark.equation(
    "eq-balance-done",
    r"p(x)\, T_i(x, x') = p(x')\; T_i(x', x) \qquad \blacksquare",
    kind="identity",
)
def test_the_flow_there_is_the_flow_back(energy):
    for i in (1, 5):
        flows = {(x, y): flow for x, y, flow, *_ in balance_terms(energy, i)}
        p, T = slow_p(energy), slow_update(energy, i)
        for (x, y), flow in flows.items():
            assert flow == pytest.approx(p[y] * T[y, x])


@pytest.mark.equation(
    "eq-invariance",
    r"\sum_{x} p(x)\, T_i(x, x') = \sum_{x} p(x')\, T_i(x', x) = p(x') \sum_{x} T_i(x', x) = p(x')",
    kind="identity",
)
def test_one_update_leaves_p_as_it_is(energy):
    p = slow_p(energy)
    for i in range(6):
        T = sampling.transition_matrix(energy, 6, i).tolist()
        for t, y in enumerate(states(6)):
            there = math.fsum(p[x] * T[s][t] for s, x in enumerate(states(6)))
            back = math.fsum(p[y] * T[t][s] for s in range(64))
            assert there == pytest.approx(p[y], rel=1e-12)
            assert back == pytest.approx(p[y], rel=1e-12)
            assert math.fsum(T[t]) == pytest.approx(1)


@pytest.mark.equation(
    "eq-sweep-invariance", r"p^\top T_1 T_2 \cdots T_n = p^\top", kind="identity"
)
def test_a_sweep_leaves_p_as_it_is_but_has_no_detailed_balance(energy):
    p = torch.tensor(list(slow_p(energy).values()), dtype=torch.float64)
    T = sampling.sweep_matrix(energy, 6)
    assert (p @ T - p).abs().max() < 1e-14
    flow = p[:, None] * T
    assert (flow - flow.T).abs().max() > 1e-4


@pytest.mark.equation(
    "eq-chain-powers", r"q_k^\top = q_{k-1}^\top\, T = q_0^\top\, T^k", kind="identity"
)
def test_chains_are_distributed_as_the_power_of_the_matrix_says():
    energy, batch, k = random_graph(1), 20_000, 3
    x, generator = torch.zeros(batch, 6, dtype=torch.float64), torch.Generator().manual_seed(2)
    for _ in range(k):
        x = graph.gibbs_step(energy, x, generator=generator)
    place = (x @ 2.0 ** torch.arange(5, -1, -1, dtype=torch.float64)).long()
    shares = place.bincount(minlength=64) / batch
    T = sampling.sweep_matrix(energy, 6)
    q = torch.linalg.matrix_power(T, k)[0]
    one_by_one = torch.eye(64, dtype=torch.float64)[0]
    for _ in range(k):
        one_by_one = one_by_one @ T
    assert (q - one_by_one).abs().max() < 1e-14
    assert ((shares - q).abs() <= 4.5 * (q * (1 - q) / batch).sqrt() + 1e-9).all()


@pytest.mark.equation(
    "eq-total-variation",
    r"D_{\mathrm{TV}}(q, p) = \frac{1}{2} \sum_{x} \left| q(x) - p(x) \right| = \max_{A} \Big( \sum_{x \in A} q(x) - p(x) \Big)",
    kind="identity",
)
def test_total_variation_is_the_most_that_q_has_too_much_on_any_set():
    generator = torch.Generator().manual_seed(4)
    p, q = torch.rand(2, 8, generator=generator, dtype=torch.float64).softmax(1)
    largest = max(
        math.fsum((q[s] - p[s]).item() for s in chosen)
        for size in range(9)
        for chosen in itertools.combinations(range(8), size)
    )
    assert exact.total_variation(q, p).item() == pytest.approx(largest)
    half = math.fsum(abs(a - b) for a, b in zip(q.tolist(), p.tolist(), strict=True)) / 2
    assert half == pytest.approx(largest)


@pytest.mark.equation(
    "eq-tv-never-grows",
    r"D_{\mathrm{TV}}\big(q^\top T,\; p\big) \le D_{\mathrm{TV}}(q, p)",
    kind="bound",
)
def test_no_sweep_takes_a_chain_farther_from_p(energy):
    p = exact.probabilities(energy, 6)
    generator = torch.Generator().manual_seed(5)
    for tau in (0.2, 1.0, 5.0):
        T = sampling.sweep_matrix(energy.at_temperature(tau), 6)
        p = exact.probabilities(energy.at_temperature(tau), 6)
        for _ in range(20):
            q = (5 * torch.randn(64, generator=generator, dtype=torch.float64)).softmax(0)
            after, before = exact.total_variation(q @ T, p), exact.total_variation(q, p)
            assert after <= before + 1e-12
        distances = sampling.distances(T, p, 55, 50)
        assert (distances.diff() <= 1e-12).all()


@pytest.mark.equation(
    "eq-standard-error",
    r"\operatorname{se} = \sqrt{\frac{p(x)\,(1 - p(x))}{S}}",
    kind="identity",
)
def test_the_standard_error_of_a_share_is_that_of_the_binomial_distribution():
    for p, S in ((0.195, 4000), (0.5, 10), (0.001, 100)):
        by_scipy = stats.binom(S, p).std() / S
        assert math.sqrt(p * (1 - p) / S) == pytest.approx(by_scipy)


@pytest.mark.equation("eq-spins", r"s_i = 2 x_i - 1", kind="definition")
def test_off_is_minus_one_and_on_is_plus_one():
    pair = graph.from_spins([(0, 1)], torch.tensor([0.7]), torch.zeros(2))
    for x_i, s_i in ((0, -1), (1, 1)):
        assert 2 * x_i - 1 == s_i
        for x_j, s_j in ((0, -1), (1, 1)):
            found = pair(torch.tensor([[x_i, x_j]]).float()).item()
            assert found == pytest.approx(-0.7 * s_i * s_j)


@pytest.mark.equation(
    "eq-spin-product", r"s_i\, s_j = 4 x_i x_j - 2 x_i - 2 x_j + 1", kind="identity"
)
def test_the_product_of_two_spins_is_one_where_they_agree():
    for x_i, x_j in states(2):
        agree = 1 if x_i == x_j else -1
        assert 4 * x_i * x_j - 2 * x_i - 2 * x_j + 1 == agree
        product = graph.from_spins([(0, 1)], torch.tensor([-1.0]), torch.zeros(2))
        assert product(torch.tensor([[x_i, x_j]]).float()).item() == agree


@pytest.mark.equation("eq-ising", r"E(s) = -\sum_{(i,j)} J_{i,j}\, s_i\, s_j", kind="definition")
def test_the_ising_energy_in_spins_is_the_package_s_energy_in_units():
    generator = torch.Generator().manual_seed(6)
    edges = graph.grid_edges(2, 3)
    J = torch.randn(len(edges), generator=generator, dtype=torch.float64)
    energy = graph.from_spins(edges, J, torch.zeros(6, dtype=torch.float64))
    for x in states(6):
        s = [1 if value else -1 for value in x]
        by_hand = -math.fsum(
            J_ij * s[i] * s[j] for J_ij, (i, j) in zip(J.tolist(), edges, strict=True)
        )
        assert energy(row(x)).item() == pytest.approx(by_hand)
