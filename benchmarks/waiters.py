"""What requests that wait cost the others: polls alone and beside 200 of them."""

import asyncio
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import houses, stacks
from benchmarks.http_client import Connection
from benchmarks.load import LoadError, Target
from benchmarks.stacks import Installation
from model_store.store import ModelStore
from worker.jobs import Submission

#: Requests that ask to wait at a time.
NUMBER = 200
#: Seconds between two polls of the one client that is measured.
POLL_EVERY_S = 0.005
#: Seconds until the requests wait or are answered, and of the look at their CPU: in as
#: many each of them looks once for itself.
_SETTLE_S, _IDLE_S = 1.0, 5.0
#: Longer than a round lasts.
_WAIT = {"Prefer": "wait=60"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """Polls without waiters, and then beside them."""

    #: Milliseconds of each poll.
    alone_ms: Sequence[float]
    beside_ms: Sequence[float]
    #: Requests that were held; the others were answered at once.
    held: int
    #: Share of a core that the API takes while they wait and nobody polls, in percent.
    cpu_percent: float
    #: Seconds from the end of all jobs until the last of the held was answered.
    release_s: float


@dataclass(frozen=True, slots=True)
class Waiters:
    """All rounds."""

    rounds: Sequence[Round]

    @property
    def ratio(self) -> float:
        """Median over the rounds: the median poll beside waiters against alone."""
        return statistics.median(
            statistics.median(one.beside_ms) / statistics.median(one.alone_ms)
            for one in self.rounds
        )

    def summary(self) -> list[dict[str, Any]]:
        """Return the figures of each round, without each single poll."""
        return [
            {
                "alone_p50_ms": statistics.median(one.alone_ms),
                "beside_p50_ms": statistics.median(one.beside_ms),
                "alone_p99_ms": p99(one.alone_ms),
                "beside_p99_ms": p99(one.beside_ms),
                "held": one.held,
                "cpu_percent": one.cpu_percent,
                "release_s": one.release_s,
            }
            for one in self.rounds
        ]

    def alone_ms(self) -> list[float]:
        """Return all polls without waiters."""
        return [poll for one in self.rounds for poll in one.alone_ms]

    def beside_ms(self) -> list[float]:
        """Return all polls beside waiters."""
        return [poll for one in self.rounds for poll in one.beside_ms]


def p99(taken: Sequence[float]) -> float:
    """Return what all but one in a hundred stay below."""
    return statistics.quantiles(taken, n=100)[-1]


def measure(
    folder: Path,
    store: ModelStore,
    drawn: list[dict[str, Any]],
    *,
    rounds: int,
    seconds: float,
    told: Callable[[str], None],
) -> Waiters:
    """Poll, let 200 requests wait, poll again, end their jobs; several times over.

    Raises:
        LoadError: A request was refused.
    """
    with stacks.installation(folder / "waiters", store) as home:
        home.programs.start(home.stack.api())
        home.start_upkeep()
        target = stacks.target_of(home)
        jobs = houses.submissions(store.card(store.resolve("champion")), drawn)
        found = []
        for number in range(1, rounds + 1):
            found.append(asyncio.run(_round(home, target, jobs, seconds)))
            told(f"round {number} of {rounds}: {found[-1].held} held")
    return Waiters(found)


async def _round(
    home: Installation, target: Target, jobs: Iterator[Submission], seconds: float
) -> Round:
    queue = home.queue()
    ids = [queue.submit(next(jobs)).job.id for _ in range(NUMBER + 1)]
    polled, *awaited = ids
    path = f"{target.path}/{polled}"
    alone = await _polls(target, path, seconds)
    async with asyncio.TaskGroup() as group:
        waiting = [group.create_task(_wait(target, job)) for job in awaited]
        await asyncio.sleep(_SETTLE_S)
        held = sum(not one.done() for one in waiting)
        before = home.programs.cpu_seconds()["api"]
        await asyncio.sleep(_IDLE_S)
        cpu = home.programs.cpu_seconds()["api"] - before
        beside = await _polls(target, path, seconds)
        for job in ids:
            queue.cancel("benchmark", job)
        ended = time.monotonic()
    return Round(
        alone_ms=alone,
        beside_ms=beside,
        held=held,
        cpu_percent=100 * cpu / _IDLE_S,
        release_s=time.monotonic() - ended,
    )


async def _wait(target: Target, job: str) -> None:
    async with Connection(target.host, target.port) as connection:
        await _get(connection, f"{target.path}/{job}", target.headers | _WAIT)


async def _polls(target: Target, path: str, seconds: float) -> list[float]:
    """Poll at an even pace; return the milliseconds of each."""
    taken = []
    until = time.monotonic() + seconds
    async with Connection(target.host, target.port) as connection:
        while (began := time.monotonic()) < until:
            await _get(connection, path, target.headers)
            taken.append(1000 * (time.monotonic() - began))
            await asyncio.sleep(POLL_EVERY_S)
    return taken


async def _get(connection: Connection, path: str, headers: dict[str, str]) -> None:
    status, body = await connection.request("GET", path, headers)
    if status != 200:
        raise LoadError(f"a poll answered {status}: {body[:500]!r}")
