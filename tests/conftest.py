"""Fixtures that every test may use."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis as redis_py
from prometheus_client import CollectorRegistry

from model_store import artifact, logs
from model_store.archive.archive import Archive
from model_store.settings import PREFIX
from model_store.store import ModelStore
from tests import postgres, second_version, small_model
from tests.clock import Clock
from tests.postgres import PostgresServer
from worker import connection, keys, ledger, queue, redis_acl
from worker.metrics import Metrics
from worker.settings import WorkerSettings
from worker.supervision import embedded
from worker.supervision.embedded import EmbeddedRedis


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the same tests run on another server program than the embedded one."""
    parser.addoption(
        "--redis-server",
        type=Path,
        help="server program, such as Debian's redis-server",
    )


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the settings of this machine away from every test."""
    for name in list(os.environ):
        if name.startswith(PREFIX):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _logged_as_text(caplog: pytest.LogCaptureFixture) -> None:
    """Show each test's log as people read it, and none what another was about."""
    logs.begin()
    caplog.handler.setFormatter(logs.formatter("text"))


@pytest.fixture
def clock() -> Clock:
    """Return a clock that stands still."""
    return Clock()


@pytest.fixture(scope="session")
def small_artifact() -> artifact.Artifact:
    """Return a model of few sales and few trees, trained once a session."""
    return small_model.train()


@pytest.fixture(scope="session")
def made(small_artifact: artifact.Artifact) -> dict[str, bytes]:
    """Return the files of a version that no store holds; do not change them."""
    return artifact.dump(small_artifact, small_model.KEY)


@pytest.fixture(scope="session")
def store(
    tmp_path_factory: pytest.TempPathFactory, small_artifact: artifact.Artifact
) -> ModelStore:
    """Return a store with one small champion; do not write to it."""
    return small_model.promoted(small_artifact, tmp_path_factory.mktemp("models"))


@pytest.fixture
def own_store(store: ModelStore, tmp_path: Path) -> ModelStore:
    """Return a store to write to, with a second version beside the champion."""
    return second_version.added(store, tmp_path / "models")


@pytest.fixture(scope="session", autouse=True)
def _server_program(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let every server that this process starts be of the program asked for."""
    with pytest.MonkeyPatch.context() as patch:
        if program := request.config.getoption("--redis-server"):
            patch.setattr(embedded, "find_binary", lambda: program)
        yield


@pytest.fixture(scope="session")
def redis_server(
    _server_program: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[EmbeddedRedis]:
    """Run a real server for the session, with the users of an installation.

    Beside them there is one that may do everything, for the tests themselves.
    """
    rules = {**redis_acl.rules(), **embedded.ONE_FOR_ALL}
    with embedded.serving(tmp_path_factory.mktemp("redis"), rules=rules) as server:
        yield server


@pytest.fixture
def redis_url(redis_server: EmbeddedRedis) -> Iterator[str]:
    """Return the address of a real and empty server, for who may do everything.

    What the test did under other users, it was allowed to do.
    """
    with contextlib.closing(redis_py.Redis.from_url(redis_server.url)) as client:
        client.flushall()
        client.config_resetstat()
        client.acl_log_reset()
        yield redis_server.url
        assert client.acl_log() == []


@pytest.fixture
def settings(
    redis_url: str, redis_server: EmbeddedRedis, store: ModelStore
) -> WorkerSettings:
    """Return settings of a worker that name the test's Redis and model store."""
    return WorkerSettings(
        redis_url=redis_server.url_of(redis_acl.WORKER),
        store_url=store.url,
        trusted_keys=store.trust.keys,
    )


@pytest.fixture
def redis(redis_url: str) -> Iterator[redis_py.Redis]:
    """Return a client of the test's Redis."""
    client = connection.connect(redis_url, role="worker")
    yield client
    client.close()


@pytest.fixture
def read_feed(redis: redis_py.Redis) -> None:
    """Let the feed of the archive be there, as if a worker of lane upkeep read it."""
    client: Any = redis
    client.xgroup_create(keys.FEED, keys.ARCHIVISTS, id="0", mkstream=True)


@pytest.fixture
def outdated_url(redis: redis_py.Redis, redis_url: str) -> Iterator[str]:
    """Return the address for a user of a release that knew no archive."""
    client: Any = redis
    rules = ("on", ">old", "~*", "&*", "+@all", "-@stream")
    client.execute_command("ACL", "SETUSER", "outdated", *rules)
    yield f"redis://outdated:old@{redis_url.rpartition('@')[2]}"
    client.acl_deluser("outdated")
    # It was denied what it asked for, as it must be.
    client.acl_log_reset()


@pytest.fixture
def book(redis: redis_py.Redis, settings: WorkerSettings) -> ledger.Ledger:
    """Return the ledger of the test's Redis."""
    return ledger.Ledger(redis, settings)


@pytest.fixture
def metrics() -> Metrics:
    """Return the figures of a worker that has done nothing yet."""
    return Metrics(CollectorRegistry())


@pytest.fixture
def front_desk(redis: redis_py.Redis, settings: WorkerSettings) -> queue.Queue:
    """Return the queue of the test's Redis."""
    return queue.Queue(redis, settings)


@pytest.fixture(scope="session")
def _empty_archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of SQLite with the tables of an archive; copy it."""
    file = tmp_path_factory.mktemp("archive") / "archive.db"
    with contextlib.closing(Archive(f"sqlite:///{file}")) as made:
        made.migrate()
    return file


@pytest.fixture
def archive(_empty_archive: Path, tmp_path: Path) -> Iterator[Archive]:
    """Return an empty archive in SQLite."""
    file = shutil.copy(_empty_archive, tmp_path / "archive.db")
    with contextlib.closing(Archive(f"sqlite:///{file}")) as made:
        yield made


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Run a real PostgreSQL for the session; CI has one for sure."""
    binaries = postgres.programs()
    if binaries is None and not os.environ.get("CI"):
        pytest.skip("needs the Debian package postgresql")
    assert binaries is not None, "expected the Debian package postgresql in CI"
    with postgres.serving(binaries) as server:
        yield server


@pytest.fixture(scope="session")
def _empty_postgres_archive(postgres_server: PostgresServer) -> Iterator[str]:
    """Return the name of a database with the tables of an archive; copy it."""
    with postgres_server.database() as name:
        with contextlib.closing(Archive(postgres_server.url(name))) as made:
            made.migrate()
        yield name


@pytest.fixture
def postgres_archive(
    postgres_server: PostgresServer, _empty_postgres_archive: str
) -> Iterator[Archive]:
    """Return an empty archive in PostgreSQL."""
    with (
        postgres_server.database(_empty_postgres_archive) as name,
        contextlib.closing(Archive(postgres_server.url(name))) as made,
    ):
        yield made


@pytest.fixture(params=["archive", "postgres_archive"], ids=["sqlite", "postgresql"])
def any_archive(request: pytest.FixtureRequest) -> Archive:
    """Return an empty archive, in each of the databases that may keep one."""
    found: Archive = request.getfixturevalue(request.param)
    return found
