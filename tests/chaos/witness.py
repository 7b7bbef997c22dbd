"""Onlookers: who was announced how often, and whether any job went backwards."""

import collections
import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Self

import redis

from tests.chaos.load import Taken
from worker import keys, queue
from worker.errors import QueueError
from worker.jobs import Job

_PAUSE_S = 0.1
#: Seconds between two polls of a job, and how many of the newest jobs are polled most.
_POLL_S, _NEWEST = 0.01, 400


class Announcements:
    """Counts how often each job was announced as finished.

    Args:
        connect: Returns a client of the server.
    """

    def __init__(self, connect: Callable[[], redis.Redis]) -> None:
        self.counts: collections.Counter[str] = collections.Counter()
        #: How often the server was lost: what it said meanwhile was not heard.
        self.gaps = 0
        self._connect = connect
        self._listening = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._listening.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._listen()
            except redis.RedisError:
                self.gaps += 1
                self._stopping.wait(_PAUSE_S)

    def _listen(self) -> None:
        client: Any = self._connect()
        with contextlib.closing(client), client.pubsub() as subscription:
            subscription.subscribe(keys.finished_channel(client))
            while not self._stopping.is_set():
                message = subscription.get_message(timeout=_PAUSE_S)
                if message and message["type"] == "subscribe":
                    self._listening.set()
                if message and message["type"] == "message":
                    told = message["data"].decode().split("\n")
                    # A batch is told there too, with each of its chunks.
                    self.counts.update(one for one in told if one[:4] != "bat_")


@dataclass(frozen=True, slots=True)
class Sight:
    """What one poll of a job showed."""

    sequence: int
    #: Same in two sights of one sequence.
    state: str
    #: 0 waiting for the first start, 1 begun, 2 ended.
    stage: int
    output: bytes | None

    @classmethod
    def of(cls, job: Job) -> "Sight":
        """Keep of a job what must not go backwards."""
        begun = job.state.status != "starting"
        stage = 2 if job.state.is_terminal else int(begun)
        return cls(job.sequence, job.state, stage, job.output)


def backwards(before: Sight, after: Sight) -> bool:
    """Tell whether a later sight shows less than an earlier one."""
    if before.stage == 2 or after.sequence == before.sequence:
        return after != before
    return after.sequence < before.sequence or after.stage < before.stage


class Poller:
    """Polls acknowledged jobs all the time, as their clients would.

    Args:
        desk: Where to ask.
        taken: Returns the jobs that were acknowledged so far.
        seed: Makes the choice of jobs repeatable.
    """

    def __init__(
        self, desk: queue.Queue, taken: Callable[[], Sequence[Taken]], *, seed: str
    ) -> None:
        self.polls = 0
        #: What was seen that must not be.
        self.wrong: list[str] = []
        self._desk = desk
        self._taken = taken
        self._rng = Random(seed)
        self._seen: dict[str, Sight] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(_POLL_S):
            taken = self._taken()
            if taken:
                newest = taken[-_NEWEST:] if self._rng.random() < 0.8 else taken
                self._poll(self._rng.choice(newest))

    def _poll(self, taken: Taken) -> None:
        try:
            sight = Sight.of(self._desk.find(taken.tenant, taken.id))
        except redis.RedisError:
            time.sleep(_PAUSE_S)
            return
        except QueueError as error:
            self.wrong.append(f"{taken.id} was acknowledged and then {error!r}")
            return
        self.polls += 1
        before = self._seen.get(taken.id)
        if before and backwards(before, sight):
            self.wrong.append(f"{taken.id} went from {before} to {sight}")
        self._seen[taken.id] = sight
