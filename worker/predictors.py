"""The models that a worker holds: the champion, and what jobs still ask for."""

import collections
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

from model_store.errors import ModelStoreError
from model_store.store import ModelStore

#: Versions kept loaded: the champion, the one before, and one more for old jobs.
_KEPT = 3
#: Seconds between two looks at the store's aliases.
_LOOK_EVERY_S = 1.0
#: Seconds after which a load hangs for good: one that is merely slow ends no worker.
_HANGS_S = 60.0

_log = logging.getLogger(__name__)

_T = TypeVar("_T")


class Pricing(Protocol):
    """What prices houses: `model_store.predictor.Predictor`, or a stand-in."""

    def predict(self, houses: Sequence[Mapping[str, Any]], /) -> list[dict[str, Any]]:
        """Return one output per house, in the order of the houses."""


class CannotPrice(Exception):
    """This house cannot be priced; the message is meant for the client."""


class Unloadable:
    """Stands for a version that cannot be had: all its houses fail.

    Args:
        version: The version's id; why it cannot be had is for the log alone.
    """

    def __init__(self, version: str) -> None:
        self._version = version

    def predict(self, *_: Any) -> list[dict[str, Any]]:
        """Raise what the client may know.

        Raises:
            CannotPrice: Always.
        """
        raise CannotPrice(f"Model version {self._version} cannot be loaded.")


def load(store: ModelStore, version: str) -> Pricing:
    """Load a version; the model stack is imported here and nowhere before."""
    # Upkeep, beat and Flower share the application without these 120 MiB.
    from model_store.predictor import Predictor  # noqa: PLC0415

    return Predictor.load(store, version)


class Predictors:
    """Loads model versions in a side thread, so that pricing goes on meanwhile.

    Args:
        store: Where the versions are.
        load_predictor: Called with the store and a version id.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        store: ModelStore,
        load_predictor: Callable[..., Pricing],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._load = load_predictor
        self._clock = clock
        self._loaded: collections.OrderedDict[str, Future[Pricing]] = (
            collections.OrderedDict()
        )
        self._lock = threading.Lock()
        # All that touches the store, which may hang, happens in this one thread.
        self._loader = ThreadPoolExecutor(1, thread_name_prefix="load-model")
        self._began: float | None = None
        self._stopped = threading.Event()
        self._champion: str | None = None

    def start(self) -> None:
        """Begin to follow the store's champion."""
        threading.Thread(
            target=self._follow, name="follow-champion", daemon=True
        ).start()

    def stop(self) -> None:
        """Stop following; what is loaded stays usable."""
        self._stopped.set()
        self._loader.shutdown(wait=False, cancel_futures=True)

    @property
    def ready(self) -> bool:
        """Tell whether the champion is loaded."""
        with self._lock:
            future = self._loaded.get(self._champion or "")
        return future is not None and future.done() and not future.exception()

    @property
    def hang(self) -> bool:
        """Tell whether the store lets the loading thread wait for too long.

        No thread can be ended from outside: nothing will be loaded in this process.
        """
        began = self._began
        return began is not None and self._clock() - began > _HANGS_S

    def request(self, version: str) -> Future[Pricing]:
        """Return the version's predictor, or the promise of it.

        The future raises `ModelStoreError` where the version cannot be had. A failed
        load is forgotten, so that the next request tries again.
        """
        with self._lock:
            future = self._loaded.get(version)
            if future is None or (future.done() and future.exception()):
                future = self._later(self._load, self._store, version)
                self._loaded[version] = future
            self._loaded.move_to_end(version)
            if self._champion is not None and self._champion in self._loaded:
                self._loaded.move_to_end(self._champion)
            while len(self._loaded) > _KEPT:
                self._loaded.popitem(last=False)
            return future

    def _follow(self) -> None:
        problem = None
        while not self._stopped.is_set():
            try:
                self._follow_once()
                problem = None
            except Exception as error:  # noqa: BLE001 - without this thread the worker would wait for ever
                if self._stopped.is_set():
                    return
                if repr(error) != problem:
                    problem = repr(error)
                    # Its own words for what is known, the way there for what is not.
                    known = isinstance(error, ModelStoreError)
                    _log.warning("champion_not_loaded: %s", error, exc_info=not known)
            self._stopped.wait(_LOOK_EVERY_S)

    def _follow_once(self) -> None:
        champion = self._later(self._store.aliases).result().champion
        if champion is None:
            return
        if champion == self._champion and self.ready:
            return
        self.request(champion).result()
        with self._lock:
            self._champion = champion
        _log.info("champion_loaded: %s", champion)

    def _later(self, ask: Callable[..., _T], *args: Any) -> Future[_T]:
        return self._loader.submit(self._timed, ask, *args)

    def _timed(self, ask: Callable[..., _T], *args: Any) -> _T:
        self._began = self._clock()
        try:
            return ask(*args)
        finally:
            self._began = None
