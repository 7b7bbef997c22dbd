"""Gathers the sales: the table of a data set, and what the archive has learnt since."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd
from pydantic import ValidationError

from model_store import dataset
from model_store.archive.archive import Archive
from model_store.dataset import Dataset
from model_store.recipe import pipelines
from model_store.retraining.rules import Rule

#: Percent of the archived sales that may be left out.
_MISFITS = 20.0


@dataclass(frozen=True, slots=True)
class Gathered:
    """Sales, and where they come from.

    Attributes:
        sales: By date, each once.
        table: Sales of the data set's table.
        archived: Sales of the archive among them.
        outcomes: Realised sales that clients told, among them.
        misfits: Archived houses left out, for they do not fit the schema.
        copies: Archived sales left out, for they are there already.
    """

    sales: Dataset
    table: int
    archived: int
    outcomes: int
    misfits: int
    copies: int

    def told(self) -> dict[str, int]:
        """Return the counts."""
        names = ("table", "archived", "outcomes", "misfits", "copies")
        return {name: getattr(self, name) for name in names}


def gather(definition: Path, archive: Archive | None) -> Gathered:
    """Read all sales that there are.

    Args:
        definition: Of the data set.
        archive: Where further ones are, if there is one.

    Raises:
        DatasetError: The table is not what its definition says.
        ArchiveError: The archive cannot be used.
    """
    table = dataset.load(definition)
    if archive is None:
        return Gathered(table, len(table), 0, 0, 0, 0)
    known = [_Row(*row) for row in _archived(archive, table.definition.name)]
    fit = [row for row in known if _fits(table, row)]
    added = {kind: sum(row.kind == kind for row in fit) for kind in ("sale", "outcome")}
    sales = _with(table, fit)
    copies = len(table) + len(fit) - len(sales)
    return Gathered(
        sales=sales,
        table=len(table),
        archived=added["sale"],
        outcomes=added["outcome"],
        misfits=len(known) - len(fit),
        copies=copies,
    )


def misfits(gathered: Gathered) -> Rule:
    """Return whether what is archived is about houses of this data set."""
    known = gathered.misfits + gathered.archived + gathered.outcomes
    share = round(100 * gathered.misfits / known, 2) if known else 0.0
    bound = f"at most {_MISFITS:g} %"
    said = (
        f"{gathered.misfits:,} of {known:,} archived sales do not fit the schema and "
        f"were left out: {share} %; {bound} may"
    )
    return Rule("archived", share <= _MISFITS, share, bound, said)


def digest(sales: Dataset) -> str:
    """Return what tells these sales from others, whatever order a day has."""
    rows = pd.util.hash_pandas_object(_cells(sales), index=False).to_numpy(np.uint64)
    return hashlib.sha256(np.sort(rows).tobytes()).hexdigest()


@dataclass(frozen=True, slots=True)
class _Row:
    kind: str
    house: bytes
    price: float
    sold_on: Any


def _archived(archive: Archive, name: str) -> Iterator[tuple[str, bytes, float, Any]]:
    for sale in archive.sales.between(name):
        yield "sale", sale.house, sale.price, sale.sold_on
    for outcome in archive.outcomes.current():
        if outcome.house is not None:
            yield "outcome", outcome.house, outcome.price, outcome.sold_on
    for scored in archive.outcomes.scored():
        yield "outcome", scored.input.encode(), scored.sold_for, scored.sold_on


def _fits(table: Dataset, row: _Row) -> bool:
    try:
        table.schema.house_model().model_validate_json(row.house)
    except ValidationError:
        return False
    return dataset.LEAST_PRICE <= row.price <= dataset.MOST_PRICE


def _with(table: Dataset, rows: list[_Row]) -> Dataset:
    """Return the table with further sales, each house and day and price once."""
    if not rows:
        return table
    houses = pipelines.frame(table.schema, [orjson.loads(row.house) for row in rows])
    days = np.array([row.sold_on for row in rows], dtype="datetime64[D]")
    both = replace(
        table,
        houses=pd.concat([table.houses, houses], ignore_index=True),
        prices=np.concatenate([table.prices, [row.price for row in rows]]),
        dates=np.concatenate([table.dates, days]),
    )
    new = ~_cells(both).duplicated().to_numpy()
    # The table is as it was told: copies in it are for the rules.
    new[: len(table)] = True
    kept = np.flatnonzero(new)
    order = kept[np.argsort(both.dates[kept], kind="stable")]
    return replace(
        both,
        houses=both.houses.iloc[order].reset_index(drop=True),
        prices=both.prices[order],
        dates=both.dates[order],
    )


def _cells(sales: Dataset) -> pd.DataFrame:
    return sales.houses.assign(__price=sales.prices, __day=sales.dates.astype(str))
