"""The laws of what a client is told about an error."""

from random import Random

import pytest

from api.errors import RedisUnavailable, as_service_error, spread
from worker.errors import MemoryFull, QueueFull, QueueRefusal


@pytest.mark.parametrize(("seconds", "most"), [(1, 2), (5, 8), (60, 90)])
def test_who_is_put_off_together_does_not_return_together(
    seconds: int, most: int
) -> None:
    """Never sooner than said, later by half at most, and not all at once."""
    draw = Random(0).randint
    drawn = {spread(seconds, draw=draw) for _ in range(500)}

    assert drawn == set(range(seconds, most + 1))


@pytest.mark.parametrize("refusal", [QueueFull, MemoryFull])
def test_a_refusal_is_spread_too(refusal: type[QueueRefusal]) -> None:
    """The time that the queue names is the least."""
    told = {
        int(as_service_error(refusal(20)).headers["Retry-After"]) for _ in range(200)
    }

    assert 20 <= min(told) < max(told) <= 30


def test_an_outage_is_spread_too() -> None:
    """A few seconds, when nothing better is known."""
    told = {int(RedisUnavailable().headers["Retry-After"]) for _ in range(200)}

    assert 5 <= min(told) < max(told) <= 8
