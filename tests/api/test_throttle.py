"""Lines about a trouble that lasts."""

from api.throttle import Throttle


def test_a_lasting_trouble_is_told_every_ten_seconds() -> None:
    """The first line at once, the next when it is not news any more."""
    instants = iter((100.0, 100.1, 109.9, 110.1, 115.0, 120.2))
    throttle = Throttle(clock=lambda: next(instants))

    told = [throttle.allows() for _ in range(6)]

    assert told == [True, False, False, True, False, True]
