"""The laws of registered endpoints."""

import pytest

from tests.worker.webhooks.site import URL, Site
from worker.webhooks import errors
from worker.webhooks.endpoints import MOST, Wanted


def test_an_endpoint_is_found_by_its_tenant_alone(site: Site) -> None:
    """Another sees nothing of it, and can do nothing to it."""
    endpoint = site.endpoint("prediction.*")

    assert site.endpoints.find("acme", endpoint.id) == endpoint
    assert site.endpoints.list("rival") == []
    for act in (
        lambda: site.endpoints.find("rival", endpoint.id),
        lambda: site.endpoints.update("rival", endpoint.id, Wanted(url=URL)),
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
    wanted = Wanted(url="https://other.example/", events=("prediction.succeeded",))
    changed = site.endpoints.update("acme", endpoint.id, wanted)
    site.price()

    assert (changed.url, changed.events) == (wanted.url, ["prediction.succeeded"])
    assert changed.created_ms == endpoint.created_ms
    assert [one.type for one in site.log(endpoint.id)] == ["prediction.succeeded"]


def test_an_endpoint_that_is_turned_off_says_who_did_it(site: Site) -> None:
    """What it waited for has failed, and nobody is told of its tenant's own will."""
    endpoint, other = site.endpoint("prediction.*"), site.endpoint("endpoint.*")
    site.price()
    off = site.endpoints.update("acme", endpoint.id, Wanted(url=URL, enabled=False))

    assert (off.enabled, off.disabled_reason, off.pending) == (False, "by_client", 0)
    assert off.disabled_ms is not None
    assert {one.detail for one in site.log(endpoint.id)} == {"endpoint_disabled"}
    assert site.log(other.id) == []

    on = site.endpoints.update("acme", endpoint.id, Wanted(url=URL))
    assert (on.enabled, on.disabled_reason, on.disabled_ms) == (True, None, None)


def test_an_endpoint_reads_without_its_secret(site: Site) -> None:
    """Whoever may see it need not be able to sign."""
    endpoint, secret = site.endpoints.create("acme", Wanted(url=URL, description="Us"))

    public = endpoint.public()
    assert secret not in repr((endpoint, public))
    assert public["object"] == "webhook"
    assert (public["url"], public["events"]) == (URL, ["*"])
    assert (public["pending"], public["dropped"], public["enabled"]) == (0, 0, True)
