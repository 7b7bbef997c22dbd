"""Predictions that have ended."""

import contextlib
import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    delete,
    select,
    tuple_,
    update,
)

from model_store.archive import tables
from model_store.archive.database import Database, upsert
from model_store.archive.prediction import FIELDS, Prediction
from model_store.errors import ArchiveError

_TABLE = tables.predictions
#: Ids that one statement names.
_NAMED = 500
_COLUMNS = [_TABLE.c[name] for name in FIELDS]


class Predictions:
    """The archived predictions of all tenants.

    Every verb raises ArchiveError when the database cannot be used.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def upsert(self, rows: Iterable[Prediction]) -> None:
        """Write predictions, all or none; of one id the highest sequence stays.

        One with the sequence that is there takes its place: it was read later. And one
        that was made later does, whose id was taken anew while nobody could ask here.

        Raises:
            ArchiveError: An id is that of another tenant's prediction.
        """
        ordered = sorted(rows, key=lambda row: (row.id, row.sequence))
        with self._database.writing() as connection:
            _refuse_taken(connection, ordered)
            made = [row.to_row() for row in ordered]
            upsert(connection, _TABLE, made, newer_by=["created_ms", "sequence"])

    def get(self, prediction_id: str) -> Prediction | None:
        """Return one prediction, whosever it is; None where there is none."""
        return self.by_ids([prediction_id]).get(prediction_id)

    def by_ids(self, ids: Sequence[str]) -> dict[str, Prediction]:
        """Return those that there are of some predictions, whosever, by id."""
        found: list[RowMapping] = []
        with self._database.reading() as connection:
            for first in range(0, len(ids), _NAMED):
                some = _TABLE.c.id.in_(ids[first : first + _NAMED])
                query = select(*_COLUMNS).where(some)
                found += connection.execute(query).mappings()
        return {row["id"]: Prediction.from_row(row) for row in found}

    def priced_ids(self, version: str | None = None) -> list[str]:
        """Return the ids of all predictions that have a price, whosever.

        Args:
            version: By which they were priced; by default whichever.
        """
        query = select(_TABLE.c.id).where(*_priced(version))
        with self._database.reading() as connection:
            return list(connection.scalars(query))

    def priced(self, version: str | None = None) -> Iterator[tuple[str, float, str]]:
        """Yield id, price and house, as canonical JSON, of what `priced_ids` returns.

        Args:
            version: By which they were priced; by default whichever.
        """
        table = _TABLE.c
        query = select(table.id, table.price, table.input).where(*_priced(version))
        with contextlib.closing(self._database.stream(query)) as rows:
            for row in rows:
                yield row[0], row[1], row[2]

    def page(
        self,
        tenant: str,
        *,
        limit: int,
        before: tuple[int, str] | None = None,
        after: tuple[int, str] | None = None,
        states: Collection[str] | None = None,
        since_ms: int | None = None,
        until_ms: int | None = None,
    ) -> list[Prediction]:
        """Return up to `limit` predictions of a tenant, newest first.

        Args:
            tenant: Whose.
            limit: How many, at most.
            before: Creation in ms and id of one; all shown are older.
            after: The same of one; those shown are newer, and next to it.
            states: In which they must be.
            since_ms: Created then or later.
            until_ms: Created before then.
        """
        wanted: list[ColumnElement[bool]] = [_TABLE.c.tenant == tenant]
        place = tuple_(_TABLE.c.created_ms, _TABLE.c.id)
        wanted += [] if before is None else [place < tuple_(*before)]
        wanted += [] if after is None else [place > tuple_(*after)]
        wanted += [] if since_ms is None else [_TABLE.c.created_ms >= since_ms]
        wanted += [] if until_ms is None else [_TABLE.c.created_ms < until_ms]
        order: list[Any] = [_TABLE.c.created_ms, _TABLE.c.id]
        if after is None:
            order = [column.desc() for column in order]
        nearest = select(*_COLUMNS).where(*wanted).order_by(*order).limit(limit)
        found = self._read(*_of_each(nearest, states))
        found.sort(key=lambda one: (one.created_ms, one.id), reverse=after is None)
        return found[:limit] if after is None else found[:limit][::-1]

    def note_webhook(self, prediction_id: str, sequence: int, status: str) -> None:
        """Write what became of the webhook that told of a prediction's end.

        One that is not there, or has ended anew since, stays as it is.
        """
        named = (_TABLE.c.id == prediction_id, _TABLE.c.sequence == sequence)
        with self._database.writing() as connection:
            query = select(_TABLE.c.further).where(*named).with_for_update()
            for further in connection.scalars(query).all():
                told = json.dumps(json.loads(further) | {"webhook_status": status})
                changed = update(_TABLE).where(*named).values(further=told)
                connection.execute(changed)

    def delete(self, tenant: str, prediction_id: str) -> bool:
        """Erase a tenant's prediction with its outcomes and a challenger's price.

        They may be there before it is.

        Returns:
            Whether it was there.
        """
        named, owner = _TABLE.c.id == prediction_id, _TABLE.c.tenant
        others = select(_TABLE.c.id).where(named, owner != tenant)
        with self._database.writing() as connection:
            if connection.execute(others).first():
                return False
            gone = connection.execute(delete(_TABLE).where(named)).rowcount
            for table in (tables.outcomes, tables.shadows):
                is_about = table.c.prediction_id == prediction_id
                connection.execute(delete(table).where(is_about))
        return bool(gone)

    def _read(self, *queries: Select[Any]) -> list[Prediction]:
        with self._database.reading() as connection:
            return [
                Prediction.from_row(row)
                for query in queries
                for row in connection.execute(query).mappings()
            ]


def _of_each(
    query: Select[Any], states: Collection[str] | None
) -> Iterator[Select[Any]]:
    """Yield a query as it is, or one for each state.

    An index leads to the newest of one state, and of several none does.
    """
    if states is None:
        yield query
        return
    for state in states:
        yield query.where(_TABLE.c.state == state)


def _refuse_taken(connection: Connection, rows: Sequence[Prediction]) -> None:
    """Refuse ids of another tenant: who comes later must not take a row away."""
    owners = {row.id: row.tenant for row in rows}
    ids = list(owners)
    for first in range(0, len(ids), _NAMED):
        some = _TABLE.c.id.in_(ids[first : first + _NAMED])
        found = connection.execute(select(_TABLE.c.id, _TABLE.c.tenant).where(some))
        for row in found:
            if row.tenant != owners[row.id]:
                raise ArchiveError(f"{row.id} is another tenant's prediction")


def _priced(version: str | None) -> list[ColumnElement[bool]]:
    wanted = [_TABLE.c.state == "succeeded", _TABLE.c.price.is_not(None)]
    return wanted + ([] if version is None else [_TABLE.c.version == version])
