"""GET /v1/predictions: a client's predictions, page by page."""

from flask import request

from api import paging, queries
from api.answers import Answer
from api.call import Call
from api.queries import Asked
from worker.jobs import PATH, State
from worker.listing import Cursor, Wanted

#: What a client may ask for -> the states that it means.
STATUSES: dict[str, frozenset[State]] = {
    status: frozenset(state for state in State if state.status == status)
    for status in dict.fromkeys(state.status for state in State)
}

_PARAMETERS = ("limit", "cursor", "status", "created_after", "created_before")


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
    public_url = call.shared.settings.public_url
    return paging.answer(
        call,
        PATH,
        asked,
        b",".join(job.public(public_url) for job in found.jobs),
        older=paging.OLDER + found.next.encode() if found.next else None,
        newer=paging.NEWER + found.previous.encode() if found.previous else None,
    )


def _cursor(text: str) -> tuple[Cursor | None, bool]:
    """Read a cursor as `page` wrote it: the direction, then the place."""
    if not text:
        return None, False
    try:
        if len(text) <= paging.MAX_CURSOR and text[0] in (paging.OLDER, paging.NEWER):
            return Cursor.decode(text[1:]), text[0] == paging.NEWER
    except ValueError:
        pass
    raise paging.unknown_cursor()


def _wanted(asked: Asked) -> Wanted:
    statuses = queries.one_of(asked, "status", [*STATUSES])
    states = frozenset().union(*(STATUSES[status] for status in statuses))
    return Wanted(
        states=states or None,
        since_ms=queries.instant_ms(asked, "created_after"),
        before_ms=queries.instant_ms(asked, "created_before"),
    )
