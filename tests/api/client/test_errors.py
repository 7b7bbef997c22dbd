"""Laws of the errors."""

import copy
import pickle  # noqa: TID251 -- of our own objects, as a pool of processes does

import pytest

from api.client import (
    ApiError,
    Client,
    Interrupted,
    KerbsideError,
    NotAllPriced,
    NotFinished,
    NotPriced,
    Prediction,
    Unreachable,
    WrongHouse,
)
from tests.api.client.script import HOUSE, Script, prediction, refused

FAILED = Prediction.from_json(prediction("failed", error="The model raised."))
REFUSED = ApiError(422, {"title": "Not valid", "errors": [{"pointer": "/input/a"}]})
ERRORS = [
    REFUSED,
    Unreachable("http://prices: gone"),
    WrongHouse("a house maps features to values", "bedrooms"),
    NotPriced(FAILED),
    NotFinished(FAILED),
    NotAllPriced([FAILED, REFUSED], [REFUSED]),
]


def test_a_problem_is_told_with_its_pointers(server: Script, client: Client) -> None:
    """Each member of the document is an attribute; the message says what is where."""
    server.replies = [refused("/input/bedroms")]

    with pytest.raises(ApiError) as told:
        client.submit(HOUSE)

    problem = told.value
    assert (problem.status, problem.title, problem.detail) == (422, "Not valid", "no")
    assert problem.type == "urn:kerbside:problem:invalid-submission"
    assert problem.errors[0]["code"] == "unknown_field"
    assert problem.is_about_house
    assert "/input/bedroms: Unknown field" in str(problem)
    assert "r1" in str(problem)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_passes_between_processes(error: KerbsideError) -> None:
    """A pool of processes hands it on with its message and its attributes."""
    error.idempotency_key = "k1"

    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):  # noqa: S301 -- our own bytes
        assert type(twin) is type(error)
        assert str(twin) == str(error)
        assert repr(vars(twin)) == repr(vars(error))


def test_an_interruption_passes_between_processes() -> None:
    """What was done is not lost on the way."""
    twin = pickle.loads(pickle.dumps(Interrupted([FAILED])))  # noqa: S301 -- our own bytes

    assert twin.results == [FAILED]


@pytest.mark.parametrize("errors", ["text", {"a": 1}, ["text"], 5, None])
def test_a_foreign_problem_is_told_all_the_same(errors: object) -> None:
    """What another server calls `errors` is no list of ours."""
    error = ApiError(500, {"title": "Oops", "detail": "broken", "errors": errors})

    assert str(error).startswith("Oops (500): broken")
