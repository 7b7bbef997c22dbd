"""What a submit of a batch says beside its rows, as parameters of the query."""

import contextlib
from typing import Annotated, Any

import orjson
from pydantic import BaseModel, ConfigDict, Field

from api import destination, json_body
from api.errors import MalformedParameter
from api.property_body import MAX_AGE_S
from api.queries import MAX_TOLD, Asked
from api.request_body import MAX_DEADLINE_S, Labels
from worker.webhook_settings import WebhookSettings
from worker.webhooks.addresses import LONGEST_URL
from worker.webhooks.sealing import NoSecretKeys

#: Rows of a batch are fewer by far.
MAX_THRESHOLD = 2**31 - 1

#: What each is to look like, for who writes none of it.
_EXAMPLES = {
    "metadata": 'a JSON object of texts, such as {"portfolio":"north"}',
    "deadline": "seconds, such as 3600",
    "error_threshold": "a number of rows, such as 100",
    "max_age": "seconds, such as 2592000",
}
#: Is text as it is, not JSON.
_WEBHOOK = "webhook"
#: Of any batch, and of one of properties.
NAMES = ("metadata", "deadline", "error_threshold", _WEBHOOK)
OF_PROPERTIES = (*NAMES, "max_age")


class BatchOptions(BaseModel):
    """How a batch is to be priced."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, allow_inf_nan=False
    )

    metadata: Labels = {}
    deadline: Annotated[float | None, Field(gt=0, le=MAX_DEADLINE_S)] = None
    error_threshold: Annotated[int | None, Field(ge=0, le=MAX_THRESHOLD)] = None
    webhook: Annotated[str | None, Field(max_length=LONGEST_URL)] = None
    max_age: Annotated[int | None, Field(ge=1, le=MAX_AGE_S)] = None

    @property
    def labels(self) -> bytes:
        """Return the client's labels as JSON."""
        return orjson.dumps(self.metadata, option=orjson.OPT_SORT_KEYS)

    @property
    def canonical(self) -> bytes:
        """Return all of it as JSON, the same for what means the same."""
        return orjson.dumps(self.model_dump(), option=orjson.OPT_SORT_KEYS)


def read(asked: Asked, webhooks: WebhookSettings) -> BatchOptions:
    """Return what the query says.

    Args:
        asked: The query.
        webhooks: Where webhooks may go.

    Raises:
        MalformedParameter: A parameter is not JSON.
        InvalidSubmission: One is not of its kind, or out of its bounds.
        NoSecretKeys: It wants a webhook, and nothing here can sign one.
    """
    said = {name: _value(name, asked[name]) for name in _EXAMPLES if name in asked}
    if _WEBHOOK in asked:
        said[_WEBHOOK] = asked[_WEBHOOK]
    errors = destination.url_errors(said, _WEBHOOK, webhooks)
    options = json_body.validated(said, BatchOptions, errors)
    if options.webhook is not None and not webhooks.secret_keys:
        raise NoSecretKeys
    return options


def _value(name: str, text: str) -> Any:
    with contextlib.suppress(orjson.JSONDecodeError):
        value = orjson.loads(text)
        # Who wants nothing said leaves the parameter out.
        if value is not None:
            return value
    raise MalformedParameter(
        f"{name} must be {_EXAMPLES[name]}; got {text[:MAX_TOLD]!r}."
    )
