"""Properties are valued anew at each promotion, or each month, once."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests import small_model
from tests.worker.portfolio_site import NEXT, PortfolioSite
from tests.worker.revaluing.conftest import Make
from worker import keys, revaluing
from worker.unstored import UnstoredBatches

#: A version of a model of another name.
ELSEWHERE = "20180101-00000000"


def test_each_promotion_is_followed_by_one_revaluation(site: PortfolioSite) -> None:
    """However many look, and however often."""
    site.promote(NEXT)
    for _ in range(2):
        site.revaluing().look()
    site.work()
    site.storing.look()
    site.revaluing().look()

    assert len(site.revaluations()) == 1


def test_of_two_that_begin_at_once_one_is_taken(
    site: PortfolioSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one leaves no file behind."""
    site.promote(NEXT)
    site.revaluing().look()
    # As if it had been begun since the second one looked.
    site.redis.delete(keys.REVALUED)
    monkeypatch.setattr(site.redis, "smembers", lambda _: set())
    site.revaluing().look()

    (batch,) = site.revaluations()
    folders = set(site.desk.files.ids())
    assert folders == {one.id for one in site.batches()}
    assert batch.id in folders


def test_losing_redis_costs_no_revaluation_where_none_lags(
    site: PortfolioSite,
) -> None:
    """And where one does, one more."""
    site.promote(NEXT)
    site.revaluing().look()
    site.work()
    site.storing.look()
    site.redis.flushall()
    site.see_champion()
    site.revaluing().look()
    assert site.revaluations() == []

    site.redis.flushall()
    site.promote(site.desk.card.version)
    site.revaluing().look()
    assert len(site.revaluations()) == 1


def test_a_promotion_meanwhile_supersedes_the_revaluation(
    site: PortfolioSite,
) -> None:
    """What is priced is stored first; then all are valued by the newest champion."""
    first = site.desk.card.version
    site.promote(NEXT)
    looks = site.revaluing()
    looks.look()
    site.work(1)
    site.promote(first)
    looks.look()

    (batch,) = site.revaluations()
    assert batch.status == "canceled"
    site.storing.look()
    assert site.version("a") == NEXT
    site.now += 10
    looks.look()
    site.work()
    site.storing.look()
    newest, _ = site.revaluations()
    assert (newest.status, newest.version) == ("completed", first)
    assert [site.version(one) for one in "abc"] == [first] * 3
    assert [one.batch.status for one in site.told] == ["canceled", "completed"]


def test_an_import_at_the_old_champions_price_comes_first(make: Make) -> None:
    """So that nothing is left behind."""
    site = make()
    site.submit(["a"])
    site.imported("b")
    site.submit(["c"])
    site.promote(NEXT)
    looks = site.revaluing()
    looks.look()
    assert site.revaluations() == []

    site.work()
    site.storing.look()
    site.now += 10
    looks.look()
    site.work()
    site.storing.look()

    assert [site.version(one) for one in "abc"] == [NEXT] * 3


@pytest.mark.parametrize(("setting", "begun"), [("promotion", 0), ("monthly", 1)])
def test_a_schedule_does_the_same_each_month(
    make: Make, setting: str, begun: int
) -> None:
    """Once, from the first day's third hour on, though nothing was promoted."""
    site = make(revalue=setting)
    site.imported("a")
    site.now = datetime(2026, 2, 27, tzinfo=UTC).timestamp()
    looks = site.revaluing()
    looks.look()
    site.now = datetime(2026, 3, 1, 2, 59, tzinfo=UTC).timestamp()
    looks.look()
    assert site.revaluations() == []

    site.now = datetime(2026, 3, 1, 3, 10, tzinfo=UTC).timestamp()
    looks.look()
    site.work()
    site.storing.look()
    looks = site.revaluing()
    looks.look()

    assert len(site.revaluations()) == begun


def test_months_are_those_of_redis(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """However far ahead or behind the clock of a worker is."""
    site = make(revalue="monthly")
    site.imported("a")
    site.revaluing().look()
    card = site.desk.card
    last = round(datetime(2100, 1, 2, tzinfo=UTC).timestamp() * 1000)
    site.redis.hset(keys.REVALUED, f"acme {card.name}", f"{card.version} {last}")
    now = round(datetime(2100, 2, 1, 4, tzinfo=UTC).timestamp())
    monkeypatch.setattr(site.redis, "time", lambda: (now, 0))
    parts = (site.redis, site.settings, site.desk.files, site.store, site.archive)

    revaluing.Revaluing(*parts).look()

    assert len(site.revaluations()) == 1


def test_what_is_to_be_stored_is_read_once_a_look(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many tenants there are."""
    site = make()
    for tenant in ("acme", "other"):
        site.imported("a", tenant=tenant)
    reads: list[object] = []
    every = UnstoredBatches.all

    def read(self: UnstoredBatches) -> Any:
        reads.append(self)
        return every(self)

    monkeypatch.setattr(UnstoredBatches, "all", read)
    site.promote(NEXT)
    site.revaluing().look()

    assert len(site.revaluations("other")) == 1
    assert len(reads) == 1


def test_few_tenants_are_valued_anew_at_a_time(make: Make) -> None:
    """The next one's turn comes when one is priced: others' batches are to get in."""
    site = make()
    tenants = ["t1", "t2", "t3"]
    for tenant in tenants:
        site.imported("a", tenant=tenant)
    site.promote(NEXT)
    looks = site.revaluing()
    for _ in range(2):
        looks.look()
        site.now += revaluing._AGAIN_S  # noqa: SLF001 - of the module under test
    assert [len(site.revaluations(one)) for one in tenants] == [1, 1, 0]

    site.work()
    looks.look()

    assert [len(site.revaluations(one)) for one in tenants] == [1, 1, 1]


def test_a_champion_of_another_name_values_none_anew(site: PortfolioSite) -> None:
    """Another market's prices are made by reads alone, where a house fits."""
    files = site.store.files(site.store.resolve("champion"))
    site.store.publish(small_model.changed(files, version=ELSEWHERE, name="elsewhere"))
    site.promote(ELSEWHERE)
    site.revaluing().look()

    assert site.revaluations() == []
