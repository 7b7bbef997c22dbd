"""The two routes that carry the load, answered ahead of Flask's dispatch.

A submit and a poll are most of what this service does. Flask's contexts, routing and
responses made 420 us of CPU of a submit that costs 290 without, and 270 of a poll that
costs 90. So these two are known by their path; their views, their hooks and their
description in the OpenAPI document are the same, and any other request is Flask's.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from flask import Flask

from api import hooks, predictions, services
from api.answers import Answer
from api.call import Call
from api.request_log import ROUTE
from worker.jobs import PATH

_View = Callable[[Call], Answer]
_POLLED = PATH + "/"
#: As Flask writes it.
_POLLED_RULE = _POLLED + "<prediction_id>"


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
        return self._answer(environ, *found)(environ, start_response)

    def _answer(self, environ: dict[str, Any], route: Any, view: _View) -> Answer:
        request_id = hooks.begin(environ)
        try:
            caller = hooks.admit(self._shared, environ, route)
            answer = view(Call(environ, self._shared, caller))
        except Exception as error:  # noqa: BLE001 - the border: every error has an answer
            operation = f"{predictions.api.name}.{route.__name__}"
            answer = hooks.problem(
                self._shared, error, request_id=request_id, operation=operation
            )
        hooks.finish(answer.headers, self._shared.always, request_id, route)
        return answer


def _found(environ: dict[str, Any]) -> tuple[Any, _View] | None:
    """Return Flask's view of a request's route, and what both call; None: Flask's."""
    method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
    if method == "POST" and path == PATH:
        environ[ROUTE] = PATH
        return predictions.create, predictions.submitted
    if method == "GET" and path.startswith(_POLLED):
        job_id = path[len(_POLLED) :]
        if predictions.ID.fullmatch(job_id):
            environ[ROUTE] = _POLLED_RULE
            return predictions.fetch, partial(predictions.fetched, job_id=job_id)
    return None
