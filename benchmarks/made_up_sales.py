"""Tables of any size that look like the shipped sales: one market, other houses."""

from pathlib import Path

import numpy as np

from model_store.dataset import SHIPPED, load

#: Columns of measures, by which sales of one shipped house become different houses.
_AREAS = ("sqft_living", "sqft_lot", "sqft_above", "sqft_living15", "sqft_lot15")
#: Spread of areas and prices, as a share, of places, in degrees, and of dates, in days.
_SPREAD, _DEGREES, _DAYS = 0.05, 0.01, 20


def write(path: Path, count: int, seed: int) -> None:
    """Write a CSV table of sales by date, none of them there twice.

    Each is a shipped sale, drawn at random, that is made somewhat larger or smaller,
    dearer or cheaper, and moved in place and time. Only what a table of this size takes
    in time and memory can be learnt from it: prices of one house are as far apart as
    chance puts them.

    Args:
        path: The file.
        count: Sales.
        seed: Another one makes another table.
    """
    shipped, random = load(SHIPPED), np.random.default_rng(seed)
    drawn = random.integers(0, len(shipped), count)
    houses = shipped.houses.iloc[drawn].reset_index(drop=True)
    for name in _AREAS:
        factor = np.exp(random.normal(0, _SPREAD, count))
        houses[name] = (houses[name] * factor).round().astype(int)
    for name in ("lat", "long"):
        houses[name] = (houses[name] + random.normal(0, _DEGREES, count)).round(6)
    moved = random.integers(-_DAYS, _DAYS + 1, count).astype("timedelta64[D]")
    days = np.clip(shipped.dates[drawn] + moved, shipped.dates[0], shipped.dates[-1])
    noise = np.exp(random.normal(0, _SPREAD, count))
    table = houses.assign(
        date=days, price=(shipped.prices[drawn] * noise).round().astype(int)
    )
    table = table.sort_values("date", kind="stable").drop_duplicates()
    table.insert(0, "id", np.arange(1, len(table) + 1))
    table.to_csv(path, index=False)
