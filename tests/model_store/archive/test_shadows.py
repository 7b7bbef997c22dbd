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
    paid = Outcome(
        tenant="acme",
        subject=_SHADOW.prediction_id,
        prediction_id=_SHADOW.prediction_id,
        price=510_000,
        sold_on=dt.date(2026, 3, 1),
        recorded_ms=9000,
    )
    corrected = replace(paid, price=511_000)
    any_archive.outcomes.record([paid])
    any_archive.outcomes.record([corrected])

    versions, day = ("v2", _SHADOW.served_version), paid.sold_on
    sold = any_archive.shadows.sold(*versions, after=dt.date(2026, 2, 28), most=9)
    assert sold == [Sold(_SHADOW.price, _SHADOW.served_price, 511_000)]
    assert any_archive.shadows.sold(*versions, after=day, most=9) == []
    assert shadows(any_archive) == [_SHADOW, third, second]


def test_who_erases_a_prediction_erases_what_a_challenger_said(
    any_archive: Archive,
) -> None:
    """No price of the house is left."""
    any_archive.predictions.upsert([prediction(1)])
    any_archive.shadows.add([_SHADOW])

    any_archive.predictions.delete("acme", prediction(1).id)

    assert shadows(any_archive) == []
