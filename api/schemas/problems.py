"""What errors look like."""

from datetime import datetime

from pydantic import BaseModel, Field

from api.schemas.body import Body
from api.schemas.models import Refusal


class Choices(Body):
    """What a request may name as its model version."""

    aliases: dict[str, str] = Field(description="Alias -> the version that it means.")
    versions: list[str] = Field(
        description="Version ids, newest data first; the last few."
    )


class FieldError(Body):
    """One reason why a request is not valid."""

    pointer: str = Field(description="JSON pointer into the request body.")
    detail: str
    code: str
    line: int | None = Field(
        default=None, description="In a CSV table: the line where the row ends."
    )
    known: Choices | None = Field(
        default=None, description="Where a model version is not known: what is."
    )


class Problem(BaseModel):
    """An error, RFC 9457; `type` names its cause."""

    type: str
    title: str
    status: int
    detail: str
    request_id: str
    errors: list[FieldError] | None = Field(
        default=None, description="With 422: every reason."
    )
    prediction: str | None = Field(
        default=None, description="The prediction that holds an Idempotency-Key."
    )
    id: str | None = Field(default=None, description="With 410: what was removed.")
    completed_at: datetime | None = Field(default=None, description="With 410.")
    deleted_at: datetime | None = Field(
        default=None, description="With 410, where you deleted it."
    )
    reason: str | None = Field(
        default=None, description="With 410: `retention` or `deleted`."
    )
    data_removed: bool | None = Field(
        default=None, description="With 410: house and price are gone."
    )
    refused: Refusal | None = Field(
        default=None, description="Why workers refuse a model version, for operators."
    )
