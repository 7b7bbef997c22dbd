"""Waiting for something that other processes do."""

import time
from collections.abc import Callable

import redis

#: Seconds within which anything that is waited for must have happened.
PATIENCE_S = 60.0

_LOOK_EVERY_S = 0.01


class NotInTime(Exception):
    """Something did not happen in time."""


def wait_until(
    condition: Callable[[], object],
    what: str = "what is waited for",
    *,
    timeout_s: float = PATIENCE_S,
) -> None:
    """Return as soon as the condition holds; while Redis is away it does not.

    Raises:
        NotInTime: It does not come to hold.
    """
    end = time.monotonic() + timeout_s
    while not _holds(condition):
        if time.monotonic() > end:
            raise NotInTime(f"{what} did not happen within {timeout_s:g} s")
        time.sleep(_LOOK_EVERY_S)


def _holds(condition: Callable[[], object]) -> bool:
    try:
        return bool(condition())
    except redis.RedisError:
        return False
