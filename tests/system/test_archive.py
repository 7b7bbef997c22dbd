"""The way into the archive and back, with the processes of an installation."""

import contextlib
import json
import os
import shutil
import signal
import sqlite3
import uuid
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from model_store.archive.archive import Archive
from model_store.store import ModelStore
from tests.patience import wait_until
from tests.system import api_server, installation
from tests.system.api_server import Server
from tests.system.installation import Installation
from worker import keys
from worker.supervision.child import Child


@pytest.fixture
def away(archive: Archive, tmp_path: Path) -> Path:
    """Return a folder where no archive is yet; `_bring` puts it there."""
    del archive
    return tmp_path / "database"


def _bring(archive: Archive, folder: Path) -> None:
    folder.mkdir()
    shutil.copy(str(archive.database.file), folder / "archive.db")


@pytest.fixture
def place(
    store: ModelStore,
    away: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Installation]:
    """Return an installation whose archive is not there yet."""
    monkeypatch.setenv("KERBSIDE_ARCHIVE_WINDOW_S", "1")
    monkeypatch.setenv("KERBSIDE_LEASE_S", "1")
    url = f"sqlite:///{away}/archive.db"
    with installation.running(tmp_path / "var", store, archive_url=url) as place:
        yield place


@pytest.fixture
def server(store: ModelStore, place: Installation) -> Iterator[Server]:
    """Run the API; nobody archives yet."""
    with api_server.running(place, place.stack.api(), store) as server:
        yield server


def _archivist(place: Installation, server: Server) -> Child:
    known = _readers(server)
    process = place.start(place.stack.upkeep_worker())
    wait_until(lambda: _readers(server) > known, "a reader of the feed")
    return process


def _readers(server: Server) -> int:
    """Count who waits for the feed; Redis 7.0 names no consumer that had nothing."""
    clients: Any = server.redis.client_list()
    return sum(one["cmd"] == "xreadgroup" for one in clients)


def _finished(server: Server, count: int = 1) -> list[str]:
    """Have houses priced; return their ids."""
    ids = [server.submit().body["id"] for _ in range(count)]
    while server.finish():
        pass
    return ids


def _has_left(server: Server, job_id: str) -> bool:
    return not server.redis.exists(keys.job_key(job_id))


def test_a_finished_job_lives_on_in_the_archive(
    place: Installation, server: Server, archive: Archive, away: Path
) -> None:
    """It is read, listed, put, and deleted as if it were in Redis, under its users."""
    _bring(archive, away)
    _archivist(place, server)
    (job_id,) = _finished(server)
    path = f"/v1/predictions/{job_id}"
    before = server.call("GET", path)

    wait_until(lambda: _has_left(server, job_id), "the end of the window")

    after = server.call("GET", path)
    assert (after.status, after.body) == (200, before.body)
    assert after.headers["etag"] == before.headers["etag"]
    assert after.body["expires_at"] is None
    (listed,) = server.call("GET", "/v1/predictions").body["results"]
    assert listed == before.body
    assert server.call("DELETE", path).status == 204
    assert server.call("GET", path).status == 410
    wait_until(lambda: server.redis.xlen(keys.FEED) == 0)
    assert server.call("GET", "/v1/predictions").body["results"] == []
    assert server.redis.acl_log() == []


def test_a_failed_job_is_retried_and_an_id_put_again_out_of_the_archive(
    place: Installation, server: Server, archive: Archive, away: Path
) -> None:
    """The one comes back to Redis, the other is answered."""
    _bring(archive, away)
    _archivist(place, server)
    own_id = str(uuid.uuid4())
    put = {"method": "PUT", "path": f"/v1/predictions/{own_id}"}
    body = json.dumps({"input": server.house}).encode()
    kind = {"Content-Type": "application/json"}
    server.call(**put, body=body, **kind)
    server.finish()
    canceled = server.submit().body["id"]
    server.call("POST", f"/v1/predictions/{canceled}/cancel")
    for job_id in (own_id, canceled):
        wait_until(partial(_has_left, server, job_id))

    again = server.call(**put, body=body, **kind)
    other = json.dumps({"input": server.house, "metadata": {"a": "b"}}).encode()
    taken = server.call(**put, body=other, **kind)
    retried = server.call("POST", f"/v1/predictions/{canceled}/retry")

    assert (again.status, again.body["status"]) == (200, "succeeded")
    assert again.headers["idempotency-replayed"] == "true"
    assert taken.status == 409
    assert (retried.status, retried.body["sequence"]) == (202, 3)
    server.finish()
    wait_until(lambda: _has_left(server, canceled))
    done = server.call("GET", f"/v1/predictions/{canceled}").body
    assert (done["status"], done["sequence"]) == ("succeeded", 5)


def test_an_archive_that_comes_late_has_lost_nothing(
    place: Installation, server: Server, archive: Archive, away: Path
) -> None:
    """Jobs go on without it; whom only it could answer is told to come again."""
    _archivist(place, server)
    ids = _finished(server, 3)
    unknown = server.call("GET", f"/v1/predictions/{uuid.uuid4()}")
    assert (unknown.status, unknown.body["type"]) == (
        503,
        "urn:kerbside:problem:archive-unavailable",
    )
    assert unknown.headers["retry-after"]
    assert server.call("GET", f"/v1/predictions/{ids[0]}").status == 200
    assert server.redis.xlen(keys.FEED) == 3

    _bring(archive, away)

    # A process that has just found the archive away says so for a while.
    for job_id in ids:
        wait_until(partial(_has_left, server, job_id))
        wait_until(partial(_answers, server, job_id, 200))
    assert server.redis.xlen(keys.FEED) == 0
    wait_until(partial(_answers, server, str(uuid.uuid4()), 404))


def _answers(server: Server, job_id: str, status: int) -> bool:
    return server.call("GET", f"/v1/predictions/{job_id}").status == status


def test_what_a_killed_archivist_had_in_hand_another_archives(
    place: Installation, server: Server, archive: Archive, away: Path
) -> None:
    """Each job once, and none stays in the feed."""
    _bring(archive, away)
    file = away / "archive.db"
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as writer:
        # Nobody else can write meanwhile: a batch is in hand when its archivist dies.
        writer.execute("BEGIN IMMEDIATE")
        first = _archivist(place, server)
        ids = _finished(server, 50)
        wait_until(lambda: _holders(server))
        held_by = _holders(server)
        os.killpg(first.pid, signal.SIGKILL)
        wait_until(first.has_ended)
        place.start(place.stack.upkeep_worker())
        wait_until(lambda: not _holders(server) <= held_by)
        writer.execute("ROLLBACK")

    wait_until(lambda: server.redis.xlen(keys.FEED) == 0)

    with contextlib.closing(Archive(f"sqlite:///{file}")) as filled:
        kept = [one.id for one in filled.predictions.page("acme", limit=100)]
    assert sorted(kept) == sorted(ids)


def _holders(server: Server) -> set[bytes]:
    """Return who has entries in hand."""
    told: Any = server.redis.xpending(keys.FEED, keys.ARCHIVISTS)
    return {one["name"] for one in told["consumers"]}
