"""Rows about batches: their worker dies in mid-chunk, or has no room for its files."""

import contextlib
import resource
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from signal import Signals
from typing import Any, NamedTuple

import orjson

from model_store.store import ModelStore
from tests.chaos.houses import House
from tests.chaos.stage import Stage
from tests.patience import wait_until
from tests.worker.batch_desk import Desk
from worker.batch import ENDED, Batch
from worker.keys import BATCHES, job_key

#: What the worker of the lane is called.
_WORKER = "batches"
#: Rows of a chunk: half a second of the slowed model.
_CHUNK = 80
#: Chunks beside those that a fault hits: some end before, some after.
_BESIDE = 6
#: Bytes that a file may have while there is no room: less than the prices of a chunk,
#: more than the worker's log.
_ROOM = 16_384
#: Seconds for a worker that yields to all others to start, and to load a model.
_PATIENCE_S = 240.0
_EXAMPLES = 3


class Ran(NamedTuple):
    """How a chunk ran."""

    state: str
    attempts: int
    crashes: int


@dataclass(frozen=True, slots=True)
class Portfolio:
    """A batch under way, and what it must come to."""

    desk: Desk
    id: str
    houses: Sequence[House]

    def found(self) -> Batch:
        """Return the batch as it is now."""
        return self.desk.find(self.id)

    def ended(self, stage: Stage) -> dict[int, Ran]:
        """Return how the chunks ran that have ended, by their numbers."""
        known = self.records(stage).items()
        return {number: ran for number, ran in known if ran.state == "succeeded"}

    def records(self, stage: Stage) -> dict[int, Ran]:
        """Return how each chunk ran so far, by its number."""
        pipe: Any = stage.site.client().pipeline(transaction=False)
        numbers = range(1, len(self.found().chunks) + 1)
        for number in numbers:
            pipe.hmget(job_key(f"{self.id}-{number}"), "state", "attempts", "crashes")
        return {
            number: Ran((state or b"").decode(), int(attempts or 0), int(crashes or 0))
            for number, (state, attempts, crashes) in zip(
                numbers, pipe.execute(), strict=True
            )
        }

    def wait(self) -> None:
        """Wait until all of it has ended."""
        _wait(lambda: self.found().status in ENDED, "the end of the batch")

    def broken(self) -> list[str]:
        """Return in what it is not as it must be, now that it has ended."""
        return [*unlike(self.found(), self._lines(), self.houses)]

    def _lines(self) -> list[Any]:
        """Return the lines of the results as they would be read."""
        chunks = enumerate(self.found().chunks, 1)
        there = [number for number, told in chunks if told.isdigit()]
        return [line for number in there for line in self.desk.prices(self.id, number)]


def kill_mid_chunk(stage: Stage) -> None:
    """Kill -9 the worker while it has a chunk in hand, each time another one."""
    batch = _begin(stage, chunks=2 * stage.times + _BESIDE)
    before: dict[int, Ran] = {}
    for _ in range(stage.times):
        _kill_in_hand(stage)
        before |= batch.ended(stage)
        _wait_for_more(batch, stage)
    batch.wait()
    after = batch.records(stage)
    again = sum(ran.attempts - 1 for ran in after.values())
    stage.notes.append(f"{len(after)} chunks of {_CHUNK} rows, {again} begun anew")
    # Said now, for the server is gone when checks are asked.
    broken = [*batch.broken(), *priced_again(before, after)]
    stage.checks.append(lambda _: broken)


def no_room(stage: Stage) -> None:
    """Let no file of results be written for some seconds, under load."""
    batch = _begin(stage, chunks=_BESIDE)
    _wait_for_more(batch, stage)
    with _bounded(stage.site.fleet.pid(_WORKER)):
        _wait(lambda: _is_given_back(batch, stage), "a chunk that was given back")
        meanwhile = len(batch.ended(stage))
        time.sleep(stage.times)
        meanwhile = len(batch.ended(stage)) - meanwhile
    batch.wait()
    crashes = sum(ran.crashes for ran in batch.records(stage).values())
    folder = stage.site.batches_folder / batch.id
    torn = [file.name for file in folder.iterdir() if file.name.startswith(".")]
    stage.notes.append(f"{_BESIDE} chunks of {_CHUNK} rows")
    broken = [*batch.broken(), *not_borne(meanwhile, crashes, torn)]
    stage.checks.append(lambda _: broken)


