"""Of which sale an outcome is that tells a house alone."""

import datetime as dt
from typing import Any

import pytest

from model_store.archive.archive import Archive
from model_store.archive.outcome import SAME_SALE_DAYS, Outcome, sale_id
from model_store.archive.prediction import house_hash
from tests.model_store.archive.rows import HOUSE, prediction

_DAY = dt.date(2026, 3, 1)
_HASH = house_hash(HOUSE)


def _sold(days: int = 0, **changes: Any) -> Outcome:
    """Return a sale of the house, so many days after the first one."""
    usual: dict[str, Any] = {
        "tenant": "acme",
        "subject": sale_id(changes.get("tenant", "acme"), f"house:{_HASH}"),
        "house": HOUSE,
        "house_hash": _HASH,
        "price": 510_000.0 + days,
        "sold_on": _DAY + dt.timedelta(days=days),
        "recorded_ms": 9000,
    }
    return Outcome(**usual | changes)


def _days(archive: Archive) -> list[dt.date]:
    return [one.sold_on for one in archive.outcomes.current()]


@pytest.mark.parametrize("days", [-SAME_SALE_DAYS, 0, SAME_SALE_DAYS])
def test_a_near_day_is_a_correction(any_archive: Archive, days: int) -> None:
    """Before or after: somebody mistook the day, or the price."""
    any_archive.outcomes.record([_sold()])

    (recorded,) = any_archive.outcomes.record([_sold(days, price=1.0)])

    assert recorded.became == "correction"
    assert recorded.outcome.subject == _sold().subject
    assert _days(any_archive) == [_DAY + dt.timedelta(days=days)]


@pytest.mark.parametrize("days", [-SAME_SALE_DAYS - 1, SAME_SALE_DAYS + 1])
def test_a_far_day_is_a_sale_of_its_own(any_archive: Archive, days: int) -> None:
    """In one call or in two; told again, each is known."""
    both = [_sold(), _sold(days)]

    recorded = any_archive.outcomes.record(both)
    again = any_archive.outcomes.record([*both[::-1], both[0]])

    assert [one.became for one in recorded] == ["new", "new"]
    assert [one.became for one in again] == ["known"] * 3
    assert len({one.outcome.subject for one in recorded}) == 2
    assert sorted(_days(any_archive)) == sorted(one.sold_on for one in both)


def test_a_correction_is_of_the_nearest_sale(any_archive: Archive) -> None:
    """Where the house was sold several times."""
    first, second = any_archive.outcomes.record([_sold(), _sold(40)])

    (corrected,) = any_archive.outcomes.record([_sold(25)])

    assert corrected.became == "correction"
    assert corrected.outcome.subject == second.outcome.subject
    assert first.outcome in list(any_archive.outcomes.current())


def test_a_sale_whose_day_was_corrected_step_by_step_leaves_room(
    any_archive: Archive,
) -> None:
    """Where it has wandered off, its first day is that of another sale."""
    for days in (0, 30, 60):
        any_archive.outcomes.record([_sold(days)])

    recorded = any_archive.outcomes.record([_sold(), _sold(200)])

    assert [one.became for one in recorded] == ["new", "new"]
    assert len(_days(any_archive)) == 3


def test_of_a_prediction_any_day_is_a_correction(any_archive: Archive) -> None:
    """It names the sale, and no sale of the house alone is one of its."""
    named = prediction().id
    about: dict[str, Any] = {"prediction_id": named, "subject": sale_id("acme", named)}

    recorded = any_archive.outcomes.record(
        [_sold(), _sold(**about), _sold(900, **about)]
    )

    assert [one.became for one in recorded] == ["new", "new", "correction"]
    assert len(_days(any_archive)) == 2


def test_houses_of_others_are_other_sales(any_archive: Archive) -> None:
    """Each tenant has sales of its own."""
    recorded = any_archive.outcomes.record([_sold(), _sold(1, tenant="other")])

    assert [one.became for one in recorded] == ["new", "new"]
