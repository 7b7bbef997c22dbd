"""What is told of realised sales."""

import threading
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest

from api.figures.accuracy import AccuracyFigures, last_report
from api.settings import ApiSettings
from model_store.archive.archive import Archive
from model_store.archive.report import ACCURACY_STANDING, Report
from tests.api.figures.conftest import Scrape, figures
from tests.patience import PATIENCE_S, wait_until

NOW = {
    "n": 412,
    "mdape": 8.4,
    "median_bias": -4.1,
    "coverage": 88.5,
    "within_fsd": 66.0,
    "ppe10": 58.5,
    "ppe20": 86.0,
    "fsd_ratio": 1.125,
}
BODY: dict[str, Any] = {
    "newest_sale": "2026-02-27",
    "hit_rate": 91.56,
    "versions": {
        "v1": {"now": NOW, "expected_mdape": 7.5, "alarms": [{"measure": "bias"}]},
        "v2": {"now": {"n": 3, "suppressed": True}, "expected_mdape": 8, "alarms": []},
    },
}


@pytest.fixture
def api_settings(api_settings: ApiSettings, archive: Archive) -> ApiSettings:
    """Return settings of an API with an archive."""
    return api_settings.model_copy(update={"archive_url": archive.database.place})


def test_versions_tell_what_sales_say_as_shares(
    scrape: Scrape, archive: Archive
) -> None:
    """One with too few sales tells only how many."""
    archive.reports.put(ACCURACY_STANDING, BODY, made_ms=1)

    told = scrape()

    one = {"version": "v1"}
    assert told["kerbside_realised_sales"] == [(one, 412), ({"version": "v2"}, 3)]
    assert told["kerbside_realised_bias_ratio"] == [(one, -0.041)]
    assert told["kerbside_realised_mdape_ratio"] == [(one, 0.084)]
    assert told["kerbside_realised_coverage_ratio"] == [(one, 0.885)]
    assert told["kerbside_realised_within_fsd_ratio"] == [(one, 0.66)]
    assert told["kerbside_realised_ppe10_ratio"] == [(one, 0.585)]
    assert told["kerbside_realised_ppe20_ratio"] == [(one, 0.86)]
    assert told["kerbside_realised_fsd_ratio"] == [(one, 1.125)]
    assert told["kerbside_realised_hit_ratio"] == [({}, 0.9156)]
    assert told["kerbside_expected_mdape_ratio"][0] == (one, 0.075)
    raised = {
        (labels["version"], labels["measure"])
        for labels, value in told["kerbside_model_degraded"]
        if value
    }
    assert raised == {("v1", "bias")}


def test_ages_are_those_of_the_report_and_of_the_newest_sale(archive: Archive) -> None:
    """In seconds at the scrape."""
    archive.reports.put(ACCURACY_STANDING, BODY, made_ms=1_772_150_000_000)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(
        AccuracyFigures(last_report(archive), now=lambda: 1_772_150_460.0)
    )

    told = figures(generate_latest(registry).decode())

    assert told["kerbside_accuracy_report_age_seconds"] == [({}, 460)]
    assert told["kerbside_newest_outcome_age_seconds"] == [({}, 60)]


def test_without_a_report_nothing_is_told_of_it(scrape: Scrape) -> None:
    """And all other figures are."""
    told = scrape()

    assert "kerbside_realised_sales" not in told
    assert "kerbside_jobs_waiting" in told


def test_an_archive_that_is_away_hides_no_other_figure(
    scrape: Scrape, archive: Archive
) -> None:
    """Those of Redis are read all the same."""
    with archive.database.writing() as connection:
        connection.exec_driver_sql("DROP TABLE reports")

    assert "kerbside_jobs_waiting" in scrape()


def test_an_archive_that_says_nothing_holds_no_scrape(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is asked goes on beside it, and the next scrape has the answer."""
    archive.reports.put(ACCURACY_STANDING, BODY, made_ms=1)
    known = last_report(archive)()
    answers, read = threading.Event(), archive.reports.get

    def silent(name: str) -> Report | None:
        assert answers.wait(PATIENCE_S)
        return read(name)

    monkeypatch.setattr(archive.reports, "get", silent)
    told = last_report(archive)
    assert told() is None

    answers.set()
    wait_until(lambda: told() == known)
