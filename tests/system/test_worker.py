"""Real Celery workers: what they price, what they show, how they stop."""

import base64
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import celery
import orjson
import redis as redis_py

from tests.patience import wait_until
from tests.system.conftest import Start, Submit
from worker import health, ledger, pauses, queue
from worker.jobs import Detail, Job, State
from worker.keys import PREDICTIONS

Finished = Callable[[str], Job]


def test_a_worker_prices_what_waits_in_one_batch(
    start_worker: Start, submit: Submit, finished: Finished
) -> None:
    """Each job gets the price of its own house."""
    jobs = [submit(number=number) for number in range(50)]
    start_worker()
    outputs = [orjson.loads(finished(job.id).output or b"") for job in jobs]
    assert [output["price"] for output in outputs] == list(range(50))
    assert {output["batch"] for output in outputs} == {50}


def test_one_bad_house_fails_alone(
    start_worker: Start, submit: Submit, finished: Finished
) -> None:
    """The batch that raises is priced again by halves."""
    jobs = [submit(number=1), submit(**{"raise": True}), submit(number=3)]
    start_worker()
    after = [finished(job.id) for job in jobs]
    states = [job.state for job in after]
    assert states == [State.SUCCEEDED, State.FAILED, State.SUCCEEDED]
    assert after[1].detail is Detail.MODEL_ERROR
    assert after[1].error == "The model cannot price this house: ValueError."


def test_a_stock_worker_runs_our_messages(
    start_worker: Start, submit: Submit, finished: Finished, redis: redis_py.Redis
) -> None:
    """Any Celery worker understands what submit pushes."""
    jobs = [submit(number=number) for number in range(5)]
    start_worker(app="tests.system.stand_in:stock")
    for job in jobs:
        assert finished(job.id).state is State.SUCCEEDED
    wait_until(lambda: redis.hlen("unacked") == 0)
    assert redis.llen(PREDICTIONS) == 0


def test_celerys_own_producer_starts_our_jobs(
    start_worker: Start,
    submit: Submit,
    finished: Finished,
    control: celery.Celery,
    redis: redis_py.Redis,
) -> None:
    """`send_task` with the job's id as task id is as good as our own message."""
    job = submit(number=7)
    redis.delete(PREDICTIONS)
    control.send_task("price", task_id=job.id, queue=PREDICTIONS)
    start_worker()
    assert finished(job.id).state is State.SUCCEEDED


def test_our_message_equals_celerys_own(
    submit: Submit, control: celery.Celery, redis: redis_py.Redis
) -> None:
    """Envelope, headers and body say the same, but for what names the sender."""
    job = submit()
    ours = _newest_message(redis)
    control.send_task("price", task_id=job.id, queue=PREDICTIONS)
    theirs = _newest_message(redis)
    bodies = [orjson.loads(base64.b64decode(one.pop("body"))) for one in (ours, theirs)]
    assert bodies[0] == bodies[1]
    for free in ("origin", "sent", "ignore_result"):
        ours["headers"].pop(free, None)
        theirs["headers"].pop(free, None)
    for free in ("delivery_tag", "reply_to"):
        ours["properties"].pop(free, None)
        theirs["properties"].pop(free, None)
    for part in ("headers", "properties"):
        meant = {k: v for k, v in theirs.pop(part).items() if v or k in ours[part]}
        meant.pop("replaced_task_nesting", None)
        meant.pop("stamps", None)
        assert ours.pop(part) == meant
    assert ours == theirs


def test_inspect_and_control_tell_the_truth(
    start_worker: Start,
    submit: Submit,
    control: celery.Celery,
    front_desk: queue.Queue,
) -> None:
    """Ping, active, active_queues, stats and shutdown work for jobs kombu never saw."""
    worker = start_worker()
    job = submit(sleep_s=1.5)
    wait_until(lambda: front_desk.find("acme", job.id).state is State.RUNNING)
    # Their stubs know neither None-free answers nor the steps of other people.
    inspect: Any = control.control.inspect(["p1@test"], timeout=0.5)
    assert inspect.ping() == {"p1@test": {"ok": "pong"}}
    (active,) = inspect.active()["p1@test"]
    assert (active["id"], active["name"]) == (job.id, "price")
    assert [q["name"] for q in inspect.active_queues()["p1@test"]] == [PREDICTIONS]
    assert inspect.stats()["p1@test"]["batch_consumer"]["in_hand"] == 1
    wait_until(lambda: inspect.active() == {"p1@test": []})
    assert inspect.stats()["p1@test"]["total"] == {"price": 1}
    control.control.shutdown(["p1@test"])
    assert worker.wait(10) == 0


