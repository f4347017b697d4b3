"""The equations of book/rbm/evaluation, against sums over all states and over all paths of annealing."""

import itertools
import math

import pytest
import torch
from enumeration import slow_energy, slow_joint, slow_marginal, states

from lecture_lib import evaluation, exact, rbm

BASE = torch.tensor([0.7, -0.4, 0.2, -1.1], dtype=torch.float64)


def row(x):
    return torch.tensor([x], dtype=torch.float64)


def unnormalised(machine, x):
    """e^{-F(x)}: the sum of e^{-E(x, h)} over h, in a loop."""
    return math.fsum(math.exp(-slow_energy(machine, x, h)) for h in states(len(machine.b)))


def partition(machine):
    return math.fsum(unnormalised(machine, x) for x in states(len(machine.c)))


def mixed(machine, base, fraction):
    """The RBM between base and machine, written out here."""
    W, b, c = machine
    return rbm.RBM(fraction * W, fraction * b, (1 - fraction) * base + fraction * c)


def gibbs_matrix(machine):
    """T(x, x') of a block Gibbs step, every conditional a share of the joint."""
    joint, marginal = slow_joint(machine), slow_marginal(machine)
    H, D = machine.W.shape
    of_h = {h: math.fsum(joint[x, h] for x in states(D)) for h in states(H)}
    return {
        (x, y): math.fsum(joint[x, h] / marginal[x] * joint[y, h] / of_h[h] for h in states(H))
        for x in states(D) for y in states(D)
    }


def tiny(seed=0):
    generator = torch.Generator().manual_seed(seed)
    params = rbm.RBM(*(1.5 * torch.randn(*s, generator=generator, dtype=torch.float64) for s in ((2, 2), (2,), (2,))))
    return params, torch.tensor([0.5, -0.8], dtype=torch.float64)


def paths(machine, base, n):
    """Every path x_0, ..., x_{n-1} of annealing with its chance, forwards and backwards, and its weight."""
    D = len(machine.c)
    stages = [mixed(machine, base, m / n) for m in range(n + 1)]
    p = [{x: unnormalised(stage, x) / partition(stage) for x in states(D)} for stage in stages]
    T = [gibbs_matrix(stage) for stage in stages]
    for path in itertools.product(states(D), repeat=n):
        weight = math.prod(unnormalised(stages[m + 1], x) / unnormalised(stages[m], x) for m, x in enumerate(path))
        forwards = p[0][path[0]] * math.prod(T[m][path[m - 1], path[m]] for m in range(1, n))
        backwards = p[n][path[-1]] * math.prod(T[m][path[m], path[m - 1]] for m in range(1, n))
        yield path, forwards, backwards, weight


@pytest.mark.equation("eq-evaluation-log-likelihood", r"\log p(x) = -F(x) - \log Z", kind="identity")
def test_the_log_likelihood_is_minus_the_free_energy_less_log_z(machine):
    marginal = slow_marginal(machine)
    for x in states(4):
        found = -rbm.free_energy(machine, row(x)) - rbm.log_partition(machine)
        assert found.item() == pytest.approx(math.log(marginal[x]), abs=1e-10)


@pytest.mark.equation(
    "eq-importance-ratio",
    r"\frac{Z_B}{Z_A} = \sum_x p_A(x) \, \frac{\tilde p_B(x)}{\tilde p_A(x)} = \mathbb{E}_{x \sim p_A}\left[ \frac{\tilde p_B(x)}{\tilde p_A(x)} \right]",
    kind="identity",
)
def test_the_mean_ratio_of_unnormalised_probabilities_is_the_ratio_of_partition_functions(machine):
    first = mixed(machine, BASE, 0.3)
    marginal = slow_marginal(first)
    mean = math.fsum(marginal[x] * unnormalised(machine, x) / unnormalised(first, x) for x in states(4))
    ratio = math.log(mean)
    assert ratio == pytest.approx((rbm.log_partition(machine) - rbm.log_partition(first)).item(), abs=1e-10)


