"""What happens around every request: its id, its caller, its headers, its errors."""

import logging
from typing import Any

import redis
from flask import Flask, Response, current_app, g, request

from api import headers
from api.answers import JSON, Answer
from api.errors import PROBLEM_TYPE, NotAcceptable, ServiceError, as_service_error
from api.services import services

_logger = logging.getLogger(__name__)


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


def _admit() -> None:
    """Check the caller before the body is looked at."""
    environ = request.environ
    g.request_id = headers.request_id(environ.get("HTTP_REQUEST_ID"))
    if request.endpoint is None:
        return
    shared = services()
    view: Any = current_app.view_functions[request.endpoint]
    scopes: tuple[str, ...] = view.scopes
    if not scopes:
        return
    caller = shared.authenticator.authenticate(
        environ.get("HTTP_AUTHORIZATION"), before_lookup=shared.circuit.check
    )
    for scope in scopes:
        caller.require(scope)
    g.principal = caller
    if not headers.accepts(environ.get("HTTP_ACCEPT"), JSON):
        raise NotAcceptable
    shared.circuit.check()


def _finish(response: Response) -> Response:
    kept = response.headers
    kept["Request-Id"] = g.request_id
    kept["X-Content-Type-Options"] = "nosniff"
    kept.setdefault("Cache-Control", "no-store")
    return response


def _problem(error: Exception) -> Response:
    if isinstance(error, redis.RedisError):
        services().circuit.report(error)
    answer = as_service_error(error)
    _log(error, answer)
    body = answer.body(g.request_id)
    return Answer(body, answer.status, answer.headers, PROBLEM_TYPE)


def _log(error: Exception, answer: ServiceError) -> None:
    """Log a fault of our own; never a body, a key or a house."""
    if type(answer) is ServiceError:
        _logger.error(
            "request_failed request_id=%s method=%s endpoint=%s",
            g.request_id,
            request.method,
            request.endpoint,
            exc_info=error,
        )
