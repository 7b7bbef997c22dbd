"""A stored price is answered at once, and made anew once it is stale."""

import json
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import Client as WsgiClient

from api import services
from api.app import create_app
from api.hot_routes import HotRoutes
from api.schemas import Prediction, Valuation, ValuationList
from api.services import Services
from api.settings import ApiSettings
from model_store.archive import tables
from model_store.archive.archive import Archive
from model_store.store import ModelStore
from tests import small_model
from tests.api.conftest import (
    Answer,
    Client,
    Finish,
    Headers,
    MakeHeaders,
    assert_problem,
)
from tests.patience import wait_until
from worker.keys import PREDICTIONS, job_key

URL = "/v1/properties/alder-1"
#: A version that takes the same houses as the champion.
ALIKE = "20160201-00000000"


@pytest.fixture
def api_settings(
    api_settings: ApiSettings, archive: Archive, own_store: ModelStore
) -> ApiSettings:
    """Return settings of an API with an archive, and a store to write to."""
    places = {"archive_url": archive.database.place, "store_url": own_store.url}
    return api_settings.model_copy(update=places)


@pytest.fixture
def put(client: Client, caller: Headers, house: dict[str, Any]) -> Any:
    """Return a function that puts the house, with further fields."""

    def put(**fields: Any) -> Answer:
        return client.put(URL, json={"input": house, **fields}, headers=caller)

    return put


@pytest.fixture
def read(client: Client, caller: Headers) -> Any:
    """Return a function that reads the price, with further headers."""

    def read(query: str = "", *, key: Headers = caller, **headers: str) -> Answer:
        return client.get(f"{URL}/valuation{query}", headers={**key, **headers})

    return read


@pytest.fixture
def valued(put: Any, settle: Finish) -> str:
    """Have the property valued by the champion; return the id of the prediction."""
    put()
    (job_id,) = settle()
    return job_id


def _age(archive: Archive, seconds: int) -> None:
    with archive.database.writing() as connection:
        made = tables.valuations
        earlier = made.c.valued_ms - seconds * 1000
        connection.execute(made.update().values(valued_ms=earlier))


def _promoted(store: ModelStore, **card: Any) -> None:
    files = store.files(store.resolve("champion"))
    store.publish(small_model.changed(files, version=ALIKE, **card))
    store.promote(ALIKE)


def test_a_stored_price_is_answered_at_once(valued: str, read: Any, redis: Any) -> None:
    """With its age, and a tag by which it is known; nothing is queued."""
    first = read()
    known = read(**{"If-None-Match": first.headers["ETag"]})

    told = Valuation.model_validate_json(first.data)
    assert (told.source, told.property, told.output.price) == (
        valued,
        "alder-1",
        612000,
    )
    assert (told.stale, told.stale_because, told.refresh) == (False, [], None)
    assert (known.status_code, known.data) == (304, b"")
    assert known.headers["ETag"] == first.headers["ETag"]
    for answer in (first, known):
        assert int(answer.headers["Age"]) < 60
        assert answer.headers["Cache-Control"] == "private, no-cache"
    made = parsedate_to_datetime(first.headers["Last-Modified"])
    assert made == told.valued_at.replace(microsecond=0)
    assert redis.llen(PREDICTIONS) == 0


def test_what_is_not_valued_yet_is_waited_for(
    put: Any, read: Any, client: Client, caller: Headers, settle: Finish
) -> None:
    """202 leads to the one prediction that values it, which names the property."""
    put()
    answers = [read(), read()]

    places = {one.headers["Location"] for one in answers}
    assert [one.status_code for one in answers] == [202, 202]
    assert all(int(one.headers["Retry-After"]) > 0 for one in answers)
    (place,) = places
    told = client.get(place.removeprefix("https://api.example.org"), headers=caller)
    assert Prediction.model_validate_json(told.data).property == "alder-1"
    assert len(settle()) == 1
    assert read().status_code == 200


def test_a_price_older_than_its_max_age_is_stale_and_made_anew(
    put: Any, valued: str, read: Any, archive: Archive, settle: Finish
) -> None:
    """Beside the answer, which is the old price still."""
    put(max_age=3600)
    assert not read().json["stale"]
    _age(archive, 3601)

    stale = read()
    (job_id,) = settle()
    fresh = read()

    assert (stale.json["stale_because"], stale.json["source"]) == (["max_age"], valued)
    assert int(stale.headers["Age"]) >= 3601
    assert stale.json["refresh"].endswith(f"/v1/predictions/{job_id}")
    assert (fresh.json["stale"], fresh.json["source"]) == (False, job_id)
    assert settle() == []


