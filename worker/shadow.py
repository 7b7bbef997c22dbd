"""Prices some of the champion's houses by the challenger too, behind its back.

The answer is written before, and nobody waits for what is made here: it is done in a
thread of its own, what it is behind with is dropped, and what fails is counted.
"""

import queue
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import orjson
import redis

from model_store import logs
from worker.errors import frames_of
from worker.leases import Completion
from worker.metrics import Metrics
from worker.outage import words_of
from worker.predictors import Pricing
from worker.shadow_totals import ShadowTotals

#: Houses that may wait, and that are priced in one call: thirty-two together take a
#: sixth of the CPU that they take one by one.
_WAITING, AT_ONCE = 64, 32
#: Seconds for which the first waits for the others.
_GATHER_S = 1.0
#: What is compared; a model that stands in for a trained one tells less.
_COMPARED = {"price", "interval", "fsd", "in_distribution"}

_log = logs.logger(__name__)


class Tried(Protocol):
    """Who knows the challenger, such as `predictors.Predictors`."""

    @property
    def challenger(self) -> tuple[str, Pricing] | None:
        """Version and predictor of the challenger, if there is one and it is loaded."""


@dataclass(frozen=True, slots=True)
class _Sample:
    job_id: str
    house: bytes
    served_version: str
    served_price: float


class Shadow:
    """Takes each n-th price of a worker, and has the challenger say its own.

    Args:
        models: Knows the challenger.
        totals: Where both are added.
        metrics: Where it is counted.
        every: Each how many; 0: none.
    """

    def __init__(
        self, models: Tried, totals: ShadowTotals, metrics: Metrics, *, every: int
    ) -> None:
        self._models = models
        self._totals = totals
        self._metrics = metrics
        self._every = every
        self._priced = 0
        # None ends the thread.
        self._samples: queue.Queue[_Sample | None] = queue.Queue(_WAITING)
        self._stopped = threading.Event()
        self._told = ""

    def start(self) -> None:
        """Begin to price, where anything is to be."""
        if self._every:
            threading.Thread(target=self._run, name="shadow", daemon=True).start()

    def stop(self) -> None:
        """Price nothing more; what waits is lost."""
        self._stopped.set()
        try:
            self._samples.put_nowait(None)
        except queue.Full:
            # The thread is awake, and looks whether it is stopped.
            return

    def note(self, completions: Sequence[Completion]) -> None:
        """Take note of a batch of one version that is written; never waits."""
        tried = self._models.challenger
        if not self._every or tried is None:
            return
        version, _ = tried
        if completions[0].lease.version == version:
            return
        first = -self._priced % self._every
        self._priced += len(completions)
        for done in completions[first :: self._every]:
            if done.prediction and done.prediction.keys() >= _COMPARED:
                self._offer(done, done.prediction)

    def _offer(self, done: Completion, prediction: Mapping[str, Any]) -> None:
        lease = done.lease
        sample = _Sample(lease.id, lease.input, lease.version, prediction["price"])
        try:
            self._samples.put_nowait(sample)
        except queue.Full:
            self._metrics.shadowed("dropped", 1)

    def _run(self) -> None:
        while (first := self._samples.get()) and not self._stopped.is_set():
            samples = [first, *self._others()]
            for version in {one.served_version for one in samples}:
                self._price([one for one in samples if one.served_version == version])

    def _others(self) -> Iterator[_Sample]:
        """Yield what comes within a while after the first."""
        end = time.monotonic() + _GATHER_S
        for _ in range(AT_ONCE - 1):
            left = end - time.monotonic()
            try:
                sample = self._samples.get(timeout=max(0.0, left))
            except queue.Empty:
                return
            if sample is None:
                return
            yield sample

    def _price(self, samples: Sequence[_Sample]) -> None:
        tried = self._models.challenger
        if tried is None:
            self._metrics.shadowed("dropped", len(samples))
            return
        try:
            self._compare(samples, *tried)
        except redis.RedisError as error:
            self._fail(samples, words_of(error))
        except Exception as error:  # noqa: BLE001 - the border to the model's own code
            self._fail(samples, f"\n{frames_of(error)}")
        else:
            self._told = ""

    def _compare(
        self, samples: Sequence[_Sample], version: str, predictor: Pricing
    ) -> None:
        began = time.thread_time()
        outputs = predictor.quote([orjson.loads(one.house) for one in samples])
        now_ms = time.time_ns() // 1_000_000
        rows = [
            _row(sample, version, output, now_ms)
            for sample, output in zip(samples, outputs, strict=True)
        ]
        cpu_s = time.thread_time() - began
        self._totals.add(rows, cpu_s=cpu_s)
        self._metrics.shadowed("priced", len(rows), cpu_s=time.thread_time() - began)

    def _fail(self, samples: Sequence[_Sample], reason: str) -> None:
        """Count what failed, and log why, once: a house may be one for which it does.

        The challenger's schema need not take what the champion's does.
        """
        self._metrics.shadowed("failed", len(samples))
        if reason != self._told:
            self._told = reason
            _log.warning("shadow_failed", reason=reason)


def _row(
    sample: _Sample, version: str, output: Mapping[str, Any], now_ms: int
) -> dict[str, Any]:
    interval = output["interval"]
    return {
        "prediction_id": sample.job_id,
        "version": version,
        "made_ms": now_ms,
        "price": output["price"],
        "low": interval["low"],
        "high": interval["high"],
        "level": interval["level"],
        "fsd": output["fsd"],
        "in_distribution": output["in_distribution"],
        "served_version": sample.served_version,
        "served_price": sample.served_price,
    }
