"""Lists of the API, which come in pages."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

from .calls import Call, read
from .line import Answer

_T = TypeVar("_T")

#: Elements that the API lists on a page, at most.
_PAGE = 100


def elements(
    ask: Callable[[Call], Answer], path: str, form: Callable[[Any], _T]
) -> Iterator[_T]:
    """Yield the elements of a list; a page is asked for once the one before is used up.

    Args:
        ask: Sends a call.
        path: Of the list.
        form: Makes an element of what the API sends.
    """
    query = urlencode({"limit": _PAGE})
    while query:
        answer = ask(Call("GET", f"{path}?{query}"))
        found = read(lambda body: [form(one) for one in body["results"]], answer)
        # It is asked of the same server, wherever the link leads.
        query = urlsplit(answer.body.get("next") or "").query
        yield from found
