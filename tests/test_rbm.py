"""The RBM against its sums written as loops, enumeration of the joint, and autograd."""

import itertools
import math
from functools import partial

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.testing import assert_close

from lecture_lib import exact, rbm, sampling
from lecture_lib.rbm import RBM

D, H = 4, 3
SCALES = [1.0, 1e4]


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def random_rbm(n_visible=D, n_hidden=H, scale=1.0, seed=0, dtype=torch.float64):
    shapes = (n_hidden, n_visible), (n_hidden,), (n_visible,)
    generator = seeded(seed)
    return RBM(*(scale * torch.randn(s, generator=generator, dtype=dtype) for s in shapes))


def energy_by_loops(params, x, h):
    """-sum_j sum_i h_j W_ji x_i - sum_i c_i x_i - sum_j b_j h_j, for one x and one h."""
    W, b, c = (parameter.tolist() for parameter in params)
    terms = [h[j] * W[j][i] * x[i] for j in range(len(b)) for i in range(len(c))]
    terms += [c[i] * x[i] for i in range(len(c))] + [b[j] * h[j] for j in range(len(b))]
    return -math.fsum(terms)


def joint_table(params):
    """log of the unnormalised p(x, h): (2^D, 2^H)."""
    n_hidden, n_visible = params.W.shape
    rows = itertools.product([0.0, 1.0], repeat=n_visible)
    return torch.tensor(
        [
            [-energy_by_loops(params, x, h) for h in itertools.product([0.0, 1.0], repeat=n_hidden)]
            for x in rows
        ],
        dtype=torch.float64,
    )


def close(actual, expected):
    """Right to 1e-8, and relatively so for energies of 1e4."""
    assert_close(actual, expected, atol=1e-8, rtol=1e-12)


@pytest.mark.parametrize("scale", SCALES)
def test_the_energy_is_its_sums_written_out(scale):
    params = random_rbm(scale=scale)
    x = exact.binary_states(D).repeat_interleave(2**H, 0)
    h = exact.binary_states(H).repeat(2**D, 1)
    close(rbm.energy(params, x, h), -joint_table(params).flatten())


@pytest.mark.parametrize("scale", SCALES)
def test_the_free_energy_is_the_energy_with_hidden_units_summed_out(scale):
    params = random_rbm(scale=scale)
    close(
        rbm.free_energy(params, exact.binary_states(D)),
        -joint_table(params).logsumexp(1),
    )


@pytest.mark.parametrize("scale", SCALES)
def test_conditionals_are_shares_of_the_joint(scale):
    params = random_rbm(scale=scale)
    joint, x, h = joint_table(params), exact.binary_states(D), exact.binary_states(H)
    close(rbm.prob_h_given_x(params, x), joint.softmax(1) @ h)
    close(rbm.prob_x_given_h(params, h), joint.softmax(0).T @ x)


@pytest.mark.parametrize("scale", SCALES)
def test_given_one_layer_the_units_of_the_other_are_independent(scale):
    params = random_rbm(scale=scale)
    x, h = exact.binary_states(D), exact.binary_states(H)
    p = rbm.prob_h_given_x(params, x)
    product = torch.where(h == 1, p[:, None], 1 - p[:, None]).prod(-1)
    close(product, joint_table(params).softmax(1))


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("shape", [(4, 3), (3, 4), (3, 3), (1, 5), (5, 1)])
def test_log_z_sums_over_both_layers_whichever_is_enumerated(shape, scale):
    params = random_rbm(*shape, scale=scale)
    close(rbm.log_partition(params), joint_table(params).flatten().logsumexp(0))


@pytest.mark.parametrize("shape", [(4, 3), (3, 5)])
def test_log_z_is_that_of_the_free_energy(shape):
    params = random_rbm(*shape)
    energy = partial(rbm.free_energy, params)
    close(rbm.log_partition(params), exact.log_partition(energy, shape[0]))
    p = exact.probabilities(energy, shape[0])
    close((-energy(exact.binary_states(shape[0])) - rbm.log_partition(params)).exp(), p)


