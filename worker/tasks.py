"""Celery tasks: the upkeep that beat calls, and pricing as a stock worker runs it."""

import contextlib
import functools
import time
from typing import Any

import redis
from celery import shared_task

from model_store import logs
from model_store.store import ModelStore
from worker import celery as wire
from worker import connection, keys, ledger, predictors, pricing, upkeep
from worker.batch_files import BatchFiles
from worker.chunks import Chunks
from worker.drift_watch import DriftWatch
from worker.versions import Versions
from worker.webhooks.courier import Courier
from worker.webhooks.deliveries import Deliveries
from worker.webhooks.keyring import Keyring
from worker.webhooks.sender import Sender

#: Seconds before a stock worker goes on after a job that it gave back.
_PAUSE_S = 1.0

_log = logs.logger(__name__)


# Without events: a tick a second would push everything else out of Flower's memory.
@shared_task(name=wire.REAP, bind=True, send_events=False)
def reap(self: Any) -> None:
    """Tend the ledger, unseen."""
    upkeep.tend(_ledger(self.app), self.app.metrics)


@shared_task(name=wire.TEND, bind=True)
def tend(self: Any) -> None:
    """Tend the ledger, seen: operators find the upkeep in Flower, and its faults."""
    upkeep.tend(_ledger(self.app), self.app.metrics)


@shared_task(name=wire.ERRAND, bind=True)
def errand(self: Any, name: str) -> None:
    """Begin an errand; its thread goes on when this task has long ended."""
    self.app.errands.begin(name)


@shared_task(name=wire.WATCH_DRIFT, bind=True)
def watch_drift(self: Any) -> None:
    """Look whether the houses that are priced have changed."""
    _drift_watch(self.app).look()


@shared_task(name=wire.PRICE, bind=True)
def price(self: Any, *_: Any) -> None:
    """Price the job whose id the message carries, on a worker without the bootstep."""
    book, job_id = _ledger(self.app), self.request.id
    lane, worker = keys.PREDICTIONS, f"{self.request.hostname}:{job_id}"
    try:
        # Redis may have made a claim whose answer never came.
        claim = book.claim(lane, limit=1, worker=worker, job_id=job_id)
        if claim.leases:
            predictor = _predictor(self.app, claim.leases[0].version)
            book.complete(lane, pricing.price(claim.leases, predictor))
    except Exception:
        # The error that led here is the one to tell; a lease also ends by itself.
        with contextlib.suppress(redis.RedisError):
            book.release(lane, worker=worker)
        # Given back it comes first again: while the store is away it must not spin.
        time.sleep(_PAUSE_S)
        raise


@shared_task(name=wire.DELIVER, bind=True)
def deliver(self: Any, *_: Any) -> None:
    """Make the delivery whose id the message carries, without the bootstep."""
    deliveries, job_id = _deliveries(self.app), self.request.id
    book = deliveries.ledger
    worker = f"{self.request.hostname}:{job_id}"
    claim = book.claim(keys.WEBHOOKS, limit=1, worker=worker, job_id=job_id)
    for lease, record in zip(claim.leases, deliveries.load(claim.leases), strict=True):
        _courier(self.app).deliver(lease, record, endure=lambda _: False)


@shared_task(name=wire.PRICE_CHUNK, bind=True)
def price_chunk(self: Any, *_: Any) -> None:
    """Price the chunk whose id the message carries, without the bootstep."""
    book, job_id = _ledger(self.app), self.request.id
    lane, worker = keys.BATCHES, f"{self.request.hostname}:{job_id}"
    claim = book.claim(lane, limit=1, worker=worker, job_id=job_id)
    for lease in claim.leases:
        try:
            done = _chunks(self.app).price(
                lease, beat=lambda: book.renew(lane, claim.leases)
            )
        except Exception:
            # As in `price`.
            with contextlib.suppress(redis.RedisError):
                book.release(lane, worker=worker)
            time.sleep(_PAUSE_S)
            raise
        book.complete(lane, [done])


@functools.cache
def _deliveries(app: wire.KerbsideCelery) -> Deliveries:
    client = connection.connect(app.settings.redis_url, role="worker")
    return Deliveries(client, app.settings)


@functools.cache
def _drift_watch(app: wire.KerbsideCelery) -> DriftWatch:
    client = connection.connect(app.settings.redis_url, role="worker")
    store = ModelStore.from_settings(app.settings)
    return DriftWatch(client, app.settings, store)


@functools.cache
def _courier(app: wire.KerbsideCelery) -> Courier:
    client = connection.connect(app.settings.redis_url, role="worker")
    return Courier(
        _deliveries(app),
        Keyring(client, app.settings),
        Sender(app.settings),
        app.settings,
        app.metrics,
    )


@functools.cache
def _ledger(app: wire.KerbsideCelery) -> ledger.Ledger:
    client = connection.connect(app.settings.redis_url, role="worker")
    return ledger.Ledger(client, app.settings)


@functools.cache
def _chunks(app: wire.KerbsideCelery) -> Chunks:
    files = BatchFiles(str(app.settings.batches_url))
    store = ModelStore.from_settings(app.settings)
    return Chunks(files, store, app.load_predictor)


def _predictor(app: wire.KerbsideCelery, version: str) -> predictors.Pricing:
    try:
        return _loaded(app, version)
    except Exception as error:
        if predictors.passes(error):
            raise
        reason = predictors.reason_of(error)
        _log.error("version_not_loaded", version=version, reason=reason)
        return predictors.Unloadable(version)


@functools.lru_cache(maxsize=3)
def _loaded(app: wire.KerbsideCelery, version: str) -> predictors.Pricing:
    store = ModelStore.from_settings(app.settings)
    return predictors.load_and_tell(store, version, app.load_predictor, _report(app))


@functools.cache
def _report(app: wire.KerbsideCelery) -> Versions:
    client = connection.connect(app.settings.redis_url, role="worker")
    return Versions(client, app.settings)
