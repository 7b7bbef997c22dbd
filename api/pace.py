"""How fast the line moves, and what that means for a client who waits in it."""

import contextlib
import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import redis

from api.errors import spread
from worker.lanes import expected_wait_s
from worker.rates import Rates

#: Seconds for which rates are trusted: they are measured once a second.
_TTL_S = 1.0
#: Places from the front within which there is nothing to work out: a batch takes many.
_FRONT = 10
#: Seconds after which a job at the front, or in hand, is worth asking for again.
_SOON_S = 1


class Pace:
    """Remembers the rates of the lane; any thread asks.

    They are read beside the requests: one that had Redis answer once must not wait for
    it a second time.

    Args:
        measure: Reads the rates.
        run: Runs a reading, at once or later.
        clock: Monotonic seconds.
        now: Seconds since the epoch.
    """

    def __init__(
        self,
        measure: Callable[[], Rates],
        *,
        run: Callable[[Callable[[], None]], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._measure = measure
        self._run = run or ThreadPoolExecutor(1, thread_name_prefix="pace").submit
        self._clock = clock
        self._now = now
        self._rates = Rates()
        self._read_at = -math.inf
        self._reading = threading.Lock()

    def retry_after_s(self, position: int | None) -> int:
        """Return the seconds after which a job is worth asking for again.

        Args:
            position: The job's place in the queue; None when it runs already.
        """
        if position is None or position <= _FRONT:
            return _SOON_S
        return spread(expected_wait_s(position, self._known()))

    def estimated_start_ms(self, position: int | None) -> int | None:
        """Return when a waiting job is expected to start, in ms since the epoch.

        In whole seconds, so that two looks in a row say the same; None where the job
        runs already, and where the line has not been seen moving.

        Args:
            position: The job's place in the queue; None when it runs already.
        """
        per_s = self._known().starts_per_s if position is not None else 0.0
        if position is None or not per_s:
            return None
        return math.ceil(self._now() + (position - 1) / per_s) * 1000

    def _known(self) -> Rates:
        """Return the rates, a second or two old; those before while Redis is away."""
        due = self._clock() - self._read_at >= _TTL_S
        if due and self._reading.acquire(blocking=False):
            self._run(self._read)
        return self._rates

    def _read(self) -> None:
        try:
            with contextlib.suppress(redis.RedisError):
                self._rates = self._measure()
        finally:
            self._read_at = self._clock()
            self._reading.release()
