"""Whether this process can take submits: asked by load balancers, answered in time."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor

from api.catalog import Catalog
from api.errors import NotReady, as_service_error
from worker.queue import Queue

#: Seconds within which readiness is answered, whatever hangs.
READY_CAP_S = 0.5


class Readiness:
    """Asks Redis and the model store, one look at a time for all who wonder."""

    def __init__(self, queue: Queue, catalog: Catalog) -> None:
        self._queue = queue
        self._catalog = catalog
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="readiness")
        self._look: Future[str] | None = None

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
        except Exception as error:
            raise NotReady(as_service_error(error).title) from error

    def _ask(self) -> str:
        self._queue.write_probe()
        return self._catalog.served().card.version
