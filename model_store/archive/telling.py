"""What becomes of outcomes that are told: of which sale each is, and what it replaces.

One that names a prediction is of the sale of that prediction, whatever its day. One
that names a property, or tells a house alone, is of that sale of it whose day is
nearest, if it is within `SAME_SALE_DAYS`; else it was sold once more.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Column, Connection, bindparam, insert, select, update

from model_store.archive import tables
from model_store.archive.outcome import SAME_SALE_DAYS, Outcome, Recorded, sale_id

_TABLE = tables.outcomes
_IS_CURRENT = _TABLE.c.superseded_ms.is_(None)
#: Values that one statement names.
_NAMED = 500


def record(connection: Connection, outcomes: Sequence[Outcome]) -> list[Recorded]:
    """Write outcomes, in their order; the caller keeps other writers away.

    Returns:
        What became of each.
    """
    counting = _Counting(connection, outcomes)
    before = dict(counting.sales)
    recorded = [counting.take(one) for one in outcomes]
    written = [one for key, one in counting.sales.items() if one != before.get(key)]
    _supersede(connection, [one for one in written if _key(one) in before])
    if written:
        connection.execute(insert(_TABLE), [one.to_row() for one in written])
    return recorded


class _Counting:
    """What counts of the sales that outcomes are about, as one after the other comes.

    Args:
        connection: Of a transaction that nobody writes beside.
        outcomes: Those that will come.
    """

    def __init__(self, connection: Connection, outcomes: Sequence[Outcome]) -> None:
        #: By tenant and id of the sale.
        self.sales: dict[tuple[str, str], Outcome] = {}
        #: By tenant and what may be sold again: the ids of its sales.
        self._of_thing: dict[tuple[str, str], set[str]] = {}
        subjects = {one.subject for one in outcomes}
        properties = {one.property_id for one in outcomes}
        houses = {one.house_hash for one in outcomes if _tells_house_alone(one)}
        for tenant in {one.tenant for one in outcomes}:
            for column, values in (
                (_TABLE.c.subject, subjects),
                (_TABLE.c.property_id, properties),
                (_TABLE.c.house_hash, houses),
            ):
                named = sorted(filter(None, values))
                for one in _current(connection, tenant, column, named):
                    self._keep(one)

    def take(self, outcome: Outcome) -> Recorded:
        """Count an outcome, unless it says what is known."""
        told = replace(outcome, subject=self._sale(outcome))
        before = self.sales.get(_key(told))
        if before is not None and told.says_what(before):
            return Recorded("known", before)
        self._keep(told)
        return Recorded("new" if before is None else "correction", told)

    def _keep(self, outcome: Outcome) -> None:
        self.sales[_key(outcome)] = outcome
        if thing := _thing(outcome):
            its = self._of_thing.setdefault((outcome.tenant, thing), set())
            its.add(outcome.subject)

    def _sale(self, outcome: Outcome) -> str:
        """Return the id of the sale that an outcome is of."""
        tenant, thing = outcome.tenant, _thing(outcome)
        if thing is None:
            return outcome.subject
        away = [
            (abs((self.sales[tenant, sale].sold_on - outcome.sold_on).days), sale)
            for sale in self._of_thing.get((tenant, thing), ())
        ]
        if away and min(away)[0] <= SAME_SALE_DAYS:
            return min(away)[1]
        unused = outcome.subject
        while (tenant, unused) in self.sales:
            unused = sale_id(tenant, unused)
        return unused


def _thing(outcome: Outcome) -> str | None:
    """Return what was sold, and may be again; None: a prediction says which sale."""
    if outcome.property_id is not None:
        return f"property:{outcome.property_id}"
    return outcome.house_hash if _tells_house_alone(outcome) else None


def _tells_house_alone(outcome: Outcome) -> bool:
    named = (outcome.prediction_id, outcome.property_id)
    return named == (None, None) and outcome.house_hash is not None


def _key(outcome: Outcome) -> tuple[str, str]:
    return outcome.tenant, outcome.subject


def _current(
    connection: Connection, tenant: str, column: Column[Any], values: Sequence[str]
) -> list[Outcome]:
    found: list[Outcome] = []
    for first in range(0, len(values), _NAMED):
        some = column.in_(values[first : first + _NAMED])
        query = select(_TABLE).where(_IS_CURRENT, _TABLE.c.tenant == tenant, some)
        found += map(Outcome.from_row, connection.execute(query).mappings())
    return found


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
