"""Connections to the API, and an answer for a request within its time."""

import contextlib
import http.client
import io
import json
import shutil
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO, Self
from urllib.parse import SplitResult

Connect = Callable[[], http.client.HTTPConnection]

#: Statuses of an answer that is, or is a part of, what was asked for.
_WITH_BODY = frozenset({http.HTTPStatus.OK, http.HTTPStatus.PARTIAL_CONTENT})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered.

    Attributes:
        status: The status code.
        body: The JSON object; empty where it is none, as from another server.
        retry_after_s: Seconds after which it asks to come again.
    """

    status: int
    body: Mapping[str, Any]
    retry_after_s: int

    @classmethod
    def read(
        cls, response: http.client.HTTPResponse, into: BinaryIO | None = None
    ) -> Self:
        """Read all of an answer; the body of a success goes `into` a file."""
        headers = response.headers
        # Whoever was made to wait already need not pause on top of it.
        has_waited = "Preference-Applied" in headers
        again = "" if has_waited else headers.get("Retry-After", "")
        seconds = int(again[:9]) if again.isdecimal() else 0
        if into is None or response.status not in _WITH_BODY:
            return cls(response.status, _object(response.read()), seconds)
        if response.status == http.HTTPStatus.OK:
            # It is all of it, whatever a try wrote that broke off.
            into.seek(0)
            into.truncate()
        elif not headers.get("Content-Range", "").startswith(f"bytes {into.tell()}-"):
            raise http.client.HTTPException("These are not the bytes asked for.")
        shutil.copyfileobj(response, into)
        if response.length:
            raise http.client.IncompleteRead(b"", response.length)
        return cls(response.status, {}, seconds)


class Line:
    """Connections to one server; any number of threads may use it at a time.

    Args:
        connect: Makes a connection.
        stem: The line of which this one is a branch: it shares the connections, and
            can be closed without the stem.
    """

    def __init__(self, connect: Connect, stem: "Line | None" = None) -> None:
        self.connect = connect
        self.closed = threading.Event()
        self.branches: set[Line] = set()
        self.idle: deque[http.client.HTTPConnection] = stem.idle if stem else deque()
        self._stem = stem
        self._busy: set[http.client.HTTPConnection] = set()

    def branch(self) -> "Line":
        """Return a line that shares the connections and is closed with this one."""
        branch = Line(self.connect, self)
        self.branches.add(branch)
        if self.closed.is_set():
            branch.close()
        return branch

    def close(self) -> None:
        """End what is under way with an error, as all that comes after."""
        self.closed.set()
        for branch in tuple(self.branches):
            branch.close()
        for connection in tuple(self._busy):
            _hang_up(connection)
        if self._stem:
            self._stem.branches.discard(self)
            return
        while self.idle:
            self.idle.pop().close()

    def ask(
        self,
        method: str,
        path: str,
        body: str | bytes | Iterable[bytes] | None,
        headers: Mapping[str, str],
        *,
        until: float,
        into: BinaryIO | None = None,
    ) -> Answer:
        """Send a request and return the answer.

        Args:
            method: Of HTTP.
            path: With the query.
            body: JSON, or what the headers say; or None. One in parts has its length
                in the headers.
            headers: Of the request.
            until: By `time.monotonic()`; then it ends, however much came.
            into: Where the body of a success goes.

        Raises:
            OSError: The connection broke, the time is over or the line was closed.
            http.client.HTTPException: The answer is none of HTTP.
        """
        connection = self._taken()
        try:
            self._open(connection, until)
            # A refusal may come, and the connection end, before all of a body is sent.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.request(method, path, body, headers)
            connection.sock.settimeout(_left_s(until))
            return Answer.read(connection.getresponse(), into)
        except BaseException:
            connection.close()  # it opens itself again
            raise
        finally:
            self._busy.discard(connection)
            self.idle.append(connection)
            if self.closed.is_set():
                connection.close()

    def _taken(self) -> http.client.HTTPConnection:
        self._refuse_if_closed()
        try:
            connection = self.idle.pop()
        except IndexError:
            connection = self.connect()
            connection.response_class = _PunctualResponse
        self._busy.add(connection)
        return connection

    def _open(self, connection: http.client.HTTPConnection, until: float) -> None:
        """Connect in time; a line that is closed meanwhile is not used."""
        connection.timeout = _left_s(until)
        if connection.sock is None:
            connection.connect()
            self._refuse_if_closed()
        connection.sock.settimeout(_left_s(until))

    def _refuse_if_closed(self) -> None:
        if self.closed.is_set():
            raise OSError("this client is closed")


def connecting(place: SplitResult) -> Connect:
    """Return what makes connections to a place."""
    is_tls = place.scheme == "https"
    kind = http.client.HTTPSConnection if is_tls else http.client.HTTPConnection
    return partial(kind, place.hostname or "", place.port)


class _PunctualResponse(http.client.HTTPResponse):
    """An answer that has all of its socket's timeout, not so much for each part."""

    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp = io.BufferedReader(_PunctualReader(sock, self.fp.detach()))


class _PunctualReader(io.RawIOBase):
    """Reads a socket until its timeout is over, however slowly bytes come."""

    def __init__(self, sock: socket.socket, received: io.RawIOBase) -> None:
        self._sock, self._received = sock, received
        self._until = time.monotonic() + (sock.gettimeout() or 0)

    def readable(self) -> bool:
        return True

    def readinto(self, room: Any) -> int | None:
        self._sock.settimeout(_left_s(self._until))
        return self._received.readinto(room)

    def close(self) -> None:
        self._received.close()
        super().close()


def _left_s(until: float) -> float:
    left_s = until - time.monotonic()
    if left_s <= 0:
        raise TimeoutError("the time is over")
    return left_s


def _hang_up(connection: http.client.HTTPConnection) -> None:
    """Wake the thread that waits for the connection: it sees its end."""
    with contextlib.suppress(OSError, AttributeError, TypeError):  # not connected yet
        # That of a TLS socket would take the reader's state away under its hands.
        socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)


def _object(text: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
