"""A revaluation that cannot be begun is begun later, and leaves nothing behind."""

from pathlib import Path
from typing import Any

import pytest
import redis as redis_py

from model_store.archive.archive import Archive
from model_store.errors import ArchiveUnavailable, StoreError
from tests.worker.portfolio_site import NEXT, PortfolioSite
from tests.worker.revaluing.conftest import Make
from worker import keys, revaluing
from worker.errors import QueueFull


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
