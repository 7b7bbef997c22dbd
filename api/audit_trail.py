"""What operators do over HTTP is written down, whatever comes of it."""

from datetime import UTC, datetime
from typing import Any

import redis
from flask import Flask, current_app, g, request

from api import documented_path
from api.call import Call
from model_store import logs
from model_store.aliases import Change
from worker.audit import Action, Outcome

#: Methods that change nothing, RFC 9110.
_SAFE = {"GET", "HEAD", "OPTIONS", "TRACE"}
#: Statuses of what was refused, and of what failed.
_REFUSED, _FAILED = 400, 500
#: Characters of an id that are written down, at most.
_MAX_ID = 64

_log = logs.logger(__name__)


def actor(call: Call) -> str:
    """Return under which name the caller is written down."""
    return f"key:{call.caller.key_id}"


def about(*targets: str) -> None:
    """Say what the action in hand is about.

    Nothing of a path or body is written down by itself: an operator may have pasted a
    secret where an id belongs.

    Args:
        targets: Ids, of which the view has found that they are formed as such.
    """
    g.audit_targets = tuple(one[:_MAX_ID] for one in targets)


def is_of(change: Change) -> None:
    """Say which change of the aliases was the action in hand: it is told as that.

    Args:
        change: As their file tells of it.
    """
    g.audit_change = change


def nothing_done() -> None:
    """Say that the request in hand only asked what would be done."""
    g.audit_spared = True


def note(view: Any, status: int) -> None:
    """Write down the request in hand if it was an action of an operator.

    That is whatever is done by a route that needs the scope `operate` and does more
    than read. It has happened: that it cannot be written down changes no answer.

    Args:
        view: The view of its route; None where it has none.
        status: HTTP status of its answer.
    """
    call: Call | None = g.get("call")
    if call is None or request.method in _SAFE or "operate" not in view.scopes:
        return
    if g.get("audit_spared", False):
        return
    action = _action(call, status)
    # An action is worth its line in a log of any level.
    _log.warning("audit", **action.told())
    try:
        call.shared.audit.keep(action)
    except redis.RedisError as error:
        _log.error("audit_not_kept", error=type(error).__name__)


def _action(call: Call, status: int) -> Action:
    if change := g.get("audit_change"):
        return Action.of(change)
    return Action(
        time=datetime.now(UTC),
        actor=actor(call),
        operation=_operation_id(current_app),
        targets=g.get("audit_targets", ()),
        request_id=g.request_id,
        outcome=_outcome(status),
    )


def _outcome(status: int) -> Outcome:
    if status < _REFUSED:
        return "done"
    return "refused" if status < _FAILED else "failed"


def _operation_id(app: Flask) -> str:
    """Return the name that the OpenAPI document has for the route in hand."""
    described: Any = app
    path = documented_path.of(request.url_rule)
    found: str = described.api_doc["paths"][path][request.method.lower()]["operationId"]
    return found
