"""Holds manifests against the schemas of Kubernetes, KEDA and the Prometheus operator.

Run by the Python of build/tools/validators, which has them and nothing of Kerbside:
manifests come as JSON on stdin, faults go as JSON to stdout, each `[version, object,
what]`.
"""

import importlib
import json
import sys
from collections.abc import Iterator
from typing import Any

#: Models of what Kubernetes itself does not know, by API and kind.
MODELS = {
    "keda.sh/v1alpha1": "cloudcoil.models.keda.v1alpha1",
    "monitoring.coreos.com/v1": "cloudcoil.models.prometheus_operator.v1",
}
#: Fields of KEDA 2.20 that the models, of 2.16, do not know.
NEWER = (".spec.fallback.behavior",)


def main(versions: list[str]) -> None:
    """Print what is wrong with the manifests on stdin, under each version."""
    faults = [
        (version, f"{one['kind']} {one['metadata']['name']}", fault)
        for one in json.load(sys.stdin)
        for version in versions
        for fault in _faults(one, version)
    ]
    print(json.dumps(faults))  # noqa: T201 - it is a program


def _faults(manifest: dict[str, Any], version: str) -> Iterator[str]:
    # Not above: the tests, which import this file for its path, have no such module.
    kubernetes_validate = importlib.import_module("kubernetes_validate")
    if module := MODELS.get(manifest["apiVersion"]):
        yield from _of_model(manifest, module)
        return
    try:
        kubernetes_validate.validate(manifest, version, strict=True)
    except kubernetes_validate.ValidationError as error:
        yield f"{'.'.join(map(str, error.path))}: {error.message}"
    except kubernetes_validate.SchemaNotFoundError as error:
        yield f"no schema: {error}"


def _of_model(manifest: dict[str, Any], module: str) -> Iterator[str]:
    """Tell what the model refuses, and what it silently leaves out: misspelt names."""
    model = getattr(importlib.import_module(module), manifest["kind"])
    try:
        read = model.model_validate(manifest)
    except ValueError as error:
        yield str(error)
        return
    told = read.model_dump(by_alias=True, exclude_none=True, mode="json")
    yield from _missing(manifest, told, "")


def _missing(said: Any, told: Any, where: str) -> Iterator[str]:
    if isinstance(said, dict) and isinstance(told, dict):
        for name, value in said.items():
            path = f"{where}.{name}"
            if name in told:
                yield from _missing(value, told[name], path)
            elif path not in NEWER:
                yield f"{path}: unknown"
    elif isinstance(said, list) and isinstance(told, list):
        for number, (one, other) in enumerate(zip(said, told, strict=True)):
            yield from _missing(one, other, f"{where}[{number}]")
    elif type(said) is not type(told):
        yield f"{where}: {said!r} was read as {told!r}"


if __name__ == "__main__":
    main(sys.argv[1:])
