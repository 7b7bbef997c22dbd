"""What realised sales say of each version now, and whether its alarms are raised."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from api.last_known import LastKnown
from model_store.archive.report import ACCURACY_STANDING, Report

if TYPE_CHECKING:
    from model_store.archive.archive import Archive

#: Seconds that a scrape waits for the archive: whoever scrapes gives up after some, and
#: on the figures of Redis too.
_PATIENCE_S = 1.0

LastReport = Callable[[], Report | None]

#: Name of a gauge -> what it means, where a version has it, and what it is divided by.
_GAUGES = {
    "kerbside_realised_sales": (
        "Sales of the last 28 days that a price of the version can be held to.",
        "n",
        1,
    ),
    "kerbside_realised_bias_ratio": (
        "Median of price less sale, as a share of the sale; below 0: too low.",
        "median_bias",
        100,
    ),
    "kerbside_realised_mdape_ratio": (
        "Median distance of prices from sales, as a share of the sale.",
        "mdape",
        100,
    ),
    "kerbside_realised_ppe10_ratio": (
        "Share of prices within 10 % of the sale.",
        "ppe10",
        100,
    ),
    "kerbside_realised_ppe20_ratio": (
        "Share of prices within 20 % of the sale.",
        "ppe20",
        100,
    ),
    "kerbside_realised_coverage_ratio": (
        "Share of sales that the range of their price held.",
        "coverage",
        100,
    ),
    "kerbside_realised_within_fsd_ratio": (
        "Share of sales within one forecast standard deviation; 0.68 is meant.",
        "within_fsd",
        100,
    ),
    "kerbside_realised_fsd_ratio": (
        "What 68 % of sales were within, over the FSD told; above 1: more than that.",
        "fsd_ratio",
        1,
    ),
}
_AGES = {
    "kerbside_accuracy_report_age_seconds": "Seconds since accuracy was measured.",
    "kerbside_newest_outcome_age_seconds": "Seconds since the day of the newest sale.",
}
_MEASURES = ("bias", "mdape", "coverage")


def last_report(archive: "Archive | None") -> LastReport:
    """Return what tells the last report, an earlier one while the archive is away."""
    if archive is None:
        return lambda: None
    read = partial(archive.reports.get, ACCURACY_STANDING)
    return LastKnown(read, None, run=_briefly)


def _briefly(read: Callable[[], None]) -> None:
    """Wait a moment for a reading, which goes on if that is too short."""
    reading = threading.Thread(target=read, name="last-report", daemon=True)
    reading.start()
    reading.join(_PATIENCE_S)


class AccuracyFigures(Collector):
    """The figures of the last report on accuracy; none without an archive.

    Args:
        last_report: Tells the last report, where there is one.
        now: Seconds since the epoch.
    """

    def __init__(
        self, last_report: LastReport, *, now: Callable[[], float] = time.time
    ) -> None:
        self._last_report = last_report
        self._now = now

    def describe(self) -> Iterator[Metric]:
        """Return nothing: names are known at the scrape."""
        yield from ()

    def collect(self) -> Iterator[Metric]:
        """Return the figures of the last report."""
        report = self._last_report()
        if report is None:
            return
        versions: dict[str, dict[str, Any]] = report.body["versions"]
        for name, (about, key, per) in _GAUGES.items():
            family = GaugeMetricFamily(name, about, labels=["version"])
            for version, told in versions.items():
                if key in told["now"]:
                    family.add_metric([version], round(told["now"][key] / per, 6))
            yield family
        yield _hit_rate(report.body.get("hit_rate"))
        yield _degraded(versions)
        yield _expected(versions)
        yield from self._ages(report)

    def _ages(self, report: Report) -> Iterator[Metric]:
        newest = report.body["newest_sale"]
        since = {"kerbside_accuracy_report_age_seconds": report.made_ms / 1000}
        if newest is not None:
            midnight = datetime.fromisoformat(newest).replace(tzinfo=UTC)
            since["kerbside_newest_outcome_age_seconds"] = midnight.timestamp()
        for name, start in since.items():
            family = GaugeMetricFamily(name, _AGES[name])
            family.add_metric([], self._now() - start)
            yield family


def _hit_rate(percent: float | None) -> Metric:
    family = GaugeMetricFamily(
        "kerbside_realised_hit_ratio",
        "Share of the sales of the report that a price had been given for; absent "
        "where none was told.",
    )
    if percent is not None:
        family.add_metric([], round(percent / 100, 6))
    return family


def _degraded(versions: dict[str, dict[str, Any]]) -> Metric:
    family = GaugeMetricFamily(
        "kerbside_model_degraded",
        "1 while sales say that the version is worse than is tolerated.",
        labels=["version", "measure"],
    )
    for version, told in versions.items():
        raised = {alarm["measure"] for alarm in told["alarms"]}
        for measure in _MEASURES:
            family.add_metric([version, measure], float(measure in raised))
    return family


def _expected(versions: dict[str, dict[str, Any]]) -> Metric:
    family = GaugeMetricFamily(
        "kerbside_expected_mdape_ratio",
        "Median distance of prices from sales at the test of the version.",
        labels=["version"],
    )
    for version, told in versions.items():
        family.add_metric([version], round(told["expected_mdape"] / 100, 6))
    return family
