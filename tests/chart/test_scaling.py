"""The laws of scaling on what waits and runs: what was seen with a live KEDA."""

from functools import partial
from pathlib import Path

import pytest
import yaml

from tests.chart import chart
from tests.chart.chart import Manifest, Render, Rendered
from worker import keys

#: Keys that the scalers know: others, free text to KEDA, would do nothing.
_METADATA = {
    "redis": {"address", "listName", "databaseIndex"},
    "redis-sentinel": {"addresses", "sentinelMaster", "listName", "databaseIndex"},
    "metrics-api": {"url", "valueLocation", "targetValue", "authMode"},
}
_LANE = "workers.predictions.autoscaling"
_WEBHOOKS = "workers.webhooks.autoscaling"
_KEDA = {"mode": "keda", "triggers": "redis"}
_API = {"mode": "keda", "triggers": "metrics-api"}


def test_what_is_scaled_has_no_number_of_replicas(rendered: Rendered) -> None:
    """An upgrade would set it back, and busy workers with it."""
    scaled = {
        one["spec"]["scaleTargetRef"]["name"]
        for kind in ("ScaledObject", "HorizontalPodAutoscaler")
        for one in rendered.of(kind)
    }
    for one in rendered.of("Deployment"):
        assert ("replicas" in one["spec"]) is (one["metadata"]["name"] not in scaled)


def test_nothing_is_scaled_twice(rendered: Rendered) -> None:
    """KEDA makes an HPA of its own, and refuses a second one."""
    keda = {
        one["spec"]["scaleTargetRef"]["name"] for one in rendered.of("ScaledObject")
    }
    hpas = {
        one["spec"]["scaleTargetRef"]["name"]
        for one in rendered.of("HorizontalPodAutoscaler")
    }

    assert keda & hpas == set()
    assert len(keda) == len(rendered.of("ScaledObject"))


def test_redis_is_asked_for_the_list_and_the_running_set(render: Render) -> None:
    """Under the names that the ledger has for them, at host:port."""
    scaled = render(values={_LANE: _KEDA}).one("ScaledObject", "worker-predictions")

    asked = {
        one["name"]: (one["type"], one["metadata"])
        for one in scaled["spec"]["triggers"]
    }
    address = "home-kerbside-redis.homes.svc:6379"
    running = keys.lane_key("running", "predictions")
    assert asked == {
        "waiting": ("redis", {"address": address, "listName": "predictions"}),
        "running": ("redis", {"address": address, "listName": running}),
    }


def test_sentinels_are_asked_for_the_redis_that_is_asked(render: Render) -> None:
    """All of them, in their own names; the login is that of both."""
    rendered = render(chart.CHART / "ci" / "sentinel-values.yaml")
    scaled = rendered.one("ScaledObject", "worker-predictions")

    for trigger in scaled["spec"]["triggers"]:
        assert trigger["type"] == "redis-sentinel"
        asked = trigger["metadata"]
        assert asked["addresses"].split(",")[2] == "s3.example.org:26380"
        assert (asked["sentinelMaster"], asked["databaseIndex"]) == ("homes", "1")
    (login,) = rendered.of("TriggerAuthentication")
    assert {one["parameter"] for one in login["spec"]["secretTargetRef"]} == {
        *("username", "password", "sentinelUsername", "sentinelPassword", "tls", "ca")
    }


def test_busy_workers_are_never_reckoned_away(render: Render) -> None:
    """As many as hold what runs, whatever a worker may have waiting."""
    values = {_LANE: {**_KEDA, "jobsPerWorker": 400, "jobsAtOnce": 64}}
    scaled = render(values=values).one("ScaledObject", "worker-predictions")

    modifiers = scaled["spec"]["advanced"]["scalingModifiers"]
    assert modifiers == {
        "formula": "max((waiting + running) / 400, running / 64)",
        "target": "1",
        # Above 0 a lane with busy workers was set to 0.
        "activationTarget": "0",
        "metricType": "AverageValue",
    }


def test_the_api_can_add_what_arrives(render: Render) -> None:
    """Of jobs that take milliseconds hardly any waits, however many come."""
    values = {
        "figuresKey.existingSecret": "key",
        _LANE: {**_API, "jobsPerSecond": 800},
    }
    scaled = render(values=values).one("ScaledObject", "worker-predictions")

    asked = {
        one["name"]: one["metadata"]["valueLocation"]
        for one in scaled["spec"]["triggers"]
    }
    assert asked == {
        "waiting": "queues.predictions.waiting",
        "running": "queues.predictions.running",
        "arrivals": "queues.predictions.arrivals_per_s",
    }
    formula = scaled["spec"]["advanced"]["scalingModifiers"]["formula"]
    assert formula.endswith(", arrivals / (0.7 * 800))")


