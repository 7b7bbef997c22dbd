"""The programs of a stack: started, waited for, measured and ended together."""

import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks import proctree
from worker.supervision.child import Child, ChildSpec
from worker.supervision.childlog import ChildLog

#: Seconds that a program may take to become ready, on a machine that does other things.
READY_S = 90.0
_LOOK_EVERY_S = 0.05

#: The repository, from where `benchmarks` itself can be imported.
ROOT = Path(__file__).parents[1]


class ProgramFailed(Exception):
    """A program ended, or did not become ready; the message has its last words."""


class Programs:
    """A context that ends everything that was started in it, last started first."""

    def __init__(self) -> None:
        self._children: dict[str, Child] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for name in reversed(list(self._children)):
            self.end(name)

    def start(self, spec: ChildSpec) -> None:
        """Start a program; its process dies with this one at the latest."""
        child = Child(spec, ChildLog(spec.log), now=time.monotonic())
        self._children[spec.name] = child

    def end(self, name: str) -> None:
        """End a program, by force when it is slow."""
        child = self._children.pop(name)
        until = time.monotonic() + child.spec.grace_s
        try:
            if not child.has_ended():
                child.terminate()
            while not child.has_ended() and time.monotonic() < until:
                time.sleep(_LOOK_EVERY_S)
        finally:  # a second Ctrl-C comes here at once
            child.kill()

    def wait(self, what: str, condition: Callable[[], bool]) -> None:
        """Wait until a condition holds.

        Raises:
            ProgramFailed: A program has ended, or the time is over.
        """
        until = time.monotonic() + READY_S
        while not condition():
            self.check()
            if time.monotonic() > until:
                raise ProgramFailed(
                    f"{what}: not within {READY_S:g} s\n{self._words()}"
                )
            time.sleep(_LOOK_EVERY_S)

    def check(self) -> None:
        """Make sure that every program runs.

        Raises:
            ProgramFailed: One has ended.
        """
        for name, child in self._children.items():
            if child.has_ended():
                words = "\n".join(child.last_lines())
                raise ProgramFailed(f"{name} {child.ending()}\n{words}")

    def pids(self) -> dict[str, int]:
        """Return the process id of each program."""
        return {name: child.pid for name, child in self._children.items()}

    def cpu_seconds(self) -> dict[str, float]:
        """Return the CPU seconds of each program so far, its descendants included."""
        self.check()
        return proctree.cpu_seconds({name: [pid] for name, pid in self.pids().items()})

    def _words(self) -> str:
        return "\n".join(
            f"{name}: {line}"
            for name, child in self._children.items()
            for line in child.last_lines(5)
        )
