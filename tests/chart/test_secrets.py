"""The laws of what nobody else may know."""

import base64
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.fernet import Fernet

from model_store.storage.signing import SigningKey
from tests.chart import chart
from tests.chart.chart import Manifest, Render, Rendered

#: Names of variables whose value is a secret.
_SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|_KEYS$")


def test_secret_values_stand_in_secrets_alone(rendered: Rendered) -> None:
    """None is in a ConfigMap, an argument, an annotation or a variable's value."""
    made = {
        value
        for secret in rendered.of("Secret")
        for encoded in secret["data"].values()
        for value in (encoded, base64.b64decode(encoded).decode())
        if len(value) >= 16
    }
    others = yaml.dump([one for one in rendered.manifests if one["kind"] != "Secret"])

    assert made
    assert [value for value in made if value in others] == []


def test_a_variable_for_a_secret_names_a_secret(rendered: Rendered) -> None:
    """Its value stands nowhere, nor does a password in an address."""
    for where, variable in _variables(rendered):
        value = variable.get("value", "")
        if _SECRET.search(variable["name"]):
            assert "secretKeyRef" in variable["valueFrom"], (where, variable)
        assert not re.search(r"://[^/]*:[^$/@]+@", value), (where, variable)


def test_the_key_that_signs_models_is_where_models_are_made_alone(
    rendered: Rendered,
) -> None:
    """Neither the API nor a worker could sign one."""
    holders = {
        template["metadata"]["labels"]["app.kubernetes.io/component"]
        for _, template in rendered.pods()
        if "signing-key.pem" in str(template["spec"].get("volumes"))
    }

    assert holders == {"training"}


def test_the_keys_that_open_secrets_are_where_webhooks_are_kept_and_sent(
    rendered: Rendered,
) -> None:
    """A worker that prices has none."""
    parts = {one["metadata"]["name"] for one in rendered.of("Deployment")}
    sends = "home-kerbside-worker-webhooks" in parts

    holders = _holders(rendered, "KERBSIDE_SECRET_KEYS")
    assert holders == ({"api", "worker-webhooks"} if sends else {"api"})


@pytest.mark.parametrize(
    ("part", "user"),
    [
        ("api", "api"),
        ("flower", "flower"),
        ("upkeep", "worker"),
        ("worker-predictions", "worker"),
        ("worker-webhooks", "worker"),
    ],
)
def test_each_part_has_its_own_user_of_redis_and_no_other(
    render: Render, part: str, user: str
) -> None:
    """The password, and the name in the address that is put together in the pod."""
    container = render().pod("Deployment", part)["spec"]["containers"][0]
    env = {one["name"]: one for one in container["env"]}

    assert env["REDIS_PASSWORD"]["valueFrom"]["secretKeyRef"] == {
        "name": "home-kerbside-redis",
        "key": user,
    }
    expected = f"redis://{user}:$(REDIS_PASSWORD)@home-kerbside-redis:6379/0"
    assert env["KERBSIDE_REDIS_URL"]["value"] == expected
    # Kubernetes puts in only what stands before it.
    assert list(env).index("REDIS_PASSWORD") < list(env).index("KERBSIDE_REDIS_URL")


def test_what_leads_into_the_object_store_is_where_models_are_used_alone(
    render: Render,
) -> None:
    """Not in Flower, nor in Redis, nor where webhooks are sent."""
    rendered = render(chart.CHART / "ci" / "external-redis-values.yaml")
    holders = {
        template["metadata"]["labels"]["app.kubernetes.io/component"]
        for _, template in rendered.pods()
        if "s3-credentials" in str(template["spec"])
    }

    workers = {"worker-predictions", "worker-batches"}
    assert holders == {"api", "training", "upkeep", *workers}


def test_the_signing_key_that_is_made_up_signs_what_is_trusted(
    render: Render, tmp_path: Path
) -> None:
    """The chart tells the public half as the code does."""
    data = render().one("Secret", "signing")["data"]
    pem = tmp_path / "signing-key.pem"
    pem.write_bytes(base64.b64decode(data["signing-key.pem"]))

    assert (
        base64.b64decode(data["trusted-keys"]).decode() == SigningKey.load(pem).public
    )


def test_the_sealing_key_that_is_made_up_seals(render: Render) -> None:
    """It has the form that the code reads."""
    data = render().one("Secret", "sealing")["data"]

    assert Fernet(base64.b64decode(data["keys"])).encrypt(b"it")


def test_what_cannot_be_made_again_outlives_the_release(render: Render) -> None:
    """Models, the key that they are trusted by, what opens kept secrets, results."""
    kept = {
        (one["kind"], one["metadata"]["name"])
        for one in render().manifests
        if one["metadata"].get("annotations", {}).get("helm.sh/resource-policy")
    }

    assert kept == {
        ("Secret", "home-kerbside-signing"),
        ("Secret", "home-kerbside-sealing"),
        ("PersistentVolumeClaim", "home-kerbside-models"),
        ("PersistentVolumeClaim", "home-kerbside-batches"),
    }


def test_a_pod_starts_anew_when_a_secret_of_it_changes(render: Render) -> None:
    """What its annotation tells is what the Secret of the same rendering holds."""
    rendered = render()
    data = yaml.dump(rendered.one("Secret", "redis")["data"]).rstrip("\n")
    template = rendered.pod("StatefulSet", "redis")

    told = template["metadata"]["annotations"]["checksum/secrets"]
    assert told == hashlib.sha256(data.encode()).hexdigest()


def test_with_secrets_of_ones_own_the_chart_makes_none(render: Render) -> None:
    """Every one of them can come from elsewhere."""
    rendered = render(
        values={
            "redis.existingSecret": "own-redis",
            "sealing.existingSecret": "own-sealing",
            "models.signing.existingSecret": "own-signing",
            "flower.existingSecret": "own-flower",
        }
    )

    assert rendered.of("Secret") == []
    named = yaml.dump([template for _, template in rendered.pods()])
    for name in ("own-redis", "own-sealing", "own-signing", "own-flower"):
        assert name in named


def _variables(rendered: Rendered) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, template in rendered.pods():
        for container in _containers(template):
            for variable in container.get("env") or ():
                yield name, variable


def _containers(template: Manifest) -> Iterator[dict[str, Any]]:
    yield from template["spec"].get("initContainers") or ()
    yield from template["spec"]["containers"]


def _holders(rendered: Rendered, variable: str) -> set[str]:
    return {
        template["metadata"]["labels"]["app.kubernetes.io/component"]
        for _, template in rendered.pods()
        for container in _containers(template)
        for one in container.get("env") or ()
        if one["name"] == variable
    }
