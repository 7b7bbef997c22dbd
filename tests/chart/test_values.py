"""The laws of the values: which are taken, and what is said to others."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.chart import chart
from tests.chart.chart import CHART, SCENARIOS, Render, Rendered
from worker.settings import WorkerSettings


@pytest.mark.parametrize(
    "path",
    [
        "bogus",
        "image.pullpolicy",
        "pod.nodeselector",
        "api.replica",
        "api.autoscaling.cpu",
        "workers.predictions.grace",
        "workers.predictions.autoscaling.cooldownPeriodz",
        "workers.predictions.autoscaling.fallback.replica",
        "redis.users.admin",
        "redis.tls.ca",
        "redis.sentinel.host",
        "batches.bucket",
        "networkPolicy.enable",
    ],
)
def test_a_misspelt_value_is_refused(render: Render, path: str) -> None:
    """By name: it would do nothing."""
    with pytest.raises(chart.Refused, match=path.rpartition(".")[2]):
        render(values={path: 1})


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("workers.predictions.autoscaling.fallback.replicas", 0),
        ("workers.predictions.autoscaling.scaleDown.periodSeconds", 20),
        ("workers.predictions.autoscaling.mode", "hpa"),
        ("workers.predictions.autoscaling.maxReplicas", 0),
        ("upkeep.replicas", 0),
        ("redis.host", "redis://host:6379"),
        ("redis.sentinel.hosts", ["s1.example.org"]),
        ("models.url", "file:///models"),
        ("batches.url", "file:///batches"),
        ("batches.volume.accessMode", "ReadOnlyMany"),
        ("settings.KERBSIDE_BATCHES_URL", "s3://homes/batches"),
        ("settings.KERBSIDE_REDIS_URL", "redis://x"),
        ("settings.KERBSIDE_SECRET_KEYS", "x"),
        ("settings.KERBSIDE_SHADOW_EVERY", 20),
        ("challenger.shadowEvery", -1),
        ("workers.Capitals", {}),
        ("workers.alanewithalongname", {}),
        ("image.digest", "latest"),
        ("redis.maxmemory", "512"),
    ],
)
def test_a_value_that_would_do_harm_is_refused(
    render: Render, path: str, value: object
) -> None:
    """Before anything is rendered."""
    with pytest.raises(chart.Refused, match="schema"):
        render(values={path: value})


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"redis.bundled": False}, "redis.host is empty"),
        (
            {"redis.bundled": False, "redis.host": "redis.example.org"},
            "redis.users.api has no password: name the Secret",
        ),
        ({"redis.tls.enabled": True}, "the bundled Redis, which has no TLS"),
        (
            {"redis.sentinel.hosts": ["s:26379"]},
            "with the bundled Redis, which nobody watches",
        ),
        (
            {"redis.bundled": False, "redis.sentinel.hosts": ["s:26379"]},
            "redis.sentinel.master is empty",
        ),
        (
            {
                "redis.bundled": False,
                "redis.host": "redis.example.org",
                "redis.sentinel.hosts": ["s:26379"],
            },
            "leave redis.host empty",
        ),
        (
            {"redis.users.api.name": "kerbside-api"},
            'redis.users.api.name is "kerbside-api", and the bundled Redis',
        ),
        ({"ingress.enabled": True}, "ingress.host is empty"),
        (
            {"ingress.enabled": True, "ingress.host": "*.example.org"},
            "set publicUrl to where clients reach the API",
        ),
        ({"monitoring.monitors": True}, "needs figuresKey.existingSecret"),
        (
            {"workers.webhooks.drainSeconds": 40},
            "workers.webhooks: terminationGracePeriodSeconds is 40, drainSeconds is 40",
        ),
        (
            {"upkeep.terminationGracePeriodSeconds": int(WorkerSettings().drain_s)},
            "upkeep: terminationGracePeriodSeconds is 10",
        ),
        (
            {"api.preStopSeconds": 20},
            "api: terminationGracePeriodSeconds is 30, preStopSeconds is 20",
        ),
        (
            {
                "workers.predictions.autoscaling": {
                    "mode": "keda",
                    "triggers": "redis",
                    "minReplicas": 0,
                }
            },
            "minReplicas is 0: somebody waits",
        ),
        (
            {
                "workers.webhooks.autoscaling": {
                    "mode": "keda",
                    "triggers": "redis",
                    "minReplicas": 11,
                }
            },
            "minReplicas is 11, maxReplicas is 10",
        ),
        (
            {
                "workers.predictions.autoscaling": {
                    "mode": "keda",
                    "triggers": "metrics-api",
                }
            },
            "need figuresKey.existingSecret",
        ),
    ],
)
def test_values_that_contradict_each_other_are_refused(
    render: Render, values: dict[str, Any], words: str
) -> None:
    """The message says what was found and how it is mended."""
    with pytest.raises(chart.Refused, match=words):
        render(values=values)


def test_the_host_of_the_ingress_may_begin_with_a_star(render: Render) -> None:
    """To YAML that is a reference, unless it is quoted."""
    values = {
        "publicUrl": "https://prices.example.org",
        "ingress.enabled": True,
        "ingress.host": "*.example.org",
        "ingress.tlsSecret": "tls",
    }
    spec = render(values=values).one("Ingress", "api")["spec"]

    assert spec["rules"][0]["host"] == "*.example.org"
    assert spec["tls"][0]["hosts"] == ["*.example.org"]


@pytest.mark.parametrize("part", ["api", "upkeep", "workers.webhooks"])
def test_a_part_needs_no_disruption_budget(render: Render, part: str) -> None:
    """Without a figure it has none, and the others keep theirs."""
    usual = {one["metadata"]["name"] for one in render().of("PodDisruptionBudget")}
    without = render(values={f"{part}.pod.maxUnavailable": None})

    left = {one["metadata"]["name"] for one in without.of("PodDisruptionBudget")}
    name = part.replace("workers.", "worker-")
    assert usual - left == {f"home-kerbside-{name}"}


def test_the_schema_leaves_no_object_open() -> None:
    """Save those whose names are not the chart's, such as labels, settings, lanes."""
    schema = json.loads((CHART / "values.schema.json").read_text())
    closed = [one for one in _objects(schema) if "properties" in one]

    assert len(closed) > 20
    assert {one["additionalProperties"] for one in closed} == {False}


