"""What is told of the reads of stored prices."""

import redis as redis_py

from tests.api.figures.conftest import Scrape
from worker.valuation_reads import ValuationReads


def test_reads_are_told_by_what_was_found(
    scrape: Scrape, redis: redis_py.Redis
) -> None:
    """Each kind is there before its first; all processes count together."""
    before = scrape()["kerbside_property_reads_total"]
    for count in (1, 2):
        ValuationReads(redis).add({"stale": count})

    assert [value for _, value in before] == [0, 0, 0]
    after = scrape()["kerbside_property_reads_total"]
    assert ({"freshness": "stale"}, 3) in after
