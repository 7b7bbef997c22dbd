"""Sales that models are trained on, by data set."""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

from sqlalchemy import delete, func, select

from model_store.archive import tables
from model_store.archive.database import Database, upsert

_TABLE = tables.sales


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """A house that was sold."""

    #: What tells it from the other rows of its data set.
    key: str
    sold_on: dt.date
    price: float
    #: Its values by column, as a JSON object.
    house: bytes


class Sales:
    """The archived sales of all data sets.

    Every verb raises ArchiveError when the database cannot be used.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, dataset: str, sales: Iterable[Sale]) -> None:
        """Write sales, all or none; one whose key is there takes its place."""
        ordered = sorted(sales, key=lambda sale: sale.key)
        rows = [
            {"dataset": dataset, **asdict(sale), "house": sale.house.decode()}
            for sale in ordered
        ]
        with self._database.writing() as connection:
            upsert(connection, _TABLE, rows)

    def remove(self, dataset: str, keys: Iterable[str]) -> int:
        """Take sales away, up to some thousand; return how many there were."""
        which = (_TABLE.c.dataset == dataset, _TABLE.c.key.in_(sorted(keys)))
        with self._database.writing() as connection:
            return connection.execute(delete(_TABLE).where(*which)).rowcount

    def between(
        self,
        dataset: str,
        since: dt.date | None = None,
        until: dt.date | None = None,
    ) -> Iterator[Sale]:
        """Yield a data set's sales from one day on and before another, by day."""
        wanted = [_TABLE.c.dataset == dataset]
        wanted += [] if since is None else [_TABLE.c.sold_on >= since]
        wanted += [] if until is None else [_TABLE.c.sold_on < until]
        columns = (_TABLE.c.key, _TABLE.c.sold_on, _TABLE.c.price, _TABLE.c.house)
        query = select(*columns).where(*wanted).order_by(_TABLE.c.sold_on, _TABLE.c.key)
        for key, sold_on, price, house in self._database.stream(query):
            yield Sale(key=key, sold_on=sold_on, price=price, house=house.encode())

    def count(self, dataset: str) -> int:
        """Return how many sales a data set has."""
        query = select(func.count()).where(_TABLE.c.dataset == dataset)
        with self._database.reading() as connection:
            return connection.execute(query).scalar_one()
