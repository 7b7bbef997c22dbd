"""Batches that go into the archive are kept until they are there."""

from pathlib import Path
from typing import Any

import pytest
import redis as redis_py

from model_store.store import ModelStore
from tests.worker.batch_desk import Desk
from worker import keys
from worker.errors import OpenJobsQuota
from worker.keys import BATCHES, batch_key
from worker.leases import Completion
from worker.ledger import Ledger
from worker.unstored import UnstoredBatches


@pytest.fixture
def desk(redis: redis_py.Redis, store: ModelStore, tmp_path: Path) -> Desk:
    """Return a desk that takes batches."""
    return Desk(redis, store, tmp_path / "batches")


@pytest.fixture
def unstored(redis: redis_py.Redis, desk: Desk) -> UnstoredBatches:
    """Return what knows of those that are to be stored."""
    return UnstoredBatches(redis, desk.settings)


def _import(desk: Desk, rows: int, **more: Any) -> str:
    named = [{"custom_id": f"h-{n}", "input": desk.house()} for n in range(rows)]
    return desk.submit(named, **{"purpose": "properties"} | more)


def _price(book: Ledger, chunks: int) -> None:
    """End chunks as if each of their rows had a price."""
    for _ in range(chunks):
        (lease,) = book.claim(BATCHES, limit=1, worker="w").leases
        book.complete(BATCHES, [Completion(lease=lease, output=b"1 2 0")])


def test_a_batch_of_predictions_says_nothing_of_storing(
    desk: Desk, unstored: UnstoredBatches
) -> None:
    """Its record goes by itself as ever."""
    batch = desk.find(desk.submit([{"input": desk.house()}]))

    assert (batch.purpose, batch.stored) == ("predictions", None)
    assert "stored" not in batch.public("")["request_counts"]
    assert batch.public("")["stored_at"] is None
    assert unstored.all() == []


def test_one_that_is_priced_is_kept_until_it_is_stored(
    redis: redis_py.Redis, desk: Desk, book: Ledger, unstored: UnstoredBatches
) -> None:
    """It has no end of its time before; then it has that of any other."""
    batch_id = _import(desk, 4)
    _price(book, 2)
    ended = desk.find(batch_id)
    assert (ended.status, ended.stored, ended.expires_ms) == ("completed", 0, None)
    assert ended.public("")["stored_at"] is None
    assert redis.ttl(batch_key(batch_id)) == -1

    (one,) = unstored.all()
    assert [number for number, _ in one.ready()] == [1, 2]
    for number, _ in one.ready():
        unstored.note(one, number, 2, 1, {"compared": 1.5})
    (one,) = unstored.all()
    assert one.is_over
    assert one.counts["compared"] == 3
    unstored.let_go(batch_id)

    assert unstored.all() == []
    done = desk.find(batch_id)
    assert done.stored == 4
    assert done.expires_ms
    assert done.public("")["stored_at"]
    assert 0 < redis.ttl(batch_key(batch_id)) <= desk.settings.result_ttl_s


def test_a_chunk_counts_once_however_often_it_is_noted(
    desk: Desk, book: Ledger, unstored: UnstoredBatches
) -> None:
    """And none before the one that is next, or who dies in between leaves a gap."""
    batch_id = _import(desk, 4)
    _price(book, 2)
    (one,) = unstored.all()

    unstored.note(one, 2, 2, 1, {})
    unstored.note(one, 1, 2, 1, {})
    unstored.note(one, 1, 2, 1, {})

    assert desk.find(batch_id).stored == 2
    (one,) = unstored.all()
    assert [number for number, _ in one.ready()] == [2]


def test_a_full_server_notes_what_is_stored(
    redis: redis_py.Redis, desk: Desk, book: Ledger, unstored: UnstoredBatches
) -> None:
    """Nothing else would let go of what it holds."""
    batch_id = _import(desk, 2)
    _price(book, 1)
    (one,) = unstored.all()
    redis.config_set("maxmemory", 1)
    try:
        unstored.note(one, 1, 2, 7, {"compared": 2})
        unstored.let_go(batch_id)
    finally:
        redis.config_set("maxmemory", 0)

    now = unstored.find(batch_id)
    assert now is not None
    assert (now.chunks_stored, now.batch.stored, now.valued_ms) == (1, 2, 7)
    assert now.counts["compared"] == 2
    assert unstored.all() == []


def test_chunks_are_stored_in_order(
    desk: Desk, book: Ledger, unstored: UnstoredBatches
) -> None:
    """One that has ended waits for those before it."""
    _import(desk, 4)
    leases = [book.claim(BATCHES, limit=1, worker="w").leases[0] for _ in range(2)]

    book.complete(BATCHES, [Completion(lease=leases[1], output=b"1 2 0")])
    assert list(unstored.all()[0].ready()) == []
    book.complete(BATCHES, [Completion(lease=leases[0], output=b"1 2 0")])

    assert list(unstored.all()[0].ready()) == [(1, "1"), (2, "1")]


def test_a_batch_that_is_deleted_is_not_stored(
    redis: redis_py.Redis, desk: Desk, unstored: UnstoredBatches
) -> None:
    """Nothing of it is left."""
    batch_id = _import(desk, 2)

    desk.batches.delete("acme", batch_id)

    assert redis.scard(keys.UNSTORED) == 0
    unstored.let_go(batch_id)
    assert unstored.find(batch_id) is None
    assert redis.exists(batch_key(batch_id)) == 0


def test_a_revaluation_takes_nothing_of_a_tenants_quota(
    redis: redis_py.Redis, store: ModelStore, tmp_path: Path, book: Ledger
) -> None:
    """Neither while it is open nor by its end, and the quota does not stop it."""
    desk = Desk(redis, store, tmp_path / "batches", batch_quota=2)
    desk.submit([{"input": desk.house()}] * 4)
    _import(desk, 4, purpose="revaluation")

    with pytest.raises(OpenJobsQuota):
        _import(desk, 2)
    _price(book, 4)
    counted = f"kerbside:open:{BATCHES}"
    assert redis.exists(counted) == 0
    _import(desk, 2)
    assert redis.hgetall(counted) == {b"acme": b"1"}
