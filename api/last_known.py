"""Figures out of Redis or the archive that requests use, read beside them."""

import contextlib
import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

import redis

from model_store.errors import ArchiveError

#: Seconds for which a figure is trusted.
_TTL_S = 1.0

_Figure = TypeVar("_Figure")


class LastKnown(Generic[_Figure]):
    """Remembers what was read last; any thread asks, and none waits for a store.

    A request may wait for Redis once, for what it is about. One that waited for a
    figure as well would take twice its time limit when Redis freezes.

    Args:
        read: Reads the figure.
        first: What is known before the first reading.
        run: Runs a reading, at once or later.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        read: Callable[[], _Figure],
        first: _Figure,
        *,
        run: Callable[[Callable[[], None]], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read = read
        self._known = first
        self._run = run or ThreadPoolExecutor(1, thread_name_prefix="beside").submit
        self._clock = clock
        self._read_at = -math.inf
        self._reading = threading.Lock()

    def __call__(self) -> _Figure:
        """Return it, a second or two old; the one before while its store is away."""
        due = self._clock() - self._read_at >= _TTL_S
        if due and self._reading.acquire(blocking=False):
            self._run(self._refresh)
        return self._known

    def _refresh(self) -> None:
        try:
            with contextlib.suppress(redis.RedisError, ArchiveError):
                self._known = self._read()
        finally:
            self._read_at = self._clock()
            self._reading.release()
