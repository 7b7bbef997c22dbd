"""The laws of which events are told to whom, written with what they tell of."""

from collections.abc import Callable

import orjson
import pytest

from tests.worker.conftest import tend
from tests.worker.webhooks.site import URL, Site
from worker.keys import PREDICTIONS
from worker.leases import Completion
from worker.webhooks import payload
from worker.webhooks.deliveries import Verdict
from worker.webhooks.endpoints import Change


def told(site: Site, endpoint: str = "default:acme") -> list[str]:
    """Return the types of the events of an endpoint, oldest first."""
    return [one.type for one in reversed(site.log(endpoint))]


def test_a_request_without_a_webhook_tells_nobody(site: Site) -> None:
    """Nothing of webhooks is written."""
    job = site.price()

    assert site.take() == []
    assert b"deliveries" not in site.record(job.id)
    assert not list(site.redis.scan_iter("kerbside:deliveries:*"))


def test_the_end_of_a_prediction_is_told_to_its_own_webhook(site: Site) -> None:
    """Written with the price, before anybody asks."""
    job = site.price(webhook=URL)

    assert told(site) == ["prediction.succeeded"]
    (lease,) = site.take()
    (record,) = site.deliveries.load([lease])
    sent = orjson.loads(payload.body(record))
    polled = orjson.loads(job.public(site.settings.public_url))
    assert sent["data"] == {k: v for k, v in polled.items() if k != "webhook_status"}
    assert sent["data"]["webhook"] == URL
    assert sent["type"] == "prediction.succeeded"
    assert sent["timestamp"] == polled["completed_at"]


@pytest.mark.parametrize(
    ("wanted", "types"),
    [
        (None, ["prediction.succeeded"]),
        (("start",), ["prediction.started"]),
        (("start", "completed"), ["prediction.started", "prediction.succeeded"]),
        (("output", "logs"), []),
    ],
)
def test_a_filter_chooses_the_events(
    site: Site, wanted: tuple[str, ...] | None, types: list[str]
) -> None:
    """In the words of Replicate's API."""
    site.price(webhook=URL, webhook_filter=wanted)

    assert told(site) == types


def test_every_end_is_told(site: Site) -> None:
    """Failed by the model, canceled by the client, canceled by its deadline."""
    site.endpoint()
    failed = site.submit()
    (lease,) = site.start()
    site.book.complete(PREDICTIONS, [Completion(lease=lease, error="no")])
    canceled = site.submit()
    site.queue.cancel("acme", canceled.id)
    late = site.submit(deadline_ms=1)
    while site.redis.zcard(f"kerbside:deadlines:{PREDICTIONS}"):
        tend(site.book, site.redis)

    (endpoint,) = site.endpoints.list("acme")
    events = {(one.subject, one.type) for one in site.log(endpoint.id)}
    assert events == {
        (failed.id, "prediction.started"),
        (failed.id, "prediction.failed"),
        (canceled.id, "prediction.canceled"),
        (late.id, "prediction.canceled"),
    }


@pytest.mark.parametrize(
    ("events", "types"),
    [
        (("*",), ["prediction.started", "prediction.succeeded"]),
        (("prediction.*",), ["prediction.started", "prediction.succeeded"]),
        (("prediction.succeeded",), ["prediction.succeeded"]),
        (("endpoint.*", "prediction.failed"), []),
    ],
)
def test_endpoints_take_what_they_ask_for(
    site: Site, events: tuple[str, ...], types: list[str]
) -> None:
    """Types, families of them, or all."""
    endpoint = site.endpoint(*events)
    site.price()

    assert told(site, endpoint.id) == types


def test_events_go_to_the_endpoints_of_their_tenant_alone(site: Site) -> None:
    """Whatever others ask for."""
    other = site.endpoint(tenant="rival")
    site.price()

    assert told(site, other.id) == []


def test_one_change_is_one_event_for_all_who_are_told(site: Site) -> None:
    """The same id for each; each change has an id of its own."""
    first, second = site.endpoint(), site.endpoint()
    site.price(webhook=URL)
    site.price()

    ids = [[one.event for one in site.log(e.id)] for e in (first, second)]
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == 4
    assert site.log("default:acme")[0].event in ids[0]
    assert all("." not in one for one in ids[0])


