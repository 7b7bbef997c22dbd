"""The chart, rendered by a real helm."""

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
CHART = ROOT / "helm" / "kerbside"
TOOLS = ROOT / "build" / "tools"
#: Values of a scenario each.
SCENARIOS = sorted((CHART / "ci").glob("*-values.yaml"))
#: What each of the two tools is called.
HELMS = ("helm-3", "helm-4")
#: Kubernetes versions at both ends of what the chart supports.
OLDEST, NEWEST = "1.29", "1.37"
NAMESPACE = "homes"
#: What a cluster with all operators knows.
OPERATORS = ("keda.sh/v1alpha1", "monitoring.coreos.com/v1")

Manifest = Mapping[str, Any]
Values = Mapping[str, Any]


class Refused(Exception):
    """Helm did not render; the message is what it said."""


@dataclass(frozen=True)
class Rendered:
    """What one rendering made."""

    manifests: tuple[Manifest, ...]

    def of(self, kind: str) -> list[Manifest]:
        """Return the objects of a kind."""
        return [one for one in self.manifests if one["kind"] == kind]

    def one(self, kind: str, part: str) -> Manifest:
        """Return the object of a kind that is named for a part."""
        (found,) = (
            one
            for one in self.of(kind)
            if one["metadata"]["name"] == f"home-kerbside-{part}"
        )
        return found

    def pods(self) -> Iterator[tuple[str, Manifest]]:
        """Yield name and template of every pod, those of hooks too."""
        for one in self.manifests:
            if template := _template(one):
                yield one["metadata"]["name"], template

    def pod(self, kind: str, part: str) -> Manifest:
        """Return the template of one part's pods."""
        template = _template(self.one(kind, part))
        assert template
        return template


def run(helm: str, *words: str) -> str:
    """Return what helm printed.

    Raises:
        Refused: It ended with a fault.
    """
    tool = TOOLS / helm
    assert tool.exists(), f"{tool} is missing: `make chart` brings it"
    done = subprocess.run(
        [tool, *words], capture_output=True, text=True, check=False, cwd=ROOT
    )
    if done.returncode:
        raise Refused(done.stderr + done.stdout)
    return done.stdout


def template(
    helm: str,
    *files: Path,
    values: Values | None = None,
    words: tuple[str, ...] = (),
    operators: tuple[str, ...] = OPERATORS,
) -> Rendered:
    """Return the chart as it would be installed in a cluster with some operators."""
    text = run(
        helm,
        *("template", "home", str(CHART), f"--namespace={NAMESPACE}"),
        *(f"--api-versions={one}" for one in operators),
        *(f"--values={one}" for one in files),
        *_as_flags(values or {}),
        *words,
    )
    read = yaml.load_all(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return Rendered(tuple(one for one in read if one))


@cache
def scenario(helm: str, values: Path) -> Rendered:
    """Return the chart with the values of a scenario."""
    return template(helm, values)


#: Renders the chart with some values.
Render = Callable[..., Rendered]


def _as_flags(values: Values) -> Iterator[str]:
    for name, value in values.items():
        yield f"--set-json={name}={json.dumps(value)}"


def _template(manifest: Manifest) -> Manifest | None:
    if manifest["kind"] == "Pod":
        return manifest
    spec = manifest.get("spec") or {}
    if manifest["kind"] == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    found: Manifest | None = spec.get("template")
    return found
