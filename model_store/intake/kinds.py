"""What each column of a table is taken for, and why."""

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from model_store import numerals
from model_store.intake import dates, suspects
from model_store.intake.variance import by_groups, by_rank, by_rank_groups
from model_store.schema import MAX_CATEGORY_LENGTH
from model_store.table_form import TableForm

Floats = NDArray[np.float64]
Taken = Literal[
    "price",
    "date",
    "number",
    "year",
    "latitude",
    "longitude",
    "category",
    "id",
    "left out",
    "mend",
]

#: Texts that people write where a number is not known.
MISSING = frozenset(
    (
        *("-", "--", "?", ".", "x", "na", "n/a", "n.a.", "#n/a", "nan", "null", "none"),
        *("unknown", "not known", "not available"),
        *("unbekannt", "keine angabe", "k.a.", "k. a."),
    )
)

#: Share of cells that are numbers where those that are not are mistakes.
_MISTAKES = 0.9
#: Share of distinct cells from which on a column names rows.
_ALL_DISTINCT = 0.95
#: Share of log prices that the order of an id explains, at most.
_MEANINGLESS = 0.05
#: Share of distinct texts from which on they are told apart by no model.
_FREE_TEXT = 0.5
#: How much more group means must explain than order where numbers are codes.
_MORE_BY_GROUPS = 0.25
_YEARS = (1700, 2100)
#: Characters of a cell in a message, at most.
_SHOWN = 40
_LATITUDE = re.compile(r"\b(lat|latitude|latitud|breitengrad)\b")
_LONGITUDE = re.compile(r"\b(lon|long|lng|longitude|longitud|laengengrad|langengrad)\b")
#: Degrees at most, to either side.
_DEGREES = {"latitude": 90, "longitude": 180}
_ID = re.compile(
    r"\b(id|ids|key|nr|no|number|nummer|uuid|guid|parcel|apn|ref|reference|index)\b"
)


@dataclass(frozen=True, slots=True)
class Finding:
    """A column and what it is taken for.

    Attributes:
        column: Its name in the file.
        taken: What it is taken for.
        why: One sentence.
        numbers: Its cells as numbers where it is one of numbers, missing NaN.
        missing: Texts in it that mean that a number is not known.
    """

    column: str
    taken: Taken
    why: str
    numbers: Floats | None = None
    missing: tuple[str, ...] = ()


def look(
    column: str,
    cells: pd.Series,
    form: TableForm,
    log_prices: Floats,
    *,
    kept: bool = False,
) -> Finding:
    """Tell what a column is, by a sample of its cells.

    Args:
        column: Its name.
        cells: Texts, missing ones NaN, shape (n_sales,).
        form: How numbers are written.
        log_prices: Same shape.
        kept: Whether it is to be kept though it may tell of people.
    """
    known = cells.dropna()
    if known.empty:
        return Finding(column, "left out", "every cell is empty")
    about_people = None if kept else suspects.personal(column, known)
    if about_people:
        return Finding(column, "left out", f"personal data: {about_people}")
    if len(known) == len(cells) and (known == known.iloc[0]).all():
        return Finding(column, "left out", f"every sale has {known.iloc[0]!r}")
    return _by_cells(column, cells, form, log_prices)


def _by_cells(
    column: str, cells: pd.Series, form: TableForm, log_prices: Floats
) -> Finding:
    known = cells.dropna()
    numbers = numerals.parse(cells, form.decimal, form.thousands)
    odd = known[numbers[known.index].isna()]
    missing = tuple(sorted({str(one) for one in odd if _means_missing(str(one))}))
    wrong = odd[~odd.isin(missing)]
    if len(wrong) == 0 and numbers.notna().any():
        beyond = _beyond(column, numbers)
        if len(beyond):
            return _no_angle(column, beyond)
        return _number(column, numbers.to_numpy(np.float64), missing, log_prices)
    if dates.are_dates(known):
        return Finding(column, "left out", "a date that is not the date of sale")
    if len(wrong) < len(known) * (1 - _MISTAKES):
        return _mistaken(column, wrong, len(known))
    return _text(column, known)


