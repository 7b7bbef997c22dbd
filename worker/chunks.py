"""From a leased chunk of a batch to its files, and what the ledger is told of them."""

import gc
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import wait
from contextlib import contextmanager
from itertools import islice
from typing import Any

import orjson
import redis

from model_store import logs
from model_store.errors import StoreError
from model_store.schema import Schema
from model_store.store import ModelStore
from worker import predictors
from worker.batch_files import BatchFiles, FileLost, Row
from worker.batch_rows import Rows, WrongRow
from worker.errors import frames_of
from worker.leases import Completion, Lease
from worker.predictors import CannotPrice, Pricing
from worker.store_thread import StoreThread

#: Rows that are priced in one call, between two looks at the lease: what is made of
#: them is written before the processor's cache has lost it.
_AT_A_TIME = 128
#: Versions kept loaded: batches of a new champion may lie between those of the last.
_KEPT = 2
#: Seconds between two looks at the lease while a version is loaded.
_BEAT_S = 0.5
#: Seconds after which that is taken to hang: who yields to all others may be slow.
_HANGS_S = 600.0

#: What clients read of a fault of the service.
_FAULT = "The service failed at these rows: tell who runs it."

_Version = tuple[Schema, Pricing]

_log = logs.logger(__name__)


class Chunks:
    """Prices chunks; for one thread.

    Args:
        files: Where their rows lie and their results go.
        store: Where the model versions are.
        load_predictor: Called with the store and a version id.
        note: Called with a version and what has just priced houses by it.
    """

    def __init__(
        self,
        files: BatchFiles,
        store: ModelStore,
        load_predictor: Callable[[ModelStore, str], Pricing],
        *,
        note: Callable[[str, Pricing], None] = lambda *_: None,
    ) -> None:
        self._files = files
        self._store = store
        self._load = load_predictor
        self._note = note
        self._loaded: dict[str, _Version] = {}
        self._thread = StoreThread(hangs_s=_HANGS_S)

    @property
    def hangs(self) -> bool:
        """Tell whether no version will be loaded in this process any more."""
        return self._thread.hangs

    def stop(self) -> None:
        """Load nothing more."""
        self._thread.stop()

    def price(self, lease: Lease, *, beat: Callable[[], object]) -> Completion:
        """Price the rows of a chunk and write down what became of them.

        The files are written before the ledger is told, under a name that no other
        attempt has: until then nobody reads them.

        Args:
            lease: The chunk in hand.
            beat: Called time and again, to keep the lease.

        Raises:
            StoreError: Files or models are out of reach; it may be tried again.
        """
        began = time.perf_counter()
        told = orjson.loads(lease.input)
        batch_id, number = told["batch"], told["chunk"]
        try:
            pricing = self._priced(lease, told, beat)
        except (CannotPrice, FileLost) as error:
            return Completion(lease=lease, error=_words(error))
        except (StoreError, redis.RedisError):
            raise
        except Exception as error:  # noqa: BLE001 - a fault of our own ends one chunk
            # Given back, it would be first in line again, for ever.
            _log.error("chunk_failed", job_id=lease.id, frames=frames_of(error))
            return Completion(lease=lease, error=_FAULT)
        beat()
        self._files.write_results(
            batch_id, number, lease.fence, pricing.prices, pricing.refusals
        )
        counts = len(pricing.prices), len(pricing.refusals)
        return Completion(
            lease=lease,
            output=b"%d %d %d" % (lease.fence, *counts),
            predict_us=round((time.perf_counter() - began) * 1e6),
        )

    def _priced(
        self, lease: Lease, told: Mapping[str, Any], beat: Callable[[], object]
    ) -> "_Pricing":
        schema, predictor = self._version(lease.version, beat)
        rows = self._files.rows(told["batch"], told["chunk"])
        # Jobs of an earlier release say nothing of it.
        purpose = told.get("purpose", "predictions")
        reader = Rows(schema, told["columns"], purpose)
        pricing = _Pricing(reader, predictor, lease.alias)
        with _without_collector():
            while part := list(islice(rows, _AT_A_TIME)):
                beat()
                pricing.add(part)
        self._note(lease.version, predictor)
        return pricing

    def _version(self, version: str, beat: Callable[[], object]) -> _Version:
        """Return schema and predictor of a version.

        It may take long to load, where others want the processor too: the lease is kept
        meanwhile.

        Raises:
            CannotPrice: It cannot be had.
            StoreError: The store cannot be read.
        """
        if version not in self._loaded:
            promise = self._thread.ask(self._read, version)
            while not promise.done():
                wait([promise], timeout=_BEAT_S)
                beat()
            try:
                held = promise.result()
            except Exception as error:
                if predictors.passes(error):
                    raise
                reason = predictors.reason_of(error)
                _log.error("version_not_loaded", version=version, reason=reason)
                raise CannotPrice(
                    f"Model version {version} cannot be loaded."
                ) from error
            self._loaded[version] = held
        # The one that was used last is dropped last.
        self._loaded[version] = self._loaded.pop(version)
        while len(self._loaded) > _KEPT:
            del self._loaded[next(iter(self._loaded))]
        return self._loaded[version]

    def _read(self, version: str) -> _Version:
        return self._store.card(version).schema, self._load(self._store, version)


