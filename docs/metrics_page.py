"""The page of metrics: what is told when there is something of everything."""

import collections
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric

from api.figures.accuracy import AccuracyFigures
from api.figures.batches import BatchFigures
from api.figures.drift import DriftFigures
from api.figures.lanes import LaneFigures
from api.figures.models import ModelFigures
from api.figures.properties import PropertyFigures
from api.figures.standing import StandingFigures
from docs.markdown import table
from model_store.aliases import ALIAS_NAMES
from model_store.archive.report import Report
from worker.drift_states import DriftState, FeatureState
from worker.leases import Completion, Lease, Tick
from worker.metrics import Metrics
from worker.totals import Backlog, BatchTotals, LaneTotals, Standing
from worker.versions import Findings, Refusal

_OPENING = """\
# Metrics

What an installation tells Prometheus.
This page is made from the code: `make docs` writes it.
[Watch it with Prometheus](../howto/monitor.md) says how to scrape it and what to look at.

Names end in their unit; what has none is a count, or 0 and 1.
No label names a host, a process, a client or a job.

"""

_OF_API = """\
## Of the API

`GET /metrics`, to a key with the scope `figures`.
Every figure is read at the scrape, from Redis, the model store and the archive: every process of the API tells the same, and a restart loses nothing.

"""

_OF_WORKERS = """
## Of each worker

`GET /metrics` at the worker's own port, `KERBSIDE_METRICS_PORT`, to whoever reaches it.
Each process tells what it did itself since it started: add them up.
Of a histogram there are `_bucket` (with `le`), `_sum` and `_count`.
Beside these it tells what its process takes (`process_cpu_seconds_total`, `process_resident_memory_bytes` and the like).

"""


def render() -> str:
    """Return the page in Markdown."""
    return (
        _OPENING
        + _OF_API
        + _table(api_families())
        + _OF_WORKERS
        + _table(worker_families())
    )


def api_families() -> Iterator[Metric]:
    """Yield each metric of an installation that has something of everything."""
    card = SimpleNamespace(
        name="", version="", as_of=date(2015, 5, 27), trained_at=datetime.now(UTC)
    )
    catalog: Any = SimpleNamespace(
        aliases=lambda: SimpleNamespace(**dict.fromkeys(ALIAS_NAMES, "any")),
        card=lambda _: card,
    )
    refusal = Refusal(reason="", count=1, since=0, last=0)
    findings = Findings(refused={"any": refusal})
    versions: Any = SimpleNamespace(findings=lambda: findings)
    lanes: Any = SimpleNamespace(queue=lambda _: collections.defaultdict(int))
    totals: Any = SimpleNamespace(
        of=lambda _: LaneTotals(0, {("", ""): 0}, {"": 0}, 0),
        batches=lambda: BatchTotals(0, 0, {"completed": 0}, 0, 0, 0),
        standing=lambda: Standing(
            is_tended=True,
            memory=(0, 0),
            closed="any",
            paused_receivers=0,
            backlog=Backlog(0, 0),
        ),
    )
    yield from LaneFigures(lanes, totals).collect()
    yield from BatchFigures(totals).collect()
    yield from StandingFigures(totals).collect()
    yield from ModelFigures(catalog, versions).collect()
    feature = FeatureState(since_ms=0, psi=0.0, psi_limit=0.0, missing=0.0, unknown=0.0)
    state = DriftState(looked_at_ms=0, houses=0, flagged=0.0, features={"": feature})
    states: Any = SimpleNamespace(all=lambda: {"": state})
    yield from DriftFigures(states).collect()
    yield from AccuracyFigures(_measured).collect()
    reads: Any = SimpleNamespace(counts=lambda: {"any": 0})
    yield from PropertyFigures(reads).collect()


def _measured() -> Report:
    """Return a report on one version."""
    names = ("n", "median_bias", "mdape", "ppe10", "ppe20", "coverage")
    now = dict.fromkeys((*names, "within_fsd", "fsd_ratio"), 0)
    version = {"now": now, "alarms": [], "expected_mdape": 0}
    body: dict[str, Any] = {
        "newest_sale": "2015-05-27",
        "hit_rate": 0,
        "versions": {"any": version},
    }
    return Report(0, body)


def worker_families() -> Iterator[Metric]:
    """Yield each metric of a worker that has done something of everything."""
    metrics = Metrics(CollectorRegistry())
    lane, lease = "", Lease("", 1, "", b"", 0)
    priced = {
        "price": 1.0,
        "currency": "",
        "interval": {"low": 0.5, "high": 1.5},
        "flags": [{"code": "", "feature": ""}],
    }
    metrics.begin(lane)
    metrics.watch_champion(lambda: True)
    metrics.claimed(lane, [lease])
    metrics.priced(lane, [Completion(lease=lease, prediction=priced)], [True], [1.0])
    metrics.attempted(lane, lease, outcome="", answer="", run_s=1.0)
    metrics.tended(lane, Tick())
    metrics.errand_ended("", "", 1.0)
    metrics.archived("", 1)
    metrics.archive_failed()
    yield from metrics.registry.collect()


def _table(families: Iterable[Metric]) -> str:
    rows = [
        (f"`{name}`", metric.type, ", ".join(f"`{one}`" for one in labels), about)
        for metric in families
        for name, labels, about in _series(metric)
    ]
    return table(("series", "type", "labels", "meaning"), rows)


def _series(metric: Metric) -> Iterator[tuple[str, list[str], str]]:
    """Yield what a metric's series are called; a histogram has one name for three."""
    for sample in {one.name: one for one in metric.samples}.values():
        labels = [name for name in sample.labels if name != "le"]
        if metric.type != "histogram":
            if not sample.name.endswith("_created"):
                yield sample.name, labels, metric.documentation
        elif sample.name.endswith("_sum"):
            yield metric.name, labels, metric.documentation
