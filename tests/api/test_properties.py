"""A property is kept under its client's id, and changed as HTTP has things changed."""

import json
from typing import Any

import pytest
from flask import Flask

from api.app import create_app
from api.schemas import Property, PropertyList
from api.settings import ApiSettings
from model_store.archive.archive import Archive
from tests.api.conftest import (
    Answer,
    Client,
    Finish,
    Headers,
    MakeHeaders,
    assert_problem,
)
from worker.keys import FEED

URL = "/v1/properties/alder-1"


@pytest.fixture
def api_settings(api_settings: ApiSettings, archive: Archive) -> ApiSettings:
    """Return settings of an API with an archive."""
    return api_settings.model_copy(update={"archive_url": archive.database.place})


@pytest.fixture
def put(client: Client, caller: Headers, house: dict[str, Any]) -> Any:
    """Return a function that puts the house, with further fields and headers."""

    def put(url: str = URL, *, key: Headers = caller, **fields: Any) -> Answer:
        return client.put(url, json={"input": house, **fields}, headers=key)

    return put


def test_a_property_is_read_as_it_was_put(
    put: Any, client: Client, caller: Headers, house: dict[str, Any]
) -> None:
    """The first time it is made; the same again changes nothing, its tag neither."""
    made = put(max_age=86400, metadata={"of": "me"})
    read = client.get(URL, headers=caller)
    again = put(max_age=86400, metadata={"of": "me"})
    tag = read.headers["ETag"]
    known = client.get(URL, headers={**caller, "If-None-Match": tag})

    assert (made.status_code, again.status_code, known.status_code) == (201, 200, 304)
    assert made.headers["Location"] == f"https://api.example.org{URL}"
    assert made.data == read.data == again.data
    told = Property.model_validate_json(read.data)
    assert (told.input, told.max_age, told.metadata) == (house, 86400, {"of": "me"})


def test_a_put_has_the_house_valued_at_once(put: Any, settle: Finish) -> None:
    """Once, however often it is sent, until the house is another."""
    put()
    put()
    assert len(settle()) == 1
    put()
    put(metadata={"of": "me"})
    assert settle() == []

    changed = put(input=None)
    assert_problem(changed, 422, "invalid-submission")
    assert settle() == []


def test_another_house_under_the_id_is_valued_anew(
    put: Any, house: dict[str, Any], settle: Finish, archive: Archive
) -> None:
    """And its client's next read shows the price of that."""
    put()
    settle()
    assert put(input={**house, "bedrooms": 7}).status_code == 200
    (job_id,) = settle()

    found = archive.properties.find("acme", "alder-1")
    assert found
    assert found.valuation
    assert found.valuation.source_id == job_id
    assert found.stale_because(champion=None, now_ms=0) == ()


def test_a_house_is_held_against_the_model_as_in_a_submit(
    put: Any, house: dict[str, Any], archive: Archive
) -> None:
    """Each reason is told with its place, and nothing is kept."""
    answer = put(input={**house, "bedrooms": "many"}, max_age=0, version="champion")

    assert_problem(answer, 422, "invalid-submission")
    wrong = {one["pointer"] for one in answer.json["errors"]}
    assert wrong == {"/input/bedrooms", "/max_age", "/version"}
    assert archive.properties.find("acme", "alder-1") is None


@pytest.mark.parametrize("which", [".hidden", "a b", "a%00", "é", "a" * 201])
def test_an_id_that_is_none_is_refused(
    put: Any, client: Client, caller: Headers, which: str
) -> None:
    """By who would make it; for who reads there is no such property."""
    url = f"/v1/properties/{which}"

    assert_problem(put(url), 400, "malformed-parameter")
    for more in ("", "/valuation", "/valuations"):
        assert_problem(client.get(url + more, headers=caller), 404, "unknown-property")
    assert_problem(client.delete(url, headers=caller), 404, "unknown-property")


def test_only_what_is_as_its_client_saw_it_is_changed(
    put: Any, client: Client, caller: Headers
) -> None:
    """If-Match and If-None-Match, of PUT and of DELETE."""
    first = {**caller, "If-None-Match": "*"}
    assert put(key={**caller, "If-Match": "*"}).status_code == 412
    assert put(key=first).status_code == 201
    assert_problem(put(key=first), 412, "precondition-failed")
    seen = {**caller, "If-Match": client.get(URL, headers=caller).headers["ETag"]}

    assert put(key=seen, metadata={"a": "b"}).status_code == 200
    assert_problem(put(key=seen), 412, "precondition-failed")
    assert_problem(client.delete(URL, headers=seen), 412, "precondition-failed")
    seen["If-Match"] = client.get(URL, headers=caller).headers["ETag"]
    assert client.delete(URL, headers=seen).status_code == 204


