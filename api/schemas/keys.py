"""What answers about API keys look like."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from api.schemas.body import Body


class ApiKey(Body):
    """What is kept of an API key; of its secret that is a hash, which is not shown."""

    id: str = Field(description="The middle part of its token; no secret.")
    tenant: str = Field(description="Whose predictions it sees.")
    scopes: list[str]
    name: str
    state: Literal["usable", "expired", "revoked"]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None = Field(
        description="To the minute; null if it was never used."
    )
    rate_limit: str | None = Field(
        description="Requests in so many seconds, such as 100/60; null: the service's "
        "own limit."
    )


class NewApiKey(ApiKey):
    """An API key that was just made, with its token."""

    token: str = Field(description="Shown this once.")


class ApiKeyList(Body):
    """All keys, oldest first."""

    results: list[ApiKey]
    next: str | None
    previous: str | None
