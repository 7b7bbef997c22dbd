"""The alerts and dashboards of the repository, and the metrics that they may name."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from prometheus_client.core import Metric

from docs import metrics_page

ROOT = Path(__file__).parents[2]
ALERTS = ROOT / "helm" / "kerbside" / "files" / "alerts.yaml"
DASHBOARDS = sorted((ALERTS.parent / "dashboards").glob("*.json"))
RUNBOOK = ROOT / "docs" / "runbook.md"

#: Of Prometheus itself, and of each process by the library.
_OTHERS = {"up", "process_cpu_seconds_total", "process_resident_memory_bytes"}


def alerts() -> list[dict[str, Any]]:
    """Return each rule."""
    groups = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def dashboard(path: Path) -> dict[str, Any]:
    """Return a dashboard."""
    read: dict[str, Any] = json.loads(path.read_bytes())
    return read


def panels(path: Path) -> list[dict[str, Any]]:
    """Return what a dashboard shows, but for the headings."""
    return [one for one in dashboard(path)["panels"] if one["type"] != "row"]


def queries(path: Path) -> list[str]:
    """Return what a dashboard asks, as Prometheus is asked when all is chosen."""
    return [
        re.sub(r"\$__rate_interval|\$__range", "5m", target["expr"]).replace(
            "$namespace", ".*"
        )
        for panel in panels(path)
        for target in panel["targets"]
    ]


def series() -> set[str]:
    """Return the name of every series that an installation tells."""
    families = [*metrics_page.api_families(), *metrics_page.worker_families()]
    return {name for family in families for name in _names(family)} | _OTHERS


def named(query: str) -> set[str]:
    """Return the series that a query names."""
    bare = re.sub(r'"[^"]*"', "", query)
    found = re.findall(r"\b(?:kerbside|process)_\w+|\bup\b", bare)
    return set(found)


def _names(family: Metric) -> Iterator[str]:
    for sample in family.samples:
        yield sample.name
