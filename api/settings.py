"""Settings of the HTTP front end; with those of the layers below, the whole table."""

import os

from pydantic import Field

from worker.settings import WorkerSettings

#: Requests that may wait in one server process, when nothing is said.
WAITERS = 96


class ApiSettings(WorkerSettings):
    """What the API needs to know beside what the queue needs to know."""

    body_limit: int = Field(
        default=1_048_576,
        ge=1024,
        description="Bytes of a request body, at most; more answers 413.",
    )
    upload_timeout_s: float = Field(
        default=10.0,
        ge=1,
        le=600,
        description="Seconds for which a request body is read, at most; then the "
        "answer is 408. Of uploads that take longer than a second, each process keeps "
        "the 16 newest.",
    )
    batch_rows: int = Field(
        default=100_000,
        ge=1,
        le=1_000_000,
        description="Houses of a batch, at most; more answer 413.",
    )
    batch_bytes: int = Field(
        default=67_108_864,
        ge=1024,
        description="Bytes of a batch, at most; more answer 413.",
    )
    batch_upload_s: float = Field(
        default=300.0,
        ge=1,
        le=3600,
        description="Seconds for which the body of a batch is read, at most; then the "
        "answer is 408.",
    )
    flower_url: str = Field(
        default="",
        pattern=r"^(https?://\S+)?$",
        description="Where operators reach Flower; the page `/ops`, which anybody may "
        "open, then has a link to it.",
    )
    wait_cap_s: int = Field(
        default=60,
        ge=1,
        description="Seconds that `Prefer: wait` may hold a request, at most.",
    )
    waiters: int = Field(
        default=WAITERS,
        ge=1,
        le=1000,
        description="Requests of one process that may wait at a time; one more is "
        "answered at once. It has 32 threads more for all others.",
    )
    key_cache_s: float = Field(
        default=5.0,
        ge=0,
        le=60,
        description="Seconds that a process remembers an API key: how long a revoked "
        "key may still work.",
    )


def child_environment(**changes: str) -> dict[str, str]:
    """Return the environment of this process with changes, for one to be started."""
    return {**os.environ, **changes}
