"""What houses were sold for in truth, and which prices that judges."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, bindparam, func, insert, select, update

from model_store.archive import tables
from model_store.archive.database import Database

_TABLE, _PREDICTIONS = tables.outcomes, tables.predictions
_IS_CURRENT = _TABLE.c.superseded_ms.is_(None)
#: Subjects that one statement names.
_NAMED = 500

#: What became of an outcome: it is new, took the place of another one of the same
#: subject, or said what was known.
Recording = Literal["new", "correction", "known"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A realised sale."""

    tenant: str
    #: What it is about, such as the id of a prediction, or a house and a day; of one
    #: subject the last outcome counts.
    subject: str
    #: The prediction that it judges, if any is known.
    prediction_id: str | None = None
    #: The house as canonical JSON and its `predictions.house_hash`, if known.
    house: bytes | None = None
    house_hash: str | None = None
    price: float
    sold_on: dt.date
    #: When it was told, in ms since the epoch.
    recorded_ms: int

    def says_what(self, other: "Outcome") -> bool:
        """Tell whether nothing but the time of telling differs."""
        return (self.price, self.sold_on, self.prediction_id, self.house_hash) == (
            *(other.price, other.sold_on, other.prediction_id, other.house_hash),
        )


class Scored(NamedTuple):
    """A current outcome beside the price that it judges."""

    tenant: str
    prediction_id: str
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


class Told(NamedTuple):
    """An outcome as it was told, whether it counts still or not."""

    #: Grows with each that is told.
    number: int
    outcome: Outcome
    #: When a correction took its place, in ms since the epoch; None: it counts.
    superseded_ms: int | None


class Outcomes:
    """The outcomes of all tenants.

    Every verb raises ArchiveError when the database cannot be used.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, outcomes: Sequence[Outcome]) -> list[Recording]:
        """Write outcomes, all or none, and tell of each what became of it.

        A correction supersedes the current one of its subject, which stays as what was
        thought before. What is known already is not written again.
        """
        with self._database.writing() as connection:
            if not self._database.is_sqlite:
                # Two corrections of one subject at once come one after the other.
                lock = "LOCK TABLE outcomes IN SHARE ROW EXCLUSIVE MODE"
                connection.exec_driver_sql(lock)
            return _record(connection, outcomes)

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
            yield _outcome(row._mapping)  # noqa: SLF001 -- public, named so

    def scored(
        self,
        *,
        tenant: str | None = None,
        since: dt.date | None = None,
        until: dt.date | None = None,
    ) -> Iterator[Scored]:
        """Yield current outcomes with the prices they judge, by the day of the sale.

        One that was told of a house, and of no prediction, judges the last price that
        its tenant had been given for the house when it was told.
        """
        columns = (
            *(_TABLE.c.tenant, _PREDICTIONS.c.id, _TABLE.c.sold_on, _TABLE.c.price),
            _TABLE.c.recorded_ms,
            *(_PREDICTIONS.c[name] for name in Scored._fields[5:]),
        )
        judged = _judged() == _PREDICTIONS.c.id
        same_tenant = _TABLE.c.tenant == _PREDICTIONS.c.tenant
        query = (
            select(*columns)
            .select_from(_TABLE.join(_PREDICTIONS, judged & same_tenant))
            .where(_IS_CURRENT, _PREDICTIONS.c.price.is_not(None))
            .where(*_wanted(tenant, since, until))
            .order_by(_TABLE.c.sold_on, _TABLE.c.number)
        )
        for row in self._database.stream(query):
            yield Scored(*row)

    def days(self) -> dict[dt.date, int]:
        """Return how many current outcomes there are of each day of sale."""
        query = select(_TABLE.c.sold_on, func.count()).where(_IS_CURRENT)
        with self._database.reading() as connection:
            found = connection.execute(query.group_by(_TABLE.c.sold_on)).all()
        return {row[0]: row[1] for row in found}

    def last_told_ms(self) -> int | None:
        """Return when an outcome was told last; None where none was."""
        query = select(func.max(_TABLE.c.recorded_ms))
        with self._database.reading() as connection:
            found: int | None = connection.execute(query).scalar()
        return found

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
        return [Told(r["number"], _outcome(r), r["superseded_ms"]) for r in rows]


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


def _record(connection: Connection, outcomes: Sequence[Outcome]) -> list[Recording]:
    known = _known(connection, outcomes)
    became: list[Recording] = []
    written: dict[tuple[str, str], Outcome] = {}
    for one in outcomes:
        key = (one.tenant, one.subject)
        before = written.get(key) or known.get(key)
        if before is not None and one.says_what(before):
            became.append("known")
            continue
        became.append("new" if before is None else "correction")
        written[key] = one
    _supersede(connection, [one for key, one in written.items() if key in known])
    if written:
        connection.execute(insert(_TABLE), [_row(one) for one in written.values()])
    return became


def _known(
    connection: Connection, outcomes: Sequence[Outcome]
) -> dict[tuple[str, str], Outcome]:
    found: list[Mapping[Any, Any]] = []
    for tenant in {one.tenant for one in outcomes}:
        subjects = sorted({one.subject for one in outcomes if one.tenant == tenant})
        for first in range(0, len(subjects), _NAMED):
            some = _TABLE.c.subject.in_(subjects[first : first + _NAMED])
            query = select(_TABLE).where(_IS_CURRENT, _TABLE.c.tenant == tenant, some)
            found += connection.execute(query).mappings().all()
    return {(row["tenant"], row["subject"]): _outcome(row) for row in found}


def _supersede(connection: Connection, outcomes: Sequence[Outcome]) -> None:
    if not outcomes:
        return
    statement = (
        update(_TABLE)
        .where(
            _IS_CURRENT,
            _TABLE.c.tenant == bindparam("whose"),
            _TABLE.c.subject == bindparam("about"),
        )
        .values(superseded_ms=bindparam("now"))
    )
    rows = [
        {"whose": one.tenant, "about": one.subject, "now": one.recorded_ms}
        for one in outcomes
    ]
    connection.execute(statement, rows)


_FIELDS = tuple(Outcome.__dataclass_fields__)


def _row(outcome: Outcome) -> dict[str, Any]:
    row = {name: getattr(outcome, name) for name in _FIELDS}
    return row | {"house": outcome.house and outcome.house.decode()}


def _outcome(row: Mapping[Any, Any]) -> Outcome:
    values = {name: row[name] for name in _FIELDS}
    return Outcome(**values | {"house": row["house"] and row["house"].encode()})
