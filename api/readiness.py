"""Whether this process can take submits: asked by load balancers, answered in time."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor

from api.catalog import Catalog
from api.errors import NotReady, ServiceError
from api.throttle import Throttle
from api.translation import as_service_error
from model_store import logs
from worker.errors import frames_of
from worker.queue import Queue

#: Seconds within which readiness is answered, whatever hangs.
READY_CAP_S = 0.5

_log = logs.logger(__name__)


class Readiness:
    """Asks Redis and the model store, one look at a time for all who wonder."""

    def __init__(self, queue: Queue, catalog: Catalog) -> None:
        self._queue = queue
        self._catalog = catalog
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="readiness")
        self._look: Future[str] | None = None
        self._faults = Throttle()

    def champion(self) -> str:
        """Return the champion's version id, once Redis took a write.

        Raises:
            NotReady: Something does not answer, or not in time.
        """
        with self._lock:
            if self._look is None or self._look.done():
                self._look = self._pool.submit(self._ask)
            look = self._look
        try:
            return look.result(READY_CAP_S)
        except TimeoutError:
            raise NotReady(f"No answer within {READY_CAP_S} s.") from None

    def _ask(self) -> str:
        try:
            self._queue.write_probe()
            return self._catalog.served().card.version
        except Exception as error:
            answer = as_service_error(error)
            # An outage is told by whoever meets it at work; this is asked each second.
            if type(answer) is ServiceError and self._faults.allows():
                _log.error("readiness_failed", frames=frames_of(error))
            raise NotReady(answer.title) from error
