"""A sample for review is random, the same for the same seed, and harmless."""

import csv
import io
import json
from dataclasses import replace

from model_store import review
from model_store.archive.archive import Archive
from tests.model_store.archive.rows import prediction

OUTPUT = {"price": 500_000, "currency": "USD", "interval": {"low": 4, "high": 6}}


def filled(archive: Archive, count: int = 60) -> list[str]:
    """Archive predictions, every third of which failed; return the ids of the rest."""
    output = json.dumps(OUTPUT).encode()
    rows = [
        prediction(number, state="succeeded", output=output)
        if number % 3
        else prediction(number, state="failed", output=None)
        for number in range(1, count + 1)
    ]
    archive.predictions.upsert(rows)
    return [row.id for row in rows if row.state == "succeeded"]


def test_the_same_seed_draws_the_same_predictions(any_archive: Archive) -> None:
    """And another one draws others; only what has a price is drawn."""
    priced = filled(any_archive)

    first = review.draw(any_archive, 10, 1, None)

    assert first == review.draw(any_archive, 10, 1, None)
    assert first != review.draw(any_archive, 10, 2, None)
    assert len(set(first)) == 10
    assert set(review.draw(any_archive, 1000, 1, None)) == set(priced)
    assert review.draw(any_archive, 10, 1, "20200101-00000000") == []


def test_a_reviewer_sees_house_and_price_and_has_columns_of_their_own(
    any_archive: Archive,
) -> None:
    """A cell that a spreadsheet would run is a text."""
    filled(any_archive)
    nasty = replace(prediction(1), sequence=99, input=b'{"a": "=1+1", "b": 2}')
    any_archive.predictions.upsert([nasty])

    rows = list(csv.DictReader(io.StringIO(review.table(any_archive, [nasty.id]))))

    assert rows[0]["id"] == nasty.id
    assert rows[0]["input.b"] == "2"
    assert rows[0]["input.a"] == "'=1+1"
    assert rows[0]["verdict"] == rows[0]["reviewer"] == ""
