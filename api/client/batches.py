"""The batches of the API: many houses as one piece of work of the service."""

import http.client
import json
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Self, TypedDict, Unpack
from urllib.parse import quote, urlencode

from . import file_body, pages
from .calls import Call, Calls, done_before, read
from .errors import KerbsideError
from .houses import checked_key
from .line import Answer

#: Seconds between looks at a batch that is waited for.
_LOOK_S = 1.0
#: Seconds that a last look may take though the time is over.
_LAST_LOOK_S = 1.0

CSV, NDJSON, JSON = "text/csv", "application/x-ndjson", "application/json"


class _Said(TypedDict, total=False):
    metadata: Mapping[str, str]
    deadline: float
    error_threshold: int
    webhook: str
    idempotency_key: str


class BatchOptions(_Said, total=False):
    """What may be said of a batch.

    Attributes:
        version: Alias or id of the model version; the champion if it is not said.
        metadata: Labels of your own.
        deadline: Seconds after which the prices are of no use.
        error_threshold: Rows that may have an error; with more the rest is not priced.
        webhook: Where to send the event of its end.
        idempotency_key: Sent again with it, the batch is not taken twice; one is made
            up if it is not said.
    """

    version: str


class ImportOptions(_Said, total=False):
    """What may be said of many properties; all but `max_age` as in `BatchOptions`.

    Attributes:
        max_age: Seconds after which a price is stale; by age alone none is, if it is
            not said.
    """

    max_age: int


@dataclass(frozen=True, slots=True)
class SubmittedBatch:
    """A batch as it stood when it was read.

    Attributes:
        id: By which it is read again.
        purpose: `predictions`, `properties` or `revaluation`.
        status: `queued`, `in_progress`, `completed`, `failed`, `canceled` or `expired`.
        failed_because: `error_threshold` or `unpriced_rows` where it has failed.
        total: How many rows it has.
        completed: How many of them have a price.
        failed: How many have an error.
        stored: How many are kept with their prices; None where that is not the aim.
        stored_at: When all were that are to be; None before.
        expires_at: When rows, prices and errors are removed; None while it is not done.
        rows_per_s: How many a second were done so far; None before some are.
        estimated_end: When it ends if it goes on so; None before that is known.
        model_version: Id of the model version.
        raw: The whole answer.
    """

    id: str
    purpose: str
    status: str
    failed_because: str | None
    total: int
    completed: int
    failed: int
    stored: int | None
    stored_at: str | None
    expires_at: str | None
    rows_per_s: float | None
    estimated_end: str | None
    model_version: str
    raw: Mapping[str, Any] = field(repr=False, compare=False)

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """Read a batch as the API sends it."""
        counts = raw["request_counts"]
        return cls(
            id=raw["id"],
            purpose=raw["purpose"],
            status=raw["status"],
            failed_because=raw["failed_because"],
            total=counts["total"],
            completed=counts["completed"],
            failed=counts["failed"],
            stored=counts.get("stored"),
            stored_at=raw["stored_at"],
            expires_at=raw["expires_at"],
            rows_per_s=raw["rows_per_s"],
            estimated_end=raw["estimated_end"],
            model_version=raw["version"],
            raw=raw,
        )

    @property
    def has_ended(self) -> bool:
        """Whether no more of its rows is priced."""
        return self.status not in {"queued", "in_progress"}

    @property
    def is_done(self) -> bool:
        """Whether it has ended, and what is to be kept of it is: it stays as it is."""
        is_kept = self.stored is None or self.stored_at is not None
        return self.has_ended and is_kept


