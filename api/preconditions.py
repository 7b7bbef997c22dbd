"""What must be true before a prediction is changed, RFC 9110 section 13."""

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
    wanted = call.environ.get("HTTP_IF_MATCH")
    is_put = call.environ["REQUEST_METHOD"] == "PUT"
    unwanted = call.environ.get("HTTP_IF_NONE_MATCH") if is_put else None
    if wanted is None and unwanted is None:
        return
    etag = _etag(call, job_id)
    if wanted is not None and not (etag and headers.etag_is(wanted, etag)):
        raise PreconditionFailed
    if unwanted is not None and etag and headers.etag_matches(unwanted, etag):
        raise PreconditionFailed


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
