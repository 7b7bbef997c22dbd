"""A new champion values all stored properties anew, and so may each month."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
import redis as redis_py

from model_store.archive.archive import Archive
from model_store.errors import ArchiveUnavailable
from model_store.store import ModelStore
from tests.worker.portfolio_site import NEXT, PortfolioSite
from worker import keys, revaluing

Make = Callable[..., PortfolioSite]


@pytest.fixture
def make(
    redis: redis_py.Redis, own_store: ModelStore, archive: Archive, tmp_path: Path
) -> Make:
    """Return a function that makes an installation that stores properties."""

    def make(**settings: Any) -> PortfolioSite:
        folder = tmp_path / "batches"
        return PortfolioSite(redis, own_store, archive, folder, **settings)

    return make


@pytest.fixture
def site(make: Make) -> PortfolioSite:
    """Return an installation with three properties, which the champion has valued."""
    site = make()
    site.imported("a", "b", "c")
    return site


def _version(site: PortfolioSite, property_id: str, tenant: str = "acme") -> str:
    found = site.find(property_id, tenant)
    assert found is not None
    assert found.valuation is not None
    return found.valuation.version


def test_a_new_champion_values_all_properties_anew(site: PortfolioSite) -> None:
    """As a batch of the tenant's, whose rows are what is stored."""
    site.revaluing().look()
    assert site.revaluations() == []
    site.promote(NEXT)
    site.price = 520_000
    site.revaluing().look()

    (batch,) = site.revaluations()
    assert (batch.version, batch.rows, batch.purpose) == (NEXT, 3, "revaluation")
    assert site.work() == 2
    site.storing.look()
    assert [_version(site, one) for one in "abc"] == [NEXT] * 3
    found = site.find("c")
    assert found is not None
    assert found.valuation is not None
    assert orjson.loads(found.valuation.output)["price"] == 520_000
    assert found.valuation.input_digest == found.property.input_digest
    history = site.archive.valuations.page("acme", "c", limit=9)
    assert [one.version for one in history] == [NEXT, site.desk.card.version]


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


def test_each_tenant_has_a_revaluation_of_its_own(make: Make) -> None:
    """Nobody reads another's houses."""
    site = make()
    site.imported("a")
    site.imported("a", "z", tenant="other")
    site.promote(NEXT)
    site.revaluing().look()
    site.work()
    site.storing.look()

    assert [one.rows for one in site.revaluations()] == [1]
    assert [one.rows for one in site.revaluations("other")] == [2]
    assert _version(site, "z", "other") == NEXT


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
    assert _version(site, "a") == NEXT
    site.now += 10
    looks.look()
    site.work()
    site.storing.look()
    newest, _ = site.revaluations()
    assert (newest.status, newest.version) == ("completed", first)
    assert [_version(site, one) for one in "abc"] == [first] * 3
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

    assert [_version(site, one) for one in "abc"] == [NEXT] * 3


def test_a_property_that_changed_or_went_meanwhile_is_left_alone(
    site: PortfolioSite,
) -> None:
    """A price of another house would be none of it, and what is erased stays so."""
    site.promote(NEXT)
    site.revaluing().look()
    site.put("a", bedrooms=5)
    site.archive.properties.delete("acme", "b")
    site.work()
    site.storing.look()

    assert _version(site, "a") == site.desk.card.version
    assert site.find("b") is None
    assert _version(site, "c") == NEXT
    assert site.revaluations()[0].stored == 1


def test_it_tells_how_prices_have_moved(site: PortfolioSite) -> None:
    """Of those that had one: how many by more than 5 %, and what all are worth."""
    site.promote(NEXT)
    site.revaluing().look()
    site.price = 510_000
    site.work(1)
    site.price = 550_000
    site.work()
    site.storing.look()

    (told,) = site.told
    assert told.batch.stored == 3
    assert told.counts == {
        "compared": 3,
        "moved": 1,
        "value_before": 1_500_000,
        "value_after": 1_570_000,
    }


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


def test_an_archive_that_is_away_is_waited_for(
    site: PortfolioSite, tmp_path: Path
) -> None:
    """Nothing was begun, and nothing of it is left."""
    site.promote(NEXT)
    there = site.archive
    site.archive = Archive(f"sqlite:///{tmp_path / 'nowhere' / 'archive.db'}")
    looks = site.revaluing()
    with pytest.raises(ArchiveUnavailable):
        looks.look()
    assert len(site.desk.files.ids()) == 1

    site.archive = there
    site.revaluing().look()

    assert len(site.revaluations()) == 1


def test_a_full_redis_is_waited_for(site: PortfolioSite) -> None:
    """Nothing of the try is left; it is begun when there is room."""
    site.redis.set(keys.MEMORY_FULL, "memory")
    site.promote(NEXT)
    looks = site.revaluing()
    looks.look()
    assert site.revaluations() == []
    assert len(site.desk.files.ids()) == 1

    site.redis.delete(keys.MEMORY_FULL)
    site.now += revaluing._AGAIN_S + 1  # noqa: SLF001 - of the module under test
    looks.look()

    assert len(site.revaluations()) == 1
