"""A batch as its client sees it: where it lies, how far it is, how it ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self, cast

import orjson

from worker.jobs import rfc3339

#: Where the API serves them.
PATH = "/v1/batches"

#: `queued`: no chunk has started. `completed`: each row has its price or an error of
#: its own. `failed`: some have neither, for their chunk could not be priced or the
#: client bears no more errors. `expired`: its deadline has passed.
Status = Literal["queued", "in_progress", "completed", "failed", "canceled", "expired"]
ENDED: frozenset[Status] = frozenset({"completed", "failed", "canceled", "expired"})

#: `error_threshold`: more rows have an error than its client bears.
#: `unpriced_rows`: some could not be priced for no fault of theirs.
FailedBecause = Literal["error_threshold", "unpriced_rows"]

#: What it is priced for: whoever asked for prices reads them; those of properties, told
#: with it or priced anew, are stored in the archive.
Purpose = Literal["predictions", "properties", "revaluation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A batch as the ledger knew it at one instant; times in ms since the epoch."""

    id: str
    model: str
    version: str
    purpose: Purpose = "predictions"
    status: Status
    rows: int
    #: Names of a table's columns; None where rows are objects.
    columns: Sequence[str] | None = None
    completed: int = 0
    failed: int = 0
    #: Rows whose price is in the archive; None where none is stored there.
    stored: int | None = None
    #: When all that is to be stored of it was.
    all_stored_ms: int | None = None
    created_ms: int
    started_ms: int | None = None
    #: When a chunk ended last.
    settled_ms: int | None = None
    ended_ms: int | None = None
    expires_ms: int | None = None
    deadline_ms: int | None = None
    #: Rows that may have an error; with more all of it ends. None: as many as will.
    error_threshold: int | None = None
    #: Where its client wants to be told of its end.
    webhook: str | None = None
    metadata: bytes
    #: Of each chunk, in order: the attempt whose files count, or why there is none.
    chunks: Sequence[str] = ()
    #: Number of a chunk that could not be priced, from 1 -> why.
    faults: Mapping[int, str]

    @classmethod
    def from_record(
        cls, batch_id: str, record: Mapping[bytes, bytes], started: bytes | None = None
    ) -> Self:
        """Read a batch from its ledger hash, or from what an event took of it.

        Args:
            batch_id: Its id.
            record: Its hash.
            started: When its first chunk started, for as long as none has ended.
        """

        def number(name: bytes) -> int | None:
            return int(record[name]) if record.get(name) else None

        numbers = range(1, int(record[b"chunks"]) + 1)
        started_ms = number(b"started") or (int(started) if started else None)
        running: Status = "queued" if started_ms is None else "in_progress"
        return cls(
            id=batch_id,
            model=record[b"model"].decode(),
            version=record[b"version"].decode(),
            purpose=cast(
                Purpose, record.get(b"purpose", b"").decode() or "predictions"
            ),
            status=cast(Status, record.get(b"status", b"").decode() or running),
            rows=int(record[b"rows"]),
            columns=orjson.loads(record.get(b"columns", b"null")),
            completed=int(record[b"completed"]),
            failed=int(record[b"failed"]),
            stored=number(b"stored"),
            all_stored_ms=number(b"all_stored"),
            created_ms=int(record[b"created"]),
            started_ms=started_ms,
            settled_ms=number(b"settled"),
            ended_ms=number(b"ended"),
            expires_ms=number(b"expires"),
            deadline_ms=number(b"deadline"),
            error_threshold=number(b"error_threshold"),
            webhook=record.get(b"webhook", b"").decode() or None,
            metadata=record[b"metadata"],
            chunks=[record.get(b"chunk:%d" % one, b"").decode() for one in numbers],
            faults={
                one: record[b"error:%d" % one].decode()
                for one in numbers
                if b"error:%d" % one in record
            },
        )

    @property
    def failed_because(self) -> FailedBecause | None:
        """Return why it has failed; None where it has not."""
        if self.status != "failed":
            return None
        borne = self.error_threshold
        is_beyond = borne is not None and self.failed > borne
        return "error_threshold" if is_beyond else "unpriced_rows"

    @property
    def rows_per_s(self) -> float | None:
        """Return how many rows a second were done until a chunk ended last."""
        if self.started_ms is None or self.settled_ms is None:
            return None
        # The clock of a server may be set back.
        took_ms = max(1, self.settled_ms - self.started_ms)
        return round((self.completed + self.failed) * 1000 / took_ms, 1) or None

    @property
    def estimated_end_ms(self) -> int | None:
        """Return when it ends if it goes on as it did until a chunk ended last."""
        if self.ended_ms or not self.settled_ms or not self.rows_per_s:
            return None
        left = self.rows - self.completed - self.failed
        return self.settled_ms + round(left * 1000 / self.rows_per_s)

    def public(self, base_url: str) -> dict[str, Any]:
        """Return what its tenant reads."""
        url = f"{base_url}{PATH}/{self.id}"
        return {
            "id": self.id,
            "object": "batch",
            "model": self.model,
            "version": self.version,
            "purpose": self.purpose,
            "status": self.status,
            "failed_because": self.failed_because,
            "request_counts": {
                "total": self.rows,
                "completed": self.completed,
                "failed": self.failed,
                **({} if self.stored is None else {"stored": self.stored}),
            },
            "rows_per_s": self.rows_per_s,
            "estimated_end": rfc3339(self.estimated_end_ms),
            "created_at": rfc3339(self.created_ms),
            "started_at": rfc3339(self.started_ms),
            "completed_at": rfc3339(self.ended_ms),
            "stored_at": rfc3339(self.all_stored_ms),
            "expires_at": rfc3339(self.expires_ms),
            "deadline_at": rfc3339(self.deadline_ms),
            "error_threshold": self.error_threshold,
            "webhook": self.webhook,
            "metadata": orjson.Fragment(self.metadata),
            "urls": {
                "get": url,
                "results": f"{url}/results",
                "errors": f"{url}/errors",
                "events": f"{url}/events",
                "cancel": f"{url}/cancel",
            },
        }
