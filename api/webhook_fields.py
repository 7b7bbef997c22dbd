"""What an endpoint consists of, checked alike wherever it comes from."""

from collections.abc import Collection
from functools import partial
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from model_store.schema import WITHOUT_NUL
from worker.webhooks import event_types
from worker.webhooks.addresses import LONGEST_URL
from worker.webhooks.signing import is_secret

#: Characters of a client's own words about an endpoint, at most.
MAX_DESCRIPTION = 512
_PATTERNS = event_types.patterns()


def one_of(choices: Collection[str], value: str) -> str:
    """Return what is one of some choices.

    Raises:
        PydanticCustomError: It is none of them.
    """
    if value not in choices:
        raise PydanticCustomError(
            "unknown_event", "Expected one of {known}", {"known": ", ".join(choices)}
        )
    return value


def _no_pattern_twice(events: list[str]) -> list[str]:
    if len(set(events)) < len(events):
        raise PydanticCustomError(
            "repeated_events", "An event type is named twice: name each once"
        )
    return events


def _is_secret(secret: str) -> str:
    if not is_secret(secret):
        # Without what stands there: it is a secret, if a damaged one.
        raise PydanticCustomError(
            "no_secret",
            "Expected `whsec_` and standard base64 of 24 to 64 random bytes; leave it "
            "out and one is made",
        )
    return secret


Url = Annotated[
    str,
    Field(
        max_length=LONGEST_URL,
        json_schema_extra={"format": "uri"},
        examples=["https://hooks.example.com/kerbside"],
        description="Where events are sent: https, a public host, no user name.",
    ),
]
Events = Annotated[
    list[
        Annotated[
            str,
            Field(json_schema_extra={"enum": [*_PATTERNS]}),
            AfterValidator(partial(one_of, _PATTERNS)),
        ]
    ],
    Field(
        min_length=1,
        max_length=len(_PATTERNS),
        json_schema_extra={"uniqueItems": True},
        description="Which events are sent: types, families such as `prediction.*`, "
        "or `*` for all, those of later versions too.",
    ),
    AfterValidator(_no_pattern_twice),
]
Description = Annotated[
    str,
    Field(
        max_length=MAX_DESCRIPTION,
        pattern=WITHOUT_NUL,
        description="Your own words about it.",
    ),
]
Enabled = Annotated[bool, Field(description="Whether it is sent anything.")]
Secret = Annotated[str, AfterValidator(_is_secret)]
OwnSecret = Annotated[
    Secret | None,
    Field(
        json_schema_extra={"pattern": "^whsec_[A-Za-z0-9+/]{32,86}={0,2}$"},
        description="A signing secret of your own: `whsec_` and standard base64 of 24 "
        "to 64 random bytes. Without it one is made.",
    ),
]


class Strict(BaseModel):
    """Nothing is converted, nothing unknown passed over, and no secret repeated."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, hide_input_in_errors=True
    )


class EndpointFields(Strict):
    """What a tenant says of an endpoint, in a request as in a file."""

    url: Url
    events: Events = ["*"]
    description: Description = ""
    enabled: Enabled = True