@pytest.mark.equation(
    "eq-annealed-free-energy",
    r"F_\lambda(x) = -\big( (1 - \lambda) \, c^A + \lambda \, c \big)^\top x - \sum_{j=1}^{H} \operatorname{softplus}\big( \lambda \, (b_j + W_j x) \big)",
    kind="identity",
)
def test_the_stage_of_the_package_has_this_free_energy_with_h_summed_out(machine):
    W, b, c = (t.tolist() for t in machine)
    for fraction in (0.0, 0.25, 1.0):
        stage = evaluation.annealed(machine, fraction, BASE)
        for x in states(4):
            summed = -math.log(unnormalised(stage, x))
            inputs = [b[j] + sum(w * v for w, v in zip(W[j], x, strict=True)) for j in range(3)]
            written = -sum(((1 - fraction) * a + fraction * c_i) * v for a, c_i, v in zip(BASE.tolist(), c, x, strict=True))
            written -= sum(math.log1p(math.exp(fraction * t)) for t in inputs)
            assert summed == pytest.approx(written, abs=1e-10)
            assert rbm.free_energy(stage, row(x)).item() == pytest.approx(summed, abs=1e-10)


@pytest.mark.equation(
    "eq-annealed-base",
    r"\log Z_A = H \log 2 + \sum_{i=1}^{D} \operatorname{softplus}(c^A_i)",
    kind="identity",
)
def test_the_first_stage_has_a_partition_function_that_is_a_product(machine):
    first = evaluation.annealed(machine, 0.0, BASE)
    product = 3 * math.log(2) + sum(math.log1p(math.exp(v)) for v in BASE.tolist())
    assert math.log(partition(first)) == pytest.approx(product, abs=1e-10)
    generator = torch.Generator().manual_seed(0)
    nothing = rbm.RBM(torch.zeros(3, 4).double(), torch.zeros(3).double(), BASE)
    ais = evaluation.ais_estimates(nothing, 3, 1, generator=generator, base=BASE)  # all weights are 1
    assert ais.tolist() == pytest.approx([product] * 3, abs=1e-10)


@pytest.mark.equation(
    "eq-annealing-product",
    r"\frac{Z_B}{Z_A} = \prod_{m=1}^{M} \frac{Z_{\lambda_m}}{Z_{\lambda_{m-1}}}",
    kind="identity",
)
def test_the_ratio_of_the_ends_is_the_product_of_the_ratios_of_neighbours(machine):
    Z = [partition(mixed(machine, BASE, m / 4)) for m in range(5)]
    ends = partition(machine) / partition(rbm.RBM(0 * machine.W, 0 * machine.b, BASE))
    assert math.prod(Z[m] / Z[m - 1] for m in range(1, 5)) == pytest.approx(ends, rel=1e-10)


@pytest.mark.equation(
    "eq-ais-weight",
    r"w = \prod_{m=1}^{M} \frac{\tilde p_{\lambda_m}(x_{m-1})}{\tilde p_{\lambda_{m-1}}(x_{m-1})} = \exp \sum_{m=1}^{M} \Big( F_{\lambda_{m-1}}(x_{m-1}) - F_{\lambda_m}(x_{m-1}) \Big)",
    kind="identity",
)
def test_the_weight_of_the_package_is_the_product_of_ratios_along_its_path(machine):
    n = 3
    generator = torch.Generator().manual_seed(8)
    found = evaluation.ais_estimates(machine, 6, n, generator=generator, base=BASE)
    generator = torch.Generator().manual_seed(8)
    x = (torch.rand(6, 4, generator=generator, dtype=torch.float64) < BASE.sigmoid()).double()
    weights, exponents = [1.0] * 6, torch.zeros(6, dtype=torch.float64)
    for m in range(1, n + 1):
        before, after = mixed(machine, BASE, (m - 1) / n), mixed(machine, BASE, m / n)
        for chain in range(6):
            state = tuple(int(v) for v in x[chain].tolist())
            weights[chain] *= unnormalised(after, state) / unnormalised(before, state)
        exponents += rbm.free_energy(before, x) - rbm.free_energy(after, x)
        x = rbm.gibbs_step(after, x, generator=generator)
    assert exponents.exp().tolist() == pytest.approx(weights, rel=1e-10)
    log_Z_A = math.log(partition(mixed(machine, BASE, 0.0)))
    assert found.tolist() == pytest.approx([log_Z_A + math.log(w) for w in weights], abs=1e-9)


@pytest.mark.equation(
    "eq-ais-reweight",
    r"p_{\lambda_{m-1}}(x) \, \frac{\tilde p_{\lambda_m}(x)}{\tilde p_{\lambda_{m-1}}(x)} = \frac{Z_{\lambda_m}}{Z_{\lambda_{m-1}}} \, p_{\lambda_m}(x)",
    kind="identity",
)
def test_weighting_turns_one_stage_into_a_multiple_of_the_next(machine):
    before, after = mixed(machine, BASE, 0.4), mixed(machine, BASE, 0.7)
    p, q = slow_marginal(before), slow_marginal(after)
    for x in states(4):
        left = p[x] * unnormalised(after, x) / unnormalised(before, x)
        assert left == pytest.approx(partition(after) / partition(before) * q[x], rel=1e-10)


