"""/v1/keys: the operator makes, lists and revokes the API keys of all tenants."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from api import answers, audit_trail, json_body, queries
from api.answers import Answer
from api.auth import requires
from api.call import Call, current_call
from api.key_problems import LastOperateKey, UnknownKey
from api.key_request import KeyRequest
from worker.credentials import ApiKey, id_in
from worker.limits import RateLimit

PATH = "/v1/keys"

api = APIBlueprint("keys", __name__, url_prefix=PATH, abp_tags=[Tag(name="keys")])


class KeyPath(BaseModel):
    """Which key."""

    key_id: str = Field(
        description="Id of a key: the middle part of its token.",
        json_schema_extra={"example": "5Yq2bR8sT1uV"},
    )


@api.post("", operation_id="create_key")
@requires("operate")
def create() -> Answer:
    """Make a key; its token is in this answer and never again."""
    call = current_call()
    wanted = json_body.read(call, KeyRequest)
    expires_at, limit = None, wanted.rate_limit
    if wanted.expires_in is not None:
        expires_at = datetime.now(UTC) + timedelta(seconds=wanted.expires_in)
    token, key = call.shared.keys.create(
        tenant=wanted.tenant,
        scopes=wanted.scopes,
        name=wanted.name,
        expires_at=expires_at,
        rate_limit=None if limit is None else RateLimit.parse(limit),
    )
    audit_trail.about(key.id)
    body = {**key.public(datetime.now(UTC), None), "token": token}
    location = f"{call.shared.settings.public_url}{PATH}/{key.id}"
    return answers.json(body, 201, {"Location": location})


@api.get("", operation_id="list_keys")
@requires("operate")
def list_all() -> Answer:
    """List all keys, oldest first, expired and revoked ones too."""
    call, asked = current_call(), queries.known(request.args, ("tenant",))
    keys = [
        key
        for key in call.shared.keys.list()
        if asked.get("tenant", key.tenant) == key.tenant
    ]
    pages = {"next": None, "previous": None}
    return answers.json({"results": _public(call, keys), **pages})


@api.get("/<key_id>", operation_id="fetch_key")
@requires("operate")
def fetch(path: KeyPath) -> Answer:
    """Read what is kept of a key."""
    call = current_call()
    return _told(call, call.shared.keys.find(_id(path)))


@api.post("/<key_id>/revoke", operation_id="revoke_key")
@requires("operate")
def revoke(path: KeyPath) -> Answer:
    """Revoke a key for good; it stays in the list, and a second time changes nothing.

    The last usable key with the scope `operate` is kept unless `force=true` is said:
    without one, only the command line on the service's own machine makes another.
    """
    key_id = _id(path)
    audit_trail.about(key_id)
    call, asked = current_call(), queries.known(request.args, ("force",))
    keys = call.shared.keys
    is_forced = "true" in queries.one_of(asked, "force", ("true", "false"))
    if not is_forced and keys.carries_last("operate", key_id):
        raise LastOperateKey
    return _told(call, keys.revoke(key_id))


def _id(path: KeyPath) -> str:
    """Return the id that a path names, be it by a token; no secret is looked up."""
    if key_id := id_in(path.key_id):
        return key_id
    raise UnknownKey


def _told(call: Call, key: ApiKey | None) -> Answer:
    if key is None:
        raise UnknownKey
    return answers.json(_public(call, [key])[0])


def _public(call: Call, keys: Collection[ApiKey]) -> list[dict[str, Any]]:
    used = call.shared.key_uses.of(key.id for key in keys)
    now = datetime.now(UTC)
    return [key.public(now, used.get(key.id)) for key in keys]