def test_an_event_tells_of_its_moment(site: Site) -> None:
    """A late delivery of the start does not speak of the end."""
    job = site.price(webhook=URL, webhook_filter=("start", "completed"))
    records = site.deliveries.load([*site.take(1), *site.take(1)])
    (started,) = [one for one in records if one[b"type"] == b"prediction.started"]

    data = orjson.loads(payload.body(started))["data"]

    assert (data["status"], data["output"], data["sequence"]) == ("processing", None, 2)
    assert data["id"] == job.id


def test_a_second_result_tells_nobody(site: Site) -> None:
    """The first wins, and is told once."""
    site.submit(webhook=URL)
    leases = site.start()
    site.finish(leases)
    site.finish(leases)

    assert told(site) == ["prediction.succeeded"]


def test_a_retry_leads_to_events_of_its_own(site: Site) -> None:
    """The end after it is another event."""
    job = site.submit(webhook=URL)
    site.queue.cancel("acme", job.id)
    site.queue.retry("acme", job.id)
    site.finish(site.start())

    first, second = reversed(site.log("default:acme"))
    assert (first.type, second.type) == ("prediction.canceled", "prediction.succeeded")
    assert first.event != second.event


def test_what_is_large_is_named_not_sent(site: Site) -> None:
    """Above 20 kB the event says where its resource is."""
    job = site.price(webhook=URL, metadata=b'{"notes":"%s"}' % (b"x" * 20_000))
    (record,) = site.deliveries.load(site.take())

    body = payload.body(record)

    data = orjson.loads(body)["data"]
    assert len(body) < 1000
    assert data["result_url"] == f"{site.settings.public_url}/v1/predictions/{job.id}"
    assert (data["id"], data["status"]) == (job.id, "succeeded")


def test_a_prediction_is_kept_for_its_deliveries(site: Site) -> None:
    """Four days at most, and no longer than they need."""
    job = site.price(webhook=URL)
    key = f"kerbside:job:{job.id}"
    ttl = site.settings.result_ttl_s
    assert site.redis.ttl(key) > 2 * ttl

    site.end_next()

    assert 0 < site.redis.ttl(key) <= ttl


def test_a_prediction_that_nobody_waits_for_is_kept_no_longer(site: Site) -> None:
    """Its only delivery ended at once, for its endpoint is off."""
    endpoint = site.endpoint("prediction.succeeded")
    site.endpoints.update("acme", endpoint.id, Change(enabled=False))
    job = site.price()

    assert 0 < site.redis.ttl(f"kerbside:job:{job.id}") <= site.settings.result_ttl_s


def test_all_who_are_told_get_the_same_bytes(
    make_site: Callable[..., Site],
) -> None:
    """Whatever the workers that make them are set to by then."""
    site = make_site(public_url="https://then.example")
    site.endpoint("prediction.succeeded")
    site.price(webhook=URL)
    records = site.deliveries.load(site.take())

    bodies = {payload.body(record) for record in records}
    assert (len(records), len(bodies)) == (2, 1)
    assert b"https://then.example/v1/predictions/" in bodies.pop()


def test_a_poll_tells_what_became_of_the_webhook(site: Site) -> None:
    """From the submit on."""
    job = site.submit(webhook=URL)
    assert job.webhook_status == "pending"
    site.finish(site.start())
    assert site.queue.find("acme", job.id).webhook_status == "pending"
    site.end_next()
    assert site.queue.find("acme", job.id).webhook_status == "delivered"
    assert site.price().webhook_status is None


def test_deleting_a_prediction_erases_it_from_its_deliveries(site: Site) -> None:
    """What was not sent yet is called off; the log keeps that there was something."""
    job = site.price(webhook=URL)
    (lease,) = site.take()
    logged = {
        "at": 1,
        "status_code": 500,
        "response": "you sent lat 47.5",
        "error": None,
    }
    site.deliveries.attempted(lease, Verdict("again", 5000, 1), logged)
    site.queue.delete("acme", job.id)

    (left,) = site.log("default:acme")
    assert left.attempts == [{**logged, "response": ""}]
    assert (left.state, left.detail) == ("canceled", "data_removed")
    assert not [name for name in site.record(left.id) if name.startswith(b"job:")]
    assert site.take() == []
