"""A sample for review is random, the same for the same seed, and harmless."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from model_store import review
from model_store.archive.archive import Archive
from model_store.errors import ArchiveError
from model_store.review import Part
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


def told(archive: Archive, parts: Sequence[Part]) -> list[dict[str, str]]:
    """Return the rows of a reviewer's table."""
    return list(csv.DictReader(io.StringIO(review.table(archive, parts))))


def zoned(archive: Archive) -> None:
    """Archive 90 predictions of one zip, 9 of another, and 1 without one, by price."""
    houses = [b'{"zip":"98101"}'] * 90 + [b'{"zip":"98102"}'] * 9 + [b'{"rooms":3}']
    archive.predictions.upsert(
        prediction(at, input=house, output=json.dumps(OUTPUT | {"price": at}).encode())
        for at, house in enumerate(houses, start=1)
    )


def test_the_same_seed_draws_the_same_predictions(any_archive: Archive) -> None:
    """And another one draws others; only what has a price is drawn."""
    priced = filled(any_archive)

    (first,) = review.draw(any_archive, 10, 1, None)

    assert [first] == review.draw(any_archive, 10, 1, None)
    assert [first] != review.draw(any_archive, 10, 2, None)
    assert len(set(first.ids)) == 10
    assert first.predictions == len(priced)
    assert set(review.draw(any_archive, 1000, 1, None)[0].ids) == set(priced)
    assert review.draw(any_archive, 10, 1, "20200101-00000000")[0].ids == []


def test_a_reviewer_sees_house_and_price_and_has_columns_of_their_own(
    any_archive: Archive,
) -> None:
    """A cell that a spreadsheet would run is a text."""
    filled(any_archive)
    nasty = replace(prediction(1), sequence=99, input=b'{"a": "=1+1", "b": 2}')
    any_archive.predictions.upsert([nasty])

    rows = told(any_archive, [Part("", 60, [nasty.id])])

    assert rows[0]["id"] == nasty.id
    assert (rows[0]["stratum"], rows[0]["weight"]) == ("", "60.0")
    assert rows[0]["input.b"] == "2"
    assert rows[0]["input.a"] == "'=1+1"
    assert rows[0]["verdict"] == rows[0]["reviewer"] == ""


def test_a_stratum_has_its_share(any_archive: Archive) -> None:
    """Houses that came without the category are a stratum too."""
    zoned(any_archive)

    parts = review.draw(any_archive, 10, 1, None, by="zip")

    drawn = {part.stratum: (part.predictions, len(part.ids)) for part in parts}
    assert drawn == {"(not given)": (1, 0), "98101": (90, 9), "98102": (9, 1)}


def test_or_all_strata_have_as_many(any_archive: Archive) -> None:
    """What one has too few of, the others have more of; weights bring it back."""
    zoned(any_archive)

    parts = review.draw(any_archive, 31, 1, None, by="zip", allocation="equal")
    again = review.draw(any_archive, 31, 1, None, by="zip", allocation="equal")
    rows = told(any_archive, parts)

    assert parts == again
    assert [len(part.ids) for part in parts] == [1, 21, 9]
    assert len(rows) == 31
    assert sum(float(row["weight"]) for row in rows) == pytest.approx(100, abs=0.01)
    assert {row["stratum"] for row in rows if row["input.zip"] == "98102"} == {"98102"}


def test_fifths_by_price_are_strata(any_archive: Archive) -> None:
    """From the cheapest to the dearest."""
    zoned(any_archive)

    parts = review.draw(any_archive, 10, 1, None, by="price_quintile")
    prices = {row["stratum"]: float(row["price"]) for row in told(any_archive, parts)}

    assert [(part.stratum, part.predictions) for part in parts] == [
        (str(at), 20) for at in range(1, 6)
    ]
    assert {len(part.ids) for part in parts} == {2}
    assert list(prices.values()) == sorted(prices.values())


@pytest.mark.parametrize(
    ("count", "by", "said"),
    [
        (10, "rooms", "--by rooms: no category.*there are price_quintile, zip"),
        (10, "zp", "--by zp: no category"),
        (2, "zip", "--n 2: zip has 3 values; expected at least as many"),
    ],
)
def test_a_sample_that_cannot_be_drawn_is_refused(
    any_archive: Archive, count: int, by: str, said: str
) -> None:
    """With what there is instead."""
    zoned(any_archive)

    with pytest.raises(ArchiveError, match=said):
        review.draw(any_archive, count, 1, None, by=by, allocation="equal")


def test_of_an_empty_archive_nothing_is_drawn(any_archive: Archive) -> None:
    """Whatever it is to be drawn by."""
    assert review.draw(any_archive, 10, 1, None, by="zip") == []
    assert review.draw(any_archive, 10, 1, None, by="price_quintile") == []
