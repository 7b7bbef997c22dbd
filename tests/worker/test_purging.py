"""The laws of a purge of lane `predictions`, on a real server."""

from collections.abc import Callable
from typing import Any

import pytest
import redis as redis_py

from tests.worker.conftest import claimed, clock, submission, tend
from worker import keys, ledger, purging, queue
from worker.jobs import Detail, Job, State
from worker.keys import PREDICTIONS
from worker.leases import Completion
from worker.purging import Purged, Purging
from worker.settings import WorkerSettings

Submit = Callable[..., Job]
StateOf = Callable[[str], State]


@pytest.fixture
def purges(redis: redis_py.Redis, settings: WorkerSettings) -> Purging:
    """Return what purges the lanes of the test's Redis."""
    return Purging(redis, settings)


@pytest.fixture(autouse=True)
def _few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each purge take more than one call."""
    monkeypatch.setattr(purging, "_AT_A_TIME", 2)


def test_what_waits_is_canceled_by_an_operator(
    purges: Purging, submit: Submit, front_desk: queue.Queue, redis: redis_py.Redis
) -> None:
    """Record, message and deadline are as after any cancel, and the count is exact."""
    jobs = [submit(deadline_ms=60_000) for _ in range(5)]
    assert purges.waiting(PREDICTIONS) == 5

    assert purges.purge(PREDICTIONS) == Purged(5, 0)

    for job in jobs:
        ended = front_desk.find("acme", job.id)
        assert (ended.state, ended.detail) == (State.CANCELED, Detail.BY_OPERATOR)
        assert ended.sequence == job.sequence + 1
        assert ended.completed_ms
    for kind in ("waiting", "running", "deadlines", "open"):
        assert not redis.exists(f"kerbside:{kind}:{PREDICTIONS}")
    assert not redis.exists(PREDICTIONS)
    assert purges.purge(PREDICTIONS) == Purged(0, 0)


def test_a_job_in_hand_is_left_to_its_worker(
    purges: Purging, submit: Submit, book: ledger.Ledger, state: StateOf
) -> None:
    """Its price is worth more than an end a moment earlier."""
    running, waiting = submit(), submit()
    (lease,) = book.claim(PREDICTIONS, limit=1, worker="w").leases

    assert purges.purge(PREDICTIONS).ended == 1

    assert book.complete(PREDICTIONS, [Completion(lease=lease, output=b"{}")]) == [True]
    assert state(running.id) is State.SUCCEEDED
    assert state(waiting.id) is State.CANCELED


def test_a_job_that_is_tried_again_is_purged_too(
    purges: Purging, submit: Submit, book: ledger.Ledger, state: StateOf
) -> None:
    """It waits like any, whatever became of its worker."""
    job = submit()
    claimed(book, worker="w")
    assert book.release(PREDICTIONS, worker="w") == 1

    assert purges.purge(PREDICTIONS) == Purged(1, 0)
    assert state(job.id) is State.CANCELED


def test_what_comes_meanwhile_is_left_alone(
    purges: Purging, submit: Submit, state: StateOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even in the millisecond of the beginning, and wherever it stands in the line."""
    old = [submit() for _ in range(5)]
    new: list[Job] = []
    run = ledger.Ledger.run

    def run_after_a_submit(book: ledger.Ledger, name: str, *args: Any) -> Any:
        if name == "purge":
            new.append(submit())
        return run(book, name, *args)

    monkeypatch.setattr(ledger.Ledger, "run", run_after_a_submit)
    assert purges.purge(PREDICTIONS) == Purged(5, 0)
    monkeypatch.undo()

    assert {state(job.id) for job in old} == {State.CANCELED}
    assert {state(job.id) for job in new} == {State.QUEUED}


