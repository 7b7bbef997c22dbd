"""What checkov minds of the chart, and what is meant to be so."""

import json
import subprocess
from pathlib import Path

from tests.chart import chart
from tests.chart.chart import CHART, NAMESPACE, SCENARIOS, TOOLS

#: Checks that do not hold, and why.
_MEANT = {
    "CKV_K8S_8": "the Pod of `helm test` ends by itself",
    "CKV_K8S_9": "nobody sends requests to workers, trainings and tests",
    "CKV_K8S_11": "a limit on the processor slows bursts down and protects nobody",
    "CKV_K8S_15": "a tag of Kerbside is never moved",
    "CKV_K8S_35": "settings are read from variables; a Secret gives each its own",
    "CKV_K8S_43": "which digest is to run is for who installs; it can be said",
}
#: What others put into pods is theirs to make safe.
_FOREIGN = "full-values.yaml"


def test_checkov_minds_nothing_that_is_not_meant(tmp_path: Path) -> None:
    """In any scenario."""
    for values in SCENARIOS:
        if values.name != _FOREIGN:
            text = chart.run(
                *("helm-4", "template", "home", str(CHART), f"--values={values}"),
                *(f"--namespace={NAMESPACE}", "--api-versions=keda.sh/v1alpha1"),
            )
            (tmp_path / f"{values.stem}.yaml").write_text(text)

    done = subprocess.run(
        [
            *(TOOLS / "checkov" / "bin" / "checkov", "--directory", tmp_path),
            *("--framework", "kubernetes", "--compact", "--quiet", "--output", "json"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    found = json.loads(done.stdout)

    assert found["summary"]["passed"] > 1000
    failed = {
        (one["check_id"], one["resource"]) for one in found["results"]["failed_checks"]
    }
    assert {one for one in failed if one[0] not in _MEANT} == set()
    assert {check for check, _ in failed} == set(_MEANT)
