"""What goes wrong on the way to a receiver, in a few stable words."""

import ssl
from collections.abc import Iterator
from http.client import HTTPException

from requests.exceptions import (
    InvalidHeader,
    InvalidSchema,
    InvalidURL,
    MissingSchema,
)
from requests_hardened.ip_filter import InvalidIPAddress
from urllib3.exceptions import HTTPError

from worker.webhooks.addresses import RefusedAddress
from worker.webhooks.line import RESPONSE_BYTES, Budget, TooLarge
from worker.webhooks.lookup import NameNotFound

#: Kinds of error by the word for them, the more telling first; what None says is the
#: error's own message.
_WORDS: tuple[tuple[str, tuple[type[BaseException], ...], str | None], ...] = (
    ("refused_address", (RefusedAddress,), None),
    (
        "refused_address",
        (InvalidIPAddress, InvalidSchema, InvalidURL, MissingSchema),
        "expected a public host in a well-formed URL",
    ),
    ("dns", (NameNotFound,), None),
    ("bad_header", (InvalidHeader,), "a header cannot be sent as it is"),
    (
        "response_too_large",
        (TooLarge,),
        f"the receiver's headers hold more than {RESPONSE_BYTES} bytes",
    ),
    ("timeout", (TimeoutError,), None),
    ("tls", (ssl.SSLError,), None),
    (
        "connection_refused",
        (ConnectionRefusedError,),
        "nothing listens at the receiver's address and port",
    ),
    (
        "connection_lost",
        (ConnectionError,),
        "the receiver closed the connection before it answered",
    ),
    ("bad_response", (HTTPException,), "the receiver's answer is not HTTP"),
    ("unreachable", (OSError,), "no way leads to the receiver's address"),
    ("bad_response", (HTTPError,), "the receiver's answer is not HTTP"),
)


def describe(error: BaseException, budget: Budget) -> str:
    """Return `word: what happened` for an attempt that ended without a status.

    The words: refused_address, dns, timeout, tls, connection_refused,
    connection_lost, unreachable, response_too_large, bad_response, bad_header.
    """
    causes = list(_causes(error))
    if budget.is_over and not any(isinstance(one, RefusedAddress) for one in causes):
        causes = [TimeoutError()]
    for word, kinds, text in _WORDS:
        for cause in causes:
            if isinstance(cause, kinds):
                return f"{word}: {text or _own_words(cause, budget)}"
    return "bad_response: the receiver's answer is not HTTP"


def _own_words(cause: BaseException, budget: Budget) -> str:
    if isinstance(cause, TimeoutError):
        return (
            "the receiver did not answer in time"
            if budget.connected
            else "the receiver did not accept the connection in time"
        )
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"the receiver's certificate is not valid: {cause.verify_message}"
    if isinstance(cause, ssl.SSLError):
        return f"no TLS with the receiver: {cause.reason or 'it closed the connection'}"
    return str(cause)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and all that it came from; libraries hide these in four ways."""
    waiting, seen = [error], set[int]()
    while waiting:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        inside = (one.__cause__, one.__context__, getattr(one, "reason", None))
        waiting += [
            cause for cause in (*inside, *one.args) if isinstance(cause, BaseException)
        ]
