"""The laws of an endpoint's log as it is read, page by page."""

import pytest

from tests.worker.webhooks.site import Site
from worker.webhooks import deliveries
from worker.webhooks.deliveries import STATUSES, Delivery, Verdict
from worker.webhooks.endpoints import Endpoint

FAILED = Verdict("failed", 0, 1)


@pytest.fixture
def endpoint(site: Site) -> Endpoint:
    """Return an endpoint that was told of five predictions; every other one failed."""
    endpoint = site.endpoint("prediction.succeeded")
    for number in range(5):
        site.price()
        site.end_next(*[FAILED] if number % 2 else [])
        site.hurry()
    return endpoint


@pytest.mark.parametrize("at_a_time", [1, 2, 100])
def test_a_log_is_walked_both_ways(
    site: Site, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, at_a_time: int
) -> None:
    """Each page goes on where the one before ended, however much is read at a time."""
    monkeypatch.setattr(deliveries, "_AT_A_TIME", at_a_time)
    page, log = site.deliveries.page, site.log(endpoint.id)

    first = page(endpoint.id, limit=2)
    second = page(endpoint.id, limit=2, before=_place(first[-1]))
    third = page(endpoint.id, limit=2, before=_place(second[-1]))

    assert [*first, *second, *third] == log
    assert len(log) == 5
    assert page(endpoint.id, limit=2, after=_place(third[0])) == second
    assert page(endpoint.id, limit=9, after=_place(third[0])) == log[:4]
    assert page(endpoint.id, limit=9, after=_place(log[0])) == []


@pytest.mark.parametrize("at_a_time", [1, 2, 100])
def test_only_those_in_the_states_wanted_are_found(
    site: Site, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, at_a_time: int
) -> None:
    """However far apart they lie."""
    monkeypatch.setattr(deliveries, "_AT_A_TIME", at_a_time)
    states, log = STATUSES["failed"], site.log(endpoint.id)

    found = site.deliveries.page(endpoint.id, limit=9, states=states)

    assert found == [log[1], log[3]]
    assert site.deliveries.page(endpoint.id, limit=9, states=STATUSES["pending"]) == []


def test_a_place_whose_delivery_has_left_is_a_place_all_the_same(
    site: Site, endpoint: Endpoint
) -> None:
    """A page goes on behind it, and before it."""
    log = site.log(endpoint.id)
    site.redis.zrem(f"kerbside:deliveries:{endpoint.id}", log[2].id)
    created = log[2].created_ms

    older = site.deliveries.page(endpoint.id, limit=9, before=(created, log[2].id))
    newer = site.deliveries.page(endpoint.id, limit=9, after=(created, log[2].id))

    assert {one.id for one in older} >= {one.id for one in log[3:]}
    assert {one.id for one in newer} >= {
        one.id for one in log[:2] if one.created_ms > created
    }


def test_what_has_expired_in_the_log_hides_nothing_behind_it(
    site: Site, endpoint: Endpoint
) -> None:
    """A page is filled from what lies further on."""
    log = site.log(endpoint.id)
    site.redis.delete(f"kerbside:job:{log[0].id}", f"kerbside:job:{log[1].id}")

    assert site.deliveries.page(endpoint.id, limit=2) == log[2:4]


def _place(delivery: Delivery) -> tuple[int, str]:
    return delivery.created_ms, delivery.id
