"""An installation with an archive, as a test works with it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from model_store.archive.archive import Archive
from model_store.archive.prediction import Prediction
from tests.worker.conftest import lose_worker, submission
from worker import keys, ledger
from worker.archiving import Archiving
from worker.feed import Entry, Feed
from worker.jobs import Job
from worker.keys import PREDICTIONS
from worker.leases import Completion
from worker.ledger import Ledger
from worker.queue import Queue
from worker.settings import WorkerSettings

#: What a worker writes for a priced house; its bytes are to stay as they are.
OUTPUT = b'{"price":612000.50,"currency":"USD"}'


class Meanwhile(Archive):
    """An archive; once, before or after it writes jobs, something else happens."""

    def __init__(self, inner: Archive, act: Callable[[], object], when: str) -> None:
        super().__init__(inner.database.place)
        write = self.predictions.upsert
        acts: dict[str, Callable[[], object]] = {when: act}

        def upsert(rows: Iterable[Prediction]) -> None:
            read = list(rows)
            acts.pop("before", bool)()
            write(read)
            acts.pop("after", bool)()

        self.predictions.upsert = upsert  # type: ignore[method-assign]


@dataclass
class Site:
    """The queue, the feed and the archive of one installation."""

    #: Their types know no difference between now and later.
    redis: Any
    settings: WorkerSettings
    queue: Queue
    book: Ledger
    feed: Feed
    archive: Archive
    archiving: Archiving

    def submit(self, **changes: object) -> Job:
        """Submit a made-up house of tenant `acme`."""
        return self.queue.submit(submission(**changes)).job

    def finish(self, *, error: str = "", output: bytes = OUTPUT) -> None:
        """Price whatever waits, or have the model fail it."""
        leases = self.book.claim(PREDICTIONS, limit=100, worker="w").leases
        how: dict[str, Any] = {"error": error} if error else {"output": output}
        self.book.complete(
            PREDICTIONS, [Completion(lease=lease, **how) for lease in leases]
        )

    def price(self, **changes: object) -> Job:
        """Submit a house and price it."""
        job = self.submit(**changes)
        self.finish()
        return self.queue.find(job.tenant, job.id)

    def fail(self, **changes: object) -> Job:
        """Submit a house that the model fails."""
        job = self.submit(**changes)
        self.finish(error="No.")
        return self.queue.find(job.tenant, job.id)

    def bury(self, job: Job) -> Job:
        """Let a waiting job lose as many workers as is allowed."""
        for _ in range(ledger.CRASHES_ALLOWED):
            self.book.claim(PREDICTIONS, limit=1, worker="w")
            lose_worker(self.book, self.redis, job.id)
        return self.queue.find(job.tenant, job.id)

    def next(self) -> list[Entry]:
        """Take what waits in the feed."""
        return self.feed.next(200) if self.waiting() else []

    def take_up(self) -> None:
        """Archive whatever waits."""
        while self.waiting():
            entries = self.next()
            assert entries, "another reader has it in hand"
            self.archiving.take_up(entries)

    def waiting(self) -> int:
        """Return how many entries wait for the archive."""
        return int(self.redis.xlen(keys.FEED))

    def lapse(self, job: Job) -> None:
        """Archive all, and let the window of a job pass, and its tombstone's time."""
        self.take_up()
        names = (keys.job_key(job.id), keys.tombstone_key(job.id))
        for name in names:
            assert self.redis.ttl(name) > 0
        self.redis.delete(names[0])

    def lapse_wholly(self, job: Job) -> None:
        """Let pass whatever Redis knows of a job too."""
        self.lapse(job)
        self.redis.delete(keys.tombstone_key(job.id))
