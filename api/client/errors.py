"""What calls of the API raise."""

import http.client
from collections.abc import Mapping, Sequence
from typing import Any

from .prediction import Prediction

#: Statuses that ask to come again: of the API, and of what may stand in front of it.
_COME_AGAIN = frozenset({429, 502, 503, 504})
#: Those that may be about the house.
_ABOUT_HOUSES = frozenset({400, 409, 413, 422})


class KerbsideError(Exception):
    """Root of all errors of the service, of the way there and of houses.

    Attributes:
        is_about_house: Whether another house may fare better; if not, service or caller
            are at fault.
        may_pass: Whether the same call may succeed later.
        retry_after_s: Seconds after which the API asks to come again.
        idempotency_key: Of a submit: sent again with this key, a job that was taken is
            not doubled.
        may_be_done: Whether an earlier try, whose answer was lost, may have done what
            was asked.
    """

    is_about_house = False
    may_pass = False
    retry_after_s = 0
    idempotency_key: str | None = None
    may_be_done = False


class UnverifiedWebhook(KerbsideError):
    """A webhook cannot be trusted; the message says why."""


class ApiError(KerbsideError):
    """The API said no; the attributes are those of its problem document, RFC 9457.

    Attributes:
        status: The status code.
        problem: The whole document.
        type: URI of the cause.
        title: The cause in words.
        detail: What happened this time.
        errors: What is wrong and where: each has `pointer`, `detail` and `code`.
        request_id: By which the operator finds the request; None if there is none.
    """

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(status, problem)
        self.status, self.problem = status, problem
        self.type = str(problem.get("type", "about:blank"))
        self.title = str(problem.get("title", http.client.responses.get(status)))
        self.detail = str(problem.get("detail", "this is no answer of Kerbside"))
        self.request_id: str | None = problem.get("request_id")
        self.errors = _objects(problem.get("errors"))
        points = [str(one.get("pointer")) for one in self.errors]
        is_in_house = all(point.startswith("/input") for point in points)
        self.is_about_house = status in _ABOUT_HOUSES and is_in_house
        self.may_pass = status in _COME_AGAIN

    def __str__(self) -> str:
        places = [f"{one.get('pointer')}: {one.get('detail')}" for one in self.errors]
        told = f"{self.title} ({self.status}): {'; '.join(places) or self.detail}"
        return f"{told} [request {self.request_id or 'without id'}]"


class Unreachable(KerbsideError):
    """No answer came; whether a submit was taken is unknown."""

    may_pass = True


class WrongHouse(KerbsideError, ValueError):
    """It cannot be written as JSON, so it was not sent.

    Attributes:
        field: Name of what JSON cannot hold; None if it is no house at all.
    """

    is_about_house = True

    def __init__(self, detail: str, field: str | None = None) -> None:
        super().__init__(detail, field)
        self.detail, self.field = detail, field

    def __str__(self) -> str:
        return self.detail


class NotPriced(KerbsideError):
    """The prediction failed or was canceled.

    Attributes:
        prediction: As it ended.
    """

    is_about_house = True

    def __init__(self, prediction: Prediction) -> None:
        super().__init__(prediction)
        self.prediction = prediction

    def __str__(self) -> str:
        seen = self.prediction
        why = seen.error or seen.raw.get("state_detail")
        return f"Prediction {seen.id} is {seen.status}: {why}"


class NotFinished(NotPriced, TimeoutError):
    """The time is over; `prediction` is as last seen, and can be waited for again."""

    is_about_house = False


class NotAllPriced(KerbsideError):
    """Some of many houses have no price.

    Attributes:
        results: What would have been returned, with an error in place of each price
            that is missing; a table has it in its column `error`.
        errors: Those errors.
    """

    def __init__(self, results: Any, errors: Sequence[KerbsideError]) -> None:
        super().__init__(results, errors)
        self.results, self.errors = results, errors

    def __str__(self) -> str:
        return f"{len(self.errors)} have no price; the first: {self.errors[0]}"


class Interrupted(KeyboardInterrupt):
    """Ctrl-C while many houses were priced.

    Attributes:
        results: What would have been returned, with an `Unreachable` in place of each
            price that is missing.
    """

    def __init__(self, results: Any) -> None:
        super().__init__(results)
        self.results = results


def _objects(told: Any) -> list[Mapping[str, Any]]:
    """Return the objects of a list; another server may send anything as `errors`."""
    listed = told if isinstance(told, list) else []
    return [one for one in listed if isinstance(one, Mapping)]
