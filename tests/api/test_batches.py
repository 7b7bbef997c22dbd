"""/v1/batches: submit, follow, read prices and errors, cancel, delete."""

import csv
import io
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import redis as redis_py
from werkzeug.test import TestResponse

from api.app import create_app
from api.settings import ApiSettings
from model_store.store import ModelStore
from tests.api.conftest import Client, Headers, MakeHeaders, assert_problem
from worker import predictors
from worker.batch_files import BatchFiles
from worker.chunks import Chunks
from worker.keys import BATCHES, batch_key, job_key
from worker.ledger import Ledger
from worker.totals import Totals

PATH = "/v1/batches"
NDJSON, CSV, JSON = "application/x-ndjson", "text/csv", "application/json"

Post = Callable[..., Any]
Work = Callable[..., int]
House = dict[str, Any]


@pytest.fixture
def api_settings(api_settings: ApiSettings, tmp_path: Path) -> ApiSettings:
    """Return settings of an API that takes batches, in chunks of two."""
    limits = {"batch_rows": 6, "batch_bytes": 8192, "batch_chunk_rows": 2}
    folder = {"batches_url": str(tmp_path / "batches")}
    return api_settings.model_copy(update=limits | folder)


@pytest.fixture
def post(client: Client, caller: Headers) -> Post:
    """Return a function that submits a batch."""

    def post(
        body: bytes | str, form: str = NDJSON, query: str = "", **more: str
    ) -> TestResponse:
        headers = {**caller, **{name.replace("_", "-"): v for name, v in more.items()}}
        answer: TestResponse = client.post(
            PATH + query, data=body, headers=headers, content_type=form
        )
        return answer

    return post


@pytest.fixture
def get(client: Client, caller: Headers) -> Callable[..., Any]:
    """Return a function that reads something of a batch."""

    def get(batch: Any, what: str = "", accept: str = "*/*") -> Any:
        url = f"{PATH}/{batch['id']}{what}"
        return client.get(url, headers={**caller, "Accept": accept})

    return get


@pytest.fixture
def work(book: Ledger, store: ModelStore, api_settings: ApiSettings) -> Work:
    """Return a function that prices chunks as a worker does; it tells how many."""
    files = BatchFiles(str(api_settings.batches_url))
    chunks = Chunks(files, store, predictors.load)

    def work(most: int = 100) -> int:
        for done in range(most):
            claim = book.claim(BATCHES, limit=1, worker="w")
            if not claim.leases:
                return done
            (lease,) = claim.leases
            book.complete(BATCHES, [chunks.price(lease, beat=lambda: None)])
        return most

    return work


def rows(house: House, number: int, **changes: Any) -> list[dict[str, Any]]:
    """Return rows that are alike but for their names."""
    return [
        {"custom_id": f"row-{one}", "input": {**house, **changes}}
        for one in range(1, number + 1)
    ]


def lines(*documents: Any) -> str:
    """Return JSON lines."""
    return "".join(json.dumps(one) + "\n" for one in documents)


