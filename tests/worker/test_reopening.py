"""The laws of retry, delete and ids of a client's own, on a real server."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis as redis_py

from tests.worker.conftest import claimed, lose_worker, submission, tend
from worker import keys, ledger, pauses, queue
from worker.errors import (
    IdTaken,
    JobGone,
    MemoryFull,
    NotRetryable,
    QueueFull,
    UnknownJob,
)
from worker.jobs import Job, State
from worker.keys import PREDICTIONS
from worker.leases import Completion
from worker.settings import WorkerSettings

Submit = Callable[..., Job]
OWN_ID = "0b5d3a52-5d8a-4c3e-9d5c-1f0e9a8b7c6d"


@pytest.fixture
def dead(submit: Submit, book: ledger.Ledger, redis: redis_py.Redis) -> str:
    """Return a job whose workers died as often as is allowed."""
    job = submit()
    for _ in range(ledger.CRASHES_ALLOWED):
        claimed(book)
        lose_worker(book, redis, job.id)
    return job.id


def test_a_retried_job_waits_anew_under_its_id(
    front_desk: queue.Queue, submit: Submit, book: ledger.Ledger
) -> None:
    """Its outcome is forgotten, its sequence and attempts go on, a worker gets it."""
    job = submit()
    lease = book.claim(PREDICTIONS, limit=1, worker="w").leases[0]
    book.complete(PREDICTIONS, [Completion(lease=lease, error="No.")])

    again = front_desk.retry("acme", job.id).job

    assert (again.state, again.detail, again.error) == (State.QUEUED, None, None)
    assert (again.sequence, again.attempts, again.position) == (4, 1, 1)
    assert (again.started_ms, again.completed_ms, again.expires_ms) == (None,) * 3
    assert claimed(book) == [job.id]
    assert front_desk.find("acme", job.id).attempts == 2


def test_a_retried_job_is_kept_until_it_ends_again(
    front_desk: queue.Queue, submit: Submit, redis: redis_py.Redis
) -> None:
    """Neither its time to live nor its tombstone is left of its earlier end."""
    job = submit()
    front_desk.cancel("acme", job.id)

    front_desk.retry("acme", job.id)

    assert redis.ttl(keys.job_key(job.id)) == -1
    assert not redis.exists(keys.tombstone_key(job.id))


def test_a_retried_dead_letter_is_none_and_may_crash_as_often_as_a_new_job(
    front_desk: queue.Queue, dead: str, book: ledger.Ledger, redis: redis_py.Redis
) -> None:
    """The budget of crashes is new."""
    assert redis.zcard("kerbside:dead:predictions") == 1

    front_desk.retry("acme", dead)

    assert redis.zcard("kerbside:dead:predictions") == 0
    for _ in range(ledger.CRASHES_ALLOWED - 1):
        assert claimed(book) == [dead]
        lose_worker(book, redis, dead)
    assert front_desk.find("acme", dead).state is State.RETRYING


def test_only_a_failed_or_canceled_job_can_be_retried(
    front_desk: queue.Queue, submit: Submit, book: ledger.Ledger
) -> None:
    """Open or priced: refused, and nothing changes; so one of two retries wins."""
    job = submit()
    with pytest.raises(NotRetryable) as caught:
        front_desk.retry("acme", job.id)
    assert caught.value.state == "queued"
    lease = book.claim(PREDICTIONS, limit=1, worker="w").leases[0]
    book.complete(PREDICTIONS, [Completion(lease=lease, output=b"{}")])
    before = front_desk.find("acme", job.id)

    with pytest.raises(NotRetryable):
        front_desk.retry("acme", job.id)

    assert front_desk.find("acme", job.id) == before


def test_a_retry_needs_a_job_of_ones_own(
    front_desk: queue.Queue, submit: Submit, redis: redis_py.Redis
) -> None:
    """Another tenant's is unknown; one whose record went is gone."""
    job = submit()
    front_desk.cancel("acme", job.id)
    with pytest.raises(UnknownJob):
        front_desk.retry("other", job.id)
    redis.delete(keys.job_key(job.id))
    with pytest.raises(JobGone):
        front_desk.retry("acme", job.id)


