"""How a signal ends a command that waits for the API."""

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

from api.client import Client

#: As shells tell it: 128 and the number of the signal.
TERMINATED = 143


@contextlib.contextmanager
def stoppable(client: Client) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end what is under way, too; who ignores them still does.

    Raises:
        KeyboardInterrupt: Ctrl-C was typed.
        SystemExit: SIGTERM came; the exit code is TERMINATED.
    """

    def stop(number: int, _: FrameType | None) -> None:
        client.close()
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(TERMINATED)

    usual = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
    before = {number: signal.getsignal(number) for number in usual}
    for number, handler in usual.items():
        if before[number] is handler:
            signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
