"""What children say is kept, within bounds."""

import os
from pathlib import Path

import pytest

from tests.worker.supervision.conftest import no_space
from worker.supervision import childlog
from worker.supervision.childlog import ChildLog


def test_a_log_is_bounded_and_keeps_the_time_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A month of a chatty child fits on the disk."""
    monkeypatch.setattr(childlog, "MAXIMUM_BYTES", 100)
    log = ChildLog(tmp_path / "child.log")
    handle = log.open()
    os.write(handle, b"old\n" * 30)

    log.bound()
    os.write(handle, b"new\n")
    os.close(handle)

    assert log.path.read_text() == "new\n"
    before = tmp_path / "child.log.1"
    assert before.read_text() == "old\n" * 30
    assert before.stat().st_mode & 0o777 == 0o600
    assert log.last_lines(5) == ["new"]


def test_a_log_that_cannot_be_bounded_keeps_no_child_from_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk may be full for the time before, and not for the next line."""
    monkeypatch.setattr(childlog, "MAXIMUM_BYTES", 0)
    monkeypatch.setattr(childlog, "_private", no_space)

    handle = ChildLog(tmp_path / "child.log").open()
    os.write(handle, b"up\n")
    os.close(handle)

    assert (tmp_path / "child.log").read_text() == "up\n"


def test_last_lines_are_those_of_the_present_child(tmp_path: Path) -> None:
    """An old fault is not taken for a new one."""
    log = ChildLog(tmp_path / "child.log")
    for text in (b"first\n", b"second\nthird\n"):
        handle = log.open()
        os.write(handle, text)
        os.close(handle)

    assert log.last_lines(5) == ["second", "third"]
    assert log.last_lines(1) == ["third"]
