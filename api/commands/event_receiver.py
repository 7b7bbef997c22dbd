"""A small receiver of webhooks: verifies, knows repeats, answers as it was told."""

import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

from worker.supervision import ports

#: Bytes of a request's body, at most: an event has 20,000 or less.
BODY_BYTES = 262_144
#: Seconds that a sender may be silent.
_SILENCE_S = 15.0
#: Ids that are remembered, the newest.
_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Received:
    """An event whose signature is good."""

    id: str
    #: What was sent: `type`, `timestamp`, `data`.
    event: dict[str, Any]
    #: Whether it has come before, under the same id.
    repeated: bool
    #: The status that it was answered with.
    answered: int


class RefusedRequest(Exception):
    """A request that is no event for this receiver; the message says why."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


class EventReceiver(ThreadingHTTPServer):
    """Listens on the loopback address alone.

    Args:
        port: Where; 0 is any free one.
        secrets: Each may have signed.
        status: What good events are answered with.
        on_event: Called with each good event, one at a time.
        on_refusal: Called with each request that is refused, and why.
        on_answered: Called when a request has been answered.

    Raises:
        OSError: The port is taken.
    """

    daemon_threads = True

    def __init__(
        self,
        port: int,
        *,
        secrets: Sequence[str],
        status: int,
        on_event: Callable[[Received], None],
        on_refusal: Callable[[str], None],
        on_answered: Callable[[], None],
    ) -> None:
        super().__init__((ports.LOOPBACK, port), _Handler)
        self._verifiers = [Webhook(secret) for secret in secrets]
        self._status = status
        self._on_event, self._on_refusal = on_event, on_refusal
        self.on_answered = on_answered
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._one_at_a_time = threading.Lock()

    @property
    def url(self) -> str:
        """Where events are to be sent."""
        return f"http://{ports.LOOPBACK}:{self.server_port}/"

    def take(self, body: bytes, headers: dict[str, str]) -> int:
        """Look at a request and tell of it; return the status to answer with."""
        try:
            event = self._verified(body, headers)
        except RefusedRequest as refusal:
            return self.refuse(refusal)
        event_id = headers["webhook-id"]
        with self._one_at_a_time:
            repeated = event_id in self._seen
            self._seen[event_id] = None
            if len(self._seen) > _REMEMBERED:
                self._seen.popitem(last=False)
            self._on_event(Received(event_id, event, repeated, self._status))
        return self._status

    def refuse(self, refusal: RefusedRequest) -> int:
        """Tell of a refusal; return its status."""
        with self._one_at_a_time:
            self._on_refusal(f"{refusal.status.value}: {refusal}")
        return refusal.status

    def handle_error(self, request: Any, _: Any) -> None:
        """Say nothing of a sender that went away."""

    def _verified(self, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
        reason = ""
        for verifier in self._verifiers:
            try:
                verifier.verify(body, headers, json_parse=False)
                break
            except WebhookVerificationError as error:
                reason = str(error)
            except ValueError:  # the library splits and decodes what strangers send
                reason = "the signature or the body cannot be read"
        else:
            raise RefusedRequest(
                HTTPStatus.UNAUTHORIZED,
                f"{reason or 'no secret is known'}. Expected the signature of an event"
                " of these last five minutes, made with this receiver's secret.",
            )
        try:
            event = json.loads(body)
            if isinstance(event["data"], dict) and isinstance(event["type"], str):
                return dict(event)
        except (ValueError, TypeError, KeyError):
            pass
        raise RefusedRequest(
            HTTPStatus.BAD_REQUEST,
            "well signed, but no event: expected JSON with `type` and `data`.",
        )


class _Handler(BaseHTTPRequestHandler):
    timeout = _SILENCE_S
    server: EventReceiver

    def do_POST(self) -> None:
        """Take an event."""
        try:
            body = self.rfile.read(self._length())
        except RefusedRequest as refusal:
            self._answer(self.server.refuse(refusal))
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        self._answer(self.server.take(body, headers))
        self.server.on_answered()

    def log_message(self, *_: object) -> None:
        """Leave it to who asked for the events."""

    def _length(self) -> int:
        told = self.headers.get("Content-Length", "")
        if not told.isdecimal():
            raise RefusedRequest(
                HTTPStatus.LENGTH_REQUIRED, "expected a body with its Content-Length."
            )
        if int(told) > BODY_BYTES:
            raise RefusedRequest(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"a body of {int(told):,} bytes: expected {BODY_BYTES:,} at most.",
            )
        return int(told)

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()
