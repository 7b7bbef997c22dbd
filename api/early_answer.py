"""The end of a request whose own thread is stuck in the server's code."""

import sys
from typing import Any

from api import headers, hooks, security_headers
from api.answers import Answer
from api.errors import PROBLEM_TYPE, ServiceError


def break_off(thread: int, environ: dict[str, Any], error: ServiceError) -> bool:
    """Answer the request that a thread works on, and end its connection.

    WSGI has no way to end a read of a body, and Granian no option that limits one. But
    the object by which Granian's own caller answers (`proto` in `granian/wsgi.py`)
    takes an answer from any thread, and only the first one. A whole answer would leave
    it to the client to close; one that is shorter than it announces makes the server
    give up the connection, which ends the read. So the client sees a closed
    connection, and only sometimes the error before it.

    To read each body in a thread that can be left behind would cost a lone submit
    100 us of CPU, half as much again, and these threads would last as long as clients
    like.

    Args:
        thread: Identity of the thread; it must not go on to another request meanwhile.
        environ: Its request.
        error: What to tell the client.

    Returns:
        Whether it was ended; False under a server that is not Granian.
    """
    protocol = _protocol(thread)
    if protocol is None:
        return False
    answer = _answer(environ, error)
    protocol.response_iter(
        answer.status, list(answer.headers.items()), iter([answer.body])
    )
    return True


def _protocol(thread: int) -> Any:
    frame = sys._current_frames().get(thread)  # noqa: SLF001 - public, but for its name
    while frame is not None:
        found = frame.f_locals.get("proto")
        if hasattr(found, "response_iter"):
            return found
        frame = frame.f_back
    return None


def _answer(environ: dict[str, Any], error: ServiceError) -> Answer:
    request_id = headers.request_id(environ.get("HTTP_REQUEST_ID"))
    body = error.body(request_id)
    answer = Answer(body, error.status, error.headers, PROBLEM_TYPE)
    answer.headers["Content-Length"] = str(len(body) + 1)
    hooks.finish(answer.headers, security_headers.ALWAYS, request_id, None)
    return answer
