"""The laws of every rendering: each helm, each scenario."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.chart import chart, schemas
from tests.chart.chart import HELMS, NEWEST, OLDEST, SCENARIOS, TOOLS


@pytest.mark.parametrize("values", SCENARIOS, ids=lambda path: path.stem)
@pytest.mark.parametrize("helm", HELMS)
def test_the_chart_has_no_faults_that_lint_knows(helm: str, values: Path) -> None:
    """Not even one that only a strict look minds."""
    said = chart.run(helm, "lint", "--strict", str(chart.CHART), f"--values={values}")

    assert "0 chart(s) failed" in said


def test_kubernetes_and_the_operators_know_every_field() -> None:
    """The oldest and the newest Kubernetes, KEDA, and the Prometheus operator."""
    manifests = [
        manifest
        for helm in HELMS
        for values in SCENARIOS
        for manifest in chart.scenario(helm, values).manifests
    ]

    assert _faults(manifests) == []


def test_a_field_that_nobody_knows_is_found() -> None:
    """Of a Deployment and of a ScaledObject alike: the test before this one sees."""
    meta = {"name": "it"}
    target = {"name": "it"}
    wrong = (
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "dato": {}},
        {
            "apiVersion": "keda.sh/v1alpha1",
            "kind": "ScaledObject",
            "metadata": meta,
            "spec": {"scaleTargetRef": target, "triggers": [], "cooldownPeriodz": 5},
        },
    )

    assert {name for _, name, _ in _faults(wrong)} == {
        "ConfigMap it",
        "ScaledObject it",
    }


def test_a_cluster_older_than_the_oldest_is_refused() -> None:
    """In words, before anything is installed."""
    with pytest.raises(chart.Refused, match="kubeVersion"):
        chart.template("helm-4", words=("--kube-version=1.28.0",))


def _faults(manifests: object) -> list[list[str]]:
    done = subprocess.run(
        [TOOLS / "validators" / "bin" / "python", schemas.__file__, OLDEST, NEWEST],
        input=json.dumps(manifests),
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[list[str]] = json.loads(done.stdout)
    return found