@pytest.mark.usefixtures("valued")
def test_a_promotion_makes_prices_stale_until_they_are_the_new_champions(
    read: Any, client: Client, caller: Headers, own_store: ModelStore, settle: Finish
) -> None:
    """The history shows both."""
    before = own_store.resolve("champion")
    _promoted(own_store)

    wait_until(lambda: read().json["stale_because"] == ["model"])
    settle()

    assert (read().json["stale"], read().json["version"]) == (False, ALIKE)
    page = client.get(f"{URL}/valuations", headers=caller)
    past = ValuationList.model_validate_json(page.data).results
    assert [one.version for one in past] == [ALIKE, before]
    assert [one.change for one in past] == [0, None]


@pytest.mark.usefixtures("valued")
def test_a_champion_of_another_name_prices_what_it_takes(
    read: Any, own_store: ModelStore, settle: Finish
) -> None:
    """When it is read: nobody has it valued anew before."""
    _promoted(own_store, name="elsewhere")

    wait_until(lambda: read().json["stale_because"] == ["model"])
    settle()

    answer = read().json
    assert (answer["stale"], answer["model"]) == (False, "elsewhere")


def test_a_changed_house_makes_its_price_stale(
    valued: str, read: Any, put: Any, house: dict[str, Any], settle: Finish
) -> None:
    """The one job is that which the change itself has made."""
    put(input={**house, "bedrooms": 7})

    assert read().json["stale_because"] == ["input"]
    assert read().json["source"] == valued
    assert len(settle()) == 1
    assert not read().json["stale"]


@pytest.mark.usefixtures("valued")
def test_a_herd_of_readers_of_a_stale_price_makes_one_job(
    app: Flask, caller: Headers, put: Any, archive: Archive, settle: Finish
) -> None:
    """All are answered with what is stored."""
    put(max_age=1)
    _age(archive, 60)

    def look(_: int) -> Any:
        return app.test_client().get(f"{URL}/valuation", headers=caller)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(look, range(40)))

    assert {one.status_code for one in answers} == {200}
    assert len({one.json["refresh"] for one in answers}) == 1
    assert len(settle()) == 1


def test_reads_are_counted_by_what_they_found(
    put: Any, read: Any, shared: Services, archive: Archive, settle: Finish
) -> None:
    """Beside the request; who asks for a new price reads none."""
    put(max_age=60)
    read()
    settle()
    read()
    read("?refresh=true")
    _age(archive, 600)
    read()

    counts = {"fresh": 1, "stale": 1, "none": 1}
    wait_until(lambda: shared.valuation_reads.counts() == counts)


def test_who_asks_for_a_new_price_gets_one_job_at_a_time(
    valued: str, read: Any, bearer: MakeHeaders, settle: Finish
) -> None:
    """However fresh the stored one is; it takes the right to submit."""
    first, second = read("?refresh=true"), read("?refresh=true")
    (job_id,) = settle()
    third = read("?refresh=true")

    assert job_id != valued
    assert first.headers["Location"] == second.headers["Location"]
    assert first.headers["Location"].endswith(job_id)
    assert (first.status_code, third.status_code) == (202, 202)
    assert not third.headers["Location"].endswith(job_id)
    assert read("?refresh=false").json["source"] == job_id
    refused = read("?refresh=true", key=bearer(scopes="read"))
    assert_problem(refused, 403, "missing-scope")
    assert read(key=bearer(scopes="read")).status_code == 200
    assert_problem(read("?refresh=yes"), 400, "malformed-parameter")


def test_a_refresh_that_fails_does_not_fail_the_read(
    valued: str, put: Any, read: Any, archive: Archive, redis: Any
) -> None:
    """The stored price is answered, as stale as it is."""
    put(max_age=3600)
    _age(archive, 7200)
    redis.set("kerbside:memory_full", "memory")

    answer = read()

    assert (answer.status_code, answer.json["source"]) == (200, valued)
    assert (answer.json["stale_because"], answer.json["refresh"]) == (["max_age"], None)
    assert_problem(read("?refresh=true"), 503, "memory-full")


