"""Headers of every answer that tell a browser what it may do with it: nothing."""

from collections.abc import Mapping

#: Nobody's page may show an answer, load it or be told where its reader came from.
#: There is no Access-Control-Allow-Origin: scripts of other sites read nothing here.
ALWAYS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
#: For a year only https, where that is how clients are told to come.
_STRICT = {"Strict-Transport-Security": "max-age=31536000"}


def chosen(public_url: str) -> Mapping[str, str]:
    """Return the headers of every answer of a service at an address."""
    return {**ALWAYS, **_STRICT} if public_url.startswith("https://") else ALWAYS
