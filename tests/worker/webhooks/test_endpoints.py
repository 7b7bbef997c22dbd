"""The laws of registered endpoints."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from tests.worker.webhooks.site import URL, Site
from worker import keys
from worker.webhooks import errors
from worker.webhooks.deliveries import Deliveries, Verdict
from worker.webhooks.endpoints import MOST, Change, OfRequests, Wanted


def test_an_endpoint_is_found_by_its_tenant_alone(site: Site) -> None:
    """Another sees nothing of it, and can do nothing to it."""
    endpoint = site.endpoint("prediction.*")

    assert site.endpoints.find("acme", endpoint.id) == endpoint
    assert site.endpoints.list("rival") == []
    for act in (
        lambda: site.endpoints.find("rival", endpoint.id),
        lambda: site.endpoints.update("rival", endpoint.id, Change(url=URL)),
        lambda: site.endpoints.delete("rival", endpoint.id),
        lambda: site.endpoints.rotate_secret("rival", endpoint.id),
        lambda: site.endpoints.find("acme", "wh_nothing"),
    ):
        with pytest.raises(errors.UnknownEndpoint):
            act()
    assert site.endpoints.find("acme", endpoint.id) == endpoint


def test_requests_own_webhooks_are_no_endpoint(site: Site) -> None:
    """Although their secrets lie where an endpoint's would."""
    site.price(webhook=URL)
    with pytest.raises(errors.UnknownEndpoint):
        site.endpoints.find("acme", "default:acme")


def test_endpoints_are_listed_in_the_order_of_their_making(site: Site) -> None:
    """Oldest first."""
    made = [site.endpoint() for _ in range(3)]

    listed = site.endpoints.list("acme")
    assert {one.id for one in listed} == {one.id for one in made}
    assert listed == sorted(listed, key=lambda one: (one.created_ms, one.id))


def test_a_tenant_has_so_many_endpoints(site: Site) -> None:
    """Each costs a delivery of every event that it takes."""
    for _ in range(MOST):
        site.endpoint()
    with pytest.raises(errors.TooManyEndpoints):
        site.endpoint()
    site.endpoint(tenant="rival")


def test_a_change_counts_for_the_next_event(site: Site) -> None:
    """Of its types and of its address."""
    endpoint = site.endpoint("prediction.failed")
    change = Change(url="https://other.example/", events=("prediction.succeeded",))
    changed = site.endpoints.update("acme", endpoint.id, change)
    site.price()

    assert (changed.url, changed.events) == (change.url, ["prediction.succeeded"])
    assert changed.created_ms == endpoint.created_ms
    assert [one.type for one in site.log(endpoint.id)] == ["prediction.succeeded"]


def test_an_endpoint_that_is_turned_off_says_who_did_it(site: Site) -> None:
    """What it waited for has failed, and nobody is told of its tenant's own will."""
    endpoint, other = site.endpoint("prediction.*"), site.endpoint("endpoint.*")
    site.price()
    off = site.endpoints.update("acme", endpoint.id, Change(enabled=False))

    assert (off.enabled, off.disabled_reason, off.pending) == (False, "by_client", 0)
    assert off.disabled_ms is not None
    assert {one.detail for one in site.log(endpoint.id)} == {"endpoint_disabled"}
    assert site.log(other.id) == []

    on = site.endpoints.update("acme", endpoint.id, Change(enabled=True))
    assert (on.enabled, on.disabled_reason, on.disabled_ms) == (True, None, None)


def test_an_endpoint_reads_without_its_secret(site: Site) -> None:
    """Whoever may see it need not be able to sign."""
    endpoint, secret = site.endpoints.create("acme", Wanted(url=URL, description="Us"))

    public = endpoint.public()
    assert secret not in repr((endpoint, public))
    assert public["object"] == "webhook"
    assert (public["url"], public["events"]) == (URL, ["*"])
    assert (public["pending"], public["dropped"], public["enabled"]) == (0, 0, True)


def test_creates_at_the_same_time_keep_the_limit(site: Site) -> None:
    """Those beyond it are refused, whoever comes first."""

    def create(_: int) -> bool:
        try:
            site.endpoint()
        except errors.TooManyEndpoints:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        made = sum(pool.map(create, range(MOST + 8)))
    assert made == MOST == len(site.endpoints.list("acme"))


