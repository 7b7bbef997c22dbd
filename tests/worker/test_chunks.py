"""A chunk is priced row by row, and its outcome told by one pointer."""

import gc
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import redis as redis_py

from model_store.errors import StoreError, UnknownModel
from model_store.store import ModelStore
from tests.worker.batch_desk import Desk
from worker import predictors
from worker.chunks import Chunks
from worker.keys import BATCHES
from worker.leases import Lease
from worker.ledger import Ledger
from worker.predictors import CannotPrice


class Flat(predictors.Pricing):
    """Prices every house the same, but for those that it cannot take."""

    def predict(self, houses: Sequence[Mapping[str, Any]], /) -> list[dict[str, Any]]:
        """Return one output per house."""
        if any(house["bedrooms"] == 9 for house in houses):
            raise ZeroDivisionError
        return [{"price": 1, "model": {}} for _ in houses]


@pytest.fixture
def desk(redis: redis_py.Redis, store: ModelStore, tmp_path: Path) -> Desk:
    """Return a desk that takes batches."""
    return Desk(redis, store, tmp_path / "batches")


@pytest.fixture
def claim(book: Ledger) -> Callable[[], Lease]:
    """Return a function that takes the next chunk."""

    def claim() -> Lease:
        (lease,) = book.claim(BATCHES, limit=1, worker="w").leases
        return lease

    return claim


def chunks(desk: Desk, store: ModelStore, load: Any = lambda *_: Flat()) -> Chunks:
    """Return what prices chunks."""
    return Chunks(desk.files, store, load)


def test_a_house_that_the_model_cannot_take_is_an_error_of_its_row(
    desk: Desk, store: ModelStore, claim: Callable[[], Lease], book: Ledger
) -> None:
    """Those beside it have their prices."""
    houses = [desk.house(bedrooms=rooms) for rooms in (1, 9, 2)]
    batch = desk.submit([{"input": house} for house in houses], chunk_rows=3)

    book.complete(BATCHES, [chunks(desk, store).price(claim(), beat=lambda: None)])

    assert [one["line"] for one in desk.prices(batch)] == [1, 3]
    (refusal,) = desk.refusals(batch)
    assert refusal["line"] == 2
    assert "ZeroDivisionError" in refusal["errors"][0]["msg"]
    found = desk.find(batch)
    assert (found.status, found.completed, found.failed) == ("completed", 2, 1)


def test_the_first_outcome_of_a_chunk_is_the_one_that_counts(
    desk: Desk, store: ModelStore, claim: Callable[[], Lease], book: Ledger
) -> None:
    """A worker that was given up for dead changes nothing when it wakes up late."""
    batch = desk.submit([{"input": desk.house()}])
    late = claim()
    book.release(BATCHES, worker="w")
    again = claim()
    pricing = chunks(desk, store)

    first = book.complete(BATCHES, [pricing.price(again, beat=lambda: None)])
    second = book.complete(BATCHES, [pricing.price(late, beat=lambda: None)])

    assert (first, second) == ([True], [False])
    assert desk.find(batch).chunks == [str(again.fence)]
    assert desk.find(batch).completed == 1


def test_a_lease_is_kept_while_a_chunk_is_long(
    desk: Desk, store: ModelStore, claim: Callable[[], Lease]
) -> None:
    """Each few hundred rows, and before it is written down."""
    desk.submit([{"input": desk.house()}] * 1200, chunk_rows=1200)
    beats: list[None] = []

    chunks(desk, store).price(claim(), beat=lambda: beats.append(None))

    assert len(beats) >= 4


def test_nobody_looks_for_garbage_among_prices_while_they_are_made(
    desk: Desk, store: ModelStore, claim: Callable[[], Lease]
) -> None:
    """There is none; afterwards it is as before, even where the model breaks."""
    looks: list[bool] = []

    class Watched(Flat):
        def predict(self, houses: Sequence[Mapping[str, Any]], /) -> list[Any]:
            """Fail all."""
            del houses
            looks.append(gc.isenabled())
            raise CannotPrice("broken")

    desk.submit([{"input": desk.house()}])
    done = chunks(desk, store, lambda *_: Watched()).price(claim(), beat=lambda: None)

    assert done.error
    assert looks == [False]
    assert gc.isenabled()