def test_a_retry_is_refused_like_a_submit(
    front_desk: queue.Queue,
    submit: Submit,
    redis: redis_py.Redis,
    settings: WorkerSettings,
) -> None:
    """A full queue or a full Redis takes no job anew either, and nothing is lost."""
    job = submit()
    front_desk.cancel("acme", job.id)
    submit()
    narrow = settings.model_copy(update={"queue_bound": 1})
    with pytest.raises(QueueFull):
        queue.Queue(redis, narrow).retry("acme", job.id)
    redis.set(keys.MEMORY_FULL, "memory")
    with pytest.raises(MemoryFull):
        front_desk.retry("acme", job.id)
    redis.delete(keys.MEMORY_FULL)
    redis.config_set("maxmemory", 1)
    try:
        with pytest.raises(MemoryFull):
            front_desk.retry("acme", job.id)
    finally:
        redis.config_set("maxmemory", 0)

    assert front_desk.find("acme", job.id).state is State.CANCELED


def test_a_late_job_can_be_retried_with_another_deadline(
    front_desk: queue.Queue, submit: Submit, book: ledger.Ledger, redis: redis_py.Redis
) -> None:
    """The deadline that has passed does not count again; a new one does."""
    job = submit(deadline_ms=1)
    while front_desk.find("acme", job.id).state is State.QUEUED:
        tend(book, redis)

    front_desk.retry("acme", job.id)
    tend(book, redis)
    assert front_desk.find("acme", job.id).state is State.QUEUED
    front_desk.cancel("acme", job.id)
    front_desk.retry("acme", job.id, deadline_ms=1)
    while front_desk.find("acme", job.id).state is State.QUEUED:
        tend(book, redis)

    assert front_desk.find("acme", job.id).detail == "deadline_exceeded"


@pytest.mark.parametrize("is_failure", [True, False])
def test_of_a_withdrawn_attempt_a_price_counts_and_a_failure_does_not(
    front_desk: queue.Queue, submit: Submit, book: ledger.Ledger, *, is_failure: bool
) -> None:
    """The retry was asked for to have another try."""
    job = submit()
    lease = book.claim(PREDICTIONS, limit=1, worker="w").leases[0]
    front_desk.cancel("acme", job.id)
    front_desk.retry("acme", job.id)
    late = {"error": "No."} if is_failure else {"output": b"{}"}

    written = book.complete(PREDICTIONS, [Completion(lease=lease, **late)])

    assert written == [not is_failure]
    state = front_desk.find("acme", job.id).state
    assert state is (State.QUEUED if is_failure else State.SUCCEEDED)
    assert claimed(book) == ([job.id] if is_failure else [])


def test_the_message_of_a_deleted_job_is_no_stray(
    front_desk: queue.Queue, submit: Submit, book: ledger.Ledger, redis: redis_py.Redis
) -> None:
    """It may lie in the lane when the job ends by its deadline."""
    late = submit(deadline_ms=1)
    head = submit()
    redis.rpoplpush(PREDICTIONS, PREDICTIONS)  # the late one starts last
    while front_desk.find("acme", late.id).state is State.QUEUED:
        tend(book, redis)
    front_desk.delete("acme", late.id)

    claim = book.claim(PREDICTIONS, limit=5, worker="w")

    assert [one.id for one in claim.leases] == [head.id]
    assert (claim.strays, claim.left) == (0, 0)


def test_messages_of_deleted_jobs_do_not_gather_while_nobody_claims(
    front_desk: queue.Queue, submit: Submit, book: ledger.Ledger, redis: redis_py.Redis
) -> None:
    """Upkeep drops them as it drops those of jobs that have ended."""
    pauses.begin(redis, PREDICTIONS)
    head = submit()
    for _ in range(5):
        job = submit(deadline_ms=1)
        while front_desk.find("acme", job.id).state is State.QUEUED:
            tend(book, redis)
        front_desk.delete("acme", job.id)
    front_desk.cancel("acme", head.id)

    tend(book, redis)

    assert redis.llen(PREDICTIONS) == 0


def test_the_times_of_a_retried_job_count_from_its_retry(
    front_desk: queue.Queue, submit: Submit, book: ledger.Ledger, redis: redis_py.Redis
) -> None:
    """What it waited before is no wait of this attempt; `created_at` stays."""
    job = submit()
    redis.hset(keys.job_key(job.id), "created", job.created_ms - 60_000)
    front_desk.cancel("acme", job.id)
    front_desk.retry("acme", job.id)
    claimed(book)

    again = front_desk.find("acme", job.id)

    assert again.created_ms == job.created_ms - 60_000
    assert b'"queue_time":0.' in again.public("http://api")


