"""Settings of the queue and its workers."""

from pathlib import Path

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from model_store.settings import ModelSettings


class WorkerSettings(ModelSettings):
    """What the ledger, the workers and the upkeep need to know."""

    redis_url: str = Field(
        default="redis://127.0.0.1:6379/0",
        description="Redis that holds jobs, queues and keys; `kerbside up` starts a "
        "private one when this is not set. One database per installation.",
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
        le=1000,
        description="Houses priced in one call, at most.",
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
        "takes 2.0 kB while it can be read and 0.3 kB while it is known to be gone: "
        "512mb keep up with 110,000 jobs a day at the default times.",
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

    @field_validator("redis_url")
    @classmethod
    def _for_everybody(cls, url: str) -> str:
        # Celery and redis-py name a Unix socket differently: one address must do.
        if url.startswith(("redis://", "rediss://")):
            return url
        raise PydanticCustomError("redis_url", "expected redis:// or rediss://")
