"""How many batches there are and were, and how they ended."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from worker.totals import Totals


class BatchFigures(Collector):
    """The figures of batches as a whole; those of their chunks are a lane's.

    Args:
        totals: Knows what has been.
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
        now = self._totals.batches()
        yield GaugeMetricFamily(
            "kerbside_batches_open",
            "Batches that have not ended.",
            value=now.submitted - sum(now.ended.values()),
        )
        yield GaugeMetricFamily(
            "kerbside_batches_unstored",
            "Imports and revaluations, those that run included, of which not all is in "
            "the archive.",
            value=now.unstored,
        )
        yield CounterMetricFamily(
            "kerbside_batches_submitted",
            "Batches that were taken.",
            value=now.submitted,
        )
        yield CounterMetricFamily(
            "kerbside_batch_rows_submitted", "Rows that they had.", value=now.rows
        )
        ended = CounterMetricFamily(
            "kerbside_batches_ended",
            "Batches that ended, by their status.",
            labels=["status"],
        )
        for status, count in now.ended.items():
            ended.add_metric([status], count)
        yield ended
        yield CounterMetricFamily(
            "kerbside_batch_requests_out_of_reach",
            "Requests that were answered with 503 since the files of batches could "
            "not be read or written.",
            value=now.out_of_reach,
        )
        yield CounterMetricFamily(
            "kerbside_batch_chunks_lost",
            "Chunks whose prices will never be stored as valuations, since files or "
            "the version are gone.",
            value=now.chunks_lost,
        )
