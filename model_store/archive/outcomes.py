"""What houses were sold for in truth, and which prices that judges."""

import datetime as dt
import heapq
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Select, cast, delete, extract, func, select

from model_store.archive import tables, telling
from model_store.archive.database import Database, upsert
from model_store.archive.outcome import Outcome, Recorded, Told

_TABLE, _PREDICTIONS = tables.outcomes, tables.predictions
_WITHDRAWALS, _VALUATIONS = tables.withdrawals, tables.valuations
#: Seconds of a day.
_DAY_S = 86_400
_IS_CURRENT = _TABLE.c.superseded_ms.is_(None)


class Scored(NamedTuple):
    """A current outcome beside the price that it judges."""

    tenant: str
    #: The prediction, or the batch, that gave the price.
    source_id: str
    #: The property that was sold, where the sale was told of one.
    property_id: str | None
    sold_on: dt.date
    sold_for: float
    recorded_ms: int
    version: str
    created_ms: int
    price: float
    low: float
    high: float
    level: float
    fsd: float
    in_distribution: bool
    #: The house as JSON.
    input: str


class Outcomes:
    """The outcomes of all tenants.

    Every verb raises ArchiveError when the database cannot be used.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, outcomes: Sequence[Outcome]) -> list[Recorded]:
        """Write outcomes, all or none, and tell of each what became of it.

        A correction supersedes the current one of its sale, which stays as what was
        thought before. What is known already is not written again; see `telling`.
        """
        with self._database.writing() as connection:
            if not self._database.is_sqlite:
                # Two corrections of one sale at once come one after the other.
                lock = "LOCK TABLE outcomes IN SHARE ROW EXCLUSIVE MODE"
                connection.exec_driver_sql(lock)
            return telling.record(connection, outcomes)

    def withdraw(self, tenant: str, subject: str, *, now_ms: int) -> bool:
        """Erase all that a tenant told of a sale, and keep that it was withdrawn.

        Nothing is done where nothing was told of it.

        Args:
            tenant: Whose.
            subject: Id of the sale.
            now_ms: In ms since the epoch.

        Returns:
            Whether it is withdrawn now, by this call or an earlier one.
        """
        is_its = (_TABLE.c.tenant == tenant) & (_TABLE.c.subject == subject)
        withdrawn = {"subject": subject, "tenant": tenant, "withdrawn_ms": now_ms}
        with self._database.writing() as connection:
            if connection.execute(delete(_TABLE).where(is_its)).rowcount:
                upsert(connection, _WITHDRAWALS, [withdrawn])
                return True
            before = _withdrawn_ms(tenant, subject)
            return connection.execute(before).first() is not None

    def withdrawn_ms(self, tenant: str, subject: str) -> int | None:
        """Return when a tenant withdrew a sale last, in ms since the epoch, if ever."""
        with self._database.reading() as connection:
            return connection.execute(_withdrawn_ms(tenant, subject)).scalar()

    def current(
        self,
        *,
        tenant: str | None = None,
        since: dt.date | None = None,
        until: dt.date | None = None,
    ) -> Iterator[Outcome]:
        """Yield what counts now, by the day of the sale, from one day till another."""
        wanted = [_IS_CURRENT, *_wanted(tenant, since, until)]
        query = (
            select(_TABLE).where(*wanted).order_by(_TABLE.c.sold_on, _TABLE.c.number)
        )
        for row in self._database.stream(query):
            yield Outcome.from_row(row._mapping)  # noqa: SLF001 -- public, named so

    def scored(
        self,
        *,
        tenant: str | None = None,
        since: dt.date | None = None,
        until: dt.date | None = None,
        told_since_ms: int = 0,
    ) -> Iterator[Scored]:
        """Yield current outcomes with the prices they judge, by the day of the sale.

        One that was told of a house, and of no prediction, judges the last price that
        its tenant had been given for the house when it was told. One of a property
        judges the newest valuation of its house, as it was told, of the day of the sale
        or before: what came later may know of the sale.
        """
        wanted = (
            _IS_CURRENT,
            _TABLE.c.recorded_ms >= told_since_ms,
            *_wanted(tenant, since, until),
        )
        by_day = (_TABLE.c.sold_on, _TABLE.c.number)
        queries = [
            query.where(*wanted).order_by(*by_day)
            for query in (_of_predictions(), _of_properties())
        ]
        priced, valued = map(self._database.stream, queries)
        yield from heapq.merge(
            (Scored(*row) for row in priced),
            map(_valued, valued),
            key=lambda one: one.sold_on,
        )

    def days(self, *, told_since_ms: int = 0) -> dict[dt.date, int]:
        """Return how many current outcomes there are of each day of sale."""
        is_wanted = _TABLE.c.recorded_ms >= told_since_ms
        query = select(_TABLE.c.sold_on, func.count()).where(_IS_CURRENT, is_wanted)
        with self._database.reading() as connection:
            found = connection.execute(query.group_by(_TABLE.c.sold_on)).all()
        return {row[0]: row[1] for row in found}

    def last_change_ms(self) -> int | None:
        """Return when an outcome was told or withdrawn last; None where none was."""
        ages = (_TABLE.c.recorded_ms, _WITHDRAWALS.c.withdrawn_ms)
        with self._database.reading() as connection:
            newest = [connection.scalar(select(func.max(age))) for age in ages]
        return max((one for one in newest if one is not None), default=None)

    def get(self, tenant: str, subject: str) -> Told | None:
        """Return what counts of a tenant's sale; None where nothing does.

        Args:
            tenant: Whose.
            subject: Id of the sale.
        """
        wanted = (_IS_CURRENT, _TABLE.c.tenant == tenant, _TABLE.c.subject == subject)
        with self._database.reading() as connection:
            row = connection.execute(select(_TABLE).where(*wanted)).mappings().first()
        return None if row is None else _told(row)

    def page(self, tenant: str, *, limit: int, before: int | None = None) -> list[Told]:
        """Return up to `limit` outcomes of a tenant, what was told last first.

        Args:
            tenant: Whose.
            limit: How many, at most.
            before: The number of one; all shown were told before it.
        """
        wanted = [_TABLE.c.tenant == tenant]
        wanted += [] if before is None else [_TABLE.c.number < before]
        query = select(_TABLE).where(*wanted).order_by(_TABLE.c.number.desc())
        with self._database.reading() as connection:
            rows = connection.execute(query.limit(limit)).mappings().all()
        return [_told(row) for row in rows]


def _told(row: Mapping[Any, Any]) -> Told:
    return Told(row["number"], Outcome.from_row(row), row["superseded_ms"])


def _withdrawn_ms(tenant: str, subject: str) -> Select[int]:
    columns = _WITHDRAWALS.c
    return select(columns.withdrawn_ms).where(
        columns.tenant == tenant, columns.subject == subject
    )


def _of_predictions() -> Select[Any]:
    """Return what asks for sales of predictions and of houses, with their prices."""
    columns = (
        *(_TABLE.c.tenant, _PREDICTIONS.c.id, _TABLE.c.property_id),
        *(_TABLE.c.sold_on, _TABLE.c.price, _TABLE.c.recorded_ms),
        *(_PREDICTIONS.c[name] for name in Scored._fields[6:]),
    )
    judged = _judged() == _PREDICTIONS.c.id
    same_tenant = _TABLE.c.tenant == _PREDICTIONS.c.tenant
    return (
        select(*columns)
        .select_from(_TABLE.join(_PREDICTIONS, judged & same_tenant))
        .where(_PREDICTIONS.c.price.is_not(None), _TABLE.c.property_id.is_(None))
    )


def _of_properties() -> Select[Any]:
    """Return what asks for sales of properties, with their prices; see `_valued`."""
    columns = (
        *(_TABLE.c.tenant, _VALUATIONS.c.source_id, _TABLE.c.property_id),
        *(_TABLE.c.sold_on, _TABLE.c.price, _TABLE.c.recorded_ms),
        *(_VALUATIONS.c[name] for name in ("version", "valued_ms", "output")),
        _TABLE.c.house,
    )
    is_its = (
        (_VALUATIONS.c.tenant == _TABLE.c.tenant)
        & (_VALUATIONS.c.property_id == _TABLE.c.property_id)
        & (_VALUATIONS.c.source_id == _last_valuation())
    )
    return select(*columns).select_from(_TABLE.join(_VALUATIONS, is_its))


def _valued(row: Any) -> Scored:
    """Return a sale of a property: what was quoted stands in the answer."""
    *sale, version, valued_ms, output, house = row
    told = json.loads(output)
    interval = told["interval"]
    quoted = (told["price"], interval["low"], interval["high"], interval["level"])
    about = (told["fsd"], told["in_distribution"], house)
    return Scored._make([*sale, version, valued_ms, *quoted, *about])


def _last_valuation() -> Any:
    """Return which valuation an outcome judges, as an expression."""
    midnight_s = cast(extract("epoch", _TABLE.c.sold_on), BigInteger)
    made = _VALUATIONS.alias()
    return (
        select(made.c.source_id)
        .where(
            made.c.tenant == _TABLE.c.tenant,
            made.c.property_id == _TABLE.c.property_id,
            made.c.input_digest == _TABLE.c.house_hash,
            made.c.valued_ms < (midnight_s + _DAY_S) * 1000,
        )
        .order_by(made.c.valued_ms.desc(), made.c.source_id.desc())
        .limit(1)
        .correlate(_TABLE)
        .scalar_subquery()
    )


def _judged() -> Any:
    """Return which prediction an outcome judges, as an expression."""
    made = _PREDICTIONS.alias()
    last = (
        select(made.c.id)
        .where(
            made.c.tenant == _TABLE.c.tenant,
            made.c.house_hash == _TABLE.c.house_hash,
            made.c.created_ms <= _TABLE.c.recorded_ms,
            made.c.price.is_not(None),
        )
        .order_by(made.c.created_ms.desc())
        .limit(1)
        .correlate(_TABLE)
        .scalar_subquery()
    )
    return func.coalesce(_TABLE.c.prediction_id, last)


def _wanted(
    tenant: str | None, since: dt.date | None, until: dt.date | None
) -> list[Any]:
    wanted: list[Any] = [] if tenant is None else [_TABLE.c.tenant == tenant]
    wanted += [] if since is None else [_TABLE.c.sold_on >= since]
    return wanted + ([] if until is None else [_TABLE.c.sold_on < until])
