"""How often a verdict errs, by what a candidate is and by how many sales it is tested.

Tests of so many sales are drawn from those that two equal models have priced, and the
candidate is made worse in known ways. `python -m tests.model_store.retraining.power`
prints the table of docs/explanation/verdicts.md, in some minutes of one core.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from model_store.dataset import Dataset
from model_store.recipe.evaluation import Outcome
from model_store.retraining import verdict
from model_store.retraining.trial import Trial
from tests.model_store.retraining import rivals

LEVEL = 0.9
#: Sales of the tests of the table, and how many of each are drawn.
_TABLE = {100: 200, 300: 200, 1000: 100, 4752: 12}

Draws = np.random.Generator
#: Makes a candidate of one that is as good as the champion.
Spoil = Callable[[Outcome, Draws], Outcome]


def scaled(outcome: Outcome, factors: NDArray[np.float64] | float) -> Outcome:
    """Return prices and ranges that are dearer by factors."""
    return replace(
        outcome,
        price=outcome.price * factors,
        low=outcome.low * factors,
        high=outcome.high * factors,
    )


def narrowed(outcome: Outcome, power: float) -> Outcome:
    """Return ranges whose ends are so many times as far from the price, in logs."""
    return replace(
        outcome,
        low=outcome.price * (outcome.low / outcome.price) ** power,
        high=outcome.price * (outcome.high / outcome.price) ** power,
    )


def equal(outcome: Outcome, _: Draws) -> Outcome:
    """Return what is as good as the champion."""
    return outcome


def worse(outcome: Outcome, draws: Draws) -> Outcome:
    """Return one whose MdAPE is a point greater, and whose ranges hold as much."""
    noise = draws.standard_normal(len(outcome.sold))
    return replace(outcome, price=outcome.price * np.exp(_NOISE * noise))


def biased(outcome: Outcome, _: Draws) -> Outcome:
    """Return one that is 5 % too dear."""
    return scaled(outcome, 1.05)


def short(outcome: Outcome, _: Draws) -> Outcome:
    """Return one whose ranges hold 5 points less."""
    return narrowed(outcome, _NARROWER)


def uneven(outcome: Outcome, _: Draws) -> Outcome:
    """Return one that is 10 % too low for the dearest fifth of the houses."""
    dear = outcome.price >= np.quantile(outcome.price, 0.8)
    return scaled(outcome, np.where(dear, 0.9, 1.0))


#: Deviation of log prices that costs a point of MdAPE; power of the ranges that costs 5
#: points of coverage: both of the kept predictions.
_NOISE, _NARROWER = 0.048, 0.84
SPOILS: tuple[Spoil, ...] = (equal, worse, biased, short, uneven)


@cache
def priced() -> tuple[Dataset, Outcome, Outcome]:
    """Return the sales of the test, and what two good models made of them."""
    sales = rivals.sales()
    return (sales, *rivals.read(sales.prices))


def verdicts(spoil: Spoil, size: int, count: int) -> Iterator[list[str]]:
    """Yield the rules that are broken at each of some tests.

    Args:
        spoil: Makes the candidate.
        size: Sales of a test.
        count: How many are drawn.
    """
    sales, one, other = priced()
    draws = np.random.default_rng(size)
    for _ in range(count):
        rows = draws.integers(0, len(sales), size)
        # Which of two models prices a house is a toss-up: neither is better.
        first = draws.random(size) < 1 / 2
        ours, its = _dealt(one.where(rows), other.where(rows), first)
        test = replace(
            sales,
            houses=sales.houses.iloc[rows].reset_index(drop=True),
            prices=sales.prices[rows],
            dates=sales.dates[rows],
        )
        trial = Trial(spoil(ours, draws), its)
        yield [rule.name for rule in verdict.rules(trial, test, LEVEL) if not rule.held]


def _dealt(
    one: Outcome, other: Outcome, first: NDArray[np.bool_]
) -> tuple[Outcome, Outcome]:
    names = Outcome.__slots__
    pairs = [
        (
            np.where(first, getattr(one, name), getattr(other, name)),
            np.where(first, getattr(other, name), getattr(one, name)),
        )
        for name in names
    ]
    mine, theirs = zip(*pairs, strict=True)
    return Outcome(*mine), Outcome(*theirs)


def _table() -> Iterator[str]:
    yield f"| candidate | {' | '.join(f'{size:,}' for size in _TABLE)} |"
    yield "|---" * (len(_TABLE) + 1) + "|"
    for spoil in SPOILS:
        shares = [
            sum(map(bool, verdicts(spoil, size, count))) / count
            for size, count in _TABLE.items()
        ]
        yield f"| {spoil.__name__} | {' | '.join(f'{share:.0%}' for share in shares)} |"


if __name__ == "__main__":
    sys.stdout.write("\n".join([*_table(), ""]))
