"""GET /v1/predictions: a client's predictions, page by page."""

import contextlib
import re
from datetime import datetime
from urllib.parse import urlencode

from flask import request
from werkzeug.datastructures import MultiDict

from api import answers
from api.answers import Answer
from api.call import Call
from api.errors import MalformedParameter
from worker.jobs import PATH, State
from worker.listing import Cursor, Page, Wanted

#: Predictions a page, at most and when nothing is said.
MAX_LIMIT, DEFAULT_LIMIT = 100, 20
#: What a client may ask for -> the states that it means.
STATUSES: dict[str, frozenset[State]] = {
    status: frozenset(state for state in State if state.status == status)
    for status in dict.fromkeys(state.status for state in State)
}

#: RFC 3339.
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_PARAMETERS = ("limit", "cursor", "status", "created_after", "created_before")
#: First letter of a cursor: which way it leads.
_OLDER, _NEWER = "o", "n"
#: Longest cursor that this service hands out, generously, and longest repeated text.
_MAX_CURSOR, _MAX_TOLD = 200, 64

_Asked = MultiDict[str, str]


def page(call: Call) -> Answer:
    """Answer with a page of the caller's predictions, newest first.

    Raises:
        MalformedParameter: A parameter is not known or cannot be read.
    """
    asked = _known(request.args)
    limit, (cursor, newer) = _limit(asked), _cursor(asked.get("cursor", ""))
    found = call.shared.listing.page(
        call.caller.tenant,
        limit=limit,
        cursor=cursor,
        newer=newer,
        wanted=_wanted(asked),
    )
    return _page(call, found, asked)


def _known(asked: _Asked) -> _Asked:
    """Return the parameters; a filter that is not understood must not be dropped."""
    for name, values in asked.lists():
        if name not in _PARAMETERS:
            raise MalformedParameter(
                f"Unknown parameter {name[:_MAX_TOLD]!r}: this list takes "
                f"{', '.join(_PARAMETERS)}."
            )
        if len(values) > 1 and name != "status":
            raise MalformedParameter(f"{name} is there twice; send it once.")
    return asked


def _limit(asked: _Asked) -> int:
    limit = asked.get("limit", str(DEFAULT_LIMIT))
    if not re.fullmatch(r"[0-9]{1,3}", limit) or not 1 <= int(limit) <= MAX_LIMIT:
        raise MalformedParameter(f"limit must be a whole number, 1 to {MAX_LIMIT}.")
    return int(limit)


def _cursor(text: str) -> tuple[Cursor | None, bool]:
    """Read a cursor as `_page` wrote it: the direction, then the place."""
    if not text:
        return None, False
    try:
        if len(text) <= _MAX_CURSOR and text[0] in (_OLDER, _NEWER):
            return Cursor.decode(text[1:]), text[0] == _NEWER
    except ValueError:
        pass
    raise MalformedParameter(
        "cursor is not one of this list's: follow next or previous as they are."
    )


def _wanted(asked: _Asked) -> Wanted:
    statuses = asked.getlist("status")
    for status in statuses:
        if status not in STATUSES:
            raise MalformedParameter(
                f"status must be one of {', '.join(STATUSES)}; "
                f"got {status[:_MAX_TOLD]!r}."
            )
    states = frozenset().union(*(STATUSES[status] for status in statuses))
    return Wanted(
        states=states or None,
        since_ms=_instant_ms(asked, "created_after"),
        before_ms=_instant_ms(asked, "created_before"),
    )


def _instant_ms(asked: _Asked, name: str) -> int | None:
    text = asked.get(name)
    if text is None:
        return None
    if _INSTANT.fullmatch(text):
        with contextlib.suppress(ValueError, OverflowError):
            return int(datetime.fromisoformat(text.upper()).timestamp() * 1000)
    raise MalformedParameter(
        f"{name} must be a date and time with its offset from UTC, RFC 3339, such as "
        f"2026-01-31T12:00:00Z (write + as %2B); got {text[:_MAX_TOLD]!r}."
    )


def _page(call: Call, page: Page, asked: _Asked) -> Answer:
    public_url = call.shared.settings.public_url
    known = call.environ.get("HTTP_IF_NONE_MATCH")
    around = [pair for pair in asked.items(multi=True) if pair[0] != "cursor"]
    links = {
        relation: f"{public_url}{PATH}?"
        + urlencode([*around, ("cursor", direction + cursor.encode())])
        for relation, direction, cursor in (
            ("next", _OLDER, page.next),
            ("prev", _NEWER, page.previous),
        )
        if cursor is not None
    }
    told = ", ".join(f'<{url}>; rel="{name}"' for name, url in links.items())
    results = b",".join(job.public(public_url) for job in page.jobs)
    beside = answers.dumps({"next": links.get("next"), "previous": links.get("prev")})
    body = b'{"results":[' + results + b"]," + beside[1:]
    return answers.unless_known(body, known, {"Link": told} if links else {})
