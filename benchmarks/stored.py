"""What reading a stored price costs, against having the house priced anew."""

import asyncio
import contextlib
import itertools
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson

from benchmarks import load, stacks
from benchmarks.comparison import CLIENTS
from benchmarks.http_client import Connection
from benchmarks.load import LoadError, Target
from benchmarks.stacks import Installation
from model_store.archive.archive import Archive
from model_store.store import ModelStore
from worker.connection import connect
from worker.keys import FEED

#: Properties that are read in turn.
_PROPERTIES = 50
#: Reads and prices by which every process has done some before any are measured.
_WARM_UP = 200
_PATH = "/v1/properties"


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """CPU microseconds of all programs, the archive's part included."""

    read_us: float
    priced_us: float

    @property
    def ratio(self) -> float:
        """How many reads cost what one price does."""
        return self.priced_us / self.read_us


@dataclass(frozen=True, slots=True)
class Stored:
    """All rounds."""

    rounds: Sequence[Round]

    def median(self, figure: Callable[[Round], float]) -> float:
        """Return the median of a figure over the rounds."""
        return statistics.median(map(figure, self.rounds))


def measure(
    folder: Path,
    store: ModelStore,
    drawn: list[dict[str, Any]],
    *,
    reads: int,
    jobs: int,
    rounds: int,
    told: Callable[[str], None],
) -> Stored:
    """Read stored prices and have houses priced, in turn, by as many clients.

    Raises:
        LoadError: A request was refused, or no stored price was read.
    """
    with _serving(folder / "stored", store) as home:
        target = stacks.target_of(home)
        waiting = replace(target, submit_headers={"Prefer": "wait=10"})
        paths = _valued(home, target, drawn[:_PROPERTIES])

        def read(count: int) -> None:
            asyncio.run(_read(target, paths, count))

        def price(count: int) -> None:
            load.run(waiting, drawn, jobs=count, clients=CLIENTS)

        read(_WARM_UP)
        price(_WARM_UP)
        _await_archived(home)
        found = []
        for number in range(1, rounds + 1):
            read_us, priced_us = (
                _cost_us(home, read, reads),
                _cost_us(home, price, jobs),
            )
            found.append(Round(read_us=read_us, priced_us=priced_us))
            told(
                f"round {number} of {rounds}: {read_us:.0f} us a read, "
                f"{priced_us:.0f} us a price"
            )
    return Stored(found)


@contextlib.contextmanager
def _serving(folder: Path, store: ModelStore) -> Iterator[Installation]:
    """Run what prices and archives, as `kerbside up` does."""
    url = f"sqlite:///{folder.absolute() / 'archive.db'}"
    with stacks.installation(folder, store, archive_url=url) as home:
        with contextlib.closing(Archive(url)) as archive:
            archive.migrate()
        for spec in home.stack.prediction_workers():
            home.programs.start(spec)
        home.programs.start(home.stack.api())
        home.start_upkeep()
        stacks.await_workers(home, stacks.PROCESSES)
        yield home


def _cost_us(home: Installation, act: Callable[[int], None], count: int) -> float:
    before = sum(home.programs.cpu_seconds().values())
    act(count)
    _await_archived(home)
    return 1e6 * (sum(home.programs.cpu_seconds().values()) - before) / count


def _await_archived(home: Installation) -> None:
    """Wait until what has ended is in the archive: that is a part of its price."""
    client = connect(home.settings.redis_url, role="worker")
    home.programs.wait("all to be archived", lambda: not client.xlen(FEED))


def _valued(
    home: Installation, target: Target, houses: Sequence[dict[str, Any]]
) -> list[str]:
    """Make properties; return the paths of their valuations once they are there."""
    paths = [f"{_PATH}/house-{number}" for number in range(len(houses))]
    asyncio.run(_put(target, dict(zip(paths, houses, strict=True))))
    _await_archived(home)
    return [f"{path}/valuation" for path in paths]


async def _put(target: Target, houses: dict[str, dict[str, Any]]) -> None:
    async with Connection(target.host, target.port) as connection:
        for path, house in houses.items():
            body = orjson.dumps({"input": house})
            status, answer = await connection.request("PUT", path, target.headers, body)
            if status != 201:
                raise LoadError(f"a property answered {status}: {answer[:500]!r}")


async def _read(target: Target, paths: Sequence[str], count: int) -> None:
    work = itertools.islice(itertools.cycle(paths), count)
    async with asyncio.TaskGroup() as group:
        for _ in range(CLIENTS):
            group.create_task(_read_each(target, work))


async def _read_each(target: Target, work: Iterator[str]) -> None:
    async with Connection(target.host, target.port) as connection:
        for path in work:
            status, answer = await connection.request("GET", path, target.headers)
            if status != 200:
                raise LoadError(f"a read answered {status}: {answer[:500]!r}")
