"""A table of sales with its definition, read and checked."""

import datetime as dt
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from model_store.definition import Definition, read
from model_store.errors import DatasetError
from model_store.schema import MAX_CATEGORY_LENGTH, Feature, Schema, Value, plain

#: The data set that ships with the package.
SHIPPED = Path(__file__).with_name("data") / "king_county.json"

#: Prices are told in whole units: a table in thousands or millions must be multiplied.
_LEAST_PRICE = 100


@dataclass(frozen=True)
class Dataset:
    """Checked sales, sorted by date.

    Attributes:
        definition: What the columns mean.
        houses: One row a sale: numbers as float64, categories as text, missing NaN.
        prices: Price paid, shape (n_sales,), in the definition's currency.
        dates: Sale date, shape (n_sales,), datetime64[D].
    """

    definition: Definition
    houses: pd.DataFrame
    prices: NDArray[np.float64]
    dates: NDArray[np.datetime64]

    def __len__(self) -> int:
        """Return the number of sales."""
        return len(self.prices)

    @property
    def schema(self) -> Schema:
        """What a house of this data set looks like."""
        return self.definition.schema

    @property
    def first_day(self) -> dt.date:
        """Date of the first sale."""
        return cast("dt.date", self.dates[0].item())

    @property
    def last_day(self) -> dt.date:
        """Date of the last sale."""
        return cast("dt.date", self.dates[-1].item())

    def day_at(self, share: float) -> dt.date:
        """Return the date of the sale before which `share` of the sales lie."""
        return cast("dt.date", self.dates[int(len(self) * share)].item())

    def split(self, day: dt.date) -> tuple["Dataset", "Dataset"]:
        """Return the sales before `day` and the sales from it on."""
        at = int(np.searchsorted(self.dates, np.datetime64(day)))
        return self._rows(slice(None, at)), self._rows(slice(at, None))

    def every(self, step: int) -> "Dataset":
        """Return every `step`-th sale by date: a small table of the same kind."""
        return self._rows(slice(None, None, step))

    def house(self, row: int) -> dict[str, Value]:
        """Return one row as a house on the wire; what is missing is left out."""
        cells = self.houses.iloc[row].to_dict()
        return {
            feature.name: _wire(feature, cells[feature.name])
            for feature in self.schema.features
            if not pd.isna(cells[feature.name])
        }

    def _rows(self, rows: slice) -> "Dataset":
        return replace(
            self,
            houses=self.houses.iloc[rows].reset_index(drop=True),
            prices=self.prices[rows],
            dates=self.dates[rows],
        )


def load(definition_file: Path = SHIPPED) -> Dataset:
    """Read a definition and the table that it names.

    Raises:
        DatasetError: Either cannot be read or is not what the definition says; the
            message names the file, the place, what was found and what expected.
    """
    definition = read(definition_file)
    table = _Table.read(definition_file.parent / definition.table, definition)
    dates = table.dates(definition.date)
    order = np.argsort(dates, kind="stable")
    houses = pd.DataFrame(
        {feature.name: table.feature(feature) for feature in definition.features}
    )
    return Dataset(
        definition=definition,
        houses=houses.iloc[order].reset_index(drop=True),
        prices=table.prices(definition.target)[order],
        dates=dates[order],
    )


@dataclass(frozen=True)
class _Table:
    """The cells as they stand in the file, and where to point when one is wrong."""

    path: Path
    id: str | None
    cells: pd.DataFrame

    @classmethod
    def read(cls, path: Path, definition: Definition) -> "_Table":
        text = [f.name for f in definition.features if f.kind == "category"]
        try:
            # Only an empty cell is missing: "NA" may be a category.
            cells = pd.read_csv(
                path,
                dtype=dict.fromkeys([*text, definition.date], str),
                keep_default_na=False,
                na_values=[""],
                low_memory=False,
            )
        except (OSError, EOFError, ValueError, zlib.error) as error:
            raise DatasetError(f"{path}: cannot be read as CSV: {error}") from error
        wanted = [*definition.columns, *([definition.id] if definition.id else [])]
        absent = [name for name in wanted if name not in cells.columns]
        if absent or cells.empty:
            raise DatasetError(
                f"{path}: got {len(cells)} rows with columns {list(cells.columns)}; "
                f"expected sales, with columns {absent or wanted} too"
            )
        return cls(path, definition.id, cells)

    def dates(self, name: str) -> NDArray[np.datetime64]:
        dates = pd.to_datetime(self.cells[name], format="%Y-%m-%d", errors="coerce")
        self._refuse(dates.isna(), name, "a date YYYY-MM-DD")
        return dates.to_numpy("datetime64[D]")

    def prices(self, name: str) -> NDArray[np.float64]:
        prices = pd.to_numeric(self.cells[name], errors="coerce").astype(np.float64)
        told = f"a price of at least {_LEAST_PRICE}, in whole units of the currency"
        self._refuse(~prices.between(_LEAST_PRICE, np.inf, "left"), name, told)
        return np.asarray(prices, dtype=np.float64)

    def feature(self, feature: Feature) -> pd.Series:
        """Return a column in the form that pipelines take, or refuse a bad cell."""
        category = feature.kind == "category"
        column, bad, expected = (_category if category else _number)(
            self.cells[feature.name], feature
        )
        given = self.cells[feature.name].notna()
        bad = (bad & given) | (~given if feature.required else False)
        self._refuse(bad, feature.name, expected)
        return column

    def _refuse(self, bad: pd.Series, column: str, expected: str) -> None:
        if not bad.any():
            return
        row = int(np.flatnonzero(bad)[0])
        name = f" ({self.id} {self.cells[self.id].iloc[row]})" if self.id else ""
        cell = self.cells[column].iloc[row]
        found = "nothing" if pd.isna(cell) else repr(str(cell))
        raise DatasetError(
            f"{self.path}: column {column!r}, line {row + 2}{name}: "
            f"got {found}, expected {expected}; "
            f"{int(bad.sum())} such rows"
        )


def _category(raw: pd.Series, feature: Feature) -> tuple[pd.Series, pd.Series, str]:
    text = raw.astype(str)
    pattern = feature.pattern or r"(?s)."
    fits = text.str.contains(pattern) & (text.str.len() <= MAX_CATEGORY_LENGTH)
    expected = f"at most {MAX_CATEGORY_LENGTH} characters like {pattern!r}"
    return raw.astype(object).where(raw.notna(), np.nan), ~fits, expected


def _number(raw: pd.Series, feature: Feature) -> tuple[pd.Series, pd.Series, str]:
    column = pd.to_numeric(raw, errors="coerce").astype(np.float64)
    low = -np.inf if feature.minimum is None else feature.minimum
    high = np.inf if feature.maximum is None else feature.maximum
    fits = column.between(low, high) & np.isfinite(column)
    if feature.kind == "integer":
        fits &= column % 1 == 0
    expected = f"{'an integer' if feature.kind == 'integer' else 'a number'}"
    return column, ~fits, f"{expected} from {low} to {high}"


def _wire(feature: Feature, value: Any) -> Value:
    if feature.kind == "category":
        return str(value)
    return plain(float(value))
