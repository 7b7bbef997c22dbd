"""Which idle worker is woken, and when none needs to be, on a real server."""

import time
from collections.abc import Callable

import redis as redis_py

from tests.worker.conftest import claimed
from worker import ledger
from worker.jobs import Job
from worker.keys import PREDICTIONS

Submit = Callable[..., Job]


def test_one_bell_rings_at_a_time(
    book: ledger.Ledger, submit: Submit, redis: redis_py.Redis
) -> None:
    """Submits wake one idle worker, which wakes the next while work is left."""
    bell = f"kerbside:bell:{PREDICTIONS}"
    for _ in range(3):
        submit()
    assert redis.llen(bell) == 1
    assert book.wait_for_bell(PREDICTIONS, timeout_s=0.05)
    claimed(book, limit=1)
    assert redis.llen(bell) == 1
    assert book.wait_for_bell(PREDICTIONS, timeout_s=0.05)
    claimed(book)
    assert not book.wait_for_bell(PREDICTIONS, timeout_s=0.05)


def test_a_worker_that_is_back_at_once_spares_the_others_the_bell(
    book: ledger.Ledger, submit: Submit, redis: redis_py.Redis
) -> None:
    """What comes while it prices is its next batch, until it finds nothing more."""
    bell = f"kerbside:bell:{PREDICTIONS}"

    def claim(worker: str) -> int:
        found = book.claim(PREDICTIONS, limit=9, worker=worker, back_in_ms=60_000)
        return len(found.leases)

    submit()
    assert book.wait_for_bell(PREDICTIONS, timeout_s=0.05)
    assert claim("brisk") == 1
    assert claim("other") == 0
    submit()
    submit()
    assert redis.llen(bell) == 0
    assert claim("brisk") == 2
    assert claim("brisk") == 0
    submit()
    assert redis.llen(bell) == 1


def test_a_worker_that_does_not_come_back_is_soon_not_counted_on(
    book: ledger.Ledger, submit: Submit, redis: redis_py.Redis
) -> None:
    """The next submit wakes another, although jobs wait already."""
    submit()
    assert book.wait_for_bell(PREDICTIONS, timeout_s=0.05)
    book.claim(PREDICTIONS, limit=9, worker="killed", back_in_ms=20)
    submit()
    time.sleep(0.03)
    submit()
    assert redis.llen(f"kerbside:bell:{PREDICTIONS}") == 1
