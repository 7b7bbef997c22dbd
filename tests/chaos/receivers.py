"""Receivers of webhooks, good and bad ones, each at a port of its own."""

import hashlib
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from standardwebhooks import Webhook

#: Seconds between two bytes of a receiver that drips.
_DRIP_S = 0.5
_MEGABYTE = b"x" * 1_048_576


@dataclass(frozen=True, slots=True)
class Event:
    """An event that a good receiver took."""

    id: str
    type: str
    job: str
    #: Of the bytes.
    digest: str
    #: Seconds from what it tells of to its coming.
    took_s: float


@dataclass(slots=True)
class Receivers:
    """Some receivers of each kind; a context manager, at whose end all are closed.

    Attributes:
        secret: What events are signed with; known once the installation runs.
        events: What the good ones took, in order.
        faults: What must never come: forged events, redirects that were followed.
        is_down: While true the good ones answer 503.
    """

    good: int
    bad: int = 0
    secret: str = ""
    events: list[Event] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    is_down: bool = False
    refused: int = 0
    asked: int = 0
    _servers: list[ThreadingHTTPServer] = field(default_factory=list)
    _closing: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        kinds = list(_BAD.values())
        for number in range(self.good + self.bad):
            bad = number - self.good
            behave = kinds[bad % len(kinds)] if bad >= 0 else _take
            server = _Server(("127.0.0.1", 0), _handler(self, behave))
            threading.Thread(target=server.serve_forever, daemon=True).start()
            self._servers.append(server)
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        for server in self._servers:
            server.shutdown()
            server.server_close()

    @property
    def urls(self) -> list[str]:
        """The addresses, those of the good ones first."""
        return [f"http://127.0.0.1:{one.server_port}/hook" for one in self._servers]

    def rest(self, seconds: float) -> bool:
        """Wait; tell whether there is more to wait for."""
        return not self._closing.wait(seconds)

    def note(self, headers: Any, body: bytes) -> None:
        """Take an event; one that does not verify is a fault."""
        try:
            event = Webhook(self.secret).verify(body, dict(headers))
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not be
            self.faults.append(f"{type(error).__name__}: {error}")
            return
        told = datetime.fromisoformat(event["timestamp"]).timestamp()
        digest = hashlib.sha256(body).hexdigest()
        took_s = time.time() - told
        self.events.append(
            Event(
                headers["webhook-id"],
                event["type"],
                event["data"]["id"],
                digest,
                took_s,
            )
        )


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def _handler(
    receivers: Receivers, behave: Callable[[Any, Receivers, bytes], None]
) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            try:
                behave(self, receivers, body)
            except OSError:
                self.close_connection = True

        def do_GET(self) -> None:
            receivers.faults.append(f"a redirect was followed to {self.path}")

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def _take(request: Any, receivers: Receivers, body: bytes) -> None:
    receivers.asked += 1
    if receivers.is_down:
        receivers.refused += 1
        request.send_error(503)
        return
    receivers.note(request.headers, body)
    request.send_response(204)
    request.end_headers()


def _hang(request: Any, receivers: Receivers, body: bytes) -> None:
    del request, body
    while receivers.rest(1):
        pass


def _drip(request: Any, receivers: Receivers, body: bytes) -> None:
    del body
    for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 10_000:
        request.wfile.write(bytes([byte]))
        if not receivers.rest(_DRIP_S):
            return


def _flood(request: Any, receivers: Receivers, body: bytes) -> None:
    del body
    request.send_response(200)
    request.end_headers()
    while receivers.rest(0):
        request.wfile.write(_MEGABYTE)


def _redirect(request: Any, receivers: Receivers, body: bytes) -> None:
    del body
    request.send_response(302)
    request.send_header("Location", receivers.urls[0])
    request.end_headers()


def _reset(request: Any, receivers: Receivers, body: bytes) -> None:
    del receivers, body
    # Closed with RST: the other side loses what it has not read.
    at_once = struct.pack("ii", 1, 0)
    request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
    request.connection.close()


#: Ways to be bad; half of them hold on to whoever calls.
_BAD = {
    "hangs": _hang,
    "drips": _drip,
    "floods": _flood,
    "redirects": _redirect,
    "resets": _reset,
    "hangs too": _hang,
}
