"""Real sales, written as somebody else would have written them."""

from pathlib import Path
from typing import Any

import pandas as pd

from model_store import dataset

#: Every column of a small town's table; prices in plain numbers.
SIZE = 865


def sales() -> pd.DataFrame:
    """Return real sales under the names of their own table."""
    table = dataset.load().every(25)
    return table.houses.assign(
        price=table.prices.astype(int), date=table.dates.astype(str)
    )


def german() -> pd.DataFrame:
    """Return the same as a table of a German office."""
    table = sales()
    table = table.assign(
        price=[f"{price:,} €".replace(",", ".") for price in table["price"]],
        date=pd.to_datetime(table["date"]).dt.strftime("%d.%m.%Y"),
        sqft_living=(table["sqft_living"] * 0.0929).round(1),
    )
    names = {
        "price": "Kaufpreis",
        "date": "Verkauft am",
        "sqft_living": "Wohnfläche m²",
        "yr_built": "Baujahr",
        "zipcode": "PLZ",
        "lat": "geo_lat",
        "long": "geo_long",
    }
    return table.rename(columns=names)


def write(table: pd.DataFrame, path: Path, **options: Any) -> Path:
    """Write a table as CSV."""
    table.to_csv(path, index=False, **options)
    return path
