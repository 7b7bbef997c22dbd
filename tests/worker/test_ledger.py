"""The laws of the ledger, on a real server."""

import contextlib
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
import redis as redis_py

from tests.worker.conftest import VERSION, claimed, clock, submission, tend
from worker import connection, ledger, queue
from worker.jobs import Detail, Job, State
from worker.ledger import PREDICTIONS, Completion, Tick
from worker.settings import WorkerSettings

Submit = Callable[..., Job]
StateOf = Callable[[str], State]


def lose_worker(book: ledger.Ledger, redis: redis_py.Redis, *ids: str) -> None:
    """Let the leases of jobs end, as after the death of their worker."""
    book.reap(PREDICTIONS)  # a tick just before, so that the gap rule stays out of it
    redis.zadd(f"kerbside:running:{PREDICTIONS}", dict.fromkeys(ids, 1))
    tend(book, redis)


@pytest.fixture
def state(front_desk: queue.Queue) -> StateOf:
    """Return a function that reads the state of a job."""
    return lambda job_id: front_desk.find("acme", job_id).state


def test_jobs_are_claimed_oldest_first(book: ledger.Ledger, submit: Submit) -> None:
    """The order of claims is the order of submits."""
    ids = [submit().id for _ in range(5)]
    assert claimed(book, limit=3) + claimed(book) == ids


def test_a_claimed_job_belongs_to_one_worker(
    book: ledger.Ledger, submit: Submit
) -> None:
    """No second worker gets a leased job."""
    submit()
    assert len(claimed(book, worker="one")) == 1
    assert claimed(book, worker="two") == []


def test_a_job_counts_once_as_waiting_or_running(
    book: ledger.Ledger, submit: Submit, front_desk: queue.Queue
) -> None:
    """Waiting and running add up to the open jobs at each step."""
    for _ in range(3):
        submit()
    claim = book.claim(PREDICTIONS, limit=1, worker="w")
    lane = front_desk.scaler()["queues"][PREDICTIONS]
    assert (lane["waiting"], lane["running"], lane["backlog"]) == (2, 1, 3)
    book.complete(PREDICTIONS, [Completion(lease=claim.leases[0], output=b"{}")])
    lane = front_desk.scaler()["queues"][PREDICTIONS]
    assert (lane["waiting"], lane["running"], lane["backlog"]) == (2, 0, 2)


def test_a_completed_job_has_its_output_and_an_end(
    book: ledger.Ledger, submit: Submit, front_desk: queue.Queue
) -> None:
    """What the worker wrote is what the client reads."""
    job = submit()
    (lease,) = book.claim(PREDICTIONS, limit=1, worker="w").leases
    assert (lease.id, lease.version, lease.input) == (job.id, VERSION, job.input)
    done = Completion(lease=lease, output=b'{"price":1}', predict_us=1500)
    assert book.complete(PREDICTIONS, [done]) == [True]
    after = front_desk.find("acme", job.id)
    assert (after.state, after.output, after.error) == (
        State.SUCCEEDED,
        b'{"price":1}',
        None,
    )
    assert (after.sequence, after.attempts, after.predict_s) == (3, 1, 0.0015)


def test_the_first_result_wins(book: ledger.Ledger, submit: Submit) -> None:
    """A second result of a job is dropped and changes nothing."""
    submit()
    (lease,) = book.claim(PREDICTIONS, limit=1, worker="w").leases
    assert book.complete(PREDICTIONS, [Completion(lease=lease, output=b"1")]) == [True]
    assert book.complete(PREDICTIONS, [Completion(lease=lease, output=b"2")]) == [False]


def test_a_late_result_of_a_lost_worker_is_taken(
    book: ledger.Ledger,
    submit: Submit,
    redis: redis_py.Redis,
    state: StateOf,
) -> None:
    """An attempt given up for lost may finish its job, which then runs no more."""
    job = submit()
    (lease,) = book.claim(PREDICTIONS, limit=1, worker="w").leases
    lose_worker(book, redis, job.id)
    assert state(job.id) is State.RETRYING
    assert book.complete(PREDICTIONS, [Completion(lease=lease, output=b"1")]) == [True]
    assert claimed(book) == []
    assert state(job.id) is State.SUCCEEDED


