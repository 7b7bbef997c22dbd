"""The laws of what Prometheus and Grafana are told."""

import json

import yaml

from tests.chart.chart import CHART, Render

_ON = {
    "figuresKey.existingSecret": "figures-key",
    "monitoring": {"monitors": True, "rules": True, "dashboards": True},
}


def test_targets_have_the_names_that_alerts_rely_on(render: Render) -> None:
    """The API with the key of operators, workers without one."""
    rendered = render(values=_ON)
    (api,) = rendered.one("ServiceMonitor", "api")["spec"]["endpoints"]
    (workers,) = rendered.one("PodMonitor", "workers")["spec"]["podMetricsEndpoints"]

    assert api["relabelings"] == [{"targetLabel": "job", "replacement": "kerbside-api"}]
    assert workers["relabelings"] == [
        {"targetLabel": "job", "replacement": "kerbside-workers"}
    ]
    assert api["authorization"]["credentials"] == {
        "name": "figures-key",
        "key": "token",
    }


def test_every_worker_has_the_port_that_is_asked(render: Render) -> None:
    """It serves its metrics at the port that its container names."""
    asked = 0
    for _, template in render(values=_ON).pods():
        container = template["spec"]["containers"][0]
        ports = {
            one["name"]: one["containerPort"] for one in container.get("ports", ())
        }
        env = {one["name"]: one.get("value") for one in container.get("env", ())}
        assert str(ports.get("metrics")) == str(env.get("KERBSIDE_METRICS_PORT"))
        asked += "metrics" in ports

    assert asked == 4


def test_alerts_come_as_they_are_with_the_runbook_at_its_address(
    render: Render,
) -> None:
    """What stands in them for Prometheus, Helm leaves alone."""
    url = "https://example.org/runbook"
    rendered = render(values={**_ON, "monitoring.runbookUrl": url})
    file = (CHART / "files" / "alerts.yaml").read_text(encoding="utf-8")

    spec = rendered.one("PrometheusRule", "alerts")["spec"]
    assert spec == yaml.safe_load(file.replace("docs/runbook.md", url))


def test_dashboards_come_as_they_are(render: Render) -> None:
    """Each as a file of JSON, under the label that Grafana's sidecar looks for."""
    files = {
        path.name: json.loads(path.read_text(encoding="utf-8"))
        for path in (CHART / "files" / "dashboards").glob("*.json")
    }
    made = render(values=_ON).one("ConfigMap", "dashboards")

    assert made["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert {name: json.loads(text) for name, text in made["data"].items()} == files
