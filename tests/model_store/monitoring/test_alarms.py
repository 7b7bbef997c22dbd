"""Alarms come when prices are off, and seldom else."""

import datetime as dt
from itertools import pairwise

import numpy as np
import pytest

from model_store.monitoring import alarms
from model_store.monitoring.alarms import Spell, Watch, evidence, spells, watches
from model_store.recipe.evaluation import Outcome
from tests.model_store.monitoring import false_alarms, replay
from tests.structure import source

#: Median error of the shipped recipe at its test, in percent.
EXPECTED = 7.6
APRIL_ENDS = dt.date(2015, 4, 30)


def priced(ratios: list[float], *, inside: bool = True) -> Outcome:
    """Return sales at 100,000 with prices so many times as high."""
    price = np.array(ratios) * 100_000
    sold = np.full(len(price), 100_000.0)
    low, high = (price * 0.1, price * 9) if inside else (price * 2, price * 3)
    return Outcome(sold, price, low, high, np.full(len(price), 0.1))


def raised(outcome: Outcome, days: list[dt.date] | None = None) -> dict[str, Spell]:
    """Return the first alarm of each measure that has one."""
    days = days or [dt.date(2015, 1, 1)] * len(outcome.sold)
    watched = watches(outcome, level=0.9, expected_mdape=EXPECTED)
    found = {(one.measure, one.tolerance): spells(days, one) for one in watched}
    return {_name(*what): ones[0] for what, ones in found.items() if ones}


def _name(measure: str, tolerance: float) -> str:
    ends = {-3.0: "low", 3.0: "high"}
    return f"{measure}_{ends[tolerance]}" if measure == "bias" else measure


@pytest.mark.parametrize("most", [0.5, 0.15])
def test_at_the_edge_of_what_is_tolerated_alarms_are_as_rare_as_is_said(
    most: float,
) -> None:
    """Within 1,000 sales the chance of one is 1 % at most: 1,000 / THRESHOLD."""
    draw = np.random.default_rng(7)
    sales, streams = 1_000, 300

    alarmed = sum(
        max(evidence((draw.random(sales) < most).tolist(), most)) >= alarms.THRESHOLD
        for _ in range(streams)
    )

    assert alarmed <= streams * sales / alarms.THRESHOLD


def test_what_operators_are_told_of_false_alarms_is_what_is_promised() -> None:
    """A version has as many as it is watched for, each with its own."""
    number = len(watches(priced([1.0]), level=0.9, expected_mdape=EXPECTED))
    told = f"one in {alarms.THRESHOLD / number:,.0f} sales at most"

    for name in ("helm/kerbside/files/alerts.yaml", "docs/runbook.md"):
        assert told in (source.ROOT / name).read_text(encoding="utf-8")


def test_rows_that_are_simulated_are_watched_as_any_other() -> None:
    """So that what the simulation counts is what the report would raise."""
    draw = np.random.default_rng(5)
    bad = draw.random((400, 5)) < np.where(np.arange(400) % 200 < 80, 0.8, 0.2)[:, None]
    days = [dt.date(2015, 1, 1) + dt.timedelta(days=at) for at in range(400)]

    found = [len(spells(days, Watch("bias", 3.0, row, 0.5))) for row in bad.T]

    assert sum(found) == false_alarms.count(bad, 0.5) > 5


def test_the_evidence_grows_by_nothing_on_average_at_the_edge() -> None:
    """Each step multiplies by 1 on average, or by less: the bound rests on this."""
    for most in (0.5, 0.15):
        bad, good = next(evidence([True], most)), next(evidence([False], most))

        assert most * bad + (1 - most) * good == pytest.approx(1)


def test_dependent_sales_raise_no_more_false_alarms() -> None:
    """Sales that come in runs, as a street does, keep to the bound.

    What is asked is the chance of a bad sale given those before.
    """
    draw = np.random.default_rng(3)
    alarmed = 0
    for _ in range(200):
        fresh = draw.random(1_000) < 0.5
        # A good sale makes the next one good, too, each second time.
        second = draw.random(999) < 0.5
        after_good = np.concatenate([[False], ~fresh[:-1] & second])
        bad = (fresh & ~after_good).tolist()
        alarmed += max(evidence(bad, 0.5)) >= alarms.THRESHOLD

    assert alarmed <= 2


@pytest.mark.parametrize(
    ("ratio", "measure", "within"),
    [(0.9, "bias_low", 30), (1.1, "bias_high", 30), (0.85, "mdape", 30)],
)
def test_prices_that_are_all_off_are_noticed_soon(
    ratio: float, measure: str, within: int
) -> None:
    """A plain mistake takes a few sales, not a few months."""
    assert measure in raised(priced([ratio] * within))


def test_a_model_that_is_five_percent_low_is_noticed_within_two_thousand_sales() -> (
    None
):
    """Against an error of 8 % that the sales have anyhow."""
    noise = np.random.default_rng(1).laplace(scale=0.115, size=2_000)

    found = raised(priced(list(0.95 * np.exp(noise))))

    assert list(found) == ["bias_low"]


def test_ranges_that_hold_too_few_sales_are_noticed() -> None:
    """Even where prices are right in the middle."""
    assert list(raised(priced([1.0] * 60, inside=False))) == ["coverage"]


def test_absurd_prices_count_like_any_other_bad_one() -> None:
    """One in 20 a thousand times too high raises nothing."""
    assert raised(priced(([1.0] * 19 + [1_000.0]) * 100)) == {}


def test_few_sales_raise_nothing() -> None:
    """Ten bad ones may be chance."""
    assert raised(priced([0.9] * 10)) == {}


def test_an_alarm_ends_when_prices_are_right_again() -> None:
    """And may come once more; a spell tells when it began, was raised and ended."""
    bad = np.array([False] * 50 + [True] * 60 + [False] * 400 + [True] * 60)
    first = dt.date(2015, 1, 1)
    days = [first + dt.timedelta(days=at) for at in range(len(bad))]

    one, other = spells(days, Watch("bias", -3.0, bad, 0.5))

    assert one.began_about == days[50]
    assert days[60] < one.raised_on < days[90]
    assert one.ended_on is not None
    assert one.ended_on < other.began_about == days[510]
    assert other.ended_on is None


def test_a_model_of_october_is_told_of_by_april_and_one_retrained_monthly_never() -> (
    None
):
    """On the shipped sales: the market rose, and only one of them followed."""
    sales = replay.read()
    days = sales.sold_on.tolist()

    def outcome(ratio: np.ndarray, inside: np.ndarray) -> Outcome:
        ones = np.ones(len(ratio))
        ends = np.where(inside, 1.0, 2.0)
        return Outcome(ones, ratio, ends, ends, ones)

    static = raised(outcome(sales.static, sales.static_inside), days)
    spring = sales.sold_on >= np.datetime64("2015-03-01")
    retrained = outcome(sales.retrained, sales.retrained_inside)

    assert static["bias_low"].raised_on <= APRIL_ENDS
    assert raised(retrained, days) == {}
    assert raised(retrained.where(spring)) == {}
    assert all(a <= b for a, b in pairwise(days))
