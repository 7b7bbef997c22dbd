"""The laws of when keys were last used."""

from datetime import UTC, datetime, timedelta

import pytest
import redis as redis_py

from worker.credentials import ApiKeys
from worker.key_uses import KeyUses

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def uses(redis: redis_py.Redis) -> KeyUses:
    """Return the uses of an empty installation."""
    return KeyUses(redis)


def test_a_use_is_told_as_it_was_kept(uses: KeyUses) -> None:
    """Of those keys that were used, and of no other."""
    uses.keep({"a": NOW, "b": NOW + timedelta(seconds=1)})

    assert uses.of(["b", "c", "a"]) == {"a": NOW, "b": NOW + timedelta(seconds=1)}
    assert uses.of([]) == {}


def test_a_key_is_written_once_a_minute_by_however_many_processes(
    uses: KeyUses, redis: redis_py.Redis
) -> None:
    """Each looks whether another has."""
    uses.keep({"a": NOW})

    uses.keep({"a": NOW + timedelta(seconds=59), "b": NOW})
    assert uses.of(["a", "b"]) == {"a": NOW, "b": NOW}
    KeyUses(redis).keep({"a": NOW + timedelta(seconds=60)})
    assert uses.of(["a"]) == {"a": NOW + timedelta(seconds=60)}


def test_a_use_brings_no_revoked_key_back(uses: KeyUses, redis: redis_py.Redis) -> None:
    """It is written beside what the key allows, not into it."""
    keys = ApiKeys(redis)
    _, key = keys.create(tenant="acme", scopes=["read"])
    revoked = keys.revoke(key.id)

    uses.keep({key.id: NOW})

    assert keys.find(key.id) == revoked
