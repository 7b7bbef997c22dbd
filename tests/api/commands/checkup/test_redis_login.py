"""What is said of a Redis that asks nobody for a name."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis as redis_py

from api.commands.checkup import redis_login
from api.commands.checkup.finding import Status, Target


def test_a_server_that_asks_for_a_user_is_fine(target: Target) -> None:
    """As `kerbside up` starts it, and as `kerbside redis acl` sets it up."""
    (found,) = redis_login.check(target, "here")

    assert (found.check, found.status) == ("redis login", Status.OK)


@pytest.fixture
def _open(redis: redis_py.Redis, redis_url: str) -> Iterator[None]:
    """Let in whoever comes, for one test."""
    password = urlsplit(redis_url).password
    client: Any = redis
    client.execute_command("ACL", "SETUSER", "default", "nopass")
    yield
    client.execute_command("ACL", "SETUSER", "default", "resetpass", f">{password}")


@pytest.mark.usefixtures("_open")
def test_a_server_that_lets_everybody_in_is_told(target: Target) -> None:
    """It answers as well as any, so nobody would notice."""
    (found,) = redis_login.check(target, "here")

    assert found.status is Status.WARNING
    assert found.found.startswith("here lets in who names no user")
    assert "kerbside redis acl" in found.remedy
