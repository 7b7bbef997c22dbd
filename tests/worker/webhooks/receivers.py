"""Receivers of webhooks that behave as a test says, on loopback."""

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator

#: Seconds between two bytes of a receiver that drips.
_DRIP_S = 0.05
#: Seconds after which it ends all the same: a sender that waits for it fails its test.
_LONG_S = 20.0

#: What a receiver does with a connection; the event is set when the test ends.
Behaviour = Callable[[socket.socket, "Receiver"], None]


class Receiver:
    """Counts connections, keeps requests, and answers by its behaviour."""

    def __init__(
        self, behave: Behaviour, *, host: str, port: int, context: ssl.SSLContext | None
    ) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, port), family=family, backlog=256)
        self._behave = behave
        self._context = context
        self.port: int = self._listener.getsockname()[1]
        self.accepted = 0
        self.requests: list[bytes] = []
        self.ended = threading.Event()
        scheme = "https" if context else "http"
        self.url = f"{scheme}://{f'[{host}]' if ':' in host else host}:{self.port}/hook"
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """End every behaviour and listen no more."""
        self.ended.set()
        # A listener that is only closed goes on for the thread that waits in it.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            threading.Thread(target=self._attend, args=(line,), daemon=True).start()

    def _attend(self, line: socket.socket) -> None:
        # A sender that gives up is what many tests are about.
        with contextlib.suppress(OSError), line:
            if self._context is None:
                self._behave(line, self)
            else:
                with self._context.wrap_socket(line, server_side=True) as secure:
                    self._behave(secure, self)


@contextlib.contextmanager
def receiving(
    behave: Behaviour,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    context: ssl.SSLContext | None = None,
) -> Iterator[Receiver]:
    """Run a receiver."""
    receiver = Receiver(behave, host=host, port=port, context=context)
    try:
        yield receiver
    finally:
        receiver.close()


def answering(
    status: str = "200 OK", body: bytes = b"thanks", *headers: str
) -> Behaviour:
    """Answer like an ordinary receiver."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return saying("\r\n".join(lines).encode() + body)


def saying(answer: bytes) -> Behaviour:
    """Answer with these bytes and close."""

    def behave(line: socket.socket, receiver: Receiver) -> None:
        _take(line, receiver)
        line.sendall(answer)

    return behave


def dripping(start: bytes, drop: bytes, *, reads: bool = True) -> Behaviour:
    """Say the start, then one drop after the other for longer than anybody may wait."""

    def behave(line: socket.socket, receiver: Receiver) -> None:
        if reads:
            _take(line, receiver)
        line.sendall(start)
        for _ in range(int(_LONG_S / _DRIP_S)):
            if receiver.ended.wait(_DRIP_S):
                break
            line.sendall(drop)

    return behave


def flooding(start: bytes, flood: bytes) -> Behaviour:
    """Say the start, then the flood for as long as anybody takes it."""

    def behave(line: socket.socket, receiver: Receiver) -> None:
        _take(line, receiver)
        line.sendall(start)
        while not receiver.ended.is_set():
            line.sendall(flood)

    return behave


def silent(line: socket.socket, receiver: Receiver) -> None:
    """Take the request and say nothing."""
    _take(line, receiver)
    receiver.ended.wait(_LONG_S)


def deaf(line: socket.socket, receiver: Receiver) -> None:
    """Never read a byte."""
    receiver.ended.wait(_LONG_S)


def resetting(line: socket.socket, receiver: Receiver) -> None:
    """Take the request and reset the connection."""
    _take(line, receiver)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def echoing(line: socket.socket, receiver: Receiver) -> None:
    """Answer with the request's own body."""
    body = _take(line, receiver).partition(b"\r\n\r\n")[2]
    line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


def _take(line: socket.socket, receiver: Receiver) -> bytes:
    """Read and keep a whole request."""
    request = b""
    with line.makefile("rb") as stream:
        while (row := stream.readline()) not in {b"\r\n", b""}:
            request += row
        sizes = [r for r in request.lower().split(b"\r\n") if b"content-length" in r]
        request += b"\r\n" + stream.read(int(sizes[0].split(b":")[1]) if sizes else 0)
    receiver.requests.append(request)
    return request
