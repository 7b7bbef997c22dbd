"""Settings of the workers under fault: those of the product and how to misbehave."""

from pathlib import Path

from pydantic import Field

from worker.settings import WorkerSettings


class ChaosSettings(WorkerSettings):
    """What the stand-in model of `tests.chaos.stand_in` needs to know."""

    house_ms: float = Field(
        default=0.0, ge=0, description="Milliseconds that a house takes."
    )
    starts_file: Path | None = Field(
        default=None,
        description="Gets a line whenever a house that kills its process is started.",
    )
