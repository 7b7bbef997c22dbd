"""What the rows about batches must see of a batch."""

from typing import Any

import orjson
import pytest

from tests.chaos.batches_row import Ran, not_borne, priced_again, unlike
from tests.chaos.houses import House
from worker.batch import Batch, Status

_HOUSES = [House(b"{}", orjson.dumps({"price": price})) for price in (1, 2, 3)]
_LINES = [{"line": at, "output": {"price": at}} for at in (1, 2, 3)]


def a_batch(status: Status = "completed", completed: int = 3, failed: int = 0) -> Batch:
    """Return a batch of three rows that has ended."""
    return Batch(
        id="bat",
        model="m",
        version="v",
        status=status,
        rows=3,
        completed=completed,
        failed=failed,
        created_ms=0,
        metadata=b"{}",
        faults={},
    )


def test_a_batch_with_each_row_once_and_in_order_is_whole() -> None:
    """No false alarm."""
    assert [*unlike(a_batch(), _LINES, _HOUSES)] == []


@pytest.mark.parametrize(
    ("batch", "lines", "told"),
    [
        (a_batch("failed", 2, 1), _LINES, "ended as failed: 2 priced, 1 refused"),
        (a_batch(), _LINES[:2], "2 results are of 2 rows"),
        (a_batch(), [*_LINES, _LINES[0]], "4 results are of 3 rows"),
        (a_batch(), _LINES[::-1], "not in their order"),
        (a_batch(), [*_LINES[:2], _LINES[2] | {"output": {}}], "not theirs: [3]"),
    ],
)
def test_what_is_lost_doubled_mixed_or_wrong_is_told(
    batch: Batch, lines: list[Any], told: str
) -> None:
    """Each by itself."""
    (found,) = unlike(batch, lines, _HOUSES)

    assert told in found


def test_a_chunk_that_ends_twice_is_told() -> None:
    """One that had not ended may be begun as often as it must."""
    once, twice = Ran("succeeded", 1, 0), Ran("succeeded", 2, 1)
    ended, after = {1: once}, {1: once, 2: twice}

    assert [*priced_again(ended, after)] == []
    assert "[1]" in next(priced_again(ended, after | {1: twice}))
    assert "no chunk" in next(priced_again({}, after))


def test_a_full_disk_that_did_nothing_or_too_much_is_told() -> None:
    """Ends without files, crashes that were none, halves of files."""
    assert [*not_borne(0, 0, [])] == []
    assert len([*not_borne(2, 1, [".chunk-1-1.x"])]) == 3
