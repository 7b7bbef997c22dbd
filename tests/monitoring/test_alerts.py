"""The laws of alerts, on Prometheus's own engine."""

from pathlib import Path

import pytest

from tests.monitoring import files, promtool
from tests.monitoring.cases import CASES, Series
from tests.monitoring.promtool import Group, Rule

RULES = files.alerts()


def _name(rule: Rule) -> str:
    name: str = rule["alert"]
    return name


def test_prometheus_reads_the_rules() -> None:
    """Expressions and the templates of their texts."""
    assert f"{len(RULES)} rules found" in promtool.run("check", "rules", files.ALERTS)


def test_every_alert_has_a_case_and_every_case_an_alert() -> None:
    """One that was never seen to fire may never do so."""
    assert [rule["alert"] for rule in RULES] == list(CASES)


@pytest.mark.parametrize("rule", RULES, ids=_name)
def test_an_alert_fires_on_its_fault_and_not_on_what_is_nearest_to_it(
    rule: Rule, tmp_path: Path
) -> None:
    """As Prometheus itself would see both."""
    name = _name(rule)
    case = CASES[name]

    groups = [
        _group(name, case.bad, case.minute, fires=True),
        _group(name, case.good, case.minute, fires=False),
    ]
    assert "SUCCESS" in promtool.test(tmp_path, [rule], groups)


def test_where_no_api_is_scraped_that_is_told(tmp_path: Path) -> None:
    """Most alerts would be blind, and silent."""
    name, series = "KerbsideApiDown", {'up{job="kerbside-workers"}': "1+0x10"}

    groups = [_group(name, series, 10, fires=True)]
    assert "SUCCESS" in promtool.test(tmp_path, RULES, groups)


@pytest.mark.parametrize("rule", RULES, ids=_name)
def test_an_alert_tells_how_grave_it_is_and_where_to_read_on(rule: Rule) -> None:
    """In the words that Alertmanager and the chart go by."""
    anchor = rule["alert"].lower()

    assert rule["labels"]["severity"] in {"critical", "warning", "info"}
    assert rule["annotations"].keys() == {"summary", "description", "runbook_url"}
    assert rule["annotations"]["runbook_url"] == f"docs/runbook.md#{anchor}"


@pytest.mark.parametrize("rule", RULES, ids=_name)
def test_an_alert_names_only_series_that_there_are(rule: Rule) -> None:
    """A misspelt one would never fire."""
    names = files.named(rule["expr"])

    assert names
    assert names <= files.series()


def _group(name: str, series: Series, minute: int, *, fires: bool) -> Group:
    firing = f'count(ALERTS{{alertname="{name}",alertstate="firing"}})'
    return {
        "name": f"{name} {'fires' if fires else 'is silent'}",
        "input_series": [
            {"series": one, "values": values} for one, values in series.items()
        ],
        "promql_expr_test": [
            {
                "expr": firing,
                "eval_time": f"{minute}m",
                "exp_samples": [{"labels": "{}", "value": 1}] if fires else [],
            }
        ],
    }