class Batches:
    """What the API does with batches; `Client.batches` makes one.

    Args:
        calls: Of the API.
        timeout_s: Seconds that a call may take in all.
    """

    def __init__(self, calls: Calls, timeout_s: float) -> None:
        self._calls, self._timeout_s = calls, timeout_s

    def submit(
        self,
        rows: bytes | BinaryIO,
        form: str = NDJSON,
        **options: Unpack[BatchOptions],
    ) -> SubmittedBatch:
        """Submit houses; return once the service has them.

        Args:
            rows: A table, JSON lines or a JSON list: bytes, or a binary file, which is
                sent from where it stands to its end.
            form: Which of them: `CSV`, `NDJSON` or `JSON`.
            options: See `BatchOptions`.

        Raises:
            TypeError: The rows are neither bytes nor a binary file that can seek.
            ApiError: The API refused all of it.
            Unreachable: No answer came; the same `idempotency_key` may be sent again.
        """
        return self._submitted("batches", rows, form, {**options})

    def submit_properties(
        self,
        rows: bytes | BinaryIO,
        form: str = NDJSON,
        **options: Unpack[ImportOptions],
    ) -> SubmittedBatch:
        """Have houses kept as properties under their `custom_id`, with their prices.

        Args:
            rows: A table, JSON lines or a JSON list: bytes, or a binary file, which is
                sent from where it stands to its end.
            form: Which of them: `CSV`, `NDJSON` or `JSON`.
            options: See `ImportOptions`.

        Raises:
            TypeError: The rows are neither bytes nor a binary file that can seek.
            ApiError: The API refused all of it.
            Unreachable: No answer came; the same `idempotency_key` may be sent again.
        """
        return self._submitted("properties", rows, form, {**options})

    def list(self) -> Iterator[SubmittedBatch]:
        """Yield your batches, the newest first."""
        return pages.elements(self._answer, "batches", SubmittedBatch.from_json)

    def get(self, batch: SubmittedBatch | str) -> SubmittedBatch:
        """Read how far a batch is.

        Args:
            batch: It or its id.
        """
        return self._seen(Call("GET", _path(batch)))

    def wait(
        self, batch: SubmittedBatch | str, *, timeout_s: float | None = None
    ) -> SubmittedBatch:
        """Return a batch once it is done; whether it is `completed` is to be looked at.

        Args:
            batch: It or its id.
            timeout_s: Seconds, and one more for a last look; by default the client's.

        Raises:
            BatchNotFinished: The time is over; it can be waited for again.
        """
        until = self._until(timeout_s)
        while True:
            last_look = time.monotonic() + _LAST_LOOK_S
            call = Call("GET", _path(batch))
            answer = self._calls.answer(call, until=max(until, last_look))
            seen = read(SubmittedBatch.from_json, answer)
            if seen.is_done:
                return seen
            if time.monotonic() + _LOOK_S >= until:
                raise BatchNotFinished(seen)
            self._calls.line.closed.wait(_LOOK_S)

    def cancel(self, batch: SubmittedBatch | str) -> SubmittedBatch:
        """End what has not ended of a batch; prices that are there stay."""
        return self._seen(Call("POST", f"{_path(batch)}/cancel"))

    def delete(self, batch: SubmittedBatch | str) -> None:
        """Have a batch, its rows and its prices removed; an open one is canceled."""
        with done_before(http.HTTPStatus.NOT_FOUND):
            self._answer(Call("DELETE", _path(batch)))

    def results(
        self, batch: SubmittedBatch | str, file: BinaryIO, form: str = NDJSON
    ) -> None:
        """Write the prices of a batch to a file, in the order of its rows.

        Args:
            batch: It or its id; while it runs these are those that there are.
            file: What is in it goes. An answer that breaks off is gone on with,
                a table begun again.
            form: `NDJSON` or `CSV`.
        """
        self._copy(batch, "results", file, form)

    def errors(
        self, batch: SubmittedBatch | str, file: BinaryIO, form: str = NDJSON
    ) -> None:
        """Write what is wrong with rows of a batch to a file; see `results`."""
        self._copy(batch, "errors", file, form)

    def _submitted(
        self, path: str, rows: bytes | BinaryIO, form: str, said: dict[str, Any]
    ) -> SubmittedBatch:
        body, size = file_body.body(rows)
        key = said.pop("idempotency_key", None)
        if "metadata" in said:
            said["metadata"] = json.dumps(said["metadata"])
        call = Call(
            "POST",
            f"{path}?{urlencode(said)}",
            body,
            str(uuid.uuid4()) if key is None else checked_key(key),
            headers={"Content-Type": form, "Content-Length": str(size)},
            answer_s=self._timeout_s,
        )
        return self._seen(call)

    def _copy(
        self, batch: SubmittedBatch | str, what: str, file: BinaryIO, form: str
    ) -> None:
        file.seek(0)
        file.truncate()
        call = Call(
            "GET",
            f"{_path(batch)}/{what}",
            headers={"Accept": f"{form}, application/problem+json"},
            answer_s=self._timeout_s,
            into=file,
        )
        self._answer(call)

    def _seen(self, call: Call) -> SubmittedBatch:
        return read(SubmittedBatch.from_json, self._answer(call))

    def _answer(self, call: Call) -> Answer:
        return self._calls.answer(call, until=self._until())

    def _until(self, timeout_s: float | None = None) -> float:
        return time.monotonic() + (self._timeout_s if timeout_s is None else timeout_s)


class BatchNotFinished(KerbsideError, TimeoutError):
    """The time is over; `batch` is as last seen, and can be waited for again."""

    def __init__(self, batch: SubmittedBatch) -> None:
        super().__init__(batch)
        self.batch = batch

    def __str__(self) -> str:
        seen = self.batch
        done = seen.completed + seen.failed
        return f"Batch {seen.id} is {seen.status}: {done} of {seen.total} rows are done"


def _path(batch: SubmittedBatch | str) -> str:
    known = batch if isinstance(batch, str) else batch.id
    return f"batches/{quote(known, safe='')}"
