"""How fast jobs finish, as this process hears it, and what that means for a client."""

import math
import time
from collections import deque
from collections.abc import Callable

from api.errors import spread
from worker.lanes import expected_wait_s

#: Seconds over which the rate is taken.
_WINDOW_S = 10
#: Places from the front within which there is nothing to work out: a batch takes many.
_FRONT = 10
#: Seconds after which a job at the front, or in hand, is worth asking for again.
_SOON_S = 1


class Pace:
    """Counts finished jobs; one thread records, any thread asks.

    Args:
        clock: Monotonic seconds.
        now: Seconds since the epoch.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._clock = clock
        self._now = now
        self._counts: deque[tuple[int, int]] = deque(maxlen=_WINDOW_S)

    def record(self, finished: int) -> None:
        """Count jobs that have just finished."""
        second = int(self._clock())
        if self._counts and self._counts[-1][0] == second:
            self._counts[-1] = (second, self._counts[-1][1] + finished)
        else:
            self._counts.append((second, finished))

    def retry_after_s(self, position: int | None) -> int:
        """Return the seconds after which a job is worth asking for again.

        Args:
            position: The job's place in the queue; None when it runs already.
        """
        if position is None or position <= _FRONT:
            return _SOON_S
        return spread(expected_wait_s(position, self._ends_per_s()))

    def estimated_start_ms(self, position: int | None) -> int | None:
        """Return when a waiting job is expected to start, in ms since the epoch.

        In whole seconds, so that two looks in a row say the same; None where the job
        runs already, and where no job has ended of late, so that nothing can be told.

        Args:
            position: The job's place in the queue; None when it runs already.
        """
        ends_per_s = self._ends_per_s() if position is not None else 0.0
        if position is None or not ends_per_s:
            return None
        return math.ceil(self._now() + (position - 1) / ends_per_s) * 1000

    def _ends_per_s(self) -> float:
        since = self._clock() - _WINDOW_S
        finished = sum(n for second, n in tuple(self._counts) if second >= since)
        return finished / _WINDOW_S
