"""/v1/outcomes: what houses were sold for in truth."""

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import orjson
from flask import request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from api import answers, headers, json_body, outcome_body, paging, queries
from api.answers import Answer
from api.auth import requires
from api.call import Call, current_call
from api.errors import ServiceError
from api.outcome_body import Told
from api.outcome_problems import OutcomeWithdrawn, UnknownOutcome
from model_store.archive.outcome import Outcome, Recording, sale_id
from model_store.archive.outcome import Told as Kept
from model_store.archive.prediction import house_hash
from model_store.archive.property import Property
from worker.errors import JobGone, UnknownJob
from worker.jobs import rfc3339

if TYPE_CHECKING:
    from model_store.archive.archive import Archive

PATH = "/v1/outcomes"

#: Digits of a number that every database can count to, at most.
_DIGITS = 18

api = APIBlueprint(
    "outcomes", __name__, url_prefix=PATH, abp_tags=[Tag(name="outcomes")]
)


class OutcomePath(BaseModel):
    """Which sale."""

    outcome_id: str = Field(description="Id of a sale that was told, `out_...`.")


@api.post("", operation_id="record_outcomes")
@requires("predict")
def record() -> Answer:
    """Tell what houses were sold for: one sale, many, or a CSV table of them."""
    call = current_call()
    archive = call.archive()
    told = _told(call)
    properties = _properties(call, archive, told)
    _expect_known(call, archive, told, properties)
    now_ms = _now_ms()
    new = [_outcome(call.caller.tenant, one, properties, now_ms) for one in told]
    recorded = archive.outcomes.record(new)
    results = [_public(one.outcome) | {"became": one.became} for one in recorded]
    became = [one.became for one in recorded]
    counts = {name: became.count(change) for name, change in _COUNTS.items()}
    made = counts["new"] or counts["corrections"]
    return answers.json({"results": results, **counts}, 201 if made else 200)


@api.get("", operation_id="list_outcomes")
@requires("read")
def list_all() -> Answer:
    """List the sales that you have told, the last one first, corrected ones too."""
    call = current_call()
    asked = queries.known(request.args, ("limit", "cursor"))
    limit = queries.limit(asked)
    # One more tells whether there is a page after this one.
    found = call.archive().outcomes.page(
        call.caller.tenant, limit=limit + 1, before=_before(asked.get("cursor"))
    )
    shown = found[:limit]
    results = b",".join(orjson.dumps(_listed(one)) for one in shown)
    older = f"{paging.OLDER}{shown[-1].number}" if len(found) > limit else None
    return paging.answer(call, PATH, asked, results, older=older, newer=None)


@api.get("/<outcome_id>", operation_id="fetch_outcome")
@requires("read")
def fetch(path: OutcomePath) -> Answer:
    """Read what counts of a sale that you have told."""
    call = current_call()
    outcomes, tenant = call.archive().outcomes, call.caller.tenant
    found = outcomes.get(tenant, path.outcome_id)
    if found is None:
        raise _missing(outcomes.withdrawn_ms(tenant, path.outcome_id))
    known = call.environ.get("HTTP_IF_NONE_MATCH")
    return answers.unless_known(answers.dumps(_listed(found)), known, {})


@api.delete("/<outcome_id>", operation_id="withdraw_outcome")
@requires("predict")
def withdraw(path: OutcomePath) -> Answer:
    """Withdraw a sale: all that you told of it is erased, and it judges no price."""
    call = current_call()
    outcomes, tenant = call.archive().outcomes, call.caller.tenant
    if not outcomes.withdraw(tenant, path.outcome_id, now_ms=_now_ms()):
        raise UnknownOutcome
    return answers.empty(204)


#: Name of a count in an answer -> what became of the sales that it counts.
_COUNTS: dict[str, Recording] = {
    "new": "new",
    "corrections": "correction",
    "known": "known",
}


def _told(call: Call) -> list[Told]:
    environ, shared = call.environ, call.shared
    media_type, encoding = (
        environ.get(name) for name in ("CONTENT_TYPE", "HTTP_CONTENT_ENCODING")
    )
    is_table = headers.is_csv(media_type)
    if is_table:
        headers.require_uncompressed(encoding)
    else:
        headers.require_json(media_type, encoding)
    text = shared.uploads.read(environ, shared.settings.body_limit)
    schema = shared.catalog.served().card.schema
    read = outcome_body.from_csv if is_table else outcome_body.from_json
    return read(text, schema)


