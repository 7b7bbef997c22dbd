"""The scikit-learn pipelines of a model: fitted to sales, run on data frames."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.model_selection import KFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OrdinalEncoder, TargetEncoder

from model_store.card import Profile
from model_store.dataset import Dataset
from model_store.recipe.columns import Columns
from model_store.recipe.comparables import ComparableSales, without_never
from model_store.recipe.hedonic import Hedonic
from model_store.recipe.market import MarketIndex
from model_store.recipe.profile import profile
from model_store.schema import Schema

Floats = NDArray[np.float64]

#: The estimates, in the order of every raw array: log price, and the logs of its spread
#: on either side, by which nine of ten such houses sell for no less and for no more.
ESTIMATES = ("point", "below", "above")

#: Steps of a fit, as they are told, and how long each takes beside the others.
STEPS = {"neighbours": 1, "price": 3, "errors": 7, "spread": 1}
#: Sales that a model is fitted to at most, the latest ones: more cost time, and memory
#: of every worker, and tell of a market that has moved on.
MOST_SALES = 100_000

#: Share of errors that lie within the spread of a side.
_SPREAD_QUANTILE = 0.9
#: Least spread, in log price; errors to the other side count as so small.
_LEAST_SPREAD = 0.01


@dataclass(frozen=True, slots=True)
class Recipe:
    """Settings of the boosting, chosen on sales before the shipped test period.

    Attributes:
        trees: Trees of the price.
        learning_rate: Shrinkage of each tree.
        leaves: Most leaves of a tree.
        leaf_sales: Fewest sales in a leaf.
        penalty: L2 penalty of leaf values.
        feature_share: Share of features that a split may choose from.
        spread_trees: Trees of the spread, for each side.
        spread_leaf_sales: Fewest sales in a leaf of these.
        folds: Parts of the sales of which each is priced by a model of the others, so
            that the spread learns from errors on houses that were not seen.
        level: Share of sales that the range is to hold.
    """

    trees: int = 1000
    learning_rate: float = 0.025
    leaves: int = 31
    leaf_sales: int = 50
    penalty: float = 60.0
    feature_share: float = 0.2
    spread_trees: int = 75
    spread_leaf_sales: int = 100
    folds: int = 3
    level: float = 0.9


@dataclass(frozen=True, slots=True)
class Fitted:
    """A model fitted to sales.

    Attributes:
        pipelines: In the order of `ESTIMATES`; the steps before the trees are shared.
        profile: The sales that it was fitted to.
    """

    pipelines: tuple[Pipeline, ...]
    profile: Profile


def fit(
    sales: Dataset,
    recipe: Recipe,
    seed: int,
    *,
    told: Callable[[str], None] = lambda _: None,
) -> Fitted:
    """Fit a model.

    The market is taken out first: an index of what is left of the prices by date once a
    hedonic regression has explained the houses. All else is then fitted to prices
    brought to the end of the sales, which is where estimates stand.

    Args:
        sales: By date; of more than `MOST_SALES` the latest.
        recipe: Settings.
        seed: Seed of everything random.
        told: Told what was just done, as one of `STEPS`.
    """
    sales = sales.latest(MOST_SALES)
    log_prices = np.log(sales.prices)
    columns, houses = _columns(sales.schema, seed), sales.houses
    plain = _matrix(columns.fit(houses, log_prices).transform(houses))
    kinds = Columns.of(sales.schema)
    count = len(kinds.categories)
    levels = plain[:, count : 2 * count].astype(np.intp)
    numbers = without_never(plain[:, 2 * count :], kinds)

    hedonic = Hedonic.fit(numbers, levels, log_prices)
    explained = hedonic.estimate(numbers, hedonic.standard(numbers), levels)
    market = MarketIndex.fit(sales.dates, log_prices - explained)
    present = log_prices + market.to_present(sales.dates)
    comparables = ComparableSales(
        Hedonic.fit(numbers, levels, present),
        kinds,
        numbers=numbers,
        levels=levels,
        prices=sales.prices,
        sold_on=sales.dates,
        log_prices=present,
    )
    # Cross-fitted: the codes of each fold's categories come from the other folds.
    rows, neighbours = comparables.look(_matrix(columns.fit_transform(houses, present)))
    told("neighbours")
    point = _fitted(_point(recipe, seed), rows, present)
    told("price")
    errors = _unseen_errors(rows, present, recipe, seed)
    told("errors")
    below, above = (
        _fitted(_spread(recipe, seed), rows, np.log(np.maximum(side, _LEAST_SPREAD)))
        for side in (-errors, errors)
    )
    told("spread")
    return Fitted(
        tuple(
            Pipeline([("columns", columns), ("comparables", comparables), ("trees", m)])
            for m in (point, below, above)
        ),
        profile(sales.schema, houses, neighbours),
    )


def frame(schema: Schema, houses: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return houses as a data frame of the form that the pipelines are fitted on.

    What a house lacks, or holds as None, is missing.
    """
    columns: dict[str, pd.Series] = {}
    for feature in schema.features:
        values = [house.get(feature.name) for house in houses]
        if feature.kind == "category":
            texts = [np.nan if value is None else value for value in values]
            columns[feature.name] = pd.Series(texts, dtype=object)
        else:
            columns[feature.name] = pd.Series(values, dtype=np.float64)
    return pd.DataFrame(columns)