def test_the_schema_knows_every_value_of_the_chart_and_no_other() -> None:
    """A value that nothing has a default for would be left undocumented."""
    schema = json.loads((CHART / "values.schema.json").read_text())
    values = yaml.safe_load((CHART / "values.yaml").read_text())

    assert set(schema["properties"]) - {"global"} == set(values)
    for name, definition in (("pod", "pod"), ("workerDefaults", "lane")):
        known = set(schema["definitions"][definition]["properties"])
        assert known == set(values[name]), name


def test_a_setting_reaches_a_part_as_it_was_written(
    render: Render, tmp_path: Path
) -> None:
    """In a file a number is a float to Helm, whose own text is 1e+06."""
    file = tmp_path / "values.yaml"
    numbers = {"KERBSIDE_QUEUE_BOUND": 1_000_000, "KERBSIDE_MAX_WAIT_S": 7.5}
    others = {"KERBSIDE_TRACING": True, "KERBSIDE_LOG_FORMAT": "text"}
    file.write_text(
        yaml.dump(
            {
                "settings": {**numbers, **others},
                "workers": {"predictions": {"settings": numbers}},
            }
        )
    )

    rendered = render(file)

    (container,) = rendered.pod("Deployment", "worker-predictions")["spec"][
        "containers"
    ]
    lane = {one["name"]: one.get("value") for one in container["env"]}
    told = rendered.one("ConfigMap", "settings")["data"]
    expected = {"KERBSIDE_QUEUE_BOUND": "1000000", "KERBSIDE_MAX_WAIT_S": "7.5"}
    assert lane.items() >= expected.items()
    assert told.items() >= expected.items()
    assert (told["KERBSIDE_TRACING"], told["KERBSIDE_LOG_FORMAT"]) == ("true", "text")


def test_every_setting_that_the_values_name_is_one() -> None:
    """Of the defaults and of all scenarios."""
    files = [CHART / "values.yaml", *SCENARIOS]
    named = {
        word
        for path in files
        for word in _keys(yaml.safe_load(path.read_text()))
        if word.startswith("KERBSIDE_")
    }

    assert named
    assert named - {f"KERBSIDE_{name.upper()}" for name in _settings()} == set()


def _settings() -> set[str]:
    return set(WorkerSettings.model_fields)


def _keys(value: object) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*map(_keys, value.values()))
    return set()


def _objects(schema: object) -> list[dict[str, Any]]:
    """Return the schemas of objects in a schema."""
    if isinstance(schema, list):
        return [one for part in schema for one in _objects(part)]
    if not isinstance(schema, dict):
        return []
    own = [schema] if schema.get("type") == "object" else []
    return own + [one for part in schema.values() for one in _objects(part)]


def test_the_address_that_the_chart_spells_is_one(rendered: Rendered) -> None:
    """Of a Redis by its host or by sentinels: the real settings read it."""
    for name, template in rendered.pods():
        for container in template["spec"]["containers"]:
            told = {one["name"]: one.get("value") for one in container.get("env", ())}
            if url := told.get("KERBSIDE_REDIS_URL"):
                assert WorkerSettings(redis_url=url).redis_url == url, name
