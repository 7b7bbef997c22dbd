"""What a row acts on: the site under load, its witnesses and what the row found out."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.chaos.evidence import Holdings
from tests.chaos.load import Load, Taken
from tests.chaos.site import Site, pid_of
from tests.chaos.witness import Announcements
from worker.keys import PREDICTIONS

#: Looks at what a row left and tells what is wrong with it.
Check = Callable[[Holdings], Iterable[str]]


@dataclass(frozen=True, slots=True)
class InHand:
    """A job in a worker's hand."""

    id: str
    pid: int
    crashes: int


@dataclass(slots=True)
class Stage:
    """A site under load, for one row.

    Attributes:
        times: How often, how many or how many seconds, as the row understands it.
        faults: When each fault was over and which jobs it hit, for the time to recover.
        notes: Figures for the report.
        checks: What must hold beside the invariants of every row.
        poison: Jobs that must become dead letters.
        at_rest: What is waited for once nothing is submitted any more.
    """

    site: Site
    #: The first one submits straight to the queue.
    loads: Sequence[Load]
    announcements: Announcements
    rng: Random
    times: int
    faults: list[tuple[int, frozenset[str]]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    poison: set[str] = field(default_factory=set)
    at_rest: list[Callable[[], None]] = field(default_factory=list)

    @property
    def load(self) -> Load:
        """What submits straight to the queue."""
        return self.loads[0]

    @property
    def finished(self) -> int:
        """How many jobs were announced as finished so far."""
        return len(self.announcements.counts)

    def fault(self, hit: Iterable[str] = ()) -> None:
        """Note that a fault is over now."""
        # Server and suite share the clock of one machine.
        self.faults.append((round(time.time() * 1000), frozenset(hit)))

    def in_hand(self, lane: str = PREDICTIONS) -> list[InHand]:
        """Return the jobs that workers of a lane hold now."""
        server: Any = self.site.client()
        ids = server.zrange(f"kerbside:running:{lane}", 0, -1)
        pipe = server.pipeline(transaction=False)
        for one in ids:
            pipe.hmget(b"kerbside:job:" + one, "worker", "crashes")
        rows = zip(ids, pipe.execute(), strict=True)
        server.close()
        return [
            InHand(one.decode(), pid_of(worker), int(crashes or 0))
            for one, (worker, crashes) in rows
            if worker
        ]

    def place(self, house: Any) -> Taken:
        """Submit one house of the row's own."""
        taken = self.load.place(house)
        assert taken is not None, "no answer to a submit while nothing is broken"
        return taken
