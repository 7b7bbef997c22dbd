"""What KEDA adds to the autoscaler that it makes: the way to no worker and back."""

from dataclasses import dataclass

from benchmarks.autoscaling.hpa import SYNC_S, Behaviour, Hpa

#: Seconds between two of KEDA's own looks, as shipped where a lane may sleep.
POLL_S = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What the autoscaler is allowed to do.

    Attributes:
        minimum: Workers at least; none puts the lane to sleep when there is no work.
        maximum: Workers at most.
        up: How fast they may come.
        down: How fast they may go.
        cooldown_s: Seconds without work after which a lane sleeps.
    """

    minimum: int
    maximum: int
    up: Behaviour
    down: Behaviour
    cooldown_s: int = 300


class Keda:
    """Wakes a lane and puts it to sleep; in between its autoscaler decides."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._hpa = Hpa(
            minimum=max(1, bounds.minimum),
            maximum=bounds.maximum,
            up=bounds.up,
            down=bounds.down,
        )
        self._active_at = 0.0

    def looks(self, now: float, replicas: int) -> bool:
        """Tell whether anybody looks at the lane at this instant."""
        # With a minimum KEDA's own look decides nothing.
        return not self._bounds.minimum or (replicas > 0 and now % SYNC_S == 0)

    def decide(self, now: float, replicas: int, usage: float) -> int:
        """Return how many replicas there are to be."""
        if not self._bounds.minimum:
            if usage > 0:
                self._active_at = now
            if not replicas:
                return int(usage > 0)
            if now - self._active_at >= self._bounds.cooldown_s:
                # In one step, past the autoscaler's policies.
                return 0
        if now % SYNC_S:
            return replicas
        return self._hpa.sync(now, replicas, usage)
