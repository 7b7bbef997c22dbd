"""The settings under which the chart scales its lanes, as the simulation decided them.

Their names are the chart's, below `workers.<lane>.autoscaling`, in Python's spelling.
`helm/kerbside/values.yaml` holds the same figures, and a test compares them.
"""

import re
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.autoscaling.hpa import SYNC_S, Behaviour
from benchmarks.autoscaling.keda import Bounds
from benchmarks.autoscaling.triggers import ArrivalRate, QueueLength, Trigger

#: Share of a worker that arrivals are to fill: the rest takes what comes beside the
#: average, and until more workers are ready.
LOAD = 0.7
METRICS_API, REDIS = "metrics-api", "redis"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleDown:
    """How fast workers go."""

    window_seconds: int = 300
    pods: int = 1
    period_seconds: int = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Autoscaling:
    """The settings of one lane.

    Attributes:
        triggers: Who is asked, and with that which formula holds.
        min_replicas: Workers at least.
        max_replicas: Workers at most; so many may be added at a time.
        jobs_per_worker: T, jobs that one worker may have before it.
        jobs_at_once: c, running jobs that one worker stands for.
        jobs_per_second: What a worker does that is never without work; 0 leaves the
            arrivals out.
        scale_down: How fast workers go.
        cooldown_period: Seconds without work after which the last one goes.
    """

    triggers: str = METRICS_API
    min_replicas: int = 1
    max_replicas: int = 10
    jobs_per_worker: int
    jobs_at_once: int
    jobs_per_second: int = 0
    scale_down: ScaleDown = ScaleDown()
    cooldown_period: int = 300

    def trigger(self) -> Trigger:
        """Return the formula."""
        queue = QueueLength(jobs=self.jobs_per_worker, busy=self.jobs_at_once)
        if not self.jobs_per_second:
            return queue
        return ArrivalRate(queue=queue, rate=self.jobs_per_second, load=LOAD)

    def bounds(self) -> Bounds:
        """Return what the autoscaler is allowed to do."""
        down = self.scale_down
        return Bounds(
            minimum=self.min_replicas,
            maximum=self.max_replicas,
            up=Behaviour(window_s=0, pods=self.max_replicas, period_s=SYNC_S),
            down=Behaviour(
                window_s=down.window_seconds,
                pods=down.pods,
                period_s=down.period_seconds,
            ),
            cooldown_s=self.cooldown_period,
        )

    def values(self) -> dict[str, Any]:
        """Return the settings as the chart spells them."""
        return _in_camel_case(asdict(self))


def _in_camel_case(settings: dict[str, Any]) -> dict[str, Any]:
    return {
        re.sub(r"_(.)", lambda match: match[1].upper(), name): (
            _in_camel_case(value) if isinstance(value, dict) else value
        )
        for name, value in settings.items()
    }


#: By lane.
SHIPPED = {
    "predictions": Autoscaling(
        # What is waited for at most: a second.
        jobs_per_worker=6000,
        # A quarter of a batch: so many are in hand at four fifths of the capacity.
        jobs_at_once=32,
        # Rounded down, which costs workers; rounded up it would cost waits.
        jobs_per_second=6000,
    ),
    "webhooks": Autoscaling(
        # Two seconds.
        jobs_per_worker=700,
        # Seven tenths of the threads.
        jobs_at_once=90,
        jobs_per_second=350,
    ),
    "batches": Autoscaling(
        triggers=REDIS,
        min_replicas=0,
        # A chunk of some seconds is a worker's whole attention.
        jobs_per_worker=4,
        jobs_at_once=1,
        scale_down=ScaleDown(window_seconds=120, pods=2, period_seconds=60),
        # Longer than the way down in steps: it ends all that is left at once.
        cooldown_period=480,
    ),
}
