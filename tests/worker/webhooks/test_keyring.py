"""The laws of secrets: sealed, shown, rotated."""

from collections.abc import Callable

import pytest

from tests.clock import Clock
from tests.worker.webhooks.site import Site
from worker.webhooks.endpoints import Wanted
from worker.webhooks.errors import TooManySecrets, UnknownEndpoint
from worker.webhooks.keyring import (
    GRACE_MS,
    MOST_SECRETS,
    Keyring,
    default_owner,
)
from worker.webhooks.sealing import NoSecretKeys, WrongSecretKeys, new_key
from worker.webhooks.signing import is_secret, new_secret


@pytest.fixture
def keyring(site: Site, clock: Clock) -> Keyring:
    """Return the secrets of an installation, by a clock that is set by hand."""
    return _keyring(site, clock)


def _keyring(site: Site, clock: Clock) -> Keyring:
    return Keyring(site.redis, site.settings, now_ms=lambda: clock() * 1000)


def test_a_tenants_default_secret_is_made_once(keyring: Keyring) -> None:
    """Each tenant has its own."""
    secret = keyring.default("acme")

    assert is_secret(secret)
    assert keyring.default("acme") == secret
    assert keyring.default("rival") != secret


def test_no_secret_lies_in_redis_in_clear(site: Site, keyring: Keyring) -> None:
    """Neither whole nor without its prefix."""
    secrets = [keyring.default("acme"), site.endpoints.create("acme", _wanted())[1]]
    kept = b"".join(
        b"".join(site.redis.hgetall(key).values())
        for key in site.redis.scan_iter("kerbside:webhook:*")
    )

    for secret in secrets:
        assert secret.removeprefix("whsec_").encode() not in kept


def test_the_old_secret_signs_on_for_a_day(
    site: Site, keyring: Keyring, clock: Clock
) -> None:
    """Beside the new one, which comes first."""
    endpoint, old = site.endpoints.create("acme", _wanted())
    new = keyring.rotate(endpoint.id)
    assert keyring.secrets(endpoint.id) == [new, old]

    clock.seconds += GRACE_MS / 1000
    assert keyring.secrets(endpoint.id) == [new]


def test_rotations_in_a_row_keep_what_was_promised(
    keyring: Keyring, clock: Clock
) -> None:
    """Each old one signs for a day; what would break that is refused."""
    made = [keyring.default("acme")]
    for _ in range(MOST_SECRETS - 1):
        clock.seconds += 60
        made.insert(0, keyring.rotate(default_owner("acme")))
    with pytest.raises(TooManySecrets):
        keyring.rotate(default_owner("acme"))
    assert keyring.secrets(default_owner("acme")) == made

    clock.seconds += GRACE_MS / 1000 - 60 * (MOST_SECRETS - 2)
    made.insert(0, keyring.rotate(default_owner("acme")))
    assert keyring.secrets(default_owner("acme")) == made[:MOST_SECRETS]


def test_a_rotation_makes_no_deleted_endpoint_anew(
    site: Site, keyring: Keyring
) -> None:
    """Not even its secrets."""
    endpoint, _ = site.endpoints.create("acme", _wanted())
    site.endpoints.delete("acme", endpoint.id)

    with pytest.raises(UnknownEndpoint):
        keyring.rotate(endpoint.id)
    assert site.redis.keys("kerbside:webhook:*") == []


def test_a_secret_of_ones_own_is_taken(keyring: Keyring) -> None:
    """As it comes; given twice it stays one."""
    own = new_secret()
    keyring.default("acme")
    keyring.rotate(default_owner("acme"), own)
    keyring.rotate(default_owner("acme"), own)

    assert keyring.default("acme") == own
    assert keyring.secrets(default_owner("acme")).count(own) == 1


def test_keys_are_rotated_by_adding_one_in_front(
    make_site: Callable[..., Site], clock: Clock
) -> None:
    """All decrypt, the first encrypts; without the old one nothing opens."""
    old, new = new_key(), new_key()
    secret = _keyring(make_site(secret_keys=(old,)), clock).default("acme")
    both = _keyring(make_site(secret_keys=(new, old)), clock)

    assert both.default("acme") == secret
    both.rotate(default_owner("acme"))
    with pytest.raises(WrongSecretKeys):
        _keyring(make_site(secret_keys=(new_key(),)), clock).default("acme")


def test_without_a_key_there_are_no_secrets(
    make_site: Callable[..., Site], clock: Clock
) -> None:
    """The error says what to set."""
    site = make_site(secret_keys=())
    with pytest.raises(NoSecretKeys, match="KERBSIDE_SECRET_KEYS"):
        _keyring(site, clock).default("acme")
    with pytest.raises(NoSecretKeys):
        site.endpoints.create("acme", _wanted())
    assert site.endpoints.list("acme") == []


def test_a_target_is_where_to_and_what_signs(site: Site, keyring: Keyring) -> None:
    """Of an endpoint, and of requests that bring their own."""
    endpoint, secret = site.endpoints.create("acme", _wanted())

    target = keyring.target(endpoint.id, "acme")
    assert (target.url, target.secrets) == (endpoint.url, [secret])
    own = keyring.target(default_owner("acme"), "acme")
    assert (own.url, own.secrets) == ("", [keyring.default("acme")])
    assert secret not in repr(target)


def _wanted() -> Wanted:
    return Wanted(url="https://receiver.example/hook")
