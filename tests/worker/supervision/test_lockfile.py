"""Laws of the locks on folders."""

import os
import subprocess
import threading
from pathlib import Path

import pytest

from tests.patience import wait_until
from worker.supervision import lockfile


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the lock is."""
    return tmp_path / "lock"


def test_a_lock_has_one_holder(path: Path) -> None:
    """Until the holder closes it; the file stays."""
    first = lockfile.acquire(path)
    assert first is not None
    assert lockfile.acquire(path) is None

    os.close(first)

    second = lockfile.acquire(path)
    assert second is not None
    os.close(second)


def test_a_child_that_inherits_it_holds_it_too(path: Path) -> None:
    """A killed parent's folder is free when its last child has ended."""
    handle = lockfile.acquire(path)
    assert handle is not None
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, pass_fds=[handle]) as child:
        os.close(handle)
        assert lockfile.acquire(path) is None
        wait_until(lambda: lockfile.holders(path) == [child.pid])

    assert lockfile.holders(path) == []
    again = lockfile.acquire(path)
    assert again is not None
    os.close(again)


def test_who_waits_gets_it_as_soon_as_it_is_free(path: Path) -> None:
    """The waiting time is the most, not the rule."""
    held = lockfile.acquire(path)
    assert held is not None
    found: list[int | None] = []
    waiter = threading.Thread(
        target=lambda: found.append(lockfile.acquire(path, wait_s=20))
    )
    waiter.start()

    os.close(held)

    waiter.join(20)
    (handle,) = found
    assert handle is not None
    os.close(handle)


def test_only_its_owner_may_read_it(path: Path) -> None:
    """It tells strangers nothing."""
    handle = lockfile.acquire(path)
    assert handle is not None
    os.close(handle)

    assert path.stat().st_mode & 0o777 == 0o600
