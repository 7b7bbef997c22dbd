"""Tells a tenant that all its properties have been valued anew."""

import hashlib
import time

import redis

from model_store.errors import UnknownModel
from model_store.store import ModelStore
from worker.settings import WorkerSettings
from worker.unstored import Unstored
from worker.webhooks import payload
from worker.webhooks.deliveries import Deliveries
from worker.webhooks.event_types import REVALUED

#: Of those that are told: a canceled one is followed by another, or its client did it.
_TOLD = {"completed", "failed"}


class RevaluedNews:
    """Tells each revaluation once, however often it is asked to.

    Args:
        client: Where deliveries are written down.
        settings: What they are written down by.
        store: Where the model versions are.
    """

    def __init__(
        self, client: redis.Redis, settings: WorkerSettings, store: ModelStore
    ) -> None:
        self._deliveries = Deliveries(client, settings)
        self._store = store

    def tell(self, one: Unstored) -> None:
        """Tell of a revaluation that is stored.

        Raises:
            redis.RedisError: Redis cannot be reached, or takes no writes.
            StoreError: The store cannot be read.
        """
        batch = one.batch
        if batch.status not in _TOLD:
            return
        event_id = "evt_" + hashlib.sha256(batch.id.encode()).hexdigest()[:32]
        data = {
            "batch": batch.id,
            "model": batch.model,
            "version": batch.version,
            "properties": batch.rows,
            "stored": batch.stored,
            "failed": batch.failed,
            "compared": int(one.counts["compared"]),
            "moved": int(one.counts["moved"]),
            "value_before": round(one.counts["value_before"]),
            "value_after": round(one.counts["value_after"]),
            "currency": self._currency(batch.version),
        }
        body = payload.event(REVALUED, round(time.time() * 1000), data)
        self._deliveries.publish(one.tenant, event_id, REVALUED, body)

    def _currency(self, version: str) -> str | None:
        try:
            return self._store.card(version).currency
        except UnknownModel:
            # It was removed since, and the news is none the less true.
            return None
