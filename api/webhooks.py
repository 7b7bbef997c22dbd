"""/v1/webhooks: register endpoints, look after them and their secrets."""

import time
from typing import Any

from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from api import answers, example_events, headers, json_body, webhook_body
from api.answers import Answer
from api.auth import requires
from api.call import Call, current_call
from api.errors import PreconditionFailed
from api.webhook_body import (
    SecretRotation,
    WebhookChange,
    WebhookRequest,
    WebhookTest,
)
from worker.jobs import rfc3339
from worker.webhooks.endpoints import Change, Endpoint, Wanted
from worker.webhooks.errors import EndpointDisabled
from worker.webhooks.keyring import DEFAULT, GRACE_MS

PATH = "/v1/webhooks"
api = APIBlueprint(
    "webhooks", __name__, url_prefix=PATH, abp_tags=[Tag(name="webhooks")]
)


class WebhookPath(BaseModel):
    """Which endpoint."""

    webhook_id: str = Field(description="Id of a webhook endpoint, `wh_...`.")


@api.post("", operation_id="create_webhook")
@requires("webhooks")
def create() -> Answer:
    """Register an endpoint; its secret is shown in this answer and never again."""
    call = current_call()
    asked = webhook_body.read(call, WebhookRequest)
    wanted = Wanted(**asked.model_dump(exclude={"secret"}))
    endpoints = call.shared.endpoints
    made, secret = endpoints.create(call.caller.tenant, wanted, secret=asked.secret)
    location = f"{call.shared.settings.public_url}{PATH}/{made.id}"
    body = {**made.public(), "secret": secret}
    return answers.json(body, 201, {"Location": location})


@api.get("", operation_id="list_webhooks")
@requires("webhooks")
def list_all() -> Answer:
    """List your endpoints, oldest first."""
    call = current_call()
    found = call.shared.endpoints.list(call.caller.tenant)
    body = {
        "results": [one.public() for one in found],
        "next": None,
        "previous": None,
    }
    known = call.environ.get("HTTP_IF_NONE_MATCH")
    return answers.unless_known(answers.dumps(body), known, {})


@api.get("/<webhook_id>", operation_id="fetch_webhook")
@requires("webhooks")
def fetch(path: WebhookPath) -> Answer:
    """Read an endpoint, or what waits for the URLs that requests bring themselves."""
    call = current_call()
    endpoints, tenant = call.shared.endpoints, call.caller.tenant
    is_own = path.webhook_id == DEFAULT
    known = endpoints.of_requests(tenant) if is_own else _found(call, path.webhook_id)
    body = answers.dumps(known.public())
    return answers.unless_known(body, call.environ.get("HTTP_IF_NONE_MATCH"), {})


@api.patch("/<webhook_id>", operation_id="update_webhook")
@requires("webhooks")
def update(path: WebhookPath) -> Answer:
    """Change an endpoint; one that is enabled anew or moves has a clean slate."""
    call = current_call()
    _found(call, path.webhook_id)
    asked = webhook_body.read(call, WebhookChange)
    changes = asked.model_dump(exclude_unset=True)
    return _changed(call, _expected(call, path.webhook_id), **changes)


@api.delete("/<webhook_id>", operation_id="delete_webhook")
@requires("webhooks")
def delete(path: WebhookPath) -> Answer:
    """Delete an endpoint, its log and what it was still to be told."""
    call = current_call()
    known = _expected(call, path.webhook_id)
    call.shared.endpoints.delete(call.caller.tenant, known.id)
    return answers.empty(204)


@api.post("/<webhook_id>/enable", operation_id="enable_webhook")
@requires("webhooks")
def enable(path: WebhookPath) -> Answer:
    """Enable an endpoint; what it has missed can be recovered."""
    call = current_call()
    return _changed(call, _expected(call, path.webhook_id), enabled=True)


@api.post("/<webhook_id>/disable", operation_id="disable_webhook")
@requires("webhooks")
def disable(path: WebhookPath) -> Answer:
    """Disable an endpoint; what it was still to be told has failed."""
    call = current_call()
    return _changed(call, _expected(call, path.webhook_id), enabled=False)


@api.post("/<webhook_id>/rotate-secret", operation_id="rotate_webhook_secret")
@requires("webhooks")
def rotate_secret(path: WebhookPath) -> Answer:
    """Make a new secret; the one before signs beside it for a day."""
    call = current_call()
    _found(call, path.webhook_id)
    asked = json_body.read(call, SecretRotation, is_optional=True)
    known = _expected(call, path.webhook_id)
    return _rotated(call, known.id, asked)


@api.post("/<webhook_id>/test", operation_id="test_webhook")
@requires("webhooks")
def test(path: WebhookPath) -> Answer:
    """Send an endpoint a signed example, whatever types it takes."""
    call = current_call()
    _found(call, path.webhook_id)
    asked = json_body.read(call, WebhookTest, is_optional=True)
    known = _expected(call, path.webhook_id)
    if not known.enabled:
        # It would fail in the worker, and nobody would see why.
        raise EndpointDisabled
    shared, tenant = call.shared, call.caller.tenant
    delivery_id = example_events.send(
        shared.deliveries,
        tenant,
        known.id,
        asked.type,
        at_ms=_now_ms(),
        base_url=shared.settings.public_url,
    )
    sent = shared.deliveries.find(tenant, delivery_id)
    return answers.json(sent.public(), 202)


@api.get("/default/secret", operation_id="fetch_default_secret")
@requires("webhooks")
def default_secret() -> Answer:
    """Read the secret that signs the events of requests' own `webhook`."""
    call = current_call()
    key = call.shared.keyring.default(call.caller.tenant)
    return answers.json({"key": key})


@api.post("/default/rotate-secret", operation_id="rotate_default_secret")
@requires("webhooks")
def rotate_default_secret() -> Answer:
    """Make a new secret for requests' own `webhook`; the old one signs for a day."""
    call = current_call()
    asked = json_body.read(call, SecretRotation, is_optional=True)
    return _rotated(call, DEFAULT, asked)


def _found(call: Call, webhook_id: str) -> Endpoint:
    """Return an endpoint of the caller's.

    Raises:
        UnknownEndpoint: There is none.
    """
    return call.shared.endpoints.find(call.caller.tenant, webhook_id)


def _expected(call: Call, webhook_id: str) -> Endpoint:
    """Return an endpoint that is as the request says, RFC 9110 section 13.

    Raises:
        UnknownEndpoint: There is none.
        PreconditionFailed: It is not as If-Match says.
    """
    known = _found(call, webhook_id)
    wanted = call.environ.get("HTTP_IF_MATCH")
    etag = answers.etag_of(answers.dumps(known.public()))
    if wanted is not None and not headers.etag_is(wanted, etag):
        raise PreconditionFailed
    return known


def _changed(call: Call, known: Endpoint, **changes: Any) -> Answer:
    endpoints, after = call.shared.endpoints, known
    if changes:
        after = endpoints.update(call.caller.tenant, known.id, Change(**changes))
    body = answers.dumps(after.public())
    return answers.json(body, 200, {"ETag": answers.etag_of(body)})


def _rotated(call: Call, webhook_id: str, asked: SecretRotation) -> Answer:
    endpoints, tenant = call.shared.endpoints, call.caller.tenant
    secret = endpoints.rotate_secret(tenant, webhook_id, secret=asked.secret)
    until = rfc3339(_now_ms() + GRACE_MS)
    return answers.json({"secret": secret, "previous_signs_until": until})


def _now_ms() -> int:
    return round(time.time() * 1000)