def test_log_z_over_many_blocks_is_that_over_one(monkeypatch):
    params = random_rbm(16, 14)
    whole = rbm.log_partition(params)
    monkeypatch.setattr(rbm, "BLOCK", 1000)
    close(rbm.log_partition(params), whole)
    monkeypatch.setattr(rbm, "BLOCK", 2**14)
    close(rbm.log_partition(params), whole)


def test_without_weights_log_z_is_a_sum_of_softplus():
    b, c = random_rbm(30, 20).b, random_rbm(30, 20).c
    params = RBM(torch.zeros(20, 30, dtype=torch.float64), b, c)
    by_hand = math.fsum(math.log1p(math.exp(a)) for a in (*b.tolist(), *c.tolist()))
    assert rbm.log_partition(params).item() == pytest.approx(by_hand, rel=1e-12)


def test_softplus_keeps_its_last_digits_in_the_free_energy():
    n = 50
    params = RBM(torch.zeros(n, 1), torch.full((n,), 20.5), torch.zeros(1))
    params = RBM(*(parameter.double() for parameter in params))
    by_hand = -n * (20.5 + math.log1p(math.exp(-20.5)))
    assert rbm.free_energy(params, torch.zeros(1, 1)).item() == pytest.approx(by_hand, abs=1e-10)


def test_the_gradient_of_the_energy_is_minus_h_x_and_the_bias_gradients_are_minus_x_and_h():
    params = RBM(*(parameter.requires_grad_() for parameter in random_rbm()))
    x, h = exact.binary_states(D)[5:6], exact.binary_states(H)[6:7]
    W, b, c = torch.autograd.grad(rbm.energy(params, x, h).sum(), params)
    assert torch.equal(W, -torch.outer(h[0], x[0]))
    assert torch.equal(b, -h[0])
    assert torch.equal(c, -x[0])


@pytest.mark.parametrize("scale", SCALES)
def test_minus_the_gradient_of_the_free_energy_is_the_mean_of_h_given_x(scale):
    params = RBM(*(parameter.requires_grad_() for parameter in random_rbm(scale=scale)))
    x = exact.binary_states(D)[3:4]
    _, gradient, _ = torch.autograd.grad(rbm.free_energy(params, x).sum(), params)
    close(-gradient, rbm.prob_h_given_x(params, x)[0].detach())


def test_the_gradient_of_log_z_is_the_mean_of_both_layers_under_the_model():
    params = RBM(*(parameter.requires_grad_() for parameter in random_rbm()))
    W, b, c = torch.autograd.grad(rbm.log_partition(params), params)
    p = joint_table(params).flatten().softmax(0).reshape(2**D, 2**H)
    x, h = exact.binary_states(D), exact.binary_states(H)
    close(W, torch.einsum("xh,hj,xi->ji", p, h, x))
    close(b, p.sum(0) @ h)
    close(c, p.sum(1) @ x)


@given(st.permutations(range(H)), st.permutations(range(D)))
@settings(deadline=None)
def test_renaming_units_changes_nothing(hidden, visible):
    W, b, c = random_rbm()
    renamed, x = RBM(W[hidden][:, visible], b[hidden], c[visible]), exact.binary_states(D)
    close(rbm.free_energy(renamed, x[:, visible]), rbm.free_energy(RBM(W, b, c), x))
    close(rbm.log_partition(renamed), rbm.log_partition(RBM(W, b, c)))


@given(st.integers(0, 99))
@settings(deadline=None)
def test_an_rbm_with_its_layers_exchanged_has_the_same_energy(seed):
    W, b, c = params = random_rbm(seed=seed)
    x, h = exact.binary_states(D), exact.binary_states(H).repeat(2, 1)
    close(rbm.energy(RBM(W.T, c, b), h, x), rbm.energy(params, x, h))


@pytest.mark.parametrize("scale", SCALES)
def test_the_block_gibbs_step_sums_over_the_hidden_states_between(scale):
    params = random_rbm(scale=scale)
    joint = joint_table(params)
    T = rbm.transition_matrix(params)
    close(T, joint.softmax(1) @ joint.softmax(0).T)
    close(T.sum(1), torch.ones(2**D, dtype=torch.float64))


