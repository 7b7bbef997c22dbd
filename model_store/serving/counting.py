"""Counts what is priced, by bins of the sales that the model was fitted to.

The matrix that was priced is counted as it is, many houses at a time: looking up each
value of each house by itself takes 4 us a house, this a fraction of it.
"""

import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model_store import logs
from model_store.card import ModelCard
from model_store.count_layout import (
    FLAGGED,
    HOUSES,
    OF_HOUSES,
    CountLayout,
    FeaturePlaces,
    Places,
)
from model_store.recipe.columns import Columns

Floats = NDArray[np.float64]

#: Houses that are counted at once, about.
_AT_ONCE = 256

_log = logs.logger(__name__)


class Counting:
    """Counts the houses that one model version prices; threads may share it.

    Args:
        card: The version's card.
        known: The categories that its sales have, by feature, in the order of levels.
    """

    def __init__(self, card: ModelCard, known: Mapping[str, Sequence[str]]) -> None:
        layout = CountLayout(card)
        columns = Columns.of(card.schema)
        self._layout = layout
        self._features = {one.feature.name: one for one in layout.features}
        count = len(columns.categories)
        self._levels = [
            (at, self._features[name], _of_levels(self._features[name], known[name]))
            for at, name in enumerate(columns.categories, start=count)
        ]
        self._numbers = [
            (2 * count + at, self._features[name], at in columns.years)
            for at, name in enumerate(columns.numbers)
        ]
        self._lock = threading.Lock()
        self._rows: list[Floats] = []
        self._outputs: list[Mapping[str, Any]] = []
        self._counts = np.zeros(layout.size, np.int64)

    def add(self, rows: Floats, outputs: Sequence[Mapping[str, Any]]) -> None:
        """Take houses that were priced.

        Args:
            rows: In the pipelines' column order, shape (n_houses, n_columns).
            outputs: What was answered for each.
        """
        with self._lock:
            self._rows.append(rows)
            self._outputs += outputs
            if len(self._outputs) >= _AT_ONCE:
                self._count()

    def take(self) -> dict[int, int]:
        """Return place -> how many houses since the last call, where there are any."""
        with self._lock:
            if self._outputs:
                self._count()
            counts, self._counts = self._counts, np.zeros_like(self._counts)
        places = np.flatnonzero(counts)
        return dict(zip(places.tolist(), counts[places].tolist(), strict=True))

    def _count(self) -> None:
        """Count what has come; whatever is wrong with it, its prices are right."""
        rows, outputs = np.concatenate(self._rows), self._outputs
        self._rows, self._outputs = [], []
        try:
            self._count_all(rows, outputs)
        except Exception:  # noqa: BLE001 - no house may fail for being counted
            _log.exception("houses_not_counted", count=len(outputs))

    def _count_all(self, rows: Floats, outputs: Sequence[Mapping[str, Any]]) -> None:
        self._counts[HOUSES] += len(outputs)
        flags = Counter(self._flags_of(outputs))
        for place, times in flags.items():
            self._counts[place] += times
        self._count_prices(outputs)
        self._count_numbers(rows)
        self._count_levels(rows, flags)

    def _count_prices(self, outputs: Sequence[Mapping[str, Any]]) -> None:
        prices = np.array([one["price"] for one in outputs], np.float64)
        ranges = [one["interval"] for one in outputs]
        reach = np.array([one["high"] - one["low"] for one in ranges], np.float64)
        self._put(self._layout.prices, prices)
        self._put(self._layout.widths, reach / np.maximum(prices, 1))

    def _count_numbers(self, rows: Floats) -> None:
        for at, feature, is_year in self._numbers:
            column = rows[:, at]
            is_known = ~np.isnan(column)
            if is_year:
                # 0 means never.
                is_known &= column != 0
            known = column[is_known]
            self._counts[feature.missing] += len(rows) - len(known)
            self._put(feature.values, known)

    def _count_levels(self, rows: Floats, flags: Mapping[int, int]) -> None:
        for at, feature, places in self._levels:
            found = np.bincount(places[rows[:, at].astype(np.intp)])
            self._counts[: len(found)] += found
            # What no sale has is without a level too, and is not missing.
            unknown = flags.get(feature.unknown, 0)
            self._counts[feature.missing] -= unknown
            self._counts[feature.values.end - 1] += unknown

    def _put(self, places: Places, values: Floats) -> None:
        found = np.bincount(np.searchsorted(places.edges, values, side="right"))
        self._counts[places.first : places.first + len(found)] += found

    def _flags_of(self, outputs: Sequence[Mapping[str, Any]]) -> Iterator[int]:
        for flags in filter(None, (one["flags"] for one in outputs)):
            yield FLAGGED
            for flag in flags:
                if flag["feature"] is None:
                    yield OF_HOUSES[flag["code"]]
                    continue
                feature = self._features[flag["feature"]]
                yield feature.flagged
                if flag["code"] == "unknown_category":
                    yield feature.unknown


def _of_levels(feature: FeaturePlaces, known: Sequence[str]) -> NDArray[np.intp]:
    """Return the place of each level; of what has none, which is -1, the last one."""
    values = feature.values
    bins = values.categories or {}
    places = [values.first + bins.get(name, values.bins - 1) for name in known]
    return np.array([*places, feature.missing], np.intp)