@pytest.mark.parametrize("rate", [0.05, 2_000_000])
def test_any_rate_of_a_worker_stands_in_the_formula_as_it_is(
    render: Render, tmp_path: Path, rate: float
) -> None:
    """Slow models do not divide by nothing, and fast ones by no power of ten."""
    file = tmp_path / "values.yaml"
    scaling = {**_API, "jobsPerWorker": 1_000_000, "jobsPerSecond": rate}
    file.write_text(
        yaml.dump(
            {
                "figuresKey": {"existingSecret": "key"},
                "workers": {"predictions": {"autoscaling": scaling}},
            }
        )
    )

    scaled = render(file).one("ScaledObject", "worker-predictions")

    formula = scaled["spec"]["advanced"]["scalingModifiers"]["formula"]
    load = "max((waiting + running) / 1000000, running / 32)"
    assert formula == f"max({load}, arrivals / (0.7 * {rate}))"


def test_while_redis_is_down_nothing_is_guessed(render: Render) -> None:
    """Replicas stay; while the API is down they do not get fewer."""
    values = {
        "figuresKey.existingSecret": "key",
        _LANE: _KEDA,
        "workers.webhooks.autoscaling": _API,
    }
    rendered = render(values=values)

    by_redis = rendered.one("ScaledObject", "worker-predictions")["spec"]
    by_api = rendered.one("ScaledObject", "worker-webhooks")["spec"]
    assert "fallback" not in by_redis
    assert by_api["fallback"] == {
        "failureThreshold": 3,
        "replicas": 2,
        "behavior": "currentReplicasIfHigher",
    }


def test_a_lane_that_never_sleeps_has_no_cooldown(render: Render) -> None:
    """KEDA warns of what it would not mind; one that does gets its steps first."""
    values = {_LANE: _KEDA, _WEBHOOKS: {**_KEDA, "minReplicas": 0, "maxReplicas": 9}}
    rendered = render(values=values)

    awake = rendered.one("ScaledObject", "worker-predictions")["spec"]
    sleepy = rendered.one("ScaledObject", "worker-webhooks")["spec"]
    assert {"pollingInterval", "cooldownPeriod"} & awake.keys() == set()
    assert sleepy["pollingInterval"] == 5
    # The window, and nine pods one by one a minute: KEDA's last step is one to nothing.
    assert sleepy["cooldownPeriod"] == 300 + 9 * 60


def test_steps_are_as_they_were_measured(render: Render) -> None:
    """Up at once, down slowly; in periods of 15 seconds, as the HPA looks."""
    values = {_LANE: {**_KEDA, "maxReplicas": 20}}
    scaled = render(values=values).one("ScaledObject", "worker-predictions")

    assert scaled["spec"]["advanced"]["horizontalPodAutoscalerConfig"] == {
        "behavior": {
            "scaleUp": {
                "stabilizationWindowSeconds": 0,
                "policies": [{"type": "Pods", "value": 20, "periodSeconds": 15}],
            },
            "scaleDown": {
                "stabilizationWindowSeconds": 300,
                "policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}],
            },
        }
    }


def test_every_trigger_is_as_keda_reads_it(rendered: Rendered) -> None:
    """Strings, known keys, names that a formula can hold, no secret."""
    for trigger in _triggers(rendered):
        assert trigger["name"].isidentifier()
        assert trigger["metadata"].keys() <= _METADATA[trigger["type"]]
        assert {type(one) for one in trigger["metadata"].values()} == {str}
        address = trigger["metadata"].get("address", "host:1")
        host, _, port = address.partition(":")
        assert "/" not in host
        assert port.isdecimal()
        login = trigger["authenticationRef"]["name"]
        assert login in {
            one["metadata"]["name"] for one in rendered.of("TriggerAuthentication")
        }


def test_keda_logs_in_as_the_user_that_may_only_count(render: Render) -> None:
    """Each parameter from a Secret, the certificate's authority among them."""
    scenario = chart.CHART / "ci" / "external-redis-values.yaml"
    rendered = render(scenario)

    (login,) = rendered.of("TriggerAuthentication")
    assert login["spec"]["secretTargetRef"] == [
        _from("username", "home-kerbside-keda-redis", "username"),
        _from("password", "redis-keda", "password"),
        _from("tls", "home-kerbside-keda-redis", "tls"),
        _from("ca", "redis-authority", "ca.crt"),
    ]
    (trigger, _) = _triggers(rendered)
    assert trigger["metadata"]["address"] == "redis.example.org:6380"
    assert trigger["metadata"]["databaseIndex"] == "2"


def test_without_keda_an_installation_is_refused_in_words(render: Render) -> None:
    """Unless Helm only renders, or upgrades: then it cannot know, or knows already."""
    bare = partial(render, operators=())

    with pytest.raises(chart.Refused, match="install KEDA first"):
        bare(values={_LANE: _KEDA})
    for other in (
        bare(values={_LANE: _KEDA}, words=("--is-upgrade",)),
        bare(values={_LANE: _KEDA, "keda.required": False}),
    ):
        assert other.of("ScaledObject")


def _triggers(rendered: Rendered) -> list[Manifest]:
    return [
        trigger
        for one in rendered.of("ScaledObject")
        for trigger in one["spec"]["triggers"]
    ]


def _from(parameter: str, name: str, key: str) -> dict[str, str]:
    return {"parameter": parameter, "name": name, "key": key}
