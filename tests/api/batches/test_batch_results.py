"""What became of rows is read in their order, whole or in parts."""

import csv
import io
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
