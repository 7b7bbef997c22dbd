"""The HTTP server before the application, and what bounds slow and idle clients."""

import sys

from api import connections, server_log

#: Server processes, when nothing is said; each answers hundreds of requests a second.
PROCESSES = 2

#: Threads of a server process that no waiting request may hold.
_SPARE_THREADS = 32
#: Milliseconds for which a connection may send no whole request.
_IDLE_MS = 30_000
#: Bytes of a request's headers: what a connection may make a process keep. The server
#: asks for no more once it has so many, but what it read last may be as much again.
_HEADERS_BYTES = 32_768
#: Connections that the kernel holds until a process takes them.
_BACKLOG = 4096
#: Seconds in which a server process that is asked to end has to.
_END_S = 8


def command(*, host: str, port: int, processes: int, waiters: int) -> tuple[str, ...]:
    """Return the command that serves the application, whose settings the children read.

    Args:
        host: The address at which it listens.
        port: The port there.
        processes: Server processes.
        waiters: Requests of each that may wait at a time.
    """
    options = {
        "interface": "wsgi",
        "host": host,
        "port": port,
        "workers": processes,
        "blocking-threads": waiters + _SPARE_THREADS,
        "workers-kill-timeout": _END_S,
        # Granian's default tells HTTP/2 by the first bytes and waits for them without
        # limit; HTTP/1 alone has to show a request within the time given.
        "http": 1,
        "http1-header-read-timeout": _IDLE_MS,
        "http1-buffer-size": _HEADERS_BYTES,
        "backpressure": connections.capacity(),
        "backlog": _BACKLOG,
        "log-config": server_log.configuration(),
    }
    typed = (f"--{name}={value}" for name, value in options.items())
    return (sys.executable, "-m", "granian", *typed, "--no-ws", "api.wsgi:application")