def test_a_result_of_another_model_version_is_dropped(
    book: ledger.Ledger, submit: Submit, redis: redis_py.Redis
) -> None:
    """A job is priced by the version that its schema was checked with."""
    job = submit()
    (lease,) = book.claim(PREDICTIONS, limit=1, worker="w").leases
    redis.hset(f"kerbside:job:{job.id}", "version", "another")
    assert book.complete(PREDICTIONS, [Completion(lease=lease, output=b"1")]) == [False]


def test_a_model_error_fails_the_job_for_good(
    book: ledger.Ledger, submit: Submit, front_desk: queue.Queue
) -> None:
    """A house that the model cannot take is not tried again."""
    job = submit()
    (lease,) = book.claim(PREDICTIONS, limit=1, worker="w").leases
    book.complete(PREDICTIONS, [Completion(lease=lease, error="no such view")])
    after = front_desk.find("acme", job.id)
    assert (after.state, after.detail) == (State.FAILED, Detail.MODEL_ERROR)
    assert (after.error, after.output) == ("no such view", None)


def test_events_are_published_only_with_what_they_tell(
    book: ledger.Ledger,
    submit: Submit,
    redis: redis_py.Redis,
    front_desk: queue.Queue,
) -> None:
    """Neither a repeated commit nor a canceled job makes an event."""
    event = ("events", b"told")
    first, second = submit(), submit()
    done = [
        Completion(lease=lease, output=b"1")
        for lease in book.claim(PREDICTIONS, limit=2, worker="w").leases
    ]
    front_desk.cancel("acme", second.id)
    client: Any = redis
    with client.pubsub(ignore_subscribe_messages=True) as listener:
        listener.subscribe("events")
        listener.get_message(timeout=1)
        assert book.complete(PREDICTIONS, done, event=event) == [True, False]
        assert book.complete(PREDICTIONS, done, event=event) == [False, False]
        assert book.complete(PREDICTIONS, done[1:], event=event) == [False]
        heard = [listener.get_message(timeout=0.1) for _ in range(3)]
    assert [one["data"] for one in heard if one] == [b"told"]
    assert front_desk.find("acme", first.id).state is State.SUCCEEDED


def test_a_job_ends_once_in_a_batch_that_holds_it_twice(
    book: ledger.Ledger, submit: Submit, front_desk: queue.Queue
) -> None:
    """The first result wins within a batch, too."""
    job = submit()
    (lease,) = book.claim(PREDICTIONS, limit=1, worker="w").leases
    twice = [Completion(lease=lease, output=output) for output in (b"1", b"2")]
    assert book.complete(PREDICTIONS, twice) == [True, False]
    after = front_desk.find("acme", job.id)
    assert (after.output, after.sequence) == (b"1", 3)


def test_each_database_has_a_channel_of_its_own(
    redis_url: str, redis: redis_py.Redis, settings: WorkerSettings
) -> None:
    """Two installations on one server do not hear of each other's jobs."""
    client: Any = redis
    other_url = redis_url.removesuffix("/0") + "/1"
    with (
        contextlib.closing(connection.connect(other_url, role="worker")) as other,
        client.pubsub(ignore_subscribe_messages=True) as listener,
    ):
        channel = ledger.finished_channel(redis)
        listener.subscribe(channel, ledger.finished_channel(other))
        desk = queue.Queue(other, settings)
        job = desk.submit(submission()).job
        desk.cancel("acme", job.id)
        heard = [listener.get_message(timeout=0.1) for _ in range(4)]
    assert [(one["channel"], one["data"]) for one in heard if one] == [
        (b"kerbside:finished:1", job.id.encode())
    ]
    assert channel == "kerbside:finished:0"


def test_a_result_after_a_cancel_is_dropped(
    book: ledger.Ledger, submit: Submit, front_desk: queue.Queue
) -> None:
    """The cancel of a running job is final at once."""
    job = submit()
    (lease,) = book.claim(PREDICTIONS, limit=1, worker="w").leases
    assert front_desk.cancel("acme", job.id).state is State.CANCELED
    assert book.complete(PREDICTIONS, [Completion(lease=lease, output=b"1")]) == [False]


def test_a_canceled_job_takes_its_message_with_it(
    submit: Submit, front_desk: queue.Queue, redis: redis_py.Redis
) -> None:
    """The length of the lane stays true after a cancel."""
    keeps, goes = submit(), submit()
    front_desk.cancel("acme", goes.id)
    (message,) = redis.lrange(PREDICTIONS, 0, -1)
    assert json.loads(message)["headers"]["id"] == keeps.id


