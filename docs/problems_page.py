"""The page of problem types: each cause of an error, from `api/errors.py`."""

from collections.abc import Iterator
from http import HTTPStatus

from api.errors import ServiceError
from docs.markdown import sentences
from docs.remedies import REMEDIES

_OPENING = """\
# Problem types

Every error is a problem document, RFC 9457, of the media type `application/problem+json`.
Its `type` names one cause, and each cause has one type.
This page is made from the code: `make docs` writes it.
"""


def render() -> str:
    """Return the page in Markdown."""
    return _OPENING + "".join(map(_section, problems()))


def problems(root: type[ServiceError] = ServiceError) -> Iterator[type[ServiceError]]:
    """Yield every cause, the more general one first."""
    yield root
    # Those of a module as they stand there; which was imported first is chance.
    for child in sorted(root.__subclasses__(), key=lambda cause: cause.__module__):
        yield from problems(child)


def _section(cause: type[ServiceError]) -> str:
    remedy = REMEDIES.get(cause.slug)
    if remedy is None:
        raise LookupError(f"docs/remedies.py says nothing of {cause.slug}")
    phrase = HTTPStatus(cause.status).phrase
    return (
        f"\n## {cause.slug}\n\n"
        f"`{cause.type_uri()}`, status {cause.status} ({phrase}), "
        f"title “{cause.title}”.\n\n"
        f"**What happened.** {sentences(cause.__doc__ or '')}\n\n"
        f"**What to do.** {sentences(remedy)}\n"
    )
