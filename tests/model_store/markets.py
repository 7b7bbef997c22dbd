"""Made-up markets whose laws are known."""

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd

from model_store.dataset import Dataset
from model_store.definition import Definition
from model_store.recipe.columns import Columns
from model_store.recipe.comparables import ComparableSales, without_never
from model_store.recipe.hedonic import Hedonic
from model_store.recipe.pipelines import Recipe
from model_store.schema import Feature

#: Few trees: for tests of all else.
QUICK = Recipe(
    trees=5,
    learning_rate=0.3,
    leaf_sales=10,
    spread_trees=5,
    spread_leaf_sales=20,
    folds=2,
)

#: Every kind of column that a house may have.
FEATURES = (
    Feature("area", "number", "Living space.", 80.5, "m2"),
    Feature("built", "integer", "Year of building.", 1970, "year", required=False),
    Feature("lat", "number", "Latitude.", 50.0, "deg", required=False),
    Feature("lon", "number", "Longitude.", 8.0, "deg", required=False),
    Feature("quarter", "category", "Quarter of the town.", "east", required=False),
    Feature("heating", "category", "Kind of heating.", "gas", required=False),
)

FIRST_DAY = dt.date(2020, 1, 1)


def market(
    count: int = 400,
    *,
    only: tuple[str, ...] | None = None,
    noise: float = 0.1,
    days: int = 300,
    gaps: float = 0.05,
    seed: int = 0,
) -> Dataset:
    """Return sales whose prices follow area, year, quarter and time.

    Args:
        count: Sales.
        only: Features that the houses have; by default all.
        noise: Standard deviation of log prices.
        days: Days from the first sale to the last.
        gaps: Share of values missing where they may be.
        seed: Another one makes another market.
    """
    random = np.random.default_rng(seed)
    columns: dict[str, Any] = {
        "area": random.uniform(30, 200, count).round(1),
        "built": random.integers(1900, 2020, count).astype(np.float64),
        "lat": 50 + random.normal(0, 0.05, count).round(4),
        "lon": 8 + random.normal(0, 0.05, count).round(4),
        "quarter": random.choice(["east", "south", "west"], count).astype(object),
        "heating": random.choice(["gas", "oil"], count).astype(object),
    }
    day = np.sort(random.integers(0, days + 1, count))
    day[0], day[-1] = 0, days
    known = pd.DataFrame(columns)
    log_prices = (
        8
        + np.log(known["area"])
        + (known["built"] - 1960) / 200
        + 0.2 * (known["quarter"] == "east")
        + 0.1 * day / 365
        + random.normal(0, noise, count)
    )
    for feature in FEATURES:
        if not feature.required:
            known.loc[random.random(count) < gaps, feature.name] = np.nan
    features = tuple(f for f in FEATURES if only is None or f.name in only)
    return Dataset(
        definition=definition(features),
        houses=known[[f.name for f in features]],
        prices=np.exp(log_prices.to_numpy(np.float64)).round(),
        dates=np.datetime64(FIRST_DAY) + day,
    )


def definition(features: tuple[Feature, ...]) -> Definition:
    """Return the definition of a market whose houses have these features."""
    return Definition(
        name="made-up",
        title="Made-up sales",
        source="a test",
        licence="CC0-1.0",
        table="none.csv",
        currency="EUR",
        target="price",
        date="day",
        features=features,
    )


def sold_often(sales: Dataset, row: int, times: int) -> Dataset:
    """Return a market in which one house was sold some times more, each time dearer."""
    at = np.array([*range(len(sales)), *[row] * times])
    prices, dates = sales.prices[at], sales.dates[at]
    prices[len(sales) :] *= np.linspace(1.5, 3, times)
    dates[len(sales) :] = np.linspace(0, 300, times).astype(int) + sales.dates[0]
    order = np.argsort(dates, kind="stable")
    return Dataset(
        definition=sales.definition,
        houses=sales.houses.iloc[at[order]].reset_index(drop=True),
        prices=prices[order],
        dates=dates[order],
    )


def compared(sales: Dataset) -> ComparableSales:
    """Return the comparable sales of a market; its categories are told apart."""
    columns = Columns.of(sales.schema)
    rows = columns_of(sales)
    count = len(columns.categories)
    levels = rows[:, count : 2 * count].astype(np.intp)
    numbers = without_never(rows[:, 2 * count :], columns)
    log_prices = np.log(sales.prices)
    return ComparableSales(
        Hedonic.fit(numbers, levels, log_prices),
        columns,
        numbers=numbers,
        levels=levels,
        prices=sales.prices,
        sold_on=sales.dates,
        log_prices=log_prices,
    )


def columns_of(sales: Dataset) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the houses as comparable sales take them, codes being levels too."""
    columns = Columns.of(sales.schema)
    levels = [pd.factorize(sales.houses[c], sort=True)[0] for c in columns.categories]
    numbers = [sales.houses[name] for name in columns.numbers]
    return np.column_stack([*levels, *levels, *numbers]).astype(np.float64)
