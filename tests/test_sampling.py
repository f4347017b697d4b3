"""Markov chains as matrices, checked exactly; the samplers against their matrices."""

import math

import pytest
import torch
from torch.testing import assert_close

from lecture_lib.exact import binary_states, probabilities
from lecture_lib.sampling import (
    Chains,
    conditional,
    distances,
    gibbs,
    gibbs_sweep,
    metropolis_matrix,
    metropolis_step,
    sweep_matrix,
    transition_matrix,
)

N = 4


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def some_energy(scale=1.0, n=N):
    """Quadratic and cubic: no graph, no layer, nothing to exploit."""
    pairs = scale * torch.randn(n, n, generator=seeded(7), dtype=torch.float64)
    return lambda x: ((x @ pairs) * x).sum(1) + scale * x[:, 0] * x[:, 1] * x[:, -1]


def number(x):
    """The place of each state in `binary_states`."""
    return (x.long() << torch.arange(x.shape[1] - 1, -1, -1)).sum(1)


def step_counts(step, n, batch, seed=0):
    """How often each state moves to each, from `batch` copies of every state."""
    x = binary_states(n).repeat_interleave(batch, 0)
    moves = number(x) * 2**n + number(step(x, generator=seeded(seed)))
    return moves.bincount(minlength=4**n).reshape(2**n, 2**n).double()


def assert_within_standard_errors(counts, T, batch, limit=5):
    """Frequencies within 5 standard errors of T: one chance in 6,000 for 256 entries."""
    standard_error = (T * (1 - T) / batch).sqrt()
    assert ((counts / batch - T).abs() <= limit * standard_error + 1e-9).all()


def test_the_conditional_is_the_share_of_the_joint_where_the_unit_is_one():
    energy, x = some_energy(), binary_states(N)
    p = probabilities(energy, N).reshape([2] * N)
    for i in range(N):
        share = p.select(i, 1) / p.sum(i)
        by_hand = torch.stack([share, share], dim=i).flatten()
        assert_close(conditional(energy, x, i), by_hand)


@pytest.mark.parametrize("scale", [1.0, 1e4])
@pytest.mark.parametrize("i", range(N))
def test_each_gibbs_update_is_a_distribution_and_satisfies_detailed_balance(scale, i):
    energy = some_energy(scale)
    T, p = transition_matrix(energy, N, i), probabilities(energy, N)
    assert_close(T.sum(1), torch.ones(2**N, dtype=torch.float64))
    assert (T >= 0).all()
    flow = p[:, None] * T
    assert_close(flow, flow.T, atol=1e-15, rtol=1e-12)


def test_a_gibbs_update_moves_its_own_unit_only():
    T, x = transition_matrix(some_energy(), N, 1), binary_states(N)
    for m in range(2**N):
        for k in range(2**N):
            same_elsewhere = all(x[m, j] == x[k, j] for j in range(N) if j != 1)
            assert (T[m, k] > 0) == same_elsewhere


def test_a_sweep_keeps_the_distribution_but_not_detailed_balance():
    energy = some_energy()
    p = probabilities(energy, N)
    sweep = torch.linalg.multi_dot([transition_matrix(energy, N, i) for i in range(N)])
    assert_close(p @ sweep, p, atol=1e-14, rtol=0)
    flow = p[:, None] * sweep
    assert (flow - flow.T).abs().max() > 1e-3


def test_a_sweep_forgets_where_it_started():
    energy = some_energy()
    sweep = torch.linalg.multi_dot([transition_matrix(energy, N, i) for i in range(N)])
    far = torch.linalg.matrix_power(sweep, 200)
    assert_close(far, probabilities(energy, N).expand(2**N, -1))


def test_the_metropolis_matrix_satisfies_detailed_balance_and_moves_one_unit_at_most():
    for scale in 1.0, 1e4:
        energy = some_energy(scale)
        T, p = metropolis_matrix(energy, N), probabilities(energy, N)
        assert_close(T.sum(1), torch.ones(2**N, dtype=torch.float64))
        assert (T >= -1e-15).all()
        flow = p[:, None] * T
        assert_close(flow, flow.T, atol=1e-15, rtol=1e-12)
        x = binary_states(N)
        distance = (x[:, None] != x).sum(-1)
        assert (T[distance > 1] == 0).all()


def test_the_metropolis_matrix_written_out_for_two_states():
    T = metropolis_matrix(lambda x: math.log(4) * x[:, 0], 1)
    assert_close(T, torch.tensor([[0.75, 0.25], [1.0, 0.0]], dtype=torch.float64))


def test_a_gibbs_sweep_moves_as_the_product_of_its_matrices_says():
    energy, batch = some_energy(), 4000
    T = torch.linalg.multi_dot([transition_matrix(energy, N, i) for i in range(N)])
    counts = step_counts(lambda x, generator: gibbs_sweep(energy, x, generator=generator), N, batch)
    assert_within_standard_errors(counts, T, batch)


def test_a_metropolis_step_moves_as_its_matrix_says():
    energy, batch = some_energy(), 4000
    T = metropolis_matrix(energy, N)
    counts = step_counts(
        lambda x, generator: metropolis_step(energy, x, generator=generator), N, batch
    )
    assert_within_standard_errors(counts, T, batch)


