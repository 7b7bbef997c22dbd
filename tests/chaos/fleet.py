"""Real processes that are started again at once, whatever ended them."""

import os
import threading
import time
from dataclasses import dataclass, field
from signal import Signals
from typing import Self

from tests.patience import wait_until
from worker.supervision.child import Child, ChildSpec
from worker.supervision.childlog import ChildLog

#: Seconds between two looks at the processes: how long a killed one stays away.
_LOOK_EVERY_S = 0.02


@dataclass(frozen=True, slots=True)
class End:
    """The end of a process."""

    name: str
    code: int | None
    #: Whether the suite sent it a signal.
    asked: bool
    #: Seconds from that signal to the end.
    took_s: float


@dataclass(slots=True)
class _Member:
    spec: ChildSpec
    log: ChildLog
    child: Child | None = None
    asked_at: float | None = None
    held: bool = False


@dataclass(slots=True)
class _Members:
    """What the threads share, under one lock."""

    by_name: dict[str, _Member] = field(default_factory=dict)
    ends: list[End] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)


class Fleet:
    """A tiny supervisor in a thread of its own.

    The kernel ends the processes with the thread that started them, so that not even
    kill -9 of the suite leaves one behind. A context manager: its end is their end.
    """

    def __init__(self) -> None:
        self._shared = _Members()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fleet", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    @property
    def ends(self) -> list[End]:
        """Every end of a process so far."""
        return list(self._shared.ends)

    def start(self, *specs: ChildSpec) -> None:
        """Start programs and keep them running from now on."""
        with self._shared.lock:
            for spec in specs:
                self._shared.by_name[spec.name] = _Member(spec, ChildLog(spec.log))
        wait_until(lambda: all(self.pid(spec.name) for spec in specs), "a start")

    def pid(self, name: str) -> int | None:
        """Return the process id of a program that runs."""
        with self._shared.lock:
            child = self._shared.by_name[name].child
            return child.pid if child else None

    def name_of(self, pid: int) -> str | None:
        """Return the name of the program that runs as a process id."""
        with self._shared.lock:
            for name, member in self._shared.by_name.items():
                if member.child and member.child.pid == pid:
                    return name
        return None

    def signal(self, name: str, number: Signals, *, hold: bool = False) -> bool:
        """Send a signal to a program; tell whether it ran.

        Args:
            name: The program.
            number: The signal.
            hold: Do not start it again before `let_go`.
        """
        with self._shared.lock:
            member = self._shared.by_name[name]
            member.held = member.held or hold
            if member.child is None or member.child.has_ended():
                return False
            if number in (Signals.SIGKILL, Signals.SIGTERM):
                member.asked_at = time.monotonic()
            os.kill(member.child.pid, number)
            return True

    def let_go(self, name: str) -> None:
        """Start a held program again."""
        with self._shared.lock:
            self._shared.by_name[name].held = False

    def _run(self) -> None:
        try:
            while not self._stopping.wait(_LOOK_EVERY_S):
                with self._shared.lock:
                    for member in self._shared.by_name.values():
                        self._tend(member)
        finally:
            self._end_all()

    def _tend(self, member: _Member) -> None:
        now = time.monotonic()
        if member.child and member.child.has_ended():
            asked_at, member.asked_at = member.asked_at, None
            code = member.child.exit_code
            took_s = now - asked_at if asked_at is not None else 0.0
            end = End(member.spec.name, code, asked_at is not None, took_s)
            self._shared.ends.append(end)
            member.child = None
        if member.child is None and not member.held:
            member.child = Child(member.spec, member.log, now=now)

    def _end_all(self) -> None:
        with self._shared.lock:
            for member in self._shared.by_name.values():
                if member.child:
                    member.child.kill()
