"""From the bytes of a request body to a job: parsed once, validated once."""

import hashlib
import uuid
from typing import Any

import orjson

from api import canary, destination, explanation, json_body, json_text
from api.auth import Principal
from api.catalog import CHAMPION, Catalog, Served
from api.errors import BadRequest
from api.request_body import PredictionRequest
from model_store.aliases import ALIAS_NAMES
from model_store.errors import UnknownModel
from worker.jobs import Submission
from worker.webhook_settings import WebhookSettings
from worker.webhooks import event_types
from worker.webhooks.sealing import NoSecretKeys


def submission(
    body: bytes,
    catalog: Catalog,
    webhooks: WebhookSettings,
    *,
    caller: Principal,
    job_id: str | None = None,
    idempotency_key: str | None = None,
    cancel_after_s: float | None = None,
) -> Submission:
    """Return the job that a request asks for, with everything checked.

    Args:
        body: The bytes as they came.
        catalog: Knows the model versions.
        webhooks: Where webhooks may go.
        caller: Whose job it will be, and by whose rate limit it counts.
        job_id: The client's own id for the job; absent: a new one.
        idempotency_key: The client's own name for this submit.
        cancel_after_s: The header Cancel-After, which says what `deadline` says.

    Raises:
        MalformedBody: The body is not JSON.
        BadRequest: Both Cancel-After and `deadline` are given.
        InvalidSubmission: It is not what the model version expects.
        NoSecretKeys: It wants a webhook, and nothing here can sign one.
        NoChampion: No version is named and none is champion.
        StoreError: The model store cannot be read.
    """
    document = json_text.parse(body)
    served, errors = _version(document, catalog)
    errors += json_body.repeated(body, document)
    errors += destination.url_errors(document, "webhook", webhooks)
    request = json_body.validated(document, served.request_model, errors)
    if request.webhook is not None and not webhooks.secret_keys:
        raise NoSecretKeys
    deadline_ms = milliseconds(_deadline_s(request, cancel_after_s))
    alias = _alias(request)
    asked = pinned = canary.Pinned(served.card, canary.house_of(request), alias)
    if alias == CHAMPION:
        pinned = canary.instead_of(asked, document, catalog, tenant=caller.tenant)
    return Submission(
        id=job_id or str(uuid.uuid4()),
        id_is_clients=job_id is not None,
        tenant=caller.tenant,
        model=pinned.card.name,
        version=pinned.card.version,
        alias=pinned.alias,
        input=pinned.house,
        explain=request.explain,
        metadata=orjson.dumps(request.metadata),
        fingerprint=_fingerprint(asked.house, request, deadline_ms),
        idempotency_key=idempotency_key,
        webhook=request.webhook,
        webhook_filter=tuple(request.webhook_events_filter or ()) or None,
        deadline_ms=deadline_ms,
        meter=caller.meter,
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
        detail = "No such model version or alias" + explanation.suggestion(
            wanted, names
        )
        error = {"pointer": "/version", "detail": detail, "code": "unknown_version"}
        return catalog.served(), [{**error, "known": known}]


def _alias(request: PredictionRequest) -> str | None:
    """Return the alias by which the version was named; None where it was an id."""
    named = request.version or CHAMPION
    return named if named in ALIAS_NAMES else None


def _deadline_s(
    request: PredictionRequest, cancel_after_s: float | None
) -> float | None:
    if cancel_after_s is not None and request.deadline is not None:
        raise BadRequest("Cancel-After and deadline say the same: send one of them.")
    return request.deadline if cancel_after_s is None else cancel_after_s


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
    asked: dict[str, Any] = {
        "version": request.version or CHAMPION,
        "metadata": request.metadata,
        "deadline_ms": deadline_ms,
        "explain": request.explain,
    }
    if request.webhook is not None:
        types = event_types.of_filter(request.webhook_events_filter or None)
        asked |= {"webhook": request.webhook, "webhook_events": sorted(types)}
    around = orjson.dumps(asked, option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(house + around, digest_size=16).hexdigest()
