"""What is said of the rights of Redis's users."""

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
