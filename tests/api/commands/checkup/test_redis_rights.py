"""What is said of the rights of Redis's users."""

from typing import Any

import redis as redis_py

from api.commands.checkup import redis_rights, redis_server
from api.commands.checkup.finding import Status, Target
from tests.api.commands.checkup.conftest import changed, only
from worker.feed import Feed
from worker.settings import WorkerSettings


def test_users_of_this_release_are_fine(redis: redis_py.Redis, target: Target) -> None:
    """With a feed and without one."""
    with target.redis() as client:
        assert list(redis_rights.check(client)) == []
        Feed(redis, WorkerSettings(), reader="one").open()
        assert list(redis_rights.check(client)) == []


def test_users_of_an_older_release_are_told(target: Target, outdated_url: str) -> None:
    """They have no right to the feed of the archive; and how that is mended."""
    old = changed(target, redis_url=outdated_url)

    found = only(redis_server.check(old), "redis rights")

    assert found.status is Status.FAILED
    assert "kerbside redis acl" in found.remedy


def test_users_who_know_no_batches_are_told(
    redis: redis_py.Redis, target: Target, redis_url: str
) -> None:
    """They have the feed of the archive, and no right to the lane."""
    client: Any = redis
    rules = ("on", ">old", "~kerbside:*", "~predictions", "&*", "+@all")
    client.execute_command("ACL", "SETUSER", "early", *rules)
    old = changed(target, redis_url=f"redis://early:old@{redis_url.rpartition('@')[2]}")

    found = only(redis_server.check(old), "redis rights")

    assert found.status is Status.FAILED
    assert "batches" in found.found
    client.acl_deluser("early")
    client.acl_log_reset()
