"""A TCP proxy that can reset all its connections at once."""

import contextlib
import select
import socket
import struct
import threading
from typing import Self

_CHUNK = 65_536

#: Linger for no time: closing sends a reset instead of an orderly end.
_RESET = struct.pack("ii", 1, 0)


class Proxy:
    """Passes bytes to and fro between clients and one server on this machine.

    A context manager; `port` is where clients connect.
    """

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._lock = threading.Lock()
        self._accepting = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Self:
        self._accepting.start()
        return self

    def __exit__(self, *_: object) -> None:
        # Wakes the thread that accepts, which a mere close would not.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join(timeout=2)
        self.reset()

    def reset(self) -> int:
        """Reset every connection; return how many there were."""
        with self._lock:
            pairs, self._pairs = self._pairs, set()
        for pair in pairs:
            for end in pair:
                # The threads that wait in these sockets notice by the shutdown.
                with contextlib.suppress(OSError):
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                    end.close()
        return len(pairs)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(("127.0.0.1", self._server_port), 2)
        except OSError:
            client.close()
            return
        pair = (client, server)
        with self._lock:
            self._pairs.add(pair)
        with contextlib.suppress(OSError, ValueError):  # reset meanwhile
            self._pass_on(client, server)
        with self._lock:
            self._pairs.discard(pair)
        client.close()
        server.close()

    def _pass_on(self, client: socket.socket, server: socket.socket) -> None:
        server.settimeout(None)
        while True:
            readable, _, _ = select.select([client, server], [], [], 0.1)
            for end in readable:
                data = end.recv(_CHUNK)
                if not data:
                    return
                (server if end is client else client).sendall(data)