@pytest.mark.parametrize("scale", SCALES)
def test_the_block_gibbs_step_keeps_p_and_satisfies_detailed_balance(scale):
    params = random_rbm(scale=scale)
    T, p = rbm.transition_matrix(params), joint_table(params).logsumexp(1).softmax(0)
    close(p @ T, p)
    flow = p[:, None] * T
    close(flow, flow.T)


def test_a_block_gibbs_step_moves_as_its_matrix_says():
    params, batch = random_rbm(3, 2), 8000
    T = rbm.transition_matrix(params)
    x = exact.binary_states(3).repeat_interleave(batch, 0)
    number = torch.tensor([4, 2, 1], dtype=torch.float64)
    moved = rbm.gibbs_step(params, x, generator=seeded())
    moves = ((x @ number) * 8 + moved @ number).long().bincount(minlength=64).reshape(8, 8)
    standard_error = (T * (1 - T) / batch).sqrt()
    assert ((moves / batch - T).abs() < 4.5 * standard_error).all()


def test_samples_are_one_where_the_uniform_number_is_below_the_probability():
    params, x, h = random_rbm(), exact.binary_states(D), exact.binary_states(H)
    u = torch.rand(2**D, H, generator=seeded(1), dtype=torch.float64)
    up = rbm.sample_h_given_x(params, x, generator=seeded(1))
    assert torch.equal(up == 1, u < rbm.prob_h_given_x(params, x))
    u = torch.rand(2**H, D, generator=seeded(2), dtype=torch.float64)
    down = rbm.sample_x_given_h(params, h, generator=seeded(2))
    assert torch.equal(down == 1, u < rbm.prob_x_given_h(params, h))


def test_a_gibbs_step_goes_up_and_then_down():
    params, x, generator = random_rbm(), exact.binary_states(D), seeded(3)
    h = rbm.sample_h_given_x(params, x, generator=generator)
    by_hand = rbm.sample_x_given_h(params, h, generator=generator)
    assert torch.equal(rbm.gibbs_step(params, x, generator=seeded(3)), by_hand)


def test_an_rbm_is_a_step_for_chains_and_an_energy_for_all_sums():
    params, before = random_rbm(), torch.get_rng_state()
    chains = sampling.Chains(exact.binary_states(D))
    moved = chains.advance(partial(rbm.gibbs_step, params), 3, generator=seeded())
    assert ((moved == 0) | (moved == 1)).all()
    energy = partial(rbm.free_energy, params)
    T = sampling.transition_matrix(energy, D, 0)
    p = exact.probabilities(energy, D)
    close(p @ T, p)
    assert torch.equal(torch.get_rng_state(), before)


def test_conditionals_read_reals_as_probabilities_of_units():
    params = random_rbm()
    x = torch.rand(5, D, generator=seeded(), dtype=torch.float64)
    close(rbm.prob_h_given_x(params, x), 1 / (1 + (-(params.b + x @ params.W.T)).exp()))
    h = torch.rand(5, H, generator=seeded(), dtype=torch.float64)
    close(rbm.prob_x_given_h(params, h), 1 / (1 + (-(params.c + h @ params.W)).exp()))


