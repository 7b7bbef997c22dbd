"""What is said of a Redis, on a real one set so."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis as redis_py

from api.commands.checkup import redis_server
from api.commands.checkup.finding import Status, Target
from api.settings import ApiSettings
from tests.api.commands.checkup.conftest import Configure, changed, only, statuses
from worker.connection import connect
from worker.supervision import embedded


@pytest.fixture
def configure(redis: redis_py.Redis) -> Iterator[Configure]:
    """Return a function that changes a setting of the server for one test."""
    before: dict[str, str] = {}

    def configure(name: str, value: str) -> None:
        before.setdefault(name, str(redis.config_get(name)[name]))
        redis.config_set(name, value)

    # As `kerbside up` starts it, whatever other tests have set.
    configure("maxmemory", "512mb")
    yield configure
    for name, value in before.items():
        redis.config_set(name, value)


def test_a_server_as_up_starts_it_is_fine(target: Target, configure: Configure) -> None:
    """Address, version, policy, log and memory are each told."""
    assert statuses(redis_server.check(target)) == dict.fromkeys(
        (
            *("redis", "redis version", "redis policy", "redis log", "redis memory"),
            "redis login",
        ),
        Status.OK,
    )


def test_another_users_installation_is_told_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is there, only not for this user."""
    monkeypatch.setattr("os.access", lambda path, _: path != tmp_path)

    (found,) = redis_server.check(Target(settings=ApiSettings(state_dir=tmp_path)))

    assert found.found == f"this user may not look into {tmp_path}"
    assert "run the command as the user who started it" in found.remedy


@pytest.mark.parametrize(
    ("changes", "check", "status"),
    [
        ({"maxmemory-policy": "allkeys-lru"}, "redis policy", Status.FAILED),
        ({"appendonly": "no"}, "redis log", Status.WARNING),
        ({"maxmemory": "0"}, "redis memory", Status.WARNING),
        ({"maxmemory": "1mb"}, "redis memory", Status.FAILED),
    ],
    ids=str,
)
def test_what_can_lose_or_refuse_jobs_is_told(
    target: Target,
    configure: Configure,
    changes: dict[str, str],
    check: str,
    status: Status,
) -> None:
    """And nothing else is, besides."""
    for name, value in changes.items():
        configure(name, value)

    found = statuses(redis_server.check(target))

    assert found.pop(check) is status
    assert set(found.values()) == {Status.OK}


def test_a_server_that_is_away_is_told_without_its_password(target: Target) -> None:
    """The remedy names the variable; the table may be shown to anybody."""
    away = changed(target, redis_url="redis://user:hunter2@127.0.0.1:1/0")

    (found,) = redis_server.check(away)

    assert found.status is Status.FAILED
    assert found.found.startswith("redis://127.0.0.1:1/0 does not serve: ")
    assert "refused" in found.found
    assert "KERBSIDE_REDIS_URL" in found.remedy
    assert "hunter2" not in str(found)


def test_a_wrong_password_is_told_as_one(
    target: Target, redis_url: str, redis: redis_py.Redis
) -> None:
    """It is another fault than a server that is away."""
    place = redis_url.rpartition("@")[2]
    (found,) = redis_server.check(changed(target, redis_url=f"redis://:wrong@{place}"))
    redis.acl_log_reset()

    assert found.status is Status.FAILED
    assert found.expected == "a password that opens"


def test_a_user_without_the_rights_is_told(
    target: Target, redis_url: str, redis: redis_py.Redis
) -> None:
    """What it may not do is in the server's answer."""
    redis.acl_setuser(
        "poor", enabled=True, passwords=["+pw"], keys=["*"], categories=["+@connection"]
    )
    place = redis_url.rpartition("@")[2]
    (found,) = redis_server.check(changed(target, redis_url=f"redis://poor:pw@{place}"))
    redis.acl_deluser("poor")
    redis.acl_log_reset()

    assert found.status is Status.FAILED
    assert "info" in found.found
    assert "the rights of the user" in found.expected


def test_a_folder_in_which_nothing_was_started_is_told(tmp_path: Path) -> None:
    """The first thing to do is `kerbside up`."""
    nothing = Target(settings=ApiSettings(state_dir=tmp_path))

    found = only(redis_server.check(nothing), "redis")

    assert found.status is Status.FAILED
    assert "`kerbside up`" in found.remedy


def test_a_replica_is_told(target: Target, tmp_path: Path) -> None:
    """It answers and takes no writes."""
    with embedded.serving(tmp_path / "redis") as server:
        with contextlib.closing(connect(server.url, role="worker")) as client:
            client.replicaof("127.0.0.1", 1)
        found = only(
            redis_server.check(changed(target, redis_url=server.url)), "redis role"
        )

    assert found.status is Status.FAILED
    assert "replica of 127.0.0.1" in found.found
    assert "Name the primary" in found.remedy


@pytest.mark.parametrize(
    ("info", "status", "words"),
    [
        ({"redis_version": "6.0.16"}, Status.FAILED, "Redis 6.0.16 at here"),
        ({"redis_version": "6.2.0"}, Status.OK, "Redis 6.2.0"),
        ({"redis_version": "10.1"}, Status.OK, "Redis 10.1"),
        (
            {"redis_version": "7.2.4", "valkey_version": "9.1.2"},
            Status.OK,
            "Valkey 9.1.2",
        ),
        ({}, Status.OK, "Redis unknown"),
    ],
)
def test_a_server_that_is_too_old_is_told(
    info: dict[str, str], status: Status, words: str
) -> None:
    """A managed one may keep its version to itself: that is its own care."""
    found = redis_server.version(info, "here")

    assert (found.status, found.found) == (status, words)


def test_sentinels_that_name_no_primary_are_told() -> None:
    """What to look at is not the server's network; no password is shown."""
    url = "sentinel://u:hunter2@127.0.0.1:1/0?master=homes&sentinel_password=hunter2"

    (found,) = redis_server.check(Target(settings=ApiSettings(redis_url=url)))

    assert "sentinel://127.0.0.1:1/0 does not serve" in found.found
    assert "'homes'" in found.found
    assert "SENTINEL MASTERS" in found.remedy
    assert "hunter2" not in f"{found}"
