"""Says how often a process may repeat itself in its log."""

import math
import time
from collections.abc import Callable

#: Seconds between two log lines about the same lasting trouble.
_LOG_EVERY_S = 10.0


class Throttle:
    """Lets one line through, then none for a while.

    Two threads at once may both be let through: a line too many costs nothing.

    Args:
        clock: Monotonic seconds.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last = -math.inf

    def allows(self) -> bool:
        """Tell whether it is time for a line again, and take it as written."""
        now = self._clock()
        if now - self._last < _LOG_EVERY_S:
            return False
        self._last = now
        return True
