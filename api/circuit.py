"""A breaker that keeps requests away from a Redis that has stopped answering."""

import threading
import time
from collections.abc import Callable

import redis

from api.errors import RedisUnavailable
from api.throttle import Throttle
from model_store import logs

#: Seconds for which nobody asks a Redis that has just let a request time out.
OPEN_S = 2.0

_log = logs.logger(__name__)


class Circuit:
    """Closed while Redis answers; opened by a timeout, closed again by one probe.

    Without it each request to a frozen Redis would hold a thread for the whole time
    limit, until no thread is left for the requests that need no Redis.

    Args:
        probe: Asks Redis something small; raises `redis.RedisError` when it is away.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        probe: Callable[[], object],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._probe = probe
        self._clock = clock
        self._is_open = False
        self._retry_at = 0.0
        self._log = Throttle(clock=clock)
        self._probing = threading.Lock()

    def check(self) -> None:
        """Return at once when Redis may be asked; one caller at a time probes.

        Raises:
            RedisUnavailable: It may not be asked yet.
            redis.RedisError: This caller probed in vain.
        """
        if not self._is_open:
            return
        if self._clock() < self._retry_at or not self._probing.acquire(blocking=False):
            raise RedisUnavailable
        try:
            self._probe()
            self._is_open = False
        except redis.RedisError:
            self._retry_at = self._clock() + OPEN_S
            raise
        finally:
            self._probing.release()

    def report(self, error: redis.RedisError) -> None:
        """Take note of a request that failed; a timeout opens, a refusal costs nothing.

        A lasting outage is logged every now and then, not at every request.
        """
        now = self._clock()
        if isinstance(error, redis.TimeoutError) and not self._is_open:
            self._retry_at = now + OPEN_S
            self._is_open = True
        if self._log.allows():
            _log.warning("redis_failed", error=type(error).__name__, words=str(error))
