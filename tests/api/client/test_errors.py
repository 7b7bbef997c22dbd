"""Laws of the errors."""

import pytest

from api.client import (
    ApiError,
    Client,
)
from tests.api.client.script import (
    HOUSE,
    Script,
    refused,
)


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
