"""Locks on folders that last exactly as long as the processes that hold them."""

import contextlib
import fcntl
import os
import time
from pathlib import Path

POLL_S = 0.02


def holders(path: Path) -> list[int]:
    """Return the processes that have a file open, as far as they may be looked at."""
    found: set[int] = set()
    for handle in Path("/proc").glob("[0-9]*/fd/*"):
        with contextlib.suppress(OSError):
            if handle.readlink() == path:
                found.add(int(handle.parts[2]))
    return sorted(found)


def acquire(path: Path, *, wait_s: float = 0.0) -> int | None:
    """Lock a file and return its handle, or None if others still hold it.

    A child that inherits the handle holds the lock too, so it outlives a killed parent
    for as long as one of its children still runs.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    until = time.monotonic() + wait_s
    while True:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return handle
        if time.monotonic() >= until:
            os.close(handle)
            return None
        time.sleep(POLL_S)
