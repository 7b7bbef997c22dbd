"""The laws of what operators see of receivers."""

from tests.worker.webhooks.site import Site
from worker.webhooks.deliveries import Verdict
from worker.webhooks.health import WebhookHealth

HANGS = Verdict("again", 60_000, 5)
SECRET = "https://receiver.example:8443/hooks/token-of-acme?key=1"
GONE = Verdict("failed", 0, 1, "gone")


def test_a_receiver_that_is_left_alone_is_told_by_tenant_and_origin(site: Site) -> None:
    """An endpoint and a request's own URL; what follows the host is nobody's."""
    endpoint = site.endpoint("prediction.succeeded", url=SECRET)
    site.price(webhook=SECRET, tenant="rival")
    site.price()
    site.price()
    for lease in site.take():
        site.end(lease, HANGS)

    told = WebhookHealth(site.redis).paused()

    receivers = {one["tenant"]: one for one in told["paused_receivers"]}
    assert told["paused_count"] == 2
    assert receivers["acme"]["destination"] == endpoint.id
    assert receivers["acme"]["parked"] == 1
    assert receivers["rival"]["destination"].startswith("origin_")
    for one in receivers.values():
        assert one["origin"] == "https://receiver.example:8443"
        assert one["until"] > one["failing_since"]
    assert "token-of-acme" not in repr(told)


def test_endpoints_are_counted_and_disabled_ones_told(site: Site) -> None:
    """With their reason; those of tenants that nobody asks for are not looked at."""
    gone = site.endpoint("prediction.succeeded", url=SECRET)
    site.endpoint("prediction.canceled")
    site.endpoint("*", tenant="rival")
    site.price()
    site.end_next(GONE)

    told = WebhookHealth(site.redis).endpoints(["acme", "acme", "nobody"])

    assert (told["endpoint_count"], told["disabled_count"]) == (2, 1)
    (one,) = told["disabled_endpoints"]
    assert (one["webhook"], one["tenant"], one["reason"]) == (gone.id, "acme", "gone")
    assert one["origin"] == "https://receiver.example:8443"
    assert one["since"]


def test_where_all_is_well_nothing_is_told(site: Site) -> None:
    """No receiver, no endpoint, no key."""
    health = WebhookHealth(site.redis)

    assert health.paused() == {"paused_count": 0, "paused_receivers": []}
    assert health.endpoints([])["endpoint_count"] == 0
