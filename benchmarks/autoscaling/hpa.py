"""How a HorizontalPodAutoscaler decides, by the rules of its controller.

One external metric with an average value, as KEDA makes it: the figure is divided by
the target, and no pod is looked at. What holds a decision back comes after that:
tolerance, the most careful advice of a window, minimum, maximum and policies.
"""

import math
from collections import deque
from dataclasses import dataclass, field

#: Seconds between two looks of the controller.
SYNC_S = 15
#: By how much the figure may miss its target before anything is done.
TOLERANCE = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """How fast replicas may change in one direction.

    Attributes:
        window_s: Seconds over which the most careful advice counts.
        pods: How many replicas may come or go ...
        period_s: ... in so many seconds.
    """

    window_s: int
    pods: int
    period_s: int


@dataclass(slots=True, kw_only=True)
class Hpa:
    """One autoscaler; it remembers what it advised and did.

    Attributes:
        minimum: Replicas at least, one or more.
        maximum: Replicas at most.
        up: How fast they may come.
        down: How fast they may go.
    """

    minimum: int
    maximum: int
    up: Behaviour
    down: Behaviour
    _advised: deque[tuple[float, int]] = field(default_factory=deque)
    #: Changes of the number of replicas, with their instants.
    _changes: list[tuple[float, int]] = field(default_factory=list)

    def sync(self, now: float, current: int, usage: float) -> int:
        """Return how many replicas there are to be.

        Args:
            now: Seconds, of any beginning.
            current: Replicas now; more than none.
            usage: The metric, in targets: 3.0 asks for three replicas.
        """
        advised = self._advice(current, usage)
        stabilised = self._stabilised(now, current, advised)
        wanted = self._within_policies(now, current, stabilised)
        if wanted != current:
            self._changes.append((now, wanted - current))
        return wanted

    def _advice(self, current: int, usage: float) -> int:
        if abs(usage / current - 1) <= TOLERANCE:
            return current
        # What rounding in binary adds must not cost a replica.
        return math.ceil(usage - 1e-9)

    def _stabilised(self, now: float, current: int, advised: int) -> int:
        up, down = self.up.window_s, self.down.window_s
        self._advised.append((now, advised))
        while self._advised[0][0] < now - max(up, down):
            self._advised.popleft()
        lowest = min(n for at, n in self._advised if at >= now - up)
        highest = max(n for at, n in self._advised if at >= now - down)
        return min(max(current, lowest), highest)

    def _within_policies(self, now: float, current: int, wanted: int) -> int:
        wanted = min(max(wanted, self.minimum), self.maximum)
        if wanted > current:
            before = current - self._changed(now, self.up.period_s)
            return min(wanted, max(current, before + self.up.pods))
        if wanted < current:
            before = current - self._changed(now, self.down.period_s)
            return max(wanted, min(current, before - self.down.pods))
        return current

    def _changed(self, now: float, period_s: int) -> int:
        """Return by how many replicas the number has changed within a period."""
        return sum(by for at, by in self._changes if at > now - period_s)