def table(house: House, *names: str, **changes: Any) -> str:
    """Return a CSV table of houses that are alike but for their names."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["custom_id", *house])
    writer.writerows([name, *(house | changes).values()] for name in names)
    return text.getvalue()


def read(answer: Any) -> list[dict[str, Any]]:
    """Return the documents of JSON lines."""
    assert answer.status_code == 200, answer.data
    assert answer.content_type == NDJSON
    return [json.loads(line) for line in answer.data.splitlines()]


def files_of(settings: ApiSettings) -> list[str]:
    """Return the folders of batches that there are."""
    return BatchFiles(str(settings.batches_url)).ids()


def test_a_batch_is_taken_at_once_and_priced_chunk_by_chunk(
    post: Post, get: Any, work: Work, house: House
) -> None:
    """202 with a place to ask; counts grow with each chunk, and the end has a time."""
    answer = post(lines(*rows(house, 5)))

    assert answer.status_code == 202, answer.data
    batch = answer.json
    assert answer.headers["Location"] == batch["urls"]["get"]
    assert batch["request_counts"] == {"total": 5, "completed": 0, "failed": 0}
    assert (batch["status"], batch["expires_at"]) == ("queued", None)
    work(1)
    half = get(batch)
    assert half.json["status"] == "in_progress"
    assert half.json["request_counts"]["completed"] == 2
    assert half.headers["Retry-After"]
    assert work() == 2
    done = get(batch)
    assert done.json["status"] == "completed"
    assert done.json["request_counts"] == {"total": 5, "completed": 5, "failed": 0}
    assert done.json["completed_at"] < done.json["expires_at"]
    assert "Retry-After" not in done.headers


def test_prices_come_in_the_order_of_rows_while_it_runs_too(
    post: Post, get: Any, work: Work, house: House
) -> None:
    """What has been priced can be read before the rest has."""
    batch = post(lines(*rows(house, 5))).json
    work(1)

    part = read(get(batch, "/results"))
    work()
    whole = read(get(batch, "/results"))

    assert [one["custom_id"] for one in part] == ["row-1", "row-2"]
    assert whole[:2] == part
    assert [one["line"] for one in whole] == [1, 2, 3, 4, 5]
    assert whole[4]["output"]["price"] > 0
    assert whole[4]["output"]["model"]["alias"] == "champion"


@pytest.mark.parametrize("form", ["lines", "list", "table", "semicolons", "marked"])
def test_all_forms_of_a_batch_give_the_same_prices(
    post: Post, get: Any, work: Work, house: House, form: str
) -> None:
    """JSON lines, a JSON list and tables as spreadsheets write them."""
    wanted = rows(house, 3)
    as_table = table(house, "row-1", "row-2", "row-3")
    bodies = {
        "lines": (lines(*wanted), NDJSON),
        "list": (json.dumps(wanted, indent=2), JSON),
        "table": (as_table, CSV),
        "semicolons": (as_table.replace(",", ";"), CSV + "; charset=UTF-8"),
        "marked": (("\ufeff" + as_table).encode(), CSV),
    }
    batch = post(*bodies[form]).json
    work()

    found = read(get(batch, "/results"))

    assert [one["custom_id"] for one in found] == ["row-1", "row-2", "row-3"]
    assert len({json.dumps(one["output"]) for one in found}) == 1
    assert found[0]["output"]["price"] > 0


def test_a_bad_row_tells_its_line_field_value_and_what_was_expected(
    post: Post, get: Any, work: Work, house: House
) -> None:
    """It stops no other."""
    good, bad = rows(house, 2)
    bad["input"]["bedrooms"] = "many"
    odd = {"custom_id": "odd", "input": {**house, "sqft_livin": 1}}
    batch = post(lines(good, bad) + "\n{no json\n" + lines(odd, [1])).json
    work()

    found = read(get(batch, "/errors"))
    prices = read(get(batch, "/results"))

    assert [one["custom_id"] for one in prices] == ["row-1"]
    assert get(batch).json["request_counts"]["failed"] == 4
    first = found[0]
    assert (first["line"], first["custom_id"]) == (2, "row-2")
    assert (first["field"], first["value"]) == ("bedrooms", "many")
    assert "whole number" in first["detail"]
    assert [one["line"] for one in found] == [2, 4, 5, 6]
    assert [one["code"] for one in found[1:]] == [
        "malformed_row",
        "unknown_field",
        "object_expected",
    ]
    assert "sqft_living" in found[2]["detail"]


def test_a_row_of_a_table_may_have_too_few_cells(
    post: Post, get: Any, work: Work, house: House
) -> None:
    """Its line number is that of the body, after rows that take several."""
    text = table(house, "first\nname", "b").replace("first\nname", "two words")
    batch = post(text + "c,1,2\n", CSV).json
    work()

    (error,) = read(get(batch, "/errors"))

    assert (error["line"], error["code"]) == (4, "cells_expected")
    assert "got 3" in error["detail"]


def test_a_table_of_results_runs_nothing_in_a_spreadsheet(
    post: Post, get: Any, work: Work, house: House
) -> None:
    """What begins like a formula is led by a quote; figures are left as they are."""
    bad = rows(house, 1, bedrooms=-1)[0] | {"custom_id": "@SUM(A1)"}
    good = rows(house, 1)[0] | {"custom_id": '=HYPERLINK("x")'}
    batch = post(lines(good, bad)).json
    work()

    prices = get(batch, "/results", CSV)
    errors = get(batch, "/errors", "text/csv, application/json;q=0.5")

    (row,) = csv.DictReader(io.StringIO(prices.text))
    assert row["custom_id"] == '\'=HYPERLINK("x")'
    assert float(row["low"]) < float(row["price"]) < float(row["high"])
    (row,) = csv.DictReader(io.StringIO(errors.text))
    assert (row["custom_id"], row["value"]) == ("'@SUM(A1)", "-1")


@pytest.mark.parametrize(
    ("form", "body", "told"),
    [
        (NDJSON, b"", "no rows"),
        (NDJSON, b"\n \n", "no rows"),
        (CSV, b"", "empty"),
        (CSV, "id".encode("utf-16"), "UTF-16"),
        (JSON, b"[]", "no rows"),
        (JSON, b'{"input": {}}', "JSON list"),
        (JSON, b'[{"input": {}}', "comma or ]"),
        (JSON, b'[{"input": {', "Row 1 is not JSON"),
        (JSON, b"[{}] more", "nothing after"),
        (JSON, b"[{}, \xff]", "not UTF-8"),
        (JSON, b"[{},]", "Row 2 is not JSON"),
    ],
)
def test_a_body_that_is_not_of_its_form_is_refused_in_words(
    post: Post, api_settings: ApiSettings, form: str, body: bytes, told: str
) -> None:
    """And nothing of it is kept."""
    problem = assert_problem(post(body, form), 400, "malformed-body")

    assert told in problem["detail"]
    assert files_of(api_settings) == []


def test_a_table_with_an_open_quote_is_refused(post: Post, house: House) -> None:
    """Where rows begin and end nobody can tell any more."""
    text = table(house, "a")
    problem = assert_problem(post(text + '"b,1\n', CSV), 400, "malformed-body")

    assert "line 3" in problem["detail"]
    assert "a quote that is not closed" in problem["detail"]


def test_a_table_whose_lines_end_otherwise_is_refused_in_words(
    post: Post, house: House
) -> None:
    """Not in those of the reader of tables."""
    text = table(house, "a").replace("\r\n", "\r")
    problem = assert_problem(post(text, CSV), 400, "malformed-body")

    assert "its lines end with CR alone" in problem["detail"]


def test_a_table_in_another_encoding_is_refused_by_its_line(
    post: Post, house: House
) -> None:
    """What its letters mean nobody can tell."""
    text = table(house, "a").encode() + "b\xe9,1".encode("latin-1")
    problem = assert_problem(post(text, CSV), 400, "malformed-body")

    assert "Line 3 is not UTF-8" in problem["detail"]


def test_columns_are_told_before_anything_is_queued(post: Post, house: House) -> None:
    """Unknown, repeated and missing ones, with what was meant."""
    names = [name for name in house if name != "grade"]
    body = ",".join([*names, "bedroms", names[0]]) + "\n"

    problem = assert_problem(post(body, CSV), 422, "invalid-submission")

    codes = {error["code"]: error for error in problem["errors"]}
    assert set(codes) == {"unknown_column", "repeated_column", "missing_column"}
    assert "'bedrooms'" in codes["unknown_column"]["detail"]
    assert codes["missing_column"]["pointer"] == "/grade"


def test_thousands_of_columns_are_refused_in_a_short_answer(post: Post) -> None:
    """The first are told, and how many there are."""
    body = ",".join(f"c{n}" for n in range(1500)) + "\n"

    answer = post(body, CSV)

    problem = assert_problem(answer, 422, "invalid-submission")
    assert len(problem["errors"]) == 50
    assert "of 15" in problem["detail"]


def test_bounds_are_of_rows_bytes_and_of_one_line(
    post: Post, api_settings: ApiSettings
) -> None:
    """And what was written before one was met is removed."""
    many = lines(*[{"input": {}}] * 7)

    assert_problem(post(many), 413, "too-many-rows")
    assert_problem(post(b"x" * 9000), 413, "body-too-large")
    assert files_of(api_settings) == []


def test_one_long_line_is_no_batch(
    client: Client, shared: Any, caller: Headers
) -> None:
    """It would have to be held whole."""
    object.__setattr__(
        shared,
        "settings",
        shared.settings.model_copy(update={"batch_bytes": 10**6}),
    )

    for form in (NDJSON, JSON, CSV):
        answer = client.post(
            PATH, data=b'["' + b"x" * 300_000, headers=caller, content_type=form
        )
        problem = assert_problem(answer, 400, "malformed-body")
        assert "65536 bytes" in problem["detail"]


def test_a_long_row_of_a_list_is_no_batch(
    client: Client, shared: Any, caller: Headers
) -> None:
    """Whole or not: its errors would repeat it."""
    object.__setattr__(
        shared,
        "settings",
        shared.settings.model_copy(update={"batch_bytes": 10**6}),
    )
    row = {"custom_id": "x" * 70_000, "input": {}}

    answer = client.post(PATH, json=[row], headers=caller)

    problem = assert_problem(answer, 400, "malformed-body")
    assert "Row 1 has more than 65536 bytes" in problem["detail"]


def test_a_body_of_unknown_length_is_refused(client: Client, caller: Headers) -> None:
    """Part of a table is a table: one that broke off would be priced as a whole."""
    answer = client.post(
        PATH,
        input_stream=io.BytesIO(b'{"input":{}}\n'),
        content_type=NDJSON,
        headers={**caller, "Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},
    )

    assert_problem(answer, 411, "length-required")


def test_a_cut_body_is_told_as_such(client: Client, caller: Headers) -> None:
    """Nothing of it is queued."""
    answer = client.post(
        PATH,
        input_stream=io.BytesIO(b'{"input":{}}\n'),
        content_type=NDJSON,
        headers=caller,
        environ_overrides={"CONTENT_LENGTH": "1000"},
    )

    assert_problem(answer, 400, "cut-body")


def test_media_types_are_named(post: Post) -> None:
    """Whoever sends another is told which there are."""
    problem = assert_problem(post(b"x", "text/plain"), 415, "unsupported-media-type")

    assert NDJSON in problem["detail"]
    assert_problem(post(b"x", CSV + "; charset=latin-1"), 415, "unsupported-media-type")


def test_a_key_makes_one_batch(
    post: Post, api_settings: ApiSettings, house: House, redis: redis_py.Redis
) -> None:
    """A repeat is answered with the first; another body under its name is refused."""
    body = lines(*rows(house, 3))
    first = post(body, Idempotency_Key="k-1")
    again = post(body, Idempotency_Key="k-1")

    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json["id"] == first.json["id"]
    assert redis.llen(BATCHES) == 2
    problem = assert_problem(
        post(body + "\n", Idempotency_Key="k-1"), 422, "idempotency-key-reused"
    )
    assert problem["batch"] == first.json["id"]
    assert files_of(api_settings) == [first.json["id"]]


def test_labels_and_version_come_back(post: Post, store: ModelStore) -> None:
    """They are said in the query, for a table has no place for them."""
    version = store.resolve("champion")
    batch = post(b"{}", query=f'?version={version}&metadata={{"a":"b"}}').json

    assert (batch["version"], batch["metadata"]) == (version, {"a": "b"})
    assert_problem(post(b"{}", query="?metadata={"), 400, "malformed-parameter")
    assert_problem(post(b"{}", query='?metadata={"a":1}'), 422, "invalid-submission")
    assert_problem(post(b"{}", query="?version=none"), 404, "unknown-model-version")
    assert_problem(post(b"{}", query="?other=x"), 400, "malformed-parameter")


def test_a_canceled_batch_keeps_the_prices_that_it_has(
    client: Client, caller: Headers, post: Post, get: Any, work: Work, house: House
) -> None:
    """Nothing more is priced, and canceling again changes nothing."""
    batch = post(lines(*rows(house, 5))).json
    work(1)

    for _ in range(2):
        answer = client.post(f"{PATH}/{batch['id']}/cancel", headers=caller)
        assert answer.json["status"] == "canceled"
        assert answer.json["completed_at"]
    assert work() == 0
    assert len(read(get(batch, "/results"))) == 2
    assert read(get(batch, "/errors")) == []


def test_rate_and_end_are_told_from_the_first_chunk_on(
    post: Post, get: Any, work: Work, redis: redis_py.Redis, house: House
) -> None:
    """As of the chunk that ended last, so that nothing changes between two of them."""
    batch = post(lines(*rows(house, 5))).json
    assert (batch["rows_per_s"], batch["estimated_end"]) == (None, None)
    work(1)
    began = int(redis.hget(batch_key(batch["id"]), "started") or 0)
    redis.hset(batch_key(batch["id"]), "settled", began + 4000)

    half = get(batch).json

    assert half["rows_per_s"] == 0.5
    end = datetime.fromisoformat(half["estimated_end"]).timestamp() * 1000
    assert round(end) == began + 4000 + 6000
    work()
    assert get(batch).json["estimated_end"] is None


def test_a_batch_that_is_late_expires(
    post: Post, get: Any, work: Work, book: Ledger, redis: redis_py.Redis, house: House
) -> None:
    """What has prices keeps them; nothing else is priced."""
    batch = post(lines(*rows(house, 5)), query="?deadline=3600").json
    assert batch["deadline_at"] > batch["created_at"]
    work(1)
    late: Any = redis.zrange("kerbside:deadlines:batches", 0, -1)
    redis.zadd("kerbside:deadlines:batches", dict.fromkeys(late, 1))
    book.reap(BATCHES)

    done = get(batch).json
    assert (done["status"], done["request_counts"]["completed"]) == ("expired", 2)
    assert done["completed_at"]
    assert work() == 0
    assert len(read(get(batch, "/results"))) == 2


def test_too_many_errors_stop_the_rest(
    post: Post, get: Any, work: Work, house: House
) -> None:
    """As many as the client bears do not."""
    bad = lines(*rows(house, 5, bedrooms="x"))
    borne = post(bad, query="?error_threshold=5").json
    work()
    assert get(borne).json["status"] == "completed"

    stopped = post(bad, query="?error_threshold=2").json
    assert work() == 2

    last = post(bad, query="?error_threshold=4").json
    work()
    assert get(last).json["status"] == "failed"
    done = get(stopped).json
    assert (done["status"], done["error_threshold"]) == ("failed", 2)
    assert done["request_counts"] == {"total": 5, "completed": 0, "failed": 4}
    assert len(read(get(stopped, "/errors"))) == 4


def test_the_death_of_a_chunk_may_stop_others_that_lost_their_worker(
    post: Post, get: Any, book: Ledger, redis: redis_py.Redis, house: House
) -> None:
    """They do not come back."""
    batch = post(lines(*rows(house, 6)), query="?error_threshold=0").json
    for _ in range(3):
        book.claim(BATCHES, limit=1, worker="dies")
    ids = [f"{batch['id']}-{number}" for number in (1, 2, 3)]
    redis.hset(job_key(ids[1]), "crashes", 2)
    redis.zadd("kerbside:running:batches", dict.fromkeys(ids, 1))
    book.reap(BATCHES)

    assert get(batch).json["status"] == "failed"
    assert redis.llen(BATCHES) == 0
    assert not redis.exists("kerbside:running:batches", "kerbside:waiting:batches")


@pytest.mark.parametrize(
    ("query", "slug"),
    [
        ("deadline=soon", "malformed-parameter"),
        ("deadline=null", "malformed-parameter"),
        ("deadline=0", "invalid-submission"),
        ("deadline=1e9", "invalid-submission"),
        ("error_threshold=-1", "invalid-submission"),
        ("error_threshold=1.5", "invalid-submission"),
        ("webhook=x", "invalid-submission"),
        ("webhook=http://127.0.0.1/", "invalid-submission"),
    ],
)
@pytest.mark.usefixtures("nothing_queued")
def test_what_is_said_beside_the_rows_is_checked(
    post: Post, query: str, slug: str
) -> None:
    """By name, with what was expected."""
    status = 400 if slug == "malformed-parameter" else 422
    told = assert_problem(post(b"{}", query=f"?{query}"), status, slug)

    assert query.partition("=")[0] in json.dumps(told)


@pytest.mark.parametrize("accept", [NDJSON, CSV])
def test_a_download_can_go_on_where_it_broke_off(
    client: Client,
    caller: Headers,
    post: Post,
    work: Work,
    house: House,
    accept: str,
) -> None:
    """Its parts make up the whole, across chunks; while it runs it only grows."""
    batch = post(lines(*rows(house, 5))).json
    work(1)
    headers = {**caller, "Accept": accept}

    def get(asked: str = "") -> Any:
        more = {"Range": asked} if asked else {}
        return client.get(f"{PATH}/{batch['id']}/results", headers={**headers, **more})

    half = get()
    assert half.headers["Accept-Ranges"] == "bytes"
    work()
    whole = get().data
    assert whole.startswith(half.data)

    at = len(half.data) - 5
    first, second, last = get(f"bytes=0-{at}"), get(f"bytes={at + 1}-"), get("bytes=-3")
    assert [one.status_code for one in (first, second, last)] == [206] * 3
    assert first.data + second.data == whole
    assert second.headers["Content-Range"] == (
        f"bytes {at + 1}-{len(whole) - 1}/{len(whole)}"
    )
    assert last.data == whole[-3:]
    beyond = get(f"bytes={len(whole)}-")
    assert_problem(beyond, 416, "range-not-there")
    assert beyond.headers["Content-Range"] == f"bytes */{len(whole)}"
    assert get("bytes=0-1,4-5").data == get("lines=1-").data == whole
    head = client.head(
        f"{PATH}/{batch['id']}/results", headers={**headers, "Range": "bytes=0-1"}
    )
    assert head.status_code == 200


def events_of(answer: Any) -> list[tuple[str, str, Any]]:
    """Return id, name and data of each event of a stream."""
    assert answer.status_code == 200, answer.data
    assert answer.content_type == "text/event-stream"
    found = []
    for block in answer.data.decode().split("\n\n"):
        told = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line)
        if "data" in told:
            found.append((told["id"], told["event"], json.loads(told["data"])))
    return found


def test_a_batch_can_be_followed(
    client: Client, caller: Headers, post: Post, work: Work, house: House
) -> None:
    """Each chunk is an event, and so is the end, after which the stream is over."""
    batch = post(lines(*rows(house, 5))).json
    url = f"{PATH}/{batch['id']}/events"
    stream = client.get(url, headers=caller, buffered=False).iter_encoded()
    assert next(stream) == b"retry: 2000\n\n"
    assert b"event: progress" in next(stream)
    work(1)
    while not (told := next(stream)).startswith(b"id: 2-in_progress\n"):
        assert told == b":\n\n"
    work()
    rest = [told for told in stream if told != b":\n\n"]

    assert rest[-1].startswith(b"id: 5-completed\nevent: completed\ndata: {")


def test_a_stream_goes_on_where_its_client_left_it(
    client: Client, caller: Headers, post: Post, work: Work, house: House
) -> None:
    """What it has seen is not told again; the end is told to whoever comes late."""
    batch = post(lines(*rows(house, 1))).json
    work()
    url = f"{PATH}/{batch['id']}/events"

    ((last, name, data),) = events_of(client.get(url, headers=caller))
    again = client.get(url, headers={**caller, "Last-Event-ID": last})

    assert (name, data["status"]) == ("completed", "completed")
    assert (again.status_code, again.data) == (204, b"")


def test_who_finds_no_place_to_wait_is_told_how_it_is(
    client: Client, caller: Headers, post: Post, shared: Any, house: House
) -> None:
    """And comes again: a stream holds a thread."""
    batch = post(lines(*rows(house, 1))).json
    slots = shared.waiting._slots  # noqa: SLF001 - all are taken
    taken = 0
    while slots.acquire(blocking=False):
        taken += 1

    found = events_of(client.get(f"{PATH}/{batch['id']}/events", headers=caller))

    assert [name for _, name, _ in found] == ["progress"]
    slots.release(taken)


def test_a_stream_of_nothing_is_an_error(client: Client, caller: Headers) -> None:
    """As of any other address of a batch."""
    answer = client.get(f"{PATH}/bat_{'0' * 32}/events", headers=caller)

    assert_problem(answer, 404, "unknown-batch")


def test_a_deleted_batch_leaves_nothing(
    client: Client,
    caller: Headers,
    post: Post,
    work: Work,
    api_settings: ApiSettings,
    redis: redis_py.Redis,
    house: House,
) -> None:
    """Neither files nor a record; its chunks are no strays."""
    batch = post(lines(*rows(house, 5))).json
    work(1)

    assert client.delete(f"{PATH}/{batch['id']}", headers=caller).status_code == 204
    assert_problem(
        client.delete(f"{PATH}/{batch['id']}", headers=caller), 404, "unknown-batch"
    )
    assert files_of(api_settings) == []
    assert not redis.exists(batch_key(batch["id"]), job_key(f"{batch['id']}-1"))
    assert work() == 0
    assert redis.llen("kerbside:strays:batches") == 0


def test_batches_are_listed_newest_first(
    client: Client, caller: Headers, bearer: MakeHeaders, post: Post
) -> None:
    """In pages; those of others are not among them, nor can they be read."""
    ids = [post(b"{}").json["id"] for _ in range(3)]

    page = client.get(f"{PATH}?limit=2", headers=caller).json
    rest = client.get(page["next"].partition("org")[2], headers=caller).json

    found = [one["id"] for one in page["results"] + rest["results"]]
    assert sorted(found) == sorted(ids)
    assert rest["next"] is None
    stranger = bearer(tenant="other")
    assert client.get(PATH, headers=stranger).json["results"] == []
    for way in (client.get, client.delete):
        answer = way(f"{PATH}/{ids[0]}", headers=stranger)
        assert_problem(answer, 404, "unknown-batch")


def test_a_chunk_whose_workers_died_has_an_error_for_each_row(
    post: Post, get: Any, work: Work, book: Ledger, redis: redis_py.Redis, house: House
) -> None:
    """The batch has failed; the rest of it has its prices."""
    batch = post(lines(*rows(house, 3))).json
    for _ in range(3):
        book.claim(BATCHES, limit=1, worker="dies")
        held: Any = redis.zrange("kerbside:running:batches", 0, -1)
        book.reap(BATCHES)
        redis.zadd("kerbside:running:batches", {held[0]: 1})
        redis.decrby("kerbside:tick:batches", 1000)
        book.reap(BATCHES)
    work()

    assert get(batch).json["status"] == "failed"
    assert get(batch).json["request_counts"] == {
        "total": 3,
        "completed": 1,
        "failed": 2,
    }
    found = read(get(batch, "/errors"))
    assert [one["line"] for one in found] == [1, 2]
    assert "died 3 times" in found[0]["detail"]
    assert [one["line"] for one in read(get(batch, "/results"))] == [3]


def test_a_tenant_has_so_much_open_at_a_time(
    post: Post, work: Work, shared: Any, house: House
) -> None:
    """Another batch is taken when some of it has ended."""
    batches = shared.batches
    batches._admission._quota = 2  # noqa: SLF001 - a quota of 500 takes a while to fill
    post(lines(*rows(house, 3)))

    answer = post(lines(*rows(house, 1)))

    assert_problem(answer, 429, "open-batches-quota")
    work()
    assert post(lines(*rows(house, 1))).status_code == 202


@pytest.mark.usefixtures("nothing_queued")
def test_without_a_place_for_files_no_batch_is_taken(
    api_settings: ApiSettings, caller: Headers
) -> None:
    """Its operator is told what to set."""
    app = create_app(api_settings.model_copy(update={"batches_url": None}))
    answer = app.test_client().post(
        PATH, data=b"{}", headers=caller, content_type=NDJSON
    )

    assert "KERBSIDE_BATCHES_URL" in assert_problem(answer, 503, "no-batches")["detail"]


def test_files_that_cannot_be_written_are_no_fault_of_the_client(
    post: Post, api_settings: ApiSettings, redis: redis_py.Redis
) -> None:
    """503, and nothing is queued; operators see it counted."""
    Path(str(api_settings.batches_url)).write_text("in the way")

    assert_problem(post(b"{}"), 503, "batch-files-unavailable")
    assert redis.llen(BATCHES) == 0
    assert Totals(redis).batches().out_of_reach == 1


def test_scopes(client: Client, bearer: MakeHeaders) -> None:
    """Who may read may not submit."""
    reader = bearer(scopes="read")
    answer = client.post(PATH, data=b"{}", headers=reader, content_type=NDJSON)

    assert_problem(answer, 403, "missing-scope")
    assert_problem(
        client.get(PATH, headers=bearer(scopes="predict")), 403, "missing-scope"
    )
