"""Realised sales are taken once, corrected when told anew, and refused as a whole."""

import json
import uuid
from typing import Any

import pytest
from flask import Flask

from api.app import create_app
from api.schemas import Outcome, OutcomeList, RecordedOutcomes
from api.settings import ApiSettings
from model_store.archive.archive import Archive
from tests.api.conftest import (
    Client,
    Headers,
    MakeHeaders,
    Submit,
    assert_problem,
)
from tests.api.outcomes.sales import SALE, wrong
from tests.model_store.archive.rows import HOUSE, a_property, prediction
from tests.patience import wait_until


def test_a_sale_is_taken_once(tell: Any, archive: Archive) -> None:
    """The same again is answered with 200, under the same id, and writes nothing."""
    first, again = tell(SALE), tell(SALE)

    told = RecordedOutcomes.model_validate_json(first.data)
    repeated = RecordedOutcomes.model_validate_json(again.data)
    assert (first.status_code, again.status_code) == (201, 200)
    assert (told.results[0].became, repeated.results[0].became) == ("new", "known")
    assert told.results[0].id == repeated.results[0].id
    assert len(list(archive.outcomes.current())) == 1


def test_a_property_is_told_of_by_its_id(
    tell: Any, client: Client, caller: Headers, archive: Archive
) -> None:
    """Its house is kept as it was then; a near day corrects, in a table too."""
    archive.properties.put([a_property("alder-1"), a_property("b")])
    sale = {"property_id": "alder-1", "price": 612000, "sold_on": "2026-02-27"}

    first = tell(sale)
    table = "property_id,price,sold_on\nalder-1,598000,2026-03-01\nb,1,2026-03-01\n"
    both = tell(table, form="text/csv")
    archive.properties.delete("acme", "b")
    shown = client.get("/v1/outcomes?limit=9", headers=caller)

    told = RecordedOutcomes.model_validate_json(first.data).results[0]
    assert (told.became, told.property_id, told.prediction_id) == (
        "new",
        "alder-1",
        None,
    )
    corrected, other = both.json["results"]
    assert (corrected["id"], corrected["became"]) == (told.id, "correction")
    assert other["became"] == "new"
    page = OutcomeList.model_validate_json(shown.data).results
    assert [one.property_id for one in page] == ["alder-1"] * 2
    assert page[0].input == json.loads(HOUSE)
    url = f"/v1/outcomes/{told.id}"
    assert client.delete(url, headers=caller).status_code == 204
    assert list(archive.outcomes.current()) == []


def test_a_property_that_is_not_there_is_refused(
    tell: Any, archive: Archive, bearer: MakeHeaders
) -> None:
    """Or another tenant's; and what is named twice is told as that."""
    archive.properties.put([a_property("alder-1")])
    sale = {"property_id": "alder-1", "price": 612000, "sold_on": "2026-02-27"}

    assert wrong(tell(sale, key=bearer("globex"))) == [
        ("/property_id", "unknown_property")
    ]
    listed = {"outcomes": [sale, sale | {"property_id": "nothing"}]}
    assert wrong(tell(listed)) == [("/outcomes/1/property_id", "unknown_property")]
    both = tell(SALE | {"property_id": "alder-1"})
    assert wrong(both) == [("", "one_of_expected")]
    assert list(archive.outcomes.current()) == []


def test_a_correction_takes_its_place_and_both_stay_to_be_seen(
    tell: Any, client: Client, caller: Headers
) -> None:
    """Under one id, the newest first."""
    tell(SALE)
    corrected = tell(SALE | {"price": 598000})

    page = client.get("/v1/outcomes?limit=1", headers=caller)
    shown = OutcomeList.model_validate_json(page.data)
    link = shown.next
    assert link is not None
    rest = client.get(link.removeprefix("https://api.example.org"), headers=caller)
    older = OutcomeList.model_validate_json(rest.data)

    assert corrected.status_code == 201
    assert corrected.json["corrections"] == 1
    (new,), (old,) = shown.results, older.results
    assert (new.price, new.superseded_at, old.price) == (598000, None, 612000)
    assert old.superseded_at is not None
    assert old.id == new.id
    assert older.next is None


def test_a_house_is_told_of_as_it_is_submitted(
    tell: Any, archive: Archive, house: dict[str, Any]
) -> None:
    """Whatever the order of its fields, it is the same house."""
    sale = {"input": house, "price": 500000, "sold_on": "2026-02-27"}

    first = tell(sale)
    again = tell(sale | {"input": dict(reversed(list(house.items())))})

    assert (first.status_code, again.status_code) == (201, 200)
    (kept,) = archive.outcomes.current()
    assert json.loads(kept.house or b"") == house
    assert kept.prediction_id is None


def test_a_house_that_is_sold_again_is_no_correction(
    tell: Any, house: dict[str, Any]
) -> None:
    """Told without a prediction, a far day is that of another sale."""
    sale = {"input": house, "price": 500000, "sold_on": "2025-02-27"}

    first = tell(sale)
    resold = tell(sale | {"price": 560000, "sold_on": "2026-01-31"})
    mended = tell(sale | {"price": 555000, "sold_on": "2026-02-02"})

    told = [
        RecordedOutcomes.model_validate_json(one.data).results[0]
        for one in (first, resold, mended)
    ]
    assert [one.became for one in told] == ["new", "new", "correction"]
    assert told[0].id != told[1].id == told[2].id


