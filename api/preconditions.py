"""What must be true before a thing is changed, RFC 9110 section 13."""

from api import answers, headers
from api.call import Call
from api.errors import PreconditionFailed
from worker.errors import JobGone, UnknownJob


def check(call: Call, job_id: str) -> None:
    """Return where the request says nothing, or what it says holds.

    Between this look and the change another request may come: who must be sure that a
    PUT makes nothing twice has the id for that.

    Raises:
        PreconditionFailed: The prediction is not as If-Match says, or is there although
            If-None-Match of a PUT says that it is not.
    """
    wanted, unwanted = _said(call)
    if wanted is None and unwanted is None:
        return
    hold(call, _etag(call, job_id))


def hold(call: Call, etag: str | None) -> None:
    """Return where the request says nothing, or what it says holds.

    Args:
        call: The request.
        etag: Of the thing as it is; None: there is none.

    Raises:
        PreconditionFailed: It is not as If-Match says, or is there although
            If-None-Match of a PUT says that it is not.
    """
    wanted, unwanted = _said(call)
    if wanted is not None and not (etag and headers.etag_is(wanted, etag)):
        raise PreconditionFailed
    if unwanted is not None and etag and headers.etag_matches(unwanted, etag):
        raise PreconditionFailed


def _said(call: Call) -> tuple[str | None, str | None]:
    """Return what the thing must be, and what it must not be."""
    is_put = call.environ["REQUEST_METHOD"] == "PUT"
    unwanted = call.environ.get("HTTP_IF_NONE_MATCH") if is_put else None
    return call.environ.get("HTTP_IF_MATCH"), unwanted


def _etag(call: Call, job_id: str) -> str | None:
    try:
        job = call.shared.queue.find(call.caller.tenant, job_id)
    except JobGone:
        return None
    except UnknownJob:
        # A PUT may make it; whatever else is asked of it is answered with 404.
        if call.environ["REQUEST_METHOD"] == "PUT":
            return None
        raise
    return answers.etag_of(answers.representation(call, job))
