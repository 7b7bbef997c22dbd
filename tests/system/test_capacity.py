"""What a job costs Redis is what the documentation plans with."""

import json
import uuid
from typing import Any

import pytest
import redis as redis_py

from model_store import dataset
from model_store.store import ModelStore
from worker import predictors, pricing
from worker.jobs import Submission
from worker.keys import PREDICTIONS
from worker.ledger import Ledger
from worker.queue import Queue

_JOBS = 3000
#: Bytes of a finished job with a key, by docs/howto/own-redis.md.
_VALKEY_9, _REDIS_7 = 3300, 4100


def test_a_finished_job_takes_the_documented_memory(
    front_desk: Queue, book: Ledger, redis: redis_py.Redis, store: ModelStore
) -> None:
    """Record, tombstone, key and the tenant's entry, by the server's own figure."""
    server: Any = redis
    version = store.resolve("champion")
    predictor = predictors.load(store, version)
    sales = dataset.load()
    before = server.info("memory")["used_memory"]

    for row in range(_JOBS):
        front_desk.submit(
            Submission(
                id=str(uuid.uuid4()),
                tenant="acme",
                model="king-county",
                version=version,
                alias="champion",
                input=json.dumps(sales.house(row)).encode(),
                fingerprint="0" * 32,
                idempotency_key=str(uuid.uuid4()),
            )
        )
    while leases := book.claim(PREDICTIONS, limit=128, worker="test").leases:
        book.complete(PREDICTIONS, pricing.price(leases, predictor))

    taken = server.info("memory")["used_memory"] - before
    is_valkey = server.info("server").get("server_name") == "valkey"
    said = _VALKEY_9 if is_valkey else _REDIS_7
    assert taken / _JOBS == pytest.approx(said, rel=0.25)