def test_stored_prices_are_read_while_redis_is_away(
    api_settings: ApiSettings,
    redis: Any,
    put: Any,
    valued: str,
    caller: Headers,
    archive: Archive,
) -> None:
    """By keys that are remembered; a stale one is answered too, and no new one."""
    redis.execute_command("ACL", "SETUSER", "soon", "on", ">gone", "~*", "&*", "+@all")
    place = f"redis://soon:gone@{api_settings.redis_url.rpartition('@')[2]}"
    changes = {"redis_url": place, "key_cache_s": 60}
    app = create_app(api_settings.model_copy(update=changes))
    client: Client = app.test_client()
    put(max_age=3600)
    assert client.get(f"{URL}/valuation", headers=caller).status_code == 200
    redis.execute_command("ACL", "DELUSER", "soon")

    fresh = client.get(f"{URL}/valuation", headers=caller)
    _age(archive, 3601)
    stale = client.get(f"{URL}/valuation", headers=caller)
    asked = client.get(f"{URL}/valuation?refresh=true", headers=caller)

    services.of(app).stop()
    redis.acl_log_reset()
    assert (fresh.status_code, fresh.json["source"]) == (200, valued)
    assert (stale.status_code, stale.json["source"]) == (200, valued)
    assert (stale.json["stale"], stale.json["refresh"]) == (True, None)
    assert_problem(asked, 503, "job-store-unavailable")


def test_a_price_that_could_not_be_made_is_tried_anew_after_a_while(
    put: Any, read: Any, client: Client, caller: Headers, redis: Any, settle: Finish
) -> None:
    """Not with each read; at once for who asks for it."""
    put()
    place = read().headers["Location"].removeprefix("https://api.example.org")
    client.post(f"{place}/cancel", headers=caller)
    assert read().json["status"] == "canceled"

    redis.hset(job_key(place.rpartition("/")[2]), "completed", 1)
    assert read().json["status"] == "starting"
    client.post(f"{place}/cancel", headers=caller)
    again = read("?refresh=true")

    assert (again.json["status"], again.json["id"]) == ("starting", place[-36:])
    assert settle() == [place[-36:]]
    assert read().status_code == 200


def test_an_erased_prediction_does_not_keep_its_property_from_being_valued(
    put: Any, read: Any, client: Client, caller: Headers, settle: Finish
) -> None:
    """Another one takes its place."""
    put()
    place = read().headers["Location"].removeprefix("https://api.example.org")
    client.delete(place, headers=caller)

    answer = read()

    assert answer.status_code == 202
    assert not answer.headers["Location"].endswith(place)
    assert len(settle()) == 1


def test_a_house_that_the_champion_does_not_take_keeps_its_price(
    valued: str, read: Any, own_store: ModelStore, settle: Finish
) -> None:
    """Stale as it is: the new champion asks for another house."""
    own_store.promote("20160101-00000000")

    wait_until(lambda: read().json["stale"])

    answer = read()
    assert (answer.status_code, answer.json["source"]) == (200, valued)
    assert (answer.json["stale_because"], answer.json["refresh"]) == (["model"], None)
    assert_problem(read("?refresh=true"), 422, "invalid-submission")
    assert settle() == []


@pytest.mark.usefixtures("valued")
def test_the_past_is_read_page_by_page(
    read: Any, client: Client, caller: Headers, settle: Finish
) -> None:
    """What each price has changed is told on the page's edge too."""
    for _ in range(2):
        read("?refresh=true")
        settle()

    page = client.get(f"{URL}/valuations?limit=2", headers=caller)
    link = page.json["next"].removeprefix("https://api.example.org")
    rest = client.get(link, headers=caller)

    assert [one["change"] for one in page.json["results"]] == [0, 0]
    assert [one["change"] for one in rest.json["results"]] == [None]
    assert rest.json["next"] is None
    wrong = client.get(f"{URL}/valuations?cursor=o1", headers=caller)
    assert_problem(wrong, 400, "malformed-parameter")
    assert len({json.dumps(one) for one in page.json["results"]}) == 2


@pytest.mark.parametrize(
    ("path", "scope", "more"),
    [
        (URL, "read", {}),
        (URL, "read", {"If-None-Match": "*"}),
        (URL, "read", {"Accept": "text/html"}),
        (URL, "predict", {}),
        ("/v1/properties/nowhere", "read", {}),
        ("/v1/properties/no%20id", "read", {}),
    ],
)
@pytest.mark.usefixtures("valued")
def test_a_read_is_answered_alike_with_flask_and_without(
    path: str,
    scope: str,
    more: Headers,
    app: Flask,
    client: Client,
    bearer: MakeHeaders,
) -> None:
    """The short way is no other service; only the age may have grown meanwhile."""
    assert isinstance(app.wsgi_app, HotRoutes)
    flask = WsgiClient(app.wsgi_app._flask)  # noqa: SLF001 - the other way is its secret
    asked = {**bearer(scopes=scope), **more, "Request-Id": "the-same"}

    first, second = (
        one.get(f"{path}/valuation", headers=asked) for one in (client, flask)
    )

    for answer in (first, second):
        answer.headers.pop("Age", None)
    assert first.status == second.status
    assert dict(first.headers) == dict(second.headers)
    assert first.data == second.data
