"""A verdict refuses what is worse, hardly ever what is not, at any size of the test."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from model_store.recipe.evaluation import Outcome
from model_store.retraining import verdict
from model_store.retraining.trial import Trial
from tests.model_store.retraining import power
from tests.model_store.retraining.power import Spoil


def _refused(spoil: Spoil, size: int, count: int) -> float:
    broken = list(power.verdicts(spoil, size, count))
    return sum(map(bool, broken)) / len(broken)


@pytest.mark.parametrize("size", [100, 300, 1000])
def test_noise_refuses_hardly_any_candidate_that_is_as_good(size: int) -> None:
    """Of a hundred sales it was once almost every second one."""
    assert _refused(power.equal, size, 30) <= 0.2


@pytest.mark.parametrize(
    ("spoil", "least"), [(power.worse, 0.4), (power.biased, 0.7), (power.short, 0.4)]
)
def test_what_is_worse_is_refused_about_as_often_as_told(
    spoil: Spoil, least: float
) -> None:
    """With as few sales as are judged by; docs/explanation/verdicts.md has rates."""
    assert _refused(spoil, 300, 30) >= least


@pytest.mark.parametrize("spoil", power.SPOILS[1:])
def test_of_many_sales_all_that_is_worse_is_refused(spoil: Spoil) -> None:
    """As of a month of a large market."""
    assert _refused(spoil, 1500, 5) >= 0.8


def test_a_part_of_the_market_that_is_priced_worse_is_named() -> None:
    """A candidate that is fine as a whole and too low in one zip code is refused."""
    sales, ours, its = power.priced()
    zips = sales.houses["zipcode"]
    chosen = (zips == zips.value_counts().index[0]).to_numpy()
    low = np.where(chosen, 0.85, 1.0)

    told = {
        rule.name: rule
        for rule in verdict.rules(
            Trial(power.scaled(ours, low), its), sales, power.LEVEL
        )
    }

    assert [name for name, rule in told.items() if not rule.held] == ["segments"]
    assert f"zipcode {zips[chosen].iloc[0]}, median error" in told["segments"].said


def test_better_ranges_and_prices_break_no_rule() -> None:
    """To hold more than was promised, or to be off by less, is no fault."""
    sales, _, its = power.priced()
    wide = replace(its, low=its.low * 0.97, high=its.high * 1.03)
    better = replace(wide, price=np.sqrt(its.price * np.sqrt(its.price * its.sold)))

    rules = list(verdict.rules(Trial(better, its), sales, power.LEVEL))

    assert all(rule.held for rule in rules), [r.said for r in rules if not r.held]


@pytest.mark.parametrize(
    ("factor", "narrower", "broken"),
    [
        (1.0, 1.0, []),
        (1.06, 1.0, ["bias"]),
        (1.0, 0.7, ["coverage"]),
        (1.5, 1.0, ["error", "bias", "coverage"]),
    ],
)
def test_a_first_model_is_held_to_bounds(
    factor: float, narrower: float, broken: list[str]
) -> None:
    """There is none to compare it with."""
    sales, ours, _ = power.priced()
    spoilt = power.narrowed(power.scaled(ours, factor), narrower)

    rules = verdict.rules(Trial(spoilt, None), sales, power.LEVEL)

    assert [rule.name for rule in rules if not rule.held] == broken


def test_what_knows_the_prices_is_refused() -> None:
    """Nobody is two and a half times as good as the champion overnight."""
    sales, ours, its = power.priced()
    knows = _towards(ours, its.sold, 0.8)

    rules = verdict.rules(Trial(knows, its), sales, power.LEVEL)

    assert [rule.name for rule in rules if not rule.held] == ["too_good"]


def test_ranges_may_not_grow_without_end() -> None:
    """One that is wide enough holds any price."""
    sales, ours, its = power.priced()

    rules = verdict.rules(Trial(power.narrowed(ours, 1.5), its), sales, power.LEVEL)

    assert [rule.name for rule in rules if not rule.held] == ["width"]


def _towards(outcome: Outcome, sold: NDArray[np.float64], share: float) -> Outcome:
    return replace(outcome, price=outcome.price ** (1 - share) * sold**share)
