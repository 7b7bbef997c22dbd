"""The end of a server process, noticed while requests still wait."""

import os
import signal
import threading
from collections.abc import Callable

_STOPS = frozenset({signal.SIGTERM, signal.SIGINT})


def at_stop_signal(release: Callable[[], None]) -> None:
    """Call `release` in a thread of its own as soon as the process is asked to stop.

    The server installs its own signal handlers after this and then waits for requests
    in flight, which may wait for a minute themselves. The wake-up descriptor hears of
    signals whoever handles them. To be called from the main thread.
    """
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)

    def watch() -> None:
        while not _STOPS.intersection(os.read(reader, 64)):
            pass
        release()

    threading.Thread(target=watch, name="stop-signal", daemon=True).start()
