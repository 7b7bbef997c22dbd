"""What batches of properties came to goes into the archive."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
import redis as redis_py

from model_store.archive.archive import Archive
from model_store.archive.prediction import house_hash
from model_store.errors import ArchiveUnavailable, NotTrusted, StoreError, UnknownModel
from model_store.store import ModelStore
from tests.worker.portfolio_site import PortfolioSite
from worker.batch_files import made_ms
from worker.keys import batch_key, job_key
from worker.storing import Storing
from worker.totals import Totals

Make = Callable[..., PortfolioSite]

_DAY_MS = 24 * 3600 * 1000


@pytest.fixture
def site(
    redis: redis_py.Redis, own_store: ModelStore, archive: Archive, tmp_path: Path
) -> PortfolioSite:
    """Return an installation that stores properties."""
    return PortfolioSite(redis, own_store, archive, tmp_path / "batches")


def test_an_import_stores_properties_with_their_prices(site: PortfolioSite) -> None:
    """Each as its row says, with what the import says of all."""
    batch_id = site.imported("a", "b", "c", max_age_s=60, metadata=b'{"in":"north"}')

    batch = site.desk.find(batch_id)
    assert (batch.status, batch.stored) == ("completed", 3)
    assert batch.expires_ms
    found = site.find("c")
    assert found is not None
    known, valuation = found
    assert valuation is not None
    assert (known.model, known.max_age_s) == (batch.model, 60)
    assert known.metadata == b'{"in":"north"}'
    assert orjson.loads(known.input) == site.house()
    assert known.created_ms == known.updated_ms == made_ms(batch_id)
    assert (valuation.version, valuation.source_id) == (batch.version, batch_id)
    assert orjson.loads(valuation.output)["price"] == 500_000
    assert valuation.input_digest == known.input_digest == house_hash(known.input)
    assert valuation.valued_ms >= batch.created_ms
    assert site.unstored.all() == []


def test_a_table_is_stored_as_json_is(site: PortfolioSite) -> None:
    """Its cells have become the numbers that they mean."""
    house = site.house()
    columns = ["custom_id", *house]
    cells = ["t-1", *(str(value) for value in house.values())]

    site.import_rows([cells], columns=columns)
    site.imported("j-1")

    table, json = site.find("t-1"), site.find("j-1")
    assert table is not None
    assert json is not None
    assert table.property.input == json.property.input


@pytest.mark.parametrize("name", [None, "", "a b", "ä", "x" * 201, 7])
def test_a_row_without_a_propertys_id_is_refused(
    site: PortfolioSite, name: Any
) -> None:
    """As a row: the others are stored."""
    rows = [{"custom_id": name, "input": site.house()}]
    if name is None:
        rows = [{"input": site.house()}]
    batch_id = site.import_rows([*rows, {"custom_id": "ok", "input": site.house()}])
    site.work()
    site.storing.look()

    batch = site.desk.find(batch_id)
    assert (batch.completed, batch.failed, batch.stored) == (1, 1, 1)
    (refusal,) = site.desk.refusals(batch_id)
    assert refusal["errors"][0]["loc"] == ["custom_id"]
    assert site.find("ok") is not None


def test_of_rows_with_the_same_id_the_last_counts(site: PortfolioSite) -> None:
    """Within a chunk and across chunks."""
    first, last = site.house(bedrooms=2), site.house(bedrooms=5)
    names = ["a", "a", "b", "c", "b"]
    houses = [first, last, first, first, last]
    rows = [{"custom_id": n, "input": h} for n, h in zip(names, houses, strict=True)]
    site.import_rows(rows)
    site.work()
    site.storing.look()

    for name in ("a", "b"):
        found = site.find(name)
        assert found is not None
        assert orjson.loads(found.property.input)["bedrooms"] == 5
        assert found.valuation is not None
        assert found.valuation.input_digest == found.property.input_digest


def test_what_a_client_said_since_is_not_undone(site: PortfolioSite) -> None:
    """Neither the house nor its price is taken back by an import that comes late."""
    site.imported("a")
    batch_id = site.submit(["a", "b"])
    changed = site.put("a", bedrooms=5)
    site.work()
    site.storing.look()

    found = site.find("a")
    assert found is not None
    assert found.property.input == changed.input
    assert found.valuation is not None
    assert found.valuation.source_id != batch_id
    assert site.desk.find(batch_id).stored == 1


def test_chunks_are_stored_while_others_are_priced(site: PortfolioSite) -> None:
    """As many as have ended, in order."""
    batch_id = site.submit(["a", "b", "c"])
    site.work(1)
    site.storing.look()

    assert site.desk.find(batch_id).stored == 2
    assert site.find("b") is not None
    assert site.find("c") is None
    site.work()
    site.storing.look()
    assert site.desk.find(batch_id).stored == 3


def test_a_canceled_import_stores_what_was_priced(site: PortfolioSite) -> None:
    """And is over then."""
    batch_id = site.submit(["a", "b", "c"])
    site.work(1)
    site.desk.batches.cancel("acme", batch_id)
    site.storing.look()

    batch = site.desk.find(batch_id)
    assert (batch.status, batch.stored) == ("canceled", 2)
    assert batch.expires_ms


def test_a_crash_between_archive_and_ledger_repeats_harmlessly(
    site: PortfolioSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The chunk is written again, and counted once."""
    batch_id = site.submit(["a", "b"])
    site.work()
    with monkeypatch.context() as patch:

        def die(*_: object) -> None:
            raise redis_py.ConnectionError

        patch.setattr(site.unstored, "note", die)
        with pytest.raises(redis_py.ConnectionError):
            site.storing.look()
    assert site.find("a") is not None
    assert site.desk.find(batch_id).stored == 0

    site.storing.look()

    assert site.desk.find(batch_id).stored == 2
    history = site.archive.valuations.page("acme", "a", limit=9)
    assert len(history) == 1


