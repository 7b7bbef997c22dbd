"""How much is open in each lane, and what came of all that was."""

from collections.abc import Iterator, Mapping
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from worker.keys import LANES
from worker.lanes import Lanes
from worker.totals import LaneTotals, Totals

#: Name of a gauge -> what it means, and where `Lanes.queue` has it.
_GAUGES = {
    "kerbside_jobs_waiting": ("Jobs that wait in the lane.", "waiting"),
    "kerbside_jobs_running": ("Jobs that a worker holds.", "running"),
    "kerbside_jobs_scheduled": (
        "Jobs that wait for a set time, as deliveries that are tried again.",
        "scheduled",
    ),
    "kerbside_jobs_dead": ("Dead letters that are kept for replay.", "dead"),
    "kerbside_jobs_oldest_age_seconds": (
        "Seconds that the job which starts next has waited; 0 where nobody waits.",
        "oldest_age_s",
    ),
    "kerbside_jobs_parked": (
        "Deliveries that wait until others to the same receiver have ended.",
        "parked",
    ),
    "kerbside_workers": ("Workers that asked for jobs of late.", "workers"),
    "kerbside_lane_paused": ("1 while the lane is paused.", "paused"),
}


class LaneFigures(Collector):
    """The figures of each lane.

    Args:
        lanes: Knows what is open.
        totals: Knows what has been.
    """

    def __init__(self, lanes: Lanes, totals: Totals) -> None:
        self._lanes = lanes
        self._totals = totals

    def describe(self) -> Iterator[Metric]:
        """Return nothing: names are known at the scrape."""
        yield from ()

    def collect(self) -> Iterator[Metric]:
        """Return the figures of this moment.

        Raises:
            redis.RedisError: Redis cannot be asked.
        """
        queues = {lane: self._lanes.queue(lane) for lane in LANES}
        for name, (about, key) in _GAUGES.items():
            yield _gauge(name, about, {lane: one[key] for lane, one in queues.items()})
        totals = {lane: self._totals.of(lane) for lane in LANES}
        yield _counter(
            "kerbside_jobs_submitted",
            "Submits and retries that were taken; of webhooks deliveries that were "
            "made.",
            {lane: one.submitted for lane, one in totals.items()},
        )
        yield _ended(totals)
        yield _refused(totals)
        yield _counter(
            "kerbside_strays",
            "Messages without a job that were set aside.",
            {lane: one.strays for lane, one in totals.items()},
        )


def _gauge(name: str, about: str, values: Mapping[str, Any]) -> Metric:
    family = GaugeMetricFamily(name, about, labels=["lane"])
    for lane, value in values.items():
        family.add_metric([lane], value)
    return family


def _counter(name: str, about: str, counts: Mapping[str, int]) -> Metric:
    family = CounterMetricFamily(name, about, labels=["lane"])
    for lane, count in counts.items():
        family.add_metric([lane], count)
    return family


def _ended(totals: Mapping[str, LaneTotals]) -> Metric:
    family = CounterMetricFamily(
        "kerbside_jobs_ended",
        "Jobs that ended, by state and detail, as a poll shows them.",
        labels=["lane", "state", "detail"],
    )
    for lane, one in totals.items():
        for (state, detail), count in one.ended.items():
            family.add_metric([lane, state, detail], count)
    return family


def _refused(totals: Mapping[str, LaneTotals]) -> Metric:
    family = CounterMetricFamily(
        "kerbside_admission_refusals",
        "Submits and retries that were refused: rate, quota (429), full, slow, "
        "unknown, memory, evicting (503).",
        labels=["lane", "reason"],
    )
    for lane, one in totals.items():
        for reason, count in one.refused.items():
            family.add_metric([lane, reason], count)
    return family
