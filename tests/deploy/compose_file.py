"""The compose file as its tests read it."""

import re
from collections.abc import Iterator
from typing import Any

import yaml

from tests.structure.source import ROOT

PATH = ROOT / "docker-compose.yml"

#: What other people make, and what is not of this image.
OTHERS = ("redis", "postgres", "balancer", "prometheus", "grafana")


def read() -> dict[str, Any]:
    """Return it, anchors followed, variables as they are written."""
    content: dict[str, Any] = yaml.safe_load(PATH.read_text(encoding="utf-8"))
    return content


def services() -> dict[str, dict[str, Any]]:
    """Return its services by name."""
    found: dict[str, dict[str, Any]] = read()["services"]
    return found


def secrets_of(service: dict[str, Any]) -> set[str]:
    """Return the names of the secret files that a service is given."""
    return {path.rpartition("/")[2] for path in _env_files(service)} | mounted(service)


def mounted(service: dict[str, Any]) -> set[str]:
    """Return the names of the secrets that a service has as files."""
    return {
        one if isinstance(one, str) else one["source"]
        for one in service.get("secrets", ())
    }


def _env_files(service: dict[str, Any]) -> Iterator[str]:
    for one in service.get("env_file", ()):
        yield one if isinstance(one, str) else one["path"]


def seconds(text: str) -> int:
    """Return a duration of the file in seconds."""
    match = re.fullmatch(r"(\d+)s", text)
    assert match, text
    return int(match[1])
