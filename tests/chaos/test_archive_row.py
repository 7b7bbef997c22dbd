"""An outage of the archive must be felt, and is over only if all is there."""

from dataclasses import replace

import pytest

from model_store.archive.archive import Archive
from tests.chaos.archive_row import not_seen, unlike
from tests.chaos.evidence import Holdings, Record
from tests.model_store.archive.rows import prediction


def test_an_outage_that_metrics_showed_is_whole() -> None:
    """No false alarm."""
    assert [*not_seen(100, 90, 11, 12)] == []


@pytest.mark.parametrize(
    ("figures", "told"),
    [
        ((0, 0, 12, 12), "no job ended"),
        ((100, 3, 12, 12), "metrics showed 3"),
        ((100, 90, 1, 12), "metrics told of 1"),
    ],
)
def test_an_outage_that_nobody_felt_is_told(
    figures: tuple[int, float, float, float], told: str
) -> None:
    """It would pass every other check."""
    (found,) = not_seen(*figures)

    assert told in found


def test_a_job_that_is_not_in_the_archive_as_in_redis_is_told(archive: Archive) -> None:
    """Whether it is missing there or another."""
    there, other = prediction(1), prediction(2)
    archive.predictions.upsert([there, other])
    record = Record(there.state, "", there.output or b"", 1, 0, 1)
    records = {
        there.id: record,
        other.id: replace(record, output=b"{}"),
        "missing": record,
    }
    assert archive.database.file

    found = [*unlike(archive.database.file, _holding(records))]

    assert found == [
        f"{other.id} is another in the archive than in Redis",
        "missing is not in the archive",
    ]


def _holding(records: dict[str, Record]) -> Holdings:
    return Holdings(
        records=records,
        numbered=0,
        done=0,
        dead=frozenset(),
        strays=(),
        leftovers={},
        keys={},
    )
