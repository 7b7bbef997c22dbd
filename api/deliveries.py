"""Deliveries of webhooks: the log of an endpoint, and what is sent again."""

import base64
import re
from collections.abc import Sequence

from flask import request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from api import answers, paging, queries, webhooks
from api.answers import Answer
from api.auth import requires
from api.call import Call, current_call
from api.errors import MalformedParameter
from api.paging import MAX_CURSOR, NEWER, OLDER
from api.queries import Asked
from worker.webhooks.deliveries import STATUSES, Delivery, Place
from worker.webhooks.errors import UnknownDelivery

PATH = "/v1/deliveries"
api = APIBlueprint(
    "deliveries", __name__, url_prefix="/v1", abp_tags=[Tag(name="deliveries")]
)

_ID = re.compile(r"dlv_[0-9a-f]{32}")
_PARAMETERS = ("limit", "cursor", "status")
#: Which way a cursor leads, and the place that it leads on from.
_CURSOR = re.compile(r"([on])([0-9]{1,15}):(dlv_[0-9a-f]{32})")
#: Seconds since the epoch.
_EPOCH = re.compile(r"[0-9]{1,11}")


class LogPath(BaseModel):
    """Whose log."""

    webhook_id: str = Field(
        description="Id of a webhook endpoint, `wh_...`; `default`: the URLs that "
        "requests bring themselves."
    )


class DeliveryPath(BaseModel):
    """Which delivery."""

    delivery_id: str = Field(description="Id of a delivery, `dlv_...`.")


@api.get("/webhooks/<webhook_id>/deliveries", operation_id="list_deliveries")
@requires("webhooks")
def list_all(path: LogPath) -> Answer:
    """List what was sent to an endpoint and what is to be, newest first."""
    call = current_call()
    owner = _owner(call, path.webhook_id)
    asked = queries.known(request.args, _PARAMETERS, repeated="status")
    limit, (way, place) = queries.limit(asked), _cursor(asked.get("cursor", ""))
    chosen = queries.one_of(asked, "status", [*STATUSES])
    states = frozenset().union(*(STATUSES[status] for status in chosen))
    found = call.shared.deliveries.page(
        owner,
        limit=limit + 1,
        before=place if way == OLDER else None,
        after=place if way == NEWER else None,
        states=states or None,
    )
    return _page(call, path.webhook_id, asked, found, way=way if place else "")


@api.post("/webhooks/<webhook_id>/recover", operation_id="recover_deliveries")
@requires("webhooks")
def recover(path: LogPath) -> Answer:
    """Send again whatever has failed since an instant."""
    call = current_call()
    owner = _owner(call, path.webhook_id)
    since_ms = _since_ms(queries.known(request.args, ("since",)))
    recovered = call.shared.deliveries.recover(call.caller.tenant, owner, since_ms)
    return answers.json({"recovered": recovered}, 202)


@api.get("/deliveries/<delivery_id>", operation_id="fetch_delivery")
@requires("webhooks")
def fetch(path: DeliveryPath) -> Answer:
    """Read a delivery and each attempt at it."""
    call = current_call()
    delivery_id = _checked(path.delivery_id)
    found = call.shared.deliveries.find(call.caller.tenant, delivery_id)
    known = call.environ.get("HTTP_IF_NONE_MATCH")
    return answers.unless_known(answers.dumps(found.public()), known, {})


@api.post("/deliveries/<delivery_id>/redeliver", operation_id="redeliver")
@requires("webhooks")
def redeliver(path: DeliveryPath) -> Answer:
    """Send an ended delivery again: the same bytes under the same event id."""
    call = current_call()
    delivery_id = _checked(path.delivery_id)
    opened = call.shared.deliveries.redeliver(call.caller.tenant, delivery_id)
    return answers.json(opened.public(), 202)


def _checked(delivery_id: str) -> str:
    if not _ID.fullmatch(delivery_id):
        raise UnknownDelivery
    return delivery_id


def _owner(call: Call, webhook_id: str) -> str:
    return call.shared.endpoints.owner(call.caller.tenant, webhook_id)


def _since_ms(asked: Asked) -> int:
    text = asked.get("since")
    if text is None:
        raise MalformedParameter(
            "since is missing: send the instant from which on to recover, such as "
            "2026-01-31T12:00:00Z or seconds since the epoch."
        )
    if _EPOCH.fullmatch(text):
        return int(text) * 1000
    return queries.instant_ms(asked, "since") or 0


def _cursor(text: str) -> tuple[str, Place | None]:
    if not text:
        return OLDER, None
    try:
        plain = base64.urlsafe_b64decode(text[:MAX_CURSOR] + "==").decode()
    except ValueError:
        plain = ""
    if found := _CURSOR.fullmatch(plain):
        return found[1], (int(found[2]), found[3])
    raise paging.unknown_cursor()


def _place(way: str, delivery: Delivery) -> str:
    plain = f"{way}{delivery.created_ms}:{delivery.id}"
    return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def _page(
    call: Call, webhook_id: str, asked: Asked, found: Sequence[Delivery], *, way: str
) -> Answer:
    """Answer with a page of one less than was looked for, if there were as many.

    Args:
        call: The request.
        webhook_id: Whose log it is.
        asked: Its parameters.
        found: The page, and the next one on the way where there is one.
        way: The way of the cursor that led here; empty: this is the first page.
    """
    limit = queries.limit(asked)
    goes_on = len(found) > limit
    shown = found[-limit:] if way == NEWER else found[:limit]
    older = shown and (goes_on or way == NEWER)
    newer = shown and (way == OLDER or (way == NEWER and goes_on))
    return paging.answer(
        call,
        f"{webhooks.PATH}/{webhook_id}/deliveries",
        asked,
        b",".join(answers.dumps(one.public()) for one in shown),
        older=_place(OLDER, shown[-1]) if older else None,
        newer=_place(NEWER, shown[0]) if newer else None,
    )
