"""What an autoscaler is told: the formulas that were compared."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Signal:
    """What there is to know of a lane at an instant."""

    waiting: int
    running: int
    #: Over the last seconds, as the API tells it.
    arrivals_per_s: float


class Trigger(Protocol):
    """Tells how many workers a signal asks for."""

    def __call__(self, signal: Signal) -> float:
        """Return it, in workers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLength:
    """The queue alone: `max((waiting + running) / jobs, running / busy)`.

    Attributes:
        jobs: Jobs that one worker may have before it (T).
        busy: Running jobs that one worker stands for (c).
    """

    jobs: float
    busy: float

    def __call__(self, signal: Signal) -> float:
        """Return it, in workers."""
        backlog = signal.waiting + signal.running
        return max(backlog / self.jobs, signal.running / self.busy)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivalRate:
    """The same, and never less than what comes needs.

    Attributes:
        queue: The queue's part.
        rate: Jobs a second of a worker that is never without work.
        load: Share of it that is to be used.
    """

    queue: QueueLength
    rate: float
    load: float

    def __call__(self, signal: Signal) -> float:
        """Return it, in workers."""
        return max(self.queue(signal), signal.arrivals_per_s / (self.load * self.rate))
