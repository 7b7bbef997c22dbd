"""/v1/predictions: submit a house, read its price, cancel, retry, delete."""

import re
from dataclasses import replace

from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from api import answers, headers, preconditions, prediction_lists, submission, tracing
from api.answers import Answer
from api.auth import requires
from api.call import Call, current_call
from api.errors import BadRequest, MalformedParameter
from model_store import logs
from worker.errors import UnknownJob
from worker.jobs import PATH, Job, Submission
from worker.queue import Receipt

api = APIBlueprint(
    "predictions",
    __name__,
    url_prefix=PATH,
    abp_tags=[Tag(name="predictions")],
)


class PredictionPath(BaseModel):
    """Which prediction."""

    prediction_id: str = Field(
        description="Id of a prediction, a UUID.",
        json_schema_extra={"format": "uuid"},
    )


#: The ids that this service gives out.
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@api.post("", operation_id="create_prediction")
@requires("predict")
def create() -> Answer:
    """Submit a house to be priced."""
    return submitted(current_call())


def submitted(call: Call, job_id: str | None = None) -> Answer:
    """Answer a submit; of the routes that carry the load, see `hot_routes`.

    Args:
        call: The request.
        job_id: The client's own id for the job.
    """
    headers.require_json(
        call.environ.get("CONTENT_TYPE"), call.environ.get("HTTP_CONTENT_ENCODING")
    )
    wait_s = _wait_s(call)
    new = submission.submission(
        call.shared.uploads.read(call.environ, call.shared.settings.body_limit),
        call.shared.catalog,
        call.shared.settings,
        caller=call.caller,
        job_id=job_id,
        idempotency_key=headers.idempotency_key(
            call.environ.get("HTTP_IDEMPOTENCY_KEY")
        ),
        cancel_after_s=headers.cancel_after_s(call.environ.get("HTTP_CANCEL_AFTER")),
    )
    logs.bound(job_id=new.id)
    if job_id is not None:
        preconditions.check(call, job_id)
    if not wait_s:
        return _created(call, _submit(call, new), {})
    return _create_and_wait(call, new, wait_s)


@api.put("/<prediction_id>", operation_id="put_prediction")
@requires("predict")
def put(path: PredictionPath) -> Answer:
    """Submit a house under an id of your own; a repeat is answered with its job."""
    call = current_call()
    if "HTTP_IDEMPOTENCY_KEY" in call.environ:
        raise BadRequest("The id is the key of a PUT: leave Idempotency-Key out.")
    job_id = path.prediction_id.lower()
    if not ID.fullmatch(job_id):
        raise MalformedParameter(
            "The id of a prediction must be a UUID, such as "
            "0b5d3a52-5d8a-4c3e-9d5c-1f0e9a8b7c6d."
        )
    return submitted(call, job_id)


@api.get("/<prediction_id>", operation_id="fetch_prediction")
@requires("read")
def fetch(path: PredictionPath) -> Answer:
    """Read a prediction."""
    return fetched(current_call(), _checked(path.prediction_id))


def fetched(call: Call, job_id: str) -> Answer:
    """Answer a poll; of the routes that carry the load, see `hot_routes`."""
    logs.bound(job_id=job_id)
    wait_s = _wait_s(call)
    if not wait_s:
        return answers.prediction(
            call, call.shared.queue.find(call.caller.tenant, job_id), 200, {}
        )
    job, applied = _awaited(call, job_id, wait_s)
    return answers.prediction(call, job, 200, _applied(wait_s) if applied else {})


@api.get("", operation_id="list_predictions")
@requires("read")
def list_all() -> Answer:
    """List your predictions, newest first."""
    return prediction_lists.page(current_call())


@api.post("/<prediction_id>/cancel", operation_id="cancel_prediction")
@requires("predict", "read")
def cancel(path: PredictionPath) -> Answer:
    """Cancel a prediction and read it; one that has ended is returned as it is."""
    call, job_id = current_call(), _checked(path.prediction_id)
    preconditions.check(call, job_id)
    job = call.shared.queue.cancel(call.caller.tenant, job_id)
    return answers.prediction(call, job, 200, {})


@api.post("/<prediction_id>/retry", operation_id="retry_prediction")
@requires("predict", "read")
def retry(path: PredictionPath) -> Answer:
    """Have a failed or canceled prediction tried anew, under its id."""
    call = current_call()
    queue, tenant = call.shared.queue, call.caller.tenant
    job_id, wait_s = _checked(path.prediction_id), _wait_s(call)
    seconds = headers.cancel_after_s(call.environ.get("HTTP_CANCEL_AFTER"))
    preconditions.check(call, job_id)
    with tracing.sending(call, job_id) as traceparent:
        receipt = queue.retry(
            tenant,
            job_id,
            deadline_ms=submission.milliseconds(seconds),
            meter=call.caller.meter,
            traceparent=traceparent,
        )
    extra = _left(receipt)
    if not wait_s:
        return answers.prediction(call, receipt.job, 202, extra)
    job, applied = _awaited(call, job_id, wait_s)
    status = 200 if job.state.is_terminal else 202
    return answers.prediction(
        call, job, status, extra | _applied(wait_s) if applied else extra
    )


@api.delete("/<prediction_id>", operation_id="delete_prediction")
@requires("predict")
def delete(path: PredictionPath) -> Answer:
    """Erase a prediction, its house and its price; an open one is canceled first."""
    call, job_id = current_call(), _checked(path.prediction_id)
    preconditions.check(call, job_id)
    call.shared.queue.delete(call.caller.tenant, job_id)
    return answers.empty(204)


def _submit(call: Call, new: Submission) -> Receipt:
    with tracing.sending(call, new.id) as traceparent:
        return call.shared.queue.submit(new, traceparent=traceparent)


def _create_and_wait(call: Call, new: Submission, wait_s: int) -> Answer:
    queue = call.shared.queue
    # Registered before the job exists, so that its end cannot be missed.
    with call.shared.waiting.waiter(new.id) as waiter:
        receipt = _submit(call, new)
        if waiter is None:
            return _created(call, receipt, {})
        if not receipt.replayed:
            job = waiter.wait(wait_s, lambda: queue.find(new.tenant, new.id))
            return _created(call, replace(receipt, job=job), _applied(wait_s))
    job, applied = _awaited(call, receipt.job.id, wait_s)
    extra = _applied(wait_s) if applied else {}
    return _created(call, replace(receipt, job=job), extra)


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
    extra["Location"] = f"{url}{PATH}/{job.id}"
    extra |= _left(receipt)
    status = 201 if job.state.is_terminal else 202
    if receipt.replayed:
        extra["Idempotency-Replayed"] = "true"
        # A PUT that changed nothing made nothing.
        status = 200 if call.environ["REQUEST_METHOD"] == "PUT" else status
    return answers.prediction(call, job, status, extra)


def _left(receipt: Receipt) -> dict[str, str]:
    return headers.rate_limit(receipt.allowance) if receipt.allowance else {}


def _wait_s(call: Call) -> int | None:
    prefer = call.environ.get("HTTP_PREFER")
    cap_s = call.shared.settings.wait_cap_s
    return headers.wait_preference(prefer, cap_s) if prefer else None


def _applied(wait_s: int) -> dict[str, str]:
    return {"Preference-Applied": f"wait={wait_s}"}


def _checked(prediction_id: str) -> str:
    # RFC 9562 lets a UUID be written in either case.
    job_id = prediction_id.lower()
    if not ID.fullmatch(job_id):
        raise UnknownJob
    logs.bound(job_id=job_id)
    return job_id
