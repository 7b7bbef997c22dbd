"""Prices that were made ahead of time, and those before them."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, select, tuple_

from model_store.archive import tables
from model_store.archive.database import Database, upsert
from model_store.archive.valuation import VALUATION_FIELDS, Valuation

_TABLE, _PROPERTIES = tables.valuations, tables.properties
#: Ids that one statement names.
_NAMED = 500
_COLUMNS = [_TABLE.c[name] for name in VALUATION_FIELDS]


class Valuations:
    """The valuations of all tenants' properties.

    Every verb raises ArchiveError when the database cannot be used.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, valuations: Iterable[Valuation]) -> int:
        """Write valuations, all or none, but of properties that are gone; see `write`.

        Returns:
            How many are of properties that there are.
        """
        with self._database.writing() as connection:
            return write(connection, list(valuations))

    def page(
        self,
        tenant: str,
        property_id: str,
        *,
        limit: int,
        before: tuple[int, str] | None = None,
    ) -> list[Valuation]:
        """Return up to `limit` valuations of a property, newest first.

        Args:
            tenant: Whose.
            property_id: Which.
            limit: How many, at most.
            before: `valued_ms` and `source_id` of one; all shown are older.
        """
        place = (_TABLE.c.valued_ms, _TABLE.c.source_id)
        wanted = [_TABLE.c.tenant == tenant, _TABLE.c.property_id == property_id]
        wanted += [] if before is None else [tuple_(*place) < tuple_(*before)]
        newest = [column.desc() for column in place]
        query = select(*_COLUMNS).where(*wanted).order_by(*newest).limit(limit)
        with self._database.reading() as connection:
            rows = connection.execute(query).mappings().all()
        return [Valuation.from_row(row) for row in rows]


def write(connection: Connection, valuations: Sequence[Valuation]) -> int:
    """Write valuations; of one property and source the last one stays.

    One of a property that there is not any more is left out: what was erased must not
    come back.

    Args:
        connection: A writing one.
        valuations: Of whatever tenants.

    Returns:
        How many are of properties that there are.
    """
    ordered = sorted(valuations, key=lambda one: (_of(one), one.source_id))
    there: set[tuple[str, str]] = set()
    for tenant in sorted({one.tenant for one in ordered}):
        ids = sorted({one.property_id for one in ordered if one.tenant == tenant})
        there |= {(tenant, known) for known in _held(connection, tenant, ids)}
    rows = [one.to_row() for one in ordered if _of(one) in there]
    upsert(connection, _TABLE, rows, newer_by=["valued_ms"])
    return len(rows)


def newest(tenant: Column[Any], property_id: Column[Any]) -> Any:
    """Return the `source_id` of a property's newest valuation, as an expression.

    Args:
        tenant: Tells whose property it is, in a table that is read.
        property_id: Tells which, in the same table.
    """
    made = _TABLE.alias()
    return (
        select(made.c.source_id)
        .where(made.c.tenant == tenant, made.c.property_id == property_id)
        .order_by(made.c.valued_ms.desc(), made.c.source_id.desc())
        .limit(1)
        .correlate(tenant.table)
        .scalar_subquery()
    )


def is_superseded() -> ColumnElement[bool]:
    """Tell of a valuation that its property has a newer one, as an expression."""
    # PostgreSQL would read the whole table to find out whether one exists.
    last: Any = newest(_TABLE.c.tenant, _TABLE.c.property_id)
    found: ColumnElement[bool] = _TABLE.c.source_id != last
    return found


def _held(connection: Connection, tenant: str, ids: Sequence[str]) -> list[str]:
    """Return which properties there are, and keep them from being erased meanwhile."""
    found: list[str] = []
    for first in range(0, len(ids), _NAMED):
        some = _PROPERTIES.c.id.in_(ids[first : first + _NAMED])
        query = select(_PROPERTIES.c.id).where(_PROPERTIES.c.tenant == tenant, some)
        held = query.order_by(_PROPERTIES.c.id).with_for_update(read=True)
        found += connection.scalars(held)
    return found


def _of(valuation: Valuation) -> tuple[str, str]:
    return valuation.tenant, valuation.property_id
