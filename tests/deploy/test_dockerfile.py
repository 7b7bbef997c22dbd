"""What the image is made of, by its recipe; the tests marked `docker` build it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.structure.source import PACKAGES, ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
#: The lines of both stages, continued ones joined.
LINES = re.sub(r" *\\\n\s*", " ", DOCKERFILE).splitlines()


def test_the_linter_finds_nothing() -> None:
    """Of the image's usual mistakes it makes none."""
    assert _found("hadolint", ROOT / "Dockerfile") == (0, "")


def test_any_builder_builds_it_and_any_base_may_be_given() -> None:
    """It asks for no frontend from elsewhere and nothing that is BuildKit's own."""
    assert not re.search(r"^#\s*syntax", DOCKERFILE, re.MULTILINE)
    assert "--mount" not in DOCKERFILE
    assert LINES[2] == "ARG PYTHON_IMAGE=python:3.11-slim-bookworm"
    bases = [line for line in LINES if line.startswith("FROM")]
    assert bases == ["FROM ${PYTHON_IMAGE} AS build", "FROM ${PYTHON_IMAGE}"]


def test_what_is_installed_is_locked() -> None:
    """Each extra that can be asked for has a lock with hashes, beside the base."""
    (extras,) = re.findall(r'^ARG EXTRAS="(.*)"', DOCKERFILE, re.MULTILINE)

    assert "--require-hashes" in DOCKERFILE
    for name in ("base", *extras.split()):
        assert (ROOT / "requirements" / f"{name}.txt").exists()


def test_it_runs_as_nobody_and_hears_signals() -> None:
    """A numeric user, so that Kubernetes sees that it is not root; no shell between."""
    last = {line.partition(" ")[0]: line.partition(" ")[2] for line in LINES}

    assert last["USER"] == "10001:10001"
    assert last["ENTRYPOINT"] == '["tini", "--"]'
    assert last["CMD"].startswith('["kerbside", "serve"')
    assert "HEALTHCHECK" not in last  # each role has its own


@pytest.mark.parametrize("wanted", ["*", *(f"!{name}" for name in PACKAGES)])
def test_nothing_is_sent_to_the_builder_that_is_not_asked_for(wanted: str) -> None:
    """Neither git's history nor state nor secrets can come into a layer."""
    rules = [
        line
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line and not line.startswith("#")
    ]

    assert rules[0] == "*"
    assert wanted in rules
    assert not {"!deploy", "!var", "!.git", "!tests", "!docs"} & set(rules)


def test_the_linter_of_yaml_finds_nothing() -> None:
    """Neither in the compose file nor in what it mounts."""
    files = ROOT / "docker-compose.yml", ROOT / "deploy"
    assert _found("yamllint", "--strict", *files) == (0, "")


def _found(program: str, *words: str | Path) -> tuple[int, str]:
    """Return how a linter ended, and what it told."""
    linter = Path(sys.executable).with_name(program)
    done = subprocess.run([linter, *words], check=False, capture_output=True, cwd=ROOT)
    return done.returncode, done.stdout.decode()
