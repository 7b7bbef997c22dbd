"""What receivers of webhooks that hang cost those who wait for a price."""

import asyncio
import itertools
import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis

from benchmarks import pace, stacks
from benchmarks.load import LoadError, Target
from benchmarks.pace import p95
from model_store.store import ModelStore
from worker.connection import connect
from worker.keys import WEBHOOKS, lane_key
from worker.supervision import ports
from worker.webhooks.deliveries import Deliveries
from worker.webhooks.keyring import default_owner
from worker.webhooks.sealing import new_key

#: Receivers, all of which hang.
NUMBER = 20
#: The two sides of a round.
WITHOUT, HANGING = SIDES = ("without", "hanging")


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """Prices without webhooks, and prices with webhooks to receivers that hang."""

    #: Milliseconds from each submit to its price.
    without_ms: Sequence[float]
    hanging_ms: Sequence[float]
    #: Receivers that held a connection at the end.
    held: int


@dataclass(frozen=True, slots=True)
class Hanging:
    """All rounds."""

    rounds: Sequence[Round]

    @property
    def ratio(self) -> float:
        """Median over the rounds: the 95th of 100 prices with them against without."""
        return statistics.median(
            p95(one.hanging_ms) / p95(one.without_ms) for one in self.rounds
        )

    def summary(self) -> list[dict[str, Any]]:
        """Return the figures of each round, without each single price."""
        return [
            {
                "without_p95_ms": p95(one.without_ms),
                "hanging_p95_ms": p95(one.hanging_ms),
                "without_p50_ms": statistics.median(one.without_ms),
                "hanging_p50_ms": statistics.median(one.hanging_ms),
                "prices": len(one.without_ms) + len(one.hanging_ms),
                "held": one.held,
            }
            for one in self.rounds
        ]


def measure(
    folder: Path,
    store: ModelStore,
    drawn: list[dict[str, Any]],
    *,
    rounds: int,
    seconds: float,
    told: Callable[[str], None],
) -> Hanging:
    """Price houses one by one without webhooks and with them; several times over.

    Which comes first changes every round, and each side begins with an empty lane: no
    retries of a round before run beside the prices of another.

    Raises:
        LoadError: A request was refused, or no receiver was ever called.
    """
    settings: dict[str, Any] = {
        "secret_keys": (new_key(),),
        "webhook_development": True,
    }
    with stacks.installation(folder / "hanging", store, **settings) as home:
        for spec in home.stack.prediction_workers():
            home.programs.start(spec)
        home.programs.start(home.stack.api())
        home.programs.start(home.stack.webhooks_worker())
        home.start_upkeep()
        stacks.await_workers(home, stacks.PROCESSES)
        target = stacks.target_of(home)
        client = connect(home.settings.redis_url, role="worker")
        deliveries = Deliveries(client, home.settings)

        def empty() -> None:
            deliveries.call_off(default_owner(stacks.TENANT), "disabled")
            home.programs.wait("an empty lane", lambda: not _is_busy(client))

        houses = itertools.cycle(drawn)
        found = []
        for number in range(1, rounds + 1):
            sides = SIDES if number % 2 else SIDES[::-1]
            found.append(asyncio.run(_round(target, houses, seconds, sides, empty)))
            told(f"round {number} of {rounds}: {found[-1].held} receivers hang")
    return Hanging(found)


async def _round(
    target: Target,
    houses: Iterator[dict[str, Any]],
    seconds: float,
    sides: Sequence[str],
    empty: Callable[[], None],
) -> Round:
    """Measure both sides in the order given, each from an empty lane on."""
    taken: dict[str, list[float]] = {}
    async with AsyncExitStack() as at_end:
        held: set[int] = set()
        urls = [await _receiver(at_end, held) for _ in range(NUMBER)]
        webhooks: dict[str, Sequence[str | None]]
        webhooks = {WITHOUT: [None], HANGING: urls}
        for side in sides:
            await asyncio.to_thread(empty)
            told = itertools.cycle(webhooks[side])
            submits = map(_submit, houses, told)
            prices = await pace.prices(target, submits, seconds)
            taken[side] = [one.ms for one in prices]
        if not held:
            raise LoadError("no webhook was sent: is the delivering worker up?")
    return Round(without_ms=taken[WITHOUT], hanging_ms=taken[HANGING], held=len(held))


def _submit(house: dict[str, Any], webhook: str | None) -> dict[str, Any]:
    return {"input": house, "webhook": webhook} if webhook else {"input": house}


def _is_busy(client: redis.Redis) -> bool:
    """Tell whether any delivery waits for its turn or is in hand."""
    waiting, running = WEBHOOKS, lane_key("running", WEBHOOKS)
    return bool(client.llen(waiting) or client.zcard(running))


async def _receiver(at_end: AsyncExitStack, held: set[int]) -> str:
    """Open a receiver that takes connections and never answers; return its URL."""
    open_streams: list[asyncio.StreamWriter] = []

    async def hang(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_streams.append(writer)
        held.add(port)

    port = ports.find_free()
    server = await asyncio.start_server(hang, ports.LOOPBACK, port)

    async def close() -> None:
        server.close()
        for writer in open_streams:
            writer.close()

    at_end.push_async_callback(close)
    return f"http://{ports.LOOPBACK}:{port}/hook"
