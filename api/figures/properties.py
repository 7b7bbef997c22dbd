"""How stored prices are read."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from worker.valuation_reads import ValuationReads


class PropertyFigures(Collector):
    """The figures of properties.

    Args:
        reads: Counts the reads of stored prices.
    """

    def __init__(self, reads: ValuationReads) -> None:
        self._reads = reads

    def describe(self) -> Iterator[Metric]:
        """Return nothing: names are known at the scrape."""
        yield from ()

    def collect(self) -> Iterator[Metric]:
        """Return the figures of this moment.

        Raises:
            redis.RedisError: Redis cannot be asked.
        """
        family = CounterMetricFamily(
            "kerbside_property_reads",
            "Reads of properties' stored prices, by what was found: fresh, stale, or "
            "none yet.",
            labels=["freshness"],
        )
        for freshness, count in self._reads.counts().items():
            family.add_metric([freshness], count)
        yield family