def test_a_change_brings_no_deleted_endpoint_back(site: Site) -> None:
    """However close to each other they come."""
    for _ in range(20):
        endpoint = site.endpoint()

        def change(endpoint_id: str = endpoint.id) -> None:
            with suppress(errors.UnknownEndpoint):
                site.endpoints.update("acme", endpoint_id, Change(description="new"))

        with ThreadPoolExecutor(4) as pool:
            for _ in range(3):
                pool.submit(change)
            pool.submit(site.endpoints.delete, "acme", endpoint.id).result()
        assert site.redis.keys("kerbside:webhook:wh_*") == []
        assert site.redis.keys("kerbside:subscriptions:*") == []


def test_a_change_touches_nothing_but_what_it_names(site: Site) -> None:
    """A worker may have disabled the endpoint since its tenant looked."""
    endpoint = site.endpoint("prediction.succeeded")
    site.price()
    site.end_next(Verdict("failed", weight=1, disable="gone"))

    after = site.endpoints.update("acme", endpoint.id, Change(description="new"))

    assert (after.enabled, after.disabled_reason) == (False, "gone")
    assert after.disabled_ms is not None
    assert after.description == "new"
    site.price()
    assert site.take() == []


def test_what_waits_for_requests_own_urls_is_counted(
    make_site: Callable[..., Site],
) -> None:
    """Of one tenant, over all URLs; what may not wait is dropped."""
    site = make_site(webhook_pending=2)
    for _ in range(3):
        site.price(webhook=URL)
    assert site.endpoints.of_requests("acme") == OfRequests(pending=2, dropped=1)

    site.end_next()
    assert site.endpoints.of_requests("acme") == OfRequests(pending=1, dropped=1)
    assert site.endpoints.of_requests("rival") == OfRequests(pending=0, dropped=0)


def test_an_endpoint_that_is_made_disabled_says_so(site: Site) -> None:
    """Its tenant wanted it so."""
    made, _ = site.endpoints.create("acme", Wanted(url=URL, enabled=False))

    assert (made.enabled, made.disabled_reason) == (False, "by_client")
    assert made.disabled_ms == made.created_ms


def test_an_endpoint_that_moves_is_tried_at_once(site: Site) -> None:
    """What is known of its old receiver says nothing of the new one."""
    endpoint = site.endpoint("prediction.succeeded")
    site.price()
    site.end_next(Verdict("failed", weight=5))
    site.price()
    assert site.take() == []
    known = site.endpoints.find("acme", endpoint.id)
    assert known.paused_until_ms
    assert known.failing_since_ms

    same = site.endpoints.update("acme", endpoint.id, Change(url=URL))
    assert same.paused_until_ms == known.paused_until_ms
    there = Change(url="https://other.example/")
    moved = site.endpoints.update("acme", endpoint.id, there)
    assert (moved.paused_until_ms, moved.failing_since_ms) == (None, None)
    assert len(site.take()) == 1


def test_a_broken_record_keeps_nobody_from_the_others(site: Site) -> None:
    """It is as good as none, and can be deleted."""
    endpoint, broken = site.endpoint(), site.endpoint()
    site.redis.hdel(keys.endpoint_key("webhook", broken.id), "tenant")

    assert site.endpoints.list("acme") == [endpoint]
    with pytest.raises(errors.UnknownEndpoint):
        site.endpoints.update("acme", broken.id, Change(description="new"))
    site.endpoints.delete("acme", broken.id)
    assert site.redis.hkeys("kerbside:subscriptions:acme") == [endpoint.id.encode()]


def test_a_deletion_that_was_broken_off_is_finished_by_the_next(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redis was lost between the record and its log."""
    endpoint = site.endpoint("prediction.succeeded")
    site.price()
    with monkeypatch.context() as patch:
        patch.setattr(Deliveries, "call_off", lambda *_: None)
        site.endpoints.delete("acme", endpoint.id)
    with pytest.raises(errors.UnknownEndpoint):
        site.endpoints.delete("rival", endpoint.id)
    site.endpoints.delete("acme", endpoint.id)

    assert not list(site.redis.scan_iter("kerbside:job:dlv_*"))
    with pytest.raises(errors.UnknownEndpoint):
        site.endpoints.delete("acme", endpoint.id)
