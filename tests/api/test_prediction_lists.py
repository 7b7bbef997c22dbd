"""The laws of a list of predictions."""

import pytest

from api.schemas import PredictionList
from tests.api.conftest import (
    Client,
    Headers,
    Submit,
    assert_problem,
)


def test_lists_are_paged_newest_first_both_ways(
    submit: Submit, client: Client, caller: Headers
) -> None:
    """Following next and then previous walks the same pages back."""
    jobs = [submit().json for _ in range(5)]
    # Within a millisecond the id decides.
    jobs.sort(key=lambda job: (job["created_at"], job["id"]), reverse=True)
    ids = [job["id"] for job in jobs]
    first = client.get("/v1/predictions?limit=2", headers=caller)
    second = client.get(_path(first.json["next"]), headers=caller)
    third = client.get(_path(second.json["next"]), headers=caller)
    back = client.get(_path(third.json["previous"]), headers=caller)

    pages = [PredictionList.model_validate_json(a.data) for a in (first, second, third)]
    assert [[job.id for job in page.results] for page in pages] == [
        ids[:2],
        ids[2:4],
        ids[4:],
    ]
    assert [job["id"] for job in back.json["results"]] == ids[2:4]
    assert first.json["previous"] is None
    assert third.json["next"] is None
    assert second.headers["Link"] == (
        f'<{second.json["next"]}>; rel="next", <{second.json["previous"]}>; rel="prev"'
    )
    assert "Link" not in client.get("/v1/predictions", headers=caller).headers


def test_an_empty_list_is_a_list(client: Client, caller: Headers) -> None:
    """Nothing yet is no error."""
    answer = client.get("/v1/predictions", headers=caller)

    assert answer.json == {"results": [], "next": None, "previous": None}


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=101",
        "limit=ten",
        "limit=",
        "cursor=x",
        "cursor=oAAAA",
        "cursor=o%00",
        "cursor=" + "o" * 500,
        "status=failed",
    ],
)
def test_a_list_parameter_that_cannot_be_read_is_400(
    client: Client, caller: Headers, query: str
) -> None:
    """A filter that is not understood must not answer with everything."""
    answer = client.get(f"/v1/predictions?{query}", headers=caller)

    assert_problem(answer, 400, "malformed-parameter")


def _path(url: str) -> str:
    return url.removeprefix("https://api.example.org")
