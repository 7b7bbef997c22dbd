"""The laws of a list of predictions."""

import pytest

from api.schemas import PredictionList
from tests.api.conftest import (
    Client,
    Finish,
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
        "state=failed",
        "status=",
        "status=failed,canceled",
        "status=aborted",
        "limit=1&limit=2",
        "created_after=yesterday",
        "created_after=2026-01-31",
        "created_after=2026-01-31T12:00:00",
        "created_after=20260131",
        "created_before=2026-01-31T12:00:00 01:00",
        "created_before=9999-99-99T00:00:00Z",
        "created_before=2026-W48-3T00:00:00Z",
    ],
)
def test_a_list_parameter_that_cannot_be_read_is_400(
    client: Client, caller: Headers, query: str
) -> None:
    """A filter that is not understood must not answer with everything."""
    answer = client.get(f"/v1/predictions?{query}", headers=caller)

    assert_problem(answer, 400, "malformed-parameter")


def test_a_list_can_be_narrowed_and_its_links_stay_narrow(
    submit: Submit, finish: Finish, client: Client, caller: Headers
) -> None:
    """Several statuses add up; following next keeps to them."""
    finished = [submit().json["id"] for _ in range(2)]
    finish()
    canceled = [submit().json["id"] for _ in range(2)]
    for one in canceled:
        client.post(f"/v1/predictions/{one}/cancel", headers=caller)
    submit()
    url: str | None = (
        "/v1/predictions?status=succeeded&status=canceled&limit=3"
        "&created_after=2020-01-01T00:00:00Z&created_before=2999-01-01T00:00:00%2B01:00"
    )

    seen = []
    while url:
        page = client.get(_path(url), headers=caller).json
        seen += [one["id"] for one in page["results"]]
        url = page["next"]

    assert sorted(seen) == sorted([*finished, *canceled])


def test_a_list_of_a_time_begins_with_it_and_ends_before_it(
    submit: Submit, client: Client, caller: Headers
) -> None:
    """Two lists side by side hold each prediction once."""
    job = submit().json
    at = {"query_string": {"created_after": job["created_at"]}, "headers": caller}
    before = {"query_string": {"created_before": job["created_at"]}, "headers": caller}

    assert [one["id"] for one in client.get("/v1/predictions", **at).json["results"]]
    assert client.get("/v1/predictions", **before).json["results"] == []


@pytest.mark.parametrize(
    "text",
    ["2020-01-01t00:00:00z", "2020-01-01 00:00:00.5Z", "2020-01-01T00:00:00-00:00"],
)
def test_a_time_is_written_as_rfc_3339_allows(
    client: Client, caller: Headers, text: str
) -> None:
    """In small letters, with a blank, with fractions."""
    asked = {"created_after": text}

    answer = client.get("/v1/predictions", query_string=asked, headers=caller)

    assert answer.status_code == 200


def test_a_list_that_the_client_has_is_not_sent_again(
    submit: Submit, client: Client, caller: Headers
) -> None:
    """Its tag changes with whatever it shows."""
    first = client.get("/v1/predictions", headers=caller)
    known = {**caller, "If-None-Match": first.headers["ETag"]}

    same = client.get("/v1/predictions", headers=known)
    submit()
    changed = client.get("/v1/predictions", headers=known)

    assert (same.status_code, same.data, changed.status_code) == (304, b"", 200)


def _path(url: str) -> str:
    return url.removeprefix("https://api.example.org")
