"""The laws of counting reads of stored prices."""

import redis

from api.read_count import Counts, ReadCount
from tests.patience import wait_until


def test_reads_are_gathered_and_written_together() -> None:
    """None waits for the writing; what is left when it stops is written too."""
    written: list[Counts] = []
    reads = ReadCount(written.append, gather_s=60)

    for _ in range(3):
        reads.note("fresh")
    reads.note("stale")
    assert written == []
    reads.stop()
    reads.note("none")

    assert written == [{"fresh": 3, "stale": 1}]


def test_a_redis_that_is_away_stops_no_counting() -> None:
    """What was gathered is lost, and the next is written."""
    written: list[Counts] = []
    is_away = [False, True]

    def keep(counts: Counts) -> None:
        if is_away.pop():
            raise redis.ConnectionError
        written.append(counts)

    reads = ReadCount(keep, gather_s=0)
    reads.note("fresh")
    wait_until(lambda: is_away == [False])
    reads.note("none")
    reads.stop()

    assert written == [{"none": 1}]
