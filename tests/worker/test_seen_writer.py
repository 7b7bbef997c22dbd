"""A worker's counts reach Redis once a second, and cost no job."""

from collections.abc import Mapping

import pytest
import redis as redis_py

from tests.clock import Clock
from worker import connection
from worker.seen import SeenHouses
from worker.seen_writer import SeenWriter
from worker.settings import WorkerSettings


class Counted:
    """Counts what it is told to have priced."""

    def __init__(self) -> None:
        self.houses = 0

    def price(self, houses: int) -> None:
        """Count that many more."""
        self.houses += houses

    def take_counts(self) -> Mapping[int, int]:
        """Return how many there were."""
        taken, self.houses = self.houses, 0
        return {0: taken} if taken else {}


@pytest.fixture
def seen(redis: redis_py.Redis, settings: WorkerSettings) -> SeenHouses:
    """Return the counts in the test's Redis."""
    return SeenHouses(redis, settings)


def test_batches_of_a_second_are_one_write(seen: SeenHouses, clock: Clock) -> None:
    """Of each version that priced any."""
    writer, one, other = SeenWriter(seen, clock=clock), Counted(), Counted()
    for predictor, version in ((one, "v1"), (other, "v2"), (one, "v1")):
        predictor.price(10)
        writer.note(version, predictor)
        writer.write_if_due()
    assert seen.versions() == []

    clock.seconds += 1
    writer.write_if_due()
    assert seen.window("v1", "1d").houses == 20
    assert seen.window("v2", "1d").houses == 10


def test_what_is_left_at_a_stop_is_written(seen: SeenHouses, clock: Clock) -> None:
    """And what was written is not written again."""
    writer, predictor = SeenWriter(seen, clock=clock), Counted()
    predictor.price(1)
    writer.note("v1", predictor)
    writer.write()
    writer.write()
    assert seen.window("v1", "1d").houses == 1


def test_what_counts_nothing_is_left_alone(seen: SeenHouses, clock: Clock) -> None:
    """A stand-in for a model prices without telling of it."""
    writer = SeenWriter(seen, clock=clock)
    writer.note("v1", object())
    writer.write()
    assert seen.versions() == []


def test_an_outage_loses_counts_and_nothing_else(
    settings: WorkerSettings, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """The log tells it once, not each second."""
    nowhere = connection.connect("redis://127.0.0.1:1/0", role="api")
    writer = SeenWriter(SeenHouses(nowhere, settings), clock=clock)
    for _ in range(3):
        predictor = Counted()
        predictor.price(1)
        writer.note("v1", predictor)
        writer.write()
    assert caplog.text.count("houses_not_counted") == 1
