"""Limits let chance pass, and nothing that matters."""

import math
import random
from collections import Counter

import pytest

from model_store import stability

TENTHS = (0.1,) * 10


def _drawn(expected: tuple[float, ...], houses: int, seed: int) -> list[int]:
    chosen = random.Random(seed).choices(range(len(expected)), expected, k=houses)
    counts = Counter(chosen)
    return [counts[at] for at in range(len(expected))]


def test_the_index_is_the_sum_over_bins_of_gap_times_log_ratio() -> None:
    """Worked out by hand, for so many houses that one more a bin is nothing."""
    found = stability.psi((0.5, 0.5), [700_000_000, 300_000_000])

    assert found == pytest.approx(0.2 * math.log(1.4) - 0.2 * math.log(0.6))


def test_shares_as_expected_are_no_change() -> None:
    """Nor is nothing at all."""
    assert stability.psi(TENTHS, [20] * 10) == pytest.approx(0)
    assert stability.psi(TENTHS, [0] * 10) == pytest.approx(0)
    assert stability.ks(TENTHS, [20] * 10) == pytest.approx(0)
    assert stability.ks(TENTHS, [0] * 10) == 0


def test_the_distance_is_the_widest_gap_of_the_sums() -> None:
    """Where all lie in the last of ten bins, nine tenths are missing before it."""
    assert stability.ks(TENTHS, [0] * 9 + [50]) == pytest.approx(0.9)


@pytest.mark.parametrize(
    "expected", [TENTHS, (0.995, 0.005), (0.02,) * 50, (0.9, 0.05, 0.03, 0.02)]
)
@pytest.mark.parametrize("houses", [1, 10, 50, 200, 2000])
def test_chance_alone_stays_below_the_limits(
    expected: tuple[float, ...], houses: int
) -> None:
    """Two hundred draws from what is expected raise nothing, however few are drawn."""
    for seed in range(200):
        counts = _drawn(expected, houses, seed)
        limit = stability.psi_limit(len(expected), houses, 10_000)
        assert stability.psi(expected, counts) <= limit
        assert stability.ks(expected, counts) <= stability.ks_limit(houses, 10_000)
        assert not stability.share_differs(expected[0], counts[0], houses)


def test_the_index_without_a_change_has_the_mean_of_its_law() -> None:
    """It is the noise that the limit is made of: nine degrees of freedom a house."""
    houses = 2000
    found = [stability.psi(TENTHS, _drawn(TENTHS, houses, seed)) for seed in range(300)]

    assert sum(found) / len(found) == pytest.approx(9 / houses, rel=0.1)


def test_a_limit_shrinks_as_houses_come_down_to_what_does_not_matter() -> None:
    """A hundred thousand houses make a real difference of no weight no alarm."""
    limits = [
        stability.psi_limit(10, houses, 20_000) for houses in (10, 100, 200, 10**6)
    ]

    assert limits == sorted(limits, reverse=True)
    assert limits[2] == pytest.approx(0.232, abs=0.001)
    assert limits[3] == stability.LEAST_PSI
    assert stability.ks_limit(10**6, 20_000) == stability.LEAST_KS


def test_a_share_differs_where_chance_cannot_explain_it() -> None:
    """Missing where all have it, and given where none has it."""
    assert stability.share_differs(0.0, 12, 200)
    assert stability.share_differs(0.957, 150, 200)
    assert not stability.share_differs(0.0, 1, 3)
    assert not stability.share_differs(0.0, 1000, 100_000)
    assert not stability.share_differs(0.0, 0, 0)
