"""A line for each request, where the settings ask for one."""

import time
from collections.abc import Callable, Iterable
from typing import Any

from model_store import logs

#: Where a request's environment says which route it took, as a pattern.
ROUTE = "kerbside.route"

_log = logs.logger(__name__)


class RequestLog:
    """A WSGI application around the API's; without it no request costs a look.

    Args:
        app: The application, which says the route.
    """

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self._app = app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer a request, then log how."""
        began = time.perf_counter()
        statuses: list[str] = []

        def start(status: str, *rest: Any) -> Any:
            statuses.append(status)
            return start_response(status, *rest)

        answer = self._app(environ, start)
        _log.info(
            "request",
            method=environ["REQUEST_METHOD"],
            route=environ.get(ROUTE, "none"),
            status=int(statuses[-1].split()[0]),
            duration_ms=round(1000 * (time.perf_counter() - began), 1),
        )
        return answer
