"""A Kerbside that takes batches, and a client of it."""

import itertools
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from api.client.batches import SubmittedBatch
from api.client.client import Client
from benchmarks import stacks
from benchmarks.load import LoadError
from benchmarks.stacks import Installation
from model_store.store import ModelStore
from worker.keys import BATCHES

#: Rows of the batch by which its worker loads the model before anything is measured.
_WARM_UP = 1_000
#: Seconds between two looks at a batch, and most that one may take.
_LOOK_EVERY_S, _PATIENCE_S = 0.1, 900.0


@dataclass(frozen=True, slots=True)
class Desk:
    """An installation with an API and a worker of lane `batches`, and its client."""

    home: Installation
    client: Client

    def await_end(self, batch: SubmittedBatch) -> SubmittedBatch:
        """Wait until a batch has ended.

        Raises:
            LoadError: Not every row has a price.
        """
        until = time.monotonic() + _PATIENCE_S
        while not batch.has_ended and time.monotonic() < until:
            self.home.programs.check()
            time.sleep(_LOOK_EVERY_S)
            batch = self.client.batches.get(batch)
        if batch.completed != batch.total:
            raise LoadError(f"a batch is not priced as a whole: {batch}")
        return batch


@contextmanager
def opened(
    folder: Path, store: ModelStore, houses: Sequence[dict[str, Any]]
) -> Iterator[Desk]:
    """Run all that batches take, with the model loaded."""
    files = str(folder / "batches")
    with stacks.installation(folder, store, batches_url=files) as home:
        home.programs.start(home.stack.batches_worker())
        home.programs.start(home.stack.api())
        home.start_upkeep()
        stacks.await_workers(home, 1, lane=BATCHES)
        url, key = home.settings.public_url, stacks.new_key(home)
        desk = Desk(home, Client(url, key))
        desk.await_end(desk.client.batches.submit(ndjson(houses, _WARM_UP)))
        yield desk


def ndjson(houses: Sequence[dict[str, Any]], rows: int) -> bytes:
    """Return a body of JSON lines; more rows than houses begin again with the first."""
    return b"".join(
        orjson.dumps(
            {"custom_id": name_of(number), "input": house},
            option=orjson.OPT_APPEND_NEWLINE,
        )
        for number, house in enumerate(some(houses, rows), 1)
    )


def csv(houses: Sequence[dict[str, Any]], rows: int) -> bytes:
    """Return the same rows as a table."""
    names = list(houses[0])
    lines = [",".join(["custom_id", *names])]
    for number, house in enumerate(some(houses, rows), 1):
        lines.append(",".join([name_of(number), *(_cell(house[n]) for n in names)]))
    return "\n".join(lines).encode()


def some(houses: Sequence[dict[str, Any]], rows: int) -> Iterator[dict[str, Any]]:
    """Yield the houses of a batch."""
    return itertools.islice(itertools.cycle(houses), rows)


def name_of(number: int) -> str:
    """Return what the client calls a row, from 1."""
    return f"house-{number}"


def _cell(value: Any) -> str:
    return "" if value is None else str(value)