def test_who_erases_a_property_erases_its_prices(
    put: Any, client: Client, caller: Headers, settle: Finish, archive: Archive
) -> None:
    """Also those that are still in the making; made anew it has none of before."""
    put()
    settle()
    client.get(f"{URL}/valuation?refresh=true", headers=caller)

    assert client.delete(URL, headers=caller).status_code == 204
    settle()

    assert_problem(client.get(URL, headers=caller), 404, "unknown-property")
    assert_problem(client.delete(URL, headers=caller), 404, "unknown-property")
    assert archive.valuations.page("acme", "alder-1", limit=9) == []
    assert put().status_code == 201
    assert len(settle()) == 1


def test_properties_are_listed_with_their_newest_prices(
    put: Any, client: Client, caller: Headers, settle: Finish
) -> None:
    """By their ids, page by page."""
    for which in ("b", "a"):
        put(f"/v1/properties/{which}")
    settle()
    put("/v1/properties/c")

    page = client.get("/v1/properties?limit=2", headers=caller)
    shown = PropertyList.model_validate_json(page.data)
    assert shown.next
    rest = client.get(
        shown.next.removeprefix("https://api.example.org"), headers=caller
    )
    last = PropertyList.model_validate_json(rest.data)

    assert [one.id for one in [*shown.results, *last.results]] == ["a", "b", "c"]
    prices = [one.valuation and one.valuation.price for one in shown.results]
    assert prices == [612000, 612000]
    assert last.results[0].valuation is None
    assert last.next is None
    wrong = client.get("/v1/properties?cursor=x", headers=caller)
    assert_problem(wrong, 400, "malformed-parameter")


def test_a_property_is_its_tenants_alone(
    put: Any, client: Client, bearer: MakeHeaders, house: dict[str, Any]
) -> None:
    """Another's under the same id is another."""
    other = bearer("globex")
    put()

    assert_problem(client.get(URL, headers=other), 404, "unknown-property")
    assert put(key={**other, "If-None-Match": "*"}).status_code == 201
    assert client.delete(URL, headers=other).status_code == 204
    assert put(key={**bearer(), "If-Match": "*"}).status_code == 200
    assert json.loads(client.get("/v1/properties", headers=other).data)["results"] == []


@pytest.mark.usefixtures("nothing_queued")
def test_without_an_archive_there_are_no_properties(
    app: Flask, api_settings: ApiSettings, caller: Headers, house: dict[str, Any]
) -> None:
    """And nothing is queued for one."""
    bare = create_app(api_settings.model_copy(update={"archive_url": None}))
    client = bare.test_client()

    for more in ("", "/valuation", "/valuations"):
        assert_problem(client.get(URL + more, headers=caller), 503, "no-archive")
    answer = client.put(URL, json={"input": house}, headers=caller)
    assert_problem(answer, 503, "no-archive")


def test_an_archive_that_is_away_is_told(
    put: Any, client: Client, caller: Headers, archive: Archive, redis: Any
) -> None:
    """With 503, and when to come again; no job is made for what was not kept."""
    put()
    with archive.database.migrating() as connection:
        connection.exec_driver_sql("ALTER TABLE properties RENAME TO elsewhere")
    waiting = redis.llen("predictions")

    assert_problem(put(), 503, "archive-unavailable")
    assert_problem(client.get(URL, headers=caller), 503, "archive-unavailable")
    assert redis.llen("predictions") == waiting
    assert not redis.exists(FEED)


def test_a_property_is_kept_though_no_job_is_taken(
    put: Any, client: Client, caller: Headers, redis: Any, settle: Finish
) -> None:
    """The next read of its price has it valued."""
    redis.set("kerbside:memory_full", "memory")
    assert put().status_code == 201
    refused = client.get(f"{URL}/valuation", headers=caller)
    assert_problem(refused, 503, "memory-full")

    redis.delete("kerbside:memory_full")
    assert client.get(f"{URL}/valuation", headers=caller).status_code == 202
    assert len(settle()) == 1
