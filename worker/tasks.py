"""Celery tasks: the upkeep that beat calls, and pricing as a stock worker runs it."""

import functools
import logging
from typing import Any

from celery import shared_task

from model_store.store import ModelStore
from worker import celery as wire
from worker import connection, ledger, pricing

_log = logging.getLogger(__name__)


# Without events: a tick a second would push everything else out of Flower's memory.
@shared_task(name=wire.REAP, bind=True, send_events=False)
def reap(self: Any) -> None:
    """Tend every lane of the ledger and watch Redis's memory."""
    book = _ledger(self.app)
    for lane in ledger.LANES:
        tick = book.reap(lane)
        if tick and tick != ledger.Tick():
            _log.warning("lane_tended: %s %s", lane, tick)
    if book.watch_memory():
        _log.warning("memory_short: new jobs are refused")


@shared_task(name=wire.PRICE, bind=True)
def price(self: Any, *_: Any) -> None:
    """Price the job whose id the message carries, on a worker without the bootstep."""
    book, job_id = _ledger(self.app), self.request.id
    claim = book.claim(
        ledger.PREDICTIONS, limit=1, worker=self.request.hostname, job_id=job_id
    )
    if claim.leases:
        done = pricing.price(claim.leases, functools.partial(_predictor, self.app))
        book.complete(ledger.PREDICTIONS, done)


@functools.cache
def _ledger(app: wire.KerbsideCelery) -> ledger.Ledger:
    client = connection.connect(app.settings.redis_url, role="worker")
    return ledger.Ledger(client, app.settings)


@functools.lru_cache(maxsize=3)
def _predictor(app: wire.KerbsideCelery, version: str) -> Any:
    return app.load_predictor(ModelStore(app.settings.model_store_url()), version)
