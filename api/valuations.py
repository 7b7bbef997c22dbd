"""/v1/properties/{id}/valuation: prices made ahead of time, and those before them."""

import itertools
import re
from email.utils import formatdate
from typing import Any

import orjson
from flask import request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from api import answers, headers, paging, properties, queries, refreshing
from api.answers import Answer
from api.auth import requires
from api.call import Call, current_call
from api.catalog import Served
from api.errors import NoChampion
from api.properties import PropertyPath
from model_store import logs
from model_store.archive.property import Valued
from model_store.archive.valuation import Valuation
from model_store.errors import ModelStoreError
from worker.jobs import PATH as PREDICTIONS
from worker.jobs import Job, rfc3339
from worker.queue import Receipt

#: A stored price may be kept by its reader alone, who asks each time whether it is
#: still the one that counts: a promotion makes it stale at once.
_PRIVATE = "private, no-cache"
#: Seconds after which a price that was asked for may be there.
_AGAIN_S = "1"
_CURSOR = re.compile(rf"{paging.OLDER}([0-9]{{1,18}})\.([A-Za-z0-9_-]{{1,64}})")

_log = logs.logger(__name__)

api = APIBlueprint(
    "valuations",
    __name__,
    url_prefix=properties.PATH,
    abp_tags=[Tag(name="properties")],
)


@api.get("/<property_id>/valuation", operation_id="fetch_valuation")
@requires("read")
def fetch(path: PropertyPath) -> Answer:
    """Read the stored price at once; a stale one is made anew beside that."""
    call = current_call()
    asked = queries.known(request.args, ("refresh",))
    is_refresh = queries.one_of(asked, "refresh", ("true", "false")) == ["true"]
    if is_refresh:
        # It makes a job, as a submit does.
        call.caller.require("predict")
        meter, valued = call.caller.meter, properties.found(call, path.property_id)
        served = call.shared.catalog.served()
        receipt = refreshing.value(call, valued, served, meter=meter, again_ms=0)
        return _underway(call, receipt)
    return fetched(call, path.property_id)


def fetched(call: Call, property_id: str) -> Answer:
    """Answer a read; of the routes that carry the load, see `hot_routes`."""
    valued = properties.found(call, property_id)
    if valued.valuation is None:
        call.shared.read_count.note("none")
        served = call.shared.catalog.served()
        return _underway(call, refreshing.value(call, valued, served))
    return _stored(call, valued, valued.valuation)


@api.get("/<property_id>/valuations", operation_id="list_valuations")
@requires("read")
def list_all(path: PropertyPath) -> Answer:
    """List how the price of a property moved, the newest first."""
    call = current_call()
    asked = queries.known(request.args, ("limit", "cursor"))
    limit, before = queries.limit(asked), _before(asked.get("cursor"))
    house = properties.found(call, path.property_id).property
    # One more tells what the last of the page has changed.
    made = call.archive().valuations.page(
        house.tenant, house.id, limit=limit + 1, before=before
    )
    pairs = list(itertools.zip_longest(made, made[1:]))[:limit]
    results = b",".join(orjson.dumps(_listed(*pair)) for pair in pairs)
    more = _cursor(made[limit - 1]) if len(made) > limit else None
    list_path = f"{properties.PATH}/{house.id}/valuations"
    return paging.answer(call, list_path, asked, results, older=more, newer=None)


def _stored(call: Call, valued: Valued, made: Valuation) -> Answer:
    served, now_ms = _champion(call), refreshing.now_ms()
    reasons = refreshing.stale_because(call.shared.catalog, valued, served)
    call.shared.read_count.note("stale" if reasons else "fresh")
    job = refreshing.beside(call, valued, served) if reasons and served else None
    body = {
        "object": "valuation",
        "property": made.property_id,
        **_made(made),
        "max_age": valued.property.max_age_s,
        "stale": bool(reasons),
        "stale_because": reasons,
        "refresh": job and _url(call, job),
        "output": orjson.Fragment(made.output),
    }
    extra = {
        "Age": str(max(0, (now_ms - made.valued_ms) // 1000)),
        "Last-Modified": formatdate(made.valued_ms // 1000, usegmt=True),
        "Cache-Control": _PRIVATE,
    }
    known = call.environ.get("HTTP_IF_NONE_MATCH")
    return answers.unless_known(answers.dumps(body), known, extra)


def _champion(call: Call) -> Served | None:
    """Return the champion; None where nobody can tell: then no price is stale by it."""
    try:
        return call.shared.catalog.served()
    except (NoChampion, ModelStoreError) as error:
        if call.shared.store_faults.allows():
            _log.warning("champion_unknown", error=str(error))
        return None


def _underway(call: Call, receipt: Receipt) -> Answer:
    """Return the job that makes a price; a repeat of the request finds the same."""
    extra = {"Location": _url(call, receipt.job), "Retry-After": _AGAIN_S}
    extra |= headers.left(receipt.allowance)
    return answers.json(answers.representation(call, receipt.job), 202, extra)


def _url(call: Call, job: Job) -> str:
    return f"{call.shared.settings.public_url}{PREDICTIONS}/{job.id}"


def _made(made: Valuation) -> dict[str, Any]:
    return {
        "source": made.source_id,
        "model": made.model,
        "version": made.version,
        "valued_at": rfc3339(made.valued_ms),
    }


def _listed(made: Valuation, before: Valuation | None) -> dict[str, Any]:
    change = None if before is None else _price(made) - _price(before)
    return {
        "object": "valuation",
        **_made(made),
        "change": change,
        "output": orjson.Fragment(made.output),
    }


def _price(made: Valuation) -> int:
    price: int = orjson.loads(made.output)["price"]
    return price


def _cursor(made: Valuation) -> str:
    return f"{paging.OLDER}{made.valued_ms}.{made.source_id}"


def _before(cursor: str | None) -> tuple[int, str] | None:
    if cursor is None:
        return None
    match = _CURSOR.fullmatch(cursor)
    if match is None:
        raise paging.unknown_cursor()
    return int(match[1]), match[2]
