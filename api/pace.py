"""How fast jobs finish, as this process hears it, and what that means for a client."""

import random
import time
from collections import deque
from collections.abc import Callable

#: Seconds over which the rate is taken.
_WINDOW_S = 10
#: Bounds of the advice when to come back, in whole seconds.
_SOONEST_S, _LATEST_S = 1, 60
#: Seconds to come back after when jobs wait and none has finished lately.
_STANDSTILL_S = 5


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
        # A batch takes many at once: near the front there is nothing to work out.
        if position is None or position <= _WINDOW_S:
            return _SOONEST_S
        since = self._clock() - _WINDOW_S
        finished = sum(n for second, n in tuple(self._counts) if second >= since)
        wait_s = position * _WINDOW_S / finished if finished else _STANDSTILL_S
        # Spread, so that clients that were put off together do not return together.
        jittered = wait_s * random.uniform(0.8, 1.2)  # noqa: S311 - no secret
        return max(_SOONEST_S, min(_LATEST_S, round(jittered)))
