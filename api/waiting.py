"""Requests that wait for a job: one listener per process wakes them all."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import redis

from model_store import logs
from worker import keys
from worker.errors import frames_of
from worker.jobs import Job

#: Seconds after which a waiter looks for itself, in case a wake-up was lost unseen.
_LOOK_S = 5.0
#: Seconds that the listener waits for a message before it looks after itself.
_POLL_S = 1.0
#: Seconds for which messages may gather while nobody waits.
_REST_S = 0.2
#: Seconds of silence after which the listener asks Redis for a sign of life, and after
#: which it takes the connection to be dead.
_SILENCE_S, _DEAD_S = 5.0, 10.0
#: Seconds between attempts to reach a Redis that is away.
_RECONNECT_S = 0.5

_log = logs.logger(__name__)


class Waiter:
    """One request that waits for one job, or follows one batch."""

    def __init__(self, stopping: threading.Event) -> None:
        self._event = threading.Event()
        self._stopping = stopping

    def wake(self) -> None:
        """Make the request look at its job."""
        self._event.set()

    def wait(self, seconds: float, look: Callable[[], Job]) -> Job:
        """Return the job once it has ended, or as it is when the time is over."""
        until = time.monotonic() + seconds
        while True:
            goes_on = self.pause(until - time.monotonic())
            job = look()
            if job.state.is_terminal or not goes_on or time.monotonic() >= until:
                return job

    def pause(self, seconds: float) -> bool:
        """Wait until it is time to look; tell whether to go on after that."""
        if not self._stopping.is_set():
            self._event.wait(max(0.0, min(seconds, _LOOK_S)))
            self._event.clear()
        return not self._stopping.is_set()


class Waiting:
    """Lets requests wait for jobs without asking Redis again and again.

    Args:
        client: For the one subscription; it may wait for a message without limit.
        capacity: Requests that may wait at a time; each holds a thread of the server.
    """

    def __init__(self, client: redis.Redis, *, capacity: int) -> None:
        self._client: Any = client
        self._slots = threading.BoundedSemaphore(capacity)
        self._lock = threading.Lock()
        self._waiters: dict[bytes, set[Waiter]] = {}
        #: Set while somebody waits.
        self._wanted = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the listener of this process, unless it runs."""
        with self._lock:
            # A thread does not survive a fork: the child starts its own.
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(
                    target=self._run, name="finished-listener", daemon=True
                )
                self._thread.start()

    def stop(self) -> None:
        """Let every waiting request answer at once; the listener ends soon after."""
        self._stopping.set()
        self._wanted.set()
        self._wake(self._everybody())

    @contextmanager
    def waiter(self, job_id: str) -> Iterator[Waiter | None]:
        """Register a request for a job; None when too many requests wait already.

        Whoever reads the job after registering cannot miss its end.
        """
        if not self._slots.acquire(blocking=False):
            yield None
            return
        waiter = Waiter(self._stopping)
        key = job_id.encode()
        try:
            self.start()
            with self._lock:
                self._waiters.setdefault(key, set()).add(waiter)
                self._wanted.set()
            yield waiter
        finally:
            self._forget(key, waiter)
            self._slots.release()

    def _forget(self, key: bytes, waiter: Waiter) -> None:
        with self._lock:
            waiters = self._waiters.get(key, set())
            waiters.discard(waiter)
            if not waiters:
                self._waiters.pop(key, None)
            if not self._waiters:
                self._wanted.clear()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with self._client.pubsub() as subscription:
                    self._listen(subscription)
            except redis.RedisError as error:
                _log.warning("listener_disconnected", error=str(error))
            except Exception as error:  # noqa: BLE001 - the border of a thread that must not die
                _log.error("listener_failed", frames=frames_of(error))
            self._stopping.wait(_RECONNECT_S)

    def _listen(self, subscription: Any) -> None:
        subscription.subscribe(keys.finished_channel(self._client))
        heard = time.monotonic()
        while not self._stopping.is_set():
            # While nobody waits the messages gather: to wake up for each one costs
            # 20 us a job, to take a heap of them 3.
            self._wanted.wait(_REST_S)
            message = subscription.get_message(timeout=_POLL_S)
            while message is not None:
                heard = time.monotonic()
                self._receive(message)
                message = subscription.get_message(timeout=0)
            silence = time.monotonic() - heard
            if silence > _DEAD_S:
                return
            if silence > _SILENCE_S:
                subscription.ping()

    def _receive(self, message: dict[str, Any]) -> None:
        if message["type"] == "subscribe":
            # What ended before this moment was not heard: everybody looks.
            self._wake(self._everybody())
        elif message["type"] == "message":
            self._wake(message["data"].split(b"\n"))

    def _everybody(self) -> list[bytes]:
        with self._lock:
            return list(self._waiters)

    def _wake(self, keys: Iterable[bytes]) -> None:
        with self._lock:
            for key in keys:
                for waiter in self._waiters.get(key, ()):
                    waiter.wake()
