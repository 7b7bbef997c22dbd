"""A lock in a store: held by one process at a time, wherever it runs.

An object store knows no locks: a lease is one small file with an end, which its holder
moves on. Of a holder that was killed it ends by itself, and on the same machine at
once.
"""

import json
import os
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from model_store.errors import LeaseHeld, StoreError
from model_store.storage.files import Files

#: Seconds that a lease lasts, and between two renewals.
_LASTS_S, _RENEWED_EVERY_S = 90.0, 20.0
#: Place of the start among what follows the name of a process in /proc.
_STARTED = 19
_FIELDS = {"id", "host", "pid", "began", "until"}


class Lease:
    """Holds a lease while a `with` statement runs.

    Args:
        files: Where it lies.
        name: Of its file.
        clock: Seconds since the epoch.
    """

    def __init__(
        self, files: Files, name: str, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._files = files
        self._name = name
        self._clock = clock
        self._id = str(uuid4())
        self._stopped = threading.Event()
        self._thread = threading.Thread(
            target=self._renew, name=f"lease-{name}", daemon=True
        )

    def __enter__(self) -> Self:
        """Take it.

        Raises:
            LeaseHeld: Another process holds it.
            StoreError: The store cannot be written.
        """
        self._files.update(self._name, self._taken)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        frames: TracebackType | None,
    ) -> None:
        """Give it back."""
        self._stopped.set()
        self._thread.join()
        self._files.update(
            self._name, lambda now: b"{}" if self._is_ours(_read(now)) else None
        )

    def confirm(self) -> None:
        """Make sure that it is still held, before what only its holder may do.

        Raises:
            LeaseHeld: It ran out while this process stood still, and another took it.
            StoreError: The store cannot be read.
        """
        record = _read(self._files.read(self._name))
        if not self._is_ours(record):
            raise LeaseHeld(_told(record))

    def _taken(self, content: bytes | None) -> bytes:
        record = _read(content)
        if record and not self._is_ours(record) and not self._is_stale(record):
            raise LeaseHeld(_told(record))
        return self._record()

    def _record(self) -> bytes:
        return json.dumps(
            {
                "id": self._id,
                "host": socket.gethostname(),
                "pid": os.getpid(),
                "began": _began(os.getpid()),
                "until": self._clock() + _LASTS_S,
            }
        ).encode()

    def _is_ours(self, record: dict[str, Any]) -> bool:
        return record.get("id") == self._id

    def _is_stale(self, record: dict[str, Any]) -> bool:
        if self._clock() > record["until"]:
            return True
        is_here = record["host"] == socket.gethostname()
        return is_here and record["began"] not in {None, _began(record["pid"])}

    def _renew(self) -> None:
        while not self._stopped.wait(_RENEWED_EVERY_S):
            try:
                self._files.update(
                    self._name,
                    lambda now: self._record() if self._is_ours(_read(now)) else None,
                )
            except StoreError:
                # What it is held for is told of the store; `confirm` looks again.
                continue


def _read(content: bytes | None) -> dict[str, Any]:
    try:
        record = json.loads(content or b"{}")
        return record if record.keys() >= _FIELDS else {}
    except (ValueError, AttributeError):
        return {}


def _told(record: dict[str, Any]) -> str:
    if not record:
        return "another process took over meanwhile; nothing was changed"
    until = time.strftime("%H:%M:%S UTC", time.gmtime(record["until"]))
    return (
        f"another retraining is under way, on {record['host']} as process "
        f"{record['pid']}, until {until} at least; wait for it, or end it"
    )


def _began(pid: int) -> str | None:
    """Return what tells a process from a later one of its number; None: unknown.

    After a restart a container's first process has the number of the one before.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return None
    return stat.rpartition(")")[2].split()[_STARTED]
