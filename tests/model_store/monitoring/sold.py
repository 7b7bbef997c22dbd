"""Puts prices and the sales that judge them into an archive."""

import datetime as dt
import json
from collections.abc import Sequence

from model_store.archive.archive import Archive
from model_store.archive.outcome import Outcome
from tests.model_store.archive.rows import prediction

#: What every house is priced at.
PRICE = 500_000


def sold(
    archive: Archive,
    ratios: Sequence[float],
    *,
    version: str = "v1",
    first: dt.date = dt.date(2026, 3, 2),
    zipcode: str = "98103",
    start: int = 0,
    is_priced: bool = True,
    recorded_ms: int = 9000,
) -> None:
    """Archive a house a day, sold so that its price is `ratio` times the price paid.

    Args:
        archive: Where.
        ratios: One a house.
        version: What priced them.
        first: Day of the first sale.
        zipcode: Of every house.
        start: Number of the first house.
        is_priced: Whether their predictions are archived.
        recorded_ms: When the sales were told.
    """
    house = json.dumps({"zipcode": zipcode}).encode()
    made = [
        prediction(start + at, version=version, input=house)
        for at in range(len(ratios))
    ]
    if is_priced:
        archive.predictions.upsert(made)
    archive.outcomes.record(
        [
            Outcome(
                tenant="acme",
                subject=one.id,
                prediction_id=one.id,
                price=PRICE / ratio,
                sold_on=first + dt.timedelta(days=at // 4),
                recorded_ms=recorded_ms,
            )
            for at, (one, ratio) in enumerate(zip(made, ratios, strict=True))
        ]
    )
