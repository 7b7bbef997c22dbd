"""The sales nearest to a house, as they are shown beside its price."""

import math
from typing import Any

import numpy as np

from model_store.recipe.comparables import ComparableSales, Neighbours
from model_store.schema import plain

#: Sales shown with a price.
SHOWN = 5
#: Features of each sale that are shown: those that move prices most.
_FEATURES = 4


class Evidence:
    """Shows the nearest sales, brought to the date that the model's prices stand at.

    Args:
        sales: Those that a model compares houses with.
    """

    def __init__(self, sales: ComparableSales) -> None:
        self._sales = sales
        self._features = [(sales.columns.numbers[at], at) for at in _telling(sales)]
        # Sales that were shown once: most houses of a batch share them.
        self._told: dict[int, dict[str, Any]] = {}

    def comparables(self, neighbours: Neighbours, at: int) -> list[dict[str, Any]]:
        """Return the sales nearest to one of the houses that were looked up.

        Args:
            neighbours: Of all these houses.
            at: Which of them.
        """
        shown = [self._sale(row) for row in neighbours.rows[at, :SHOWN].tolist()]
        if neighbours.km is not None:
            away = neighbours.km[at, :SHOWN].tolist()
            for sale, km in zip(shown, away, strict=True):
                if km == km:  # noqa: PLR0124 - NaN
                    sale["distance_m"] = round(1000 * km)
        return shown

    def _sale(self, row: int) -> dict[str, Any]:
        known = self._told.get(row)
        if known is None:
            known = self._told[row] = self._facts(row)
        return known | {"house": known["house"].copy()}

    def _facts(self, row: int) -> dict[str, Any]:
        """Return what is told of a sale to everybody."""
        sales = self._sales
        return {
            "sold_on": str(sales.sold_on[row]),
            "price": round(float(sales.prices[row])),
            "price_as_of": round(math.exp(float(sales.log_prices[row]))),
            "house": {
                name: plain(value)
                for name, at in self._features
                if not math.isnan(value := float(sales.numbers[row, at]))
            },
        }


def _telling(sales: ComparableSales) -> list[int]:
    """Return the numbers that move prices most and that most sales have."""
    known = 1 - np.isnan(sales.numbers).mean(axis=0)
    effects = np.abs(sales.hedonic.linear) * known
    order = np.argsort(-effects, kind="stable").tolist()
    telling = [at for at in order if at not in (sales.columns.place or ())]
    return sorted(telling[:_FEATURES])