def _means_missing(text: str) -> bool:
    return text.strip().lower() in MISSING or not text.strip()


def _mistaken(column: str, wrong: pd.Series, count: int) -> Finding:
    told = ", ".join(repr(str(one)[:_SHOWN]) for one in wrong.unique()[:3])
    return Finding(
        column,
        "mend",
        f"{count - len(wrong):,} cells are numbers, but {len(wrong):,} are not, such "
        f"as {told} in line {int(wrong.index[0]) + 2}: write numbers, or leave them "
        "empty",
    )


def _number(
    column: str, numbers: Floats, missing: tuple[str, ...], log_prices: Floats
) -> Finding:
    known = numbers[~np.isnan(numbers)]
    paid = log_prices[~np.isnan(numbers)]
    whole = bool((known % 1 == 0).all())
    angle = _angle(column, known)
    if angle:
        why = "its name, and degrees" if not whole else "its name"
        return Finding(column, angle, why, numbers, missing)
    if whole and _is_id(column, known, paid):
        return Finding(column, "id", "whole numbers, almost all of them different")
    lived = known[known != 0]
    if whole and len(lived) and _YEARS[0] <= lived.min() and lived.max() <= _YEARS[1]:
        never = ", 0 for never" if len(lived) < len(known) else ""
        why = f"whole numbers from {lived.min():.0f} to {lived.max():.0f}{never}"
        return Finding(column, "year", why, numbers, missing)
    if whole:
        codes = np.unique(known, return_inverse=True)[1]
        groups, order = by_groups(codes, paid), by_rank(known, paid)
        if groups > order + _MORE_BY_GROUPS:
            why = (
                f"numbers that are codes: their groups explain {groups:.0%} of the "
                f"prices, their order {order:.0%}"
            )
            return Finding(column, "category", why)
    return Finding(column, "number", "every cell is a number", numbers, missing)


def _angle(column: str, known: Floats) -> Literal["latitude", "longitude"] | None:
    named = _named_angle(column)
    return named if named and np.abs(known).max() <= _DEGREES[named] else None


def _named_angle(column: str) -> Literal["latitude", "longitude"] | None:
    plain = suspects.words(column)
    if _LATITUDE.search(plain):
        return "latitude"
    return "longitude" if _LONGITUDE.search(plain) else None


def _beyond(column: str, numbers: pd.Series) -> pd.Series:
    """Return the few cells of a column of degrees that are none."""
    named = _named_angle(column)
    if named is None:
        return numbers.head(0)
    beyond = numbers[numbers.abs() > _DEGREES[named]]
    # Where most of them are, they are places in metres, say.
    return beyond if len(beyond) < len(numbers) * (1 - _MISTAKES) else numbers.head(0)


def _no_angle(column: str, beyond: pd.Series) -> Finding:
    told = f"{len(beyond):,} cells are no degrees, such as {beyond.iloc[0]:g} in line "
    where = f"{int(beyond.index[0]) + 2}: mend them, or leave them empty"
    return Finding(column, "mend", told + where)


def _is_id(column: str, known: Floats, paid: Floats) -> bool:
    distinct = len(np.unique(known)) / len(known)
    if distinct < _ALL_DISTINCT:
        return False
    if _ID.search(suspects.words(column)):
        return True
    # Lots in square metres are almost all different too, but they mean something.
    return distinct == 1 and by_rank_groups(known, paid) < _MEANINGLESS


def _text(column: str, known: pd.Series) -> Finding:
    distinct = known.nunique()
    longest = int(known.str.len().max())
    if distinct >= len(known) * _ALL_DISTINCT:
        return Finding(column, "id", "texts, almost all of them different")
    if distinct > len(known) * _FREE_TEXT:
        why = f"free text: {distinct:,} different ones in {len(known):,} sales"
        return Finding(column, "left out", why)
    if longest > MAX_CATEGORY_LENGTH:
        return Finding(column, "left out", f"free text: up to {longest:,} characters")
    return Finding(column, "category", f"text: {distinct:,} different ones")