def test_a_cancel_looks_from_the_nearer_end(
    submit: Submit, front_desk: queue.Queue, redis: redis_py.Redis
) -> None:
    """Canceling the oldest or the newest of many costs a fraction of a whole search."""
    oldest = submit()
    many = range(20_000)
    redis.lpush(PREDICTIONS, *(f"{number:0600d}" for number in many))
    redis.zadd(
        f"kerbside:waiting:{PREDICTIONS}",
        {f"job {number}": oldest.created_ms + 1 for number in many},
    )
    time.sleep(0.005)
    newest = submit()
    redis.config_resetstat()
    redis.lrem(PREDICTIONS, 0, "absent")
    whole_us = redis.info("commandstats")["cmdstat_lrem"]["usec"]
    for job in (oldest, newest):
        redis.config_resetstat()
        front_desk.cancel("acme", job.id)
        assert redis.info("commandstats")["cmdstat_lrem"]["usec"] < whole_us / 5
    assert redis.llen(PREDICTIONS) == len(many)


def test_a_given_back_job_keeps_its_place_and_counts_no_crash(
    book: ledger.Ledger, submit: Submit, front_desk: queue.Queue
) -> None:
    """A worker that stops returns its jobs to the front, in their order."""
    ids = [submit().id for _ in range(4)]
    assert claimed(book, limit=3, worker="stops") == ids[:3]
    assert book.release(PREDICTIONS, worker="stops") == 3
    job = front_desk.find("acme", ids[0])
    assert (job.state, job.crashes, job.state.status) == (
        State.RETRYING,
        0,
        "processing",
    )
    assert claimed(book) == ids


def test_a_worker_gives_back_only_what_it_holds(
    book: ledger.Ledger, submit: Submit
) -> None:
    """Another worker's jobs stay with it."""
    submit()
    claimed(book, worker="keeps")
    assert book.release(PREDICTIONS, worker="stops") == 0


def test_a_lease_is_renewed_only_by_its_holder(
    book: ledger.Ledger, submit: Submit
) -> None:
    """An older fence renews nothing."""
    submit()
    (first,) = book.claim(PREDICTIONS, limit=1, worker="w").leases
    assert book.renew(PREDICTIONS, [first]) == 1
    book.release(PREDICTIONS, worker="w")
    claimed(book, worker="w")
    assert book.renew(PREDICTIONS, [first]) == 0


def test_a_job_of_a_dead_worker_is_retried_and_nothing_goes_backwards(
    book: ledger.Ledger, submit: Submit, redis: redis_py.Redis, front_desk: queue.Queue
) -> None:
    """Sequence and attempts grow through crash and retry."""
    job = submit()
    claimed(book)
    lose_worker(book, redis, job.id)
    again = front_desk.find("acme", job.id)
    assert (again.state, again.sequence, again.crashes) == (State.RETRYING, 3, 1)
    assert claimed(book) == [job.id]
    assert front_desk.find("acme", job.id).attempts == 2


def test_the_third_crash_makes_a_dead_letter(
    book: ledger.Ledger, submit: Submit, redis: redis_py.Redis, front_desk: queue.Queue
) -> None:
    """Exactly three starts, then the job has failed and says why."""
    job = submit()
    for _ in range(3):
        assert claimed(book) == [job.id]
        lose_worker(book, redis, job.id)
    after = front_desk.find("acme", job.id)
    assert (after.state, after.detail, after.attempts) == (
        State.FAILED,
        Detail.DEAD,
        3,
    )
    assert after.error == "Its worker died 3 times while pricing this house."
    # Who it was is for operators to read.
    assert redis.hget(f"kerbside:job:{job.id}", "worker") == b"w"
    assert claimed(book) == []
    assert redis.zrange(f"kerbside:dead:{PREDICTIONS}", 0, -1) == [job.id.encode()]


def test_crashed_jobs_run_in_small_batches_and_then_alone(
    book: ledger.Ledger, submit: Submit, redis: redis_py.Redis
) -> None:
    """A house that kills its worker is cornered in three steps."""
    ids = [submit().id for _ in range(20)]
    fresh = submit().id
    assert claimed(book, limit=20) == ids
    lose_worker(book, redis, *ids)
    small = claimed(book, limit=20)
    assert len(small) == 8
    lose_worker(book, redis, *small)
    alone = claimed(book, limit=20)
    assert len(alone) == 1
    rest = [claimed(book, limit=20) for _ in range(10)]
    assert [len(batch) for batch in rest[:9]] == [1] * 7 + [8, 4]
    assert rest[9] == [fresh]