def test_a_lease_is_kept_while_a_version_is_loaded(
    desk: Desk, store: ModelStore, claim: Callable[[], Lease]
) -> None:
    """Behind all others that takes as long as it takes."""
    beaten = threading.Event()

    def load(*_: object) -> Flat:
        assert beaten.wait(30)
        return Flat()

    desk.submit([{"input": desk.house()}])
    done = chunks(desk, store, load).price(claim(), beat=beaten.set)

    assert not done.error


def test_a_version_that_cannot_be_loaded_fails_the_chunk(
    desk: Desk, store: ModelStore, claim: Callable[[], Lease], book: Ledger
) -> None:
    """Its rows are told so; the next chunk tries again."""

    def load(*_: object) -> Flat:
        raise UnknownModel("gone")

    batch = desk.submit([{"input": desk.house()}] * 2)
    done = chunks(desk, store, load).price(claim(), beat=lambda: None)
    book.complete(BATCHES, [done])

    found = desk.find(batch)
    assert (found.status, found.failed) == ("failed", 2)
    assert found.failed_because == "unpriced_rows"
    assert "cannot be loaded" in found.faults[1]


def test_a_store_that_is_away_is_waited_for(
    desk: Desk, store: ModelStore, claim: Callable[[], Lease]
) -> None:
    """It is no fault of the rows."""

    def load(*_: object) -> Flat:
        raise StoreError("away")

    desk.submit([{"input": desk.house()}])
    with pytest.raises(StoreError):
        chunks(desk, store, load).price(claim(), beat=lambda: None)


def test_rows_that_are_lost_fail_their_chunk(
    desk: Desk, store: ModelStore, claim: Callable[[], Lease]
) -> None:
    """They would be looked for for ever."""
    desk.files.drop(desk.submit([{"input": desk.house()}]))

    done = chunks(desk, store).price(claim(), beat=lambda: None)

    assert done.error == "The service has lost these rows."


def test_a_number_of_any_length_is_an_error_of_its_row(
    desk: Desk, store: ModelStore, claim: Callable[[], Lease], book: Ledger
) -> None:
    """It is told as it came."""
    house = {name: str(value) for name, value in desk.house().items()}
    table = [list(house), list((house | {"bedrooms": "1e20"}).values())]
    batch = desk.submit([table[1]], columns=table[0])

    book.complete(BATCHES, [chunks(desk, store).price(claim(), beat=lambda: None)])

    (refusal,) = desk.refusals(batch)
    assert refusal["errors"][0]["input"] == 1e20


def test_a_fault_of_the_service_fails_one_chunk_and_not_the_lane(
    desk: Desk, store: ModelStore, claim: Callable[[], Lease], book: Ledger
) -> None:
    """Given back it would be first in line again, and again."""
    batch = desk.submit([{"input": desk.house()}])
    lease = claim()
    desk.files.write_rows(batch, 1, [])

    book.complete(BATCHES, [chunks(desk, store).price(lease, beat=lambda: None)])

    assert desk.find(batch).status == "failed"
    assert "The service failed" in desk.find(batch).faults[1]


def test_the_versions_used_last_stay_loaded(
    desk: Desk, store: ModelStore, claim: Callable[[], Lease]
) -> None:
    """Loading one takes seconds."""
    loads: list[str] = []

    def load(_: object, version: str) -> Flat:
        loads.append(version)
        return Flat()

    desk.submit([{"input": desk.house()}] * 4)
    pricing = chunks(desk, store, load)
    for _ in range(2):
        pricing.price(claim(), beat=lambda: None)

    assert loads == [desk.card.version]
