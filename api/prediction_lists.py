"""GET /v1/predictions: a client's predictions, page by page."""

from urllib.parse import urlencode

from flask import request

from api import answers, queries
from api.answers import Answer
from api.call import Call
from api.errors import MalformedParameter
from api.queries import Asked
from worker.jobs import PATH, State
from worker.listing import Cursor, Page, Wanted

#: What a client may ask for -> the states that it means.
STATUSES: dict[str, frozenset[State]] = {
    status: frozenset(state for state in State if state.status == status)
    for status in dict.fromkeys(state.status for state in State)
}

_PARAMETERS = ("limit", "cursor", "status", "created_after", "created_before")
#: First letter of a cursor: which way it leads.
_OLDER, _NEWER = "o", "n"
#: Longest cursor that this service hands out, generously.
_MAX_CURSOR = 200


def page(call: Call) -> Answer:
    """Answer with a page of the caller's predictions, newest first.

    Raises:
        MalformedParameter: A parameter is not known or cannot be read.
    """
    asked = queries.known(request.args, _PARAMETERS, repeated="status")
    limit, (cursor, newer) = queries.limit(asked), _cursor(asked.get("cursor", ""))
    found = call.shared.listing.page(
        call.caller.tenant,
        limit=limit,
        cursor=cursor,
        newer=newer,
        wanted=_wanted(asked),
    )
    return _page(call, found, asked)


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


def _wanted(asked: Asked) -> Wanted:
    statuses = queries.one_of(asked, "status", [*STATUSES])
    states = frozenset().union(*(STATUSES[status] for status in statuses))
    return Wanted(
        states=states or None,
        since_ms=queries.instant_ms(asked, "created_after"),
        before_ms=queries.instant_ms(asked, "created_before"),
    )


def _page(call: Call, page: Page, asked: Asked) -> Answer:
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
