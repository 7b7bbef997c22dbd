"""The laws of what is summed up of a challenger's prices."""

import math
from typing import Any

import orjson
import pytest
import redis as redis_py

from worker import keys, shadow_totals
from worker.shadow_totals import ShadowTotals, Totals


@pytest.fixture
def totals(redis: redis_py.Redis) -> ShadowTotals:
    """Return the totals of the test's Redis."""
    return ShadowTotals(redis)


def row(ratio: float, number: int = 0) -> dict[str, Any]:
    """Return a house for which the challenger says so many times the price."""
    return {
        "prediction_id": str(number),
        "version": "new",
        "price": 500_000 * ratio,
        "served_version": "old",
        "served_price": 500_000,
    }


def test_what_nobody_compared_has_no_totals(totals: ShadowTotals) -> None:
    """Nor does a challenger against another champion."""
    totals.add([row(1.1)], cpu_s=0.1)

    assert totals.read("new", "other") == Totals()


def test_ratios_are_summed_up(totals: ShadowTotals) -> None:
    """By the mean of their logarithm, and quantiles to about a percent."""
    ratios = [0.9 + 0.002 * step for step in range(101)]
    for start in range(0, 101, 7):
        batch = [row(one) for one in ratios[start : start + 7]]
        totals.add(batch, cpu_s=0.01)

    found = totals.read("new", "old")

    assert found.count == 101
    assert found.mean == pytest.approx(sum(map(math.log, ratios)) / 101)
    wanted = [math.log(ratios[place]) for place in (5, 50, 95)]
    assert found.quantiles == pytest.approx(wanted, abs=0.011)
    assert found.cpu_s == pytest.approx(0.15)


def test_a_ratio_beyond_all_measure_has_a_place(totals: ShadowTotals) -> None:
    """What is kept is bounded whatever a challenger says."""
    totals.add([row(1e-6), row(1e6)], cpu_s=0)

    assert totals.read("new", "old").quantiles == [-1, -1, 1]


def test_what_waits_for_the_archive_is_bounded(
    totals: ShadowTotals, redis: redis_py.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest stay, and not for ever."""
    monkeypatch.setattr(shadow_totals, "_WAITING", 3)
    totals.add([row(1, number) for number in range(5)], cpu_s=0)

    waiting = [orjson.loads(one) for one in totals.waiting(9)]
    assert [one["prediction_id"] for one in waiting] == ["2", "3", "4"]
    assert redis.ttl(keys.SHADOWED) > 0


def test_what_is_archived_waits_no_more(totals: ShadowTotals) -> None:
    """And only that, though another worker has taken some of it."""
    totals.add([row(1, number) for number in range(5)], cpu_s=0)
    first = totals.waiting(3)
    totals.taken(first[:1])
    totals.taken(first)

    assert len(totals.waiting(9)) == 2
