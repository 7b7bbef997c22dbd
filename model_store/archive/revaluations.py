"""What is there of properties before they are valued anew."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Column, ColumnElement, select

from model_store.archive import tables
from model_store.archive.database import Database

_TABLE, _VALUATIONS = tables.properties, tables.valuations
#: Ids that one statement names.
_NAMED = 500


class Held(NamedTuple):
    """What is there of a property."""

    input_digest: str
    updated_ms: int
    #: Its price before; None where it had none.
    price: float | None


class Revaluations:
    """Asks of the properties of all tenants what a revaluation must know.

    Every verb raises ArchiveError when the database cannot be used.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def lags(self, tenant: str, model: str, version: str) -> bool:
        """Tell whether a property was valued last by another version of its model.

        Args:
            tenant: Whose properties.
            model: Those that this model values.
            version: Its champion.
        """
        its = (_TABLE.c.model == model, _TABLE.c.tenant == tenant)
        lagging = select(_TABLE.c.id).where(
            *its, _newest(_VALUATIONS.c.version) != version
        )
        with self._database.reading() as connection:
            return connection.execute(lagging.limit(1)).first() is not None

    def held(self, tenant: str, ids: Sequence[str], *, but: str) -> dict[str, Held]:
        """Return what is there of some properties, by id.

        Args:
            tenant: Whose.
            ids: Which; those that there are not are left out.
            but: The source whose prices count for nothing.
        """
        before = _newest(_VALUATIONS.c.price, _VALUATIONS.c.source_id != but)
        columns = (_TABLE.c.id, _TABLE.c.input_digest, _TABLE.c.updated_ms, before)
        found: dict[str, Held] = {}
        with self._database.reading() as connection:
            for first in range(0, len(ids), _NAMED):
                some = _TABLE.c.id.in_(ids[first : first + _NAMED])
                query = select(*columns).where(_TABLE.c.tenant == tenant, some)
                found |= {row[0]: Held(*row[1:]) for row in connection.execute(query)}
        return found


def _newest(column: Column[Any], *wanted: ColumnElement[bool]) -> Any:
    """Return what the newest valuation of a property says, as an expression."""
    # As a join, PostgreSQL would read all valuations to find the newest.
    return (
        select(column)
        .where(
            _VALUATIONS.c.tenant == _TABLE.c.tenant,
            _VALUATIONS.c.property_id == _TABLE.c.id,
            *wanted,
        )
        .order_by(_VALUATIONS.c.valued_ms.desc(), _VALUATIONS.c.source_id.desc())
        .limit(1)
        .correlate(_TABLE)
        .scalar_subquery()
    )