def unlike(
    batch: Batch, lines: Sequence[Any], houses: Sequence[House]
) -> Iterator[str]:
    """Yield in what a batch that has ended is not as it must be."""
    if (batch.status, batch.completed, batch.failed) != ("completed", len(houses), 0):
        counts = f"{batch.completed} priced, {batch.failed} refused"
        yield f"the batch of {len(houses)} rows ended as {batch.status}: {counts}"
    numbers = [line["line"] for line in lines]
    if numbers != list(range(1, len(houses) + 1)):
        found = len(set(numbers))
        yield f"{len(numbers)} results are of {found} rows, or not in their order"
    wrong = [
        line["line"]
        for line in lines
        if line["output"] != orjson.loads(houses[line["line"] - 1].output)
    ]
    if wrong:
        yield f"{len(wrong)} rows have a price that is not theirs: {wrong[:_EXAMPLES]}"


def priced_again(before: Mapping[int, Ran], after: Mapping[int, Ran]) -> Iterator[str]:
    """Yield the chunks that were begun anew though they had ended."""
    again = [number for number, told in before.items() if after[number] != told]
    if again:
        yield f"chunks {again} had ended and were begun anew"
    if not before:
        yield "no chunk had ended before the last fault"


def not_borne(meanwhile: int, crashes: int, torn: Sequence[str]) -> Iterator[str]:
    """Yield what was not as it must be while there was no room."""
    if meanwhile:
        yield f"{meanwhile} chunks ended though nothing could be written"
    if crashes:
        yield f"chunks that were given back were counted as {crashes} crashes"
    if torn:
        yield f"half of a file was left behind: {list(torn[:_EXAMPLES])}"


def _begin(stage: Stage, *, chunks: int) -> Portfolio:
    """Submit a batch of some chunks."""
    site = stage.site
    store = ModelStore.from_settings(site.settings)
    desk = Desk(site.client(), store, site.batches_folder)
    houses = [stage.load.houses.draw(stage.rng) for _ in range(chunks * _CHUNK)]
    rows = [{"input": orjson.loads(house.input)} for house in houses]
    return Portfolio(desk, desk.submit(rows, chunk_rows=_CHUNK), houses)


def _kill_in_hand(stage: Stage) -> None:
    """Kill -9 the worker with a chunk in hand whose worker never died before."""
    fleet = stage.site.fleet

    def is_held() -> bool:
        pid = fleet.pid(_WORKER)
        held = stage.in_hand(BATCHES)
        return any(job.pid == pid and not job.crashes for job in held)

    def is_caught() -> bool:
        if not is_held() or not fleet.signal(_WORKER, Signals.SIGSTOP):
            return False
        # It stands still: what it holds now it holds when the fault comes.
        caught = is_held()
        fleet.signal(_WORKER, Signals.SIGKILL if caught else Signals.SIGCONT)
        return caught

    _wait(is_caught, "a chunk in hand")


def _wait_for_more(batch: Portfolio, stage: Stage) -> None:
    """Wait until one more chunk has ended."""
    known = len(batch.ended(stage))
    _wait(lambda: len(batch.ended(stage)) > known, "the end of a chunk")


def _is_given_back(batch: Portfolio, stage: Stage) -> bool:
    """Tell whether some chunk waits that was begun."""
    return any(ran.state == "retrying" for ran in batch.records(stage).values())


def _wait(is_so: Callable[[], bool], what: str) -> None:
    wait_until(is_so, what, timeout_s=_PATIENCE_S)


@contextlib.contextmanager
def _bounded(pid: int | None) -> Iterator[None]:
    """Let a process write no long file: to it that is as a full disk is."""
    assert pid, "the worker does not run"
    kept = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (_ROOM, kept[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, kept)