def test_a_fresh_batch_stops_before_a_crashed_job(
    book: ledger.Ledger, submit: Submit, redis: redis_py.Redis
) -> None:
    """Jobs of different crash counts never share a batch."""
    crashed, fresh = submit().id, submit().id
    assert claimed(book, limit=1) == [crashed]
    lose_worker(book, redis, crashed)
    assert claimed(book) == [crashed]
    assert claimed(book) == [fresh]


def test_a_claim_of_fresh_jobs_leaves_a_crashed_one_in_its_place(
    book: ledger.Ledger, submit: Submit, redis: redis_py.Redis
) -> None:
    """A worker with something in its hand must not take one."""
    crashed, fresh = submit().id, submit().id
    assert claimed(book, limit=1) == [crashed]
    lose_worker(book, redis, crashed)
    claim = book.claim(PREDICTIONS, limit=10, worker="w", fresh=True)
    assert (claim.leases, claim.left) == ([], 2)
    assert claimed(book) == [crashed]
    claim = book.claim(PREDICTIONS, limit=10, worker="w", fresh=True)
    assert [one.id for one in claim.leases] == [fresh]


def test_an_outage_of_the_reaper_counts_as_nobodys_crash(
    book: ledger.Ledger,
    submit: Submit,
    redis: redis_py.Redis,
    state: StateOf,
) -> None:
    """After a gap leases are extended first, at most by one whole lease."""
    job = submit()
    claimed(book)
    now = clock(redis)
    redis.set(f"kerbside:tick:{PREDICTIONS}", now - 60_000)
    redis.zadd(f"kerbside:running:{PREDICTIONS}", {job.id: now - 50_000})
    tick = book.reap(PREDICTIONS)
    assert tick == Tick(forgiven=1)
    assert state(job.id) is State.RUNNING
    lease_end = redis.zscore(f"kerbside:running:{PREDICTIONS}", job.id)
    assert lease_end is not None
    assert now + 8_000 < lease_end < now + 16_000


def test_lost_messages_are_sent_again_once(
    book: ledger.Ledger, submit: Submit, redis: redis_py.Redis
) -> None:
    """A deleted lane is refilled by one tick, in order to the ms, and no tick adds."""
    created = {job.id: job.created_ms for job in (submit() for _ in range(1200))}
    time.sleep(0.005)
    redis.delete(PREDICTIONS)
    assert tend(book, redis).resent == 1200
    assert tend(book, redis).resent == 0
    assert redis.llen(PREDICTIONS) == 1200
    ids = claimed(book, limit=1000)
    assert len(ids) == 1000
    assert [created[one] for one in ids] == sorted(created.values())[:1000]


def test_messages_that_wait_are_never_sent_again(
    book: ledger.Ledger, submit: Submit, redis: redis_py.Redis
) -> None:
    """However long a job waits, its one message is enough."""
    for _ in range(50):
        submit()
    claimed(book, limit=20, worker="stops")
    book.release(PREDICTIONS, worker="stops")
    time.sleep(0.005)
    for _ in range(3):
        assert tend(book, redis) == Tick()
    assert redis.llen(PREDICTIONS) == 50


def test_a_head_message_without_a_time_stops_no_resend_for_ever(
    book: ledger.Ledger, submit: Submit, redis: redis_py.Redis
) -> None:
    """A foreign message at the head delays the reaper until a worker takes it."""
    submit()
    redis.delete(PREDICTIONS)
    redis.rpush(PREDICTIONS, '{"headers": {"id": "stranger"}}')
    assert tend(book, redis).resent == 0
    claimed(book)
    assert tend(book, redis).resent == 1


def test_a_message_twice_is_a_job_once(
    book: ledger.Ledger, submit: Submit, redis: redis_py.Redis
) -> None:
    """A duplicate hint is dropped silently."""
    job = submit()
    (message,) = redis.lrange(PREDICTIONS, 0, -1)
    redis.lpush(PREDICTIONS, message)
    claim = book.claim(PREDICTIONS, limit=10, worker="w")
    assert [lease.id for lease in claim.leases] == [job.id]
    assert (claim.left, claim.strays) == (0, 0)


