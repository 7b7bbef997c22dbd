"""Settings of the queue and its workers."""

import importlib.util
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from model_store.settings import PREFIX
from worker import redis_address
from worker.limits import UNLIMITED, InvalidRateLimit, RateLimit
from worker.webhook_settings import WebhookSettings

#: Variable in which each process finds its own user of Redis.
REDIS_URL = PREFIX + "REDIS_URL"
#: Variables that give each worker of a host a port of its own.
METRICS_ADDRESS, METRICS_PORT = PREFIX + "METRICS_ADDRESS", PREFIX + "METRICS_PORT"


class WorkerSettings(WebhookSettings):
    """What the ledger, the workers and the upkeep need to know."""

    redis_url: str = Field(
        default="redis://127.0.0.1:6379/0",
        description="Redis that holds jobs, queues and keys; `kerbside up` starts a "
        "private one when this is not set. One database per installation. With "
        "rediss:// its certificate is verified, against `?ssl_ca_certs=FILE` if given. "
        "With `sentinel://USER:PASSWORD@HOST:26379,HOST:26379,HOST:26379/0?master=M` "
        "the sentinels are asked for the primary; with sentinels:// they and the "
        "servers are spoken to by TLS. What the sentinels themselves ask for goes into "
        "`sentinel_user` and `sentinel_password`, after the `?`.",
    )
    lease_s: float = Field(
        default=15.0,
        gt=0,
        description="Seconds that a worker may hold a job before the job is taken to "
        "be lost with its worker.",
    )
    batch_max: int = Field(
        default=128,
        ge=1,
        # Even where each of its houses raises, a batch of the slow pipeline (20 ms a
        # call, two calls a house) must end within the usual lease.
        le=256,
        description="Houses priced in one call, at most; up to 256.",
    )
    drain_s: float = Field(
        default=10.0,
        ge=0,
        description="Seconds that a stopping worker may take for the batch in hand "
        "before it gives the rest back.",
    )
    queue_bound: int = Field(
        default=100_000,
        ge=1,
        description="Waiting jobs per lane above which a submit is refused with 503.",
    )
    rate_limit: RateLimit | Literal["none"] = Field(
        default=RateLimit(120_000, 60),
        description="Requests that one API key may send in a number of seconds, such "
        "as `120000/60`, all at once or spread; one more is refused with 429. Submits, "
        "repeats and retries count. `none` sets no limit. A key may have its own.",
    )
    tenant_quota: int = Field(
        default=100_000,
        ge=1,
        description="Jobs of one tenant that may be open, waiting or running; one more "
        "is refused with 429.",
    )
    max_wait_s: float = Field(
        default=60.0,
        ge=0,
        le=86_400,
        description="Seconds of expected wait above which a submit is refused with "
        "503, as it is where the wait would take more than three quarters of its own "
        "deadline. 0 switches both off.",
    )
    memory_share: float = Field(
        default=0.8,
        gt=0,
        le=1,
        description="Share of Redis's maxmemory above which a submit is refused "
        "with 503.",
    )
    embedded_memory: str = Field(
        default="512mb",
        pattern=r"^[1-9][0-9]*(kb|mb|gb)$",
        description="maxmemory of the Redis that `kerbside up` starts. A finished job "
        "takes 3.3 kB until it has left for the archive, then 0.5 kB for a day: "
        "512mb keep up with 600,000 jobs a day at the default times, and without an "
        "archive with 80,000.",
    )
    result_ttl_s: int = Field(
        default=86_400,
        ge=1,
        description="Seconds that a finished job can be read.",
    )
    idempotency_ttl_s: int = Field(
        default=86_400,
        ge=1,
        description="Seconds that an Idempotency-Key is remembered.",
    )
    tombstone_ttl_s: int = Field(
        default=604_800,
        ge=1,
        description="Seconds after its end in which a removed job answers 410, "
        "not 404.",
    )
    dead_ttl_s: int = Field(
        default=604_800,
        ge=1,
        description="Seconds that a dead letter is kept for replay.",
    )
    archive_window_s: int = Field(
        default=900,
        ge=1,
        description="Seconds that Redis keeps a finished job after it was archived; "
        "then it is read from the archive. Without an archive it has no meaning.",
    )
    retrain: Literal["never", "weekly", "monthly"] = Field(
        default="never",
        description="How often upkeep retrains, as `kerbside model retrain` does; it "
        "needs the signing key. `kerbside up` does so each month when this is not set.",
    )
    tracing: bool = Field(
        default=False,
        description="Whether requests, jobs and deliveries are traced by "
        "OpenTelemetry, which needs the extra `tracing`. Where spans are sent, and how "
        "many, say its own variables, such as OTEL_EXPORTER_OTLP_ENDPOINT.",
    )
    shadow_every: int = Field(
        default=50,
        ge=0,
        description="Each how many of the champion's prices of a worker are made by "
        "the challenger too, after the answer is written; 0: none.",
    )
    stall_s: float = Field(
        default=30.0,
        gt=0,
        description="Seconds without a claim, while messages wait, after which a "
        "worker takes itself to be stuck and exits for its supervisor to restart.",
    )
    health_dir: Path | None = Field(
        default=None,
        description="Folder in which each worker touches its health file; none is "
        "written when this is not set.",
    )

    metrics_port: int = Field(
        default=0,
        ge=0,
        le=65_535,
        description="Port where a worker tells Prometheus what it did, at `/metrics` "
        "and to whoever asks; 0: none. Each worker of a host needs its own.",
    )
    metrics_address: str = Field(
        default="127.0.0.1",
        description="Address where it does so.",
    )

    batches_url: str | None = Field(
        default=None,
        description="Where rows and results of batches are kept, for API, upkeep and "
        "the workers of lane `batches` alike: a folder, a file:// URL, s3:// with "
        "kerbside[s3], gs:// with kerbside[gcs], or another URL of fsspec. "
        "`kerbside up` keeps them in `batches` of the state folder when this is not "
        "set; everywhere else no batch is taken then.",
    )
    batch_quota: int = Field(
        default=500,
        ge=1,
        description="Chunks of one tenant's batches that may be open; while so many "
        "are, its next batch is refused with 429.",
    )

    batch_chunk_rows: int = Field(
        default=2000,
        ge=100,
        le=20_000,
        description="Houses that a worker prices as one job of lane `batches`: what a "
        "worker that dies costs, at most.",
    )
    revalue: Literal["off", "promotion", "monthly"] = Field(
        default="promotion",
        description="When upkeep has all stored properties valued anew: once another "
        "version is champion, also on the first day of each month, or never.",
    )

    accuracy_every_s: int = Field(
        default=600,
        ge=10,
        description="Seconds between two looks of the upkeep whether realised sales "
        "have come; then, and once a day, prices are measured against them.",
    )

    @field_validator("tracing")
    @classmethod
    def _possible(cls, wanted: bool) -> bool:  # noqa: FBT001 - a validator's only argument
        if wanted and importlib.util.find_spec("opentelemetry") is None:
            raise PydanticCustomError(
                "tracing",
                "the extra `tracing` is not installed: pip install --require-hashes "
                "-r requirements/tracing.txt, or set it to 0",
            )
        return wanted

    @field_validator("rate_limit", mode="before")
    @classmethod
    def _parsed(cls, limit: object) -> object:
        if not isinstance(limit, str):
            return limit
        try:
            return limit if limit == UNLIMITED else RateLimit.parse(limit)
        except InvalidRateLimit as error:
            text = "{said}, or `none`"
            raise PydanticCustomError(
                "rate_limit", text, {"said": str(error)}
            ) from None

    def key_limit(self) -> RateLimit | None:
        """Return the limit of a key that has none of its own; None: it has none."""
        return self.rate_limit if isinstance(self.rate_limit, RateLimit) else None

    @field_validator("redis_url")
    @classmethod
    def _for_everybody(cls, url: str) -> str:
        try:
            redis_address.check(url)
        except redis_address.InvalidAddress as error:
            text = "{said}"
            raise PydanticCustomError("redis_url", text, {"said": str(error)}) from None
        return url
