"""What `kerbside up` finds on its machine, and says of what does not work."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis as redis_py

from api.launcher import faults
from tests.system.conftest import ROOT
from tests.system.up.process import Start


@pytest.fixture
def documented_user(redis: redis_py.Redis) -> Iterator[str]:
    """Return the name of a user with the rights that the documentation gives it."""
    page = (ROOT / "docs" / "howto" / "own-redis.md").read_text(encoding="utf-8")
    rules = re.search(r"^ACL SETUSER kerbside (.*) >PASSWORD (.*)$", page, re.MULTILINE)
    assert rules
    execute: Any = redis.execute_command
    words = f"{rules[1]} >pw {rules[2]}".split()
    execute("ACL", "SETUSER", "kerbside", *words)
    execute("ACL", "LOG", "RESET")
    yield "kerbside"
    execute("ACL", "DELUSER", "kerbside")


def test_a_server_of_ones_own_is_used(
    start_up: Start,
    redis_url: str,
    redis: redis_py.Redis,
    documented_user: str,
    state: Path,
) -> None:
    """With KERBSIDE_REDIS_URL no other is started; the user's rights are enough."""
    place = redis_url.rpartition("@")[2]
    url = f"redis://{documented_user}:pw@{place}"
    up = start_up("--once", KERBSIDE_REDIS_URL=url)
    up.await_start()
    told = up.process.communicate(timeout=60)[1]

    assert up.process.returncode == 0, told
    assert not (state / "redis").exists()
    server: Any = redis
    assert server.acl_log() == []


def test_a_server_of_ones_own_that_is_away_is_told(start_up: Start) -> None:
    """Nothing is started that could not work; the password is not repeated."""
    up = start_up(KERBSIDE_REDIS_URL="redis://:hunter2@127.0.0.1:1/0")
    told = up.process.communicate(timeout=60)[1]

    assert up.process.returncode == faults.RedisUnreachable.exit_code
    assert "No Redis for us at 127.0.0.1:1" in told
    assert "hunter2" not in told


def test_a_model_store_that_cannot_be_used_is_told(
    start_up: Start, tmp_path: Path
) -> None:
    """Without a model there is nothing to start."""
    (tmp_path / "file").touch()
    up = start_up(KERBSIDE_STORE_URL=str(tmp_path / "file" / "models"))
    told = up.process.communicate(timeout=120)[1]

    assert up.process.returncode == faults.TrainingFailed.exit_code
    assert str(tmp_path / "file" / "models") in told


def test_a_part_that_cannot_come_up_ends_it_with_its_last_lines(
    start_up: Start,
) -> None:
    """The reason is on the screen, not only in a log."""
    up = start_up(GRANIAN_LOG_LEVEL="no-such-level")
    told = up.process.communicate(timeout=60)[1]

    assert up.process.returncode == faults.NotReady.exit_code
    assert "api ended with exit code 2, 5 times in a row" in told
    assert "no-such-level" in told
    assert up.pids() == set()
