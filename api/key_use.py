"""That a key was used is noted beside the request, never in it."""

import contextlib
import math
import queue
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import redis

from worker.key_uses import EVERY_S

#: Keys that a process remembers to have noted.
_REMEMBERED = 4096


class KeyUse:
    """Notes each key once a minute; any thread asks, and none waits for Redis.

    What is to be written while Redis is away is lost, and written with the next use
    a minute later.

    Args:
        keep: Writes key id -> time of use.
        run: Runs the writing, at once or later.
        clock: Monotonic seconds.
        now: The clock that stamps a use.
    """

    def __init__(
        self,
        keep: Callable[[Mapping[str, datetime]], None],
        *,
        run: Callable[[Callable[[], None]], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._keep = keep
        self._run = run or ThreadPoolExecutor(1, thread_name_prefix="key-use").submit
        self._clock = clock
        self._now = now
        #: Monotonic second from which a key is to be noted again.
        self._due: dict[str, float] = {}
        self._noted: queue.SimpleQueue[tuple[str, datetime]] = queue.SimpleQueue()

    def note(self, key_id: str) -> None:
        """Note that a key was used now."""
        now = self._clock()
        if now < self._due.get(key_id, -math.inf):
            return
        if len(self._due) >= _REMEMBERED:
            # Who writes looks whether another has, so a note too many changes nothing.
            self._due.clear()
        self._due[key_id] = now + EVERY_S
        self._noted.put((key_id, self._now()))
        self._run(self._write)

    def _write(self) -> None:
        uses = {}
        with contextlib.suppress(queue.Empty):
            while True:
                key_id, used = self._noted.get_nowait()
                uses[key_id] = used
        if uses:
            with contextlib.suppress(redis.RedisError):
                self._keep(uses)
