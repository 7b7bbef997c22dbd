"""TCP ports of this machine: which are free."""

import contextlib
import socket

LOOPBACK = "127.0.0.1"


def is_free(port: int) -> bool:
    """Tell whether a server could listen on a port of the loopback address."""
    with socket.socket() as probe:
        # As servers do: a port where only closing connections linger is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def find_free(wanted: int | None = None) -> int:
    """Return the wanted port if it is free, else any free one."""
    if wanted and is_free(wanted):
        return wanted
    return find_some_free(1)[0]


def find_some_free(count: int) -> list[int]:
    """Return so many ports that are free, each another one."""
    with contextlib.ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind((LOOPBACK, 0))
        return [int(probe.getsockname()[1]) for probe in probes]
