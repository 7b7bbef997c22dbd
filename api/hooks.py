"""What happens around every request: its id, its caller, its headers, its errors."""

from collections.abc import Mapping
from typing import Any

import redis
from flask import Flask, Response, current_app, g, request
from werkzeug.exceptions import MethodNotAllowed

from api import answers, audit_trail, deprecation, headers
from api.answers import Answer
from api.archive_problems import ArchiveAway, ArchiveSlow
from api.auth import Principal
from api.call import Call
from api.errors import (
    PROBLEM_TYPE,
    NotAcceptable,
    ServiceError,
    StoreUnavailable,
)
from api.request_log import ROUTE
from api.services import Services, services
from api.tracing import TOLD
from api.translation import allowed, as_service_error
from model_store import logs
from worker.errors import frames_of

_WITHOUT_CONTENT = {204, 304}

_log = logs.logger(__name__)


def install(app: Flask) -> None:
    """Put the hooks around every view; each view must say who may reach it.

    Raises:
        LookupError: A view is marked neither `requires` nor `public`.
    """
    app.before_request(_admit)
    app.after_request(_finish)
    app.register_error_handler(Exception, _problem)
    for endpoint, view in app.view_functions.items():
        if not hasattr(view, "scopes"):
            raise LookupError(
                f"view {endpoint!r} does not say who may reach it: "
                "mark it with auth.requires or auth.public"
            )


def begin(environ: Mapping[str, Any]) -> str:
    """Return the id of a request that begins; what is logged of it says it."""
    request_id = headers.request_id(environ.get("HTTP_REQUEST_ID"))
    logs.begin(request_id=request_id, **environ.get(TOLD, {}))
    return request_id


def admit(shared: Services, environ: dict[str, Any], view: Any) -> Principal:
    """Return the caller of a view, before the body of the request is looked at.

    Raises:
        ServiceError: The caller is unknown or may not, or does not take what the view
            offers, or Redis is not to be asked now.
        redis.RedisError: The caller's key could not be looked up.
    """
    caller = shared.authenticator.authenticate(
        environ.get("HTTP_AUTHORIZATION"), before_lookup=shared.circuit.check
    )
    shared.key_use.note(caller.key_id)
    for scope in view.scopes:
        caller.require(scope)
    if headers.preferred(environ.get("HTTP_ACCEPT"), view.offers) is None:
        offered = " or ".join(view.offers)
        raise NotAcceptable(
            f"This address answers {offered}; the Accept header excludes that."
        )
    shared.circuit.check()
    return caller


def problem(
    shared: Services, error: Exception, *, request_id: str, operation: str
) -> Answer:
    """Return what a client is told about an error; log a fault of our own."""
    if isinstance(error, redis.RedisError):
        shared.circuit.report(error)
    answer = as_service_error(error)
    if type(answer) is ServiceError:
        # Never a body, a key or a house, which the error's own words may quote.
        _log.error("request_failed", operation=operation, frames=frames_of(error))
    elif isinstance(answer, StoreUnavailable) and shared.store_faults.allows():
        words = error.__cause__ or error
        _log.error("model_store_failed", operation=operation, error=str(words))
    elif (
        isinstance(answer, (ArchiveAway, ArchiveSlow))
        and shared.archive_faults.allows()
    ):
        _log.error("archive_failed", operation=operation, error=str(error))
    body = answer.body(request_id)
    return Answer(body, answer.status, answer.headers, PROBLEM_TYPE)


def finish(
    answered: Any, always: Mapping[str, str], request_id: str, view: Any
) -> None:
    """Add the headers that every answer has to those of this one.

    Args:
        answered: The headers of the answer.
        always: Headers of every answer that says nothing else itself.
        request_id: What to name the request by in a complaint.
        view: The view of the request's route; None where it has none.
    """
    answered["Request-Id"] = request_id
    for name, value in always.items():
        answered.setdefault(name, value)
    if told := deprecation.told_of(view):
        links = [answered["Link"]] if "Link" in answered else []
        answered.update(told.headers())
        answered["Link"] = ", ".join([*links, answered["Link"]])


def _admit() -> Answer | None:
    environ = request.environ
    g.request_id = begin(environ)
    if request.url_rule is not None:
        environ[ROUTE] = str(request.url_rule)
    refusal = request.routing_exception
    if isinstance(refusal, MethodNotAllowed) and request.method == "OPTIONS":
        # What an address takes is no secret, /openapi.json tells it to anybody.
        return answers.empty(204, {"Allow": allowed(refusal)})
    view = _view()
    if view is not None and view.scopes:
        shared = services()
        g.call = Call(environ, shared, admit(shared, environ, view))
    return None


def _view() -> Any:
    endpoint = request.endpoint
    return None if endpoint is None else current_app.view_functions[endpoint]


def _finish(response: Response) -> Response:
    view = _view()
    audit_trail.note(view, response.status_code)
    finish(response.headers, services().always, g.request_id, view)
    if response.status_code in _WITHOUT_CONTENT:
        # Flask names a type for what is not there.
        response.headers.pop("Content-Type", None)
    return response


def _problem(error: Exception) -> Answer:
    operation = request.endpoint or "none"
    return problem(services(), error, request_id=g.request_id, operation=operation)
