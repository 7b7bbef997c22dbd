"""Signals as messages: read where it suits, instead of interrupting anywhere."""

import select
import signal
import socket
from signal import Signals
from types import FrameType, TracebackType
from typing import Any, Self

#: These ask for an ordered end: Ctrl-C, a service manager, a closed terminal.
STOPPING = (Signals.SIGINT, Signals.SIGTERM, Signals.SIGHUP)


class SignalInbox:
    """The stop signals and SIGCHLD of this process, kept until they are read.

    A context manager for the main thread; the former handlers return at its end.
    """

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        self._former: dict[Signals, Any] = {}
        self._former_fd = -1

    def __enter__(self) -> Self:
        self._writer.setblocking(False)  # noqa: FBT003 -- takes no keyword
        self._former_fd = signal.set_wakeup_fd(
            self._writer.fileno(), warn_on_full_buffer=False
        )
        for number in (*STOPPING, Signals.SIGCHLD):
            if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
                self._former[number] = signal.signal(number, _do_nothing)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._former.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._former_fd)
        self._reader.close()
        self._writer.close()

    def wait(self, timeout_s: float) -> list[Signals]:
        """Return the stop signals that came, at the latest after the timeout.

        A child's end ends the wait too, with no signal to return.
        """
        ready, _, _ = select.select([self._reader], [], [], max(timeout_s, 0.0))
        numbers = self._reader.recv(4096) if ready else b""
        return [Signals(number) for number in numbers if number in STOPPING]


def _do_nothing(number: int, frame: FrameType | None) -> None:
    """Let the wake-up descriptor tell; without a handler the signal would act."""
