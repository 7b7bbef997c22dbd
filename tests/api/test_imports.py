"""POST /v1/properties: many properties at once."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from api.app import create_app
from api.schemas import Batch
from api.settings import ApiSettings
from model_store.archive.archive import Archive
from model_store.store import ModelStore
from tests.api.conftest import Client, Headers, MakeHeaders, assert_problem
from worker import predictors
from worker.batch_files import BatchFiles
from worker.chunks import Chunks
from worker.connection import connect
from worker.keys import BATCHES
from worker.ledger import Ledger
from worker.storing import Storing
from worker.unstored import UnstoredBatches

PATH = "/v1/properties"
NDJSON, CSV = "application/x-ndjson", "text/csv"

Post = Callable[..., Any]
House = dict[str, Any]


@pytest.fixture
def api_settings(
    api_settings: ApiSettings, archive: Archive, tmp_path: Path
) -> ApiSettings:
    """Return settings of an API that takes batches of two, and has an archive."""
    changes = {
        "batch_chunk_rows": 2,
        "batches_url": str(tmp_path / "batches"),
        "archive_url": archive.database.place,
    }
    return api_settings.model_copy(update=changes)


@pytest.fixture
def post(client: Client, caller: Headers) -> Post:
    """Return a function that imports properties."""

    def post(
        body: str, form: str = NDJSON, query: str = "", path: str = PATH, **more: str
    ) -> TestResponse:
        headers = {**caller, **{name.replace("_", "-"): v for name, v in more.items()}}
        url = path + query
        answer: TestResponse = client.post(
            url, data=body, headers=headers, content_type=form
        )
        return answer

    return post


@pytest.fixture
def work(
    book: Ledger, store: ModelStore, archive: Archive, api_settings: ApiSettings
) -> Callable[[], None]:
    """Return a function that prices and stores as workers do."""
    files = BatchFiles(str(api_settings.batches_url))
    chunks = Chunks(files, store, predictors.load)
    client = connect(api_settings.redis_url, role="worker")
    unstored = UnstoredBatches(client, api_settings)
    storing = Storing(unstored, files, store, archive, tell=lambda _: None)

    def work() -> None:
        while leases := book.claim(BATCHES, limit=1, worker="w").leases:
            book.complete(BATCHES, [chunks.price(leases[0], beat=lambda: None)])
        storing.look()

    return work


def lines(house: House, *names: str) -> str:
    """Return JSON lines of houses that are alike."""
    rows = [{"custom_id": name, "input": house} for name in names]
    return "".join(json.dumps(one) + "\n" for one in rows)


def table(house: House, *names: str) -> str:
    """Return the same as a CSV table."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["custom_id", *house])
    writer.writerows([name, *house.values()] for name in names)
    return text.getvalue()


@pytest.mark.parametrize("form", [NDJSON, CSV])
def test_properties_are_taken_at_once_and_stored_once_priced(
    post: Post,
    work: Callable[[], None],
    client: Client,
    caller: Headers,
    house: House,
    archive: Archive,
    form: str,
) -> None:
    """202 with a batch whose counts tell how many are stored."""
    write = lines if form == NDJSON else table
    answer = post(write(house, "a", "b", "c"), form, "?max_age=60")

    assert answer.status_code == 202, answer.data
    batch = Batch.model_validate_json(answer.data)
    assert (batch.purpose, batch.request_counts.stored) == ("properties", 0)
    assert answer.headers["Location"] == batch.urls.get
    work()
    told = client.get(f"/v1/batches/{batch.id}", headers=caller).json
    assert told["request_counts"] == {
        "total": 3,
        "completed": 3,
        "failed": 0,
        "stored": 3,
    }
    found = archive.properties.find("acme", "c")
    assert found is not None
    assert found.property.max_age_s == 60
    assert found.valuation is not None
    assert found.valuation.version == batch.version


def test_a_row_without_an_id_says_what_an_id_is(
    post: Post, work: Callable[[], None], client: Client, caller: Headers, house: House
) -> None:
    """In the errors of the batch, as of any row."""
    bad = json.dumps({"input": house}) + "\n" + lines(house, "a b")
    batch = post(bad + lines(house, "ok")).json
    work()

    answer = client.get(f"/v1/batches/{batch['id']}/errors", headers=caller)

    first, second = [json.loads(line) for line in answer.data.splitlines()]
    assert (first["line"], first["field"]) == (1, "custom_id")
    assert first["detail"].startswith("Missing: expected text that matches")
    assert (second["custom_id"], second["value"]) == ("a b", "a b")
    assert "[A-Za-z0-9" in second["detail"]


def test_a_table_without_ids_is_refused_at_once(post: Post, house: House) -> None:
    """Each of its rows would be."""
    columns, cells = ",".join(house), ",".join(map(str, house.values()))

    answer = post(f"{columns}\n{cells}\n", CSV)

    assert_problem(answer, 422, "invalid-submission")
    (error,) = answer.json["errors"]
    assert (error["pointer"], error["code"]) == ("/custom_id", "missing_column")


@pytest.mark.parametrize(
    ("query", "slug"),
    [
        ("?max_age=0", "invalid-submission"),
        ("?max_age=soon", "malformed-parameter"),
        ("?version=champion", "malformed-parameter"),
    ],
)
def test_what_the_query_says_is_looked_at_first(
    post: Post, house: House, query: str, slug: str
) -> None:
    """A version cannot be chosen: only the champion's price is up to date."""
    answer = post(lines(house, "a"), query=query)

    assert_problem(answer, 422 if slug == "invalid-submission" else 400, slug)


def test_a_repeat_with_its_key_is_no_second_import(post: Post, house: House) -> None:
    """And the same bytes are no batch of predictions under that key."""
    first = post(lines(house, "a"), Idempotency_Key="k")
    again = post(lines(house, "a"), Idempotency_Key="k")
    other = post(lines(house, "a"), path="/v1/batches", Idempotency_Key="k")

    assert again.json["id"] == first.json["id"]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert_problem(other, 422, "idempotency-key-reused")


@pytest.mark.parametrize(
    ("missing", "slug"), [("archive_url", "no-archive"), ("batches_url", "no-batches")]
)
def test_without_a_place_for_them_none_are_taken(
    api_settings: ApiSettings,
    bearer: MakeHeaders,
    house: House,
    missing: str,
    slug: str,
) -> None:
    """Nothing is priced that could not be stored."""
    app = create_app(api_settings.model_copy(update={missing: None}))

    answer = app.test_client().post(
        PATH, data=lines(house, "a"), headers=bearer(tenant="acme"), content_type=NDJSON
    )

    assert_problem(answer, 503, slug)
