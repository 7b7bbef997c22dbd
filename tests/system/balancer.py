"""A balancer in front of several servers: each connection goes to the next one."""

import contextlib
import itertools
import socket
import threading
from collections import Counter
from collections.abc import Iterator, Sequence

from worker.supervision import ports


class Balancer:
    """Takes connections in turn to ports of this machine.

    Args:
        backends: The ports.
    """

    def __init__(self, backends: Sequence[int]) -> None:
        #: Port -> how many connections it was given.
        self.given: Counter[int] = Counter()
        self._backends = backends
        self._turns = itertools.cycle(range(len(backends)))
        self._listener = socket.create_server((ports.LOOPBACK, 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Take no more connections."""
        # A close alone does not end an accept that waits.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._relay, args=(client,), daemon=True).start()

    def _relay(self, client: socket.socket) -> None:
        with client:
            backend = self._next()
            if backend is None:
                return
            with backend:
                there = threading.Thread(target=_pump, args=(client, backend))
                there.start()
                _pump(backend, client)
                there.join()

    def _next(self) -> socket.socket | None:
        """Return a connection to the next backend that takes one."""
        first = next(self._turns)
        for step in range(len(self._backends)):
            port = self._backends[(first + step) % len(self._backends)]
            with contextlib.suppress(OSError):
                link = socket.create_connection((ports.LOOPBACK, port), timeout=60)
                self.given[port] += 1
                return link
        return None


def _pump(source: socket.socket, sink: socket.socket) -> None:
    """Carry bytes until one of the two ends, then end both in this direction."""
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    for link, way in ((sink, socket.SHUT_WR), (source, socket.SHUT_RD)):
        with contextlib.suppress(OSError):
            link.shutdown(way)


@contextlib.contextmanager
def running(backends: Sequence[int]) -> Iterator[Balancer]:
    """Run a balancer."""
    balancer = Balancer(backends)
    try:
        yield balancer
    finally:
        balancer.close()
