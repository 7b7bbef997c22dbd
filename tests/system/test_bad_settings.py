"""Processes that cannot start as they are set up say in a sentence what to mend."""

import subprocess
import sys
from pathlib import Path

import pytest

from api import server
from api.settings import child_environment
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.system

_API = server.command(host="127.0.0.1", port=0, processes=1, waiters=4)
_WORKER = (sys.executable, "-m", "celery", "-A", "worker.celery", "worker")
_PASSWORD = "hunter2"


def _told(command: tuple[str, ...], **changes: str) -> str:
    """Return what a process says that ends by itself, and at once."""
    ended = subprocess.run(
        command,
        env=child_environment(**changes),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert ended.returncode != 0
    assert "Traceback" not in ended.stdout
    assert _PASSWORD not in ended.stdout
    return ended.stdout


@pytest.mark.parametrize("command", [_API, _WORKER], ids=["api", "worker"])
def test_an_archive_of_an_unknown_kind_is_told(command: tuple[str, ...]) -> None:
    """With the variable, and what it may hold."""
    told = _told(command, KERBSIDE_ARCHIVE_URL=f"mysql://u:{_PASSWORD}@h/d")

    assert "KERBSIDE_ARCHIVE_URL: expected sqlite:///FILE" in told


def test_a_driver_that_is_missing_is_told(tmp_path: Path) -> None:
    """By the extra that brings it."""
    (tmp_path / "psycopg.py").write_text("raise ImportError")

    told = _told(
        _API,
        KERBSIDE_ARCHIVE_URL=f"postgresql+psycopg://u:{_PASSWORD}@h/d",
        PYTHONPATH=str(tmp_path),
    )

    assert "needs the extra `postgres`" in told
