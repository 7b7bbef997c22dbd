"""The laws of a purge of lane `webhooks`: what it calls off can be recovered."""

from collections.abc import Callable

import pytest

from tests.worker.webhooks.site import URL, Site
from worker.keys import PREDICTIONS, WEBHOOKS
from worker.purging import Purged, Purging
from worker.webhooks.deliveries import Verdict

AGAIN = Verdict("again", 60_000, 1)
HANGS = Verdict("again", 60_000, 5)


def _purging(site: Site) -> Purging:
    return Purging(site.redis, site.settings)


def test_what_is_to_be_sent_is_called_off_and_can_be_recovered(site: Site) -> None:
    """What is in the lane, what waits for a slot, and what is tried again later."""
    endpoint = site.endpoint("prediction.succeeded")
    other = site.endpoint("prediction.succeeded", url="https://other.example/")
    site.price()
    for lease in site.take():
        site.end(lease, AGAIN)
    for _ in range(4):
        site.price()
    assert _purging(site).waiting(WEBHOOKS) == 10

    assert _purging(site).purge(WEBHOOKS) == Purged(10, 0)

    for one in (endpoint, other):
        log = site.log(one.id)
        assert len(log) == 5
        assert {(found.state, found.detail) for found in log} == {
            ("canceled", "by_operator")
        }
        assert site.endpoints.find("acme", one.id).pending == 0
    assert _purging(site).waiting(WEBHOOKS) == 0
    assert site.take() == []
    assert site.deliveries.recover("acme", endpoint.id, 0) == 5
    assert _purging(site).waiting(WEBHOOKS) == 5


def test_a_paused_receiver_is_called_off_too(site: Site) -> None:
    """Its deliveries are behind no message of the lane."""
    endpoint = site.endpoint("prediction.succeeded")
    for _ in range(4):
        site.price()
    site.end_next(HANGS)
    assert site.endpoints.find("acme", endpoint.id).paused_until_ms

    assert _purging(site).purge(WEBHOOKS) == Purged(4, 0)
    assert _purging(site).waiting(WEBHOOKS) == 0


def test_a_delivery_in_hand_is_left_and_those_behind_it_are_not(site: Site) -> None:
    """Its attempt is under way; what waits for its slot is called off."""
    endpoint = site.endpoint("prediction.succeeded")
    for _ in range(4):
        site.price()
    (lease,) = site.take()

    assert _purging(site).purge(WEBHOOKS) == Purged(3, 0)

    site.end(lease)
    states = sorted(found.state for found in site.log(endpoint.id))
    assert states == ["canceled", "canceled", "canceled", "succeeded"]
    assert site.take() == []


def test_receivers_that_stand_in_line_are_called_off_too(
    make_site: Callable[..., Site],
) -> None:
    """A tenant's receivers that never answered wait for those that hang."""
    site = make_site(webhook_threads=8)
    for number in range(10):
        site.price(webhook=f"https://hangs-{number}.example/")
    hanging = site.take()

    assert _purging(site).purge(WEBHOOKS).ended == 10 - len(hanging)
    assert _purging(site).waiting(WEBHOOKS) == 0


def test_a_purged_prediction_is_told_to_its_webhook(site: Site) -> None:
    """As any end is; what was told before is not touched."""
    endpoint = site.endpoint("prediction.canceled")
    job = site.submit(webhook=URL)

    assert _purging(site).purge(PREDICTIONS) == Purged(1, 0)

    (told,) = site.log(endpoint.id)
    assert (told.type, told.subject) == ("prediction.canceled", job.id)
    assert len(site.take()) == 2


def test_a_purge_of_so_many_deliveries_goes_on_later(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And comes to the end of them."""
    monkeypatch.setattr("worker.purging._AT_A_TIME", 2)
    site.endpoint("prediction.succeeded")
    for _ in range(5):
        site.price()

    first = _purging(site).purge(WEBHOOKS, most=2)
    second = _purging(site).purge(WEBHOOKS)

    assert first == Purged(2, 3)
    assert second == Purged(3, 0)


def test_a_full_server_can_be_purged_of_deliveries(site: Site) -> None:
    """Those that are tried again, that wait for a slot, and that are in the lane."""
    site.endpoint("prediction.succeeded")
    site.price()
    site.end_next(AGAIN)
    for _ in range(3):
        site.price()
    site.redis.config_set("maxmemory", 1)
    try:
        assert _purging(site).purge(WEBHOOKS) == Purged(4, 0)
    finally:
        site.redis.config_set("maxmemory", 0)
