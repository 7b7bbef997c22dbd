"""The laws of waiting for a job, on a real subscription."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis as redis_py

from api.waiting import Waiting
from tests.worker.conftest import submission
from worker import connection
from worker.jobs import Job
from worker.keys import PREDICTIONS
from worker.leases import Completion
from worker.ledger import Ledger
from worker.queue import Queue

Wait = Callable[[str, float], Job]


@pytest.fixture
def waiting(redis_url: str) -> Iterator[Waiting]:
    """Return what requests wait with, its listener not started yet."""
    client = connection.connect(redis_url, role="listener")
    waiting = Waiting(client, capacity=4)
    yield waiting
    waiting.stop()


@pytest.fixture
def job_id(front_desk: Queue) -> str:
    """Return the id of an open job."""
    return front_desk.submit(submission()).job.id


@pytest.fixture
def wait(waiting: Waiting, front_desk: Queue) -> Wait:
    """Return a function that waits for a job."""

    def wait(job_id: str, seconds: float) -> Job:
        with waiting.waiter(job_id) as waiter:
            assert waiter is not None
            return waiter.wait(seconds, lambda: front_desk.find("acme", job_id))

    return wait


def complete(book: Ledger) -> None:
    """Finish every waiting job."""
    leases = book.claim(PREDICTIONS, limit=10, worker="w").leases
    book.complete(PREDICTIONS, [Completion(lease=one, output=b"{}") for one in leases])


def test_a_waiter_wakes_at_the_end_of_its_job(
    wait: Wait, job_id: str, book: Ledger
) -> None:
    """Long before its own next look."""
    worker = threading.Timer(0.3, complete, [book])
    worker.start()
    started = time.monotonic()

    job = wait(job_id, 20)

    worker.join()
    assert job.state.is_terminal
    assert time.monotonic() - started < 2


def test_a_waiter_gives_up_at_its_time(wait: Wait, job_id: str) -> None:
    """It returns the job as it then is."""
    started = time.monotonic()

    job = wait(job_id, 0.3)

    assert not job.state.is_terminal
    assert 0.25 < time.monotonic() - started < 1


def test_an_end_before_the_subscription_is_not_missed(
    waiting: Waiting, front_desk: Queue, job_id: str, book: Ledger
) -> None:
    """Whoever waits when the listener begins to hear looks again."""
    started = time.monotonic()
    with waiting.waiter(job_id) as waiter:
        assert waiter is not None
        complete(book)

        job = waiter.wait(20, lambda: front_desk.find("acme", job_id))

    assert job.state.is_terminal
    assert time.monotonic() - started < 2


def test_the_listener_survives_the_loss_of_its_connection(
    wait: Wait, job_id: str, book: Ledger, redis: redis_py.Redis
) -> None:
    """It subscribes again, and whoever waited meanwhile looks."""
    wait(job_id, 0.2)
    redis.client_kill_filter(_type="pubsub")
    started = time.monotonic()
    worker = threading.Timer(0.1, complete, [book])
    worker.start()

    job = wait(job_id, 20)

    worker.join()
    assert job.state.is_terminal
    assert time.monotonic() - started < 3


def test_waiters_of_one_job_all_wake(
    waiting: Waiting, front_desk: Queue, job_id: str, book: Ledger
) -> None:
    """As many as there are places."""

    def wait() -> Job:
        with waiting.waiter(job_id) as waiter:
            assert waiter is not None
            return waiter.wait(20, lambda: front_desk.find("acme", job_id))

    started = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(wait) for _ in range(4)]
        time.sleep(0.3)
        complete(book)

    assert all(job.result().state.is_terminal for job in jobs)
    assert time.monotonic() - started < 3


def test_more_than_the_capacity_do_not_wait(waiting: Waiting) -> None:
    """The rest is told so at once, and a place is free again afterwards."""
    places = [waiting.waiter(str(number)) for number in range(5)]
    waiters = [place.__enter__() for place in places]

    assert [waiter is None for waiter in waiters] == [False] * 4 + [True]
    for place in places:
        place.__exit__(None, None, None)
    with waiting.waiter("again") as waiter:
        assert waiter is not None


def test_a_stop_lets_everybody_answer(
    waiting: Waiting, front_desk: Queue, job_id: str
) -> None:
    """A process that ends does not hold its clients."""
    stop = threading.Timer(0.3, waiting.stop)
    stop.start()
    started = time.monotonic()

    with waiting.waiter(job_id) as waiter:
        assert waiter is not None
        job = waiter.wait(20, lambda: front_desk.find("acme", job_id))

    stop.join()
    assert not job.state.is_terminal
    assert time.monotonic() - started < 2


def test_a_waiter_that_fails_leaves_its_place(waiting: Waiting) -> None:
    """An error in a request costs no place for ever."""

    def fail() -> None:
        with waiting.waiter("x") as waiter:
            assert waiter is not None
            raise ZeroDivisionError

    for _ in range(10):
        with pytest.raises(ZeroDivisionError):
            fail()
