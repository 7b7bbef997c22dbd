"""A revaluation has few chunks in the lane at a time, so that clients' get in."""

import pytest

from tests.worker.conftest import clock
from tests.worker.portfolio_site import NEXT, PortfolioSite
from tests.worker.revaluing.conftest import Make
from worker.keys import BATCHES, lane_key
from worker.ledger import CRASHES_ALLOWED, Ledger
from worker.purging import Purging

#: Enough for eight chunks.
NAMES = "abcdefghijklmnop"


@pytest.fixture
def under_way(make: Make) -> PortfolioSite:
    """Return an installation whose revaluation of eight chunks has begun."""
    site = make()
    site.imported(*NAMES)
    site.promote(NEXT)
    site.revaluing().look()
    return site


def _lies(site: PortfolioSite) -> int:
    """Return how many chunks are in the lane."""
    found: int = site.redis.llen(BATCHES)
    return found


def test_a_clients_batch_waits_for_few_chunks_of_it(under_way: PortfolioSite) -> None:
    """And not for all those that are still to be priced."""
    site = under_way
    site.work(1)
    mine = site.desk.submit([{"input": site.house()}])
    assert site.work(3) == 3

    assert site.desk.find(mine).status == "completed"
    (batch,) = site.revaluations()
    assert (batch.status, batch.completed) == ("in_progress", 6)


def test_all_of_it_is_priced_in_the_end(under_way: PortfolioSite) -> None:
    """Whoever ends a chunk has the next one queued; nobody else need look."""
    assert under_way.work() == 8
    under_way.storing.look()

    assert under_way.revaluations()[0].status == "completed"
    assert {under_way.version(one) for one in NAMES} == {NEXT}


def test_no_worker_waits_for_work(make: Make) -> None:
    """Of more workers each has one in hand and one that is next."""
    site = make()
    site.imported(*NAMES)
    book = Ledger(site.redis, site.settings)
    for worker in ("w2", "w3"):
        book.claim(BATCHES, limit=1, worker=worker)
    site.promote(NEXT)
    site.revaluing().look()

    assert site.redis.zcard(lane_key("workers", BATCHES)) == 3
    assert _lies(site) == 6
    site.work(1)
    assert _lies(site) == 6


def test_a_cancel_ends_what_is_not_queued_yet(under_way: PortfolioSite) -> None:
    """At once, and nothing is left in the lane."""
    site = under_way
    site.work(1)
    (batch,) = site.revaluations()
    site.desk.batches.cancel("acme", batch.id)

    (batch,) = site.revaluations()
    assert (batch.status, batch.completed) == ("canceled", 2)
    assert list(batch.chunks[1:]) == ["canceled"] * 7
    assert _lies(site) == 0
    site.storing.look()
    assert site.unstored.all() == []


def test_a_purge_ends_what_is_not_queued_yet(under_way: PortfolioSite) -> None:
    """What comes in the place of what was purged is purged as well."""
    site = under_way
    site.work(1)

    assert Purging(site.redis, site.settings).purge(BATCHES).ended == 7

    assert site.revaluations()[0].status == "canceled"
    assert _lies(site) == 0


def test_a_chunk_that_kills_its_workers_holds_nothing_up(
    under_way: PortfolioSite,
) -> None:
    """The others are priced."""
    site = under_way
    book = Ledger(site.redis, site.settings)
    for _ in range(CRASHES_ALLOWED):
        (lost,) = book.claim(BATCHES, limit=1, worker="w").leases
        # A tick just before: the gap since it is forgiven.
        book.reap(BATCHES)
        site.redis.zadd(lane_key("running", BATCHES), {lost.id: 1})
        site.redis.set(f"kerbside:tick:{BATCHES}", clock(site.redis) - 1000)
        book.reap(BATCHES)

    assert site.work() == 7
    (batch,) = site.revaluations()
    assert (batch.status, batch.completed, batch.failed) == ("failed", 14, 2)