def test_nothing_is_lost_while_the_archive_is_away(
    site: PortfolioSite, tmp_path: Path
) -> None:
    """The batch and its files wait, however long; then all of it is stored."""
    batch_id = site.submit(["a", "b"])
    site.work()
    away = Archive(f"sqlite:///{tmp_path / 'nowhere' / 'archive.db'}")
    waits = Storing(
        site.unstored, site.desk.files, site.store, away, tell=lambda _: None
    )

    with pytest.raises(ArchiveUnavailable):
        waits.look()

    assert site.redis.ttl(batch_key(batch_id)) == -1
    site.storing.look()
    assert site.desk.find(batch_id).stored == 2


def test_a_batch_that_cannot_be_stored_holds_up_no_other(
    site: PortfolioSite, tmp_path: Path
) -> None:
    """Lost rows are told and passed over: nobody can bring them back."""
    lost, whole = site.submit(["a"]), site.submit(["b"])
    site.work()
    (tmp_path / "batches" / lost / "rows-1").unlink()
    site.storing.look()

    assert site.desk.find(lost).stored == 0
    assert site.desk.find(whole).stored == 1
    assert site.unstored.all() == []


@pytest.mark.parametrize("error", [NotTrusted("nobody signed it"), KeyError("line")])
def test_whatever_is_wrong_with_a_batch_holds_up_no_other(
    site: PortfolioSite,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
) -> None:
    """It is told once, and waits; what is mended is stored."""
    bad, whole = site.submit(["a"]), site.submit(["b"])
    site.work()
    read = site.desk.files.prices

    def prices(batch_id: str, chunk: int, attempt: int) -> bytes:
        if batch_id == bad:
            raise type(error)(*error.args)
        return read(batch_id, chunk, attempt)

    with monkeypatch.context() as patch:
        patch.setattr(site.desk.files, "prices", prices)
        for _ in range(2):
            site.storing.look()
    assert site.desk.find(whole).stored == 1
    assert site.desk.find(bad).stored == 0
    assert caplog.text.count("batch_not_stored") == 1

    site.storing.look()

    assert site.desk.find(bad).stored == 1


def test_an_unmounted_folder_is_waited_for(site: PortfolioSite, tmp_path: Path) -> None:
    """What lies elsewhere is not lost."""
    batch_id = site.submit(["a"])
    site.work()
    (tmp_path / "batches").rename(tmp_path / "elsewhere")
    site.storing.look()
    assert [one.batch.id for one in site.unstored.all()] == [batch_id]

    (tmp_path / "elsewhere").rename(tmp_path / "batches")
    site.storing.look()

    assert site.desk.find(batch_id).stored == 1


def _lose_folder(site: PortfolioSite, batch_id: str) -> None:
    site.desk.files.drop(batch_id)


def _lose_sense(site: PortfolioSite, batch_id: str) -> None:
    for chunk in (1, 2):
        site.desk.files.write_results(batch_id, chunk, 1, [b'{"line":'], [])


