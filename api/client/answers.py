"""What answers say; LookupError or TypeError tells that they are none of Kerbside."""

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit

from .prediction import Prediction

#: What a card tells of each feature, among others.
_FEATURE = {"name", "kind", "required"}


def card(body: Any) -> dict[str, Any]:
    """Return the card of a model version."""
    features = body["schema"]["features"]
    if "version" not in body or not all(one.keys() >= _FEATURE for one in features):
        raise LookupError("no card of a model version")
    return dict(body)


def secret(body: Any) -> str:
    """Return a secret."""
    return str(body["key"])


def outcomes(body: Any) -> Sequence[dict[str, Any]]:
    """Return what became of each sale."""
    results = [dict(one) for one in body["results"]]
    if not all("became" in one for one in results):
        raise LookupError("no sales")
    return results


def page(body: Any) -> tuple[Iterable[Prediction], str]:
    """Return the predictions of a page, and the query of the next one."""
    found = [Prediction.from_json(one) for one in body["results"]]
    # It is asked of the same server, wherever the link leads.
    return found, urlsplit(body["next"] or "").query
