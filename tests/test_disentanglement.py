"""Both metrics on representations whose score is known: perfect, permuted, rotated, random."""

import itertools
import math

import pytest
import torch

from lecture_lib import data
from lecture_lib.disentanglement import (
    beta_vae_score,
    entropy,
    factor_differences,
    mean_interval,
    mutual_information,
    mutual_information_gap,
    unit_rates,
)
from lecture_lib.distributions import kl_gaussian

GRID = torch.tensor(list(itertools.product(range(5), range(4), range(6), range(3))))
EVEN = torch.tensor(list(itertools.product(range(6), repeat=4)))
QUARTER = torch.tensor([[1.0, 1.0], [1.0, -1.0]], dtype=torch.float64) / math.sqrt(2)


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def slow_information(pairs):
    """I of two discrete variables by its definition, from a list of pairs."""
    n = len(pairs)
    total = 0.0
    for a in {a for a, _ in pairs}:
        for b in {b for _, b in pairs}:
            p_ab = sum(pair == (a, b) for pair in pairs) / n
            p_a = sum(first == a for first, _ in pairs) / n
            p_b = sum(second == b for _, second in pairs) / n
            if p_ab:
                total += p_ab * math.log(p_ab / (p_a * p_b))
    return total


def rotated(codes):
    """The first two units turned by 45 degrees, the next two as well."""
    turned = codes.clone()
    for pair in ([0, 1], [2, 3]):
        turned[:, pair] = codes[:, pair] @ QUARTER
    return turned


def test_information_is_its_definition_on_discrete_codes():
    generator = rng(1)
    factors = torch.randint(0, 3, (60, 2), generator=generator)
    codes = torch.stack([
        torch.randint(0, 4, (60,), generator=generator), factors[:, 0], factors.sum(1)
    ], 1)
    found = mutual_information(codes.double(), factors)
    for j in range(3):
        for k in range(2):
            pairs = list(zip(codes[:, j].tolist(), factors[:, k].tolist(), strict=True))
            assert found[j, k].item() == pytest.approx(slow_information(pairs), abs=1e-12)


def test_bins_have_one_width_and_hold_their_lower_edge():
    codes = torch.tensor([[0.0, 5], [0.24, 5], [0.26, 5], [0.74, 5], [1.0, 5]])
    factors = torch.tensor([[0], [0], [1], [2], [3]])
    found = mutual_information(codes, factors, n_bins=4)
    bins = [0, 0, 1, 2, 3]
    assert found[0, 0].item() == pytest.approx(slow_information(list(zip(bins, bins, strict=True))))
    assert found[1, 0] == 0  # a unit that never changes


def test_entropy_is_log_of_the_number_of_equally_frequent_values():
    assert entropy(GRID).tolist() == pytest.approx([math.log(n) for n in (5, 4, 6, 3)])
    skewed = torch.tensor([[7], [7], [7], [-2]])
    assert entropy(skewed).item() == pytest.approx(-0.75 * math.log(0.75) - 0.25 * math.log(0.25))


def test_a_perfect_representation_has_a_gap_and_a_score_of_one():
    codes = GRID.double()
    assert mutual_information_gap(codes, GRID).item() == pytest.approx(1)
    assert beta_vae_score(codes, GRID, generator=rng()) == 1


def test_renaming_shifting_and_stretching_units_and_adding_dead_ones_changes_nothing():
    order = torch.tensor([2, 0, 3, 1])
    codes = GRID.double()[:, order] * torch.tensor([-3, 1e-4, 50, 1]) + 10
    codes = torch.cat([codes, torch.zeros(len(codes), 2)], 1)
    assert mutual_information_gap(codes, GRID).item() == pytest.approx(1)
    assert beta_vae_score(codes, GRID, generator=rng()) == 1