FUNCTIONS_OF_X = [
    rbm.free_energy,
    rbm.prob_h_given_x,
    partial(rbm.sample_h_given_x, generator=seeded()),
    partial(rbm.gibbs_step, generator=seeded()),
    lambda params, x: rbm.energy(params, x, torch.zeros(2, H)),
]
FUNCTIONS_OF_H = [
    rbm.prob_x_given_h,
    partial(rbm.sample_x_given_h, generator=seeded()),
    lambda params, h: rbm.energy(params, torch.zeros(2, D), h),
]
CONDITIONALS = [
    *[(f, "x", D) for f in FUNCTIONS_OF_X[1:4]],
    *[(f, "h", H) for f in FUNCTIONS_OF_H[:2]],
]
ENERGIES = [(FUNCTIONS_OF_X[0], "x", D), (FUNCTIONS_OF_X[4], "x", D), (FUNCTIONS_OF_H[2], "h", H)]
ALL = CONDITIONALS + ENERGIES


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_units_of_any_floating_dtype_are_exact_and_results_have_the_dtype_of_the_weights(dtype):
    params, x, h = random_rbm(), exact.binary_states(D), exact.binary_states(H)
    assert torch.equal(rbm.free_energy(params, x.to(dtype)), rbm.free_energy(params, x))
    assert torch.equal(rbm.prob_h_given_x(params, x.to(dtype)), rbm.prob_h_given_x(params, x))
    assert torch.equal(rbm.prob_x_given_h(params, h.to(dtype)), rbm.prob_x_given_h(params, h))
    assert torch.equal(
        rbm.energy(params, x.to(dtype), h.repeat(2, 1)),
        rbm.energy(params, x, h.repeat(2, 1).to(dtype)),
    )


@pytest.mark.parametrize(("function", "name", "n"), ALL)
def test_units_of_another_shape_are_refused(function, name, n):
    for shape in (n,), (2, n + 1), (2, n - 1), (1, 2, n), ():
        with pytest.raises(ValueError, match=rf"^{name} must be \(batch, {n}\), got \("):
            function(random_rbm(), torch.zeros(shape))


@pytest.mark.parametrize(("function", "name", "n"), ALL)
def test_units_that_are_no_floats_are_refused(function, name, n):
    for dtype in torch.int64, torch.uint8, torch.bool:
        with pytest.raises(TypeError, match=f"{name} must have a floating dtype, got {dtype}"):
            function(random_rbm(), torch.zeros(2, n, dtype=dtype))
    with pytest.raises(TypeError, match=rf"{name} must be a torch.Tensor, got list"):
        function(random_rbm(), [[0.0] * n] * 2)


@pytest.mark.parametrize(("function", "name", "n"), ENERGIES)
def test_an_energy_needs_units_of_zero_and_one(function, name, n):
    for value in 0.5, -1.0, 2.0, math.nan, math.inf:
        with pytest.raises(ValueError, match=rf"{name} must be in \{{0, 1\}}, got {value}"):
            function(random_rbm(), torch.full((2, n), value, dtype=torch.float64))


@pytest.mark.parametrize(("function", "name", "n"), CONDITIONALS)
def test_a_conditional_needs_units_between_zero_and_one(function, name, n):
    for value in -0.5, 1.5, math.nan, math.inf:
        with pytest.raises(ValueError, match=rf"{name} must be in \[0, 1\], got {value}"):
            function(random_rbm(), torch.full((2, n), value, dtype=torch.float64))


@pytest.mark.parametrize(("function", "name", "n"), CONDITIONALS)
def test_reals_need_the_dtype_of_the_weights(function, name, n):
    with pytest.raises(
        TypeError, match=rf"{name} must have dtype torch\.float64.*got torch\.float32"
    ):
        function(random_rbm(), torch.full((2, n), 0.5, dtype=torch.float32))


@pytest.mark.parametrize(("function", "name", "n"), ALL)
def test_units_on_another_device_are_refused(function, name, n):
    with pytest.raises(ValueError, match=f"{name} must be on cpu, got meta"):
        function(random_rbm(), torch.zeros(2, n, device="meta"))


SUMS = [
    (lambda params, _, f=f: f(params), "", 1) for f in (rbm.log_partition, rbm.transition_matrix)
]


