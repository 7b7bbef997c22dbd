"""What became of rows is read in their order, whole or in parts."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
import redis as redis_py

from tests.api.batches.bodies import (
    CSV,
    NDJSON,
    PATH,
    House,
    Post,
    Work,
    lines,
    read,
    rows,
    table,
)
from tests.api.conftest import Client, Headers, assert_problem
from worker.keys import BATCHES
from worker.ledger import Ledger


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
    "name", [" =1+1", "\u00a0+1+1", "\uff1d1+1", " \uff201", "-a|b"]
)
def test_neither_table_runs_a_name_and_both_leave_it_to_be_read(
    post: Post, get: Any, work: Work, house: House, name: str
) -> None:
    """The quote comes before all of it, blanks too; one that runs nothing is bare."""
    bare = " a=1 "
    good, bad = rows(house, 2), rows(house, 2, bedrooms="\t=1+1")
    for pair in (good, bad):
        pair[0]["custom_id"], pair[1]["custom_id"] = name, bare
    batch = post(lines(*good, *bad)).json
    work()

    for what in ("/results", "/errors"):
        found = list(csv.DictReader(io.StringIO(get(batch, what, CSV).text)))
        assert [row["custom_id"] for row in found] == [f"'{name}", bare]
    assert {row["value"] for row in found} == {"'\t=1+1"}


def test_a_download_can_go_on_where_it_broke_off(
    client: Client,
    caller: Headers,
    post: Post,
    work: Work,
    house: House,
) -> None:
    """Its parts make up the whole, across chunks; while it runs it only grows."""
    batch = post(lines(*rows(house, 5))).json
    work(1)
    headers = {**caller, "Accept": NDJSON}

    def get(asked: str = "") -> Any:
        more = {"Range": asked} if asked else {}
        return client.get(f"{PATH}/{batch['id']}/results", headers={**headers, **more})

    half = get()
    assert half.headers["Accept-Ranges"] == "bytes"
    assert get("bytes=0-9").headers["Content-Range"] == "bytes 0-9/*"
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


@pytest.mark.parametrize("what", ["results", "errors"])
def test_a_table_is_sent_whole_whatever_is_asked_for(
    client: Client,
    caller: Headers,
    post: Post,
    work: Work,
    house: House,
    what: str,
) -> None:
    """Who comes again for the rest of it is told that this is all of it."""
    bad = rows(house, 1, bedrooms="x")
    batch = post(lines(*rows(house, 2), *bad)).json
    work()
    headers = {**caller, "Accept": CSV}
    url = f"{PATH}/{batch['id']}/{what}"

    whole = client.get(url, headers=headers)
    again = client.get(url, headers={**headers, "Range": "bytes=4-"})

    assert (again.status_code, again.data) == (200, whole.data)
    assert whole.headers["Accept-Ranges"] == "none"
    assert whole.data.startswith(b"line,")


@pytest.fixture
def die(book: Ledger, redis: redis_py.Redis) -> Callable[[], None]:
    """Return a function by which all workers die that take the first chunk."""

    def die() -> None:
        for _ in range(3):
            book.claim(BATCHES, limit=1, worker="dies")
            held: Any = redis.zrange("kerbside:running:batches", 0, -1)
            book.reap(BATCHES)
            redis.zadd("kerbside:running:batches", {held[0]: 1})
            redis.decrby("kerbside:tick:batches", 1000)
            book.reap(BATCHES)

    return die


def test_a_row_that_could_not_be_priced_has_the_name_that_can_be_read(
    post: Post, get: Any, die: Callable[[], None], house: House
) -> None:
    """In whatever form it came, and wrong in whatever way."""
    for body, form in (
        (lines(*rows(house, 1)) + "{no json\n", NDJSON),
        (table(house, "row-1") + ",1\n", CSV),
    ):
        batch = post(body, form).json
        die()

        found = read(get(batch, "/errors"))

        assert {one["code"] for one in found} == {"not_priced"}
        assert [one["custom_id"] for one in found] == ["row-1", None]


def test_a_chunk_whose_workers_died_has_an_error_for_each_row(
    post: Post, get: Any, work: Work, die: Callable[[], None], house: House
) -> None:
    """The batch has failed; the rest of it has its prices."""
    batch = post(lines(*rows(house, 3))).json
    die()
    work()

    assert get(batch).json["status"] == "failed"
    assert get(batch).json["request_counts"] == {
        "total": 3,
        "completed": 1,
        "failed": 2,
    }
    found = read(get(batch, "/errors"))
    assert [one["line"] for one in found] == [1, 2]
    assert [one["custom_id"] for one in found] == ["row-1", "row-2"]
    assert "died 3 times" in found[0]["detail"]
    assert [one["line"] for one in read(get(batch, "/results"))] == [3]
