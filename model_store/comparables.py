"""The nearest sales to a house: features of its price, and evidence for a customer.

One search of one tree serves everything: what the neighbours sold for enters the price,
how far away they are tells whether the house is like anything ever sold, and the nearest
ones are shown. The same code answers in training and in serving. A sale at distance 0
is the house itself, whenever it was sold, and never its own neighbour.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from sklearn.base import BaseEstimator, TransformerMixin

from model_store.columns import Columns
from model_store.hedonic import Floats, Hedonic, Levels

#: Neighbours whose sales enter a price.
NEIGHBOURS = 20
#: Columns that they give, in order.
FEATURES = (
    "hedonic_estimate",
    "neighbour_price",
    "neighbour_premium",
    "hedonic_and_premium",
    "neighbour_disagreement",
    "neighbour_distance",
)

#: Sales beyond these that a search asks for: as many may be of the house itself.
_OWN = 4
#: Distance between two houses of which one costs e times the other, all else equal.
_PER_LOG_PRICE = 10.0
#: Distance of the 20th nearest sale by place alone, wherever sales are dense or sparse.
_PLACE_RADIUS = 3.0
#: Added to each distance before it divides: from here on two houses count alike.
_NEAR = 0.01
_KM_PER_DEGREE = 111.2


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The nearest sales of houses, nearest first.

    Attributes:
        rows: Positions of the sales, shape (n_houses, NEIGHBOURS).
        distances: How unlike each is, shape (n_houses, NEIGHBOURS).
        km: Where each house lies, east and north, shape (n_houses, 2) or (n_houses, 0).
    """

    rows: NDArray[np.intp]
    distances: Floats
    km: Floats


class ComparableSales(TransformerMixin, BaseEstimator):  # type: ignore[misc] # sklearn has no types
    """Adds the features of neighbouring sales to the columns of houses.

    It takes codes of the categories, levels of the categories and numbers, side by
    side, and gives codes, numbers and `FEATURES`. All but the sales themselves is
    derived from them, so that a restored object cannot disagree with itself.

    Args:
        hedonic: How the sales are explained by what they have.
        columns: What the columns are.
        numbers: Numeric columns of the sales, shape (n_sales, n_numbers).
        levels: Levels of their categories, shape (n_sales, n_categories).
        log_prices: Their prices brought to the present, shape (n_sales,).
    """

    def __init__(
        self,
        hedonic: Hedonic,
        columns: Columns,
        numbers: Floats,
        levels: Levels,
        log_prices: Floats,
    ) -> None:
        self.hedonic = hedonic
        self.columns = columns
        self.numbers = numbers
        self.levels = levels
        self.log_prices = log_prices
        self._derive()

    def __getstate__(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self._get_param_names()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._derive()

    def fit(self, *_: Any) -> "ComparableSales":
        """Return it as it is: its sales were given when it was made."""
        return self

    def transform(self, houses: Floats) -> Floats:
        """Return the columns that the trees take.

        Args:
            houses: Shape (n_houses, 2 * n_categories + n_numbers).
        """
        return self.look(houses)[0]

    def look(self, houses: Floats) -> tuple[Floats, Neighbours]:
        """Return the columns that the trees take, and the neighbours behind them."""
        count = len(self.columns.categories)
        codes, levels = houses[:, :count], houses[:, count : 2 * count].astype(np.intp)
        numbers = without_never(houses[:, 2 * count :], self.columns)
        standard = self.hedonic.standard(numbers)
        hedonic = self.hedonic.estimate(numbers, standard, levels)
        km = self._km(numbers)
        near = self._nearest(np.hstack([km * self._per_km, standard * self._weights]))
        columns = np.column_stack([codes, numbers, self._features(hedonic, *near)])
        return columns, Neighbours(*near, km)

    def _features(
        self, hedonic: Floats, rows: NDArray[np.intp], distances: Floats
    ) -> Floats:
        weights = 1.0 / (distances + _NEAR)
        weights /= weights.sum(axis=1, keepdims=True)
        premiums = self._premiums[rows]
        premium = (weights * premiums).sum(axis=1)
        price = (weights * self.log_prices[rows]).sum(axis=1)
        off = premiums - premium[:, None]
        spread = np.sqrt((off * off).sum(axis=1) / rows.shape[1])
        return np.column_stack(
            [hedonic, price, premium, hedonic + premium, spread, distances[:, -1]]
        )

    def _nearest(self, points: Floats) -> tuple[NDArray[np.intp], Floats]:
        distances, rows = self._tree.query(points, k=self._asked)
        own = (distances == 0).sum(axis=1, keepdims=True)
        if own.any():
            kept = np.minimum(own + np.arange(self._kept), self._asked - 1)
            distances = np.take_along_axis(distances, kept, axis=1)
            rows = np.take_along_axis(rows, kept, axis=1)
        return rows[:, : self._kept], distances[:, : self._kept]

    def _km(self, numbers: Floats) -> Floats:
        """Return km east and north of the middle of the sales."""
        if self.columns.place is None:
            return np.empty((len(numbers), 0))
        away = numbers[:, list(self.columns.place)] - self._middle
        away[np.isnan(away)] = 0.0
        return away[:, ::-1] * self._km_per_degree

    def _derive(self) -> None:
        """Make everything that follows from the sales."""
        self._kept = min(NEIGHBOURS, len(self.numbers) - _OWN)
        self._asked = self._kept + _OWN
        standard = self.hedonic.standard(self.numbers)
        estimates = self.hedonic.estimate(self.numbers, standard, self.levels)
        self._premiums = self.log_prices - estimates
        self._weights = np.abs(self.hedonic.linear) * _PER_LOG_PRICE
        self._per_km = 0.0
        if self.columns.place is not None:
            self._middle = np.nanmean(self.numbers[:, list(self.columns.place)], axis=0)
            shrunk = math.cos(math.radians(float(self._middle[0])))
            self._km_per_degree = _KM_PER_DEGREE * np.array([shrunk, 1.0])
        km = self._km(self.numbers)
        if self.columns.place is not None:
            around, _ = cKDTree(km).query(km, k=[self._kept + 1])
            self._per_km = _PLACE_RADIUS / max(float(np.median(around)), 1e-9)
        self._tree = cKDTree(np.hstack([km * self._per_km, standard * self._weights]))


def without_never(numbers: Floats, columns: Columns) -> Floats:
    """Return numbers in which a year 0, which means never, is missing."""
    numbers = numbers.copy()
    years = numbers[:, list(columns.years)]
    years[years == 0] = np.nan
    numbers[:, list(columns.years)] = years
    return numbers
