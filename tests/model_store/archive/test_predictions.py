"""Predictions come back as they went in, and the newest word on each stays."""

import threading

import pytest

from model_store.archive.archive import Archive
from model_store.errors import ArchiveError
from tests.model_store.archive.rows import prediction, shadow, shadows


def test_a_prediction_comes_back_as_it_went_in(any_archive: Archive) -> None:
    """To the byte, whatever its texts hold."""
    given = prediction(
        alias="champion",
        detail="dead",
        metadata='{"note": "Größe 🏠 \\u0000"}'.encode(),
        error="'; DROP TABLE predictions; -- 日本",
        fingerprint="f" * 64,
        attempts=2,
        started_ms=1_790_000_000_123,
        completed_ms=1_790_000_000_456,
        further={"number": "17", "webhook": "https://example.org/é"},
    )

    any_archive.predictions.upsert([given])

    assert any_archive.predictions.get(given.id) == given


def test_the_highest_sequence_stays_in_whatever_order_they_come(
    any_archive: Archive,
) -> None:
    """A message of the feed that comes twice, or late, takes nothing back."""
    archived = any_archive.predictions
    archived.upsert([prediction(sequence=5, state="succeeded")])
    archived.upsert([prediction(sequence=3, state="failed", output=None)])

    archived.upsert([prediction(2, sequence=4), prediction(2, sequence=2)])

    assert [
        archived.by_ids([prediction(n).id]).popitem()[1].sequence for n in (1, 2)
    ] == [*(5, 4)]


def test_writers_at_once_leave_the_highest_sequence(any_archive: Archive) -> None:
    """None waits for another for ever, and none writes over a newer word."""
    order = list(range(1, 9))

    def write(sequence: int) -> None:
        rows = [prediction(number, sequence=sequence) for number in range(1, 51)]
        any_archive.predictions.upsert(rows[:: 1 if sequence % 2 else -1])

    threads = [threading.Thread(target=write, args=(one,)) for one in order]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    kept = any_archive.predictions.page("acme", limit=100)
    assert [one.sequence for one in kept] == [8] * 50


def test_thousands_of_rows_are_written_at_once(any_archive: Archive) -> None:
    """And are found again by their ids."""
    rows = [prediction(number) for number in range(1, 3001)]

    any_archive.predictions.upsert(rows)

    assert len(any_archive.predictions.by_ids([row.id for row in rows])) == 3000


def test_pages_lead_through_all_of_a_tenants_predictions_and_back(
    any_archive: Archive,
) -> None:
    """Newest first, by time and id, and nobody else's."""
    rows = [
        prediction(number, created_ms=1000 * (number // 3)) for number in range(1, 8)
    ]
    any_archive.predictions.upsert([*rows, prediction(9, tenant="other")])
    ids = [row.id for row in rows][::-1]

    first = any_archive.predictions.page("acme", limit=4)
    place = (first[-1].created_ms, first[-1].id)
    second = any_archive.predictions.page("acme", limit=4, before=place)
    place = (second[0].created_ms, second[0].id)
    back = any_archive.predictions.page("acme", limit=2, after=place)

    assert [row.id for row in first + second] == ids
    assert [row.id for row in back] == ids[2:4]


def test_a_page_shows_the_states_and_times_asked_for(any_archive: Archive) -> None:
    """And nothing else."""
    any_archive.predictions.upsert(
        [
            *(prediction(1), prediction(2), prediction(3, state="failed")),
            *(prediction(4), prediction(5)),
        ]
    )

    found = any_archive.predictions.page(
        "acme", limit=9, states=["succeeded"], since_ms=2000, until_ms=5000
    )

    assert [row.created_ms for row in found] == [4000, 2000]


def test_what_another_tenant_erases_stays(any_archive: Archive) -> None:
    """An id is enough for nobody but its owner."""
    any_archive.predictions.upsert([prediction()])

    assert not any_archive.predictions.delete("other", prediction().id)
    assert any_archive.predictions.delete("acme", prediction().id)
    assert not any_archive.predictions.delete("acme", prediction().id)
    assert any_archive.predictions.get(prediction().id) is None


def test_an_error_with_a_zero_byte_is_kept_without_it(any_archive: Archive) -> None:
    """PostgreSQL takes none in a text, and one row must not hold up a feed."""
    any_archive.predictions.upsert([prediction(error="a\0b")])

    kept = any_archive.predictions.get(prediction().id)

    assert kept
    assert kept.error == "ab"


def test_an_id_of_another_tenant_is_not_taken_over(any_archive: Archive) -> None:
    """Whoever had it first keeps it, and none of the batch is written."""
    any_archive.predictions.upsert([prediction(1)])

    with pytest.raises(ArchiveError, match="another tenant's"):
        any_archive.predictions.upsert([prediction(1, tenant="bob"), prediction(2)])

    assert any_archive.predictions.by_ids([prediction(2).id]) == {}
    kept = any_archive.predictions.get(prediction(1).id)
    assert kept
    assert kept.tenant == "acme"


def test_an_id_that_was_taken_anew_is_the_later_prediction(
    any_archive: Archive,
) -> None:
    """Though the earlier one had been retried, and so counted further."""
    earlier = prediction(1, sequence=6)
    later = prediction(1, sequence=3, created_ms=earlier.created_ms + 1)

    any_archive.predictions.upsert([earlier])
    any_archive.predictions.upsert([later])
    any_archive.predictions.upsert([earlier])

    assert any_archive.predictions.get(earlier.id) == later


def test_what_came_before_its_prediction_is_erased_with_it(
    any_archive: Archive,
) -> None:
    """A job may be deleted before it is archived, and its sale be told already."""
    one = prediction(1)
    any_archive.shadows.add([shadow(one.id)])

    assert not any_archive.predictions.delete("acme", one.id)

    assert shadows(any_archive) == []


def test_what_became_of_a_webhook_is_written_to_the_end_that_it_told_of(
    any_archive: Archive,
) -> None:
    """A later end, and one that is not there, stay as they are."""
    given = prediction(further={"webhook": "https://x.example", "webhook_status": "x"})
    any_archive.predictions.upsert([given])

    for sequence, status in ((given.sequence, "delivered"), (99, "failed")):
        any_archive.predictions.note_webhook(given.id, sequence, status)
    any_archive.predictions.note_webhook("unknown", given.sequence, "failed")

    kept = any_archive.predictions.get(given.id)
    assert kept
    assert kept.further == {**given.further, "webhook_status": "delivered"}
    assert any_archive.predictions.get("unknown") is None
