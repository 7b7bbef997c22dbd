"""What a house is worth by what it has: a ridge regression on log price.

The hedonic estimate (Rosen 1974) is a rough price of its own and the yardstick for
likeness: two houses are alike if what differs between them costs little.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import Ridge

from model_store.recipe.columns import Columns
from model_store.recipe.restored import expect_array

Floats = NDArray[np.float64]
Levels = NDArray[np.intp]

#: Penalty of the regression, on standardised columns.
_PENALTY = 10.0
#: Standard deviations beyond which a value counts as no further away: a mansion or a
#: typing error does not bend the line.
_CLIP = 5.0
#: Skewness above which a column of values from 0 up is taken by its logarithm.
_SKEWED = 1.0
#: Levels of one category with an effect of their own, the most frequent ones.
_MOST_LEVELS = 300

#: Element by element, since numpy's own logarithm of an array may differ in the last
#: bit with the place in it, and a house must be the same alone and in a batch.
_log1p = np.frompyfunc(math.log1p, 1, 1)


@dataclass(frozen=True)
class Hedonic:
    """The fitted regression.

    Attributes:
        logs: Positions of the columns that are taken by their logarithm.
        centre: Mean of each column, shape (n_numbers,).
        scale: Standard deviation of each column, shape (n_numbers,).
        linear: Log price a standard deviation, shape (n_numbers,).
        square: The same of the squared column, shape (n_numbers,).
        absent: Log price where a column is missing, shape (n_numbers,).
        levels: Log price of each level of each category; the last is of unknown ones.
        base: Log price of an average house.
    """

    logs: Levels
    centre: Floats
    scale: Floats
    linear: Floats
    square: Floats
    absent: Floats
    levels: tuple[Floats, ...]
    base: float

    @staticmethod
    def fit(numbers: Floats, levels: Levels, log_prices: Floats) -> "Hedonic":
        """Fit the regression.

        Args:
            numbers: Shape (n_sales, n_numbers), missing NaN.
            levels: Level of each category, shape (n_sales, n_categories); -1 unknown.
            log_prices: Shape (n_sales,).
        """
        form = _standardising(numbers)
        standard = form.standard(numbers)
        common = [_common_levels(column) for column in levels.T]
        dummies = [
            column[:, None] == kept
            for column, kept in zip(levels.T, common, strict=True)
        ]
        design = np.hstack([standard, standard**2, np.isnan(numbers), *dummies])
        ridge = Ridge(alpha=_PENALTY).fit(design, log_prices)
        sizes = [numbers.shape[1]] * 3 + [len(kept) for kept in common]
        linear, square, absent, *effects = np.split(ridge.coef_, np.cumsum(sizes)[:-1])
        return replace(
            form,
            linear=linear,
            square=square,
            absent=absent,
            levels=tuple(map(_by_level, levels.T, common, effects)),
            base=float(ridge.intercept_),
        )

    def standard(self, numbers: Floats) -> Floats:
        """Return the columns in standard deviations from their means, missing ones 0.

        Args:
            numbers: Shape (n_houses, n_numbers).
        """
        far = self._raw(numbers)
        far -= self.centre
        far /= self.scale
        far[np.isnan(far)] = 0.0
        np.maximum(far, -_CLIP, out=far)
        return np.minimum(far, _CLIP, out=far)

    def estimate(self, numbers: Floats, standard: Floats, levels: Levels) -> Floats:
        """Return the estimates of log price, shape (n_houses,).

        Sums run along rows, so that a house has the same estimate in any company.

        Args:
            numbers: Shape (n_houses, n_numbers).
            standard: The same by `standard`.
            levels: Shape (n_houses, n_categories).
        """
        parts = self.square * standard
        parts += self.linear
        parts *= standard
        parts += np.isnan(numbers) * self.absent
        estimates: Floats = np.add.reduce(parts, axis=1)
        estimates += self.base
        for at, effects in enumerate(self.levels):
            estimates += effects[levels[:, at]]
        return estimates

    def expect_sound(self, columns: Columns) -> None:
        """Refuse what was read from a file and cannot have been fitted.

        Raises:
            ValueError: An array is not of the type and shape that it must have.
        """
        count = len(columns.numbers)
        for name in ("centre", "scale", "linear", "square", "absent"):
            expect_array(name, getattr(self, name), np.float64, (count,))
        expect_array("logs", self.logs, np.intp, (len(self.logs),))
        for effects in self.levels:
            expect_array("levels", effects, np.float64, (len(effects),))
        if not (
            (self.scale > 0).all()
            and np.isin(self.logs, np.arange(count)).all()
            and len(self.levels) == len(columns.categories)
            and all(len(effects) > 0 for effects in self.levels)
            and math.isfinite(self.base)
        ):
            raise ValueError("hedonic: expected the columns of its sales")

    def _raw(self, numbers: Floats) -> Floats:
        raw = numbers.copy()
        skewed = raw[:, self.logs]
        raw[:, self.logs] = _log1p(np.maximum(skewed, 0, out=skewed))
        return raw


def _standardising(numbers: Floats) -> Hedonic:
    """Return what knows the columns' scales and nothing of prices."""
    none = np.zeros(numbers.shape[1])
    logs = np.flatnonzero([_is_skewed(column) for column in numbers.T])
    plain = Hedonic(logs, none, none + 1, none, none, none, (), 0.0)
    raw = plain._raw(numbers)  # noqa: SLF001 - a step of its making
    known = ~np.isnan(raw)
    count = np.maximum(known.sum(axis=0), 1)
    centre = np.where(known, raw, 0).sum(axis=0) / count
    spread = np.sqrt((np.where(known, raw - centre, 0) ** 2).sum(axis=0) / count)
    return replace(plain, centre=centre, scale=np.where(spread > 0, spread, 1.0))


def _is_skewed(column: Floats) -> bool:
    """Tell whether a column from 0 up has a long upper tail, by its third moment."""
    known = column[~np.isnan(column)]
    spread = known.std() if len(known) else 0.0
    if not spread or known.min() < 0:
        return False
    return float(np.mean(((known - known.mean()) / spread) ** 3)) > _SKEWED


def _common_levels(column: Levels) -> Levels:
    """Return the levels that get an effect of their own."""
    counts = np.bincount(column[column >= 0])
    return np.sort(np.argsort(-counts, kind="stable")[:_MOST_LEVELS])


def _by_level(column: Levels, common: Levels, effects: Floats) -> Floats:
    """Return effects to be looked up by level; at -1, the last place, lies none."""
    found = np.zeros(int(column.max(initial=-1)) + 2)
    found[common] = effects
    return found
