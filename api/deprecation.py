"""Routes that are to end: who calls one learns it from each answer, in time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Any, TypeVar

_View = TypeVar("_View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Deprecation:
    """What is to be said of a route that is to end; times are in UTC."""

    #: Since when nobody should begin to use it.
    since: datetime
    #: When it stops answering; None while that is open.
    sunset: datetime | None = None
    #: URL, or path of this service, of what says what to use instead.
    more: str

    def headers(self) -> dict[str, str]:
        """Return the headers of its answers: RFC 9745, RFC 8594, RFC 8288."""
        told = {
            "Deprecation": f"@{self.since.timestamp():.0f}",
            "Link": f'<{self.more}>; rel="deprecation"; type="text/html"',
        }
        if self.sunset is not None:
            told["Sunset"] = format_datetime(self.sunset, usegmt=True)
        return told


def deprecated(told: Deprecation) -> Callable[[_View], _View]:
    """Mark a view: every answer of its route, errors too, says that it is to end."""

    def mark(view: _View) -> _View:
        view.deprecation = told  # type: ignore[attr-defined]
        return view

    return mark


def told_of(view: Any) -> Deprecation | None:
    """Return what is said of a view; None while it is to stay."""
    return getattr(view, "deprecation", None)
