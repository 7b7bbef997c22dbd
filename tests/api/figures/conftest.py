"""A scrape of the API, read as Prometheus reads it."""

from collections.abc import Callable

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.api.conftest import Client, Headers

#: Name -> labels and value of each sample.
Figures = dict[str, list[tuple[dict[str, str], float]]]
Scrape = Callable[[], Figures]


def figures(text: str) -> Figures:
    """Return what an exposition says."""
    found: Figures = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, []).append((sample.labels, sample.value))
    return found


@pytest.fixture
def scrape(client: Client, operator: Headers) -> Scrape:
    """Return a function that scrapes."""
    return lambda: figures(client.get("/metrics", headers=operator).text)