def _properties(
    call: Call, archive: "Archive", told: Sequence[Told]
) -> dict[str, Property]:
    """Return the properties that sales name, by id, as far as they are there."""
    named = {id_ for one in told if (id_ := _property_id(one)) is not None}
    return archive.properties.by_ids(call.caller.tenant, sorted(named))


def _expect_known(
    call: Call,
    archive: "Archive",
    told: Sequence[Told],
    properties: Mapping[str, Property],
) -> None:
    """Refuse sales of what is not there, or is another tenant's.

    Raises:
        InvalidSubmission: There are some; nothing was written.
    """
    named = {id_: one for one in told if (id_ := _prediction_id(one)) is not None}
    found = archive.predictions.by_ids(sorted(named))
    tenant = call.caller.tenant
    errors = [
        _unknown(one, "property")
        for one in told
        if (id_ := _property_id(one)) is not None and id_ not in properties
    ]
    errors += [
        _unknown(one, "prediction")
        for id_, one in named.items()
        if not (found[id_].tenant == tenant if id_ in found else _is_live(call, id_))
    ]
    if errors:
        raise json_body.invalid(errors, len(errors))


def _unknown(told: Told, what: str) -> dict[str, Any]:
    return {
        **told.place,
        "pointer": f"{told.place['pointer']}/{what}_id",
        "detail": f"No {what} of yours has this id.",
        "code": f"unknown_{what}",
    }


def _is_live(call: Call, job_id: str) -> bool:
    """Tell whether a prediction is known that is not archived yet, or never was."""
    try:
        call.shared.queue.find(call.caller.tenant, job_id)
    except JobGone as error:
        # Who deleted it wants nothing kept of it.
        return error.deleted_ms is None
    except UnknownJob:
        return False
    return True


def _prediction_id(told: Told) -> str | None:
    # RFC 9562 lets a UUID be written in either case.
    named: str | None = getattr(told.sale, "prediction_id", None)
    return named and named.lower()


def _property_id(told: Told) -> str | None:
    return getattr(told.sale, "property_id", None)


def _outcome(
    tenant: str, told: Told, properties: Mapping[str, Property], now_ms: int
) -> Outcome:
    sale: Any = told.sale
    prediction_id, property_id = _prediction_id(told), _property_id(told)
    # The house as it is now: whatever becomes of the property, this one was sold.
    house = told.house if property_id is None else properties[property_id].input
    known_by = None if house is None else house_hash(house)
    thing = f"house:{known_by}" if property_id is None else f"property:{property_id}"
    return Outcome(
        tenant=tenant,
        subject=sale_id(tenant, prediction_id or thing),
        prediction_id=prediction_id,
        property_id=property_id,
        house=house,
        house_hash=known_by,
        price=float(sale.price),
        sold_on=outcome_body.day(sale.sold_on),
        recorded_ms=now_ms,
    )


def _missing(withdrawn_ms: int | None) -> ServiceError:
    return UnknownOutcome() if withdrawn_ms is None else OutcomeWithdrawn(withdrawn_ms)


def _public(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome as clients see it: its id is that of the sale it tells of."""
    return {
        "id": outcome.subject,
        "object": "outcome",
        "prediction_id": outcome.prediction_id,
        "property_id": outcome.property_id,
        "price": outcome.price,
        "sold_on": outcome.sold_on.isoformat(),
        "recorded_at": rfc3339(outcome.recorded_ms),
    }


def _listed(told: Kept) -> dict[str, Any]:
    house = told.outcome.house
    return _public(told.outcome) | {
        "input": house and orjson.Fragment(house),
        "superseded_at": rfc3339(told.superseded_ms),
    }


def _before(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    number = cursor.removeprefix(paging.OLDER)
    is_number = number.isascii() and number.isdecimal() and len(number) <= _DIGITS
    if number == cursor or not is_number:
        raise paging.unknown_cursor()
    return int(number)


def _now_ms() -> int:
    return round(time.time() * 1000)
