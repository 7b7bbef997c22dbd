"""The routes that carry the load, answered ahead of Flask's dispatch.

A submit, a poll and a read of a stored price are most of what this service does.
Flask's contexts, routing and responses made 420 us of CPU of a submit that costs 290
without, and 270 of a poll that costs 90. So these are known by their path; their views,
their hooks and their description in the OpenAPI document are the same, and any other
request is Flask's.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import Flask

from api import hooks, predictions, properties, services, valuations
from api.answers import Answer
from api.call import Call
from api.request_log import ROUTE
from model_store.archive.property import PROPERTY_ID
from worker.jobs import PATH

_View = Callable[[Call], Answer]
_POLLED = PATH + "/"
#: As Flask writes it.
_POLLED_RULE = _POLLED + "<prediction_id>"
_PROPERTY, _READ = properties.PATH + "/", "/valuation"
_READ_RULE = _PROPERTY + "<property_id>" + _READ


@dataclass(frozen=True, slots=True)
class _Found:
    """A request's route: as Flask calls it, Flask's view of it, and what both call."""

    operation: str
    route: Any
    view: _View


class HotRoutes:
    """A WSGI application around Flask's.

    Args:
        app: The application, with its services and views.
    """

    def __init__(self, app: Flask) -> None:
        self._flask = app.wsgi_app
        self._shared = services.of(app)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer a request."""
        found = _found(environ)
        if found is None:
            return self._flask(environ, start_response)
        return self._answer(environ, found)(environ, start_response)

    def _answer(self, environ: dict[str, Any], found: _Found) -> Answer:
        request_id = hooks.begin(environ)
        try:
            caller = hooks.admit(self._shared, environ, found.route)
            answer = found.view(Call(environ, self._shared, caller))
        except Exception as error:  # noqa: BLE001 - the border: every error has an answer
            answer = hooks.problem(
                self._shared, error, request_id=request_id, operation=found.operation
            )
        hooks.finish(answer.headers, self._shared.always, request_id, found.route)
        return answer


def _found(environ: dict[str, Any]) -> _Found | None:
    """Return the route of a request; None: it is Flask's."""
    method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
    if method == "POST" and path == PATH:
        environ[ROUTE] = PATH
        return _Found("predictions.create", predictions.create, predictions.submitted)
    if method != "GET":
        return None
    if path.startswith(_POLLED):
        return _polled(environ, path[len(_POLLED) :])
    if path.startswith(_PROPERTY) and path.endswith(_READ):
        return _read(environ, path[len(_PROPERTY) : -len(_READ)])
    return None


def _polled(environ: dict[str, Any], job_id: str) -> _Found | None:
    if not predictions.ID.fullmatch(job_id):
        return None
    environ[ROUTE] = _POLLED_RULE
    view = partial(predictions.fetched, job_id=job_id)
    return _Found("predictions.fetch", predictions.fetch, view)


def _read(environ: dict[str, Any], property_id: str) -> _Found | None:
    if environ.get("QUERY_STRING") or not PROPERTY_ID.fullmatch(property_id):
        return None
    environ[ROUTE] = _READ_RULE
    view = partial(valuations.fetched, property_id=property_id)
    return _Found("valuations.fetch", valuations.fetch, view)
