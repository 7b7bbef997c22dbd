"""Reads of stored prices are counted beside the request, never in it."""

import contextlib
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import redis

from worker.valuation_reads import Freshness

#: Seconds for which reads are gathered before they are written.
_GATHER_S = 0.5

Counts = Mapping[Freshness, int]


class ReadCount:
    """Gathers reads for a moment; any thread counts, and none waits for Redis.

    What is to be written while Redis is away is lost.

    Args:
        keep: Adds counts to those of all processes.
        gather_s: Seconds for which reads are gathered.
    """

    def __init__(
        self, keep: Callable[[Counts], None], *, gather_s: float = _GATHER_S
    ) -> None:
        self._keep = keep
        self._gather_s = gather_s
        self._counts: Counter[Freshness] = Counter()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="read-count")

    def note(self, freshness: Freshness) -> None:
        """Count a read, unless it was stopped."""
        with self._lock:
            if self._stopping.is_set():
                return
            if not self._counts:
                self._writer.submit(self._write)
            self._counts[freshness] += 1

    def stop(self) -> None:
        """Write what was gathered, and count no more."""
        with self._lock:
            self._stopping.set()
        self._writer.shutdown()

    def _write(self) -> None:
        self._stopping.wait(self._gather_s)
        with self._lock:
            counts, self._counts = self._counts, Counter()
        with contextlib.suppress(redis.RedisError):
            self._keep(counts)
