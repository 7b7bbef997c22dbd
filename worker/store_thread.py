"""The one thread of a worker that touches the model store, which may hang."""

import itertools
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

#: Seconds after which a load hangs for good: one that is merely slow ends no worker.
_HANGS_S = 60.0
#: Who is answered first; the end of the thread comes after all others.
_URGENT, _USUAL, _END = range(3)

_T = TypeVar("_T")


class StoreThread:
    """Answers one question after the other, urgent ones first.

    No executor: Python would wait for its thread before the process may end.

    Args:
        hangs_s: Seconds after which a question counts as never answered, where not
            as for most.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        *,
        hangs_s: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._hangs_s = _HANGS_S if hangs_s is None else hangs_s
        self._clock = clock
        # The counter keeps the order of equals, and what follows it uncompared.
        self._asked: queue.PriorityQueue[
            tuple[int, int, Future[Any], Callable[[], Any]]
        ] = queue.PriorityQueue()
        self._counter = itertools.count()
        self._began: float | None = None
        self._stopped = threading.Event()
        threading.Thread(target=self._run, name="load-model", daemon=True).start()

    @property
    def hangs(self) -> bool:
        """Tell whether the store lets this thread wait for too long.

        No thread can be ended from outside: no question will be answered any more.
        """
        began = self._began
        return began is not None and self._clock() - began > self._hangs_s

    def ask(
        self, question: Callable[..., _T], *args: Any, urgent: bool = False
    ) -> Future[_T]:
        """Return the promise of an answer; a stop cancels it."""
        promise: Future[_T] = Future()
        self._put(_URGENT if urgent else _USUAL, promise, lambda: question(*args))
        if self._stopped.is_set():
            # The thread may have ended before it came to this one.
            promise.cancel()
        return promise

    def stop(self) -> None:
        """Answer nothing more."""
        self._stopped.set()
        self._put(_END, Future(), lambda: None)

    def _put(
        self, rank: int, promise: Future[Any], question: Callable[[], Any]
    ) -> None:
        self._asked.put((rank, next(self._counter), promise, question))

    def _run(self) -> None:
        rank = _USUAL
        while rank != _END:
            rank, _, promise, question = self._asked.get()
            if self._stopped.is_set():
                promise.cancel()
                continue
            try:
                answer = self._timed(question)
            except BaseException as error:  # noqa: BLE001 - it is for who asked
                promise.set_exception(error)
            else:
                promise.set_result(answer)

    def _timed(self, question: Callable[[], Any]) -> Any:
        self._began = self._clock()
        try:
            return question()
        finally:
            self._began = None
