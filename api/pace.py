"""How fast the line moves, and what that means for a client who waits in it."""

import math
import time
from collections.abc import Callable

from api.errors import spread
from worker.lanes import expected_wait_s
from worker.rates import Rates

#: Places from the front within which there is nothing to work out: a batch takes many.
_FRONT = 10
#: Seconds after which a job at the front, or in hand, is worth asking for again.
_SOON_S = 1


class Pace:
    """Tells clients when to come back.

    Args:
        rates: Returns how fast the line moves now.
        now: Seconds since the epoch.
    """

    def __init__(
        self, rates: Callable[[], Rates], *, now: Callable[[], float] = time.time
    ) -> None:
        self._rates = rates
        self._now = now

    def retry_after_s(self, position: int | None) -> int:
        """Return the seconds after which a job is worth asking for again.

        Args:
            position: The job's place in the queue; None when it runs already.
        """
        if position is None or position <= _FRONT:
            return _SOON_S
        return spread(expected_wait_s(position, self._rates()))

    def estimated_start_ms(self, position: int | None) -> int | None:
        """Return when a waiting job is expected to start, in ms since the epoch.

        In whole seconds, so that two looks in a row say the same; None where the job
        runs already, and where the line has not been seen moving.

        Args:
            position: The job's place in the queue; None when it runs already.
        """
        per_s = self._rates().starts_per_s if position is not None else 0.0
        if position is None or not per_s:
            return None
        return math.ceil(self._now() + (position - 1) / per_s) * 1000
