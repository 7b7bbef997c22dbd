"""What a client says of a webhook endpoint, read and checked."""

from collections.abc import Collection
from functools import partial
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from api import destination, headers, json_body, json_text
from api.call import Call
from api.errors import InvalidSubmission
from model_store.schema import WITHOUT_NUL
from worker.webhooks import event_types
from worker.webhooks.addresses import LONGEST_URL
from worker.webhooks.signing import is_secret

#: Characters of a client's own words about an endpoint, at most.
MAX_DESCRIPTION = 512
_PATTERNS = event_types.patterns()


def _one_of(choices: Collection[str], value: str) -> str:
    if value not in choices:
        raise PydanticCustomError("unknown_event", "Expected an event type")
    return value


def _no_pattern_twice(events: list[str]) -> list[str]:
    if len(set(events)) < len(events):
        raise PydanticCustomError(
            "repeated_events", "An event type is named twice: name each once"
        )
    return events


def _is_secret(secret: str | None) -> str | None:
    if secret is not None and not is_secret(secret):
        # Without what stands there: it is a secret, if a damaged one.
        raise PydanticCustomError(
            "no_secret",
            "Expected `whsec_` and standard base64 of 24 to 64 random bytes; leave it "
            "out and one is made",
        )
    return secret


_Url = Annotated[
    str,
    Field(
        max_length=LONGEST_URL,
        json_schema_extra={"format": "uri"},
        examples=["https://hooks.example.com/kerbside"],
        description="Where events are sent: https, a public host, no user name.",
    ),
]
_Events = Annotated[
    list[
        Annotated[
            str,
            Field(json_schema_extra={"enum": [*_PATTERNS]}),
            AfterValidator(partial(_one_of, _PATTERNS)),
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
_Description = Annotated[
    str,
    Field(
        max_length=MAX_DESCRIPTION,
        pattern=WITHOUT_NUL,
        description="Your own words about it.",
    ),
]
_Enabled = Annotated[bool, Field(description="Whether it is sent anything.")]
_Secret = Annotated[
    str | None,
    Field(
        json_schema_extra={"pattern": "^whsec_[A-Za-z0-9+/]{32,86}={0,2}$"},
        description="A signing secret of your own: `whsec_` and standard base64 of 24 "
        "to 64 random bytes. Without it one is made.",
    ),
    AfterValidator(_is_secret),
]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class WebhookRequest(_Strict):
    """An endpoint to be registered."""

    url: _Url
    events: _Events = ["*"]
    description: _Description = ""
    enabled: _Enabled = True
    secret: _Secret = None


class WebhookChange(_Strict):
    """What is to change of an endpoint; what is not named stays as it is."""

    url: _Url = ""
    events: _Events = ["*"]
    description: _Description = ""
    enabled: _Enabled = True


class SecretRotation(_Strict):
    """A new secret for an endpoint."""

    secret: _Secret = None


class WebhookTest(_Strict):
    """A test event for an endpoint."""

    type: Annotated[
        str,
        Field(
            json_schema_extra={"enum": [*event_types.TYPES]},
            description="Of what type the example is.",
        ),
        AfterValidator(partial(_one_of, event_types.TYPES)),
    ] = "prediction.succeeded"


_Model = TypeVar("_Model", bound=_Strict)


def read(call: Call, model: type[_Model], *, is_optional: bool = False) -> _Model:
    """Return what the body of a request says; a URL is looked up as well.

    Args:
        call: The request.
        model: What is expected.
        is_optional: Whether no body says what an empty object says.

    Raises:
        MalformedBody: The body is not JSON.
        UnsupportedMedia: It is not said to be JSON.
        InvalidSubmission: It is not what is expected, or webhooks may not go there.
    """
    environ, settings = call.environ, call.shared.settings
    body = call.shared.uploads.read(environ, settings.body_limit)
    if is_optional and not body:
        return model()
    headers.require_json(
        environ.get("CONTENT_TYPE"), environ.get("HTTP_CONTENT_ENCODING")
    )
    document = json_text.parse(body)
    errors = json_body.repeated(body, document)
    errors += destination.url_errors(document, "url", settings)
    request = json_body.validated(document, model, errors)
    if "url" in request.model_fields_set:
        refused = destination.host_errors(document["url"], "url", settings)
        if refused:
            raise InvalidSubmission(refused)
    return request
