"""What is not kept any longer: too old, or a tenant's who is erased."""

import datetime as dt
from collections.abc import Mapping

from sqlalchemy import ColumnElement, Table, bindparam, delete, select

from model_store.archive import tables, valuations
from model_store.archive.database import Database

#: What `erase` takes away beside predictions, a property before its valuations: to one
#: that is gone nobody adds any.
_OF_TENANT = (
    tables.outcomes,
    tables.withdrawals,
    tables.properties,
    tables.valuations,
)
#: Rows that one transaction takes away: others wait for no longer than that.
STEP = 1000


class Retention:
    """Takes rows away, in steps that hold up nobody.

    Every verb raises ArchiveError when the database cannot be used.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def prune(self, days: Mapping[str, int], *, today: dt.date) -> dict[str, int]:
        """Take one step in each table; return how many rows went, where any did.

        Args:
            days: How long rows are kept, by table; 0: for ever.
            today: In UTC.
        """
        gone = {name: self._step(name, kept, today) for name, kept in days.items()}
        return {name: count for name, count in gone.items() if count}

    def erase(self, tenant: str) -> dict[str, int]:
        """Take away all that is a tenant's; return how many rows went, by table.

        What it does is done for good even where it fails half-way: repeat it then.
        """
        gone = {"predictions": 0}
        while step := self._erase_predictions(tenant):
            gone["predictions"] += step
        for table in _OF_TENANT:
            gone[table.name] = 0
            while step := self._delete(table, table.c.tenant == tenant):
                gone[table.name] += step
        return gone

    def _step(self, name: str, days: int, today: dt.date) -> int:
        if not days:
            return 0
        age = tables.AGES[name]
        oldest = tables.instant(age, today - dt.timedelta(days=days))
        which = age < oldest
        if name == tables.valuations.name:
            # However old: it is what is known of its property.
            which &= valuations.is_superseded()
        return self._delete(tables.metadata.tables[name], which)

    def _erase_predictions(self, tenant: str) -> int:
        """Take away some predictions, with what a challenger said of them."""
        predictions, shadows = tables.predictions, tables.shadows
        some = select(predictions.c.id).where(predictions.c.tenant == tenant)
        with self._database.writing() as connection:
            ids = connection.execute(some.limit(STEP)).scalars().all()
            connection.execute(delete(shadows).where(shadows.c.prediction_id.in_(ids)))
            connection.execute(delete(predictions).where(predictions.c.id.in_(ids)))
        return len(ids)

    def _delete(self, table: Table, which: ColumnElement[bool]) -> int:
        key = table.primary_key.columns
        some = select(*(column.label(f"its_{column.name}") for column in key))
        is_one = [column == bindparam(f"its_{column.name}") for column in key]
        with self._database.writing() as connection:
            # PostgreSQL reads the whole table where one statement does both.
            rows = connection.execute(some.where(which).limit(STEP)).mappings().all()
            if not rows:
                return 0
            # In the order of their keys, so that two writers cannot block each other.
            ordered = sorted(map(dict, rows), key=lambda row: tuple(row.values()))
            connection.execute(delete(table).where(*is_one), ordered)
        # Another may have taken some of them: there is more to do even so.
        return len(rows)
