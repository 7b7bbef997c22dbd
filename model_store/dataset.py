"""A table of sales and its definition, read and checked."""

import datetime as dt
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import ConfigDict, TypeAdapter, ValidationError

from model_store.errors import DatasetError
from model_store.schema import Feature, Schema, Value

#: The data set that ships with the package.
SHIPPED = Path(__file__).with_name("data") / "king_county.json"


@dataclass(frozen=True, slots=True)
class Definition:
    """What the columns of a table of sales mean.

    Attributes:
        name: Name of the data set and, by default, of models made from it.
        title: One line for people.
        source: Where the sales come from.
        licence: Licence of the table.
        table: CSV file beside the definition, compressed or not.
        currency: ISO 4217 code of the target.
        target: Column of the price paid.
        date: Column of the sale date, `YYYY-MM-DD`.
        features: Columns that a house is priced by.
        id: Column that names a row in messages; never an input.
        test_from: First sale date of the test period; without it the last fifth
            of the sales by date is the test.
        description: More for people.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    name: str
    title: str
    source: str
    licence: str
    table: str
    currency: str
    target: str
    date: str
    features: tuple[Feature, ...]
    id: str | None = None
    test_from: dt.date | None = None
    description: str = ""


_DEFINITION: TypeAdapter[Definition] = TypeAdapter(Definition)


@dataclass(frozen=True)
class Dataset:
    """Checked sales, sorted by date.

    Attributes:
        definition: What the columns mean.
        schema: The features as a house's schema.
        houses: One row a sale: numbers as float64, categories as text, missing NaN.
        prices: Price paid, shape (n_sales,), in the definition's currency.
        dates: Sale date, shape (n_sales,), datetime64[D].
    """

    definition: Definition
    schema: Schema
    houses: pd.DataFrame
    prices: NDArray[np.float64]
    dates: NDArray[np.datetime64]

    def __len__(self) -> int:
        """Return the number of sales."""
        return len(self.prices)

    @property
    def last_day(self) -> dt.date:
        """Date of the last sale."""
        return cast("dt.date", self.dates[-1].item())

    @property
    def first_day(self) -> dt.date:
        """Date of the first sale."""
        return cast("dt.date", self.dates[0].item())

    def split(self, day: dt.date) -> tuple["Dataset", "Dataset"]:
        """Return the sales before `day` and the sales from it on."""
        at = int(np.searchsorted(self.dates, np.datetime64(day)))
        return self._rows(slice(None, at)), self._rows(slice(at, None))

    def every(self, step: int) -> "Dataset":
        """Return every `step`-th sale by date: a small table of the same kind."""
        return self._rows(slice(None, None, step))

    def house(self, row: int) -> dict[str, Value]:
        """Return one row as a house on the wire."""
        return {
            feature.name: _wire(feature, self.houses[feature.name].iloc[row])
            for feature in self.schema.features
            if not pd.isna(self.houses[feature.name].iloc[row])
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
    definition = read_definition(definition_file)
    path = definition_file.parent / definition.table
    table = _read_table(path, definition)
    for feature in definition.features:
        table[feature.name] = _checked(table, feature, definition, path)
    table = table.sort_values(definition.date, kind="stable", ignore_index=True)
    return Dataset(
        definition=definition,
        schema=Schema(definition.features),
        houses=table[[feature.name for feature in definition.features]],
        prices=table[definition.target].to_numpy(np.float64),
        dates=table[definition.date].to_numpy("datetime64[D]"),
    )


def read_definition(path: Path) -> Definition:
    """Read a definition.

    Raises:
        DatasetError: The file cannot be read or is not a definition.
    """
    try:
        return _DEFINITION.validate_json(path.read_bytes())
    except (OSError, ValueError) as error:
        detail = _first(error) if isinstance(error, ValidationError) else str(error)
        msg = f"{path}: not a data-set definition: {detail}"
        raise DatasetError(msg) from error


def _read_table(path: Path, definition: Definition) -> pd.DataFrame:
    """Read the needed columns, with dates and prices already checked."""
    kinds = {f.name: f.kind for f in definition.features}
    text = {name: str for name, kind in kinds.items() if kind == "category"}
    try:
        table = pd.read_csv(path, dtype=text | {definition.date: str})
    except (OSError, ValueError) as error:
        msg = f"{path}: cannot be read as CSV: {error}"
        raise DatasetError(msg) from error
    wanted = [*kinds, definition.target, definition.date]
    missing = [name for name in wanted if name not in table.columns]
    if missing:
        msg = (
            f"{path}: columns {missing} are not there; "
            f"the definition expects them, the table has {list(table.columns)}"
        )
        raise DatasetError(msg)
    if table.empty:
        msg = f"{path}: no rows; expected sales"
        raise DatasetError(msg)
    dates = pd.to_datetime(table[definition.date], format="%Y-%m-%d", errors="coerce")
    prices = pd.to_numeric(table[definition.target], errors="coerce")
    _refuse(dates.isna(), table, definition.date, definition, path, "YYYY-MM-DD")
    _refuse(~(prices > 0), table, definition.target, definition, path, "above 0")
    return table.assign(**{definition.date: dates, definition.target: prices})


def _checked(
    table: pd.DataFrame, feature: Feature, definition: Definition, path: Path
) -> pd.Series:
    """Return a feature's column in its model form, or refuse the first bad row."""
    raw = table[feature.name]
    given = raw.notna()
    if feature.kind == "category":
        pattern = feature.pattern or r"(?s).+"
        bad = given & ~raw.astype(str).str.contains(pattern, regex=True)
        column, expected = (
            raw.astype(object).where(given, np.nan),
            f"text like {pattern}",
        )
    else:
        column = pd.to_numeric(raw, errors="coerce").astype(np.float64)
        low = -np.inf if feature.minimum is None else feature.minimum
        high = np.inf if feature.maximum is None else feature.maximum
        bad = given & ~column.between(low, high)
        if feature.kind == "integer":
            bad |= given & (column % 1 != 0)
        expected = f"{feature.kind} from {low} to {high}"
    if feature.required:
        bad |= ~given
    _refuse(bad, table, feature.name, definition, path, expected)
    return column


def _refuse(
    bad: pd.Series,
    table: pd.DataFrame,
    column: str,
    definition: Definition,
    path: Path,
    expected: str,
) -> None:
    if not bad.any():
        return
    row = int(np.flatnonzero(bad)[0])
    name = (
        f" ({definition.id} {table[definition.id].iloc[row]})" if definition.id else ""
    )
    msg = (
        f"{path}: column {column!r}, line {row + 2}{name}: "
        f"got {table[column].iloc[row]!r}, expected {expected}; "
        f"{int(bad.sum())} such rows"
    )
    raise DatasetError(msg)


def _wire(feature: Feature, value: Any) -> Value:
    if feature.kind == "category":
        return str(value)
    return int(value) if feature.kind == "integer" else float(value)


def _first(error: ValidationError) -> str:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg']}, got {first['input']!r:.80}"
