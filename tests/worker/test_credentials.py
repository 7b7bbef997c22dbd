"""The laws of API keys."""

from datetime import UTC, datetime, timedelta

import pytest
import redis as redis_py

from worker.credentials import (
    OPERATOR_TENANT,
    RESERVED,
    ApiKeys,
    InvalidKeyRequest,
    split_token,
)
from worker.limits import RateLimit

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def keys(redis: redis_py.Redis) -> ApiKeys:
    """Return the keys of an empty installation, at a time that stands still."""
    return ApiKeys(redis, now=lambda: NOW)


def test_a_key_is_found_as_it_was_made(keys: ApiKeys) -> None:
    """Everything but the secret is kept."""
    token, made = keys.create(
        tenant="acme",
        scopes=["read", "predict"],
        name="shop",
        expires_at=NOW + timedelta(days=1),
        rate_limit=RateLimit(100, 60),
    )

    parts = split_token(token)
    assert parts is not None
    found = keys.find(parts[0])
    assert found == made
    assert found.rate_limit == RateLimit(100, 60)
    assert (found.tenant, found.name, found.created_at) == ("acme", "shop", NOW)
    assert found.scopes == {"read", "predict"}
    assert found.expires_at == NOW + timedelta(days=1)


def test_the_secret_opens_its_own_key_only(keys: ApiKeys) -> None:
    """A secret is compared, whole, with the hash of its key."""
    token, key = keys.create(tenant="acme", scopes=["read"])
    other, _ = keys.create(tenant="acme", scopes=["read"])

    parts, wrong = split_token(token), split_token(other)
    assert parts is not None
    assert wrong is not None
    assert key.opens(parts[1])
    assert not key.opens(wrong[1])
    assert not key.opens("")


def test_no_secret_is_kept(keys: ApiKeys, redis: redis_py.Redis) -> None:
    """Who reads the store cannot call the service."""
    token, _ = keys.create(tenant="acme", scopes=["read"])
    parts = split_token(token)
    assert parts is not None

    stored = repr(redis.hgetall("kerbside:keys"))

    assert parts[0] in stored
    assert parts[1] not in stored


def test_tokens_are_long_and_never_alike(keys: ApiKeys) -> None:
    """43 letters of 62 hold 256 bits."""
    tokens = {keys.create(tenant="acme", scopes=["read"])[0] for _ in range(20)}

    assert len(tokens) == 20
    assert all(len(token) == len("kb_") + 12 + 1 + 43 for token in tokens)


@pytest.mark.parametrize(
    "text", ["", "kb_", "kb_a_b", "kb_" + "a" * 12 + "_" + "b" * 42, "sk_x", "ü" * 59]
)
def test_what_is_no_token_has_no_parts(text: str) -> None:
    """Only the form that is handed out is looked up."""
    assert split_token(text) is None


def test_an_unknown_key_is_not_found(keys: ApiKeys) -> None:
    """None says so."""
    assert keys.find("nobody") is None
    assert keys.revoke("nobody") is None


def test_a_revoked_key_stays_revoked(keys: ApiKeys, redis: redis_py.Redis) -> None:
    """The first revocation counts, a second one changes nothing."""
    _, key = keys.create(tenant="acme", scopes=["read"])
    later = ApiKeys(redis, now=lambda: NOW + timedelta(hours=1))

    first, second = keys.revoke(key.id), later.revoke(key.id)

    assert first is not None
    assert first.revoked_at == NOW
    assert second == first == keys.find(key.id)
    assert key.is_usable(NOW)
    assert not first.is_usable(NOW)


def test_a_key_ends_at_its_expiry(keys: ApiKeys) -> None:
    """At that instant it is over."""
    end = NOW + timedelta(minutes=5)
    _, key = keys.create(tenant="acme", scopes=["read"], expires_at=end)

    assert key.is_usable(end - timedelta(milliseconds=1))
    assert not key.is_usable(end)


def test_all_keys_are_listed_oldest_first(redis: redis_py.Redis) -> None:
    """Revoked ones too: the list is also the record."""
    made = []
    for hours in range(3):
        keys = ApiKeys(redis, now=lambda hours=hours: NOW + timedelta(hours=hours))  # type: ignore[misc]
        made.append(keys.create(tenant="acme", scopes=["read"])[1].id)
    ApiKeys(redis).revoke(made[0])

    assert [key.id for key in ApiKeys(redis).list()] == made


@pytest.mark.parametrize(
    "tenant", ["", "Acme", "a b", "a:b", "-a", "a" * 64, "ä", "a\n"]
)
def test_a_tenant_is_a_plain_word(keys: ApiKeys, tenant: str) -> None:
    """The name becomes part of keys and records, so it holds no separator."""
    with pytest.raises(InvalidKeyRequest, match="tenant"):
        keys.create(tenant=tenant, scopes=["read"])


@pytest.mark.parametrize("scopes", [[], ["write"], ["read", "admin"]])
def test_scopes_are_those_that_exist(keys: ApiKeys, scopes: list[str]) -> None:
    """A key that could do nothing, or something unknown, is a mistake."""
    with pytest.raises(InvalidKeyRequest, match="scopes"):
        keys.create(tenant="acme", scopes=scopes)


@pytest.mark.parametrize("scope", sorted(RESERVED))
def test_only_the_operator_reaches_over_all_tenants(keys: ApiKeys, scope: str) -> None:
    """The scopes that do are for keys of the operator's tenant alone."""
    with pytest.raises(InvalidKeyRequest, match=scope):
        keys.create(tenant="acme", scopes=[scope])

    _, key = keys.create(tenant=OPERATOR_TENANT, scopes=[scope])
    assert key.scopes == {scope}


@pytest.mark.parametrize("expires_at", [NOW, datetime(2030, 1, 1)])  # noqa: DTZ001
def test_an_expiry_is_a_future_instant(keys: ApiKeys, expires_at: datetime) -> None:
    """Neither one that has passed nor one without a zone."""
    with pytest.raises(InvalidKeyRequest, match="expiry"):
        keys.create(tenant="acme", scopes=["read"], expires_at=expires_at)


def test_a_key_of_an_older_release_has_no_limit_of_its_own(
    keys: ApiKeys, redis: redis_py.Redis
) -> None:
    """Its record knows of none."""
    _, made = keys.create(tenant="acme", scopes=["read"])
    record = made.to_json().replace(b',"rate_limit":null', b"")
    assert b"rate_limit" not in record
    redis.hset("kerbside:keys", made.id, record)

    assert keys.find(made.id) == made
