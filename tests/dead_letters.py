"""Dead letters as the ledger makes them."""

import redis

from tests.worker.conftest import claimed, lose_worker, submission
from worker import ledger, queue


def made(
    front_desk: queue.Queue,
    book: ledger.Ledger,
    client: redis.Redis,
    count: int = 1,
    **changes: object,
) -> list[str]:
    """Submit houses whose workers die, all of one tick, and return their ids."""
    jobs = [front_desk.submit(submission(**changes)).job for _ in range(count)]
    ids = [job.id for job in jobs]
    for _ in range(ledger.CRASHES_ALLOWED):
        # A job that crashed twice is claimed alone.
        while claimed(book, limit=count):
            pass
        lose_worker(book, client, *ids)
    return ids