@pytest.mark.parametrize(("function", "name", "n"), [*ALL, *SUMS])
def test_parameters_that_do_not_fit_one_another_are_named_all_three(function, name, n):
    W, b, c = random_rbm()
    units = torch.zeros(2, n)
    for bad in (
        (W.T, b, c),
        (W, c, b),
        (W[0], b, c),
        (W, b[:1], c),
        (W, b, c[:1]),
        (W, b[:, None], c),
    ):
        with pytest.raises(ValueError, match=r"got W \(.*\), b \(.*\), c \(.*\)"):
            function(RBM(*bad), units)
    for bad in (W.float(), b, c), (W, b.float(), c), (W, b, c.float()), (W, b.long(), c):
        with pytest.raises(TypeError, match=r"got W torch\.\w+, b torch\.\w+, c torch\.\w+"):
            function(RBM(*bad), units)
    with pytest.raises(TypeError, match=r"one floating dtype, got W torch\.int64"):
        function(RBM(W.long(), b.long(), c.long()), units)
    with pytest.raises(ValueError, match="one device, got W cpu, b meta, c cpu"):
        function(RBM(W, b.to("meta"), c), units)
    with pytest.raises(TypeError, match="got list, Tensor, Tensor"):
        function(RBM(W.tolist(), b, c), units)


def test_x_and_h_come_in_one_batch_size():
    for batch in 1, 3:
        with pytest.raises(ValueError, match=f"one batch size, got 2 and {batch}"):
            rbm.energy(random_rbm(), torch.zeros(2, D), torch.zeros(batch, H))


def test_an_empty_batch_gives_an_empty_result():
    params = random_rbm()
    assert rbm.free_energy(params, torch.zeros(0, D)).shape == (0,)
    assert rbm.gibbs_step(params, torch.zeros(0, D), generator=seeded()).shape == (0, D)


@pytest.mark.parametrize("draw", [
    lambda **kw: rbm.sample_h_given_x(random_rbm(), torch.zeros(2, D), **kw),
    lambda **kw: rbm.sample_x_given_h(random_rbm(), torch.zeros(2, H), **kw),
    lambda **kw: rbm.gibbs_step(random_rbm(), torch.zeros(2, D), **kw),
    lambda **kw: rbm.init(D, H, **kw),
])  # fmt: skip
def test_whatever_draws_needs_a_generator(draw):
    draw(generator=seeded())
    with pytest.raises(TypeError):
        draw()
    with pytest.raises(TypeError, match=r"must be a torch\.Generator, got NoneType"):
        draw(generator=None)


def test_the_first_parameters_are_small_and_reproducible():
    params = rbm.init(200, 300, generator=seeded())
    assert [parameter.shape for parameter in params] == [(300, 200), (300,), (200,)]
    assert {parameter.dtype for parameter in params} == {torch.float32}
    assert not params.b.any()
    assert not params.c.any()
    n = params.W.numel()
    assert abs(params.W.mean().item()) < 4 * 0.01 / math.sqrt(n)
    assert abs(params.W.std().item() - 0.01) < 4 * 0.01 / math.sqrt(2 * n)
    assert torch.equal(params.W, rbm.init(200, 300, generator=seeded()).W)


def test_visible_biases_start_at_the_log_odds_of_the_data_with_one_more_of_each():
    data = torch.tensor([[0, 1, 0], [0, 1, 1], [0, 1, 1]], dtype=torch.float64)
    params = rbm.init(3, 2, generator=seeded(), data=data)
    by_hand = [math.log(1 / 4), math.log(4 / 1), math.log(3 / 2)]
    assert_close(params.c, torch.tensor(by_hand, dtype=torch.float64))
    assert params.W.dtype == torch.float64


def test_without_weights_the_first_model_has_the_means_of_the_data():
    data = (torch.rand(5000, 3, generator=seeded(), dtype=torch.float64) < 0.3).double()
    W, b, c = rbm.init(3, 2, generator=seeded(), data=data)
    p = exact.probabilities(partial(rbm.free_energy, RBM(0 * W, b, c)), 3)
    assert_close(p @ exact.binary_states(3), data.mean(0), atol=1e-3, rtol=0)


