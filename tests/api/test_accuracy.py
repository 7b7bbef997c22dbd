"""The last report on accuracy is served to operators, whole or in part."""

import json

import pytest

from api.schemas import Accuracy
from api.settings import ApiSettings
from model_store.archive.archive import Archive
from model_store.archive.report import ACCURACY
from model_store.card import ModelCard
from model_store.errors import UnknownModel
from model_store.monitoring import report
from model_store.store import ModelStore
from tests.api.conftest import Client, Headers, assert_problem
from tests.model_store.monitoring.sold import sold

URL = "/v1/monitoring/accuracy"


@pytest.fixture
def api_settings(api_settings: ApiSettings, archive: Archive) -> ApiSettings:
    """Return settings of an API with an archive."""
    return api_settings.model_copy(update={"archive_url": archive.database.place})


@pytest.fixture
def reported(archive: Archive, store: ModelStore) -> None:
    """Keep a report on two versions: the champion is 10 % low, the other is not."""
    sold(archive, [0.9] * 60, version=store.resolve("champion"))
    sold(archive, [1.0] * 60, version="right", start=100)

    def card(version: str) -> ModelCard:
        if version == "right":
            raise UnknownModel(version)
        return store.card(version)

    archive.reports.put(ACCURACY, report.make(archive, card), made_ms=1_000)


@pytest.mark.usefixtures("reported")
def test_operators_read_the_report_with_its_time(
    client: Client, operator: Headers
) -> None:
    """By month and of all versions where nothing is said."""
    answer = client.get(URL, headers=operator)

    told = Accuracy.model_validate_json(answer.data)
    assert answer.json["made_at"] == "1970-01-01T00:00:01.000Z"
    assert [(row.version is None, row.n) for row in told.rows] == [
        (True, 120),
        (False, 60),
        (False, 60),
    ]
    states = {one.version: one.state for one in told.versions}
    assert states.pop("right") == "ok"
    assert list(states.values()) == ["degraded"]


@pytest.mark.usefixtures("reported")
def test_rows_are_chosen(client: Client, operator: Headers) -> None:
    """By the length of their period, by version or alias, by segment."""
    query = "?by=week&version=champion&segment=zipcode"

    rows = Accuracy.model_validate_json(client.get(URL + query, headers=operator).data)

    assert [(str(row.start), row.group, row.n) for row in rows.rows] == [
        ("2026-03-02", "98103", 28),
        ("2026-03-09", "98103", 28),
    ]


@pytest.mark.usefixtures("reported")
def test_who_has_the_report_is_told_so(client: Client, operator: Headers) -> None:
    """By its ETag."""
    etag = client.get(URL, headers=operator).headers["ETag"]

    again = client.get(URL, headers=operator | {"If-None-Match": etag})

    assert again.status_code == 304


@pytest.mark.usefixtures("reported")
@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("by=day", "month, week"),
        ("segment=zip", "price_quintile, zipcode"),
        ("since=2026", "by, version, segment"),
    ],
)
def test_what_cannot_be_chosen_is_told_with_what_can(
    client: Client, operator: Headers, query: str, word: str
) -> None:
    """So that a typo is not taken for an empty report."""
    answer = client.get(f"{URL}?{query}", headers=operator)

    assert_problem(answer, 400, "malformed-parameter")
    assert word in answer.json["detail"]


def test_before_the_first_report_there_is_an_empty_one(
    client: Client, operator: Headers
) -> None:
    """With no time."""
    answer = client.get(URL, headers=operator)

    told = Accuracy.model_validate(json.loads(answer.data))
    assert (told.made_at, told.sales, told.rows) == (None, 0, [])


def test_tenants_do_not_read_it(client: Client, caller: Headers) -> None:
    """It tells of the sales of all of them."""
    assert_problem(client.get(URL, headers=caller), 403, "missing-scope")
