"""What is too old goes, step by step, and so does all of a tenant who is erased."""

import datetime as dt
from dataclasses import replace

from model_store.archive import retention
from model_store.archive.archive import Archive
from model_store.archive.outcome import Outcome
from model_store.archive.prediction import Prediction
from model_store.archive.sales import Sale
from tests.model_store.archive.rows import (
    a_property,
    prediction,
    shadow,
    shadows,
    valuation,
)

_TODAY = dt.date(2026, 3, 11)
_EVER = dict.fromkeys(
    (
        *("predictions", "outcomes", "withdrawals", "sales", "shadows", "audit"),
        "valuations",
    ),
    0,
)


def _made(number: int, day: dt.date, **changes: str) -> Prediction:
    midnight = dt.datetime.combine(day, dt.time(), dt.UTC)
    return prediction(number, created_ms=int(midnight.timestamp()) * 1000, **changes)


def test_only_what_is_older_than_it_is_kept_goes(any_archive: Archive) -> None:
    """Instants by their day in UTC, sales by their day."""
    first, last = dt.date(2026, 2, 28), dt.date(2026, 3, 1)
    any_archive.predictions.upsert([_made(1, first), _made(2, last)])
    for number, day in enumerate((first, last)):
        sale = Sale(key=str(number), sold_on=day, price=1, house=b"{}")
        any_archive.sales.add("seattle", [sale])

    gone = any_archive.retention.prune({"predictions": 10, "sales": 10}, today=_TODAY)

    assert gone == {"predictions": 1, "sales": 1}
    assert any_archive.predictions.page("acme", limit=9) == [_made(2, last)]
    assert [sale.sold_on for sale in any_archive.sales.between("seattle")] == [last]


def test_the_newest_valuation_of_a_property_stays(any_archive: Archive) -> None:
    """However old it is: it is what its client is answered."""
    made = [valuation("a", number) for number in (1, 2)]
    alone = valuation("b", 1)
    rows = [a_property("a"), a_property("b")]
    any_archive.properties.store(rows, [*made, alone])

    gone = any_archive.retention.prune({"valuations": 1}, today=_TODAY)

    assert gone == {"valuations": 1}
    found = any_archive.properties.page("acme", limit=9)
    assert [one.valuation for one in found] == [made[1], alone]


def test_what_is_kept_for_ever_stays(any_archive: Archive) -> None:
    """Whatever its age."""
    any_archive.predictions.upsert([prediction(1)])
    its = [valuation("a", 1), valuation("a", 2)]
    any_archive.properties.store([a_property("a")], its)

    assert any_archive.retention.prune(_EVER, today=_TODAY) == {}


def test_a_step_takes_a_bounded_number_of_rows(any_archive: Archive) -> None:
    """So that no writer waits long; the next step goes on."""
    rows = [prediction(number) for number in range(retention.STEP + 1)]
    any_archive.predictions.upsert(rows)

    steps = [
        any_archive.retention.prune({"predictions": 1}, today=_TODAY) for _ in range(3)
    ]

    assert steps == [{"predictions": retention.STEP}, {"predictions": 1}, {}]


def test_of_a_tenant_who_is_erased_nothing_is_left(any_archive: Archive) -> None:
    """And of the others everything."""
    rows = [prediction(number) for number in range(retention.STEP + 2)]
    others = prediction(5000, tenant="other")
    told = Outcome(
        tenant="acme", subject="a", price=1, sold_on=_TODAY, recorded_ms=1000
    )
    theirs = Outcome(
        tenant="other", subject="a", price=1, sold_on=_TODAY, recorded_ms=1000
    )
    any_archive.predictions.upsert([*rows, others])
    any_archive.shadows.add([shadow(rows[0].id), shadow(others.id)])
    any_archive.outcomes.record([replace(told, subject="b"), told, theirs])
    any_archive.outcomes.withdraw("acme", "b", now_ms=1000)
    for tenant in ("acme", "other"):
        its = [a_property("a", tenant=tenant)]
        any_archive.properties.store(its, [valuation("a", tenant=tenant)])

    gone = any_archive.retention.erase("acme")

    assert gone == {
        "predictions": retention.STEP + 2,
        "outcomes": 1,
        "withdrawals": 1,
        "properties": 1,
        "valuations": 1,
    }
    assert any_archive.properties.find("acme", "a") is None
    assert any_archive.valuations.page("acme", "a", limit=1) == []
    assert any_archive.properties.find("other", "a") is not None
    assert any_archive.valuations.page("other", "a", limit=1) != []
    assert any_archive.outcomes.withdrawn_ms("acme", "b") is None
    assert any_archive.predictions.page("acme", limit=1) == []
    assert any_archive.predictions.get(others.id) == others
    assert list(any_archive.outcomes.current()) == [theirs]
    assert shadows(any_archive) == [shadow(others.id)]