@pytest.mark.parametrize("state", ["queued", "running", "canceled"])
def test_a_deleted_job_leaves_its_tombstone_only(
    front_desk: queue.Queue,
    submit: Submit,
    book: ledger.Ledger,
    redis: redis_py.Redis,
    state: str,
) -> None:
    """House, price, labels, message and list entry go, whatever its state."""
    job = submit(metadata=b'{"name":"secret"}')
    if state == "running":
        claimed(book)
    elif state == "canceled":
        front_desk.cancel("acme", job.id)

    front_desk.delete("acme", job.id)

    with pytest.raises(JobGone) as caught:
        front_desk.find("acme", job.id)
    assert caught.value.deleted_ms
    assert caught.value.completed_ms <= caught.value.deleted_ms
    kept = {key.decode() for key in redis.scan_iter()}
    assert {key for key in kept if job.id in key} == {keys.tombstone_key(job.id)}
    for lists in ("waiting", "running", "deadlines"):
        assert redis.zcard(f"kerbside:{lists}:{PREDICTIONS}") == 0
    assert redis.zcard(keys.tenant_key("acme")) == 0
    assert redis.llen(PREDICTIONS) == 0


def test_a_late_result_of_a_deleted_job_is_dropped(
    front_desk: queue.Queue, submit: Submit, book: ledger.Ledger
) -> None:
    """What a worker still had in hand does not bring it back."""
    job = submit()
    lease = book.claim(PREDICTIONS, limit=1, worker="w").leases[0]
    front_desk.delete("acme", job.id)

    written = book.complete(PREDICTIONS, [Completion(lease=lease, output=b"{}")])

    assert written == [False]
    with pytest.raises(JobGone):
        front_desk.find("acme", job.id)


def test_a_delete_can_be_repeated_by_its_tenant_only(
    front_desk: queue.Queue, submit: Submit, redis: redis_py.Redis
) -> None:
    """Gone is gone; what was never there, or is another's, is unknown."""
    job = submit()
    with pytest.raises(UnknownJob):
        front_desk.delete("other", job.id)
    front_desk.delete("acme", job.id)
    tombstone = redis.get(keys.tombstone_key(job.id))

    front_desk.delete("acme", job.id)

    assert redis.get(keys.tombstone_key(job.id)) == tombstone
    with pytest.raises(UnknownJob):
        front_desk.delete("other", job.id)
    with pytest.raises(UnknownJob):
        front_desk.delete("acme", OWN_ID)


def test_a_deleted_dead_letter_is_none(
    front_desk: queue.Queue, dead: str, redis: redis_py.Redis
) -> None:
    """Nobody can replay what is no longer there."""
    front_desk.delete("acme", dead)

    assert redis.zcard("kerbside:dead:predictions") == 0


def test_a_repeated_key_of_a_deleted_job_makes_no_second_one(
    front_desk: queue.Queue,
) -> None:
    """The key was used; that its job is gone is what the repeat is told."""
    job = front_desk.submit(submission(idempotency_key="k")).job
    front_desk.delete("acme", job.id)

    with pytest.raises(JobGone):
        front_desk.submit(submission(idempotency_key="k"))


def test_an_id_of_the_clients_own_names_one_job(front_desk: queue.Queue) -> None:
    """Fifty at once make one; the same request again is the same job."""
    one = {"id": OWN_ID, "id_is_clients": True, "fingerprint": "f"}
    with ThreadPoolExecutor(50) as pool:
        receipts = list(
            pool.map(lambda _: front_desk.submit(submission(**one)), range(50))
        )

    assert {receipt.job.id for receipt in receipts} == {OWN_ID}
    assert [receipt.replayed for receipt in receipts].count(False) == 1


def test_an_id_that_names_another_job_is_taken(
    front_desk: queue.Queue, submit: Submit
) -> None:
    """By another request, by another tenant, or by this service: all the same."""
    one = {"id": OWN_ID, "id_is_clients": True, "fingerprint": "f"}
    front_desk.submit(submission(**one))

    for changes in ({"fingerprint": "g"}, {"tenant": "other"}, {"id": submit().id}):
        with pytest.raises(IdTaken):
            front_desk.submit(submission(**one | changes))


def test_an_id_is_known_for_as_long_as_its_tombstone(
    front_desk: queue.Queue, redis: redis_py.Redis, settings: WorkerSettings
) -> None:
    """A repeat after the job's removal makes no second job, for a day at least."""
    one = {"id": OWN_ID, "id_is_clients": True, "fingerprint": "f"}
    brief = settings.model_copy(update={"tombstone_ttl_s": 1, "result_ttl_s": 1})
    desk = queue.Queue(redis, brief)
    desk.submit(submission(**one))
    desk.cancel("acme", OWN_ID)
    redis.delete(keys.job_key(OWN_ID))

    assert redis.ttl(keys.tombstone_key(OWN_ID)) > 86_000
    with pytest.raises(JobGone):
        desk.submit(submission(**one))
    with pytest.raises(IdTaken):
        desk.submit(submission(**one | {"tenant": "other"}))
