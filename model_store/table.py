"""Reads tables: CSV, compressed or not, or Parquet, as cells under their columns."""

import difflib
import warnings
import zlib
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from model_store import numerals
from model_store.errors import DatasetError
from model_store.schema import plain
from model_store.table_form import TableForm

#: What pandas raises at a file that is none of its kind.
_UNREADABLE = (
    OSError,
    EOFError,
    ValueError,
    LookupError,
    zlib.error,
    pd.errors.ParserWarning,
)
#: Rows that are read at a time where not all of them are kept.
_CHUNK = 50_000

#: What helps against a fault of a table, by what is told of it.
_REMEDIES = {
    "EOF inside string": 'a quote (") that is opened and never closed: double it, or '
    "take it out",
    "Expected": "a row has more cells than the head has columns: put cells in quotes "
    "that hold the delimiter",
    "does not match length": "rows have more cells than the head has columns: put "
    "cells in quotes that hold the delimiter, give each column a name, and take out "
    "lines that stand above the names",
    "codec can't decode": "it is in another encoding: save it as UTF-8, or name the "
    "encoding in the definition's `form`",
    "No columns to parse": "the file is empty: expected column names, then sales",
}


def is_parquet(path: Path) -> bool:
    """Tell whether a file is read as Parquet."""
    return path.suffix == ".parquet"


def columns(path: Path, form: TableForm) -> list[str]:
    """Return the names of a file's columns.

    Raises:
        DatasetError: It cannot be read.
    """
    if is_parquet(path):
        return list(_parquet().read_schema(_there(path)).names)
    return list(_csv(path, form, nrows=0).columns)


def read(
    path: Path, form: TableForm, wanted: Collection[str], text: Collection[str]
) -> pd.DataFrame:
    """Return some columns of a file.

    Args:
        path: The file.
        form: How it is written.
        wanted: Columns, by their names in the file; all of them are there.
        text: Those whose cells are read as texts; of the others numbers are made where
            all cells are numbers.

    Raises:
        DatasetError: It cannot be read.
    """
    if is_parquet(path):
        cells = pd.read_parquet(_there(path), columns=list(wanted))
        return cells.assign(**{name: _texts(cells[name]) for name in text})
    texts = set(wanted if form.thousands else text)
    missing: Any = {name: ["", *form.missing] for name in set(wanted) - set(text)}
    cells = _csv(
        path,
        form,
        usecols=list(wanted),
        dtype=dict.fromkeys(texts, str),
        na_values=missing | {name: [""] for name in text},
    )
    return pd.DataFrame(cells[list(wanted)])


def sample(path: Path, form: TableForm, most: int, rows: int) -> pd.DataFrame:
    """Return evenly spaced rows of a file, every cell a text; the index is the row.

    Args:
        path: The file.
        form: How it is written.
        most: Rows to be returned, at most.
        rows: Rows of the file, roughly.

    Raises:
        DatasetError: It cannot be read.
    """
    step = max(1, -(-rows // most))
    if is_parquet(path):
        cells = pd.read_parquet(_there(path)).iloc[::step]
        return pd.DataFrame({name: _texts(cells[name]) for name in cells.columns})
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        try:
            chunks = _csv(path, form, dtype=str, na_values=[""], chunksize=_CHUNK)
            kept = [chunk[chunk.index % step == 0] for chunk in chunks]
        except _UNREADABLE as error:
            raise _unreadable(path, error) from error
    found: pd.DataFrame = pd.concat(kept)
    return found


def numbers(cells: pd.Series, form: TableForm) -> pd.Series:
    """Return a column's cells as numbers, NaN where one is none."""
    if pd.api.types.is_numeric_dtype(cells):
        return cells.astype(np.float64)
    if form.sign:
        cells = cells.astype(object).where(
            cells.isna(), cells.astype(str).str.replace(form.sign, "", regex=False)
        )
    return numerals.parse(cells, form.decimal, form.thousands)


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a hint at the column that was probably meant, empty if none is near."""
    lowered = {one.lower(): one for one in known}
    near = difflib.get_close_matches(name.lower(), lowered, n=1)
    return f" (did you mean {lowered[near[0]]!r}?)" if near else ""


def _csv(path: Path, form: TableForm, **options: Any) -> Any:
    # Only an empty cell is missing: "NA" may be a category.
    always = {"keep_default_na": False, "low_memory": False, "index_col": False}
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        try:
            return pd.read_csv(
                path,
                sep=form.delimiter,
                encoding=form.encoding,
                decimal=form.decimal,
                **(always | options),
            )
        except _UNREADABLE as error:
            raise _unreadable(path, error) from error


def _unreadable(path: Path, error: BaseException) -> DatasetError:
    told = str(error).strip()
    remedy = next((text for sign, text in _REMEDIES.items() if sign in told), "")
    return DatasetError(
        f"{path}: cannot be read as CSV: {told}" + (f"; {remedy}" if remedy else "")
    )


def _parquet() -> Any:
    try:
        import pyarrow.parquet  # noqa: PLC0415 - an extra, and slow to load
    except ImportError as error:
        raise DatasetError(
            "Parquet needs the extra `parquet`: pip install 'kerbside[parquet]'"
        ) from error
    return pyarrow.parquet


def _there(path: Path) -> Path:
    """Return a Parquet file that can be read."""
    try:
        _parquet().read_metadata(path)
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path}: cannot be read as Parquet: {error}") from error
    return path


def _texts(cells: pd.Series) -> pd.Series:
    """Return typed cells as they would stand in a CSV file."""
    known = cells.notna()
    if pd.api.types.is_datetime64_any_dtype(cells):
        days = np.datetime_as_string(cells.to_numpy("datetime64[D]"))
        return pd.Series(days, cells.index, dtype=object).where(known, np.nan)
    if pd.api.types.is_float_dtype(cells):
        texts = cells[known].map(lambda value: str(plain(value)))
    else:
        # Whatever a cell of Parquet holds, lists and bytes too.
        texts = cells[known].map(str)
    return texts.astype(object).reindex(cells.index)
