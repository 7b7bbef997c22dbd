"""What is asked again and again reads no table from end to end."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event

from model_store.archive import tables
from model_store.archive.archive import Archive
from model_store.archive.audit import AuditEntry
from model_store.archive.outcome import Outcome
from model_store.archive.shadow import Shadow
from model_store.archive.valuation import Valuation
from tests.model_store.archive.rows import a_property, prediction, valuation

ROWS = 3000
#: Milliseconds from one to the next: few are older than a day.
STEP_MS = 1_000_000
DAY = dt.date(2026, 3, 1)
#: In the midst of all.
PLACE = (STEP_MS * ROWS // 2, "")
#: A step of a plan that reads all that there is.
_WHOLE = re.compile(r"\bSCAN \w+$|TREE FOR ORDER BY|Seq Scan")

Ask = Callable[[Archive], object]


def _outcome(number: int, price: float = 1.0) -> Outcome:
    return Outcome(
        tenant=f"tenant{number % 3}",
        subject=f"s{number}",
        price=price,
        sold_on=DAY,
        recorded_ms=STEP_MS * number,
    )


def _withdrawal(number: int) -> dict[str, object]:
    outcome = _outcome(number)
    return {
        "subject": outcome.subject,
        "tenant": outcome.tenant,
        "withdrawn_ms": outcome.recorded_ms,
    }


QUESTIONS: dict[str, Ask] = {
    "page": lambda a: a.predictions.page("tenant1", limit=9),
    "older": lambda a: a.predictions.page("tenant1", limit=9, before=PLACE),
    "newer": lambda a: a.predictions.page("tenant1", limit=9, after=PLACE),
    "failed": lambda a: a.predictions.page("tenant1", limit=9, states=["failed"]),
    "both": lambda a: a.predictions.page(
        "tenant1", limit=9, states=["failed", "canceled"], before=PLACE
    ),
    "since": lambda a: a.predictions.page(
        "tenant1", limit=9, states=["failed"], since_ms=PLACE[0]
    ),
    "ids": lambda a: a.predictions.by_ids(["a", "b"]),
    "outcomes": lambda a: a.outcomes.page("nobody", limit=9),
    "told": lambda a: a.outcomes.record([_outcome(1, 2.0), _outcome(2, 2.0)]),
    "last": lambda a: a.outcomes.last_change_ms(),
    "withdrawn": lambda a: a.outcomes.withdrawn_ms("tenant1", "s1"),
    "prune": lambda a: a.retention.prune(
        dict.fromkeys(
            (
                *("predictions", "outcomes", "withdrawals", "audit", "shadows"),
                "valuations",
            ),
            1,
        ),
        today=dt.date(1970, 1, 3),
    ),
    "property": lambda a: a.properties.find("tenant1", "p1"),
    "properties": lambda a: a.properties.page("tenant1", limit=9, after="p1"),
    "of model": lambda a: a.properties.after("tenant1", "houses", "p1", 9),
    "tenants": lambda a: a.properties.tenants("houses"),
    "gone": lambda a: a.properties.delete("nobody", "p1"),
    "history": lambda a: a.valuations.page("tenant1", "p1", limit=9, before=PLACE),
    "valued": lambda a: a.valuations.record([_valuation(1)]),
    "lags": lambda a: a.revaluations.lags("tenant1", "houses", "v1"),
    "held": lambda a: a.revaluations.held("tenant1", ["p1", "p4"], but="z"),
    "erase": lambda a: a.retention.erase("nobody"),
}


@pytest.fixture
def full(any_archive: Archive) -> Archive:
    """Return an archive of three tenants, with rows enough to make plans for."""
    any_archive.predictions.upsert(
        prediction(
            number,
            tenant=f"tenant{number % 3}",
            created_ms=STEP_MS * number,
            state="succeeded" if number % 100 else "failed",
        )
        for number in range(ROWS)
    )
    any_archive.outcomes.record([_outcome(number) for number in range(ROWS)])
    any_archive.audit.append(_entry(number) for number in range(ROWS))
    any_archive.shadows.add(_shadow(number) for number in range(ROWS))
    for number in range(3):
        any_archive.properties.put(
            a_property(f"p{n}", tenant=f"tenant{number}")
            for n in range(number, ROWS, 3)
        )
    any_archive.valuations.record(_valuation(number) for number in range(ROWS))
    with any_archive.database.migrating() as connection:
        connection.execute(
            tables.withdrawals.insert(), [_withdrawal(number) for number in range(ROWS)]
        )
        connection.exec_driver_sql("ANALYZE")
    # It is asked for its revision once, and never again.
    any_archive.check()
    return any_archive


def test_no_table_is_read_from_end_to_end(full: Archive) -> None:
    """An index leads to what is asked for, in its order."""
    plans = {name: _plan(full, ask) for name, ask in QUESTIONS.items()}

    assert all(plans.values())
    whole = {
        name: found
        for name, steps in plans.items()
        if (found := [step for step in steps if _WHOLE.search(step)])
    }
    assert whole == {}
    # However few of a tenant's are in a state.
    for name in ("failed", "both", "since"):
        assert "predictions_of_state" in "\n".join(plans[name])


def test_a_challengers_sales_are_looked_up_newest_first(archive: Archive) -> None:
    """However many prices it has, and though nobody has counted them."""
    steps = "\n".join(
        _plan(archive, lambda a: a.shadows.sold("v1", "v0", after=DAY, most=9))
    )

    assert "outcomes USING INDEX outcomes_by_time (recorded_ms>?)" in steps
    assert "TREE FOR ORDER BY" not in steps


def test_who_has_properties_is_told_without_counting_them(archive: Archive) -> None:
    """By one look into the index for each tenant, however many there are of each."""
    for tenant in ("acme", "other"):
        archive.properties.put(a_property(f"p{n}", tenant=tenant) for n in range(9))
    archive.check()
    steps = _plan(archive, lambda a: a.properties.tenants("houses"))

    index = "SEARCH properties USING COVERING INDEX properties_of_model"
    later = f"{index} (model=? AND tenant>?)"
    assert steps == [f"{index} (model=?)", later, later]


def _plan(archive: Archive, ask: Ask) -> list[str]:
    """Return the steps of all statements by which a question is answered."""
    engine = archive.database._engine  # noqa: SLF001 - what it sends is the subject
    sent: list[tuple[str, Any]] = []

    def note(*call: Any) -> None:
        sent.append((call[2], call[3]))

    event.listen(engine, "before_cursor_execute", note)
    ask(archive)
    event.remove(engine, "before_cursor_execute", note)
    explain = "EXPLAIN QUERY PLAN" if archive.database.is_sqlite else "EXPLAIN"
    steps = []
    with archive.database.reading() as connection:
        for statement, values in sent:
            if re.match("SELECT|UPDATE|DELETE", statement):
                one = values[0] if isinstance(values, list) else values
                rows = connection.exec_driver_sql(f"{explain} {statement}", one)
                steps += [row[-1] for row in rows]
    return steps


def _entry(number: int) -> AuditEntry:
    return AuditEntry(
        time_ms=STEP_MS * number,
        actor="cli:me",
        operation="purge",
        targets=(),
        target_count=0,
        request_id=None,
        outcome="done",
    )


def _valuation(number: int) -> Valuation:
    return valuation(
        f"p{number}", tenant=f"tenant{number % 3}", valued_ms=STEP_MS * number
    )


def _shadow(number: int) -> Shadow:
    quoted = (1.0, 1.0, 1.0, 90.0, 0.1, True)
    return Shadow(f"s{number}", "v1", STEP_MS * number, *quoted, "v0", 1.0)
