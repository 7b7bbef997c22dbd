"""The laws of If-Match and If-None-Match on requests that change something."""

from typing import Any

import pytest
import redis as redis_py

from tests.api.conftest import Client, Finish, Headers, Submit, assert_problem

OWN_ID = "0b5d3a52-5d8a-4c3e-9d5c-1f0e9a8b7c6d"
#: What changes a prediction: method, and what comes after its address.
CHANGES = [("DELETE", ""), ("POST", "/cancel"), ("POST", "/retry")]


@pytest.mark.parametrize(("method", "more"), CHANGES)
@pytest.mark.parametrize("tag", ['"nope"', "W/{}", ""])
def test_nothing_is_changed_that_is_not_as_the_client_last_saw_it(
    submit: Submit, client: Client, caller: Headers, method: str, more: str, tag: str
) -> None:
    """412 by strong comparison, and the prediction is as before."""
    url = f"/v1/predictions/{submit().json['id']}"
    before = client.get(url, headers=caller)
    seen = {**caller, "If-Match": tag.format(before.headers["ETag"])}

    answer = client.open(url + more, method=method, headers=seen)

    assert_problem(answer, 412, "precondition-failed")
    assert client.get(url, headers=caller).data == before.data


@pytest.mark.parametrize("tag", ["{}", '"x", {}', "*"])
def test_what_is_as_the_client_last_saw_it_is_changed(
    submit: Submit, finish: Finish, client: Client, caller: Headers, tag: str
) -> None:
    """The tag of GET, alone or among others, or any."""
    url = f"/v1/predictions/{submit().json['id']}"
    finish()
    etag = client.get(url, headers=caller).headers["ETag"]

    answer = client.delete(url, headers={**caller, "If-Match": tag.format(etag)})

    assert answer.status_code == 204


def test_what_is_unknown_stays_404_whatever_it_should_match(
    client: Client, caller: Headers
) -> None:
    """Preconditions come after all that a request without them would meet."""
    answer = client.delete(
        f"/v1/predictions/{OWN_ID}", headers={**caller, "If-Match": "*"}
    )

    assert_problem(answer, 404, "unknown-prediction")


def test_a_put_may_ask_to_be_the_first(
    client: Client, caller: Headers, house: dict[str, Any], redis: redis_py.Redis
) -> None:
    """If-None-Match: * makes a prediction, and refuses the very same request again."""
    url, first = f"/v1/predictions/{OWN_ID}", {**caller, "If-None-Match": "*"}

    made = client.put(url, json={"input": house}, headers=first)
    again = client.put(url, json={"input": house}, headers=first)

    assert made.status_code == 202
    assert_problem(again, 412, "precondition-failed")
    assert redis.get("kerbside:number:predictions") == b"1"


def test_a_put_may_ask_to_find_something(
    client: Client, caller: Headers, house: dict[str, Any], redis: redis_py.Redis
) -> None:
    """If-Match of what is not there makes nothing."""
    url = f"/v1/predictions/{OWN_ID}"

    answer = client.put(url, json={"input": house}, headers={**caller, "If-Match": "*"})

    assert_problem(answer, 412, "precondition-failed")
    assert not redis.exists("kerbside:number:predictions")


def test_a_put_is_answered_without_a_tag(
    client: Client, caller: Headers, house: dict[str, Any]
) -> None:
    """A tag would say that what was sent is kept as it was sent, RFC 9110 9.3.4."""
    url = f"/v1/predictions/{OWN_ID}"

    answers = [client.put(url, json={"input": house}, headers=caller) for _ in range(2)]

    assert ["ETag" in answer.headers for answer in answers] == [False, False]