def test_a_withdrawn_sale_is_gone_until_it_is_told_anew(
    tell: Any, client: Client, caller: Headers, archive: Archive
) -> None:
    """What was erased cannot be read, and another withdrawal changes nothing."""
    url = f"/v1/outcomes/{tell(SALE).json['results'][0]['id']}"
    shown = client.get(url, headers=caller)

    done = [client.delete(url, headers=caller).status_code for _ in range(2)]
    gone = assert_problem(client.get(url, headers=caller), 410, "outcome-withdrawn")

    assert Outcome.model_validate_json(shown.data).price == SALE["price"]
    assert done == [204, 204]
    assert (gone["reason"], gone["data_removed"]) == ("deleted", True)
    assert list(archive.outcomes.current()) == []
    assert client.get("/v1/outcomes", headers=caller).json["results"] == []
    assert tell(SALE).json["new"] == 1
    assert client.get(url, headers=caller).json["price"] == SALE["price"]


def test_a_sale_that_was_not_told_cannot_be_withdrawn(
    tell: Any, client: Client, caller: Headers, bearer: MakeHeaders, archive: Archive
) -> None:
    """Nor can another tenant's, and nobody learns of it."""
    theirs = f"/v1/outcomes/{tell(SALE).json['results'][0]['id']}"
    for url, key in (("/v1/outcomes/x", caller), (theirs, bearer("globex"))):
        for ask in (client.get, client.delete):
            assert_problem(ask(url, headers=key), 404, "unknown-outcome")
    assert len(list(archive.outcomes.current())) == 1


def test_to_withdraw_takes_the_scope_that_tells(
    tell: Any, client: Client, bearer: MakeHeaders
) -> None:
    """Who may only read may not."""
    url = f"/v1/outcomes/{tell(SALE).json['results'][0]['id']}"

    answer = client.delete(url, headers=bearer("acme", "read"))

    assert_problem(answer, 403, "missing-scope")


def test_many_sales_are_one_request(tell: Any, house: dict[str, Any]) -> None:
    """Answered in their order."""
    other = {"input": house, "price": 500000, "sold_on": "2026-02-27"}

    answer = tell({"outcomes": [SALE, other, SALE]})

    told = RecordedOutcomes.model_validate_json(answer.data)
    assert [one.became for one in told.results] == ["new", "new", "known"]
    assert (told.new, told.corrections, told.known) == (2, 0, 1)


def test_another_tenants_prediction_is_not_found(
    tell: Any, bearer: MakeHeaders, submit: Submit
) -> None:
    """Neither one that is archived nor one that is only in Redis."""
    live = submit(key=bearer("globex")).json["id"]
    sales = [SALE, SALE | {"prediction_id": live}]
    sales.append(SALE | {"prediction_id": str(uuid.uuid4())})

    theirs = tell({"outcomes": sales}, key=bearer("initech"))

    assert wrong(theirs) == [
        (f"/outcomes/{at}/prediction_id", "unknown_prediction") for at in range(3)
    ]
    assert tell(sales[1], key=bearer("globex")).status_code == 201


def test_a_prediction_that_is_not_archived_yet_is_judged_once_it_is(
    tell: Any, submit: Submit, archive: Archive, caller: Headers
) -> None:
    """The sale waits for it in the archive."""
    job_id = submit(key=caller).json["id"]

    assert tell(SALE | {"prediction_id": job_id.upper()}).status_code == 201
    assert list(archive.outcomes.scored()) == []

    archive.predictions.upsert([prediction(id=job_id)])
    (scored,) = archive.outcomes.scored()
    assert scored.source_id == job_id


@pytest.mark.usefixtures("read_feed")
def test_a_deleted_prediction_is_not_found(
    tell: Any, submit: Submit, client: Client, caller: Headers
) -> None:
    """Who deleted it wants nothing kept of it."""
    job_id = submit(key=caller).json["id"]
    client.delete(f"/v1/predictions/{job_id}", headers=caller)

    answer = tell(SALE | {"prediction_id": job_id})

    assert wrong(answer) == [("/prediction_id", "unknown_prediction")]


@pytest.mark.parametrize("cursor", ["", "o", "o-1", "n5", "o" + "9" * 19])
def test_a_cursor_of_another_list_is_refused(
    client: Client, caller: Headers, cursor: str
) -> None:
    """It was not handed out here."""
    answer = client.get(f"/v1/outcomes?cursor={cursor}", headers=caller)

    assert_problem(answer, 400, "malformed-parameter")


def test_sales_of_other_tenants_are_not_listed(
    tell: Any, client: Client, bearer: MakeHeaders
) -> None:
    """Each sees its own."""
    tell(SALE)

    answer = client.get("/v1/outcomes", headers=bearer("globex"))

    assert answer.json["results"] == []


def test_without_an_archive_it_is_said_how_to_have_one(
    app: Flask, api_settings: ApiSettings, caller: Headers
) -> None:
    """Sales are kept there and nowhere else."""
    del app
    bare = create_app(api_settings.model_copy(update={"archive_url": None}))

    for ask in (bare.test_client().post, bare.test_client().get):
        answer: Any = ask("/v1/outcomes", json=SALE, headers=caller)
        assert answer.status_code == 503
        assert "KERBSIDE_ARCHIVE_URL" in answer.json["detail"]


def test_while_the_archive_is_away_sales_are_put_off(
    tell: Any, archive: Archive
) -> None:
    """With 503, and can be told again as they were."""
    with archive.database.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE outcomes RENAME TO elsewhere")

    assert_problem(tell(SALE), 503, "archive-unavailable")

    with archive.database.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO outcomes")
    wait_until(lambda: tell(SALE).status_code == 201)
