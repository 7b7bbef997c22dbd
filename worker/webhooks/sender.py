"""One attempt to deliver a webhook: sent, answered or not, described."""

import re
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.client import HTTPException
from importlib import metadata

import requests
from urllib3.exceptions import HTTPError

from worker.webhook_settings import WebhookSettings
from worker.webhooks import failures, line
from worker.webhooks.addresses import RefusedAddress, check_url

#: Bytes of an answer that the log of deliveries shows.
EXCERPT_BYTES = 1024
#: Seconds that a receiver can ask to be left alone, at most.
LONGEST_RETRY_AFTER_S = 3600.0

_READ_BYTES = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """How one attempt ended."""

    #: The receiver's HTTP status; None when none came.
    status: int | None
    duration_ms: int
    #: Start of the response's body, as text fit to show.
    excerpt: str
    #: `word: what happened`, the word stable (see `failures.describe`, and `redirect`);
    #: None where the status says all.
    error: str | None
    #: Seconds that the receiver asks to be left alone.
    retry_after_s: float | None

    @property
    def succeeded(self) -> bool:
        """Tell whether the receiver took the webhook: with 2xx and nothing else."""
        ok = HTTPStatus.OK, HTTPStatus.MULTIPLE_CHOICES
        return self.status is not None and ok[0] <= self.status < ok[1]

    @property
    def answer(self) -> str:
        """Return how the receiver answered, in one of a few words.

        The class of its status, such as `5xx`; where none came, the word of the error.
        """
        if self.status is not None:
            return f"{self.status // 100}xx"
        return (self.error or "").partition(":")[0]


def _now() -> datetime:
    return datetime.now(UTC)


class Sender:
    """Sends webhooks; any number of threads may share one.

    Args:
        settings: Where webhooks may go, and for how long.
        context: What verifies receivers, made by `line.tls`, which knows the usual
            authorities.
        now: The clock that dates in `Retry-After` are measured by.
    """

    def __init__(
        self,
        settings: WebhookSettings,
        *,
        context: ssl.SSLContext | None = None,
        now: Callable[[], datetime] = _now,
    ) -> None:
        self._settings = settings
        self._context = context or line.tls()
        self._now = now
        self._user_agent = f"Kerbside/{metadata.version('kerbside')} (+webhooks)"

    def send(self, url: str, body: bytes, headers: Mapping[str, str]) -> Attempt:
        """Post a body once and return how that ended, whatever happened.

        The status counts as soon as it is there: of what follows, an excerpt is kept
        as far as it comes within the attempt's time and 64 KiB.
        """
        began = time.monotonic()
        budget = line.Budget(self._settings)
        try:
            check_url(url, self._settings)
            with line.session(budget, self._context, self._user_agent) as session:
                response = session.post(
                    url, data=body, headers=_all_headers(headers), stream=True
                )
                excerpt = _excerpt(response)
        except (
            RefusedAddress,
            HTTPError,
            HTTPException,
            OSError,  # requests' own errors too
        ) as error:
            return Attempt(
                status=None,
                duration_ms=_ms_since(began),
                excerpt="",
                error=failures.describe(error, budget),
                retry_after_s=None,
            )
        return Attempt(
            status=response.status_code,
            duration_ms=_ms_since(began),
            excerpt=excerpt,
            error=_redirect(response.status_code),
            retry_after_s=retry_after_s(
                response.headers.get("Retry-After"), self._now()
            ),
        )


def retry_after_s(header: str | None, now: datetime) -> float | None:
    """Return the seconds that `Retry-After` asks for, at most an hour.

    Args:
        header: Seconds or an HTTP date; None where there is none.
        now: What a date is measured from.
    """
    text = (header or "").strip()
    if re.fullmatch("[0-9]+", text):
        seconds = float(text)
    else:
        try:
            then = parsedate_to_datetime(text)
        except (ValueError, OverflowError):
            return None
        # A date of HTTP is in GMT; one without zone is taken as such.
        then = then.replace(tzinfo=UTC) if then.tzinfo is None else then
        seconds = (then - now).total_seconds()
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER_S)


def _all_headers(headers: Mapping[str, str]) -> dict[str, str]:
    return {
        "Accept": "*/*",
        # What is not packed cannot be a bomb; what is packed all the same stays so.
        "Accept-Encoding": "identity",
        "Connection": "close",
        "Content-Type": "application/json",
        **headers,
    }


def _excerpt(response: requests.Response) -> str:
    """Read what the budget lets through, close, and return the start as text."""
    start = b""
    try:
        while part := response.raw.read1(_READ_BYTES, decode_content=False):
            start += part[: EXCERPT_BYTES - len(start)]
    except (HTTPError, HTTPException, OSError):
        # The receiver has answered by then, and the rest is for reading only.
        pass
    finally:
        response.close()
    text = start.decode(errors="replace")
    return "".join(
        c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}"
        for c in text
    )


def _redirect(status: int) -> str | None:
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return (
            f"redirect: the receiver answered {status}, and no redirect is followed: "
            "give the address that it points to"
        )
    return None


def _ms_since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
