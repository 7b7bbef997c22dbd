"""A client that submits houses in bursts and repeats what was not acknowledged."""

import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Self

from tests.chaos.houses import House, Houses
from tests.chaos.senders import Order, Sender, Unanswered

#: Houses a burst, on average: makes batches of one and of many.
_BURST = 20
#: Seconds between two tries of the same order.
_REPEAT_S = 0.05
#: Seconds after which an order is given up as unknown.
_GIVE_UP_S = 60.0
#: Share of the jobs with a short deadline, with a long one, and that are canceled.
_SHARE = 0.03
_HURRY_S, _NO_HURRY_S = 0.1, 3600.0


@dataclass(frozen=True, slots=True)
class Taken:
    """A job that was acknowledged, and the output that it must get."""

    id: str
    tenant: str
    output: bytes
    deadline_s: float | None = None


class Load:
    """Submits from a thread of its own until it is stopped, and cancels a few.

    Args:
        sender: How to submit.
        houses: What to submit.
        seed: Makes ids, houses and bursts repeatable.
        tenant: Who submits.
        per_s: Houses a second, on average.
        after: Called with the id of each job that was acknowledged.
    """

    def __init__(
        self,
        sender: Sender,
        houses: Houses,
        *,
        seed: str,
        tenant: str = "acme",
        per_s: float,
        after: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.taken: list[Taken] = []
        self.unknown: set[str] = set()
        #: Jobs that were to be canceled, and whether the answer was that they are.
        self.cancels: dict[str, bool] = {}
        self.repeated = 0
        self.sender = sender
        self.houses = houses
        self._rng = Random(seed)
        self._tenant = tenant
        self._per_s = per_s
        self._after = after
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="load", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Submit nothing new; the order in hand is still repeated to its end."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def place(self, house: House, deadline_s: float | None = None) -> Taken | None:
        """Submit a house until it is acknowledged; None where that never happened."""
        key = str(uuid.UUID(int=self._rng.getrandbits(128), version=4))
        version = self.houses.version
        order = Order(key, self._tenant, version, house.input, deadline_s)
        give_up_at = time.monotonic() + _GIVE_UP_S
        while True:
            try:
                job_id = self.sender.send(order)
            except Unanswered:
                if time.monotonic() > give_up_at:
                    self.unknown.add(key)
                    return None
                self.repeated += 1
                time.sleep(_REPEAT_S)
            else:
                taken = Taken(job_id, self._tenant, house.output, deadline_s)
                self.taken.append(taken)
                self._after(job_id)
                return taken

    def burst(self, count: int) -> list[Taken]:
        """Submit that many houses as fast as can be."""
        placed = [self.place(self.houses.draw(self._rng)) for _ in range(count)]
        return [taken for taken in placed if taken]

    def _run(self) -> None:
        while not self._stopping.is_set():
            began, count = time.monotonic(), self._rng.randint(1, 2 * _BURST)
            for _ in range(count):
                if self._stopping.is_set():
                    return
                self._place_one()
            self._stopping.wait(began + count / self._per_s - time.monotonic())

    def _place_one(self) -> None:
        deadline_s, cancel = None, False
        kind = self._rng.random()
        if kind < _SHARE:
            deadline_s = _HURRY_S
        elif kind < 2 * _SHARE:
            deadline_s = _NO_HURRY_S
        elif kind < 3 * _SHARE:
            cancel = True
        taken = self.place(self.houses.draw(self._rng), deadline_s)
        if taken and cancel:
            self._cancel(taken)

    def _cancel(self, taken: Taken) -> None:
        # Sometimes it still waits, sometimes it runs, sometimes it has ended.
        self._stopping.wait(self._rng.choice((0.0, 0.0, 0.005, 0.02)))
        self.cancels[taken.id] = False
        try:
            status = self.sender.cancel(taken.tenant, taken.id)
        except Unanswered:
            return
        self.cancels[taken.id] = status == "canceled"
