"""Rows that hit Redis: killed, frozen, cut off, or its lane tampered with."""

import json
import time
from collections.abc import Callable, Iterator
from signal import Signals
from typing import Any

import orjson

from tests.chaos.evidence import Holdings
from tests.chaos.load import Load
from tests.chaos.senders import Answer, Http
from tests.chaos.site import SERVER
from tests.chaos.stage import Stage
from tests.patience import wait_until
from worker import celery as wire
from worker.keys import PREDICTIONS

#: Jobs that wait when the lane is deleted.
_BACKLOG = 300
#: Seconds between two resets of all connections.
_RESET_EVERY_S = 1.0
#: Seconds within which the API has to answer whatever Redis does.
_ANSWER_S = 1.0
_UNAVAILABLE = 503


def kill_redis(stage: Stage) -> None:
    """Kill -9 the server and start it again on its append-only file."""
    for turn in range(stage.times):
        restart(stage)
        _wait_for_results(stage)
        # The last two deaths follow close on each other: what reconnects meets both.
        time.sleep(4 if turn < stage.times - 2 else 0.5)
    stage.notes.append(f"{_unasked_exits(stage)} workers exited by themselves")


def restart(stage: Stage) -> None:
    """Kill -9 the server; return when it answers again."""
    fleet = stage.site.fleet
    fleet.signal(SERVER, Signals.SIGKILL, hold=True)
    time.sleep(stage.rng.uniform(0.2, 2))
    fleet.let_go(SERVER)
    wait_until(stage.site.answers, "the restart of the server")
    stage.fault()


def freeze(stage: Stage, seconds: float) -> None:
    """Stop the server's process, then let it go on."""
    stage.site.fleet.signal(SERVER, Signals.SIGSTOP)
    time.sleep(seconds)
    stage.site.fleet.signal(SERVER, Signals.SIGCONT)
    stage.fault()


def delete(stage: Stage) -> int:
    """Delete the list of messages; return how many were in it."""
    server: Any = stage.site.client()
    pipe = server.pipeline(transaction=True)
    pipe.lrange(PREDICTIONS, 0, -1)
    pipe.delete(PREDICTIONS)
    messages, _ = pipe.execute()
    stage.fault(orjson.loads(message)["headers"]["id"] for message in messages)
    return len(messages)


def freeze_redis(stage: Stage) -> None:
    """Stop the server's process for some seconds, then let it go on."""
    began = time.monotonic()
    freeze(stage, stage.times)
    ended = time.monotonic()
    _wait_for_results(stage)
    time.sleep(2)
    answers = [one for load in stage.loads for one in _answers(load)]
    during = [one for one in answers if began <= one.asked_at < ended - _ANSWER_S]
    slowest = max((one.took_s for one in during), default=0.0)
    stage.notes.append(f"{len(during)} answers of the API within {slowest:.2f} s")
    stage.checks.append(
        lambda _: _answered_in_time(len(during), slowest, {o.status for o in during})
    )


def delete_lane(stage: Stage) -> None:
    """Delete the list of messages while jobs wait in it."""
    deleted = 0
    for _ in range(stage.times):
        stage.load.burst(_BACKLOG)
        deleted += delete(stage)
        time.sleep(4)
    stage.notes.append(f"{deleted} messages deleted")


def publish_again(app: wire.KerbsideCelery) -> Callable[[str], None]:
    """Return a function that sends a job's message again, by Celery's own producer."""

    def again(job_id: str) -> None:
        app.send_task(wire.PRICE, task_id=job_id, queue=PREDICTIONS)

    return again


def doubled_messages(stage: Stage) -> None:
    """Let the load run while every message is published twice."""
    wanted = stage.finished + stage.times
    wait_until(lambda: stage.finished >= wanted, "the pricing of doubled messages")
    stage.checks.append(_nothing_ran_twice)


def stray_messages(stage: Stage) -> None:
    """Push messages at both ends of the lane that no job belongs to."""
    server: Any = stage.site.client()
    finished = next(iter(stage.announcements.counts))
    planted = []
    for number in range(stage.times):
        for message in _strays(number):
            planted.append(message)
            (server.lpush if number % 2 else server.rpush)(PREDICTIONS, message)
        # A job that has ended is no stray: its message is merely dropped.
        server.lpush(PREDICTIONS, json.dumps({"headers": {"id": finished}}))
        time.sleep(stage.rng.uniform(0, 0.5))
    stage.notes.append(f"{len(planted)} strays set aside")
    stage.checks.append(lambda held: _set_aside(planted, held))


def reset_connections(stage: Stage) -> None:
    """Reset every connection to Redis, again and again."""
    proxy = stage.site.proxy
    if proxy is None:
        raise TypeError("this row needs a site behind a proxy")
    count = 0
    for _ in range(stage.times):
        time.sleep(_RESET_EVERY_S)
        count += proxy.reset()
        stage.fault()
    stage.notes.append(f"{count} connections reset")


def _answers(load: Load) -> list[Answer]:
    return load.sender.answers if isinstance(load.sender, Http) else []


def _wait_for_results(stage: Stage) -> None:
    wanted = stage.finished + 1
    wait_until(lambda: stage.finished >= wanted, "a result after the outage")


def _unasked_exits(stage: Stage) -> int:
    return sum(not end.asked for end in stage.site.fleet.ends)


def _strays(number: int) -> list[bytes]:
    return [
        b"",
        b"\x00\xff not a message \xfe",
        b"{}",
        b"[" * 1000,
        json.dumps({"headers": {"id": f"nobody-{number}", "task": "price"}}).encode(),
        b'{"id":""}',
        b"x" * 1_000_000,
    ]


def _set_aside(planted: list[bytes], held: Holdings) -> Iterator[str]:
    if sorted(held.strays) != sorted(planted):
        yield f"{len(planted)} strays were planted and {len(held.strays)} set aside"


def _nothing_ran_twice(held: Holdings) -> Iterator[str]:
    twice = sum(record.attempts > 1 for record in held.records.values())
    if twice:
        yield f"{twice} jobs ran twice because their message came twice"
    if held.strays:
        yield f"{len(held.strays)} doubled messages were taken for strays"


def _answered_in_time(count: int, slowest: float, statuses: set[int]) -> Iterator[str]:
    if not count:
        yield "the API was asked nothing while Redis was frozen"
    elif statuses != {_UNAVAILABLE}:
        yield f"the API answered {sorted(statuses)} while Redis was frozen"
    elif slowest > _ANSWER_S:
        yield f"an answer of the API took {slowest:.2f} s while Redis was frozen"
