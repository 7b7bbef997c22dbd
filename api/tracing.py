"""Requests as steps of traces, and the trace that a job is submitted in."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any

from api.call import Call
from api.request_log import ROUTE
from worker.keys import PREDICTIONS
from worker.tracing import Tracing, parsed

#: Where a request's environment says what its jobs carry on, and what its lines tell.
_CARRIED, TOLD = "kerbside.traceparent", "kerbside.trace"


class Traced:
    """A WSGI application around the API's; it stands there only where spans are made.

    Each answer says in `traceresponse`, as drafts of Trace Context have it, which step
    of which trace it was: `traceparent` is a header of requests.

    Args:
        app: The application, which says the route.
        tracing: What records the steps.
    """

    def __init__(self, app: Callable[..., Iterable[bytes]], tracing: Tracing) -> None:
        self._app = app
        self._tracing = tracing

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer a request."""
        came = parsed(environ.get("HTTP_TRACEPARENT"))
        step = self._tracing.request(environ["REQUEST_METHOD"], came)
        context = step.context or ""
        environ[_CARRIED] = step.traceparent
        environ[TOLD] = {"trace_id": context.split("-")[1]}
        told: dict[str, Any] = {"status": None, "error": "unanswered"}

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            told.update(status=int(status.split(maxsplit=1)[0]), error=None)
            told["request_id"] = dict(headers).get("Request-Id", "")
            return start_response(status, [*headers, ("traceresponse", context)], *rest)

        try:
            return self._app(environ, start)
        finally:
            step.end(**told, route=environ.get(ROUTE, ""))


def sending(call: Call, job_id: str) -> AbstractContextManager[str | None]:
    """Hand a job to the queue in the block, which gets the `traceparent` it carries."""
    environ = call.environ
    if _CARRIED in environ:
        carried = environ[_CARRIED]
    else:
        carried = parsed(environ.get("HTTP_TRACEPARENT"))
    return call.shared.tracing.sending(PREDICTIONS, job_id, carried)
