"""Packages for JavaScript that tests need, as a lock names them."""

import shutil
import subprocess
from pathlib import Path

import pytest

from api.settings import child_environment

#: Installs what the lock names, and runs nothing of it.
_COMMAND = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")


def install(source: Path, folder: Path) -> None:
    """Install what the lock in a folder names into another one.

    Skip where it cannot be had, but never in CI.
    """
    for name in ("package.json", "package-lock.json"):
        shutil.copy(source / name, folder)
    fault = _fault(folder)
    if fault and "CI" not in child_environment():
        pytest.skip(f"a library for JavaScript cannot be had here: {fault}")
    assert not fault, "CI has npm and its packages"


def _fault(folder: Path) -> str:
    if not (shutil.which("node") and shutil.which("npm")):
        return "there is no node or no npm"
    done = subprocess.run(
        _COMMAND, cwd=folder, check=False, capture_output=True, text=True, timeout=120
    )
    return done.stderr if done.returncode else ""