@pytest.mark.parametrize("lose", [_lose_folder, _lose_sense])
def test_what_cannot_be_read_for_a_day_is_given_up(
    site: PortfolioSite,
    caplog: pytest.LogCaptureFixture,
    lose: Callable[[PortfolioSite, str], object],
) -> None:
    """All of it at once; it is told and counted, and then in nobody's way."""
    batch_id, whole = site.submit(["a", "b", "c"]), site.submit(["d"])
    site.work()
    lose(site, batch_id)
    site.storing.look()
    site.redis.hincrby(batch_key(batch_id), "unread", 60_000 - _DAY_MS)
    site.storing.look()
    assert [one.batch.id for one in site.unstored.all()] == [batch_id]
    assert Totals(site.redis).batches().chunks_lost == 0

    site.redis.hincrby(batch_key(batch_id), "unread", -60_000)
    site.storing.look()

    assert site.unstored.all() == []
    batch = site.desk.find(batch_id)
    assert (batch.completed, batch.stored) == (3, 0)
    assert batch.expires_ms
    assert site.desk.find(whole).stored == 1
    assert caplog.text.count("chunk_not_stored") == 2
    assert Totals(site.redis).batches().chunks_lost == 2


def test_what_is_read_in_between_begins_the_day_anew(site: PortfolioSite) -> None:
    """An outage of long ago counts for nothing."""
    batch_id = site.submit(["a", "b", "c"])
    site.work(1)
    site.unstored.unread_ms(batch_id)
    site.redis.hincrby(batch_key(batch_id), "unread", -_DAY_MS)
    site.storing.look()

    assert site.unstored.unread_ms(batch_id) < _DAY_MS


def test_files_out_of_reach_are_waited_for_however_long(
    site: PortfolioSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is lost that lies where nobody gets at it."""
    batch_id = site.submit(["a"])
    site.work()

    def refuse(*_: object) -> bytes:
        raise StoreError("no permission")

    with monkeypatch.context() as patch:
        patch.setattr(site.desk.files, "prices", refuse)
        site.unstored.unread_ms(batch_id)
        site.redis.hincrby(batch_key(batch_id), "unread", -_DAY_MS)
        site.storing.look()
    site.storing.look()

    assert site.desk.find(batch_id).stored == 1


def test_rows_of_a_version_that_was_removed_are_passed_over(
    site: PortfolioSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody can read them any more; a store that holds nothing is waited for."""
    batch_id = site.submit(["a"])
    site.work()

    def unknown(version: str) -> Any:
        raise UnknownModel(version)

    monkeypatch.setattr(site.store, "card", unknown)
    with monkeypatch.context() as patch:
        patch.setattr(site.store, "resolve", unknown)
        site.storing.look()
        assert len(site.unstored.all()) == 1

    site.storing.look()

    assert site.desk.find(batch_id).stored == 0
    assert site.unstored.all() == []


def test_what_another_has_stored_meanwhile_is_left_alone(
    site: PortfolioSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was deleted since does not come back, of a deleted import neither."""
    site.submit(["a"])
    gone = site.submit(["b"])
    site.work()
    seen = site.unstored.all()
    site.storing.look()
    for name in "ab":
        site.archive.properties.delete("acme", name)
    site.desk.batches.delete("acme", gone)
    monkeypatch.setattr(site.unstored, "all", lambda: seen)

    site.storing.look()

    assert site.find("a") is None
    assert site.find("b") is None


def test_a_house_has_its_own_price_however_chunks_were_priced(
    site: PortfolioSite,
) -> None:
    """The last row counts, though its chunk had its price before another's."""
    houses = [site.house(bedrooms=2), site.house(), site.house(bedrooms=5)]
    rows = [
        {"custom_id": name, "input": house}
        for name, house in zip("aba", houses, strict=True)
    ]
    batch_id = site.import_rows(rows)
    site.work()
    priced = int(site.redis.hget(job_key(f"{batch_id}-1"), "completed"))
    site.redis.hset(job_key(f"{batch_id}-2"), "completed", priced - 5)
    site.storing.look()

    found = site.find("a")
    assert found is not None
    assert found.valuation is not None
    assert orjson.loads(found.property.input)["bedrooms"] == 5
    assert found.valuation.input_digest == found.property.input_digest
    assert found.valuation.valued_ms == priced


def test_imports_and_changes_are_ordered_by_one_clock(site: PortfolioSite) -> None:
    """By that of the API, which takes both: Redis's may be ahead."""
    site.imported("a")
    batch_id = site.submit(["a"])
    changed = site.put("a", bedrooms=5)
    site.redis.hset(batch_key(batch_id), "created", changed.updated_ms + 60_000)
    site.work()
    site.storing.look()

    found = site.find("a")
    assert found is not None
    assert found.property.input == changed.input
