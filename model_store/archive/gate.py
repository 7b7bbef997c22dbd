"""Lets a few ask a database at a time, and nobody where it has just failed."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

from model_store.errors import ArchiveTooSlow, ArchiveUnavailable

#: Seconds for which nobody asks a database that has just failed: each who does may
#: hold a thread until its time limit.
_LEFT_ALONE_S = 2.0
#: Threads that may wait for its answer at a time, and seconds that another one waits
#: for its turn: a server that says nothing holds these few, and not a whole service.
AT_ONCE, _PATIENCE_S = 8, 1.0


class Gate:
    """Stands before the database of a process that serves many; thread-safe.

    Args:
        clock: Monotonic seconds.
        patience_s: Seconds that a question waits for its turn.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        patience_s: float = _PATIENCE_S,
    ) -> None:
        self._clock = clock
        self._patience_s = patience_s
        self._turns = threading.BoundedSemaphore(AT_ONCE)
        self._asked_again_at = 0.0

    @contextlib.contextmanager
    def passed(self) -> Iterator[None]:
        """Let the block ask.

        Raises:
            ArchiveUnavailable: It has just failed, or as many as may ask it already.
        """
        if self._clock() < self._asked_again_at:
            raise ArchiveUnavailable("it has not answered a moment ago")
        # Without a turn nothing was asked: it says nothing of the database.
        with self._turn():
            try:
                yield
            except ArchiveTooSlow:
                # The fault of this question: the next one may be answered at once.
                raise
            except ArchiveUnavailable:
                self._asked_again_at = self._clock() + _LEFT_ALONE_S
                raise

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._turns.acquire(timeout=self._patience_s):
            raise ArchiveUnavailable(f"{AT_ONCE} others wait for its answer")
        try:
            yield
        finally:
            self._turns.release()
