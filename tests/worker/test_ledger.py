"""The laws of the ledger, on a real server."""

import contextlib
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
import redis as redis_py

from tests.worker.conftest import VERSION, claimed, clock, lose_worker, submission, tend
from worker import connection, keys, ledger, pauses, queue
from worker.jobs import Detail, Job, State
from worker.keys import PREDICTIONS
from worker.lanes import Lanes
from worker.leases import Completion, Tick
from worker.settings import WorkerSettings

Submit = Callable[..., Job]
StateOf = Callable[[str], State]


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


def test_a_lease_tells_how_long_its_job_has_waited(
    book: ledger.Ledger,
    submit: Submit,
    front_desk: queue.Queue,
    redis: redis_py.Redis,
) -> None:
    """In its lane since its message was sent, and in all since its submit or retry."""
    key, hour_ago = keys.job_key(submit().id), clock(redis) - 3_600_000
    redis.hset(key, mapping={"created": hour_ago, "sent": hour_ago + 600_000})
    (lease,) = book.claim(PREDICTIONS, limit=1, worker="w").leases
    assert lease.waited_ms == pytest.approx(3_000_000, abs=60_000)
    assert lease.age_ms == pytest.approx(3_600_000, abs=60_000)

    book.complete(PREDICTIONS, [Completion(lease=lease, error="no")])
    front_desk.retry("acme", lease.id)
    (lease,) = book.claim(PREDICTIONS, limit=1, worker="w").leases
    assert lease.waited_ms <= lease.age_ms < 60_000


def test_a_job_counts_once_as_waiting_or_running(
    book: ledger.Ledger, submit: Submit, redis: redis_py.Redis
) -> None:
    """Waiting and running add up to the open jobs at each step."""
    for _ in range(3):
        submit()
    claim = book.claim(PREDICTIONS, limit=1, worker="w")
    lane = Lanes(redis).scaler()["queues"][PREDICTIONS]
    assert (lane["waiting"], lane["running"], lane["backlog"]) == (2, 1, 3)
    book.complete(PREDICTIONS, [Completion(lease=claim.leases[0], output=b"{}")])
    lane = Lanes(redis).scaler()["queues"][PREDICTIONS]
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
        channel = keys.finished_channel(redis)
        listener.subscribe(channel, keys.finished_channel(other))
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


def test_a_paused_lane_gives_no_work(
    book: ledger.Ledger, submit: Submit, redis: redis_py.Redis
) -> None:
    """Nothing is claimed until the lane is resumed."""
    job = submit()
    pauses.begin(redis, PREDICTIONS)
    claim = book.claim(PREDICTIONS, limit=1, worker="w")
    assert (claim.paused, claim.left, list(claim.leases)) == (True, 1, [])
    assert not book.has_work(PREDICTIONS)
    pauses.end(redis, PREDICTIONS)
    assert book.has_work(PREDICTIONS)
    assert claimed(book) == [job.id]


def test_two_reapers_at_once_do_the_work_of_one(book: ledger.Ledger) -> None:
    """The second tick within a moment does nothing."""
    assert book.reap(PREDICTIONS) is not None
    assert book.reap(PREDICTIONS) is None


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


def test_a_lease_tells_what_was_asked_for_beside_the_price(
    book: ledger.Ledger, submit: Callable[..., Job]
) -> None:
    """The alias by which the version was named, and whether to explain."""
    asked = submit(alias="champion", explain=True)
    plain = submit()
    leases = {
        one.id: one for one in book.claim(PREDICTIONS, limit=2, worker="w").leases
    }
    assert (leases[asked.id].alias, leases[asked.id].explain) == ("champion", True)
    assert (leases[plain.id].alias, leases[plain.id].explain) == (None, False)
