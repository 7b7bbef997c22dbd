"""A challenger's prices stand beside those answered and, later, those paid."""

import datetime as dt
from dataclasses import replace

from model_store.archive.archive import Archive
from model_store.archive.outcome import Outcome
from model_store.archive.shadow import Sold
from tests.model_store.archive.rows import prediction, shadow, shadows

_SHADOW = shadow(prediction(1).id)


def test_a_challengers_prices_are_read_with_what_was_paid(
    any_archive: Archive,
) -> None:
    """Where that is known; a price that comes again is one price."""
    second = replace(_SHADOW, prediction_id=prediction(2).id, made_ms=2000)
    third = replace(_SHADOW, version="v3")
    any_archive.shadows.add([second, _SHADOW, third])
    any_archive.shadows.add([_SHADOW])
    paid = _paid(1, price=510_000)
    corrected = replace(paid, price=511_000)
    any_archive.outcomes.record([paid])
    any_archive.outcomes.record([corrected])

    versions, day = ("v2", _SHADOW.served_version), paid.sold_on
    sold = any_archive.shadows.sold(*versions, after=dt.date(2026, 2, 28), most=9)
    assert sold == [Sold(_SHADOW.price, _SHADOW.served_price, 511_000)]
    assert any_archive.shadows.sold(*versions, after=day, most=9) == []
    assert shadows(any_archive) == [_SHADOW, third, second]


def test_of_many_sales_those_told_last_are_read(any_archive: Archive) -> None:
    """Of a challenger's own houses alone."""
    made = [replace(_SHADOW, prediction_id=prediction(n).id) for n in range(1, 4)]
    any_archive.shadows.add(made)
    any_archive.outcomes.record([_paid(n, price=1000.0 * n) for n in range(1, 6)])

    sold = any_archive.shadows.sold(
        "v2", _SHADOW.served_version, after=dt.date(2026, 2, 28), most=2
    )

    assert sorted(one.sold_for for one in sold) == [2000, 3000]


def test_who_erases_a_prediction_erases_what_a_challenger_said(
    any_archive: Archive,
) -> None:
    """No price of the house is left."""
    any_archive.predictions.upsert([prediction(1)])
    any_archive.shadows.add([_SHADOW])

    any_archive.predictions.delete("acme", prediction(1).id)

    assert shadows(any_archive) == []


def _paid(number: int, *, price: float) -> Outcome:
    return Outcome(
        tenant="acme",
        subject=prediction(number).id,
        prediction_id=prediction(number).id,
        price=price,
        sold_on=dt.date(2026, 3, 1),
        recorded_ms=9000 + number,
    )
