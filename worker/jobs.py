"""What a job is: its states, its submission and its one public form."""

import datetime as dt
import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import orjson

from worker.limits import Meter

#: Where the API serves jobs.
PATH = "/v1/predictions"


class State(enum.StrEnum):
    """Where a job stands in the ledger; only a retry leads on from an end."""

    #: Waits for its first start.
    QUEUED = "queued"
    #: A worker holds its lease.
    RUNNING = "running"
    #: Waits for another start, after a crash of its worker or a give-back.
    RETRYING = "retrying"
    #: Has its price.
    SUCCEEDED = "succeeded"
    #: Has no price and never will: the model raised, or the job is a dead letter.
    FAILED = "failed"
    #: Withdrawn by the client or an operator, or past its deadline.
    CANCELED = "canceled"

    @property
    def is_terminal(self) -> bool:
        """Tell whether nothing more happens to it, unless its client retries it."""
        return self in _TERMINAL

    @property
    def status(self) -> str:
        """Return the public status, one of the five that clients know."""
        return _STATUS[self]


class Detail(enum.StrEnum):
    """Why a job failed or was canceled."""

    #: The model raised on this house.
    MODEL_ERROR = "model_error"
    #: The job's worker died as often as is allowed.
    DEAD = "dead"
    #: The client asked for it.
    BY_CLIENT = "by_client"
    #: An operator purged the lane that the job waited in.
    BY_OPERATOR = "by_operator"
    #: The job had not started, or not finished, by its deadline.
    DEADLINE_EXCEEDED = "deadline_exceeded"


