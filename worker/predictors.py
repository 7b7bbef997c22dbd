"""The models that a worker holds: the champion, and what jobs still ask for."""

import collections
import gc
import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Protocol

from model_store import logs
from model_store.aliases import Aliases
from model_store.errors import (
    ExplanationUnavailable,
    ModelStoreError,
    StoreError,
    UnknownModel,
)
from model_store.store import ModelStore
from worker.errors import frames_of
from worker.store_thread import StoreThread

#: Versions kept loaded: the champion, the one before, and one more for old jobs.
_KEPT = 3
#: Seconds between two looks at the store's aliases.
_LOOK_EVERY_S = 1.0
#: Seconds after which a champion that was refused is tried again, at first and at most.
_AGAIN_S, _AGAIN_MOST_S = 1.0, 30.0

_log = logs.logger(__name__)


class Pricing(Protocol):
    """What prices houses: `model_store.serving.predictor.Predictor`, or a stand-in.

    A stand-in that inherits from this explains nothing.
    """

    def predict(self, houses: Sequence[Mapping[str, Any]], /) -> list[dict[str, Any]]:
        """Return one output per house, in the order of the houses.

        Each output belongs to the caller alone, and so does the dict `model` in it.
        """

    def quote(self, houses: Sequence[Mapping[str, Any]], /) -> list[dict[str, Any]]:
        """Return what `predict` does, of houses that do not count as priced."""
        return self.predict(houses)

    def explain(self, houses: Sequence[Mapping[str, Any]], /) -> list[dict[str, Any]]:
        """Return `base` and `reasons` of each price, in the order of the houses.

        Raises:
            ExplanationUnavailable: What it takes is not installed here.
        """
        del houses
        raise ExplanationUnavailable("a stand-in knows no reasons")


class Report(Protocol):
    """Who is told what became of each load, such as `versions.Versions`."""

    def loaded(self, version: str, /) -> None:
        """Note that a version is loaded, or that one that was is champion now."""

    def refused(self, version: str, reason: str, /) -> None:
        """Note that a version cannot be had, and why."""


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
    from model_store.serving.predictor import Predictor  # noqa: PLC0415

    predictor = Predictor.load(store, version)
    # Here in the side thread nobody waits for it.
    predictor.prepare_reasons()
    _set_apart()
    return predictor


