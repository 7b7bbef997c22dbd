"""What a batch that runs costs those who wait for a price of one house."""

import asyncio
import itertools
import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import batch_desk, pace, stacks
from benchmarks.batch_desk import Desk
from benchmarks.load import LoadError, Target
from benchmarks.pace import p95
from model_store.store import ModelStore
from worker import pauses
from worker.connection import connect
from worker.keys import BATCHES, lane_key

#: The two sides of a round.
IDLE, BUSY = SIDES = ("idle", "busy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """Milliseconds of prices without a batch and beside one, less the client's own."""

    idle_ms: Sequence[float]
    busy_ms: Sequence[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """All rounds."""

    rows: int
    rounds: Sequence[Round]

    @property
    def ratio(self) -> float:
        """Median over the rounds: the 95th of 100 prices beside it, against idle."""
        return statistics.median(
            p95(one.busy_ms) / p95(one.idle_ms) for one in self.rounds
        )

    def summary(self) -> list[dict[str, Any]]:
        """Return the figures of each round, without each single price."""
        return [
            {
                "idle_p95_ms": p95(one.idle_ms),
                "busy_p95_ms": p95(one.busy_ms),
                "idle_p50_ms": statistics.median(one.idle_ms),
                "busy_p50_ms": statistics.median(one.busy_ms),
                "prices": len(one.idle_ms) + len(one.busy_ms),
            }
            for one in self.rounds
        ]


def measure(
    folder: Path,
    store: ModelStore,
    drawn: list[dict[str, Any]],
    *,
    rows: int,
    rounds: int,
    seconds: float,
    told: Callable[[str], None],
) -> Beside:
    """Price houses one by one, without a batch and beside one; several times over.

    Which comes first changes every round. A batch runs for the whole of its side: it is
    taken before, and canceled after.

    Raises:
        LoadError: A submit was refused, or a batch ended too early.
    """
    body = batch_desk.ndjson(drawn, rows)
    submits = ({"input": house} for house in itertools.cycle(drawn))
    with batch_desk.opened(folder / "beside", store, drawn) as desk:
        for spec in desk.home.stack.prediction_workers():
            desk.home.programs.start(spec)
        stacks.await_workers(desk.home, stacks.PROCESSES)
        target = stacks.target_of(desk.home)

        def side(name: str) -> list[float]:
            if name == IDLE:
                return _prices(target, submits, seconds)
            with _running(desk, body):
                return _prices(target, submits, seconds)

        side(IDLE)
        found = []
        for number in range(1, rounds + 1):
            sides = SIDES if number % 2 else SIDES[::-1]
            taken = {name: side(name) for name in sides}
            found.append(Round(idle_ms=taken[IDLE], busy_ms=taken[BUSY]))
            idle_ms, busy_ms = p95(taken[IDLE]), p95(taken[BUSY])
            told(f"round {number} of {rounds}: p95 {idle_ms:.1f} and {busy_ms:.1f} ms")
    return Beside(rows=rows, rounds=found)


def _prices(
    target: Target, submits: Iterator[dict[str, Any]], seconds: float
) -> list[float]:
    """Return how long each price took, without what the client took of it."""
    taken = asyncio.run(pace.prices(target, submits, seconds))
    return [one.ms - one.own_ms for one in taken]


@contextmanager
def _running(desk: Desk, body: bytes) -> Iterator[None]:
    """Have a batch run for the whole of the block, and none after it.

    Raises:
        LoadError: It ended before the block did.
    """
    batches = desk.client.batches
    batch = batches.submit(body)
    desk.home.programs.wait(
        "a batch to run", lambda: batches.get(batch).status == "in_progress"
    )
    yield
    is_over = batches.get(batch).has_ended
    _quieten(desk, lambda: batches.cancel(batch))
    if is_over:
        raise LoadError("the batch ended before all prices beside it were there")


def _quieten(desk: Desk, cancel: Callable[[], object]) -> None:
    """Let the worker finish the chunk in hand, and leave it no other."""
    client = connect(desk.home.settings.redis_url, role="worker")
    pauses.begin(client, BATCHES)
    running = lane_key("running", BATCHES)
    desk.home.programs.wait("a chunk to end", lambda: not client.zcard(running))
    cancel()
    pauses.end(client, BATCHES)
