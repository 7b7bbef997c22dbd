"""Houses that clients have valued again and again."""

import functools
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    Select,
    and_,
    bindparam,
    delete,
    func,
    select,
    update,
)

from model_store.archive import tables, valuations
from model_store.archive.database import Database, add, upsert
from model_store.archive.property import (
    PROPERTY_FIELDS,
    Property,
    Valued,
)
from model_store.archive.valuation import VALUATION_FIELDS, Valuation

_TABLE, _VALUATIONS = tables.properties, tables.valuations
#: Ids that one statement names.
_NAMED = 500
_COLUMNS = [_TABLE.c[name] for name in PROPERTY_FIELDS]


class Properties:
    """The properties of all tenants.

    Every verb raises ArchiveError when the database cannot be used.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, properties: Iterable[Property]) -> set[str]:
        """Write properties of one tenant; see `store`."""
        return self.store(properties, ())

    def store(
        self, properties: Iterable[Property], valued: Iterable[Valuation]
    ) -> set[str]:
        """Write properties and valuations, all or none; of one tenant.

        A property takes the place of the one of its id, unless that was updated later;
        when it was created stays. A valuation may be of a property that comes with it,
        or that is there; see `valuations.write`.

        Returns:
            The ids of the properties that were not there before.
        """
        given = {one.id: one for one in properties}
        ordered = [given[which] for which in sorted(given)]
        with self._database.writing() as connection:
            known = _known(connection, ordered)
            rows = [one.to_row() for one in ordered]
            upsert(
                connection, _TABLE, rows, newer_by=["updated_ms"], kept=["created_ms"]
            )
            valuations.write(connection, list(valued))
        return given.keys() - known

    def replace(self, new: Property, old: Property | None) -> bool:
        """Write a property in the place of another one, if that is what is there.

        Args:
            new: Later than the old one by its `updated_ms`.
            old: As it was read; None: there must be none.

        Returns:
            Whether it was, and the new one is written.
        """
        row = new.to_row()
        with self._database.writing() as connection:
            if old is None:
                return add(connection, _TABLE, row)
            is_old = (
                *_named(new.tenant, new.id),
                _TABLE.c.updated_ms == old.updated_ms,
            )
            changed = update(_TABLE).where(*is_old).values(row)
            return bool(connection.execute(changed).rowcount)

    def find(self, tenant: str, property_id: str) -> Valued | None:
        """Return a property with its newest valuation; None where there is none."""
        which = {"tenant": tenant, "id": property_id}
        with self._database.reading() as connection:
            row = connection.execute(_one(), which).first()
        return None if row is None else _valued(row)

    def by_ids(self, tenant: str, ids: Sequence[str]) -> dict[str, Property]:
        """Return those that there are of some properties of a tenant, by id."""
        found: list[Property] = []
        with self._database.reading() as connection:
            for first in range(0, len(ids), _NAMED):
                some = _TABLE.c.id.in_(ids[first : first + _NAMED])
                query = select(*_COLUMNS).where(_TABLE.c.tenant == tenant, some)
                rows = connection.execute(query).mappings()
                found += map(Property.from_row, rows)
        return {one.id: one for one in found}

    def page(
        self, tenant: str, *, limit: int, after: str | None = None
    ) -> list[Valued]:
        """Return up to `limit` properties of a tenant, by id, with newest valuations.

        Args:
            tenant: Whose.
            limit: How many, at most.
            after: An id; all shown come after it.
        """
        query = _with_newest().where(_TABLE.c.tenant == tenant)
        if after is not None:
            query = query.where(_TABLE.c.id > after)
        with self._database.reading() as connection:
            found = connection.execute(query.order_by(_TABLE.c.id).limit(limit))
            return [_valued(row) for row in found]

    def after(
        self, tenant: str, model: str, property_id: str, limit: int
    ) -> list[Property]:
        """Return up to `limit` properties that a model values, by id.

        Args:
            tenant: Whose.
            model: By its name.
            property_id: All shown come after it; empty: from the first on.
            limit: How many, at most.
        """
        wanted = (
            _TABLE.c.model == model,
            _TABLE.c.tenant == tenant,
            _TABLE.c.id > property_id,
        )
        query = select(*_COLUMNS).where(*wanted).order_by(_TABLE.c.id).limit(limit)
        with self._database.reading() as connection:
            found = connection.execute(query).mappings()
            return [Property.from_row(row) for row in found]

    def tenants(self, model: str) -> list[str]:
        """Return who has properties that a model values, by name.

        It costs a step in an index for each of them, however many properties they have.
        """
        its = select(func.min(_TABLE.c.tenant)).where(_TABLE.c.model == model)
        found: list[str] = []
        with self._database.reading() as connection:
            tenant = connection.scalar(its)
            while tenant is not None:
                found.append(tenant)
                tenant = connection.scalar(its.where(_TABLE.c.tenant > tenant))
        return found

    def delete(self, tenant: str, property_id: str) -> bool:
        """Erase a property with its valuations and what was told of its sales.

        Returns:
            Whether it was there.
        """
        with self._database.writing() as connection:
            # It comes first: who adds a valuation holds it fast.
            its = delete(_TABLE).where(*_named(tenant, property_id))
            gone = connection.execute(its).rowcount
            for table in (_VALUATIONS, tables.outcomes):
                is_its = (table.c.tenant == tenant) & (
                    table.c.property_id == property_id
                )
                connection.execute(delete(table).where(is_its))
        return bool(gone)


def _named(
    tenant: str | BindParameter[str], property_id: str | BindParameter[str]
) -> tuple[Any, Any]:
    return _TABLE.c.tenant == tenant, _TABLE.c.id == property_id


def _known(connection: Connection, properties: Sequence[Property]) -> set[str]:
    """Return which ids are taken already."""
    known: set[str] = set()
    for first in range(0, len(properties), _NAMED):
        some = properties[first : first + _NAMED]
        query = select(_TABLE.c.id).where(
            _TABLE.c.tenant == some[0].tenant, _TABLE.c.id.in_([one.id for one in some])
        )
        known |= set(connection.scalars(query))
    return known


@functools.cache
def _one() -> Select[Any]:
    """Return the question for one: to put it together takes longer than to ask it."""
    return _with_newest().where(*_named(bindparam("tenant"), bindparam("id")))


def _with_newest() -> Select[Any]:
    joined = and_(
        _VALUATIONS.c.tenant == _TABLE.c.tenant,
        _VALUATIONS.c.property_id == _TABLE.c.id,
        _VALUATIONS.c.source_id == valuations.newest(_TABLE.c.tenant, _TABLE.c.id),
    )
    its = [_VALUATIONS.c[name] for name in VALUATION_FIELDS]
    return select(*_COLUMNS, *its).select_from(_TABLE.outerjoin(_VALUATIONS, joined))


def _valued(row: Sequence[Any]) -> Valued:
    """Read a row of `_with_newest`: by place, since to look up each name takes long."""
    count = len(PROPERTY_FIELDS)
    house = Property.from_row(dict(zip(PROPERTY_FIELDS, row[:count], strict=True)))
    its = dict(zip(VALUATION_FIELDS, row[count:], strict=True))
    return Valued(house, Valuation.from_row(its) if its["source_id"] else None)
