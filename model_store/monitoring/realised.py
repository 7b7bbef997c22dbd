"""Reads out of the archive which prices sales have judged."""

import datetime as dt
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from model_store.archive.outcomes import Scored
from model_store.card import ModelCard
from model_store.errors import ModelStoreError
from model_store.monitoring import accuracy
from model_store.monitoring.accuracy import Judged, Names
from model_store.recipe.evaluation import Outcome

#: Median error in percent that a version is held to whose card cannot be read.
_UNKNOWN_MDAPE = 10.0


@dataclass(frozen=True, slots=True)
class Promise:
    """What the card of a version says of it.

    Attributes:
        mdape: Median error at its test, in percent.
        categories: Names of the categories of its houses.
        as_of: Day of the last sale that it learnt from; None: not known.
    """

    mdape: float
    categories: tuple[str, ...] = ()
    as_of: dt.date | None = None

    def judged_by(self, day: dt.date) -> bool:
        """Tell whether a sale is news to it: one that it learnt from says nothing."""
        return self.as_of is None or day > self.as_of


def promise(card: Callable[[str], ModelCard], version: str) -> Promise:
    """Return what a version promised; of one whose card cannot be read a default.

    Args:
        card: Reads the card of a version.
        version: Its id.
    """
    try:
        found = card(version)
    except ModelStoreError:
        return Promise(_UNKNOWN_MDAPE)
    mdape = float(found.metrics.get("mdape", _UNKNOWN_MDAPE))
    features = found.schema.features
    categories = tuple(one.name for one in features if one.kind == "category")
    return Promise(mdape, categories, found.as_of)


def judged(scored: Iterable[Scored], promises: Mapping[str, Promise]) -> Judged:
    """Return the prices and sales as arrays, in the order of sale.

    Args:
        scored: By the day of the sale.
        promises: What each version promised.
    """
    rows = list(scored)
    outcome = Outcome(
        *(_numbers(rows, name) for name in ("sold_for", "price", "low", "high", "fsd"))
    )
    return Judged(
        np.array([row.sold_on for row in rows], dtype="datetime64[D]"),
        np.array([row.version for row in rows], dtype=np.str_),
        outcome,
        _segments(rows, promises)
        | {accuracy.PRICE_QUINTILE: accuracy.price_quintiles(outcome)},
    )


def _numbers(rows: Sequence[Scored], name: str) -> accuracy.Floats:
    return np.array([getattr(row, name) for row in rows], dtype=np.float64)


def _segments(
    rows: Sequence[Scored], promises: Mapping[str, Promise]
) -> dict[str, Names]:
    """Return the group of each house by each category; `` where it has none."""
    names = sorted({name for one in promises.values() for name in one.categories})
    houses: list[dict[str, Any]] = [json.loads(row.input) for row in rows]
    return {
        name: np.array([str(house.get(name, "")) for house in houses], dtype=np.str_)
        for name in names
    }