def test_the_information_of_a_unit_stands_in_its_own_row():
    """A table turned over by `.view` in place of `.t()` has these numbers in other places."""
    codes = torch.stack([EVEN[:, 2] // 3, EVEN[:, 0], EVEN[:, 0] % 2], 1).double()
    found = mutual_information(codes, EVEN)
    expected = torch.zeros(3, 4, dtype=torch.float64)
    expected[0, 2], expected[1, 0], expected[2, 0] = math.log(2), math.log(6), math.log(2)
    assert torch.allclose(found, expected, atol=1e-12)
    assert not torch.allclose(found.view(4, 3), expected.t(), atol=0.1)  # right shape, wrong table
    gaps = [math.log(6) - math.log(2), 0, math.log(2), 0]
    assert mutual_information_gap(codes, EVEN).item() == pytest.approx(sum(gaps) / math.log(6) / 4)


def test_two_units_that_know_the_same_leave_no_gap():
    codes = torch.cat([EVEN, EVEN], 1).double()
    assert mutual_information_gap(codes, EVEN) == 0


def test_a_rotation_by_45_degrees_leaves_no_gap_and_half_the_score():
    codes = rotated(EVEN.double())
    # both units of a pair are a sum or a difference of the same two factors: I is the same
    both = slow_information([(a + b, a) for a in range(6) for b in range(6)])
    found = mutual_information(codes, EVEN, n_bins=11)  # the 11 values of a sum
    assert found[0, 0].item() == pytest.approx(both)
    assert mutual_information_gap(codes, EVEN, n_bins=11).item() == pytest.approx(0, abs=1e-9)
    assert mutual_information_gap(codes, EVEN).item() < 0.02
    # factors 0 and 1 change the units 0 and 1 alike: told from 2 and 3, not from each other
    score = beta_vae_score(codes, EVEN, generator=rng(), n_test=4000)
    assert score.item() == pytest.approx(0.5, abs=4 * 0.5 / math.sqrt(4000))


def test_a_random_representation_has_no_gap_and_a_score_of_chance():
    codes = torch.randn(len(EVEN), 6, generator=rng(3), dtype=torch.float64)
    assert mutual_information_gap(codes, EVEN).item() < 0.01
    # 1296 examples: of a few, the kept factor shows by accident
    score = beta_vae_score(codes, EVEN, generator=rng(), n_pairs=8, n_test=4000)
    assert score.item() == pytest.approx(0.25, abs=4 * math.sqrt(0.25 * 0.75 / 4000) + 0.02)


def test_a_half_right_representation_scores_between_chance_and_one():
    """Two factors have a unit each, the other two have none: 1 + 1 + 1/2 + 1/2 of 4 are right."""
    codes = EVEN[:, :2].double()
    gap = mutual_information_gap(torch.cat([codes, torch.zeros(len(codes), 1)], 1), EVEN)
    assert gap.item() == pytest.approx(0.5)
    score = beta_vae_score(codes, EVEN, generator=rng(), n_test=4000)
    assert score.item() == pytest.approx(0.75, abs=0.03)


def test_the_gap_is_graded_between_a_rotation_by_zero_and_by_45_degrees():
    """A metric that is at its maximum at once cannot be used to compare."""
    gaps = []
    for degrees in (0, 5, 15, 30, 45):
        a = math.radians(degrees)
        turn = torch.tensor([[math.cos(a), math.sin(a)], [-math.sin(a), math.cos(a)]])
        codes = EVEN.double()
        codes[:, :2] = codes[:, :2] @ turn.double()
        gaps.append(mutual_information_gap(codes, EVEN, n_bins=10).item())
    assert gaps[0] == pytest.approx(1)
    assert gaps[-1] == pytest.approx(0.5, abs=0.02)  # the other two factors keep their units
    assert all(a > b + 0.01 for a, b in itertools.pairwise(gaps))


def test_the_score_saturates_where_the_gap_does_not():
    """Rotated by 45 degrees, with one factor spreading z more: the score is perfect, the gap is not."""
    factors = EVEN[:, :2]
    codes = (factors * torch.tensor([1.0, 2.0], dtype=torch.float64)) @ QUARTER
    assert beta_vae_score(codes, factors, generator=rng()) == 1
    assert mutual_information_gap(codes, factors) < 0.02


def test_pairs_agree_in_the_kept_factor_and_in_no_other():
    codes = EVEN.double()
    for k in range(4):
        kept = factor_differences(codes, EVEN, k, 200, generator=rng(k))
        assert kept.shape == (200, 4)
        assert (kept[:, k] == 0).all()
        others = kept[:, [j for j in range(4) if j != k]]
        mean = sum(abs(a - b) for a in range(6) for b in range(6)) / 36
        assert others.mean().item() == pytest.approx(mean, abs=0.03)


def test_pairs_are_drawn_within_values_of_any_name_and_frequency():
    factors = torch.tensor([[5, 0]] * 3 + [[-2, 1]] * 9)
    codes = torch.arange(12.0)[:, None]
    found = factor_differences(codes, factors, 0, 4000, generator=rng(), n_pairs=1)
    among = [[abs(a - b) for a in rows for b in rows] for rows in (range(3), range(3, 12))]
    mean = 3 / 12 * sum(among[0]) / 9 + 9 / 12 * sum(among[1]) / 81
    assert found.mean().item() == pytest.approx(mean, abs=0.15)
    assert found.max() <= 8


def test_the_same_generator_gives_the_same_score_and_the_global_stream_is_left_alone():
    codes = torch.randn(len(EVEN), 3, generator=rng(5))
    state = torch.get_rng_state()
    first, second = (beta_vae_score(codes, EVEN, generator=rng(8)) for _ in range(2))
    assert first == second
    assert first.shape == ()
    assert torch.equal(torch.get_rng_state(), state)


def test_the_factors_of_the_sprites_are_a_perfect_representation_of_themselves():
    sprites = data.sprites()
    factors = torch.cat([sprites.train_factors, sprites.test_factors])
    assert mutual_information_gap(factors.float(), factors).item() == pytest.approx(1)
    assert beta_vae_score(factors.float(), factors, generator=rng()) == 1


@pytest.mark.parametrize("metric", [
    mutual_information_gap,
    lambda codes, factors: beta_vae_score(codes, factors, generator=rng()),
])
def test_what_does_not_fit_is_refused(metric):
    codes = EVEN.double()
    for error, message, arguments in (
        (TypeError, "codes must be a torch.Tensor, got list", (codes.tolist(), EVEN)),
        (TypeError, "codes must have a floating dtype, got torch.int64", (EVEN, EVEN)),
        (TypeError, "factors must be a torch.Tensor", (codes, EVEN.numpy())),
        (TypeError, "class indices of an int dtype, got torch.float64", (codes, codes)),
        (ValueError, r"codes must be \(N, n_latent\), got \(1296,\)", (codes[:, 0], EVEN)),
        (ValueError, r"factors must be \(N, n_factors\), got \(1296,\)", (codes, EVEN[:, 0])),
        (ValueError, "a row for each example, got 1295 and 1296", (codes[1:], EVEN)),
        (ValueError, "codes must be finite, got nan", (codes / codes, EVEN)),
        (ValueError, "got 0 for all of column 1", (codes, EVEN * torch.tensor([1, 0, 1, 1]))),
    ):
        with pytest.raises(error, match=message):
            metric(*arguments)


def test_numbers_that_make_no_sense_are_refused():
    codes = EVEN.double()
    with pytest.raises(ValueError, match=r"codes must be \(N, 2 or more\), got \(1296, 1\)"):
        mutual_information_gap(codes[:, :1], EVEN)
    with pytest.raises(ValueError, match="n_bins must be at least 2"):
        mutual_information_gap(codes, EVEN, n_bins=1)
    with pytest.raises(ValueError, match=r"factors must be \(N, 2 or more\)"):
        beta_vae_score(codes, EVEN[:, :1], generator=rng())
    for name in ("n_train", "n_test", "n_pairs"):
        with pytest.raises(ValueError, match="must be at least 1, got 0"):
            beta_vae_score(codes, EVEN, generator=rng(), **{name: 0})
    with pytest.raises(ValueError, match="factor must be below 4, got 4"):
        factor_differences(codes, EVEN, 4, 1, generator=rng())
    with pytest.raises(TypeError, match=r"generator must be a torch\.Generator, got None"):
        beta_vae_score(codes, EVEN, generator=None)
    with pytest.raises(TypeError, match="generator"):
        beta_vae_score(codes, EVEN)


def test_the_rates_of_the_units_are_their_own_divergences_and_add_up():
    mu, log_var = torch.randn(2, 50, 3, generator=rng(4), dtype=torch.float64)
    rates = unit_rates(mu, log_var)
    for j in range(3):
        q = torch.distributions.Normal(mu[:, j], (log_var[:, j] / 2).exp())
        prior = torch.distributions.Normal(torch.zeros_like(mu[:, j]), torch.ones_like(mu[:, j]))
        expected = torch.distributions.kl_divergence(q, prior).mean()
        assert rates[j].item() == pytest.approx(expected.item())
    assert rates.sum().item() == pytest.approx(kl_gaussian(mu, log_var).mean().item())
    with pytest.raises(ValueError, match=r"must have one shape, got mu \(50, 3, 1\)"):
        unit_rates(mu, log_var[:, :2])


def test_an_interval_of_five_runs_is_students():
    values = torch.tensor([[0.2, 0.3, 0.1, 0.25, 0.4], [1, 1, 1, 1, 1]], dtype=torch.float64)
    mean, half = mean_interval(values)
    s = math.sqrt(sum((v - 0.25) ** 2 for v in (0.2, 0.3, 0.1, 0.25, 0.4)) / 4)
    assert mean.tolist() == pytest.approx([0.25, 1])
    assert half.tolist() == pytest.approx([2.776445 * s / math.sqrt(5), 0], abs=1e-6)
    assert (mean_interval(values, confidence=0.5)[1] <= half).all()
    for wrong, message in (
        ((torch.tensor(1.0),), r"values must be \(\.\.\., 2 or more\), got \(\)"),
        ((values[:, :1],), r"2 or more\), got \(2, 1\)"),
    ):
        with pytest.raises(ValueError, match=message):
            mean_interval(*wrong)
    with pytest.raises(ValueError, match="confidence must be between 0 and 1, got 1"):
        mean_interval(values, confidence=1)
