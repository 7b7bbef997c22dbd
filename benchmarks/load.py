"""The one load generator: clients that submit a house and poll for its price."""

import asyncio
import itertools
import statistics
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from benchmarks.http_client import Connection

#: Seconds before the first poll of the loaded comparison; each later pause is twice the
#: one before it, up to the longest.
FIRST_POLL_S, LONGEST_PAUSE_S = 0.005, 0.25
#: Seconds after which a job without an end fails the run.
_PATIENCE_S = 60.0


class LoadError(Exception):
    """A stack gave an answer that a load run cannot go on with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """How to talk to one stack."""

    name: str
    host: str
    port: int
    path: str
    #: Makes the body of a submit from a house.
    body_of: Callable[[dict[str, Any]], bytes] = orjson.dumps
    headers: dict[str, str] = field(default_factory=dict)
    #: Headers of a submit alone; each submit gets a key of its own if asked for.
    submit_headers: dict[str, str] = field(default_factory=dict)
    sends_idempotency_key: bool = False
    succeeded: str = "succeeded"
    failed: frozenset[str] = frozenset({"failed", "canceled"})

    def headers_of_submit(self) -> dict[str, str]:
        """Return the headers of the next submit."""
        headers = self.headers | self.submit_headers
        if self.sends_idempotency_key:
            headers["Idempotency-Key"] = str(uuid.uuid4())
        return headers


@dataclass(slots=True)
class Outcome:
    """What a run of the load saw."""

    seconds: float = 0.0
    polls: int = 0
    #: Seconds from submit to price, one a job.
    latencies: list[float] = field(default_factory=list)
    #: Where the last job is read.
    last_path: str = ""
    #: Its output.
    output: dict[str, Any] = field(default_factory=dict)

    @property
    def jobs(self) -> int:
        """How many houses were priced."""
        return len(self.latencies)

    @property
    def median_latency(self) -> float:
        """Median seconds from submit to price."""
        return statistics.median(self.latencies)


def poll_schedule() -> Iterator[float]:
    """Yield the pauses before each poll of a job: exponential back-off, without end."""
    pause = FIRST_POLL_S
    while True:
        yield pause
        pause = min(2 * pause, LONGEST_PAUSE_S)


def run(
    target: Target,
    houses: Sequence[dict[str, Any]],
    *,
    jobs: int,
    clients: int,
    schedule: Callable[[], Iterator[float]] = poll_schedule,
) -> Outcome:
    """Price `jobs` houses with `clients` clients, each with one job at a time.

    Raises:
        LoadError: A job was refused, failed or did not end.
    """
    return asyncio.run(_run(target, houses, jobs, clients, schedule))


async def _run(
    target: Target,
    houses: Sequence[dict[str, Any]],
    jobs: int,
    clients: int,
    schedule: Callable[[], Iterator[float]],
) -> Outcome:
    outcome = Outcome()
    work = itertools.islice(itertools.cycle(houses), jobs)
    began = time.monotonic()
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(clients):
                group.create_task(_client(target, work, outcome, schedule))
    except* (OSError, asyncio.IncompleteReadError, LoadError) as failures:
        first = failures.exceptions[0]
        raise LoadError(f"{target.name}: {first!r}") from first
    outcome.seconds = time.monotonic() - began
    return outcome


async def _client(
    target: Target,
    work: Iterator[dict[str, Any]],
    outcome: Outcome,
    schedule: Callable[[], Iterator[float]],
) -> None:
    async with Connection(target.host, target.port) as connection:
        for house in work:
            began = time.monotonic()
            async with asyncio.timeout(_PATIENCE_S):
                await _job(target, connection, house, outcome, schedule())
            outcome.latencies.append(time.monotonic() - began)


async def _job(
    target: Target,
    connection: Connection,
    house: dict[str, Any],
    outcome: Outcome,
    pauses: Iterator[float],
) -> None:
    status, body = await connection.request(
        "POST", target.path, target.headers_of_submit(), target.body_of(house)
    )
    if status not in {201, 202}:
        raise LoadError(f"submit answered {status}: {body[:500]!r}")
    answer = orjson.loads(body)
    path = f"{target.path}/{answer['id']}"
    while (state := answer.get("status")) != target.succeeded:
        if state in target.failed:
            raise LoadError(f"job ended {state}: {body[:500]!r}")
        await asyncio.sleep(next(pauses))
        outcome.polls += 1
        status, body = await connection.request("GET", path, target.headers)
        if status != 200:
            raise LoadError(f"poll answered {status}: {body[:500]!r}")
        answer = orjson.loads(body)
    outcome.last_path, outcome.output = path, answer["output"]
