"""The laws of what a client is told about an error."""

from random import Random

import pytest

from api.errors import RedisUnavailable, spread


@pytest.mark.parametrize(("seconds", "most"), [(1, 2), (5, 8), (60, 90)])
def test_who_is_put_off_together_does_not_return_together(
    seconds: int, most: int
) -> None:
    """Never sooner than said, later by half at most, and not all at once."""
    draw = Random(0).randint
    drawn = {spread(seconds, draw=draw) for _ in range(500)}

    assert drawn == set(range(seconds, most + 1))


def test_an_outage_is_spread_too() -> None:
    """A few seconds, when nothing better is known."""
    told = {int(RedisUnavailable().headers["Retry-After"]) for _ in range(200)}

    assert 5 <= min(told) < max(told) <= 8