def predict(pipelines: Sequence[Pipeline], houses: pd.DataFrame) -> Floats:
    """Return the estimates, shape (n_houses, n_pipelines)."""
    return np.column_stack([pipeline.predict(houses) for pipeline in pipelines])


def _columns(schema: Schema, seed: int) -> ColumnTransformer:
    """Return the step that makes numbers of a frame: codes, levels, then numbers.

    Categories are target-encoded and never given to the boosting as such: SHAP is
    silently wrong on its native categories (shap/shap#3436).
    """
    kinds = Columns.of(schema)
    # The encoder's cross-fitting is random unless its folds are given.
    folds = KFold(5, shuffle=True, random_state=seed)
    codes = TargetEncoder(target_type="continuous", cv=folds)
    levels = OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-1
    )
    return ColumnTransformer(
        [
            ("codes", codes, list(kinds.categories)),
            ("levels", levels, list(kinds.categories)),
            ("numbers", "passthrough", list(kinds.numbers)),
        ]
    )


def _matrix(columns: Any) -> Floats:
    return np.asarray(columns, dtype=np.float64)


def _point(recipe: Recipe, seed: int) -> HistGradientBoostingRegressor:
    return HistGradientBoostingRegressor(
        loss="absolute_error",
        max_iter=recipe.trees,
        learning_rate=recipe.learning_rate,
        max_leaf_nodes=recipe.leaves,
        min_samples_leaf=recipe.leaf_sales,
        l2_regularization=recipe.penalty,
        max_features=recipe.feature_share,
        early_stopping=False,
        random_state=seed,
    )


def _spread(recipe: Recipe, seed: int) -> HistGradientBoostingRegressor:
    return HistGradientBoostingRegressor(
        loss="quantile",
        quantile=_SPREAD_QUANTILE,
        max_iter=recipe.spread_trees,
        learning_rate=0.1,
        max_leaf_nodes=16,
        min_samples_leaf=recipe.spread_leaf_sales,
        l2_regularization=10.0,
        max_features=0.3,
        early_stopping=False,
        random_state=seed,
    )


def _fitted(
    model: HistGradientBoostingRegressor, rows: Floats, target: Floats
) -> HistGradientBoostingRegressor:
    """Fit trees; a column without any value, which they would refuse, tells nothing."""
    empty = np.isnan(rows).all(axis=0)
    return model.fit(np.where(empty, 0.0, rows) if empty.any() else rows, target)


def _unseen_errors(
    rows: Floats, log_prices: Floats, recipe: Recipe, seed: int
) -> Floats:
    """Return log price less what a model of the sales outside its fold makes of it."""
    errors = np.empty(len(rows))
    folds = KFold(recipe.folds, shuffle=True, random_state=seed)
    for seen, unseen in folds.split(rows):
        model = _fitted(_point(recipe, seed), rows[seen], log_prices[seen])
        errors[unseen] = log_prices[unseen] - model.predict(rows[unseen])
    return errors
