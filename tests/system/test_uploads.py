"""Uploads that take their time, stop or break off, through the real server."""

import contextlib
import json
import resource
import socket
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from model_store.store import ModelStore
from tests.patience import wait_until
from tests.system import api_server
from tests.system.api_server import Server
from tests.system.installation import Installation
from worker.supervision import ports

#: More than the threads of both server processes.
MANY_UPLOADS = 300
#: More than the connections that the server holds by its own default.
MANY_CONNECTIONS = 2500


@pytest.fixture
def impatient(store: ModelStore, place: Installation) -> Iterator[Server]:
    """Run an API that waits 2 s for a body, and as long for a request to begin."""
    spec = place.stack.api()
    patience = {"KERBSIDE_UPLOAD_TIMEOUT_S": "2"}
    spec = replace(
        spec,
        command=(
            *spec.command[:-1],
            "--http1-header-read-timeout=2000",
            spec.command[-1],
        ),
        environment={**spec.environment, **patience},
    )
    with api_server.running(place, spec, store) as server:
        yield server


@pytest.fixture
def upload() -> Iterator["Upload"]:
    """Return what begins uploads; those left are closed."""
    with contextlib.ExitStack() as stack:
        yield Upload(stack)


class Upload:
    """Begins uploads and leaves it to the test how they go on."""

    def __init__(self, stack: contextlib.ExitStack) -> None:
        self._stack = stack

    def connect(self, server: Server) -> socket.socket:
        """Open a connection."""
        link = socket.create_connection((ports.LOOPBACK, server.port), timeout=30)
        return self._stack.enter_context(link)

    def begin(
        self,
        server: Server,
        announced: str,
        body: bytes,
        request: str = "POST /v1/predictions",
    ) -> socket.socket:
        """Send the head of a submit and the beginning of its body."""
        link = self.connect(server)
        head = (
            f"{request} HTTP/1.1",
            "Host: example.org",
            f"Authorization: Bearer {server.token}",
            "Content-Type: application/json",
            announced,
        )
        link.sendall("\r\n".join((*head, "", "")).encode() + body)
        return link


@pytest.fixture(autouse=True)
def _files() -> Iterator[None]:
    """Let this process open as many files as the test has connections."""
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(now, 4000), most))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (now, most))


def _is_untouched(server: Server, place: Installation) -> bool:
    """Tell whether nothing was queued and no fault was logged, and all is served."""
    names: list[bytes] = server.redis.keys("kerbside:*")  # type: ignore[assignment]
    jobs = [name for name in names if b":job:" in name or b":idempotency:" in name]
    log = place.logs()["api"]
    return not jobs and "Traceback" not in log and "[ERROR]" not in log


def test_uploads_that_stop_hold_nobody_up(
    server: Server, upload: Upload, place: Installation
) -> None:
    """More of them than there are threads; others are served while they last."""
    stopped = [
        upload.begin(server, "Content-Length: 900", b'{"input": {')
        for _ in range(MANY_UPLOADS)
    ]

    health = [server.call("GET", "/healthz").status for _ in range(20)]
    lists = [server.call("GET", "/v1/predictions").status for _ in range(20)]

    assert set(health + lists) == {200}
    assert _is_untouched(server, place)
    assert server.submit().status == 202
    assert len(stopped) == MANY_UPLOADS


@pytest.mark.parametrize(
    "announced", ["Content-Length: 900", "Transfer-Encoding: chunked"]
)
@pytest.mark.parametrize("drips", [True, False], ids=["drips", "stops"])
def test_an_upload_that_does_not_end_is_ended(
    impatient: Server,
    upload: Upload,
    place: Installation,
    announced: str,
    *,
    drips: bool,
) -> None:
    """Whether it goes on byte by byte or not at all; nothing was queued."""
    is_chunked = "chunked" in announced
    # One of them is answered ahead of Flask's dispatch, the other is not.
    request = f"PUT /v1/predictions/{uuid.uuid4()}" if drips else "POST /v1/predictions"
    first = b"1\r\n{\r\n" if is_chunked else b"{"
    link = upload.begin(impatient, announced, first, request)

    end = time.monotonic() + 30
    link.settimeout(0.2)
    told = b""
    while time.monotonic() < end:
        try:
            if drips:
                link.sendall(b"1\r\n \r\n" if is_chunked else b" ")
            received = link.recv(4096)
        except TimeoutError:
            continue
        except ConnectionError:
            break
        if not received:
            break
        told += received

    assert time.monotonic() < end, "the connection was left open"
    assert told == b"" or told.startswith(b"HTTP/1.1 408 ")
    assert _is_untouched(impatient, place)
    wait_until(lambda: "upload_too_slow ended=true" in place.logs()["api"])
    assert impatient.submit().status == 202


