"""A page of a list, and the links that lead on from it."""

from urllib.parse import urlencode

from api import answers
from api.answers import Answer
from api.call import Call
from api.errors import MalformedParameter
from api.queries import Asked

#: First letter of what a cursor says: which way it leads.
OLDER, NEWER = "o", "n"
#: Longest cursor that this service hands out, generously.
MAX_CURSOR = 200


def unknown_cursor() -> MalformedParameter:
    """Return the refusal of a cursor that this service has not handed out."""
    return MalformedParameter(
        "cursor is not one of this list's: follow next or previous as they are."
    )


def answer(
    call: Call,
    path: str,
    asked: Asked,
    results: bytes,
    *,
    older: str | None,
    newer: str | None,
) -> Answer:
    """Return a page, newest first, with its links in the body and in `Link`.

    Args:
        call: The request.
        path: That of the list.
        asked: What was asked for; the links ask for the same.
        results: What the page shows, as JSON, comma by comma.
        older: Cursor of the page after this one, if there is one.
        newer: Cursor of the page before it.
    """
    base = call.shared.settings.public_url + path
    around = [pair for pair in asked.items(multi=True) if pair[0] != "cursor"]
    links = {
        relation: f"{base}?{urlencode([*around, ('cursor', cursor)])}"
        for relation, cursor in (("next", older), ("prev", newer))
        if cursor is not None
    }
    told = ", ".join(f'<{url}>; rel="{name}"' for name, url in links.items())
    beside = answers.dumps({"next": links.get("next"), "previous": links.get("prev")})
    return answers.unless_known(
        b'{"results":[' + results + b"]," + beside[1:],
        call.environ.get("HTTP_IF_NONE_MATCH"),
        {"Link": told} if links else {},
    )
