"""Prices at an even pace, one after the other, and how long each took."""

import asyncio
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from benchmarks.http_client import Connection
from benchmarks.load import LoadError, Target

#: Seconds between a price and the next submit of the one client that is measured.
SUBMIT_EVERY_S = 0.01
_WAIT = {"Prefer": "wait=10"}
_PRICED = 201


@dataclass(frozen=True, slots=True)
class Taken:
    """Milliseconds from a submit to its price."""

    ms: float
    #: Of them, those in which the client's own process worked.
    own_ms: float


async def prices(
    target: Target, submits: Iterator[Mapping[str, Any]], seconds: float
) -> list[Taken]:
    """Submit, wait for the price, rest, and so on.

    Raises:
        LoadError: A submit was refused, or there was no price within ten seconds.
    """
    taken = []
    until = time.monotonic() + seconds
    async with Connection(target.host, target.port) as connection:
        while time.monotonic() < until:
            body = orjson.dumps(next(submits))
            began, worked = time.monotonic(), time.process_time()
            status, answer = await connection.request(
                "POST", target.path, target.headers | _WAIT, body
            )
            if status != _PRICED:
                raise LoadError(f"a submit answered {status}: {answer[:500]!r}")
            own_ms = 1000 * (time.process_time() - worked)
            taken.append(Taken(1000 * (time.monotonic() - began), own_ms))
            await asyncio.sleep(SUBMIT_EVERY_S)
    return taken


def p95(taken_ms: Sequence[float]) -> float:
    """Return what 95 in a hundred stay below."""
    return statistics.quantiles(taken_ms, n=20)[-1]
