"""The laws of bodies that take their time, on a clock of the test's own."""

import io
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from api.errors import CutBody, ServiceError, SlowBody
from api.uploads import MAX_SLOW, Uploads
from tests.clock import Clock
from tests.patience import wait_until

TIMEOUT_S = 10.0


class _Stream:
    """A body of one byte, which comes when the test says so."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.comes = threading.Event()

    def read(self, size: int) -> bytes:
        self.asked.set()
        self.comes.wait(30)
        return b"1"[:size]


class _Reading:
    """Uploads that are read by threads, and those that were broken off."""

    def __init__(self, clock: Clock, pool: ThreadPoolExecutor) -> None:
        self.uploads = Uploads(TIMEOUT_S, break_off=self._break_off, clock=clock)
        self.broken_off: list[_Stream] = []
        self._pool = pool

    def begin(self) -> tuple[_Stream, Future[bytes]]:
        """Let a thread read a body, and return when it does."""
        stream = _Stream()
        environ = {"wsgi.input": stream, "CONTENT_LENGTH": "1"}
        reading = self._pool.submit(self.uploads.read, environ, 10)
        stream.asked.wait(30)
        return stream, reading

    def _break_off(
        self, thread: int, environ: dict[str, Any], error: ServiceError
    ) -> bool:
        assert thread in {one.ident for one in threading.enumerate()}
        assert isinstance(error, SlowBody)
        self.broken_off.append(environ["wsgi.input"])
        environ["wsgi.input"].comes.set()
        return True


@pytest.fixture
def reading(clock: Clock) -> Iterator[_Reading]:
    """Return what reads uploads; each ends with the test."""
    with ThreadPoolExecutor(MAX_SLOW + 4) as pool:
        reading = _Reading(clock, pool)
        yield reading
        clock.seconds += 2 * TIMEOUT_S
        reading.uploads.look()


def test_a_body_is_read(reading: _Reading) -> None:
    """Whatever it holds."""
    stream, body = reading.begin()
    stream.comes.set()

    assert body.result(30) == b"1"


def test_an_upload_is_broken_off_when_its_time_is_over(
    reading: _Reading, clock: Clock
) -> None:
    """Not before, and its thread goes on."""
    stream, body = reading.begin()
    clock.seconds += TIMEOUT_S
    reading.uploads.look()
    assert reading.broken_off == []

    clock.seconds += 0.1
    reading.uploads.look()
    reading.uploads.look()

    assert reading.broken_off == [stream]
    with pytest.raises(SlowBody):
        body.result(30)


def test_of_many_slow_uploads_the_oldest_are_broken_off(
    reading: _Reading, clock: Clock
) -> None:
    """So that threads are left for everybody else."""
    streams = []
    for _ in range(MAX_SLOW + 2):
        streams.append(reading.begin()[0])
        clock.seconds += 0.01
    clock.seconds += 2
    reading.begin()

    reading.uploads.look()

    assert reading.broken_off == streams[:2]


def test_an_upload_that_has_ended_is_forgotten(reading: _Reading, clock: Clock) -> None:
    """Its thread may work on another request by then."""
    stream, body = reading.begin()
    stream.comes.set()
    body.result(30)

    clock.seconds += 2 * TIMEOUT_S
    reading.uploads.look()

    assert reading.broken_off == []


def test_under_another_server_a_slow_upload_goes_on(clock: Clock) -> None:
    """What cannot be ended is not said to be; it may still be taken."""
    uploads = Uploads(TIMEOUT_S, break_off=lambda *_: False, clock=clock)

    class Slow(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            clock.seconds += 2 * TIMEOUT_S
            uploads_look = threading.Thread(target=uploads.look)
            uploads_look.start()
            uploads_look.join()
            return super().read(size)

    body = uploads.read({"wsgi.input": Slow(b"12"), "CONTENT_LENGTH": "2"}, 10)

    assert body == b"12"


def test_a_cut_body_is_told_as_that(reading: _Reading) -> None:
    """Only who was broken off is told of time."""
    environ = {"wsgi.input": io.BytesIO(b"1"), "CONTENT_LENGTH": "2"}

    with pytest.raises(CutBody):
        reading.uploads.read(environ, 10)


def test_uploads_are_looked_after_by_a_thread(clock: Clock) -> None:
    """Without a call from anybody."""
    seen = threading.Event()

    def break_off(*_: Any) -> bool:
        seen.set()
        stream.comes.set()
        return True

    stream = _Stream()
    uploads = Uploads(TIMEOUT_S, break_off=break_off, clock=clock)
    uploads.start()
    environ = {"wsgi.input": stream, "CONTENT_LENGTH": "1"}
    with ThreadPoolExecutor(1) as pool:
        body = pool.submit(uploads.read, environ, 10)
        stream.asked.wait(30)
        clock.seconds += 2 * TIMEOUT_S

        wait_until(seen.is_set)
        with pytest.raises(SlowBody):
            body.result(30)