def test_a_metropolis_step_to_a_lower_energy_is_always_taken():
    x = torch.ones(100, 1, dtype=torch.float64)
    moved = metropolis_step(lambda x: 1e4 * x[:, 0], x, generator=seeded())
    assert (moved == 0).all()
    assert torch.equal(metropolis_step(lambda x: 1e4 * x[:, 0], moved, generator=seeded()), moved)


def test_no_step_enters_a_state_of_infinite_energy():
    def energy(x):
        return torch.where(x.sum(1) > 1, torch.inf, 0.0).double()

    x = torch.zeros(500, 3)
    for step in gibbs_sweep, metropolis_step:
        y = x
        for seed in range(5):
            y = step(energy, y, generator=seeded(seed))
            assert (y.sum(1) <= 1).all()
        assert (y != x).any()


def test_where_no_value_of_a_unit_is_possible_there_is_no_conditional():
    def energy(x):
        return torch.full((len(x),), torch.inf)

    with pytest.raises(ValueError, match=r"x_1 = 0 or x_1 = 1, got \+inf for both"):
        conditional(energy, torch.zeros(2, 3), 1)
    with pytest.raises(ValueError, match=r"where a chain stands, got \+inf"):
        metropolis_step(energy, torch.zeros(2, 3), generator=seeded())


def test_gibbs_takes_the_step_n_times_with_the_one_generator():
    seen = []

    def step(x, *, generator):
        seen.append(generator)
        return 2 * x + 1

    generator = seeded()
    assert gibbs(step, torch.zeros(1, 1), 5, generator=generator).item() == 31
    assert seen == [generator] * 5
    x = torch.zeros(1, 1)
    assert gibbs(step, x, 0, generator=generator) is x


def test_no_sampler_changes_the_states_it_is_given():
    energy, x = some_energy(), binary_states(N)
    for step in gibbs_sweep, metropolis_step:
        step(energy, x, generator=seeded())
    conditional(energy, x, 0)
    assert torch.equal(x, binary_states(N))


def test_one_seed_gives_one_chain_and_the_global_stream_is_left_alone():
    energy, x = some_energy(), binary_states(N)
    before = torch.get_rng_state()
    for step in gibbs_sweep, metropolis_step:
        first, again = (step(energy, x, generator=seeded(5)) for _ in range(2))
        assert torch.equal(first, again)
        assert not torch.equal(first, step(energy, x, generator=seeded(6)))
    assert torch.equal(torch.get_rng_state(), before)


def test_states_keep_their_dtype():
    x = binary_states(N, dtype=torch.float32)
    for step in gibbs_sweep, metropolis_step:
        assert step(lambda x: x.double().sum(1), x, generator=seeded()).dtype == torch.float32


def test_chains_go_on_where_they_stopped_and_leave_the_data_alone():
    def step(x, *, generator):
        return x + 1

    data = torch.zeros(2, 3)
    chains = Chains(data)
    assert torch.equal(chains.advance(step, 2, generator=seeded()), torch.full((2, 3), 2.0))
    assert torch.equal(chains.advance(step, 3, generator=seeded()), torch.full((2, 3), 5.0))
    assert torch.equal(chains.x, torch.full((2, 3), 5.0))
    assert torch.equal(data, torch.zeros(2, 3))
    chains = Chains(data)
    data.fill_(7)
    assert torch.equal(chains.x, torch.zeros(2, 3))
    assert repr(chains) == "Chains(batch=2, n=3)"


def test_a_step_that_fails_leaves_the_chains_where_they_were():
    def step(x, *, generator):
        x.add_(1) if x.sum() == 0 else None
        raise RuntimeError

    chains = Chains(torch.ones(2, 3))
    with pytest.raises(RuntimeError):
        chains.advance(step, 1, generator=seeded())
    assert torch.equal(chains.x, torch.ones(2, 3))


def test_persistent_chains_equal_one_long_run():
    energy = some_energy()

    def step(x, *, generator):
        return gibbs_sweep(energy, x, generator=generator)

    generator, chains = seeded(), Chains(binary_states(N))
    for _ in range(3):
        chains.advance(step, 2, generator=generator)
    assert torch.equal(chains.x, gibbs(step, binary_states(N), 6, generator=seeded()))


@pytest.mark.parametrize("draw", [
    lambda **kw: gibbs(lambda x, generator: x, torch.zeros(1, 2), 1, **kw),
    lambda **kw: gibbs_sweep(some_energy(n=2), torch.zeros(1, 2).double(), **kw),
    lambda **kw: metropolis_step(some_energy(n=2), torch.zeros(1, 2).double(), **kw),
    lambda **kw: Chains(torch.zeros(1, 2)).advance(lambda x, generator: x, 1, **kw),
])  # fmt: skip
def test_whatever_draws_needs_a_generator(draw):
    draw(generator=seeded())
    with pytest.raises(TypeError):
        draw()
    for bad in None, 0:
        with pytest.raises(TypeError, match=r"must be a torch\.Generator, got"):
            draw(generator=bad)


