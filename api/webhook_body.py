"""What a client says of a webhook endpoint, read and checked."""

from functools import partial
from typing import Annotated, TypeVar

from pydantic import AfterValidator, Field

from api import destination, headers, json_body, json_text
from api.call import Call
from api.errors import InvalidSubmission
from api.webhook_fields import (
    Description,
    Enabled,
    EndpointFields,
    Events,
    OwnSecret,
    Strict,
    Url,
    one_of,
)
from worker.webhooks import event_types


class WebhookRequest(EndpointFields):
    """An endpoint to be registered."""

    secret: OwnSecret = None


class WebhookChange(Strict):
    """What is to change of an endpoint; what is not named stays as it is."""

    url: Url = ""
    events: Events = Field(default=["*"])
    description: Description = ""
    enabled: Enabled = True


class SecretRotation(Strict):
    """A new secret for an endpoint."""

    secret: OwnSecret = None


class WebhookTest(Strict):
    """A test event for an endpoint."""

    type: Annotated[
        str,
        Field(
            json_schema_extra={"enum": [*event_types.TYPES]},
            description="Of what type the example is.",
        ),
        AfterValidator(partial(one_of, event_types.TYPES)),
    ] = "prediction.succeeded"


_Model = TypeVar("_Model", bound=Strict)


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