def test_an_upload_that_comes_slowly_but_in_time_is_taken(
    server: Server, upload: Upload
) -> None:
    """A poor line is no attack."""
    body = json.dumps({"input": server.house}).encode()
    link = upload.begin(server, f"Content-Length: {len(body)}", body[:100])
    time.sleep(2)

    link.sendall(body[100:])

    assert link.recv(4096).startswith(b"HTTP/1.1 202 ")


def test_an_upload_broken_off_leaves_nothing(
    server: Server, upload: Upload, place: Installation
) -> None:
    """Its connection is closed in the middle, in both ways of sending."""
    body = json.dumps({"input": server.house}).encode()
    for _ in range(20):
        upload.begin(server, f"Content-Length: {len(body)}", body[:200]).close()
        upload.begin(server, "Transfer-Encoding: chunked", b"ff\r\n" + body[:9]).close()

    assert server.call("GET", "/healthz").status == 200
    assert _is_untouched(server, place)
    assert server.submit().status == 202


def test_a_body_shorter_than_announced_is_refused(
    server: Server, upload: Upload, place: Installation
) -> None:
    """Although what came is a whole submit."""
    body = json.dumps({"input": server.house}).encode()
    link = upload.begin(server, f"Content-Length: {len(body) + 1}", body)

    link.shutdown(socket.SHUT_WR)

    answer = link.recv(4096)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"urn:kerbside:problem:cut-body" in answer
    assert _is_untouched(server, place)


def test_an_announced_length_over_the_limit_is_refused_unread(
    server: Server, upload: Upload, place: Installation
) -> None:
    """Nobody waits for the body."""
    link = upload.begin(server, "Content-Length: 99999999999", b"{")

    assert link.recv(4096).startswith(b"HTTP/1.1 413 ")
    assert _is_untouched(server, place)


def test_a_key_that_is_there_twice_is_refused(
    server: Server, upload: Upload, place: Installation
) -> None:
    """The server joins the two, and nobody can say which was meant."""
    body = json.dumps({"input": server.house}).encode()
    keys = "Idempotency-Key: a\r\nIdempotency-Key: a"
    link = upload.begin(server, f"{keys}\r\nContent-Length: {len(body)}", body)

    assert link.recv(4096).startswith(b"HTTP/1.1 400 ")
    assert _is_untouched(server, place)


@pytest.mark.parametrize(("size", "status"), [(30_000, 200), (65_536, 431)])
def test_headers_are_read_to_twice_the_bound_at_most(
    server: Server, upload: Upload, size: int, status: int
) -> None:
    """Within it they are served; how much of one is read beyond it, chance decides."""
    link = upload.connect(server)

    link.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: " + b"a" * size)
    with contextlib.suppress(ConnectionError):
        link.sendall(b"\r\n\r\n")

    assert link.recv(4096).startswith(f"HTTP/1.1 {status} ".encode())


def test_headers_without_end_are_refused(server: Server, upload: Upload) -> None:
    """They are kept up to a bound and not until memory ends."""
    link = upload.connect(server)

    link.sendall(b"GET /healthz HTTP/1.1\r\nX: " + b"a" * 100_000)

    assert link.recv(4096).startswith(b"HTTP/1.1 431 ")
    assert server.call("GET", "/healthz").status == 200


def test_idle_connections_hold_nobody_up(
    impatient: Server, upload: Upload, place: Installation
) -> None:
    """Thousands that say nothing: others are served, and they are closed in time."""
    before = _memory_mb(impatient)
    idle = [upload.connect(impatient) for _ in range(MANY_CONNECTIONS)]

    health = [impatient.call("GET", "/healthz").status for _ in range(20)]
    grown = _memory_mb(impatient) - before

    assert set(health) == {200}
    assert grown < 100
    wait_until(lambda: all(map(_is_closed, idle)))
    assert _is_untouched(impatient, place)


def _is_closed(link: socket.socket) -> bool:
    link.settimeout(0)
    try:
        return link.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


def _memory_mb(server: Server) -> float:
    """Return the memory of the server's processes, resident."""
    pid = server.process.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    pages = [Path(f"/proc/{one}/statm").read_text().split()[1] for one in children]
    return sum(map(int, pages)) * resource.getpagesize() / 2**20
