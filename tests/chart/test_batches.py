"""The laws of batches in the chart: who reaches their files, and how they yield."""

from fractions import Fraction
from typing import Any

import pytest

from tests.chart.chart import CHART, Manifest, Render, Rendered

_URL = "KERBSIDE_BATCHES_URL"
_PLACE = "/var/lib/kerbside/batches"
_WHO = {"api", "upkeep", "worker-batches"}
_STORE = CHART / "ci" / "object-store-values.yaml"
_OFF = {"workers.batches.enabled": False}


def test_who_takes_prices_or_removes_them_shares_a_volume(render: Render) -> None:
    """To write to; nobody else has it, or knows of it."""
    rendered = render()
    told = _told(rendered)
    mounts = {
        part: mount
        for part, pod in _pods(rendered).items()
        for mount in pod["containers"][0].get("volumeMounts", ())
        if mount["name"] == "batches"
    }
    claim = rendered.one("PersistentVolumeClaim", "batches")

    assert told == dict.fromkeys(_WHO, _PLACE)
    assert mounts == {part: {"name": "batches", "mountPath": _PLACE} for part in _WHO}
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
    assert claim["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"


def test_a_claim_of_your_own_is_used_as_it_is(render: Render) -> None:
    """None is made beside it."""
    rendered = render(values={"batches.volume.existingClaim": "mine"})
    claims = {
        volume["persistentVolumeClaim"]["claimName"]
        for pod in _pods(rendered).values()
        for volume in pod["volumes"]
        if volume["name"] == "batches"
    }

    assert claims == {"mine"}
    assert [
        one["metadata"]["name"] for one in rendered.of("PersistentVolumeClaim")
    ] == ["home-kerbside-models"]


def test_in_an_object_store_they_are_reached_by_the_same_parts(render: Render) -> None:
    """By HTTPS, with the credentials of the models; no volume is there."""
    rendered = render(values={"batches.url": "s3://homes/batches"})
    reaching = {
        one["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/component"]
        for one in rendered.of("NetworkPolicy")
        if _reaches(one, 443)
    }

    assert _told(rendered) == dict.fromkeys(_WHO, "s3://homes/batches")
    assert reaching == {*_WHO, "worker-webhooks"}
    assert "name: batches" not in str(_pods(rendered))


def test_without_a_worker_for_them_none_are_taken(render: Render) -> None:
    """No variable, no volume, no claim, wherever they would lie."""
    for more in ({}, {"batches.url": "s3://homes/batches"}):
        rendered = render(values={**_OFF, **more})

        assert _told(rendered) == {}
        assert "batches" not in str(rendered.of("PersistentVolumeClaim"))
        assert not any("batches" in str(pod) for pod in _pods(rendered).values())


def test_they_yield_to_all_others_on_a_node(render: Render) -> None:
    """The kubelet makes shares of the requests: no more than nice 10 would have."""
    batches, predictions = (
        _cpu(render().pod("Deployment", f"worker-{lane}")["spec"])
        for lane in ("batches", "predictions")
    )

    # Weights of the scheduler for nice 10 and for nice 0.
    assert batches / predictions <= Fraction(110, 1024)


def test_they_sleep_where_keda_may_put_them_to_sleep_and_nowhere_else(
    render: Render,
) -> None:
    """One worker, else, for one who submits a batch waits for its prices."""
    usual = render().one("Deployment", "worker-batches")
    mode = {"workers.batches.autoscaling": {"mode": "keda"}}
    scaled = render(values=mode).one("ScaledObject", "worker-batches")["spec"]

    assert usual["spec"]["replicas"] == 1
    assert scaled["minReplicaCount"] == 0
    # The window, and ten pods two by two a minute.
    assert scaled["cooldownPeriod"] == 120 + 5 * 60
    asked = [one["metadata"]["listName"] for one in scaled["triggers"]]
    assert asked == ["kerbside:running:batches", "batches"]


@pytest.mark.parametrize("access", ["ReadWriteOnce", "ReadWriteMany"])
def test_the_volume_is_made_as_it_is_asked_for(render: Render, access: str) -> None:
    """Its size, its class and who may mount it."""
    asked = {"size": "20Gi", "storageClassName": "shared", "accessMode": access}
    values = {f"batches.volume.{name}": value for name, value in asked.items()}

    spec = render(values=values).one("PersistentVolumeClaim", "batches")["spec"]

    assert spec == {
        "accessModes": [access],
        "storageClassName": "shared",
        "resources": {"requests": {"storage": "20Gi"}},
    }


def test_models_elsewhere_leave_batches_where_they_are(render: Render) -> None:
    """Each has a place of its own."""
    rendered = render(_STORE)

    assert _told(rendered) == dict.fromkeys(_WHO, "gs://homes/batches")
    assert render(_STORE, values={"batches.url": ""}).one(
        "PersistentVolumeClaim", "batches"
    )


def _pods(rendered: Rendered) -> dict[str, Manifest]:
    return {
        template["metadata"]["labels"]["app.kubernetes.io/component"]: template["spec"]
        for _, template in rendered.pods()
    }


def _told(rendered: Rendered) -> dict[str, str]:
    """Return where the parts that are told so find the files."""
    return {
        part: one["value"]
        for part, pod in _pods(rendered).items()
        for one in pod["containers"][0].get("env", ())
        if one["name"] == _URL
    }


def _cpu(pod: Manifest) -> Fraction:
    asked = str(pod["containers"][0]["resources"]["requests"]["cpu"])
    if asked.endswith("m"):
        return Fraction(asked.removesuffix("m")) / 1000
    return Fraction(asked)


def _reaches(policy: Any, port: int) -> bool:
    rules = policy["spec"].get("egress") or ()
    return any(one["port"] == port for rule in rules for one in rule.get("ports", ()))
