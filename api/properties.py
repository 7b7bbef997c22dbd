"""/v1/properties: houses under ids of a client's own, to be valued again and again."""

from typing import Any

import orjson
from flask import request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from api import (
    answers,
    canary,
    json_body,
    paging,
    preconditions,
    queries,
    refreshing,
)
from api.answers import Answer
from api.auth import requires
from api.call import Call, current_call
from api.catalog import Served
from api.errors import MalformedParameter, Unavailable
from api.property_body import PropertyRequest, property_model
from api.property_problems import UnknownProperty
from model_store.archive.property import PROPERTY_ID, Property, Valued
from model_store.archive.valuation import Valuation
from worker.jobs import rfc3339

PATH = "/v1/properties"

#: Times that a property is read anew which others change at the same time.
_TRIES = 5

api = APIBlueprint(
    "properties", __name__, url_prefix=PATH, abp_tags=[Tag(name="properties")]
)


class PropertyPath(BaseModel):
    """Which property."""

    property_id: str = Field(
        description="Your id of a property: up to 200 letters, digits and `._~:-`, the "
        "first no dot.",
        json_schema_extra={"pattern": f"^{PROPERTY_ID.pattern}$"},
    )


@api.put("/<property_id>", operation_id="put_property")
@requires("predict")
def put(path: PropertyPath) -> Answer:
    """Keep a house under an id of your own, and have it valued."""
    call = current_call()
    if not PROPERTY_ID.fullmatch(path.property_id):
        raise MalformedParameter(
            "The id of a property must be 1 to 200 letters, digits or ._~:- and not "
            "begin with a dot, such as alder-1."
        )
    served = call.shared.catalog.served()
    house: Any = served.request_model.model_fields["input"].annotation
    asked = json_body.read(call, property_model(house))
    valued, is_new = _written(call, path.property_id, asked, served)
    if valued.valuation is None or refreshing.stale_because(
        call.shared.catalog, valued, served
    ):
        refreshing.beside(call, valued, served, meter=call.caller.meter)
    body = answers.dumps(_public(call, valued.property))
    location = f"{call.shared.settings.public_url}{PATH}/{path.property_id}"
    status = 201 if is_new else 200
    return answers.json(body, status, {"Location": location} if is_new else {})


@api.get("/<property_id>", operation_id="fetch_property")
@requires("read")
def fetch(path: PropertyPath) -> Answer:
    """Read a property; the ETag is what a change may name in If-Match."""
    call = current_call()
    body = answers.dumps(_public(call, found(call, path.property_id).property))
    return answers.unless_known(body, call.environ.get("HTTP_IF_NONE_MATCH"), {})


@api.get("", operation_id="list_properties")
@requires("read")
def list_all() -> Answer:
    """List your properties by their ids, each with its newest price."""
    call = current_call()
    asked = queries.known(request.args, ("limit", "cursor"))
    limit = queries.limit(asked)
    # One more tells whether there is a page after this one.
    listed = call.archive().properties.page(
        call.caller.tenant, limit=limit + 1, after=_after(asked.get("cursor"))
    )
    shown = listed[:limit]
    results = b",".join(orjson.dumps(_listed(call, one)) for one in shown)
    more = f"{paging.OLDER}{shown[-1].property.id}" if len(listed) > limit else None
    return paging.answer(call, PATH, asked, results, older=more, newer=None)


@api.delete("/<property_id>", operation_id="delete_property")
@requires("predict")
def delete(path: PropertyPath) -> Answer:
    """Erase a property, its valuations, and what you told of its sales."""
    call = current_call()
    preconditions.hold(call, _etag(call, found(call, path.property_id).property))
    if not call.archive().properties.delete(call.caller.tenant, path.property_id):
        raise UnknownProperty
    return answers.empty(204)


def found(call: Call, property_id: str) -> Valued:
    """Return a property of the caller's with its newest valuation.

    Raises:
        NoArchive: There is none to keep any.
        UnknownProperty: There is none of this id.
    """
    archive = call.archive()
    if not PROPERTY_ID.fullmatch(property_id):
        raise UnknownProperty
    valued = archive.properties.find(call.caller.tenant, property_id)
    if valued is None:
        raise UnknownProperty
    return valued


def _written(
    call: Call, property_id: str, asked: PropertyRequest, served: Served
) -> tuple[Valued, bool]:
    """Keep a property; return it with its newest valuation, and whether it is new."""
    properties, tenant = call.archive().properties, call.caller.tenant
    for _ in range(_TRIES):
        known = properties.find(tenant, property_id)
        old = known and known.property
        preconditions.hold(call, _etag(call, old) if old else None)
        now_ms = refreshing.now_ms()
        new = Property(
            tenant=tenant,
            id=property_id,
            model=served.card.name,
            input=canary.house_of(asked),
            max_age_s=asked.max_age,
            metadata=orjson.dumps(asked.metadata),
            created_ms=old.created_ms if old else now_ms,
            # Each change is later than the one before: it is told by that.
            updated_ms=max(now_ms, old.updated_ms + 1) if old else now_ms,
        )
        if known and new.says_what(known.property):
            return known, False
        if properties.replace(new, old):
            return Valued(new, known and known.valuation), old is None
    raise Unavailable


def _etag(call: Call, house: Property) -> str:
    return answers.etag_of(answers.dumps(_public(call, house)))


def _public(call: Call, house: Property) -> dict[str, Any]:
    """Return a property as clients see it."""
    url = f"{call.shared.settings.public_url}{PATH}/{house.id}"
    return {
        "id": house.id,
        "object": "property",
        "model": house.model,
        "input": orjson.Fragment(house.input),
        "max_age": house.max_age_s,
        "metadata": orjson.Fragment(house.metadata),
        "created_at": rfc3339(house.created_ms),
        "updated_at": rfc3339(house.updated_ms),
        "urls": {
            "get": url,
            "valuation": f"{url}/valuation",
            "valuations": f"{url}/valuations",
        },
    }


def _listed(call: Call, valued: Valued) -> dict[str, Any]:
    made = valued.valuation
    return _public(call, valued.property) | {"valuation": made and _figures(made)}


def _figures(made: Valuation) -> dict[str, Any]:
    told = orjson.loads(made.output)
    return {
        "price": told["price"],
        "currency": told["currency"],
        "low": told["interval"]["low"],
        "high": told["interval"]["high"],
        "version": made.version,
        "valued_at": rfc3339(made.valued_ms),
    }


def _after(cursor: str | None) -> str | None:
    if cursor is None:
        return None
    property_id = cursor.removeprefix(paging.OLDER)
    if property_id == cursor or not PROPERTY_ID.fullmatch(property_id):
        raise paging.unknown_cursor()
    return property_id
