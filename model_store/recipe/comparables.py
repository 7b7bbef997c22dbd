"""The nearest sales to a house: features of its price, and evidence for a customer.

One search of one tree serves everything: what the neighbours sold for enters the
price, how far away they are tells whether the house is like anything ever sold, and the
nearest ones are shown. The same code answers in training and in serving. A sale at
distance 0 is the house itself, whenever it was sold, and never its own neighbour.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from sklearn.base import BaseEstimator, TransformerMixin

from model_store.recipe.columns import Columns
from model_store.recipe.hedonic import Floats, Hedonic, Levels
from model_store.recipe.restored import expect_array

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

#: Sales at distance 0, at most, that are taken for the house itself. Where more are
#: alike, as flats told apart by their rooms alone, they are each other's neighbours.
_MOST_OWN = 20
#: Distance between two houses of which one costs e times the other, all else equal.
_PER_LOG_PRICE = 10.0
#: Distance of the 20th nearest sale by place alone, wherever sales are dense or sparse.
_PLACE_RADIUS = 3.0
#: Added to each distance before it divides: from here on two houses count alike.
_NEAR = 0.01
_KM_PER_DEGREE, _FARTHEST_KM = 111.2, 40_000.0


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The nearest sales of houses, nearest first.

    Attributes:
        rows: Positions of the sales, shape (n_houses, NEIGHBOURS).
        distances: How unlike each is, its place included, same shape.
        km: How far away each lies, shape (n_houses, NEIGHBOURS); None without places,
            NaN where a house or a sale has none.
        unlikeness: How much the likest of them differs from the house in what it has,
            whatever its place, shape (n_houses,).
        remoteness: How far the nearest of them is in km, shape (n_houses,); 0 without
            places.
    """

    rows: NDArray[np.intp]
    distances: Floats
    km: Floats | None
    unlikeness: Floats
    remoteness: Floats


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
        prices: What was paid, shape (n_sales,).
        sold_on: When, shape (n_sales,).
        log_prices: Prices brought to the present, shape (n_sales,).
    """

    def __init__(
        self,
        hedonic: Hedonic,
        columns: Columns,
        *,
        numbers: Floats,
        levels: Levels,
        prices: Floats,
        sold_on: NDArray[np.datetime64],
        log_prices: Floats,
    ) -> None:
        self.hedonic = hedonic
        self.columns = columns
        self.numbers = numbers
        self.levels = levels
        self.prices = prices
        self.sold_on = sold_on
        self.log_prices = log_prices
        self._derive()

    def __getstate__(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self._get_param_names()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._expect_sound()
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
        levels = houses[:, count : 2 * count].astype(np.intp)
        numbers = without_never(houses[:, 2 * count :], self.columns)
        standard = self.hedonic.standard(numbers)
        km = self._km(numbers)
        rows, distances = self._nearest(self._points(km, standard))
        # Side by side: codes, numbers, features.
        found = np.empty((len(houses), count + numbers.shape[1] + len(FEATURES)))
        found[:, :count] = houses[:, :count]
        found[:, count : -len(FEATURES)] = numbers
        hedonic = self.hedonic.estimate(numbers, standard, levels)
        self._describe(found[:, -len(FEATURES) :], hedonic, rows, distances)
        return found, self._neighbours(km, rows, distances)

    def _neighbours(
        self, km: Floats, rows: NDArray[np.intp], distances: Floats
    ) -> Neighbours:
        squares = distances * distances
        if self.columns.place is None:
            likest = np.minimum.reduce(squares, axis=1)
            nowhere = np.zeros(len(rows))
            return Neighbours(rows, distances, None, np.sqrt(likest), nowhere)
        away = self._placed[rows]
        away -= _in_the_middle(km)[:, None]
        away *= away
        apart = away[:, :, 0] + away[:, :, 1]
        squares -= apart * self._per_km**2
        likest = np.minimum.reduce(squares, axis=1)
        km_away = np.sqrt(apart)
        km_away[_lacks_place(km)[:, None] | self._nowhere[rows]] = np.nan
        # A place that is not known is passed over.
        nearest: Floats = np.fmin.reduce(km_away, axis=1)
        unlikeness = np.sqrt(np.maximum(likest, 0))
        return Neighbours(rows, distances, km_away, unlikeness, nearest)

    def _describe(
        self,
        features: Floats,
        hedonic: Floats,
        rows: NDArray[np.intp],
        distances: Floats,
    ) -> None:
        """Write `FEATURES`, shape (n_houses, 6)."""
        weights = 1.0 / (distances + _NEAR)
        weights /= np.add.reduce(weights, axis=1, keepdims=True)
        premiums = self._premiums[rows]
        premium = np.add.reduce(weights * premiums, axis=1)
        premiums -= premium[:, None]
        premiums *= premiums
        features[:, 0] = hedonic
        features[:, 1] = np.add.reduce(weights * self.log_prices[rows], axis=1)
        features[:, 2] = premium
        features[:, 3] = hedonic + premium
        features[:, 4] = np.sqrt(np.add.reduce(premiums, axis=1) / rows.shape[1])
        features[:, 5] = distances[:, -1]

    def _points(self, km: Floats, standard: Floats) -> Floats:
        """Return where houses lie in the space of likeness."""
        wide = km.shape[1]
        points = np.empty((len(km), wide + standard.shape[1]))
        np.multiply(_in_the_middle(km), self._per_km, out=points[:, :wide])
        np.multiply(standard, self._weights, out=points[:, wide:])
        return points

    def _nearest(self, points: Floats) -> tuple[NDArray[np.intp], Floats]:
        distances, rows = self._tree.query(points, k=self._own + self._kept)
        # The house's own sales come first, at most as many as were asked for beyond.
        first = distances[0, : self._own].tolist().count(0.0)
        if len(points) == 1:
            kept = slice(first, first + self._kept)
            return rows[:, kept], distances[:, kept]
        own = np.add.reduce(distances[:, : self._own] == 0, axis=1)
        each = own[:, None] + np.arange(self._kept)
        return (
            np.take_along_axis(rows, each, axis=1),
            np.take_along_axis(distances, each, axis=1),
        )

    def _km(self, numbers: Floats) -> Floats:
        """Return km east and north of the middle of the sales."""
        if self.columns.place is None:
            return np.empty((len(numbers), 0))
        km = numbers[:, self.columns.place[::-1]]
        km -= self._middle
        km *= self._km_per_degree
        # Nothing on Earth lies further: what is beyond is no place, and no infinity.
        np.minimum(km, _FARTHEST_KM, out=km)
        return np.maximum(km, -_FARTHEST_KM, out=km)

    def _derive(self) -> None:
        """Make everything that follows from the sales."""
        standard = self.hedonic.standard(self.numbers)
        estimates = self.hedonic.estimate(self.numbers, standard, self.levels)
        self._premiums = self.log_prices - estimates
        self._weights = np.abs(self.hedonic.linear) * _PER_LOG_PRICE
        self._per_km = 0.0
        if self.columns.place is not None:
            east_north = self.numbers[:, self.columns.place[::-1]]
            known = not np.isnan(east_north).all(axis=0).any()
            self._middle = np.nanmean(east_north, axis=0) if known else np.zeros(2)
            shrunk = math.cos(math.radians(float(self._middle[1])))
            self._km_per_degree = _KM_PER_DEGREE * np.array([shrunk, 1.0])
        km = self.km = self._km(self.numbers)
        self._placed, self._nowhere = _in_the_middle(km), _lacks_place(km)
        placed = km[~self._nowhere]
        if self.columns.place is not None and len(placed):
            around, _ = cKDTree(placed).query(
                placed, k=[min(NEIGHBOURS + 1, len(placed))]
            )
            self._per_km = _PLACE_RADIUS / max(float(np.median(around)), 1e-9)
        points = self._points(km, standard)
        alike = int(np.unique(points, axis=0, return_counts=True)[1].max())
        self._own = min(alike, _MOST_OWN, len(points) - 1)
        self._kept = min(NEIGHBOURS, len(points) - self._own)
        self._tree = cKDTree(points)

    def _expect_sound(self) -> None:
        """Refuse sales from a file that no model can have been fitted to.

        Raises:
            ValueError: They do not fit each other; what is derived from such may have
                no end.
        """
        columns, hedonic, count = self.columns, self.hedonic, len(self.prices)
        if type(columns) is not Columns or type(hedonic) is not Hedonic:
            raise TypeError(f"sales: got {type(columns)} and {type(hedonic)}")
        hedonic.expect_sound(columns)
        wide, categories = len(columns.numbers), len(columns.categories)
        expect_array("numbers", self.numbers, np.float64, (count, wide), gaps=True)
        expect_array("levels", self.levels, np.intp, (count, categories))
        expect_array("prices", self.prices, np.float64, (count,))
        expect_array("log_prices", self.log_prices, np.float64, (count,))
        expect_array("sold_on", self.sold_on, np.dtype("datetime64[D]"), (count,))
        known = [len(effects) - 1 for effects in hedonic.levels]
        if (
            count <= 1
            or (self.levels < -1).any()
            or (self.levels >= known).any()
            or not set(columns.years) <= set(range(wide))
        ):
            raise ValueError("sales: expected two or more, of known columns and levels")


def _lacks_place(km: Floats) -> NDArray[np.bool_]:
    return np.asarray(np.isnan(km).any(axis=1), dtype=np.bool_)


def _in_the_middle(km: Floats) -> Floats:
    """Return places in which what is not known counts as the middle of the sales."""
    return np.where(np.isnan(km), 0.0, km)


def without_never(numbers: Floats, columns: Columns) -> Floats:
    """Return numbers in which a year 0, which means never, is missing."""
    numbers = numbers.copy()
    for at in columns.years:
        years = numbers[:, at]
        years[years == 0] = np.nan
    return numbers
