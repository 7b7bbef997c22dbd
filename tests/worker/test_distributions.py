"""Histograms that take a whole batch, read as Prometheus reads them."""

import pytest
from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.exposition import generate_latest

from worker.distributions import Distribution

BOUNDS = (0.1, 1, 10)
VALUES = (0.0, 0.1, 0.1001, 5, 10, 11)


def test_it_tells_what_the_library_s_own_histogram_tells() -> None:
    """Byte for byte, bounds that are met exactly and sums included."""
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    distribution = Distribution("waits_seconds", "Of waits.", ("lane",), BOUNDS)
    ours.register(distribution)
    histogram = Histogram(
        "waits_seconds", "Of waits.", ("lane",), buckets=BOUNDS, registry=theirs
    )

    distribution.observe(("a",), VALUES)
    distribution.observe(("a",), ())
    for value in VALUES:
        histogram.labels("a").observe(value)

    told = generate_latest(ours).decode()
    created = [line for line in told.splitlines() if "_created" in line]
    assert created == []
    assert told == "".join(
        line
        for line in generate_latest(theirs).decode().splitlines(keepends=True)
        if "_created" not in line
    )


def test_each_series_stands_for_itself() -> None:
    """Labels are told in the order in which they were named."""
    registry = CollectorRegistry()
    distribution = Distribution("n", "Of n.", ("version", "currency"), BOUNDS)
    registry.register(distribution)

    distribution.observe(("a", "USD"), [1, 2])
    distribution.observe(("b", "EUR"), [3])

    for version, currency, count in (("a", "USD", 2), ("b", "EUR", 1)):
        labels = {"version": version, "currency": currency}
        assert registry.get_sample_value("n_count", labels) == count


def test_a_name_is_taken_once() -> None:
    """Two families of one name would be read as one."""
    registry = CollectorRegistry()
    registry.register(Distribution("n", "Of n.", (), BOUNDS))

    with pytest.raises(ValueError, match="Duplicated"):
        registry.register(Distribution("n", "Of m.", (), BOUNDS))
