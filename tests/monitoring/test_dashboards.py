"""The laws of dashboards, as far as they show without Grafana."""

import re
from pathlib import Path

import pytest

from tests.monitoring import files, promtool

EACH = pytest.mark.parametrize(
    "path", files.DASHBOARDS, ids=[path.stem for path in files.DASHBOARDS]
)


def test_there_is_one_for_each_thing_that_is_looked_after() -> None:
    """Links between them go by their ids, which stay."""
    ids = {path.stem: files.dashboard(path)["uid"] for path in files.DASHBOARDS}

    assert ids == {
        "overview": "kerbside-overview",
        "predictions": "kerbside-predictions",
        "webhooks": "kerbside-webhooks",
    }


@EACH
def test_prometheus_reads_every_query(path: Path, tmp_path: Path) -> None:
    """As Grafana sends it when everything is chosen."""
    rules = [
        {"record": f"query_{number}", "expr": query}
        for number, query in enumerate(files.queries(path))
    ]

    promtool.check(tmp_path, rules)


@EACH
def test_a_query_names_only_series_that_there_are(path: Path) -> None:
    """A misspelt one would show nothing, and nobody would know."""
    for query in files.queries(path):
        assert files.named(query), query
        assert files.named(query) <= files.series(), query


@EACH
def test_no_dashboard_knows_a_data_source(path: Path) -> None:
    """Whoever imports it chooses one."""
    text = path.read_text(encoding="utf-8")
    listed = files.dashboard(path)["templating"]["list"]

    assert listed[0]["type"] == "datasource"
    assert listed[0]["name"] == "datasource"
    assert set(re.findall(r'"uid": "([^"]+)"', text)) == {
        "${datasource}",
        files.dashboard(path)["uid"],
    }


@EACH
def test_every_panel_says_what_it_shows(path: Path) -> None:
    """In a title, a sentence and a unit, each in a place of its own."""
    places = [tuple(panel["gridPos"].values()) for panel in files.panels(path)]

    assert len(set(places)) == len(places)
    for panel in files.panels(path):
        assert panel["title"]
        assert panel["description"].endswith(".")
        assert panel["type"] == "table" or panel["fieldConfig"]["defaults"]["unit"]
