"""The models that a worker holds: the champion, and what jobs still ask for."""

import collections
import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, Protocol, TypeVar

from model_store.errors import ExplanationUnavailable, ModelStoreError
from model_store.store import ModelStore
from worker.errors import frames_of

#: Versions kept loaded: the champion, the one before, and one more for old jobs.
_KEPT = 3
#: Seconds between two looks at the store's aliases.
_LOOK_EVERY_S = 1.0
#: Seconds after which a load hangs for good: one that is merely slow ends no worker.
_HANGS_S = 60.0

_log = logging.getLogger(__name__)

_T = TypeVar("_T")


class Pricing(Protocol):
    """What prices houses: `model_store.predictor.Predictor`, or a stand-in.

    A stand-in that inherits from this explains nothing.
    """

    def predict(self, houses: Sequence[Mapping[str, Any]], /) -> list[dict[str, Any]]:
        """Return one output per house, in the order of the houses.

        Each output belongs to the caller alone, and so does the dict `model` in it.
        """

    def explain(self, houses: Sequence[Mapping[str, Any]], /) -> list[dict[str, Any]]:
        """Return `base` and `reasons` of each price, in the order of the houses.

        Raises:
            ExplanationUnavailable: What it takes is not installed here.
        """
        del houses
        raise ExplanationUnavailable("a stand-in knows no reasons")


class CannotPrice(Exception):
    """This house cannot be priced; the message is meant for the client."""


class Unloadable(Pricing):
    """Stands for a version that cannot be had: all its houses fail.

    Args:
        version: The version's id; why it cannot be had is for the log alone.
    """

    def __init__(self, version: str) -> None:
        self._version = version

    def predict(self, houses: Sequence[Mapping[str, Any]], /) -> list[dict[str, Any]]:
        """Raise what the client may know.

        Raises:
            CannotPrice: Always.
        """
        del houses
        raise CannotPrice(f"Model version {self._version} cannot be loaded.")


def load(store: ModelStore, version: str) -> Pricing:
    """Load a version; the model stack is imported here and nowhere before."""
    # Upkeep, beat and Flower share the application without these 120 MiB.
    from model_store.predictor import Predictor  # noqa: PLC0415

    return Predictor.load(store, version)  # type: ignore[return-value] # its explain is on its way


def reason_of(error: BaseException) -> str:
    """Return for the log why a version cannot be had.

    In the store's own words; those of an unknown exception might quote anything.
    """
    return str(error) if isinstance(error, ModelStoreError) else f"\n{frames_of(error)}"


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
        self._asked: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = (
            queue.SimpleQueue()
        )
        self._began: float | None = None
        self._stopped = threading.Event()
        self._champion: str | None = None
        #: The champion to be, while it loads.
        self._coming: str | None = None
        # All that touches the store, which may hang, happens in this one thread. No
        # executor: Python would wait for its thread before the process may end.
        threading.Thread(target=self._answer, name="load-model", daemon=True).start()

    def start(self) -> None:
        """Begin to follow the store's champion."""
        threading.Thread(
            target=self._follow, name="follow-champion", daemon=True
        ).start()

    def stop(self) -> None:
        """Stop following; what is loaded stays usable."""
        self._stopped.set()
        self._asked.put(None)

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
            for kept in (self._champion, self._coming):
                if kept is not None and kept in self._loaded:
                    self._loaded.move_to_end(kept)
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
                    _log.warning("champion_not_loaded: %s", reason_of(error))
            self._stopped.wait(_LOOK_EVERY_S)

    def _follow_once(self) -> None:
        champion = self._later(self._store.aliases).result().champion
        if champion is None:
            return
        if champion == self._champion and self.ready:
            return
        with self._lock:
            self._coming = champion
        self.request(champion).result()
        with self._lock:
            self._champion = champion
        _log.info("champion_loaded: %s", champion)

    def _later(self, ask: Callable[..., _T], *args: Any) -> Future[_T]:
        promise: Future[_T] = Future()
        self._asked.put((promise, lambda: ask(*args)))
        return promise

    def _answer(self) -> None:
        while (asked := self._asked.get()) is not None:
            promise, ask = asked
            if self._stopped.is_set():
                promise.cancel()
                continue
            try:
                answer = self._timed(ask)
            except BaseException as error:  # noqa: BLE001 - it is for who asked
                promise.set_exception(error)
            else:
                promise.set_result(answer)

    def _timed(self, ask: Callable[[], _T]) -> _T:
        self._began = self._clock()
        try:
            return ask()
        finally:
            self._began = None
