"""The page of metrics: what `/metrics` tells when there is something of everything."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

from prometheus_client.core import Metric

from api.metrics import ModelFigures
from docs.markdown import table
from model_store.aliases import ALIAS_NAMES

_OPENING = """\
# Metrics

What `GET /metrics` tells Prometheus, to a key with the scope `operate`.
This page is made from the code: `make docs` writes it.

Every figure is read at the scrape, so that every process of the API tells the same.

"""


def render() -> str:
    """Return the page in Markdown."""
    rows = [
        (f"`{name}`", metric.type, ", ".join(f"`{one}`" for one in labels), about)
        for metric in families()
        for name, labels, about in _series(metric)
    ]
    return _OPENING + table(("series", "type", "labels", "meaning"), rows)


def families() -> Iterator[Metric]:
    """Yield each metric of an installation that has something of everything."""
    card = SimpleNamespace(
        name="", version="", as_of=date(2015, 5, 27), trained_at=datetime.now(UTC)
    )
    catalog: Any = SimpleNamespace(
        aliases=lambda: SimpleNamespace(**dict.fromkeys(ALIAS_NAMES, "any")),
        card=lambda _: card,
    )
    refused = {"any": SimpleNamespace(count=1)}
    versions: Any = SimpleNamespace(findings=lambda: SimpleNamespace(refused=refused))
    yield from ModelFigures(catalog, versions).collect()


def _series(metric: Metric) -> Iterator[tuple[str, list[str], str]]:
    for name in dict.fromkeys(sample.name for sample in metric.samples):
        labels = next(one.labels for one in metric.samples if one.name == name)
        yield name, list(labels), metric.documentation
