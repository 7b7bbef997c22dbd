"""A table of sales with its definition, read and checked."""

import datetime as dt
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from model_store import table
from model_store.definition import Definition, read
from model_store.errors import DatasetError
from model_store.schema import MAX_CATEGORY_LENGTH, Feature, Schema, Value, plain
from model_store.table_form import TableForm

#: The data set that ships with the package.
SHIPPED = Path(__file__).with_name("data") / "king_county.json"

#: Prices are told in whole units: a table in thousands or millions must be multiplied.
LEAST_PRICE = 100
#: No house was ever sold for more, in any currency.
MOST_PRICE = 10**15
#: Share of rows that may be there twice, as flats of one house sold in one day.
MOST_TWICE = 0.2


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

    def twice(self) -> NDArray[np.bool_]:
        """Return whether each sale was there before, cell by cell, (n_sales,)."""
        rows = self.houses.assign(**{"\0price": self.prices, "\0date": self.dates})
        return rows.duplicated().to_numpy(np.bool_)

    def spread(self, most: int) -> "Dataset":
        """Return `most` sales at most, evenly spaced by date."""
        return self.every(-(-len(self) // most)) if len(self) > most else self

    def latest(self, most: int) -> "Dataset":
        """Return the last sales by date, `most` at most."""
        return self._rows(slice(-most, None)) if len(self) > most else self

    def expect_past(self, today: dt.date) -> None:
        """Refuse sales that are to come.

        Raises:
            DatasetError: A sale is later than `today`.
        """
        if self.last_day > today:
            raise DatasetError(
                f"data set {self.definition.name!r}: the last sale of "
                f"{self.definition.table} is of {self.last_day}, which is to come; "
                "mend the dates, or their format in the definition's `form`"
            )

    def expect_distinct(self) -> None:
        """Refuse sales of which many are there more than once.

        Raises:
            DatasetError: A test on them would ask for what was learnt.
        """
        twice = self.twice()
        if twice.mean() > MOST_TWICE:
            row = int(np.flatnonzero(twice)[0])
            raise DatasetError(
                f"data set {self.definition.name!r}: {int(twice.sum()):,} of "
                f"{len(self):,} rows are there more than once, one of them a sale of "
                f"{self.dates[row]} for {self.prices[row]:,.0f}; a test would ask for "
                "what was learnt: take the copies out"
            )

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
    return load_as(read(definition_file), definition_file.parent)


def load_as(definition: Definition, folder: Path) -> Dataset:
    """Read the table that a definition names.

    Args:
        definition: What its columns mean.
        folder: Where it lies.

    Raises:
        DatasetError: It cannot be read or is not what the definition says.
    """
    cells = _Table.read(folder / definition.table, definition)
    dates = cells.dates(definition.date)
    order = np.argsort(dates, kind="stable")
    houses = pd.DataFrame(
        {feature.name: cells.feature(feature) for feature in definition.features}
    )
    prices = cells.prices(definition.target)
    return Dataset(
        definition=definition,
        houses=houses.iloc[order].reset_index(drop=True),
        prices=prices[order],
        dates=dates[order],
    )


@dataclass(frozen=True)
class _Table:
    """The cells as they stand in the file, and where to point when one is wrong."""

    path: Path
    id: str | None
    form: TableForm
    cells: pd.DataFrame

    @classmethod
    def read(cls, path: Path, definition: Definition) -> "_Table":
        form = definition.form
        text = [f.name for f in definition.features if f.kind == "category"]
        wanted = [*definition.columns, *([definition.id] if definition.id else [])]
        in_file = [form.column_of(name) for name in wanted]
        there = table.columns(path, form)
        absent = [name for name in in_file if name not in there]
        if absent:
            hints = "".join(table.nearest(name, there) for name in absent)
            raise DatasetError(
                f"{path}: its columns are {there}; expected sales, with columns "
                f"{absent} too{hints}"
            )
        as_text = [form.column_of(name) for name in (*text, definition.date)]
        cells = table.read(path, form, in_file, as_text)
        if cells.empty:
            raise DatasetError(
                f"{path}: got 0 rows under its head; expected sales, one a row"
            )
        return cls(path, definition.id, form, cells.set_axis(wanted, axis=1))

    def dates(self, name: str) -> NDArray[np.datetime64]:
        form = self.form.date_format
        dates = pd.to_datetime(self.cells[name], format=form, errors="coerce")
        iso = form == TableForm.date_format
        told = "a date YYYY-MM-DD" if iso else f"a date like {form}"
        self._refuse(dates.isna(), name, told)
        return dates.to_numpy("datetime64[D]")

    def prices(self, name: str) -> NDArray[np.float64]:
        prices = table.numbers(self.cells[name], self.form)
        told = (
            f"a price from {LEAST_PRICE} to {MOST_PRICE:,}, in whole units of the "
            "currency"
        )
        self._refuse(~prices.between(LEAST_PRICE, MOST_PRICE), name, told)
        return np.asarray(prices, dtype=np.float64)

    def feature(self, feature: Feature) -> pd.Series:
        """Return a column in the form that pipelines take, or refuse a bad cell."""
        raw = self.cells[feature.name]
        if feature.kind == "category":
            column, bad, expected = _category(raw, feature)
        else:
            column, bad, expected = _number(table.numbers(raw, self.form), feature)
        given = raw.notna()
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
            f"{self.path}: column {self.form.column_of(column)!r}, "
            f"{self._line(row)}{name}: got {found}, expected {expected}; "
            f"rows like that: {int(bad.sum()):,}. Mend them or leave them out, or have "
            "the definition of the data set allow them"
        )

    def _line(self, row: int) -> str:
        if table.is_parquet(self.path):
            return f"row {row + 1}"
        return f"line {row + 2}"


def _category(raw: pd.Series, feature: Feature) -> tuple[pd.Series, pd.Series, str]:
    text = raw.astype(str)
    pattern = feature.pattern or r"(?s)."
    fits = text.str.contains(pattern) & (text.str.len() <= MAX_CATEGORY_LENGTH)
    expected = f"at most {MAX_CATEGORY_LENGTH} characters like {pattern!r}"
    return raw.astype(object).where(raw.notna(), np.nan), ~fits, expected


def _number(column: pd.Series, feature: Feature) -> tuple[pd.Series, pd.Series, str]:
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
