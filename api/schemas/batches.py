"""What answers about batches look like."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from api.schemas.body import Body
from api.schemas.predictions import Output


class RequestCounts(Body):
    """How many rows a batch has, and what became of those that were looked at."""

    total: int
    completed: int = Field(description="Rows that have a price.")
    failed: int = Field(description="Rows that have an error, see `urls.errors`.")
    stored: int = Field(
        0, description="Rows whose price is stored; not there of `predictions`."
    )


class BatchUrls(Body):
    """Where to go on from a batch."""

    get: str
    results: str
    errors: str
    events: str
    cancel: str


class Batch(Body):
    """Many houses that are priced as one piece of work."""

    id: str
    object: Literal["batch"]
    model: str
    version: str
    purpose: Literal["predictions", "properties", "revaluation"] = Field(
        description="`predictions`: a `POST /v1/batches`; `properties`: an import of "
        "them; `revaluation`: made here, of those that are stored."
    )
    status: Literal[
        "queued", "in_progress", "completed", "failed", "canceled", "expired"
    ] = Field(
        description="`completed`: each row has a price or an error of its own; "
        "`failed`: some could not be priced for no fault of theirs, or more rows than "
        "`error_threshold` have an error; `expired`: its deadline passed."
    )
    failed_because: Literal["error_threshold", "unpriced_rows"] | None = Field(
        description="Of a `failed` one: `error_threshold`, more rows than that have an "
        "error; `unpriced_rows`, some could not be priced for no fault of theirs, as "
        "their errors say. Null otherwise."
    )
    request_counts: RequestCounts
    rows_per_s: float | None = Field(
        description="Rows a second from its start until a chunk of it ended last."
    )
    estimated_end: datetime | None = Field(
        description="When it ends if it goes on like that; null before a chunk of it "
        "has ended and once all have."
    )
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    stored_at: datetime | None = Field(
        description="When all that is to be stored of it was; null until then, and of "
        "`predictions`."
    )
    expires_at: datetime | None = Field(
        description="When rows, prices and errors are removed; null while it runs, and "
        "until all that is to be stored is."
    )
    deadline_at: datetime | None = Field(
        description="When what has not ended of it is canceled."
    )
    error_threshold: int | None = Field(
        description="Rows that may have an error; with more the rest is not priced."
    )
    webhook: str | None = Field(description="Where its end is told, signed.")
    metadata: dict[str, str]
    urls: BatchUrls


class BatchList(Body):
    """Your batches, newest first."""

    results: list[Batch]
    next: str | None
    previous: str | None


class BatchPrice(Body):
    """A line of the results: the price of a row."""

    line: int = Field(
        description="The line of the body at which it begins; of a JSON list its "
        "place, from 1."
    )
    custom_id: str | None
    output: Output


class BatchError(Body):
    """A line of the errors: one reason why a row has no price."""

    line: int
    custom_id: str | None
    field: str | None = Field(description="Null where the whole row is meant.")
    value: str | float | bool | None = Field(
        description="What was there; null for what has parts."
    )
    code: str
    detail: str = Field(description="What was expected there, and what was found.")
