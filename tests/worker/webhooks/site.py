"""The queue, the endpoints and the deliveries that a test works with."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.worker.conftest import clock, submission
from worker import keys
from worker.jobs import Job
from worker.keys import PREDICTIONS, WEBHOOKS
from worker.leases import Completion, Lease
from worker.ledger import Ledger
from worker.queue import Queue
from worker.settings import WorkerSettings
from worker.webhooks.deliveries import Deliveries, Delivery, Verdict
from worker.webhooks.endpoints import Endpoint, Endpoints, Wanted

URL = "https://receiver.example/hook"
DELIVERED = Verdict("delivered")


@dataclass
class Site:
    """The queue, the endpoints and the deliveries of one installation."""

    #: Their types know no difference between now and later.
    redis: Any
    settings: WorkerSettings
    queue: Queue
    book: Ledger
    endpoints: Endpoints
    deliveries: Deliveries

    def submit(self, **changes: object) -> Job:
        """Submit a made-up house of tenant `acme`."""
        return self.queue.submit(submission(**changes)).job

    def start(self) -> Sequence[Lease]:
        """Claim whatever is to be priced."""
        return self.book.claim(PREDICTIONS, limit=100, worker="w").leases

    def price(self, **changes: object) -> Job:
        """Submit a house and price it."""
        job = self.submit(**changes)
        self.finish(self.start())
        return self.queue.find(job.tenant, job.id)

    def finish(self, leases: Sequence[Lease]) -> None:
        """Write a price for each."""
        done = [Completion(lease=lease, output=b'{"price":1}') for lease in leases]
        self.book.complete(PREDICTIONS, done)

    def endpoint(self, *events: str, tenant: str = "acme", url: str = URL) -> Endpoint:
        """Register an endpoint."""
        wanted = Wanted(url=url, events=events or ("*",))
        return self.endpoints.create(tenant, wanted)[0]

    def take(self, limit: int = 100) -> Sequence[Lease]:
        """Claim deliveries."""
        found = self.deliveries.ledger.claim(WEBHOOKS, limit=limit, worker="d")
        assert not found.strays
        return found.leases

    def end_next(self, verdict: Verdict = DELIVERED) -> str | None:
        """Claim one delivery, and write what became of the attempt."""
        (lease,) = self.take()
        return self.end(lease, verdict)

    def end(self, lease: Lease, verdict: Verdict = DELIVERED) -> str | None:
        """Write what became of an attempt."""
        logged: dict[str, Any] = {"at": 1, "status_code": 200}
        return self.deliveries.attempted(lease, verdict, logged)

    def log(self, endpoint: str) -> list[Delivery]:
        """Return the deliveries to an endpoint, newest first."""
        return self.deliveries.page(endpoint, limit=1000)

    def record(self, job_id: str) -> dict[bytes, bytes]:
        """Return a ledger hash."""
        found: dict[bytes, bytes] = self.redis.hgetall(keys.job_key(job_id))
        return found

    def now_ms(self) -> int:
        """Return Redis's time in ms since the epoch."""
        return clock(self.redis)

    def hurry(self) -> None:
        """Let the time come that deliveries and destinations wait for."""
        for key in (f"kerbside:scheduled:{WEBHOOKS}", f"kerbside:cooling:{WEBHOOKS}"):
            for member in self.redis.zrange(key, 0, -1):
                self.redis.zadd(key, {member: 1})
                paused = f"kerbside:destination:{member.decode()}"
                if self.redis.hexists(paused, "paused_until"):
                    self.redis.hset(paused, "paused_until", 1)