class _Pricing:
    """What became of the rows of a chunk so far, as JSON lines."""

    def __init__(self, rows: Rows, predictor: Pricing, alias: str | None) -> None:
        self._rows = rows
        self._predictor = predictor
        self._alias = alias
        self.prices: list[bytes] = []
        self.refusals: list[bytes] = []

    def add(self, part: Sequence[Row]) -> None:
        """Price some rows more."""
        names: list[tuple[int, str | None]] = []
        houses: list[Mapping[str, Any]] = []
        for line, row in part:
            try:
                custom_id, house = self._rows.read(row)
            except WrongRow as wrong:
                self._refuse(line, wrong.custom_id, wrong.errors)
            else:
                names.append((line, custom_id))
                houses.append(house)
        for (line, custom_id), output in zip(names, self._priced(houses), strict=True):
            if isinstance(output, Exception):
                self._refuse(line, custom_id, [_not_priced(output)])
                continue
            output["model"]["alias"] = self._alias
            told = {"line": line, "custom_id": custom_id, "output": output}
            self.prices.append(_line(told))

    def _priced(self, houses: Sequence[Mapping[str, Any]]) -> list[Any]:
        """Return the output of each house, or what the model raised on it.

        A call that raises is repeated by halves; see `pricing.price`.
        """
        if not houses:
            return []
        try:
            return list(self._predictor.predict(houses))
        except CannotPrice:
            raise
        except Exception as error:  # noqa: BLE001 - the border to the model's own code
            if len(houses) == 1:
                _log.error("model_error", frames=frames_of(error))
                return [error]
        middle = len(houses) // 2
        return [*self._priced(houses[:middle]), *self._priced(houses[middle:])]

    def _refuse(
        self, line: int, custom_id: str | None, errors: list[dict[str, Any]]
    ) -> None:
        told = {"line": line, "custom_id": custom_id, "errors": errors}
        self.refusals.append(_line(told))


@contextmanager
def _without_collector() -> Iterator[None]:
    """Look for no garbage meanwhile.

    Outputs are many small objects, and none of them is part of a cycle: to look at them
    again and again was a fifteenth of what a row costs.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _not_priced(error: Exception) -> dict[str, Any]:
    words = f"The model cannot price this house: {type(error).__name__}."
    return {"loc": [], "type": "model_error", "msg": words, "input": None}


def _line(told: dict[str, Any]) -> bytes:
    return orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE)


def _words(error: CannotPrice | StoreError) -> str:
    # A file's place is for the log alone.
    if isinstance(error, CannotPrice):
        return str(error)
    _log.error("rows_lost", error=str(error))
    return "The service has lost these rows."