def test_an_rbm_cannot_start_from_what_does_not_fit():
    for bad in (0, 1), (1, 0), (-1, 1):
        with pytest.raises(ValueError, match="at least 1, got"):
            rbm.init(*bad, generator=seeded())
    for bad in (1.0, 1), (1, True):
        with pytest.raises(TypeError, match="must be an int, got"):
            rbm.init(*bad, generator=seeded())
    with pytest.raises(ValueError, match=r"data must be \(batch, 3\), got \(5, 4\)"):
        rbm.init(3, 2, generator=seeded(), data=torch.zeros(5, 4))
    with pytest.raises(ValueError, match=r"data must be in \[0, 1\], got 2.0"):
        rbm.init(3, 2, generator=seeded(), data=torch.full((5, 3), 2.0))
    with pytest.raises(TypeError, match="data must have a floating dtype"):
        rbm.init(3, 2, generator=seeded(), data=torch.zeros(5, 3).long())
    with pytest.raises(ValueError, match="one device, got meta and cpu"):
        rbm.init(3, 2, generator=seeded(), data=torch.zeros(5, 3, device="meta"))


def test_exact_sums_say_where_they_end():
    with pytest.raises(ValueError, match=r"smaller layer must be in 1\.\.20 .*, got 21"):
        rbm.log_partition(random_rbm(21, 25))
    with pytest.raises(ValueError, match=r"n_visible must be in 1\.\.12 .*, got 13"):
        rbm.transition_matrix(random_rbm(13, 2))
    with pytest.raises(ValueError, match=r"n_hidden must be in 1\.\.12 .*, got 13"):
        rbm.transition_matrix(random_rbm(2, 13))


def test_float32_parameters_give_float32_results():
    params, x = random_rbm(dtype=torch.float32), exact.binary_states(D)
    assert rbm.free_energy(params, x).dtype == torch.float32
    assert rbm.gibbs_step(params, x, generator=seeded()).dtype == torch.float32
    assert rbm.log_partition(params).dtype == torch.float32
    assert rbm.transition_matrix(params).dtype == torch.float32


def test_clamped_chains_reach_the_exact_distribution_of_the_unknown_units_given_the_known():
    params, batch = random_rbm(), 20_000
    known = torch.tensor([True, False, True, False])
    x = torch.tensor([1.0, 0.0, 0.0, 0.0], dtype=torch.float64).repeat(batch, 1)
    generator = seeded(3)
    for _ in range(30):
        x = rbm.clamped_gibbs_step(params, x, known, generator=generator)
    assert (x[:, known] == torch.tensor([1.0, 0.0])).all()
    weights = {
        (u, v): sum(
            math.exp(-energy_by_loops(params, (1, u, 0, v), h))
            for h in itertools.product([0.0, 1.0], repeat=H)
        )
        for u in (0.0, 1.0)
        for v in (0.0, 1.0)
    }
    for (u, v), weight in weights.items():
        p = weight / sum(weights.values())
        found = ((x[:, 1] == u) & (x[:, 3] == v)).double().mean().item()
        assert abs(found - p) < 4.5 * math.sqrt(p * (1 - p) / batch)


def test_with_nothing_known_a_clamped_step_is_a_gibbs_step_and_with_all_known_it_stays():
    params, x = random_rbm(), exact.binary_states(D)
    nothing, everything = torch.zeros(D, dtype=torch.bool), torch.ones(D, dtype=torch.bool)
    assert torch.equal(
        rbm.clamped_gibbs_step(params, x, nothing, generator=seeded(1)),
        rbm.gibbs_step(params, x, generator=seeded(1)),
    )
    assert torch.equal(rbm.clamped_gibbs_step(params, x, everything, generator=seeded(1)), x)


def test_a_mask_of_known_units_is_one_bool_for_each():
    params, x = random_rbm(), exact.binary_states(D)
    with pytest.raises(TypeError, match="known must be a tensor of bool, got"):
        rbm.clamped_gibbs_step(params, x, torch.ones(D), generator=seeded())
    with pytest.raises(ValueError, match=r"known must be \(4,\), got \(16, 4\)"):
        rbm.clamped_gibbs_step(params, x, torch.ones(16, D, dtype=torch.bool), generator=seeded())
    with pytest.raises(ValueError, match=r"\{0, 1\}, got 0\.5"):
        rbm.clamped_gibbs_step(params, 0.5 * x, torch.zeros(D).bool(), generator=seeded())
    with pytest.raises(TypeError):
        rbm.clamped_gibbs_step(params, x, torch.zeros(D).bool())
