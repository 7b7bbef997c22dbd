"""A receiver of events whose answers, and silences, a test decides."""

import contextlib
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook


@dataclass(frozen=True)
class Sent:
    """A request as it came."""

    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        """The id of the event."""
        return self.headers["webhook-id"]

    def verified(self, secret: str) -> Any:
        """Return the event; the reference library has found its signature good."""
        return Webhook(secret).verify(self.body, self.headers)


@dataclass
class Sink:
    """What has come to a receiver, and what it does about it."""

    port: int = 0
    host: str = "127.0.0.1"
    received: list[Sent] = field(default_factory=list)
    #: Answers to the next requests; when there is none left, 204.
    statuses: deque[int] = field(default_factory=deque)
    #: While it is not set, no request is answered.
    answers: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """Where it receives."""
        return f"http://{self.host}:{self.port}/hook"

    @contextlib.contextmanager
    def open(self) -> Iterator[None]:
        """Receive while the block runs, on the same port each time."""
        server = _Server((self.host, self.port), _Handler)
        server.sink, self.port = self, server.server_port
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield
        finally:
            self.answers.set()
            server.shutdown()
            thread.join()
            server.server_close()


class _Server(ThreadingHTTPServer):
    sink: Sink

    def handle_error(self, request: Any, _: Any) -> None:
        """Say nothing of a worker that was killed."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        """Note the request, and answer when that is allowed."""
        sink = self.server.sink
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        sink.received.append(Sent(headers, body))
        sink.answers.wait()
        self.send_response(sink.statuses.popleft() if sink.statuses else 204)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Print nothing."""
