"""What is said of webhooks: their keys, secrets and endpoints."""

import redis as redis_py

from api.commands.checkup import webhooks
from api.commands.checkup.finding import Status, Target
from tests.api.commands.checkup.conftest import changed, only, statuses
from worker.webhooks.endpoints import Change, Endpoint, Endpoints, Wanted
from worker.webhooks.keyring import Keyring
from worker.webhooks.sealing import new_key

SECRETS, ENDPOINTS = "webhook secrets", "webhook endpoints"


def _with_keys(target: Target, *keys: str) -> Target:
    return changed(target, secret_keys=keys or (new_key(),))


def _without_keys(target: Target) -> Target:
    return changed(target, secret_keys=())


def _endpoint(target: Target, redis: redis_py.Redis) -> Endpoint:
    kept = Endpoints(redis, target.settings)
    return kept.create("acme", Wanted(url="https://receiver.example/"))[0]


def test_nobody_can_have_webhooks_without_a_key(target: Target) -> None:
    """Nothing is lost yet."""
    found = statuses(webhooks.check(_without_keys(target)))

    assert found == {SECRETS: Status.WARNING, ENDPOINTS: Status.OK}


def test_keys_that_open_and_receivers_that_answer_are_fine(
    target: Target, redis: redis_py.Redis
) -> None:
    """The counts are told."""
    own = _with_keys(target)
    _endpoint(own, redis)
    Keyring(redis, own.settings).default("acme")

    assert set(statuses(webhooks.check(own)).values()) == {Status.OK}
    assert "all 2" in only(webhooks.check(own), SECRETS).found
    assert "1 endpoints, 0 deliveries" in only(webhooks.check(own), ENDPOINTS).found


def test_a_key_that_is_gone_is_told(target: Target, redis: redis_py.Redis) -> None:
    """Whose events cannot be signed is named."""
    endpoint = _endpoint(_with_keys(target), redis)

    (other, none) = (
        only(webhooks.check(one), SECRETS)
        for one in (_with_keys(target), _without_keys(target))
    )

    assert (other.status, none.status) == (Status.FAILED, Status.FAILED)
    assert endpoint.id in other.found
    assert "no key" in none.found


def test_a_damaged_file_of_keys_is_told(target: Target) -> None:
    """With where it lies."""
    path = target.settings.state_dir / "secret-keys"
    path.write_text("damaged")

    found = only(webhooks.check(_without_keys(target)), SECRETS)

    assert found.status is Status.FAILED
    assert str(path) in found.found


def test_endpoints_that_fail_are_told_and_those_at_rest_are_not(
    target: Target, redis: redis_py.Redis
) -> None:
    """Whom its own tenant has disabled nobody has to look after."""
    own = _with_keys(target)
    failing, resting, ended = (_endpoint(own, redis) for _ in range(3))
    redis.hset(f"kerbside:destination:{failing.id}", "failing_since", 1)
    kept = Endpoints(redis, own.settings)
    kept.update("acme", resting.id, Change(enabled=False))
    redis.hset(
        f"kerbside:webhook:{ended.id}",
        mapping={"enabled": 0, "disabled_reason": "gone"},
    )

    found = only(webhooks.check(own), ENDPOINTS)

    assert found.status is Status.WARNING
    assert {failing.id, ended.id} == {
        one for one in (failing.id, resting.id, ended.id) if one in found.found
    }
