"""One attempt to deliver: rendered once, signed anew, sent, judged, written down."""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import redis

from model_store import logs
from worker import events
from worker.keys import WEBHOOKS
from worker.leases import Lease
from worker.metrics import Metrics
from worker.tracing import Tracing
from worker.webhook_settings import WebhookSettings
from worker.webhooks import payload
from worker.webhooks.deliveries import Deliveries, Verdict
from worker.webhooks.keyring import Keyring
from worker.webhooks.schedule import NOT_SIGNED, verdict
from worker.webhooks.sealing import SealingError
from worker.webhooks.sender import Attempt, Sender
from worker.webhooks.signing import signature_headers

#: What the tenant sees where the installation cannot sign; the log says why.
_NOT_SIGNED = Attempt(
    status=None,
    duration_ms=0,
    excerpt="",
    error=f"{NOT_SIGNED}: this service could not sign it; its operators were told",
    retry_after_s=None,
)

_log = logs.logger(__name__)


#: What is published with the outcome of an attempt.
Told = Callable[[events.Outcome], tuple[str, bytes]]


def _now() -> datetime:
    return datetime.now(UTC)


def _nobody(_: events.Outcome) -> tuple[str, bytes]:
    return "", b""


class Courier:
    """Makes deliveries; safe in any number of threads.

    Args:
        deliveries: Where they are written down.
        keyring: What they are signed with.
        sender: What sends them.
        settings: The schedule, and where clients reach the API.
        metrics: Where attempts are counted.
        now: The clock that stamps attempts.
        told: Makes the Celery event of an attempt, and names its channel.
        tracing: What records attempts; absent: nothing does.
    """

    def __init__(  # noqa: PLR0913 - each is a part of an attempt
        self,
        deliveries: Deliveries,
        keyring: Keyring,
        sender: Sender,
        settings: WebhookSettings,
        metrics: Metrics,
        *,
        now: Callable[[], datetime] = _now,
        told: Told = _nobody,
        tracing: Tracing | None = None,
    ) -> None:
        self._deliveries = deliveries
        self._keyring = keyring
        self._sender = sender
        self._settings = settings
        self._metrics = metrics
        self._now = now
        self._told = told
        self._tracing = tracing or Tracing()

    def deliver(
        self,
        lease: Lease,
        record: Mapping[bytes, bytes],
        *,
        endure: Callable[[redis.RedisError], bool],
    ) -> None:
        """Make one attempt at a leased delivery.

        Args:
            lease: The delivery in hand.
            record: Its ledger hash.
            endure: Called when Redis does not take the outcome; waits, and tells
                whether to try once more.

        Raises:
            redis.RedisError: Redis was lost; the lease ends by itself, and the same
                event is sent again.
        """
        started = time.monotonic()
        body = record.get(b"body")
        if body is None:
            body = payload.body(record)
            # Kept first: whoever sends it again sends the same.
            if not self._deliveries.keep_body(lease, body):
                return
        began = self._now()
        attempt = self._attempt(record, body, began)
        if attempt is None:
            return
        number = int(record.get(b"tries", 0)) + 1
        follows = verdict(attempt, number, self._settings)
        event = self._told(_outcome(lease, attempt, follows))
        logged = _logged(attempt, began)
        reason = self._written(lease, follows, logged, event, endure)
        self._metrics.attempted(
            WEBHOOKS,
            lease,
            outcome=follows.outcome,
            answer=attempt.answer,
            run_s=time.monotonic() - started,
        )
        if reason:
            endpoint = record[b"endpoint"].decode()
            _log.warning("endpoint_disabled", endpoint=endpoint, reason=reason)
            self._deliveries.call_off(endpoint, "disabled")

    def _attempt(
        self, record: Mapping[bytes, bytes], body: bytes, began: datetime
    ) -> Attempt | None:
        """Send it once; None where its endpoint has just been deleted."""
        endpoint = record[b"endpoint"].decode()
        try:
            target = self._keyring.target(endpoint, record[b"tenant"].decode())
        except SealingError as error:
            _log.error("delivery_not_signed", endpoint=endpoint, error=str(error))
            return _NOT_SIGNED
        url = record[b"url"].decode() or target.url
        if not url:
            return None
        headers = signature_headers(
            record[b"event"].decode(), began, body, target.secrets
        )
        step = self._tracing.delivery(record, url)
        if step.traceparent:
            headers["traceparent"] = step.traceparent
        try:
            attempt = self._sender.send(url, body, headers)
        except Exception as error:
            step.end(status=None, error=type(error).__name__)
            raise
        step.end(status=attempt.status, error=_word(attempt))
        return attempt

    def _written(
        self,
        lease: Lease,
        follows: Verdict,
        logged: Mapping[str, object],
        event: tuple[str, bytes],
        endure: Callable[[redis.RedisError], bool],
    ) -> str | None:
        while True:
            try:
                return self._deliveries.attempted(lease, follows, logged, event=event)
            except redis.RedisError as error:
                if not endure(error):
                    raise


def _logged(attempt: Attempt, began: datetime) -> dict[str, object]:
    return {
        "at": int(began.timestamp() * 1000),
        "status_code": attempt.status,
        "duration": attempt.duration_ms / 1000,
        "response": attempt.excerpt,
        "error": attempt.error,
    }


def _word(attempt: Attempt) -> str | None:
    """Return the first word of an error, which names nobody: the rest may, the host."""
    return attempt.error and attempt.error.partition(":")[0]


def _outcome(lease: Lease, attempt: Attempt, follows: Verdict) -> events.Outcome:
    runtime_s = attempt.duration_ms / 1000
    if follows.outcome == "delivered":
        return events.Outcome(lease.id, runtime_s, events.succeeded())
    reason = _word(attempt) or f"HTTP {attempt.status}"
    ends = events.retried if follows.outcome == "again" else events.failed
    return events.Outcome(lease.id, runtime_s, ends(reason))