def test_each_job_of_a_batch_is_one_celery_event_story(
    start_worker: Start, submit: Submit, control: celery.Celery, finished: Finished
) -> None:
    """Celery's own receiver hears every job, without price or house."""
    heard: list[dict[str, object]] = []
    start_worker()
    with control.connection_for_read() as link:
        receiver = control.events.Receiver(link, handlers={"*": heard.append})
        listener = threading.Thread(target=receiver.capture, kwargs={"wakeup": False})
        listener.start()
        try:
            # A heartbeat tells that the subscription stands.
            wait_until(lambda: heard)
            good, bad = submit(number=1), submit(**{"raise": True})
            finished(good.id)
            finished(bad.id)
            wait_until(lambda: sum("uuid" in event for event in heard) >= 4)
        finally:
            receiver.should_stop = True
            listener.join()
    stories = {
        job.id: [event["type"] for event in heard if event.get("uuid") == job.id]
        for job in (good, bad)
    }
    assert stories == {
        good.id: ["task-received", "task-succeeded"],
        bad.id: ["task-received", "task-failed"],
    }
    assert "asked for" not in str(heard)


def test_sigterm_finishes_the_batch_in_hand_and_claims_no_more(
    start_worker: Start, submit: Submit, front_desk: queue.Queue
) -> None:
    """A warm stop takes as long as the batch, and the rest keeps waiting."""
    worker = start_worker(KERBSIDE_BATCH_MAX="1")
    first, second = submit(sleep_s=1), submit(sleep_s=1)
    wait_until(lambda: front_desk.find("acme", first.id).state is State.RUNNING)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(10) == 0
    assert front_desk.find("acme", first.id).state is State.SUCCEEDED
    assert front_desk.find("acme", second.id).state is State.QUEUED


def test_a_batch_that_outlasts_the_drain_is_given_back(
    start_worker: Start, submit: Submit, front_desk: queue.Queue
) -> None:
    """Its lease does not have to end first, and it counts no crash."""
    worker = start_worker(KERBSIDE_DRAIN_S="0.2")
    job = submit(sleep_s=30)
    wait_until(lambda: front_desk.find("acme", job.id).state is State.RUNNING)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(10) == 0
    after = front_desk.find("acme", job.id)
    assert (after.state, after.crashes) == (State.RETRYING, 0)


def test_the_reaper_runs_on_beats_clock(
    start: Start, start_worker: Start, submit: Submit, redis: redis_py.Redis
) -> None:
    """A deleted lane is filled again while upkeep and beat run."""
    start_worker("upkeep", name="upkeep")
    # Its schedule file would lie in the folder of the checkout.
    start("beat", "--scheduler", "celery.beat:Scheduler")
    submit()
    redis.delete(PREDICTIONS)
    wait_until(lambda: redis.exists(PREDICTIONS))
    assert redis.llen(PREDICTIONS) == 1


def test_a_stuck_worker_ends_itself(
    start_worker: Start, submit: Submit, front_desk: queue.Queue
) -> None:
    """While work waits, a batch thread without progress is a reason to start anew."""
    worker = start_worker(KERBSIDE_STALL_S="1", KERBSIDE_BATCH_MAX="1")
    stuck = submit(sleep_s=60)
    wait_until(lambda: front_desk.find("acme", stuck.id).state is State.RUNNING)
    submit()
    assert worker.wait(10) == health.EXIT_STALLED


def test_a_worker_without_a_champion_waits_and_lives(
    start_worker: Start, submit: Submit, redis: redis_py.Redis, tmp_path: Path
) -> None:
    """It claims nothing, is not taken for stuck, and touches its health file."""
    worker = start_worker(
        KERBSIDE_STORE_URL=str(tmp_path / "empty"),
        KERBSIDE_STALL_S="1",
        KERBSIDE_HEALTH_DIR=str(tmp_path / "health"),
    )
    submit()
    time.sleep(2.5)
    assert worker.poll() is None
    assert redis.llen(PREDICTIONS) == 1
    age_s = time.time() - (tmp_path / "health" / "p1@test.alive").stat().st_mtime
    assert age_s < 2


def test_a_paused_lane_is_no_stall(
    start_worker: Start,
    submit: Submit,
    book: ledger.Ledger,
    finished: Finished,
    redis: redis_py.Redis,
) -> None:
    """The worker waits for the lane to be resumed and goes on."""
    worker = start_worker(KERBSIDE_STALL_S="1")
    pauses.begin(redis, PREDICTIONS)
    job = submit()
    time.sleep(2.5)
    assert worker.poll() is None
    pauses.end(redis, PREDICTIONS)
    assert finished(job.id).state is State.SUCCEEDED


def test_a_killed_workers_jobs_are_finished_by_another(
    start: Start,
    start_worker: Start,
    submit: Submit,
    front_desk: queue.Queue,
    finished: Finished,
) -> None:
    """A kill -9 costs the length of a lease, nothing more."""
    short = {"KERBSIDE_LEASE_S": "1"}
    start_worker("upkeep", name="upkeep", **short)
    start("beat", "--scheduler", "celery.beat:Scheduler")
    first = start_worker(name="p1", **short)
    job = submit(sleep_s=0.5)
    wait_until(lambda: front_desk.find("acme", job.id).state is State.RUNNING)
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    start_worker(name="p2", **short)
    after = finished(job.id)
    assert (after.state, after.attempts, after.crashes) == (State.SUCCEEDED, 2, 1)


def _newest_message(redis: redis_py.Redis) -> dict[str, Any]:
    text: Any = redis.lpop(PREDICTIONS)
    message: dict[str, Any] = orjson.loads(text)
    return message
