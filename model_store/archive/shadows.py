"""What a challenger said of houses that the champion priced."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import asdict

from sqlalchemy import exists, func, select

from model_store.archive import tables
from model_store.archive.database import Database, upsert
from model_store.archive.shadow import Shadow, Sold

_TABLE, _OUTCOMES = tables.shadows, tables.outcomes


class Shadows:
    """The archived prices of challengers.

    Every verb raises ArchiveError when the database cannot be used.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, shadows: Iterable[Shadow]) -> None:
        """Write prices, all or none; a repeat takes the place of the earlier one."""
        ordered = sorted(shadows, key=lambda one: (one.prediction_id, one.version))
        with self._database.writing() as connection:
            upsert(connection, _TABLE, [asdict(one) for one in ordered])

    def sold(
        self, version: str, served_version: str, *, after: dt.date, most: int
    ) -> list[Sold]:
        """Return a challenger's prices beside another's where a sale is known.

        Args:
            version: Of the challenger.
            served_version: Of what answered.
            after: The last day that either learnt from: a sale must be later.
            most: How many, at most: those whose sale was told last.
        """
        is_its = (
            _TABLE.c.version == version,
            _TABLE.c.served_version == served_version,
        )
        began = select(func.min(_TABLE.c.made_ms)).where(_TABLE.c.version == version)
        told = (
            select(_OUTCOMES.c.prediction_id, _OUTCOMES.c.price)
            .where(
                _OUTCOMES.c.superseded_ms.is_(None),
                _OUTCOMES.c.sold_on > after,
                # Of its houses none was told of before.
                _OUTCOMES.c.recorded_ms >= began.scalar_subquery(),
                exists().where(
                    _TABLE.c.prediction_id == _OUTCOMES.c.prediction_id, *is_its
                ),
            )
            .order_by(_OUTCOMES.c.recorded_ms.desc())
            .limit(most)
            .subquery()
        )
        query = (
            select(_TABLE.c.price, _TABLE.c.served_price, told.c.price)
            .join(told, told.c.prediction_id == _TABLE.c.prediction_id)
            .where(*is_its)
        )
        with self._database.reading() as connection:
            return [Sold(*row) for row in connection.execute(query)]
