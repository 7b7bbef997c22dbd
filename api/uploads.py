"""The bodies that are being read, and the end of those that take too long."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from api import upload
from api.errors import ServiceError, SlowBody
from api.throttle import Throttle
from model_store import logs
from worker.errors import frames_of

#: Seconds between two looks.
_LOOK_S = 0.5
#: Seconds after which an upload counts as slow: a house is read in microseconds.
_SLOW_S = 1.0
#: Slow uploads at a time; each holds a thread, and of these 32 serve everybody.
MAX_SLOW = 16

_log = logs.logger(__name__)


@dataclass(slots=True, eq=False)
class _Upload:
    thread: int
    environ: dict[str, Any]
    since: float
    lasts_s: float
    is_cut: bool = False


class Uploads:
    """Reads bodies, each for so long and no longer.

    Args:
        timeout_s: Seconds for which a body may be read.
        break_off: Answers the request that a thread works on and ends its connection,
            if the server lets it.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        timeout_s: float,
        *,
        break_off: Callable[[int, dict[str, Any], ServiceError], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._timeout_s = timeout_s
        self._clock = clock
        self._break_off = break_off
        self._open: set[_Upload] = set()
        self._lock = threading.Lock()
        self._log = Throttle(clock=clock)

    def start(self) -> None:
        """Start to look after uploads, for as long as the process lives."""
        threading.Thread(target=self._run, name="uploads", daemon=True).start()

    def read(self, environ: dict[str, Any], limit: int) -> bytes:
        """Return the body of a request.

        Args:
            environ: The request as the server handed it over, PEP 3333.
            limit: Bytes that it may have.

        Raises:
            BodyTooLarge: It has more, by its announced length or as counted.
            CutBody: It ended before its announced length.
            SlowBody: It took too long; the request has been broken off.
        """
        with self.watched(environ):
            return upload.read(environ, limit)

    @contextlib.contextmanager
    def watched(
        self, environ: dict[str, Any], timeout_s: float | None = None
    ) -> Iterator[None]:
        """Look after the reading of a body that its block does.

        Args:
            environ: The request as the server handed it over, PEP 3333.
            timeout_s: Seconds for which it may be read, where not as others.

        Raises:
            SlowBody: It took too long; the request has been broken off.
        """
        lasts_s = self._timeout_s if timeout_s is None else timeout_s
        one = _Upload(threading.get_ident(), environ, self._clock(), lasts_s)
        with self._lock:
            self._open.add(one)
        try:
            yield
        finally:
            with self._lock:
                self._open.remove(one)
            if one.is_cut:
                raise SlowBody

    def look(self) -> None:
        """End what lasts too long, and the oldest slow uploads if there are many."""
        now = self._clock()
        # No upload that is looked at can end meanwhile, and its thread go on to
        # another request: it would need the lock.
        with self._lock:
            slow = [
                one
                for one in self._open
                if now - one.since > _SLOW_S and not one.is_cut
            ]
            slow.sort(key=lambda one: one.since)
            for place, one in enumerate(slow, start=1):
                is_late = now - one.since > one.lasts_s
                if is_late or len(slow) - place >= MAX_SLOW:
                    self._cut(one)

    def _cut(self, one: _Upload) -> None:
        one.is_cut = self._break_off(one.thread, one.environ, SlowBody())
        if self._log.allows():
            _log.warning("upload_too_slow", ended=one.is_cut)

    def _run(self) -> None:
        while True:
            time.sleep(_LOOK_S)
            try:
                self.look()
            except Exception as error:  # noqa: BLE001 - the border of a thread that must not die
                _log.error("uploads_not_looked_after", frames=frames_of(error))
