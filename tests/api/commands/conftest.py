"""Fixtures of the commands' tests."""

import http.server
import threading
from collections.abc import Callable, Iterator

import pytest

Serve = Callable[[dict[str, tuple[int, bytes]]], int]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Return a function that serves answers by path and returns the port."""
    servers = []

    def serve(answers: dict[str, tuple[int, bytes]]) -> int:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, body = answers[self.path]
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return server.server_port

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()
