"""The worker that tends the ledger and keeps its own clock, as in a container."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.patience import wait_until
from tests.system.conftest import Start
from worker.health import EXIT_STALLED
from worker.ledger import Ledger

Worker = tuple["subprocess.Popen[bytes]", Path]


@pytest.fixture
def upkeep(start: Start, tmp_path: Path) -> Worker:
    """Return a worker with its clock, once it ticks, and its health file."""
    flags = ("-P", "threads", "-c", "1", "-n", "upkeep@test", "-l", "WARNING")
    clock = ("--beat", "--schedule", str(tmp_path / "beat.db"))
    process = start(
        *("worker", "-Q", "upkeep", *flags, *clock), KERBSIDE_HEALTH_DIR=str(tmp_path)
    )
    file = tmp_path / "upkeep@test.alive"
    wait_until(file.exists)
    _wait_for_a_tick(file)
    return process, file


def _wait_for_a_tick(file: Path) -> None:
    before = file.stat().st_mtime_ns
    wait_until(lambda: file.stat().st_mtime_ns > before)


def _clock_of(process: "subprocess.Popen[bytes]") -> int:
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    (clock,) = children.read_text().split()
    return int(clock)


def test_it_ticks_and_each_tick_shows_in_its_health_file(
    upkeep: Worker, book: Ledger
) -> None:
    """Again and again, without a beat beside it."""
    _, file = upkeep
    for _ in range(3):
        _wait_for_a_tick(file)

    assert book.is_tended()


def test_sigterm_ends_it_with_its_clock(upkeep: Worker) -> None:
    """Exit code 0, and no process and no file is left."""
    process, file = upkeep
    clock = _clock_of(process)

    process.terminate()

    assert process.wait(15) == 0
    assert not file.exists()
    wait_until(lambda: not Path(f"/proc/{clock}").exists())


def test_it_ends_with_its_clock(upkeep: Worker) -> None:
    """So that its supervisor starts both anew."""
    process, _ = upkeep
    os.kill(_clock_of(process), signal.SIGKILL)

    assert process.wait(15) == EXIT_STALLED