@pytest.mark.equation(
    "eq-ais-invariance",
    r"\sum_x p_{\lambda_m}(x) \, T_m(x, x') = p_{\lambda_m}(x')",
    kind="identity",
)
def test_a_gibbs_step_keeps_its_stage(machine):
    stage = mixed(machine, BASE, 0.6)
    p, T = slow_marginal(stage), rbm.transition_matrix(evaluation.annealed(machine, 0.6, BASE)).tolist()
    for place, y in enumerate(states(4)):
        moved = math.fsum(p[x] * T[at][place] for at, x in enumerate(states(4)))
        assert moved == pytest.approx(p[y], rel=1e-10)


@pytest.mark.equation(
    "eq-ais-round",
    r"\sum_x p_{\lambda_{m-1}}(x) \, \frac{\tilde p_{\lambda_m}(x)}{\tilde p_{\lambda_{m-1}}(x)} \, T_m(x, x') = \frac{Z_{\lambda_m}}{Z_{\lambda_{m-1}}} \, p_{\lambda_m}(x')",
    kind="identity",
)
def test_one_round_maps_stage_to_stage_and_leaves_the_ratio_behind(machine):
    before, after = mixed(machine, BASE, 0.25), mixed(machine, BASE, 0.5)
    p, q, T = slow_marginal(before), slow_marginal(after), gibbs_matrix(after)
    for y in states(4):
        moved = math.fsum(p[x] * unnormalised(after, x) / unnormalised(before, x) * T[x, y] for x in states(4))
        assert moved == pytest.approx(partition(after) / partition(before) * q[y], rel=1e-10)


@pytest.mark.equation(
    "eq-ais-unbiased",
    r"\mathbb{E}[w] = \sum_{x_0} \cdots \sum_{x_{M-1}} p_A(x_0) \, \frac{\tilde p_{\lambda_1}(x_0)}{\tilde p_{\lambda_0}(x_0)} \, T_1(x_0, x_1) \, \frac{\tilde p_{\lambda_2}(x_1)}{\tilde p_{\lambda_1}(x_1)} \cdots = \prod_{m=1}^{M} \frac{Z_{\lambda_m}}{Z_{\lambda_{m-1}}} = \frac{Z_B}{Z_A}",
    kind="identity",
)
def test_the_mean_weight_over_all_paths_is_the_ratio_of_partition_functions():
    for seed in range(3):
        params, base = tiny(seed)
        ratio = partition(params) / partition(mixed(params, base, 0.0))
        for n in (1, 2, 3, 4):
            listed = list(paths(params, base, n))
            assert math.fsum(chance for _, chance, _, _ in listed) == pytest.approx(1)
            assert math.fsum(chance * w for _, chance, _, w in listed) == pytest.approx(ratio, rel=1e-10)
            assert evaluation.ais_moments(params, n, base).log_mean == pytest.approx(math.log(partition(params)), abs=1e-10)


@pytest.mark.equation(
    "eq-ais-estimate",
    r"\log Z_B \approx \log Z_A + \log \frac{1}{S} \sum_{s=1}^{S} w^{(s)}",
    kind="approximation",
)
def test_the_estimate_errs_by_its_standard_error_and_less_with_more_chains(machine):
    log_Z = math.log(partition(machine))
    spread = []
    for chains in (50, 5000):
        runs = [evaluation.ais_log_partition(machine, chains, 10, generator=torch.Generator().manual_seed(s)) for s in range(8)]
        assert all(abs(run.log_partition - log_Z) < 4 * run.standard_error for run in runs)
        spread.append(math.fsum((run.log_partition - log_Z) ** 2 for run in runs))
    assert spread[1] < spread[0] / 10


@pytest.mark.equation(
    "eq-ais-jensen",
    r"\mathbb{E}\Big[ \log Z_A + \log \frac{1}{S} \sum_{s=1}^{S} w^{(s)} \Big] \le \log Z_B",
    kind="bound",
)
def test_the_estimate_is_low_on_average_over_all_pairs_of_paths():
    for seed in range(3):
        params, base = tiny(seed)
        log_Z, log_Z_A = math.log(partition(params)), math.log(partition(mixed(params, base, 0.0)))
        listed = [(chance, w) for _, chance, _, w in paths(params, base, 2)]
        one = math.fsum(q * math.log(w) for q, w in listed)
        two = math.fsum(q * r * math.log((v + w) / 2) for q, v in listed for r, w in listed)
        assert log_Z_A + one < log_Z_A + two < log_Z  # and a second chain helps
        same = mixed(params, base, 0.0)  # where there is nothing to walk all weights are 1 and the bound is met
        assert evaluation.ais_moments(same, 3, base).mean_log == pytest.approx(math.log(partition(same)), abs=1e-10)


