"""Evenly spaced rows of a table, and what holds for all its columns."""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from model_store import table
from model_store.errors import DatasetError
from model_store.intake import dates, form, prices
from model_store.table_form import TableForm

Floats = NDArray[np.float64]

#: Rows by which columns are told apart; the whole table is read afterwards.
_ROWS = 50_000
#: Columns of a table, at most: more are no properties of a house.
_MOST_COLUMNS = 300
#: Names of columns in a message, and characters of each, at most.
_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Wish:
    """What whoever brings a table says about it; None where the table shall tell.

    Attributes:
        target: Column of the price paid.
        date: Column of the sale date.
        currency: ISO 4217 code.
        date_format: Of the sale dates.
        decimal: Between the whole and the rest of a number.
        keep: Columns to price by although they are suspected.
        leave_out: Columns not to price by.
    """

    target: str
    date: str
    currency: str | None = None
    date_format: str | None = None
    decimal: str | None = None
    keep: Collection[str] = ()
    leave_out: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows of a table.

    Attributes:
        others: Texts of all columns but price and date, missing ones NaN; the index is
            the row.
        form: How they are written.
        currency: Of the prices; None if nothing tells it.
        log_prices: Of the same rows, shape (n_sales,).
        twice: Share of rows that are there more than once.
    """

    others: pd.DataFrame
    form: TableForm
    currency: str | None
    log_prices: Floats
    twice: float


def take(path: Path, wish: Wish) -> Sample:
    """Read a sample of a table.

    Raises:
        DatasetError: It is none, lacks a column, or its dates or prices cannot be read.
    """
    written = form.look(path)
    _expect_columns(path, table.columns(path, written.form), wish)
    cells = table.sample(path, written.form, _ROWS, written.lines)
    if len(cells) == 0:
        raise DatasetError(f"{path}: column names, but no rows; expected a sale a line")
    for column in (wish.target, wish.date):
        _expect_all(path, column, cells[column])
    others = cells.drop(columns=[wish.target, wish.date])
    try:
        told = written.form
        if not table.is_parquet(path):
            told = form.with_numbers(told, cells.drop(columns=wish.date), wish.decimal)
        sign = prices.sign_of(cells[wish.target], wish.target)
        told = replace(
            told,
            sign=sign,
            date_format=wish.date_format or dates.find(cells[wish.date]),
        )
        currency = wish.currency or prices.currency_of(sign, others)
    except DatasetError as error:
        raise DatasetError(f"{path}: {error}") from error
    if wish.decimal is None:
        _expect_ungrouped(path, wish.target, cells[wish.target], told)
    paid = table.numbers(cells[wish.target], told)
    _expect_prices(path, wish.target, cells[wish.target], paid)
    twice = float(cells.duplicated().mean())
    return Sample(others, told, currency, np.log(paid.to_numpy()), twice)


def _expect_ungrouped(
    path: Path, column: str, cells: pd.Series, form: TableForm
) -> None:
    """Refuse prices of a thousand units that would be read as prices of one."""
    point = re.escape(form.decimal)
    grouped = cells.astype(str).str.fullmatch(rf"\D*\d{{1,3}}({point}\d{{3}})+\D*")
    if not grouped.all():
        return
    raise DatasetError(
        f"{path}: column {column!r}: prices such as {cells.iloc[0]!r} look like "
        f"thousands, while {form.decimal!r} is the mark of decimals in the table; "
        f"write them without it, or say --decimal {form.decimal} if they are right"
    )


def _expect_columns(path: Path, there: list[str], wish: Wish) -> None:
    for given in (wish.target, wish.date, *wish.keep, *wish.leave_out):
        if given not in there:
            raise DatasetError(
                f"{path}: there is no column {given!r}{table.nearest(given, there)}; "
                f"there are {', '.join(repr(name[:_SHOWN]) for name in there[:_SHOWN])}"
            )
    if wish.target == wish.date:
        raise DatasetError(f"{path}: {wish.target!r} cannot be both price and date")
    if len(there) > _MOST_COLUMNS:
        raise DatasetError(
            f"{path}: {len(there):,} columns; expected at most {_MOST_COLUMNS}, those "
            "that describe a house: make a table of these"
        )


def _expect_all(path: Path, column: str, cells: pd.Series) -> None:
    missing = cells.isna()
    if missing.any():
        raise DatasetError(
            f"{path}: column {column!r} is empty in {missing.mean():.1%} of the rows, "
            f"first in line {int(cells.index[missing][0]) + 2}; every sale needs one: "
            "fill it in, or take these rows out"
        )


def _expect_prices(path: Path, column: str, cells: pd.Series, paid: pd.Series) -> None:
    wrong = ~(paid > 0)
    if wrong.any():
        row = cells.index[wrong][0]
        raise DatasetError(
            f"{path}: column {column!r}, line {int(row) + 2}: got {cells[row]!r}, "
            f"expected a price above 0, a plain number; {int(wrong.sum()):,} such "
            "rows: mend them, or take them out"
        )
