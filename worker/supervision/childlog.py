"""The log file of one child process: bounded, and readable from its last lines."""

import contextlib
import os
import shutil
from pathlib import Path

#: A log above this size moves to a second file, which holds the time before.
MAXIMUM_BYTES = 10_000_000

#: The end of a log that is looked at for its last lines.
TAIL_BYTES = 16_384


class ChildLog:
    """A file that one child after the other appends to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._begun_at = 0
        self._followed_to = 0

    def open(self) -> int:
        """Return a handle for a child that starts now.

        Raises:
            OSError: The file cannot be written.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # A log that is too long keeps nothing from starting; it is bounded later.
        with contextlib.suppress(OSError):
            self.bound()
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        handle = os.open(self.path, flags, 0o600)
        self._begun_at = self._followed_to = os.fstat(handle).st_size
        return handle

    def bound(self) -> None:
        """Keep the file below its maximum while a child may be writing to it.

        Raises:
            OSError: The time before cannot be kept, as on a full disk.
        """
        if self._size() < MAXIMUM_BYTES:
            return
        before = self.path.with_name(self.path.name + ".1")
        before.unlink(missing_ok=True)
        with self.path.open("rb") as log, open(before, "xb", opener=_private) as copy:
            shutil.copyfileobj(log, copy)
        # The child appends, so it goes on at the new end.
        os.truncate(self.path, 0)
        self._begun_at = self._followed_to = 0

    def last_lines(self, count: int) -> list[str]:
        """Return the last lines that the present child wrote, as far as can be read."""
        try:
            with self.path.open("rb") as file:
                file.seek(max(self._begun_at, self._size() - TAIL_BYTES))
                return file.read().decode(errors="replace").splitlines()[-count:]
        except OSError:  # what is asked for tells a fault: another would hide it
            return []

    def fresh_lines(self) -> list[str]:
        """Return the whole lines that were written since the last call.

        Raises:
            OSError: The file is there and cannot be read.
        """
        if self._size() <= self._followed_to:
            return []
        with self.path.open("rb") as file:
            file.seek(self._followed_to)
            fresh = file.read()
        whole = fresh[: fresh.rfind(b"\n") + 1]
        self._followed_to += len(whole)
        return whole.decode(errors="replace").splitlines()

    def _size(self) -> int:
        try:
            return self.path.stat().st_size
        except FileNotFoundError:  # somebody tidied up: there are no lines
            return 0


def _private(path: str, flags: int) -> int:
    """Open a file that only its owner may read, as the log itself is."""
    return os.open(path, flags | os.O_CLOEXEC, 0o600)
