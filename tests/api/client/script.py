"""A server that answers by a script, and what the API would answer."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.api.conftest import OUTPUT

KEY = "kb_0123_secret"
HOUSE = {"bedrooms": 3, "zipcode": "98117"}


@dataclass(frozen=True)
class Reply:
    """An answer, or what happens instead of one."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    #: Bytes of the body after which the connection ends; None sends all.
    cut_after: int | None = None


DROPPED = Reply(cut_after=-1)
BUSY = Reply(503, {"title": "Queue full", "detail": "later"}, {"Retry-After": "0"})


@dataclass(frozen=True)
class Request:
    """What the client sent."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any


class Script(ThreadingHTTPServer):
    """Answers with the next reply, or with what a function makes of the request."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.replies: list[Reply] = []
        self.requests: list[Request] = []
        self.connections = 0
        self.answer: Callable[[Request], Reply] = lambda _: self.replies.pop(0)

    @property
    def url(self) -> str:
        """Return its address."""
        return f"http://127.0.0.1:{self.server_port}"

    def process_request(self, request: Any, client_address: Any) -> None:
        """Count connections."""
        self.connections += 1
        super().process_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that go away."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Script

    def do_GET(self) -> None:
        """Answer any method."""
        text = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        request = Request(
            self.command,
            self.path,
            dict(self.headers),
            _document(text, self.headers.get("Content-Type", "")),
        )
        self.server.requests.append(request)
        self._send(self.server.answer(request))

    do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815 -- the names that http.server looks for

    def _send(self, reply: Reply) -> None:
        body, kind = _body(reply.body)
        content = {"Content-Type": kind}
        if reply.cut_after == -1:
            self.close_connection = True
            return
        self.send_response(reply.status)
        for name, value in {**content, **reply.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: reply.cut_after])
        if reply.cut_after is not None:
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def _document(text: bytes, kind: str) -> Any:
    """Return what was sent: a document, or bytes that are said to be no JSON."""
    if not text:
        return None
    return json.loads(text) if kind == "application/json" else text


def _body(body: Any) -> tuple[bytes, str]:
    """Return the bytes of a body and their type: text is HTML, all else is JSON."""
    if isinstance(body, str):
        return body.encode(), "text/html"
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return text, "application/json"


def prediction(status: str = "succeeded", **fields: Any) -> dict[str, Any]:
    """Return a prediction as the API sends it."""
    output = OUTPUT if status == "succeeded" else None
    base = {"id": "p1", "status": status, "version": "v1", "error": None}
    return {**base, "output": output, "state_detail": None, **fields}


def created(**fields: Any) -> Reply:
    """Return the answer to a submit that has its price already."""
    return Reply(201, prediction(**fields), {"Preference-Applied": "wait=4"})


def refused(pointer: str) -> Reply:
    """Return the answer to a submit that is not valid."""
    errors = [{"pointer": pointer, "detail": "Unknown field", "code": "unknown_field"}]
    problem = {"type": "urn:kerbside:problem:invalid-submission", "title": "Not valid"}
    return Reply(422, {**problem, "errors": errors, "request_id": "r1", "detail": "no"})


def model(*features: str, **kinds: str) -> Reply:
    """Return what the API tells of a model version; `features` are required."""
    known = [
        {"name": name, "kind": kind, "required": name in features}
        for name, kind in {**dict.fromkeys(features, "integer"), **kinds}.items()
    ]
    return Reply(body={"version": "v1", "schema": {"features": known}})


def priced_by_bedrooms(request: Request) -> Reply:
    """Answer a submit with a price that tells which house it was for."""
    price = request.body["input"]["bedrooms"] * 1000
    return created(id=f"p{price}", output={**OUTPUT, "price": price})


def by_method(
    get: Reply, post: Callable[[Request], Reply]
) -> Callable[[Request], Reply]:
    """Answer each GET, such as that of a card, with one reply."""
    return lambda request: get if request.method == "GET" else post(request)
