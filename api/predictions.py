"""/v1/predictions: submit a house, read its price, cancel, list."""

import re
from urllib.parse import urlencode

from flask import request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from api import answers, headers, submission
from api.answers import Answer
from api.auth import requires
from api.call import Call, current_call
from api.errors import MalformedParameter
from worker.errors import UnknownJob
from worker.jobs import Job, Submission
from worker.queue import Cursor, Page, Receipt

#: Predictions a page, at most and when nothing is said.
MAX_LIMIT, DEFAULT_LIMIT = 100, 20

PREFIX = "/v1/predictions"
api = APIBlueprint(
    "predictions",
    __name__,
    url_prefix=PREFIX,
    abp_tags=[Tag(name="predictions")],
)


class PredictionPath(BaseModel):
    """Which prediction."""

    prediction_id: str = Field(description="Id of a prediction, a UUID.")


#: The ids that this service gives out.
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
#: First letter of a cursor: which way it leads.
_OLDER, _NEWER = "o", "n"
#: Longest cursor that this service hands out, generously.
_MAX_CURSOR = 200


@api.post("", operation_id="create_prediction")
@requires("predict")
def create() -> Answer:
    """Submit a house to be priced."""
    return submitted(current_call())


def submitted(call: Call) -> Answer:
    """Answer a submit; of the routes that carry the load, see `hot_routes`."""
    headers.require_json(
        call.environ.get("CONTENT_TYPE"), call.environ.get("HTTP_CONTENT_ENCODING")
    )
    wait_s = _wait_s(call)
    new = submission.submission(
        call.shared.uploads.read(call.environ, call.shared.settings.body_limit),
        call.shared.catalog,
        tenant=call.caller.tenant,
        idempotency_key=headers.idempotency_key(
            call.environ.get("HTTP_IDEMPOTENCY_KEY")
        ),
        cancel_after_s=headers.cancel_after_s(call.environ.get("HTTP_CANCEL_AFTER")),
    )
    if not wait_s:
        return _created(call, call.shared.queue.submit(new), {})
    return _create_and_wait(call, new, wait_s)


@api.get("/<prediction_id>", operation_id="fetch_prediction")
@requires("read")
def fetch(path: PredictionPath) -> Answer:
    """Read a prediction."""
    return fetched(current_call(), _checked(path.prediction_id))


def fetched(call: Call, job_id: str) -> Answer:
    """Answer a poll; of the routes that carry the load, see `hot_routes`."""
    wait_s = _wait_s(call)
    if not wait_s:
        return answers.prediction(
            call, call.shared.queue.find(call.caller.tenant, job_id), 200, {}
        )
    job, applied = _awaited(call, job_id, wait_s)
    return answers.prediction(call, job, 200, _applied(wait_s) if applied else {})


@api.post("/<prediction_id>/cancel", operation_id="cancel_prediction")
@requires("predict", "read")
def cancel(path: PredictionPath) -> Answer:
    """Cancel a prediction and read it; one that has ended is returned as it is."""
    asked = current_call()
    job = asked.shared.queue.cancel(asked.caller.tenant, _checked(path.prediction_id))
    return answers.prediction(asked, job, 200, {})


@api.get("", operation_id="list_predictions")
@requires("read")
def list_all() -> Answer:
    """List your predictions, newest first."""
    asked = current_call()
    limit, cursor, newer = _page_asked_for()
    page = asked.shared.queue.page(
        asked.caller.tenant, limit=limit, cursor=cursor, newer=newer
    )
    return _page(asked.shared.settings.public_url, page, limit)


def _create_and_wait(call: Call, new: Submission, wait_s: int) -> Answer:
    queue = call.shared.queue
    # Registered before the job exists, so that its end cannot be missed.
    with call.shared.waiting.waiter(new.id) as waiter:
        receipt = queue.submit(new)
        if waiter is None:
            return _created(call, receipt, {})
        if not receipt.replayed:
            job = waiter.wait(wait_s, lambda: queue.find(new.tenant, new.id))
            return _created(call, Receipt(job, replayed=False), _applied(wait_s))
    job, applied = _awaited(call, receipt.job.id, wait_s)
    extra = _applied(wait_s) if applied else {}
    return _created(call, Receipt(job, replayed=True), extra)


def _awaited(call: Call, job_id: str, wait_s: int) -> tuple[Job, bool]:
    """Return a job when it has ended or the time is over, and whether this waited."""
    queue, tenant = call.shared.queue, call.caller.tenant
    with call.shared.waiting.waiter(job_id) as waiter:
        job = queue.find(tenant, job_id)
        if waiter is None or job.state.is_terminal:
            return job, job.state.is_terminal
        return waiter.wait(wait_s, lambda: queue.find(tenant, job_id)), True


def _created(call: Call, receipt: Receipt, extra: dict[str, str]) -> Answer:
    job, url = receipt.job, call.shared.settings.public_url
    extra["Location"] = f"{url}/v1/predictions/{job.id}"
    if receipt.replayed:
        extra["Idempotency-Replayed"] = "true"
    return answers.prediction(call, job, 201 if job.state.is_terminal else 202, extra)


def _wait_s(call: Call) -> int | None:
    prefer = call.environ.get("HTTP_PREFER")
    cap_s = call.shared.settings.wait_cap_s
    return headers.wait_preference(prefer, cap_s) if prefer else None


def _applied(wait_s: int) -> dict[str, str]:
    return {"Preference-Applied": f"wait={wait_s}"}


def _checked(prediction_id: str) -> str:
    if not ID.fullmatch(prediction_id):
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


def _page(public_url: str, page: Page, limit: int) -> Answer:
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
