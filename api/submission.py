"""From the bytes of a request body to a job: parsed once, validated once."""

import difflib
import hashlib
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from pydantic import BaseModel, ValidationError

from api.catalog import CHAMPION, Catalog, Served
from api.errors import BadRequest, InvalidSubmission, MalformedBody
from api.request_body import PredictionRequest
from model_store.aliases import ALIAS_NAMES
from model_store.errors import UnknownModel
from worker.jobs import Submission

#: Errors listed in one answer, and characters of a client's own name repeated in it.
_MAX_ERRORS, _MAX_NAME = 50, 64


def read(body: bytes) -> Any:
    """Parse a body.

    Raises:
        MalformedBody: It is not JSON in UTF-8, or nested too deep.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise MalformedBody(f"The body is not JSON: {error}.") from None


def submission(
    body: bytes,
    catalog: Catalog,
    *,
    tenant: str,
    job_id: str | None = None,
    idempotency_key: str | None = None,
    cancel_after_s: float | None = None,
) -> Submission:
    """Return the job that a request asks for, with everything checked.

    Args:
        body: The bytes as they came.
        catalog: Knows the model versions.
        tenant: Whose job it will be.
        job_id: The client's own id for the job; absent: a new one.
        idempotency_key: The client's own name for this submit.
        cancel_after_s: The header Cancel-After, which says what `deadline` says.

    Raises:
        MalformedBody: The body is not JSON.
        BadRequest: Both Cancel-After and `deadline` are given.
        InvalidSubmission: It is not what the model version expects.
        NoChampion: No version is named and none is champion.
        StoreError: The model store cannot be read.
    """
    document = read(body)
    served, errors = _version(document, catalog)
    request = _validated(document, served.request_model, errors)
    deadline_ms = milliseconds(_deadline_s(request, cancel_after_s))
    # Fields in the schema's order, absent ones left out: one text per house.
    house = request.input.model_dump_json(exclude_none=True).encode()
    card = served.card
    return Submission(
        id=job_id or str(uuid.uuid4()),
        id_is_clients=job_id is not None,
        tenant=tenant,
        model=card.name,
        version=card.version,
        alias=_alias(request),
        input=house,
        explain=request.explain,
        metadata=orjson.dumps(request.metadata),
        fingerprint=_fingerprint(house, request, deadline_ms),
        idempotency_key=idempotency_key,
        deadline_ms=deadline_ms,
    )


def _version(document: Any, catalog: Catalog) -> tuple[Served, list[dict[str, Any]]]:
    """Return the version to validate for; what cannot be resolved is an error."""
    wanted = document.get("version") if isinstance(document, dict) else None
    if not isinstance(wanted, str) or wanted == CHAMPION:
        return catalog.served(), []
    try:
        return catalog.served(wanted), []
    except UnknownModel:
        known = catalog.choices()
        names = [*known["aliases"], *known["versions"]]
        detail = "No such model version or alias" + _suggestion(wanted, names)
        error = {"pointer": "/version", "detail": detail, "code": "unknown_version"}
        return catalog.served(), [{**error, "known": known}]


def _alias(request: PredictionRequest) -> str | None:
    """Return the alias by which the version was named; None where it was an id."""
    named = request.version or CHAMPION
    return named if named in ALIAS_NAMES else None


def _validated(
    document: Any, model: type[PredictionRequest], errors: list[dict[str, Any]]
) -> PredictionRequest:
    try:
        request = model.model_validate(document)
    except ValidationError as error:
        found = error.errors(
            include_url=False, include_context=False, include_input=False
        )
        errors = errors + [_explained(model, entry) for entry in found[:_MAX_ERRORS]]
        raise InvalidSubmission(errors) from None
    if errors:
        raise InvalidSubmission(errors)
    return request


def _deadline_s(
    request: PredictionRequest, cancel_after_s: float | None
) -> float | None:
    if cancel_after_s is not None and request.deadline is not None:
        raise BadRequest("Cancel-After and deadline say the same: send one of them.")
    return request.deadline if cancel_after_s is None else cancel_after_s


def _explained(model: type[BaseModel], entry: Mapping[str, Any]) -> dict[str, str]:
    location: Sequence[str | int] = entry["loc"]
    code, detail = entry["type"], entry["msg"]
    if code == "extra_forbidden":
        code = "unknown_field"
        detail = "Unknown field" + _suggestion(
            str(location[-1]), _fields(model, location)
        )
    elif code == "model_type":
        code, detail = "object_expected", "Input should be a JSON object"
    return {"pointer": _pointer(location), "detail": detail, "code": code}


def _fields(model: type[BaseModel], location: Sequence[str | int]) -> Sequence[str]:
    """Return the field names that exist where an unknown one was found."""
    house = model.model_fields["input"].annotation
    inside = location[0] == "input" and len(location) > 1
    owner = house if inside and house is not None else model
    return list(owner.model_fields)


def _suggestion(name: str, names: Sequence[str]) -> str:
    nearest = difflib.get_close_matches(name[:_MAX_NAME], names, n=1)
    return f": did you mean {nearest[0]!r}?" if nearest else ""


def _pointer(location: Sequence[str | int]) -> str:
    """Return a JSON pointer, RFC 6901; a client's long names are cut."""
    parts = [str(part)[:_MAX_NAME] for part in location if part != "[key]"]
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)


def milliseconds(seconds: float | None) -> int | None:
    """Return a deadline in the ledger's unit."""
    # No deadline is so near that it becomes none.
    return None if seconds is None else max(1, round(seconds * 1000))


def _fingerprint(
    house: bytes, request: PredictionRequest, deadline_ms: int | None
) -> str:
    """Hash what was asked for, however the client wrote it.

    The version counts as it was named: a repeat of a request for the champion is the
    same request although another version may have become champion since.
    """
    around = orjson.dumps(
        {
            "version": request.version or CHAMPION,
            "metadata": request.metadata,
            "deadline_ms": deadline_ms,
            "explain": request.explain,
        },
        option=orjson.OPT_SORT_KEYS,
    )
    return hashlib.blake2b(house + around, digest_size=16).hexdigest()
