"""The laws of receivers' turns: slots, shares, pauses."""

from collections.abc import Callable

import pytest

from tests.worker.webhooks.site import URL, Site
from worker.keys import WEBHOOKS
from worker.webhooks.deliveries import Verdict

AGAIN = Verdict("again", 5000, 1)
HANGS = Verdict("again", 5000, 5)
FAILED = Verdict("failed", 0, 1)
GONE = Verdict("failed", 0, 1, "gone")


def test_a_new_receiver_gets_one_then_two_at_a_time(site: Site) -> None:
    """One until it answers; what waits comes in order."""
    endpoint = site.endpoint("prediction.succeeded")
    jobs = [site.price() for _ in range(5)]
    (first,) = site.take()

    site.end(first)
    second, third = site.take()
    assert site.take() == []
    site.end(second)
    (fourth,) = site.take()

    told = [one.subject for one in reversed(site.log(endpoint.id))]
    assert told == [job.id for job in jobs]
    ids = [one.id for one in reversed(site.log(endpoint.id))]
    assert [first.id, second.id, third.id, fourth.id] == ids[:4]


def test_what_is_due_waits_in_the_lane_though_no_worker_claims(site: Site) -> None:
    """Else an autoscaler that took the last worker away would bring none back."""
    site.price(webhook=URL)
    site.end_next(AGAIN)
    site.hurry()
    assert site.redis.llen(WEBHOOKS) == 0

    site.deliveries.ledger.reap(WEBHOOKS)

    assert site.redis.llen(WEBHOOKS) == 1


def test_a_receiver_that_hangs_holds_up_no_other(site: Site) -> None:
    """However much waits for it, the others' turns come."""
    site.endpoint("prediction.succeeded", url="https://hangs.example/")
    for _ in range(20):
        site.price()
    (hanging,) = site.take()
    site.price(webhook=URL)

    (other,) = site.take(1)

    assert site.record(other.id)[b"url"] == URL.encode()
    assert hanging.id != other.id


def test_urls_of_requests_share_the_turns_of_their_origin(site: Site) -> None:
    """Whatever stands after the host; and not with another tenant."""
    for path in ("a", "b?job=1", "b?job=2"):
        site.price(webhook=f"https://receiver.example/{path}")
    site.price(webhook="https://other.example/a")
    site.price(webhook="https://receiver.example/a", tenant="rival")

    assert len(site.take()) == 3


@pytest.mark.parametrize(("verdict", "attempts"), [(AGAIN, 5), (HANGS, 1)])
def test_a_receiver_that_fails_is_paused(
    site: Site, verdict: Verdict, attempts: int
) -> None:
    """After five failures, or one that holds a thread for the whole time."""
    endpoint = site.endpoint("prediction.succeeded")
    for _ in range(8):
        site.price()
    for number in range(attempts):
        assert site.endpoints.find("acme", endpoint.id).paused_until_ms is None
        (lease,) = site.take()
        assert number < attempts
        site.end(lease, verdict)

    assert site.endpoints.find("acme", endpoint.id).paused_until_ms is not None
    assert site.take() == []


def test_after_a_pause_one_goes_first(site: Site) -> None:
    """It fails: a longer pause. It is taken: all others follow."""
    endpoint = site.endpoint("prediction.succeeded")
    for _ in range(4):
        site.price()
    pauses = []
    for _ in range(3):
        site.end_next(HANGS)
        paused = site.endpoints.find("acme", endpoint.id).paused_until_ms
        assert paused is not None
        pauses.append(paused - site.now_ms())
        site.hurry()
    assert [round(pause, -3) for pause in pauses] == [5000, 10_000, 20_000]

    for count in (1, 2):
        leases = site.take()
        assert len(leases) == count
        for lease in leases:
            site.end(lease)


def test_receivers_that_never_answered_have_a_share_of_the_threads(
    make_site: Callable[..., Site],
) -> None:
    """So that those of one tenant which hang leave threads to all others."""
    site = make_site(webhook_threads=8)
    for number in range(10):
        site.price(webhook=f"https://hangs-{number}.example/")
    hanging = site.take()
    assert len(hanging) == 2
    site.price(webhook=URL, tenant="rival")
    assert len(site.take()) == 1

    for _ in range(4):
        for lease in hanging:
            site.end(lease, HANGS)
        hanging = site.take()
        assert len(hanging) == 2
    for lease in hanging:
        site.end(lease, HANGS)
    assert len(site.log("default:acme")) == 10
    assert all(one.attempts for one in site.log("default:acme"))


def test_a_receiver_that_answers_needs_no_share(make_site: Callable[..., Site]) -> None:
    """However many others of its tenant hang."""
    site = make_site(webhook_threads=4)
    site.price(webhook=URL)
    site.end_next()
    for number in range(5):
        site.price(webhook=f"https://hangs-{number}.example/")
    assert len(site.take()) == 1
    site.price(webhook=URL)

    (lease,) = site.take()
    assert site.record(lease.id)[b"url"] == URL.encode()


@pytest.mark.parametrize(
    "url", ["https://RECEIVER.example/x", "https://receiver.example:443/", URL + "?a=1"]
)
def test_a_receiver_has_one_place_however_it_is_spelt(site: Site, url: str) -> None:
    """Else it would be sent to more often than it may be at a time."""
    site.price(webhook=URL)
    site.price(webhook=url)

    assert len(site.take()) == 1


def test_a_receiver_is_left_alone_for_as_long_as_it_asks(site: Site) -> None:
    """By all deliveries, not by the one alone that was answered so."""
    endpoint = site.endpoint("prediction.succeeded")
    for _ in range(2):
        site.price()
    site.end_next(Verdict("again", 3_600_000, 5, asked_ms=3_600_000))

    paused = site.endpoints.find("acme", endpoint.id).paused_until_ms
    assert paused is not None
    assert round(paused - site.now_ms(), -4) == 3_600_000
    assert site.take() == []


def test_what_an_end_left_parked_comes_with_the_next_event(site: Site) -> None:
    """A worker may die between two steps of a change; nothing waits for ever."""
    site.endpoint("prediction.succeeded")
    site.price()
    site.price()
    (first,) = site.take()
    site.redis.delete(*site.redis.scan_iter("kerbside:active:*"))
    site.price()

    (second,) = site.take()
    assert second.id != first.id


def test_the_line_is_called_until_somebody_has_something_to_send(
    make_site: Callable[..., Site],
) -> None:
    """What others in it were to send has been called off meanwhile."""
    site = make_site(webhook_threads=4)
    for name in ("first", "second"):
        site.price(webhook=f"https://{name}.example/")
    (lease,) = site.take()
    gone = {f"origin_{number}": number for number in range(12)}
    site.redis.zadd("kerbside:unproved:acme", gone)
    site.end(lease, HANGS)

    (other,) = site.take()
    assert site.record(other.id)[b"url"] == b"https://second.example/"
