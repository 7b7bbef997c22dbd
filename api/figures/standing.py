"""Whether an installation is tended, how full its Redis is, and who is left alone."""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from worker.totals import Backlog, Totals


class StandingFigures(Collector):
    """The figures that are of no lane.

    Args:
        totals: Knows how Redis stands.
    """

    def __init__(self, totals: Totals) -> None:
        self._totals = totals

    def describe(self) -> Iterator[Metric]:
        """Return nothing: names are known at the scrape."""
        yield from ()

    def collect(self) -> Iterator[Metric]:
        """Return the figures of this moment.

        Raises:
            redis.RedisError: Redis cannot be asked.
        """
        now = self._totals.standing()
        yield GaugeMetricFamily(
            "kerbside_upkeep_present",
            "1 where the upkeep has been at every lane in the last seconds, else 0.",
            value=now.is_tended,
        )
        yield GaugeMetricFamily(
            "kerbside_webhook_receivers_paused",
            "Receivers that failed and are sent nothing for a while.",
            value=now.paused_receivers,
        )
        closed = GaugeMetricFamily(
            "kerbside_admission_closed",
            "1 while all new jobs are refused: Redis is short of memory (memory), or "
            "would delete jobs (evicting). Absent while they are taken.",
            labels=["reason"],
        )
        if now.closed:
            closed.add_metric([now.closed], 1)
        yield closed
        if now.memory:
            yield from _memory(*now.memory)
        if now.backlog:
            yield from _backlog(now.backlog)


def _backlog(backlog: Backlog) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "kerbside_archive_waiting",
        "Ended jobs, erasures and actions of operators that are still to be archived; "
        "absent where nobody ever archived.",
        value=backlog.waiting,
    )
    yield GaugeMetricFamily(
        "kerbside_archive_oldest_age_seconds",
        "Seconds since the oldest of them happened; 0 where none waits.",
        value=backlog.oldest_ms / 1000,
    )


def _memory(used: int, most: int) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "kerbside_redis_memory_used_bytes",
        "Memory that Redis takes, as the upkeep saw it; absent where there is none.",
        value=used,
    )
    yield GaugeMetricFamily(
        "kerbside_redis_memory_max_bytes",
        "Memory that Redis may take (maxmemory); 0: any.",
        value=most,
    )