@pytest.mark.equation(
    "eq-ais-mean-log",
    r"\mathbb{E}[\log w] = \sum_{m=1}^{M} \mathbb{E}_{x \sim q_{m-1}}\left[ F_{\lambda_{m-1}}(x) - F_{\lambda_m}(x) \right]",
    kind="identity",
)
def test_the_mean_log_weight_over_all_paths_is_a_sum_over_the_stages():
    for seed in range(3):
        params, base = tiny(seed)
        n = 3
        mean = math.fsum(chance * math.log(w) for _, chance, _, w in paths(params, base, n))
        stages = [mixed(params, base, m / n) for m in range(n + 1)]
        q, total = slow_marginal(stages[0]), 0.0
        for m in range(1, n + 1):
            total += math.fsum(q[x] * (math.log(unnormalised(stages[m], x)) - math.log(unnormalised(stages[m - 1], x))) for x in q)
            T = gibbs_matrix(stages[m])
            q = {y: math.fsum(q[x] * T[x, y] for x in q) for y in q}
        assert mean == pytest.approx(total, abs=1e-10)
        log_Z_A = math.log(partition(stages[0]))
        assert evaluation.ais_moments(params, n, base).mean_log == pytest.approx(log_Z_A + mean, abs=1e-10)


@pytest.mark.equation(
    "eq-ais-gap",
    r"\log \frac{Z_B}{Z_A} - \mathbb{E}[\log w] = D_{\mathrm{KL}}\big( \overrightarrow{q} \,\Vert\, \overleftarrow{p} \big) \ge 0",
    kind="identity",
)
def test_the_gap_is_the_divergence_of_the_path_from_the_path_walked_backwards():
    for seed in range(3):
        params, base = tiny(seed)
        for n in (1, 2, 3):
            listed = list(paths(params, base, n))
            assert math.fsum(back for _, _, back, _ in listed) == pytest.approx(1)
            divergence = math.fsum(there * math.log(there / back) for _, there, back, _ in listed)
            moments = evaluation.ais_moments(params, n, base)
            assert divergence > 0
            assert moments.log_mean - moments.mean_log == pytest.approx(divergence, abs=1e-9)


@pytest.mark.equation(
    "eq-ais-standard-error",
    r"\operatorname{se} = \frac{1}{\sqrt{S}} \, \frac{\operatorname{sd}(w)}{\operatorname{mean}(w)}",
    kind="approximation",
)
def test_the_standard_error_is_the_spread_of_many_runs(machine):
    chains, n = 400, 20
    runs = [evaluation.ais_log_partition(machine, chains, n, generator=torch.Generator().manual_seed(s)) for s in range(40)]
    found = torch.tensor([run.log_partition for run in runs], dtype=torch.float64).std().item()
    claimed = sum(run.standard_error for run in runs) / 40
    assert found == pytest.approx(claimed, rel=4 / math.sqrt(2 * 39))  # four standard errors of a spread
    moments = evaluation.ais_moments(machine, n)  # E[w^2] / E[w]^2 - 1 is the relative variance
    assert claimed == pytest.approx(math.sqrt((1 / moments.effective_share - 1) / chains), rel=0.1)
    weights = evaluation.ais_estimates(machine, chains, n, generator=torch.Generator().manual_seed(0)).exp().tolist()
    mean = math.fsum(weights) / chains
    sd = math.sqrt(math.fsum((w - mean) ** 2 for w in weights) / (chains - 1))
    assert runs[0].standard_error == pytest.approx(sd / mean / math.sqrt(chains), rel=1e-9)