_TERMINAL = frozenset({State.SUCCEEDED, State.FAILED, State.CANCELED})
_STATUS = {
    State.QUEUED: "starting",
    State.RUNNING: "processing",
    State.RETRYING: "processing",
    State.SUCCEEDED: "succeeded",
    State.FAILED: "failed",
    State.CANCELED: "canceled",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One house that a tenant wants priced, validated and in canonical JSON."""

    id: str
    #: Whether the client chose the id: then a repeat is known by it.
    id_is_clients: bool = False
    tenant: str
    #: Model name, for the reader.
    model: str
    #: Model version id that validated the house and will price it.
    version: str
    #: Alias by which the version was named; None where it was named by its id.
    alias: str | None = None
    #: The house as canonical JSON.
    input: bytes
    #: The property that it values; None: it is for who submits it alone.
    property_id: str | None = None
    #: Whether the price is to come with its reasons.
    explain: bool = False
    #: The client's own labels as JSON.
    metadata: bytes = b"{}"
    #: Hash of what makes this request what it is, for the comparison of repeats.
    fingerprint: str = ""
    idempotency_key: str | None = None
    #: Where its events are sent, and which of them, as the client named them; None:
    #: its end.
    webhook: str | None = None
    webhook_filter: tuple[str, ...] | None = None
    #: Milliseconds from now after which the price is of no use.
    deadline_ms: int | None = None
    #: By whose rate limit the request counts; None where nobody counts.
    meter: Meter | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job as the ledger knew it at one instant; times in ms since the epoch."""

    id: str
    tenant: str
    model: str
    version: str
    input: bytes
    state: State
    sequence: int
    created_ms: int
    #: Place in the lane's count of all submits.
    number: int
    #: The property that it values, if any.
    property_id: str | None = None
    detail: Detail | None = None
    metadata: bytes = b"{}"
    attempts: int = 0
    crashes: int = 0
    #: When its client had it tried anew.
    reopened_ms: int | None = None
    started_ms: int | None = None
    completed_ms: int | None = None
    expires_ms: int | None = None
    #: Seconds of the predictor call, which the houses of a batch share.
    predict_s: float | None = None
    output: bytes | None = None
    error: str | None = None
    webhook: str | None = None
    webhook_filter: tuple[str, ...] | None = None
    #: What became of the event of its end: `pending`, `delivered` or `failed`.
    webhook_status: str | None = None
    #: How many jobs start before this one, plus one; known only while it waits.
    position: int | None = None

    @classmethod
    def from_record(cls, job_id: str, record: Mapping[bytes, bytes]) -> Self:
        """Read a job from its ledger hash."""
        valued = record.get(b"property")
        detail = record.get(b"detail")
        error = record.get(b"error")
        predict_us = record.get(b"predict_us")
        webhook = record.get(b"webhook")
        events = record.get(b"webhook_filter")
        wanted = tuple(events.decode().split()) if events else None
        is_told = webhook and wants_end(wanted)
        return cls(
            id=job_id,
            tenant=record[b"tenant"].decode(),
            model=record[b"model"].decode(),
            version=record[b"version"].decode(),
            input=record[b"input"],
            state=State(record[b"state"].decode()),
            sequence=int(record[b"sequence"]),
            created_ms=int(record[b"created"]),
            number=int(record[b"number"]),
            property_id=valued.decode() if valued else None,
            detail=Detail(detail.decode()) if detail else None,
            metadata=record.get(b"metadata", b"{}"),
            attempts=int(record.get(b"attempts", 0)),
            crashes=int(record.get(b"crashes", 0)),
            reopened_ms=_optional_int(record.get(b"reopened")),
            started_ms=_optional_int(record.get(b"started")),
            completed_ms=_optional_int(record.get(b"completed")),
            expires_ms=_optional_int(record.get(b"expires")),
            predict_s=int(predict_us) / 1e6 if predict_us else None,
            output=record.get(b"output") or None,
            error=error.decode() if error else None,
            webhook=webhook.decode() if webhook else None,
            webhook_filter=wanted,
            webhook_status=_webhook_status(record) if is_told else None,
        )

    @property
    def state_detail(self) -> str | None:
        """Return the finer truth behind the public status."""
        if self.state.is_terminal:
            return self.detail
        return self.state

    def public(self, base_url: str, *, estimated_start_ms: int | None = None) -> bytes:
        """Return the JSON that every reader of this job gets, by poll and by webhook.

        A poll is told besides what became of its webhook, and when it may start.

        Args:
            base_url: Where clients reach the API, without a trailing slash.
            estimated_start_ms: When it is expected to start, where that can be told.
        """
        body = self._public(base_url)
        if estimated_start_ms is not None:
            body["estimated_start"] = rfc3339(estimated_start_ms)
        if self.webhook_status is not None:
            body["webhook_status"] = self.webhook_status
        return orjson.dumps(body)

    def _public(self, base_url: str) -> dict[str, Any]:
        url = f"{base_url}{PATH}/{self.id}"
        body: dict[str, Any] = {
            "id": self.id,
            "object": "prediction",
            "model": self.model,
            "version": self.version,
            "input": orjson.Fragment(self.input),
            "output": orjson.Fragment(self.output) if self.output else None,
            "error": self.error,
            "logs": "",
            "status": self.state.status,
            "state_detail": self.state_detail,
            "sequence": self.sequence,
            "attempts": self.attempts,
            "created_at": rfc3339(self.created_ms),
            "started_at": rfc3339(self.started_ms),
            "completed_at": rfc3339(self.completed_ms),
            "expires_at": rfc3339(self.expires_ms),
            "metrics": self._metrics(),
            "metadata": orjson.Fragment(self.metadata),
            "webhook": self.webhook,
            "webhook_events_filter": self.webhook_filter,
            "urls": {
                "get": url,
                "cancel": f"{url}/cancel",
                "web": f"{base_url}/#/predictions/{self.id}",
            },
            "data_removed": False,
            "source": "api",
        }
        if self.property_id is not None:
            body["property"] = self.property_id
        if self.position is not None:
            body["queue_position"] = self.position
        return body

    def _metrics(self) -> dict[str, float]:
        metrics = {}
        queued_ms = self.reopened_ms or self.created_ms
        if self.predict_s is not None:
            metrics["predict_time"] = self.predict_s
        if self.started_ms is not None:
            metrics["queue_time"] = (self.started_ms - queued_ms) / 1000
        if self.completed_ms is not None:
            metrics["total_time"] = (self.completed_ms - queued_ms) / 1000
        return metrics


def wants_end(wanted: Sequence[str] | None) -> bool:
    """Tell whether a submit's filter of events names the end."""
    return wanted is None or "completed" in wanted


def _webhook_status(record: Mapping[bytes, bytes]) -> str:
    return record.get(b"webhook_status", b"pending").decode()


def _optional_int(value: bytes | None) -> int | None:
    return int(value) if value else None


def rfc3339(instant_ms: int | None) -> str | None:
    """Return an instant, in ms since the epoch, as clients read it."""
    if instant_ms is None:
        return None
    seconds, ms = divmod(instant_ms, 1000)
    # Without its milliseconds: a float would round some of them down.
    instant = dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat()
    return f"{instant[:-6]}.{ms:03d}Z"