@pytest.mark.parametrize("message", ["not json", "{}", '{"headers":{"id":"unknown"}}'])
def test_a_message_without_a_job_is_set_aside(
    book: ledger.Ledger, submit: Submit, redis: redis_py.Redis, message: str
) -> None:
    """What cannot be read or has no record neither loops nor holds up the lane."""
    redis.lpush(PREDICTIONS, message)
    job = submit()
    claim = book.claim(PREDICTIONS, limit=10, worker="w")
    assert [lease.id for lease in claim.leases] == [job.id]
    assert claim.strays == 1
    assert redis.lrange(f"kerbside:strays:{PREDICTIONS}", 0, -1) == [message.encode()]
    assert redis.llen(PREDICTIONS) == 0


def test_a_job_past_its_deadline_is_canceled_at_the_claim(
    book: ledger.Ledger, submit: Submit, front_desk: queue.Queue
) -> None:
    """No worker spends time on a price that is of no use any more."""
    job = submit(deadline_ms=0)
    assert claimed(book) == []
    after = front_desk.find("acme", job.id)
    assert (after.state, after.detail) == (State.CANCELED, Detail.DEADLINE_EXCEEDED)


def test_a_deadline_passes_without_any_worker(
    book: ledger.Ledger,
    submit: Submit,
    redis: redis_py.Redis,
    state: StateOf,
) -> None:
    """The reaper ends late jobs, waiting or running."""
    late, in_time = submit(deadline_ms=0), submit(deadline_ms=60_000)
    assert tend(book, redis).late == 1
    assert (state(late.id), state(in_time.id)) == (State.CANCELED, State.QUEUED)


def test_a_paused_lane_gives_no_work(book: ledger.Ledger, submit: Submit) -> None:
    """Nothing is claimed until the lane is resumed."""
    job = submit()
    book.pause(PREDICTIONS)
    claim = book.claim(PREDICTIONS, limit=1, worker="w")
    assert (claim.paused, claim.left, list(claim.leases)) == (True, 1, [])
    assert not book.has_work(PREDICTIONS)
    book.resume(PREDICTIONS)
    assert book.has_work(PREDICTIONS)
    assert claimed(book) == [job.id]


def test_two_reapers_at_once_do_the_work_of_one(book: ledger.Ledger) -> None:
    """The second tick within a moment does nothing."""
    assert book.reap(PREDICTIONS) is not None
    assert book.reap(PREDICTIONS) is None


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


def test_short_memory_refuses_new_jobs_and_finishes_old_ones(
    book: ledger.Ledger,
    submit: Submit,
    redis: redis_py.Redis,
    front_desk: queue.Queue,
) -> None:
    """A full server still claims, completes, cancels, releases and reaps."""
    jobs = [submit() for _ in range(4)]
    redis.config_set("maxmemory", 1)
    try:
        assert book.watch_memory()
        leases = book.claim(PREDICTIONS, limit=2, worker="w").leases
        assert len(leases) == 2
        assert book.renew(PREDICTIONS, leases) == 2
        done = Completion(lease=leases[0], output=b"1")
        assert book.complete(PREDICTIONS, [done]) == [True]
        assert book.release(PREDICTIONS, worker="w") == 1
        assert front_desk.cancel("acme", jobs[3].id).state is State.CANCELED
        redis.delete(PREDICTIONS)
        tick = book.reap(PREDICTIONS)
        assert tick is not None
        assert tick.resent == 2
    finally:
        redis.config_set("maxmemory", 0)
    assert not book.watch_memory()
    submit()


def test_a_finished_record_expires_and_leaves_a_tombstone(
    book: ledger.Ledger,
    submit: Submit,
    redis: redis_py.Redis,
    settings: WorkerSettings,
) -> None:
    """An open job never expires; a finished one does, its tombstone later."""
    job = submit()
    key = f"kerbside:job:{job.id}"
    assert redis.ttl(key) == -1
    (lease,) = book.claim(PREDICTIONS, limit=1, worker="w").leases
    book.complete(PREDICTIONS, [Completion(lease=lease, output=b"1")])
    assert 0 < redis.ttl(key) <= settings.result_ttl_s
    assert redis.ttl(f"kerbside:gone:{job.id}") > settings.result_ttl_s