@pytest.mark.equation(
    "eq-effective-sample-size",
    r"1 \le \operatorname{ESS} = \frac{\big( \sum_s w^{(s)} \big)^2}{\sum_s (w^{(s)})^2} \le S",
    kind="bound",
)
@pytest.mark.filterwarnings("ignore:effective sample size")
def test_the_effective_sample_size_counts_equal_weights_as_all_and_one_large_weight_as_one(machine):
    for scale in (0.1, 1.0, 10.0):
        scaled = rbm.RBM(*(scale * t for t in machine))
        ais = evaluation.ais_log_partition(scaled, 30, 2, generator=torch.Generator().manual_seed(0))
        w = evaluation.ais_estimates(scaled, 30, 2, generator=torch.Generator().manual_seed(0)).exp().tolist()
        expected = math.fsum(w) ** 2 / math.fsum(v * v for v in w)
        assert ais.effective_sample_size == pytest.approx(expected, rel=1e-9)
        assert 1 <= ais.effective_sample_size <= 30
    nothing = rbm.RBM(*(0 * t for t in machine))
    equal = evaluation.ais_log_partition(nothing, 30, 2, generator=torch.Generator().manual_seed(0))
    assert equal.effective_sample_size == pytest.approx(30)
    steep = rbm.RBM(torch.zeros(1, 12).double(), torch.zeros(1).double(), torch.full((12,), 300.0).double())
    single = evaluation.ais_log_partition(steep, 30, 1, generator=torch.Generator().manual_seed(1))
    assert single.effective_sample_size < 2.1  # it may be shared by two chains with as many lit units


@pytest.mark.equation(
    "eq-ais-flatters",
    r"\mathbb{E}\left[ -F(x) - \log \hat Z \right] \ge \log p(x)",
    kind="bound",
)
def test_the_estimated_log_likelihood_is_high_on_average(machine):
    marginal = slow_marginal(machine)
    for n in (1, 5, 50):
        low = evaluation.ais_moments(machine, n).mean_log  # of one chain
        for x in states(4):
            flattered = math.log(unnormalised(machine, x)) - low
            assert flattered >= math.log(marginal[x])
    assert flattered - math.log(marginal[x]) < 0.1  # with 50 temperatures not by much


@pytest.mark.equation(
    "eq-pseudo-likelihood",
    r"\log \operatorname{PL}(x) = \sum_{i=1}^{D} \log p(x_i \mid x_{-i})",
    kind="definition",
)
def test_the_pseudo_likelihood_is_the_sum_of_all_conditionals(machine):
    marginal = slow_marginal(machine)
    found = rbm.pseudo_log_likelihood(machine, exact.binary_states(4)).tolist()
    for x, value in zip(states(4), found, strict=True):
        total = sum(math.log(marginal[x] / (marginal[x] + marginal[flipped(x, i)])) for i in range(4))
        assert value == pytest.approx(total, abs=1e-10)


def flipped(x, i):
    return tuple(1 - v if place == i else v for place, v in enumerate(x))


@pytest.mark.equation(
    "eq-pseudo-flip",
    r"\log p(x_i \mid x_{-i}) = -\operatorname{softplus}\big( F(x) - F(x^{\bar i}) \big)",
    kind="identity",
)
def test_the_conditional_of_a_pixel_compares_two_free_energies(machine):
    marginal = slow_marginal(machine)
    for x in states(4):
        for i in range(4):
            y = flipped(x, i)
            difference = (rbm.free_energy(machine, row(x)) - rbm.free_energy(machine, row(y))).item()
            share = marginal[x] / (marginal[x] + marginal[y])
            assert -math.log1p(math.exp(difference)) == pytest.approx(math.log(share), abs=1e-9)


@pytest.mark.equation(
    "eq-reconstruction-error",
    r"R(x) = -\sum_{i=1}^{D} \Big( x_i \log r_i + (1 - x_i) \log(1 - r_i) \Big), \qquad r = \operatorname{sigm}\big( c + W^\top h(x) \big)",
    kind="definition",
)
def test_the_reconstruction_error_is_the_cross_entropy_of_the_way_up_and_down(machine):
    for x in states(4):
        r = rbm.prob_x_given_h(machine, rbm.prob_h_given_x(machine, row(x)))[0]
        expected = -torch.distributions.Bernoulli(r).log_prob(row(x)[0]).sum()
        assert evaluation.reconstruction_error(machine, row(x)).item() == pytest.approx(expected.item(), abs=1e-9)


@pytest.mark.equation(
    "eq-copy-machine",
    r"F(x) = -D \operatorname{softplus}(-w/2) \quad \text{for every } x",
    kind="identity",
)
def test_a_machine_that_copies_each_pixel_gives_all_pictures_one_free_energy_and_reconstructs_them_all():
    for w in (0.5, 3.0, 30.0):
        copy = rbm.RBM(w * torch.eye(4).double(), torch.full((4,), -w / 2).double(), torch.full((4,), -w / 2).double())
        for x in states(4):
            assert -math.log(unnormalised(copy, x)) == pytest.approx(-4 * math.log1p(math.exp(-w / 2)), abs=1e-10)
    errors = evaluation.reconstruction_error(copy, exact.binary_states(4))
    assert errors.max() < 1e-4