def _set_apart() -> None:
    """Take what is loaded out of the collector's sight, until the next version comes.

    Outputs are many small objects, and each look for garbage among them would be one
    through the model and its libraries too: a quarter of what a house of a batch costs.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def passes(error: BaseException) -> bool:
    """Tell whether a version may be had later: the store could not be read."""
    return isinstance(error, StoreError) and not isinstance(error, UnknownModel)


def reason_of(error: BaseException) -> str:
    """Return for the log why a version cannot be had.

    In the store's own words; those of an unknown exception might quote anything.
    """
    return str(error) if isinstance(error, ModelStoreError) else f"\n{frames_of(error)}"


def short_reason_of(error: BaseException) -> str:
    """Return the same in one line, for whoever operates the service."""
    if isinstance(error, ModelStoreError):
        return str(error)
    return f"{type(error).__name__} while it was loaded; a worker's log says where"


def load_and_tell(
    store: ModelStore,
    version: str,
    load_predictor: Callable[..., Pricing],
    report: Report,
) -> Pricing:
    """Load a version and report what became of it.

    Raises:
        Exception: The version cannot be had; reported unless it `passes`.
    """
    try:
        predictor = load_predictor(store, version)
    except Exception as error:
        if not passes(error):
            report.refused(version, short_reason_of(error))
        raise
    report.loaded(version)
    return predictor


def _is_had(future: Future[Pricing]) -> bool:
    return future.done() and not future.cancelled() and not future.exception()


@dataclass(frozen=True, slots=True)
class _Refusal:
    """A champion that cannot be had, and when it is worth another try."""

    aliases: Aliases
    error: Exception
    pause_s: float
    again_at: float


class Predictors:
    """Loads model versions in a side thread, so that pricing goes on meanwhile.

    While the champion is refused, what was loaded before goes on pricing; a worker
    that has just started takes the champion before.

    Args:
        store: Where the versions are.
        load_predictor: Called with the store and a version id.
        report: Told of every version that is loaded or refused.
        has_shadows: Whether the challenger is loaded, though it may have no share.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        store: ModelStore,
        load_predictor: Callable[..., Pricing],
        report: Report,
        *,
        has_shadows: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._load = load_predictor
        self._report = report
        self._has_shadows = has_shadows
        self._clock = clock
        self._loaded: collections.OrderedDict[str, Future[Pricing]] = (
            collections.OrderedDict()
        )
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        #: The champion, or what stands in for it.
        self._champion: str | None = None
        #: The champion to be, while it loads.
        self._coming: str | None = None
        self._refusal: _Refusal | None = None
        #: The challenger to be loaded, and when it is worth another try.
        self._challenger: str | None = None
        self._challenge_at = -math.inf
        self._thread = StoreThread(clock=clock)

    def start(self) -> None:
        """Begin to follow the store's champion."""
        threading.Thread(
            target=self._follow, name="follow-champion", daemon=True
        ).start()

    def stop(self) -> None:
        """Stop following; what is loaded stays usable."""
        self._stopped.set()
        self._thread.stop()

    @property
    def ready(self) -> bool:
        """Tell whether the champion, or what stands in for it, is loaded."""
        with self._lock:
            future = self._loaded.get(self._champion or "")
        return future is not None and future.done() and not future.exception()

    @property
    def challenger(self) -> tuple[str, Pricing] | None:
        """The challenger's version and predictor, where it is loaded."""
        with self._lock:
            version = self._challenger
            future = self._loaded.get(version or "")
        if version is None or future is None or not _is_had(future):
            return None
        return version, future.result()

    @property
    def hang(self) -> bool:
        """Tell whether nothing will be loaded in this process any more."""
        return self._thread.hangs

    def request(self, version: str, *, urgent: bool = False) -> Future[Pricing]:
        """Return the version's predictor, or the promise of it.

        The future raises `ModelStoreError` where the version cannot be had. A failed
        load is forgotten, so that the next request tries again.
        """
        with self._lock:
            future = self._loaded.get(version)
            if future is None or (future.done() and future.exception()):
                future = self._thread.ask(self._load_version, version, urgent=urgent)
                self._loaded[version] = future
            self._loaded.move_to_end(version)
            for kept in (self._challenger, self._champion, self._coming):
                if kept is not None and kept in self._loaded:
                    self._loaded.move_to_end(kept)
            while len(self._loaded) > _KEPT:
                self._loaded.popitem(last=False)
            return future

    def _load_version(self, version: str) -> Pricing:
        try:
            return load_and_tell(self._store, version, self._load, self._report)
        except Exception:
            # A version that cannot be had takes no other's place.
            with self._lock:
                self._loaded.pop(version, None)
            raise

    def _follow(self) -> None:
        told = None
        while not self._stopped.is_set():
            try:
                trouble = self._follow_once()
            except Exception as error:  # noqa: BLE001 - without this thread the worker would wait for ever
                trouble = error
            if self._stopped.is_set():
                return
            if trouble is None:
                told = None
            elif repr(trouble) != told:
                told = repr(trouble)
                _log.warning("champion_not_loaded", reason=reason_of(trouble))
            self._stopped.wait(_LOOK_EVERY_S)

    def _follow_once(self) -> Exception | None:
        """Load the champion unless it is loaded; return why it cannot be had."""
        aliases = self._thread.ask(self._store.aliases, urgent=True).result()
        if aliases.champion is None:
            return None
        if aliases.champion == self._champion and self.ready:
            is_tried = self._has_shadows or aliases.share
            self._have_challenger(aliases.challenger if is_tried else None)
            return None
        error = self._try(aliases.champion, aliases)
        if error is not None and aliases.previous is not None and not self.ready:
            self._serve(aliases.previous)
        return error

    def _have_challenger(self, version: str | None) -> None:
        """Have the challenger loaded, and wait for nothing; try a refused one later."""
        with self._lock:
            is_new, self._challenger = version != self._challenger, version
            future = self._loaded.get(version or "")
        if version is None or (future and (not future.done() or _is_had(future))):
            return
        if is_new or self._clock() >= self._challenge_at:
            self._challenge_at = self._clock() + _AGAIN_MOST_S
            self.request(version)

    def _try(self, champion: str, aliases: Aliases) -> Exception | None:
        # Anything that was promoted since is worth a try at once.
        held = self._refusal
        before = held if held and held.aliases == aliases else None
        if before and self._clock() < before.again_at:
            return before.error
        try:
            self._serve(champion)
        except Exception as error:  # noqa: BLE001 - returned, for the caller goes on
            self._refusal = None
            if not passes(error):
                pause_s = min(2 * before.pause_s, _AGAIN_MOST_S) if before else _AGAIN_S
                again_at = self._clock() + pause_s
                self._refusal = _Refusal(aliases, error, pause_s, again_at)
            return error
        self._refusal = None
        return None

    def _serve(self, version: str) -> None:
        with self._lock:
            self._coming = version
            held = self._loaded.get(version)
        # A load reports itself; the API waits for news of what was loaded long ago too.
        was_loaded = held is not None and held.done() and not held.exception()
        try:
            self.request(version, urgent=True).result()
            with self._lock:
                self._champion = version
        finally:
            with self._lock:
                self._coming = None
        if was_loaded:
            self._report.loaded(version)
        _log.info("champion_loaded", version=version)
