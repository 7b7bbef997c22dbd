"""A new champion values all stored properties anew, and so may each month."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
import redis as redis_py

from model_store.archive.archive import Archive
from model_store.errors import ArchiveUnavailable, StoreError
from model_store.store import ModelStore
from tests.worker.portfolio_site import NEXT, PortfolioSite
from worker import keys, revaluing
from worker.errors import QueueFull
from worker.unstored import UnstoredBatches

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


def test_a_full_redis_is_waited_for(
    site: PortfolioSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is written before there is room."""
    written: list[Any] = []
    write = site.desk.files.write_rows

    def write_rows(*args: Any) -> None:
        written.append(args)
        write(*args)

    monkeypatch.setattr(site.desk.files, "write_rows", write_rows)
    site.redis.set(keys.MEMORY_FULL, "memory")
    site.promote(NEXT)
    looks = site.revaluing()
    looks.look()
    assert site.revaluations() == []
    assert written == []

    site.redis.delete(keys.MEMORY_FULL)
    looks.look()
    assert site.revaluations() == []
    site.now += revaluing._LATER_S + 1  # noqa: SLF001 - of the module under test
    looks.look()

    assert len(site.revaluations()) == 1


def test_a_refusal_is_not_asked_for_again_at_once(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor for the other tenants: each time a whole portfolio is read and written."""
    site = make()
    for tenant in ("acme", "other"):
        site.imported("a", tenant=tenant)
    before = site.desk.files.ids()
    site.promote(NEXT)
    looks = site.revaluing()
    tries: list[object] = []

    def refuse(*_: object) -> None:
        tries.append(None)
        raise QueueFull(1)

    monkeypatch.setattr("worker.batches.Batches.submit", refuse)
    looks.look()
    site.now += revaluing._AGAIN_S + 1  # noqa: SLF001 - of the module under test
    looks.look()

    assert len(tries) == 1
    assert site.desk.files.ids() == before


@pytest.mark.parametrize(
    "error", [StoreError("no space left"), redis_py.exceptions.ReadOnlyError()]
)
def test_one_that_cannot_be_begun_leaves_no_file(
    site: PortfolioSite, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """Whether a file or the ledger refuses it; and it is not tried again at once."""
    before = site.desk.files.ids()
    site.promote(NEXT)
    looks = site.revaluing()
    tries: list[object] = []

    def refuse(*_: object) -> None:
        tries.append(None)
        raise error

    write = site.desk.files.write_rows

    def write_rows(batch_id: str, number: int, rows: Any) -> None:
        if number == 2 and isinstance(error, StoreError):
            refuse()
        write(batch_id, number, rows)

    with monkeypatch.context() as patch:
        patch.setattr(site.desk.files, "write_rows", write_rows)
        if not isinstance(error, StoreError):
            patch.setattr("worker.batches.Batches.submit", refuse)
        with pytest.raises(type(error)):
            looks.look()
        looks.look()

    assert len(tries) == 1
    assert site.desk.files.ids() == before


def test_files_of_a_batch_that_may_be_taken_are_left(
    site: PortfolioSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who does not hear of a submit's end knows nothing of it."""
    before = site.desk.files.ids()
    site.promote(NEXT)

    def lose(*_: object) -> None:
        raise redis_py.TimeoutError

    monkeypatch.setattr("worker.batches.Batches.submit", lose)
    with pytest.raises(redis_py.TimeoutError):
        site.revaluing().look()

    assert len(site.desk.files.ids()) == len(before) + 1


def test_a_tenant_whose_properties_cannot_be_read_holds_up_no_other(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But an archive that is away is waited for."""
    site = make()
    site.imported("a")
    site.imported("a", tenant="other")
    site.promote(NEXT)
    after = site.archive.properties.after
    error: Exception = ArchiveUnavailable("away")

    def pages(tenant: str, *args: Any) -> Any:
        if tenant == "acme":
            raise error
        return after(tenant, *args)

    monkeypatch.setattr(site.archive.properties, "after", pages)
    with pytest.raises(ArchiveUnavailable):
        site.revaluing().look()
    assert site.revaluations("other") == []
    error = KeyError("input")
    site.revaluing().look()

    assert site.revaluations() == []
    assert len(site.revaluations("other")) == 1


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
