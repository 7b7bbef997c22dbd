"""What an operator says to have a key made."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo
from pydantic_core import PydanticCustomError

from worker.credentials import MAX_NAME, ONE_LINE, OPERATOR_TENANT, RESERVED, TENANT
from worker.limits import InvalidRateLimit, RateLimit

#: Longest life of a key that ends at all: ten years.
MAX_LIFE_S = 315_360_000

Scope = Literal["predict", "read", "webhooks", "figures", "operate"]


def _lent(scopes: list[Scope], info: ValidationInfo) -> list[Scope]:
    """Refuse a tenant the operator's reach; an error of the tenant is told alone."""
    for scope in sorted(RESERVED.intersection(scopes)):
        if info.data.get("tenant") not in {None, OPERATOR_TENANT}:
            raise PydanticCustomError(
                "operator_only",
                f"The scope {scope!r} reaches over all tenants: only keys of the "
                f"tenant {OPERATOR_TENANT!r} may carry it.",
            )
    return scopes


def _readable(limit: str) -> str:
    try:
        return str(RateLimit.parse(limit))
    except InvalidRateLimit as error:
        raise PydanticCustomError("rate_limit", "{why}", {"why": str(error)}) from None


class KeyRequest(BaseModel):
    """A key to be made."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    tenant: Annotated[
        str,
        Field(
            max_length=63,
            pattern=f"^{TENANT}$",
            description="Whose predictions it sees; a tenant is made by its first key.",
            examples=["acme"],
        ),
    ]
    scopes: Annotated[
        list[Scope],
        AfterValidator(_lent),
        Field(
            min_length=1,
            max_length=5,
            description="What it may do; only keys of the tenant `operator` may carry "
            "`figures` and `operate`, which includes the former.",
        ),
    ]
    name: Annotated[
        str,
        Field(
            max_length=MAX_NAME,
            pattern=f"^{ONE_LINE}$",
            description="For the people who look after keys.",
        ),
    ] = ""
    expires_in: Annotated[
        int | None,
        Field(
            ge=1,
            le=MAX_LIFE_S,
            description="Seconds until it expires; without it, only revoking ends it.",
        ),
    ] = None
    rate_limit: (
        Annotated[
            str,
            Field(
                max_length=16,
                pattern="^[1-9][0-9]*/[1-9][0-9]*$",
                description="Requests that it may send in a number of seconds, such as "
                "100/60; without it, the service's own limit.",
                examples=["100/60"],
            ),
            AfterValidator(_readable),
        ]
        | None
    ) = None
