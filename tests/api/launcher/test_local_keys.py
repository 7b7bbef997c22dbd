"""Laws of the keys and passwords of the local user."""

from pathlib import Path

import pytest
import redis as redis_py

from api.launcher.local_keys import LocalAccess
from worker.audit import Audit
from worker.credentials import ApiKeys, split_token
from worker.supervision import secretfile


@pytest.fixture
def access(tmp_path: Path) -> LocalAccess:
    """Return the access of an installation that was never started."""
    return LocalAccess(tmp_path / "access.json")


def test_they_are_the_same_at_every_start(
    access: LocalAccess, redis: redis_py.Redis
) -> None:
    """What was written down once goes on working."""
    first = access.keys(ApiKeys(redis), Audit(redis)), access.flower_password()

    assert (
        access.keys(ApiKeys(redis), Audit(redis)),
        access.flower_password(),
    ) == first


def test_a_key_that_opens_no_more_is_replaced(
    access: LocalAccess, redis: redis_py.Redis
) -> None:
    """Revoked, or of a server whose data is gone; the other one stays."""
    keys = ApiKeys(redis)
    first = access.keys(keys, Audit(redis))
    parts = split_token(first.user)
    assert parts
    keys.revoke(parts[0])

    second = access.keys(keys, Audit(redis))

    assert second.user != first.user
    assert second.operator == first.operator
    made = [one["targets"] for one in Audit(redis).newest(9)]
    both = [split_token(one) for one in (first.user, first.operator)]
    new = split_token(second.user)
    assert new
    assert made == [[new[0]], [one[0] for one in both if one]]


def test_nobody_else_may_read_them(
    access: LocalAccess, redis: redis_py.Redis, tmp_path: Path
) -> None:
    """Neither in the file nor in a log of the object."""
    keys = access.keys(ApiKeys(redis), Audit(redis))

    assert (tmp_path / "access.json").stat().st_mode & 0o777 == 0o600
    assert keys.user not in repr(keys)
    assert keys.operator not in repr(keys)


def test_a_key_of_an_older_version_is_replaced_by_one_with_all_scopes(
    access: LocalAccess, redis: redis_py.Redis, tmp_path: Path
) -> None:
    """The local user may register webhooks too."""
    keys = ApiKeys(redis)
    old, _ = keys.create(tenant="default", scopes=("predict", "read"), name="old")
    secretfile.write_json(tmp_path / "access.json", {"api_key": old})

    parts = split_token(access.keys(keys, Audit(redis)).user)

    assert parts
    found = keys.find(parts[0])
    assert found
    assert found.scopes == {"predict", "read", "webhooks"}
