"""What every described body has in common."""

from pydantic import BaseModel, ConfigDict


class Body(BaseModel):
    """A body that is described whole: it has no member beside those named."""

    model_config = ConfigDict(extra="forbid")
