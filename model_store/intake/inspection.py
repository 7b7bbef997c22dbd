"""Inspects a table of sales and makes its definition."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from model_store.dataset import Dataset, load_as
from model_store.definition import Definition
from model_store.errors import DatasetError
from model_store.intake import features, kinds, sample, suspects
from model_store.intake.kinds import Finding
from model_store.intake.sample import Sample, Wish
from model_store.recipe import rolling
from model_store.schema import Feature

#: Steps of an inspection, as they are told.
STEPS = (
    *("reading a sample", "telling columns apart"),
    *("reading all sales", "looking through them"),
)
#: Fewest sales that can be learnt from and tested on.
FEWEST = 300
#: No market is learnt from earlier sales: such a date is a mistake, or stands for none.
OLDEST = dt.date(1950, 1, 1)
#: What stands for a currency that is not known (ISO 4217: no currency).
UNKNOWN_CURRENCY = "XXX"

#: What only the owner of a table can say of it.
_UNTOLD = "not told"

#: Why a column is taken for what nothing in it tells.
_ASKED = "you asked for it"
_FEATURES = ("number", "year", "latitude", "longitude", "category")


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a table was taken for.

    Attributes:
        definition: Of its data set.
        findings: What each column is taken for, in the order of the file.
        notes: What its owner should look at, a sentence each.
        sales: How many there are.
        first_day: Date of the first sale.
        last_day: Date of the last one.
    """

    definition: Definition
    findings: Sequence[Finding]
    notes: Sequence[str]
    sales: int
    first_day: dt.date
    last_day: dt.date


def inspect(
    path: Path,
    wish: Wish,
    *,
    today: dt.date,
    told: Callable[[int, int, str], None] = lambda *_: None,
) -> Inspection:
    """Inspect a table.

    Args:
        path: CSV file, compressed or not, or Parquet file.
        wish: What is known of it.
        today: No sale is later.
        told: Told steps done, steps in all and what is done now.

    Raises:
        DatasetError: No model can be made of it; the message says why and what helps.
    """
    told(0, len(STEPS), STEPS[0])
    rows = sample.take(path, wish)
    told(1, len(STEPS), STEPS[1])
    findings = _findings(path, rows, wish)
    draft = _draft(path, rows, findings, wish)
    told(2, len(STEPS), STEPS[2])
    sales = load_as(draft, path.parent)
    told(3, len(STEPS), STEPS[3])
    sales.expect_distinct()
    _expect_learnable(path, sales, wish, today)
    definition = replace(
        draft,
        features=tuple(
            features.finished(one, sales.houses[one.name]) for one in draft.features
        ),
    )
    rolling.plan(sales)
    told(len(STEPS), len(STEPS), "done")
    return Inspection(
        definition,
        findings,
        _notes(rows, sales, definition),
        len(sales),
        sales.first_day,
        sales.last_day,
    )


def _findings(path: Path, rows: Sample, wish: Wish) -> list[Finding]:
    found = [_asked_or_found(str(column), rows, wish) for column in rows.others.columns]
    mistaken = [one for one in found if one.taken == "mend"]
    if mistaken:
        told = "; ".join(f"column {one.column!r}: {one.why}" for one in mistaken)
        raise DatasetError(
            f"{path}: {told}; or price without a column: --leave-out "
            f"{mistaken[0].column!r}"
        )
    numbers = {one.column: one.numbers for one in found if one.numbers is not None}
    leaks = suspects.leaks_by_value(numbers, rows.log_prices)
    return [
        replace(one, taken="left out", why=f"suspected leakage: {leaks[one.column]}")
        if one.column in leaks and one.column not in wish.keep
        else one
        for one in found
    ]


def _asked_or_found(column: str, rows: Sample, wish: Wish) -> Finding:
    if column in wish.leave_out:
        return Finding(column, "left out", _ASKED)
    leak = suspects.leak_by_name(column)
    if leak and column not in wish.keep:
        return Finding(column, "left out", f"suspected leakage: {leak}, by its name")
    return kinds.look(
        column,
        rows.others[column],
        rows.form,
        rows.log_prices,
        kept=column in wish.keep,
    )


def _draft(
    path: Path, rows: Sample, findings: Sequence[Finding], wish: Wish
) -> Definition:
    """Return a definition by which the whole table can be read."""
    used = [wish.target, wish.date]
    priced_by: list[Feature] = []
    names: dict[str, str] = {}
    kept: dict[str, str] = {}
    for one in (one for one in findings if one.taken in _FEATURES):
        name = features.name_of(one.column, one.taken, used)
        used.append(name)
        priced_by.append(features.draft(one, name))
        if name != one.column:
            names[one.column] = name
        if one.column in wish.keep:
            kept[name] = _ASKED
    missing = sorted({text for one in findings for text in one.missing})
    ids = [one.column for one in findings if one.taken == "id"]
    try:
        return Definition(
            name=features.name_of(path.name.split(".")[0], "", []).lower(),
            title=f"Sales in {path.name}",
            source=_UNTOLD,
            licence=_UNTOLD,
            table=path.name,
            currency=rows.currency or UNKNOWN_CURRENCY,
            target=wish.target,
            date=wish.date,
            id=ids[0] if ids else None,
            features=tuple(priced_by),
            form=replace(rows.form, missing=tuple(missing), names=names),
            left_out={
                one.column: one.why for one in findings if one.taken == "left out"
            },
            kept=kept,
        )
    except ValueError as error:
        told = "; ".join(f"{one.column!r}: {one.why}" for one in findings)
        raise DatasetError(
            f"{path}: no column is a number that a house can be compared by; {told}"
        ) from error


def _expect_learnable(path: Path, sales: Dataset, wish: Wish, today: dt.date) -> None:
    if sales.last_day > today:
        late = int((sales.dates > np.datetime64(today)).sum())
        raise DatasetError(
            f"{path}: column {wish.date!r}: {late:,} sales are to come, the last on "
            f"{sales.last_day}; mend them, take them out, or say --date-format"
        )
    if sales.first_day < OLDEST:
        early = int((sales.dates < np.datetime64(OLDEST)).sum())
        raise DatasetError(
            f"{path}: column {wish.date!r}: {early:,} sales are from before {OLDEST}, "
            f"the first of {sales.first_day}; mend them, or take them out"
        )
    if len(sales) < FEWEST:
        raise DatasetError(
            f"{path}: {len(sales)} sales; expected some {FEWEST} at the least, of a "
            "year if possible: the last fifth is the test, and ranges are made from "
            "the months before it"
        )


def _notes(rows: Sample, sales: Dataset, definition: Definition) -> list[str]:
    notes = []
    if rows.currency is None:
        notes.append(
            f"The currency is not known: put its ISO 4217 code in the place of "
            f"{UNKNOWN_CURRENCY}, or give --currency."
        )
    if rows.twice:
        notes.append(f"{rows.twice:.1%} of the rows are there more than once.")
    far = {
        one.name: features.far_off(one, sales.houses[one.name])
        for one in definition.features
    }
    told = ", ".join(f"{name} ({count:,})" for name, count in far.items() if count)
    if told:
        notes.append(
            f"Sales far from all others, by {told}: the bounds include them. Narrow "
            "the bounds to have such houses refused."
        )
    unitless = [
        f.name for f in definition.features if f.kind == "number" and f.unit is None
    ]
    if unitless:
        notes.append(f"Fill in the unit of {', '.join(unitless)}, if there is one.")
    notes.append(
        "Say in the definition what each feature means, where the sales come from and "
        "who may use them: the model card and the form of a house show it."
    )
    return notes
