"""One supervised program: how it is started, watched and ended."""

import os
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from signal import Signals

from worker.supervision.childlog import ChildLog
from worker.supervision.leash import leashed


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildSpec:
    """What to run and how it wants to end."""

    name: str
    command: tuple[str, ...]
    #: The whole environment; secrets travel here, never on the command line.
    environment: Mapping[str, str] = field(repr=False)
    #: The working folder of the program.
    folder: Path
    #: Where its output goes.
    log: Path
    #: Its stderr goes to the terminal instead, as a progress bar does.
    is_visible: bool = False
    #: Children of a lower stage are ended before those of a higher one.
    stage: int = 0
    #: Seconds from SIGTERM to SIGKILL.
    grace_s: float = 10.0
    #: Ends shortly after a start that it may have before it counts as unable to start.
    attempts: int = 5
    #: What it gets when the supervisor dies: SIGKILL, unless it has to end children
    #: of its own or to bring its files in order.
    orphan_signal: Signals = Signals.SIGKILL
    #: File handles that it keeps open, such as locks.
    inherit: tuple[int, ...] = ()


class Child:
    """A started program, in a process group of its own, ended with its parent.

    The group keeps a terminal's Ctrl-C away from it, so the supervisor decides on the
    order, and it lets leftover grandchildren be found.
    """

    def __init__(self, spec: ChildSpec, log: ChildLog, *, now: float) -> None:
        self.spec = spec
        self.log = log
        self.started_at = now
        output = log.open()
        try:
            self._process = subprocess.Popen(
                leashed(spec.command, orphan_signal=spec.orphan_signal),
                env=dict(spec.environment),
                cwd=spec.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=None if spec.is_visible else output,
                pass_fds=spec.inherit,
                process_group=0,
            )
        finally:
            os.close(output)

    @property
    def pid(self) -> int:
        """The process id, which is the id of its process group too."""
        return self._process.pid

    def has_ended(self) -> bool:
        """Tell whether the program has ended; what is left of its group is killed."""
        if self._process.returncode is not None:
            return True
        options = os.WEXITED | os.WNOHANG | os.WNOWAIT
        if os.waitid(os.P_PID, self.pid, options) is None:
            return False
        # Not reaped yet: until then nobody else can get this group id.
        os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()
        return True

    def ending(self) -> str:
        """Say how it ended."""
        code = self._process.returncode
        if code is not None and code < 0:
            return f"was ended by {Signals(-code).name}"
        return f"ended with exit code {code}"

    @property
    def exit_code(self) -> int | None:
        """The exit code of an ended program, negative for a signal."""
        return self._process.returncode

    def terminate(self) -> None:
        """Ask it to end."""
        # Popen's own way may reap it first, and its own children would be forgotten.
        if not self.has_ended():
            os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """End it and its own children at once."""
        if not self.has_ended():
            os.killpg(self.pid, signal.SIGKILL)
            self._process.wait()

    def last_lines(self, count: int = 15) -> list[str]:
        """Return the end of what it wrote."""
        return self.log.last_lines(count)
