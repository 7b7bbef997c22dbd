"""/v1/predictions: submit a house, read its price, cancel, list."""

import re
from urllib.parse import urlencode

from flask import Response, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from api import answers, headers, submission
from api.auth import requires
from api.errors import BodyTooLarge, MalformedParameter
from api.services import Services, principal, services
from worker.errors import UnknownJob
from worker.jobs import Job, Submission
from worker.queue import Cursor, Page, Receipt

#: Predictions a page, at most and when nothing is said.
MAX_LIMIT, DEFAULT_LIMIT = 100, 20

api = APIBlueprint(
    "predictions",
    __name__,
    url_prefix="/v1/predictions",
    abp_tags=[Tag(name="predictions")],
)


class PredictionPath(BaseModel):
    """Which prediction."""

    prediction_id: str = Field(description="Id of a prediction, a UUID.")


_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
#: First letter of a cursor: which way it leads.
_OLDER, _NEWER = "o", "n"
#: Longest cursor that this service hands out, generously.
_MAX_CURSOR = 200


@api.post("", operation_id="create_prediction")
@requires("predict")
def create() -> Response:
    """Submit a house to be priced."""
    shared, environ = services(), request.environ
    headers.require_json(
        environ.get("CONTENT_TYPE"), environ.get("HTTP_CONTENT_ENCODING")
    )
    wait_s = _wait_s(shared)
    new = submission.submission(
        _body(shared.settings.body_limit),
        shared.catalog,
        tenant=principal().tenant,
        idempotency_key=headers.idempotency_key(environ.get("HTTP_IDEMPOTENCY_KEY")),
        cancel_after_s=headers.cancel_after_s(environ.get("HTTP_CANCEL_AFTER")),
    )
    if not wait_s:
        return _created(shared, shared.queue.submit(new), {})
    return _create_and_wait(shared, new, wait_s)


@api.get("/<prediction_id>", operation_id="fetch_prediction")
@requires("read")
def fetch(path: PredictionPath) -> Response:
    """Read a prediction."""
    shared = services()
    tenant, job_id = principal().tenant, _checked(path.prediction_id)
    wait_s = _wait_s(shared)
    if not wait_s:
        return answers.prediction(shared.queue.find(tenant, job_id), 200, {})
    job, applied = _awaited(shared, tenant, job_id, wait_s)
    return answers.prediction(job, 200, _applied(wait_s) if applied else {})


@api.post("/<prediction_id>/cancel", operation_id="cancel_prediction")
@requires("predict", "read")
def cancel(path: PredictionPath) -> Response:
    """Cancel a prediction and read it; one that has ended is returned as it is."""
    job = services().queue.cancel(principal().tenant, _checked(path.prediction_id))
    return answers.prediction(job, 200, {})


@api.get("", operation_id="list_predictions")
@requires("read")
def list_all() -> Response:
    """List your predictions, newest first."""
    shared = services()
    limit, cursor, newer = _page_asked_for()
    page = shared.queue.page(
        principal().tenant, limit=limit, cursor=cursor, newer=newer
    )
    return _page(shared.settings.public_url, page, limit)


def _create_and_wait(shared: Services, new: Submission, wait_s: int) -> Response:
    # Registered before the job exists, so that its end cannot be missed.
    with shared.waiting.waiter(new.id) as waiter:
        receipt = shared.queue.submit(new)
        if waiter is None:
            return _created(shared, receipt, {})
        if not receipt.replayed:
            job = waiter.wait(wait_s, lambda: shared.queue.find(new.tenant, new.id))
            return _created(shared, Receipt(job, replayed=False), _applied(wait_s))
    job, applied = _awaited(shared, new.tenant, receipt.job.id, wait_s)
    extra = _applied(wait_s) if applied else {}
    return _created(shared, Receipt(job, replayed=True), extra)


def _awaited(
    shared: Services, tenant: str, job_id: str, wait_s: int
) -> tuple[Job, bool]:
    """Return a job when it has ended or the time is over, and whether this waited."""
    with shared.waiting.waiter(job_id) as waiter:
        job = shared.queue.find(tenant, job_id)
        if waiter is None or job.state.is_terminal:
            return job, job.state.is_terminal
        return waiter.wait(wait_s, lambda: shared.queue.find(tenant, job_id)), True


def _created(shared: Services, receipt: Receipt, extra: dict[str, str]) -> Response:
    job = receipt.job
    extra["Location"] = f"{shared.settings.public_url}/v1/predictions/{job.id}"
    if receipt.replayed:
        extra["Idempotency-Replayed"] = "true"
    return answers.prediction(job, 201 if job.state.is_terminal else 202, extra)


def _body(limit: int) -> bytes:
    # The framework is told one byte more: a body in chunks, whose length nobody
    # announces, it would cut at its limit without a word.
    body = request.get_data(cache=False)
    if len(body) > limit:
        raise BodyTooLarge
    return body


def _wait_s(shared: Services) -> int | None:
    prefer = request.environ.get("HTTP_PREFER")
    return (
        headers.wait_preference(prefer, shared.settings.wait_cap_s) if prefer else None
    )


def _applied(wait_s: int) -> dict[str, str]:
    return {"Preference-Applied": f"wait={wait_s}"}


def _checked(prediction_id: str) -> str:
    if not _ID.fullmatch(prediction_id):
        raise UnknownJob
    return prediction_id


def _page_asked_for() -> tuple[int, Cursor | None, bool]:
    unknown = sorted(set(request.args) - {"limit", "cursor"})
    if unknown:
        raise MalformedParameter(
            f"Unknown parameter {unknown[0][:64]!r}: this list takes limit and cursor."
        )
    limit = request.args.get("limit", str(DEFAULT_LIMIT))
    if not re.fullmatch(r"[0-9]{1,3}", limit) or not 1 <= int(limit) <= MAX_LIMIT:
        raise MalformedParameter(f"limit must be a whole number, 1 to {MAX_LIMIT}.")
    text = request.args.get("cursor", "")
    return int(limit), _cursor(text), text[:1] == _NEWER


def _cursor(text: str) -> Cursor | None:
    """Read a cursor as `_page` wrote it: the direction, then the place."""
    if not text:
        return None
    try:
        if len(text) <= _MAX_CURSOR and text[0] in (_OLDER, _NEWER):
            return Cursor.decode(text[1:])
    except ValueError:
        pass
    raise MalformedParameter(
        "cursor is not one of this list's: follow next or previous as they are."
    )


def _page(public_url: str, page: Page, limit: int) -> Response:
    links = {
        relation: f"{public_url}/v1/predictions?"
        + urlencode({"limit": limit, "cursor": direction + cursor.encode()})
        for relation, direction, cursor in (
            ("next", _OLDER, page.next),
            ("prev", _NEWER, page.previous),
        )
        if cursor is not None
    }
    extra = {"Link": ", ".join(f'<{url}>; rel="{name}"' for name, url in links.items())}
    results = b",".join(job.public(public_url) for job in page.jobs)
    around = answers.dumps({"next": links.get("next"), "previous": links.get("prev")})
    body = b'{"results":[' + results + b"]," + around[1:]
    return answers.json(body, extra=extra if links else None)
