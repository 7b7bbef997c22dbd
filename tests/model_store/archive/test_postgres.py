"""A server that does not answer in time is given up, whatever is wrong with it."""

import contextlib
from collections.abc import Iterator

import pytest

from model_store.archive import postgres
from model_store.archive.archive import Archive
from model_store.errors import ArchiveTooSlow, ArchiveUnavailable
from tests.model_store.archive.rows import prediction
from tests.postgres import PostgresServer


@pytest.fixture
def hasty(
    postgres_archive: Archive,
    postgres_server: PostgresServer,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Archive]:
    """Return an archive that waits for 0.3 s at most."""
    monkeypatch.setattr(postgres, "GRACE_S", 0.1)
    monkeypatch.setattr(postgres, "CONNECT_S", 2)
    name = postgres_archive.database.place.split("/")[-1].split("?")[0]
    url = postgres_server.url(name)
    with contextlib.closing(Archive(url, limit_s=0.2)) as made:
        yield made


def test_a_server_that_stands_still_is_given_up(
    hasty: Archive, postgres_server: PostgresServer
) -> None:
    """In the midst of an answer, and before one; it is used again when it goes on."""
    hasty.predictions.upsert([prediction()])
    with (
        pytest.raises(ArchiveUnavailable, match="said nothing"),
        hasty.database.reading() as connection,
        postgres_server.frozen(),
    ):
        connection.exec_driver_sql("SELECT 1")

    with postgres_server.frozen(), pytest.raises(ArchiveUnavailable, match="timeout"):
        hasty.predictions.get(prediction().id)

    assert hasty.predictions.get(prediction().id) == prediction()


def test_a_statement_that_takes_too_long_is_told_from_an_outage(
    hasty: Archive,
) -> None:
    """The server ends it, and goes on with all others."""
    with pytest.raises(ArchiveTooSlow), hasty.database.reading() as connection:
        connection.exec_driver_sql("SELECT pg_sleep(60)")

    hasty.check()


def test_a_migration_may_take_its_time(hasty: Archive) -> None:
    """Both limits are lifted for it alone."""
    with hasty.database.migrating() as connection:
        connection.exec_driver_sql("SELECT pg_sleep(0.5)")

    with pytest.raises(ArchiveTooSlow), hasty.database.reading() as connection:
        connection.exec_driver_sql("SELECT pg_sleep(60)")
