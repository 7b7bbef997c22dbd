"""The laws of all pods, and of how each part is started."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.chart.chart import ROOT, Manifest, Render, Rendered
from worker.settings import WorkerSettings
from worker.webhook_settings import WebhookSettings

_BIN = Path(sys.executable).parent


def test_no_pod_has_more_rights_than_it_needs(rendered: Rendered) -> None:
    """Not root, no privilege to gain, nothing to write to, no token of the cluster."""
    for name, template in rendered.pods():
        spec = template["spec"]
        assert spec["automountServiceAccountToken"] is False, name
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        own = [one for one in spec["containers"] if one["name"] != "beside"]
        for container in own:
            context = container["securityContext"]
            assert context["readOnlyRootFilesystem"] is True, name
            assert context["allowPrivilegeEscalation"] is False, name
            assert context["capabilities"] == {"drop": ["ALL"]}, name
            assert container["resources"]["limits"]["memory"], name


def test_all_parts_are_the_one_image_as_the_same_user(render: Render) -> None:
    """10001, who owns nothing in it; the bundled Redis alone is another."""
    for name, template in render().pods():
        if name == "home-kerbside-redis":
            continue
        assert template["spec"]["securityContext"]["runAsUser"] == 10001
        assert template["spec"]["containers"][0]["image"] == "kerbside:0.1.0"


def test_a_digest_counts_instead_of_the_tag(render: Render) -> None:
    """Whatever the tag says."""
    digest = "sha256:" + "0" * 64
    rendered = render(values={"image": {"tag": "1", "digest": digest}})

    image = rendered.pod("Deployment", "api")["spec"]["containers"][0]["image"]
    assert image == f"kerbside@{digest}"


def test_selectors_never_change(render: Render) -> None:
    """An upgrade may not change them: they hold no version and nothing of values."""
    values = {"image.tag": "2", "pod.labels": {"team": "homes"}}
    changed = {
        (one["kind"], one["metadata"]["name"]): one["spec"]["selector"]
        for one in render(values=values).manifests
        if one["kind"] in {"Deployment", "StatefulSet"}
    }

    assert changed
    for (_, name), selector in changed.items():
        assert selector == {
            "matchLabels": {
                "app.kubernetes.io/name": "kerbside",
                "app.kubernetes.io/instance": "home",
                "app.kubernetes.io/component": name.removeprefix("home-kerbside-"),
            }
        }


def test_each_selector_finds_the_pods_of_its_part_alone(rendered: Rendered) -> None:
    """Services, budgets, policies and Deployments alike."""
    pods = [template["metadata"]["labels"] for _, template in rendered.pods()]
    for one in rendered.manifests:
        selector = _selector(one)
        if "app.kubernetes.io/component" not in selector:
            continue
        found = {
            labels["app.kubernetes.io/component"]
            for labels in pods
            if selector.items() <= labels.items()
        }
        assert found == {selector["app.kubernetes.io/component"]}, one["metadata"]


def test_names_leave_room_for_what_is_put_behind_them(render: Render) -> None:
    """KEDA's HPA, a Job's pods: 63 characters hold whatever the release is called."""
    rendered = render(
        values={"fullnameOverride": "a-release-with-an-uncommonly-long-name-of-its-own"}
    )
    lengths = {
        (one["kind"], one["metadata"]["name"]): len(one["metadata"]["name"])
        for one in rendered.manifests
    }

    assert max(lengths.values()) <= 54, lengths


@pytest.mark.parametrize(
    ("kind", "part"),
    [
        ("Deployment", "api"),
        ("Deployment", "worker-predictions"),
        ("Deployment", "worker-webhooks"),
        ("Deployment", "worker-batches"),
        ("Deployment", "upkeep"),
    ],
)
def test_the_commands_of_the_parts_know_their_options(
    render: Render, kind: str, part: str
) -> None:
    """The real program reads them, and says no."""
    words = render().pod(kind, part)["spec"]["containers"][0]["args"]

    done = _said([*words, "--help"])
    assert done.returncode == 0, done.stderr


def test_the_commands_of_training_know_their_options(render: Render) -> None:
    """Of the first training and of those on a schedule."""
    rendered = render(values={"training.retrain.enabled": True})
    trainings = [
        template["spec"]["containers"][0]["args"]
        for name, template in rendered.pods()
        if "train" in name
    ]

    assert len(trainings) == 2
    for words in trainings:
        done = _said([*words, "--help"])
        assert done.returncode == 0, done.stderr


def test_the_api_is_never_short_of_a_pod_while_it_is_changed(render: Render) -> None:
    """A new one serves before an old one goes, and that one waits for the balancers."""
    deployment = render().one("Deployment", "api")
    template = deployment["spec"]["template"]["spec"]
    container = template["containers"][0]

    assert deployment["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert container["lifecycle"]["preStop"]["exec"]["command"] == ["sleep", "5"]
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert template["terminationGracePeriodSeconds"] > 5 + 10


def test_a_worker_has_more_time_to_stop_than_it_takes(rendered: Rendered) -> None:
    """It is told its time, and the kubelet leaves it more."""
    workers = [one for one in rendered.of("Deployment") if "worker-" in str(one)]
    for one in workers:
        template = one["spec"]["template"]["spec"]
        env = {e["name"]: e.get("value") for e in template["containers"][0]["env"]}
        if drain := env.get("KERBSIDE_DRAIN_S"):
            assert template["terminationGracePeriodSeconds"] > float(drain)


def test_a_delivery_under_way_may_end_before_its_worker_does(render: Render) -> None:
    """Else it would be given back, and made a second time."""
    container = render().pod("Deployment", "worker-webhooks")["spec"]["containers"][0]
    env = {one["name"]: one.get("value") for one in container["env"]}

    assert float(env["KERBSIDE_DRAIN_S"]) > WebhookSettings().webhook_timeout_s


def test_the_probe_of_a_worker_tells_a_fresh_file_from_an_old_one(
    render: Render, tmp_path: Path
) -> None:
    """And says no while there is none; a shell alone is started for it."""
    container = render().pod("Deployment", "worker-predictions")["spec"]["containers"][
        0
    ]
    command = container["livenessProbe"]["exec"]["command"]
    words = [word.replace("/tmp/health", str(tmp_path / "health")) for word in command]  # noqa: S108
    file = tmp_path / "health" / "predictions@here.alive"

    assert _said(words).returncode != 0
    file.parent.mkdir()
    file.touch()
    assert _said(words).returncode == 0
    subprocess.run(["touch", "--date=-3 minutes", file], check=True)
    assert _said(words).returncode != 0


def test_a_training_that_runs_something_else_is_another_job(render: Render) -> None:
    """A Job cannot be changed; one that runs the same keeps its name."""
    fixed = {"models.signing.existingSecret": "own"}
    first = render(values=fixed).of("Job")[0]["metadata"]["name"]

    assert render(values=fixed).of("Job")[0]["metadata"]["name"] == first
    other = render(values={**fixed, "image.tag": "2"}).of("Job")[0]["metadata"]["name"]
    assert other != first


def test_what_ends_by_itself_is_held_up_by_no_sidecar(render: Render) -> None:
    """There the kubelet starts it first and ends it last; else it runs beside."""
    rendered = render(
        values={"pod.sidecars": [{"name": "beside"}], "training.retrain.enabled": True}
    )

    ending = 0
    for name, template in rendered.pods():
        spec = template["spec"]
        beside = [one["name"] for one in spec["containers"][1:]]
        before = spec.get("initContainers", [])
        if "restartPolicy" in spec:
            ending += 1
            assert beside == [], name
            assert before == [{"name": "beside", "restartPolicy": "Always"}], name
        else:
            assert (beside, before) == (["beside"], []), name
    assert ending == 3


def test_models_are_written_where_they_are_made_alone(render: Render) -> None:
    """All others mount the volume to read."""
    for _, template in render().pods():
        part = template["metadata"]["labels"]["app.kubernetes.io/component"]
        for mount in template["spec"]["containers"][0].get("volumeMounts", ()):
            if mount["name"] == "models":
                assert mount["readOnly"] is (part != "training"), part


def test_who_delivers_webhooks_has_no_models(render: Render) -> None:
    """Neither their volume nor the keys that they are trusted by."""
    spec = render().pod("Deployment", "worker-webhooks")["spec"]
    (container,) = spec["containers"]

    assert "models" not in {one["name"] for one in spec["volumes"]}
    assert "KERBSIDE_TRUSTED_KEYS" not in {one["name"] for one in container["env"]}


def _selector(manifest: Manifest) -> dict[str, str]:
    spec = manifest.get("spec") or {}
    found = spec.get("podSelector") or spec.get("selector") or {}
    if manifest["kind"] in {"PodMonitor", "ServiceMonitor"}:
        return {}
    labels: dict[str, str] = found.get("matchLabels", found)
    return labels


def _said(words: list[str]) -> "subprocess.CompletedProcess[str]":
    program = _BIN / words[0]
    return subprocess.run(
        [program if program.exists() else words[0], *words[1:]],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )


def test_who_prices_is_told_how_much_the_challenger_does_too(render: Render) -> None:
    """By a value, whose default is that of the setting; who delivers has no models."""
    name = "KERBSIDE_SHADOW_EVERY"

    def told(part: str, **values: int) -> str | None:
        rendered = render(
            values={key.replace("_", "."): n for key, n in values.items()}
        )
        (container,) = rendered.pod("Deployment", part)["spec"]["containers"]
        env = {one["name"]: one.get("value") for one in container["env"]}
        return env.get(name)

    assert told("worker-predictions") == str(WorkerSettings().shadow_every)
    assert told("worker-predictions", challenger_shadowEvery=0) == "0"
    assert told("worker-webhooks") is None
    assert told("worker-batches") is None
