"""An installation that prices and delivers, and what a test looks at in it."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
import redis as redis_py

from model_store.store import ModelStore
from tests.system.installation import Installation
from worker import keys
from worker.jobs import Job, Submission
from worker.keys import WEBHOOKS
from worker.queue import Queue
from worker.settings import WorkerSettings
from worker.supervision.child import Child
from worker.webhooks.deliveries import Deliveries, Delivery
from worker.webhooks.keyring import Keyring

TENANT, DEFAULT = "acme", "default:acme"


@dataclass
class Service:
    """An installation whose houses are priced; its events a test has delivered."""

    place: Installation
    store: ModelStore
    redis: redis_py.Redis
    settings: WorkerSettings

    def deliver(self) -> Child:
        """Start a worker that delivers."""
        return self.place.start(self.place.stack.webhooks_worker())

    def submit(self, webhook: str | None = None) -> str:
        """Submit a house; return the prediction's id."""
        version = self.store.resolve("champion")
        card = self.store.card(version)
        submission = Submission(
            id=str(uuid.uuid4()),
            tenant=TENANT,
            model=card.name,
            version=version,
            input=orjson.dumps(card.schema.example),
            webhook=webhook,
        )
        return Queue(self.redis, self.settings).submit(submission).job.id

    def job(self, job_id: str) -> Job:
        """Return a job as it is now."""
        return Queue(self.redis, self.settings).find(TENANT, job_id)

    def polled(self, job_id: str) -> dict[str, Any]:
        """Return what a poll tells of a job."""
        url = self.place.stack.environment["KERBSIDE_PUBLIC_URL"]
        body: dict[str, Any] = orjson.loads(self.job(job_id).public(url))
        return body

    def log(self, endpoint: str = DEFAULT) -> list[Delivery]:
        """Return the deliveries to an endpoint, newest first."""
        return Deliveries(self.redis, self.settings).page(endpoint, limit=100)

    @property
    def secret(self) -> str:
        """What signs the events of requests' own webhooks."""
        return Keyring(self.redis, self.settings).default(TENANT)

    def is_delivered(self, job_id: str) -> bool:
        """Tell whether a poll says that the event has arrived."""
        return self.polled(job_id).get("webhook_status") == "delivered"

    def end_leases(self) -> None:
        """Let the leases of all deliveries in hand end now."""
        running = keys.lane_key("running", WEBHOOKS)
        held: Any = self.redis.zrange(running, 0, -1)
        assert held
        self.redis.zadd(running, dict.fromkeys(held, 1))


Serve = Callable[..., Service]