def test_newer_jobs_at_the_head_of_the_line_hide_no_older_ones(
    purges: Purging,
    submit: Submit,
    state: StateOf,
    redis: redis_py.Redis,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One that crashed goes first, however late it was submitted."""
    old = [submit() for _ in range(3)]
    run = ledger.Ledger.run
    new: list[Job] = []

    def run_after_a_rush(book: ledger.Ledger, name: str, *args: Any) -> Any:
        if name == "purge" and not new:
            new.extend(submit() for _ in range(5))
            redis.zadd(f"kerbside:waiting:{PREDICTIONS}", {job.id: 1 for job in new})
        return run(book, name, *args)

    monkeypatch.setattr(ledger.Ledger, "run", run_after_a_rush)

    assert purges.purge(PREDICTIONS) == Purged(3, 0)
    assert {state(job.id) for job in old} == {State.CANCELED}
    assert {state(job.id) for job in new} == {State.QUEUED}


def test_a_purge_of_so_many_tells_the_rest(purges: Purging, submit: Submit) -> None:
    """Whoever asked for a bounded one goes on until nothing remains."""
    for _ in range(5):
        submit()

    assert purges.purge(PREDICTIONS, most=2) == Purged(2, 3)
    assert purges.purge(PREDICTIONS, most=4) == Purged(3, 0)


def test_a_job_whose_record_is_gone_does_not_hold_up_a_purge(
    purges: Purging, submit: Submit, redis: redis_py.Redis
) -> None:
    """It is not counted; upkeep tidies up after it."""
    gone, _ = submit(), submit()
    redis.delete(keys.job_key(gone.id))

    assert purges.purge(PREDICTIONS) == Purged(1, 0)
    assert not redis.exists(keys.job_key(gone.id))


def test_a_purged_tenant_has_its_quota_back(
    redis: redis_py.Redis, settings: WorkerSettings, purges: Purging
) -> None:
    """And its client may have the job tried again."""
    tight = queue.Queue(redis, settings.model_copy(update={"tenant_quota": 1}))
    job = tight.submit(submission()).job

    purges.purge(PREDICTIONS)

    again = tight.retry("acme", job.id).job
    assert (again.state, again.sequence) == (State.QUEUED, job.sequence + 2)


def test_who_waits_for_an_end_is_told(
    purges: Purging, submit: Submit, redis: redis_py.Redis
) -> None:
    """The ids are published as at any end."""
    job = submit()
    client: Any = redis
    with client.pubsub(ignore_subscribe_messages=True) as heard:
        heard.subscribe(keys.finished_channel(redis))
        purges.purge(PREDICTIONS)

        told: Any = None
        while told is None:
            told = heard.get_message(timeout=5.0)
    assert told["data"] == job.id.encode()


def test_upkeep_finds_nothing_to_mend_after_a_purge(
    purges: Purging, submit: Submit, book: ledger.Ledger, redis: redis_py.Redis
) -> None:
    """No message is missed, none is left over."""
    for _ in range(3):
        submit()
    purges.purge(PREDICTIONS)

    tick = tend(book, redis, last_ms=clock(redis) - 1000)

    assert (tick.retried, tick.dead, tick.resent) == (0, 0, 0)
    assert claimed(book) == []


def test_a_full_server_can_be_purged(
    purges: Purging, submit: Submit, state: StateOf, redis: redis_py.Redis
) -> None:
    """It may be the only way to room for new jobs."""
    jobs = [submit() for _ in range(3)]
    redis.config_set("maxmemory", 1)
    try:
        assert purges.purge(PREDICTIONS) == Purged(3, 0)
    finally:
        redis.config_set("maxmemory", 0)

    assert {state(job.id) for job in jobs} == {State.CANCELED}


def test_what_leaves_the_line_meanwhile_hides_nothing_behind_it(
    purges: Purging,
    submit: Submit,
    front_desk: queue.Queue,
    state: StateOf,
    redis: redis_py.Redis,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Jobs that were passed over at its head are taken, and the others move up."""
    old = [submit() for _ in range(3)]
    run = ledger.Ledger.run
    new: list[Job] = []

    def run_before_some_go(book: ledger.Ledger, name: str, *args: Any) -> Any:
        is_first = name == "purge" and not new
        if is_first:
            new.extend(submit() for _ in range(2))
            redis.zadd(f"kerbside:waiting:{PREDICTIONS}", {job.id: 1 for job in new})
        answer = run(book, name, *args)
        if is_first:
            for job in new:
                front_desk.cancel("acme", job.id)
        return answer

    monkeypatch.setattr(ledger.Ledger, "run", run_before_some_go)

    assert purges.purge(PREDICTIONS) == Purged(3, 0)
    assert {state(job.id) for job in old} == {State.CANCELED}
