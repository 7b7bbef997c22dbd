"""What a client says of a webhook endpoint, read and checked."""

from functools import partial
from typing import Annotated, TypeVar

from pydantic import AfterValidator, Field

from api import destination, json_body
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


_Model = TypeVar("_Model", WebhookRequest, WebhookChange)


def read(call: Call, model: type[_Model]) -> _Model:
    """Return what a request says of an endpoint; the host of its URL is looked up.

    Raises:
        InvalidSubmission: It is not what is expected, or webhooks may not go there.
        ServiceError: The body cannot be read, see `json_body.read`.
    """
    settings = call.shared.settings
    request = json_body.read(
        call, model, further=lambda said: destination.url_errors(said, "url", settings)
    )
    if "url" in request.model_fields_set:
        refused = destination.host_errors(request.url, "url", settings)
        if refused:
            raise InvalidSubmission(refused)
    return request
