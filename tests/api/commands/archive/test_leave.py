"""Laws of `kerbside archive leave`."""

import json

import pytest
import redis as redis_py

from tests.api.conftest import Run
from worker.audit import Audit
from worker.feed import Feed
from worker.keys import FEED
from worker.settings import WorkerSettings


@pytest.fixture
def here(operator_url: str, redis: redis_py.Redis) -> dict[str, str]:
    """Return where an installation is whose archive was to be told of an action."""
    Feed(redis, WorkerSettings(), reader="one").open()
    redis.xadd(FEED, {"audit": "{}"})
    return {"KERBSIDE_REDIS_URL": operator_url}


def test_it_is_left_only_when_that_is_said(
    run: Run, here: dict[str, str], redis: redis_py.Redis
) -> None:
    """By the operator's own rights; and then it is written down, in Redis alone."""
    refused = run("archive", "leave", **here)
    looked = run("archive", "leave", "--dry-run", **here)
    assert redis.exists(FEED)
    done = run("archive", "leave", "--yes", "--json", **here)

    assert refused.exit_code == 2
    assert "0 jobs, 0 erasures, 1 actions: say --yes" in refused.stderr
    assert "would be dropped: 0 jobs, 0 erasures, 1 actions" in looked.stdout
    assert json.loads(done.stdout) == {
        "dry_run": False,
        "lapsed": 0,
        "unarchived": {"jobs": 0, "erasures": 0, "actions": 1},
    }
    assert not redis.exists(FEED)
    (action,) = Audit(redis).newest(9)
    assert (action["operation"], action["outcome"]) == ("leave_archive", "done")


def test_an_archivist_that_reads_is_not_left(
    run: Run, here: dict[str, str], redis: redis_py.Redis
) -> None:
    """It would make the feed again."""
    Feed(redis, WorkerSettings(), reader="one").next(1)

    told = run("archive", "leave", "--yes", **here)

    assert told.exit_code == 1
    assert "KERBSIDE_ARCHIVE_URL away from all workers of lane upkeep" in told.stderr
    assert redis.exists(FEED)
