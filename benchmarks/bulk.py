"""What a batch takes, against the same houses priced in one process."""

import statistics
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from threadpoolctl import threadpool_limits

from api.client.batches import CSV, NDJSON, SubmittedBatch
from benchmarks import batch_desk, stacks
from benchmarks.batch_desk import Desk
from benchmarks.load import LoadError
from model_store.store import ModelStore
from worker import predictors
from worker.batch_files import BatchFiles
from worker.batches import Batches
from worker.connection import connect
from worker.predictors import Pricing

#: Forms of a body, each of which is measured.
FORMS = {NDJSON: batch_desk.ndjson, CSV: batch_desk.csv}
#: Seconds between two looks at Redis.
_SAMPLE_EVERY_S = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One batch, and its houses in one process; CPU in microseconds a row."""

    #: Of the one process.
    limit_us: float
    #: Of the worker, from the body's first byte until the batch has ended.
    worker_us: float
    #: Of the API, while it takes the body.
    api_us: float
    redis_us: float
    #: What Redis held more, at most, than before.
    redis_bytes: int
    #: As the batch tells it.
    rows_per_s: float

    @property
    def share(self) -> float:
        """What the limit is of what the worker takes."""
        return self.limit_us / self.worker_us


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulk:
    """Rounds of each form of a body."""

    rows: int
    chunk_rows: int
    rounds: Mapping[str, Sequence[Round]]

    @property
    def redis_bytes(self) -> int:
        """The most that Redis ever held of a batch."""
        return max(one.redis_bytes for done in self.rounds.values() for one in done)

    def median(self, form: str, figure: Callable[[Round], float]) -> float:
        """Return the median of a figure over the rounds of a form."""
        return statistics.median(map(figure, self.rounds[form]))


def measure(
    folder: Path,
    store: ModelStore,
    drawn: list[dict[str, Any]],
    *,
    rows: int,
    rounds: int,
    told: Callable[[str], None],
) -> Bulk:
    """Price houses in one process and as a batch, in turn, in each form of a body.

    Args:
        folder: For an installation.
        store: Whose champion prices.
        drawn: Houses.
        rows: Of a batch.
        rounds: Of each form.
        told: Gets a line about each step.

    Raises:
        LoadError: A batch was not priced as a whole, or not as in the one process.
    """
    predictor = predictors.load(store, store.resolve("champion"))
    done: dict[str, list[Round]] = {form: [] for form in FORMS}
    with batch_desk.opened(folder / "bulk", store, drawn) as desk:
        chunk_rows = desk.home.settings.batch_chunk_rows
        # The worker has priced some by now.
        _OneProcess(predictor, chunk_rows).price(drawn[:chunk_rows])
        for number in range(1, rounds + 1):
            for form, body_of in FORMS.items():
                limit = _OneProcess(predictor, chunk_rows)
                limit.price(list(batch_desk.some(drawn, rows)))
                one = _round(desk, form, body_of(drawn, rows), limit)
                done[form].append(one)
                told(
                    f"round {number} of {rounds}: {form}, {one.limit_us:.0f} us a row "
                    f"in one process, {one.worker_us:.0f} us in the worker"
                )
    return Bulk(rows=rows, chunk_rows=chunk_rows, rounds=done)


class _OneProcess:
    """The limit: houses that are there as dicts, to lines of JSON that are not kept."""

    def __init__(self, predictor: Pricing, chunk_rows: int) -> None:
        self._predictor = predictor
        self._chunk_rows = chunk_rows
        self.first: list[bytes] = []
        self.us = 0.0

    def price(self, houses: Sequence[dict[str, Any]]) -> None:
        """Price houses, a chunk in one call."""
        with threadpool_limits(limits=1):
            began = time.thread_time()
            for at in range(0, len(houses), self._chunk_rows):
                lines = self._lines(houses[at : at + self._chunk_rows], at)
                self.first = self.first or lines
            self.us = 1e6 * (time.thread_time() - began) / len(houses)

    def _lines(self, houses: Sequence[dict[str, Any]], before: int) -> list[bytes]:
        """Return what is written of each house: all that a worker writes of it."""
        lines = []
        for number, output in enumerate(self._predictor.predict(houses), before + 1):
            output["model"]["alias"] = "champion"
            told = {"line": number, "custom_id": batch_desk.name_of(number)}
            lines.append(orjson.dumps(told | {"output": output}))
        return lines


def _round(desk: Desk, form: str, body: bytes, limit: _OneProcess) -> Round:
    programs = desk.home.programs
    before = programs.cpu_seconds()
    with _watched(desk) as used:
        batch = desk.client.batches.submit(body, form)
        taken = programs.cpu_seconds()
        batch = desk.await_end(batch)
    after = programs.cpu_seconds()
    _compare(desk, batch, limit)
    per_row = 1e6 / batch.total
    return Round(
        limit_us=limit.us,
        worker_us=(after["batches"] - before["batches"]) * per_row,
        api_us=(taken["api"] - before["api"]) * per_row,
        redis_us=(after["redis"] - before["redis"]) * per_row,
        redis_bytes=max(used) - used[0],
        rows_per_s=batch.rows_per_s or 0.0,
    )


@contextmanager
def _watched(desk: Desk) -> Iterator[list[int]]:
    """Look at the memory of Redis time and again, first of all before the block."""
    client: Any = connect(desk.home.settings.redis_url, role="worker")
    used = [client.info("memory")["used_memory"]]
    over = threading.Event()

    def look() -> None:
        while not over.wait(_SAMPLE_EVERY_S):
            used.append(client.info("memory")["used_memory"])

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield used
    finally:
        over.set()
        thread.join()


def _compare(desk: Desk, batch: SubmittedBatch, limit: _OneProcess) -> None:
    """See that both ways make the same of the first chunk, to the last bit.

    Raises:
        LoadError: They do not.
    """
    settings = desk.home.settings
    known = Batches(connect(settings.redis_url, role="worker"), settings)
    attempt = int(known.find(stacks.TENANT, batch.id).chunks[0])
    lines = BatchFiles(settings.batches_url or "").prices(batch.id, 1, attempt)
    if list(map(_output, lines.splitlines())) != list(map(_output, limit.first)):
        raise LoadError("a batch has other prices than the model in one process")


def _output(line: bytes) -> Any:
    # The numbers of lines differ: a table has one line more.
    return orjson.loads(line)["output"]
