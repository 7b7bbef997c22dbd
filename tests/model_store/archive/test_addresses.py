"""An archive that cannot be used says in a sentence how to mend it."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from model_store.archive.archive import Archive
from model_store.errors import ArchiveError
from tests.postgres import PostgresServer

SERVER = "postgresql+psycopg://u:hunter2@"


def _why(url: str) -> str:
    """Return what is said of an archive that cannot be used."""
    with pytest.raises(ArchiveError) as told, contextlib.closing(Archive(url)) as made:
        made.check()
    return str(told.value)


@pytest.mark.parametrize(
    ("place", "remedy"),
    [
        ("nowhere.invalid/d", "look at the host in KERBSIDE_ARCHIVE_URL"),
        ("127.0.0.1:1/d", "start the server, or look at host and port"),
        ("127.0.0.1:port/d", "expected postgresql+psycopg://USER:PASSWORD@HOST:PORT"),
        ("rest@127.0.0.1/d", "with %40 for an @ in a password"),
        ("127.0.0.1/d?colour=red", "look at what follows the `?`"),
    ],
)
def test_an_address_that_leads_nowhere_is_told_with_a_remedy(
    place: str, remedy: str
) -> None:
    """And never with the password, whatever it has in it."""
    told = _why(SERVER + place)

    assert remedy in told
    assert "\n" not in told
    for part in ("hunter2", "rest"):
        assert part not in told


@pytest.fixture
def closed(postgres_server: PostgresServer) -> Iterator[str]:
    """Return the name of a database that only its owner may use."""
    with postgres_server.database() as name:
        postgres_server.run("CREATE ROLE stranger LOGIN")
        yield name
        postgres_server.run("DROP ROLE stranger")


def test_what_a_server_refuses_is_told_with_a_remedy(
    postgres_server: PostgresServer, closed: str
) -> None:
    """A database or user that is not there, or may nothing in it."""
    with contextlib.closing(Archive(postgres_server.url(closed))) as made:
        made.migrate()
    folder = f"host={postgres_server.folder}"

    def why(user: str, name: str) -> str:
        return _why(f"postgresql+psycopg://{user}:hunter2@/{name}?{folder}")

    assert "make it, or look at the name" in why("stranger", "missing")
    assert "look at the user and the password" in why("nobody_we_know", closed)
    assert "let the user of the database" in why("stranger", closed)


def test_a_password_that_a_server_refuses_is_told_with_a_remedy(
    postgres_server: PostgresServer, closed: str
) -> None:
    """And not told itself."""
    rules = postgres_server.folder / "data" / "pg_hba.conf"
    before = rules.read_text()
    rules.write_text(f"local {closed} stranger scram-sha-256\n{before}")
    postgres_server.run("ALTER ROLE stranger PASSWORD 'another'")
    try:
        postgres_server.run("SELECT pg_reload_conf()")
        place = f"/{closed}?host={postgres_server.folder}"
        told = _why(f"postgresql+psycopg://stranger:hunter2@{place}")
    finally:
        rules.write_text(before)
        postgres_server.run("SELECT pg_reload_conf()")

    assert "look at the user and the password" in told
    assert "hunter2" not in told


def test_a_file_of_something_else_is_told_with_a_remedy(tmp_path: Path) -> None:
    """It is left as it is."""
    file = tmp_path / "letter.txt"
    file.write_text("Dear archive,\n" * 1000)

    assert "name another file in KERBSIDE_ARCHIVE_URL" in _why(f"sqlite:///{file}")
    assert file.read_text() == "Dear archive,\n" * 1000


def test_a_place_that_cannot_be_written_is_told_with_a_remedy(tmp_path: Path) -> None:
    """By who makes the file, and by who looks for it."""
    (tmp_path / "file").touch()
    url = f"sqlite:///{tmp_path}/file/archive.db"

    assert "let this user write file and folder" in _why(url)
    with (
        pytest.raises(ArchiveError, match="let this user write the folder"),
        contextlib.closing(Archive(url)) as made,
    ):
        made.migrate()
