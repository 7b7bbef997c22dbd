"""Prometheus's own tool, which reads rules and runs them on made-up series."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

Rule = dict[str, Any]
Group = dict[str, Any]


def run(*arguments: str | Path) -> str:
    """Run it and return what it said; it must succeed.

    Without it the test is skipped, but in CI, which installs it.
    """
    program = shutil.which("promtool")
    if program is None:
        if os.environ.get("CI") == "true":  # noqa: TID251 - nothing else tells it
            pytest.fail("promtool is missing: install the package prometheus")
        pytest.skip("promtool is not installed (Debian: prometheus)")
    done = subprocess.run(
        [program, *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def check(folder: Path, rules: Sequence[Rule]) -> None:
    """Let it read rules."""
    run("check", "rules", _written(folder / "rules.yaml", rules))


def test(folder: Path, rules: Sequence[Rule], groups: Sequence[Group]) -> str:
    """Let it run rules on the series of each group; return what it says of that."""
    document = {
        "rule_files": [str(_written(folder / "rules.yaml", rules))],
        "evaluation_interval": "1m",
        "tests": [{"interval": "1m", **group} for group in groups],
    }
    path = folder / "tests.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return run("test", "rules", path)


def _written(path: Path, rules: Sequence[Rule]) -> Path:
    groups = [{"name": "rules", "rules": list(rules)}]
    path.write_text(yaml.safe_dump({"groups": groups}), encoding="utf-8")
    return path