@pytest.mark.parametrize("use", [
    lambda x: conditional(lambda x: x.sum(1), x, 0),
    lambda x: gibbs_sweep(lambda x: x.sum(1), x, generator=seeded()),
    lambda x: metropolis_step(lambda x: x.sum(1), x, generator=seeded()),
])  # fmt: skip
def test_states_are_rows_of_floating_zeros_and_ones(use):
    with pytest.raises(ValueError, match=r"x must be \(batch, n\), got \(3,\)"):
        use(torch.zeros(3))
    for bad in torch.zeros(2, 3).long(), torch.zeros(2, 3).bool():
        with pytest.raises(TypeError, match=f"x must have a floating dtype, got {bad.dtype}"):
            use(bad)
    with pytest.raises(TypeError, match="Tensor, got list"):
        use([[0.0, 1.0]])
    for bad in 0.5, -1.0, 2.0, math.nan:
        with pytest.raises(ValueError, match=rf"\{{0, 1\}}, got {bad}"):
            use(torch.tensor([[0.0, bad]]))


@pytest.mark.parametrize("use", [
    lambda i: conditional(lambda x: x.sum(1), torch.zeros(2, 3), i),
    lambda i: transition_matrix(lambda x: x.sum(1), 3, i),
])  # fmt: skip
def test_a_unit_is_named_by_its_index(use):
    for i in 3, -1:
        with pytest.raises(ValueError, match=rf"i must be in 0\.\.2, got {i}"):
            use(i)
    for i in 1.0, True, None:
        with pytest.raises(TypeError, match="i must be an int"):
            use(i)


@pytest.mark.parametrize(
    "matrix", [lambda energy, n: transition_matrix(energy, n, 0), metropolis_matrix]
)
def test_a_matrix_is_for_small_models_and_proper_energies(matrix):
    with pytest.raises(ValueError, match=r"n must be in 1\.\.12 .*, got 13"):
        matrix(lambda x: x.sum(1), 13)
    with pytest.raises(TypeError, match="n must be an int, got float"):
        matrix(lambda x: x.sum(1), 3.0)
    with pytest.raises(ValueError, match=r"\(8,\), one value per state, got \(8, 3\)"):
        matrix(lambda x: x, 3)
    with pytest.raises(ValueError, match="got NaN"):
        matrix(lambda x: x.sum(1) * math.nan, 3)
    with pytest.raises(ValueError, match=r"got \+inf"):
        matrix(lambda x: x.sum(1) + math.inf, 3)


@pytest.mark.parametrize("use", [
    lambda x: conditional(lambda x: x, x, 0),
    lambda x: gibbs_sweep(lambda x: x, x, generator=seeded()),
    lambda x: metropolis_step(lambda x: x, x, generator=seeded()),
])  # fmt: skip
def test_an_energy_gives_one_value_per_state(use):
    with pytest.raises(ValueError, match=r"\(2,\), one value per state, got \(2, 3\)"):
        use(torch.zeros(2, 3))


def test_a_number_of_steps_is_an_int_from_zero():
    def step(x, *, generator):
        return x

    with pytest.raises(ValueError, match="n_steps must be 0 or more, got -1"):
        gibbs(step, torch.zeros(1, 1), -1, generator=seeded())
    for bad in 1.0, True, None:
        with pytest.raises(TypeError, match="n_steps must be an int"):
            gibbs(step, torch.zeros(1, 1), bad, generator=seeded())


def test_chains_are_rows_of_floats():
    with pytest.raises(ValueError, match=r"x must be \(batch, n\), got \(3,\)"):
        Chains(torch.zeros(3))
    with pytest.raises(TypeError, match=r"floating dtype, got torch\.int64"):
        Chains(torch.zeros(2, 3).long())
    with pytest.raises(TypeError, match="Tensor, got list"):
        Chains([[0.0]])


def test_the_matrix_of_a_sweep_is_the_product_of_its_updates_in_order():
    energy = some_energy()
    T = torch.linalg.multi_dot([transition_matrix(energy, N, i) for i in range(N)])
    assert_close(sweep_matrix(energy, N), T)
    backwards = torch.linalg.multi_dot(
        [transition_matrix(energy, N, i) for i in reversed(range(N))]
    )
    assert (sweep_matrix(energy, N) - backwards).abs().max() > 1e-3


def test_distances_to_p_are_those_of_the_rows_of_the_powers_of_the_matrix():
    energy, start = some_energy(), 5
    T, p = sweep_matrix(energy, N), probabilities(energy, N)
    by_hand = [
        sum(abs(a - b) for a, b in zip(row.tolist(), p.tolist(), strict=True)) / 2
        for row in (torch.linalg.matrix_power(T, k)[start] for k in range(6))
    ]
    assert distances(T, p, start, 5).tolist() == pytest.approx(by_hand)
    with pytest.raises(ValueError, match=r"i must be in 0\.\.15, got 16"):
        distances(T, p, 16, 5)
    with pytest.raises(ValueError, match="n_steps must be 0 or more"):
        distances(T, p, 0, -1)
