"""How fast jobs finish, as this process hears it, and what that means for a client."""

import time
from collections import deque
from collections.abc import Callable

from api.errors import spread
from worker.queue import expected_wait_s

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
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
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
        since = self._clock() - _WINDOW_S
        finished = sum(n for second, n in tuple(self._counts) if second >= since)
        return spread(expected_wait_s(position, finished / _WINDOW_S))
