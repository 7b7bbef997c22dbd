"""Calls of the API, each tried until there is an answer or its time is over."""

import contextlib
import http.client
import random
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Self, TypeVar

from .errors import ApiError, KerbsideError, Unreachable
from .line import Answer, Line

#: Seconds of the first pause between tries, at most; each doubles, up to the longest.
_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 10.0
#: After so many tries the pauses are the longest.
_DOUBLINGS = 7
#: Seconds that the API may hold an answer back until there is a price.
_HOLD_S = 30
#: Seconds that a try may take beyond that: then another connection may fare better.
_ANSWER_S = 10.0
#: Seconds that a held answer needs to arrive in time.
_ARRIVAL_S = 0.5
#: Statuses that do not tell whether the request was served.
_UNSURE = frozenset({502, 504})
#: Status where there are no bytes behind those that came.
_ALL_THERE = http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Call:
    """One request, however often it is sent.

    Attributes:
        method: Of HTTP.
        path: Below the version.
        body: JSON, or what `headers` say; or None. One in parts can be gone through
            again, and has its length in `headers`.
        idempotency_key: All tries of a submit have one: they are one job.
        hold_s: Seconds that the API may hold the answer back until there is a price.
        headers: In place of those of every request.
        answer_s: Seconds that a try may take beyond `hold_s`.
        into: Empty file for the body of the answer, if it is no error; a try goes on
            where the one before broke off.
    """

    method: str
    path: str
    body: str | bytes | Iterable[bytes] | None = None
    idempotency_key: str | None = None
    hold_s: float = 0.0
    headers: Mapping[str, str] = field(default_factory=dict)
    answer_s: float = _ANSWER_S
    into: BinaryIO | None = None


class Calls:
    """Calls of the API at one address with one key.

    Args:
        url: As errors tell it.
        root: Path of what belongs to the version of the API.
        headers: Of every request.
        line: Connections to it.
        on_retry: Is given each error after which a call is tried again.
    """

    def __init__(
        self,
        url: str,
        root: str,
        headers: Mapping[str, str],
        line: Line,
        on_retry: Callable[[KerbsideError], object] | None = None,
    ) -> None:
        self.line, self._on_retry = line, on_retry
        self._url, self._root, self._headers = url, root, headers

    def branch(self) -> Self:
        """Return the same on a line that can be closed by itself."""
        line = self.line.branch()
        return type(self)(self._url, self._root, self._headers, line, self._on_retry)

    def answer(self, call: Call, *, until: float) -> Answer:
        """Try until there is an answer; pauses are random, and longer each time.

        Raises:
            ApiError: The API said no.
            Unreachable: No answer came until then, by `time.monotonic()`.
        """
        tries, may_be_done = 0, False
        while True:
            tries += 1
            try:
                return self._tried(call, until)
            except (ApiError, Unreachable) as error:
                error.idempotency_key = call.idempotency_key
                error.may_be_done = may_be_done
                if not (error.may_pass and self._paused(error, tries, until)):
                    raise
                may_be_done = may_be_done or _is_unsure(error)

    def _tried(self, call: Call, until: float) -> Answer:
        now = time.monotonic()
        hold_s = int(max(0, min(call.hold_s, _HOLD_S, until - now - _ARRIVAL_S)))
        headers = {**self._headers, "Prefer": f"wait={hold_s}", **call.headers}
        if call.idempotency_key is not None:
            headers["Idempotency-Key"] = call.idempotency_key
        if call.into is not None and (there := call.into.tell()):
            headers["Range"] = f"bytes={there}-"
        path, until = self._root + call.path, min(until, now + hold_s + call.answer_s)
        try:
            answer = self.line.ask(
                call.method, path, call.body, headers, until=until, into=call.into
            )
        except (OSError, http.client.HTTPException) as error:
            raise self._unreachable(error) from error
        if "Range" in headers and answer.status == _ALL_THERE:
            # It broke off behind the last byte.
            return answer
        if not http.HTTPStatus.OK <= answer.status < http.HTTPStatus.MULTIPLE_CHOICES:
            refusal = ApiError(answer.status, answer.body)
            refusal.retry_after_s = answer.retry_after_s
            raise refusal
        return answer

    def _unreachable(self, error: Exception) -> Unreachable:
        unreachable = Unreachable(f"{self._url}: {error!r}")
        unreachable.may_pass = not isinstance(error, ssl.SSLCertVerificationError)
        return unreachable

    def _paused(self, error: KerbsideError, tries: int, until: float) -> bool:
        """Pause before the next try; tell whether there is to be one."""
        longest_s = min(_LONGEST_PAUSE_S, _PAUSE_S * 2 ** min(tries, _DOUBLINGS))
        pause_s = max(random.uniform(0, longest_s), error.retry_after_s)  # noqa: S311 -- no secret
        if time.monotonic() + pause_s >= until:
            return False
        if self._on_retry:
            self._on_retry(error)
        return not self.line.closed.wait(pause_s)


def read(form: Callable[[Any], _T], answer: Answer) -> _T:
    """Read an answer.

    Raises:
        ApiError: It has another form, so it is none of Kerbside.
    """
    try:
        return form(answer.body)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise ApiError(answer.status, {}) from error


@contextlib.contextmanager
def done_before(status: int) -> Iterator[None]:
    """Take a refusal for success: an earlier try did it, whose answer was lost."""
    try:
        yield
    except ApiError as error:
        if not (error.may_be_done and error.status == status):
            raise


def _is_unsure(error: ApiError | Unreachable) -> bool:
    return not isinstance(error, ApiError) or error.status in _UNSURE
