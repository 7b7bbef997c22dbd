"""The laws of a delivery's life, of its receiver's turns, and of what is replayed."""

from collections.abc import Callable

import pytest

from tests.worker.webhooks.site import URL, Site
from worker.keys import WEBHOOKS
from worker.webhooks import deliveries, errors
from worker.webhooks.deliveries import Verdict
from worker.webhooks.endpoints import Change

AGAIN = Verdict("again", 5000, 1)
HANGS = Verdict("again", 5000, 5)
FAILED = Verdict("failed", 0, 1)
GONE = Verdict("failed", 0, 1, "gone")


def test_a_delivery_that_was_made_is_done_with(site: Site) -> None:
    """It stays in the log."""
    endpoint = site.endpoint("prediction.succeeded")
    site.price()
    (lease,) = site.take()
    assert site.endpoints.find("acme", endpoint.id).pending == 1

    assert site.end(lease) == ""

    (logged,) = site.log(endpoint.id)
    assert logged.public()["status"] == "delivered"
    assert [one["status_code"] for one in logged.attempts] == [200]
    assert site.take() == []
    found = site.endpoints.find("acme", endpoint.id)
    assert (found.pending, found.failing_since_ms) == (0, None)
    assert found.delivered_ms is not None


def test_a_failed_attempt_is_made_again_at_its_time(site: Site) -> None:
    """Under the same event id, and not before."""
    site.price(webhook=URL)
    (lease,) = site.take()
    site.end(lease, AGAIN)
    (waiting,) = site.log("default:acme")
    assert waiting.public()["status_detail"] == "scheduled"
    assert waiting.next_ms is not None
    assert site.take() == []

    site.hurry()
    (again,) = site.take()
    site.end(again)

    (done,) = site.log("default:acme")
    assert (again.id, done.event, len(done.attempts)) == (lease.id, waiting.event, 2)


def test_an_attempt_in_other_hands_counts_for_nothing(site: Site) -> None:
    """A worker that was taken for dead does not speak for who has it now."""
    site.price(webhook=URL)
    (lost,) = site.take()
    site.deliveries.ledger.release(WEBHOOKS, worker="d")
    (held,) = site.take()

    assert site.end(lost) is None
    assert not site.deliveries.keep_body(lost, b"{}")
    assert site.deliveries.keep_body(held, b"{}")
    assert site.end(held) == ""


def test_crashes_count_from_the_last_attempt_on(site: Site) -> None:
    """Each was another worker's, and those beside it died with it."""
    site.price(webhook=URL)
    for _ in range(4):
        (lease,) = site.take()
        site.redis.hset(f"kerbside:job:{lease.id}", "crashes", 2)
        site.end(lease, AGAIN)
        site.hurry()

    (lease,) = site.take()
    assert lease.crashes == 0


def test_a_dead_delivery_that_is_made_anew_is_dead_no_more(site: Site) -> None:
    """Operators are told of those that are left."""
    endpoint = site.endpoint("prediction.succeeded")
    site.price()
    for _ in range(10):
        site.take()
        site.redis.zadd(
            f"kerbside:running:{WEBHOOKS}", {site.log(endpoint.id)[0].id: 1}
        )
        site.redis.delete(f"kerbside:tick:{WEBHOOKS}")
        site.deliveries.ledger.reap(WEBHOOKS)
    assert site.redis.zcard(f"kerbside:dead:{WEBHOOKS}") == 1

    site.deliveries.redeliver("acme", site.log(endpoint.id)[0].id)

    assert site.redis.zcard(f"kerbside:dead:{WEBHOOKS}") == 0


def test_a_change_that_is_broken_off_leaves_nothing_parked_for_ever(
    make_site: Callable[..., Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever disabled the endpoint may die half-way; a minute later it goes on."""
    site = make_site()
    endpoint = site.endpoint("prediction.succeeded")
    for _ in range(5):
        site.price()
    site.end_next(GONE)
    monkeypatch.setattr(deliveries, "_CHUNK", 2)
    site.deliveries.ledger.run("call_off", endpoint.id, "disabled", 2, "")
    assert site.endpoints.find("acme", endpoint.id).pending > 0

    site.hurry()
    while site.endpoints.find("acme", endpoint.id).pending:
        assert site.take() == []
    assert {one.detail for one in site.log(endpoint.id)} == {
        "receiver_failed",
        "endpoint_disabled",
    }


def test_more_is_kept_of_what_was_missed_than_of_what_was_made(
    make_site: Callable[..., Site],
) -> None:
    """It can be recovered, all of it that may wait at a time."""
    site = make_site(webhook_log=2)
    endpoint = site.endpoint("prediction.succeeded")
    for _ in range(6):
        site.price()
    site.endpoints.update("acme", endpoint.id, Change(enabled=False))
    site.price()
    site.endpoints.update("acme", endpoint.id, Change(enabled=True))

    assert site.deliveries.recover("acme", endpoint.id, 0) == 7
    assert site.endpoints.find("acme", endpoint.id).pending == 7


def test_an_attempt_that_was_not_made_counts_for_nothing(site: Site) -> None:
    """Neither against the receiver nor in the schedule."""
    endpoint = site.endpoint("prediction.succeeded")
    site.price()
    for _ in range(12):
        (lease,) = site.take()
        assert site.end(lease, Verdict("again", 60_000)) == ""
        site.hurry()

    found = site.endpoints.find("acme", endpoint.id)
    assert (found.enabled, found.failing_since_ms) == (True, None)
    assert b"tries" not in site.record(lease.id)


def test_a_failure_of_long_ago_disables_nobody(site: Site) -> None:
    """Nothing was tried in between."""
    endpoint = site.endpoint("prediction.succeeded")
    key = f"kerbside:destination:{endpoint.id}"
    site.price()
    site.end_next(FAILED)
    site.redis.hset(key, mapping={"failing_since": 1, "failed_at": 1})
    for _ in range(12):
        site.price()
        site.hurry()
        assert site.end(site.take()[0], FAILED) == ""

    assert site.endpoints.find("acme", endpoint.id).enabled


def test_an_endpoint_is_deleted_from_a_full_server(site: Site) -> None:
    """It would else never be, since what it holds is what fills it."""
    endpoint = site.endpoint("prediction.succeeded")
    for _ in range(3):
        site.price()
    used = site.redis.info("memory")["used_memory"]
    site.redis.config_set("maxmemory", used // 2)
    try:
        site.deliveries.call_off(endpoint.id, "deleted")
    finally:
        site.redis.config_set("maxmemory", 0)

    assert not list(site.redis.scan_iter("kerbside:job:dlv_*"))


def test_what_fails_for_good_stays_in_the_log(site: Site) -> None:
    """And the prediction shows it."""
    job = site.price(webhook=URL)
    site.end_next(FAILED)

    (logged,) = site.log("default:acme")
    assert logged.public()["status"] == "failed"
    assert site.queue.find("acme", job.id).webhook_status == "failed"


def test_an_endpoint_that_is_gone_is_disabled(site: Site) -> None:
    """At its first 410; what waits for it has failed, and its tenant's others know."""
    gone, other = site.endpoint("prediction.*"), site.endpoint("endpoint.*")
    site.price()
    site.price()
    (lease,) = site.take()

    assert site.end(lease, GONE) == "gone"
    site.deliveries.call_off(gone.id, "disabled")

    found = site.endpoints.find("acme", gone.id)
    assert (found.enabled, found.disabled_reason, found.pending) == (False, "gone", 0)
    assert {one.state for one in site.log(gone.id)} == {"failed"}
    (told,) = site.log(other.id)
    assert told.type == "endpoint.disabled"
    assert [lease.id for lease in site.take()] == [told.id]


def test_three_days_of_nothing_but_failures_disable(site: Site) -> None:
    """Not three days with a success, and not two failures far apart."""
    endpoint = site.endpoint("prediction.*")
    key = f"kerbside:destination:{endpoint.id}"
    long_ago = site.now_ms() - site.settings.webhook_disable_after_s * 1000
    for number in range(1, 11):
        site.price()
        site.hurry()
        lease, *_ = site.take()
        reason = site.end(lease, FAILED)
        # The failures before were spread over the days.
        site.redis.hset(key, "failing_since", long_ago)
        assert reason == ("failing" if number == 10 else "")

    assert site.endpoints.find("acme", endpoint.id).disabled_reason == "failing"


def test_events_for_a_disabled_endpoint_can_be_recovered(site: Site) -> None:
    """They are counted and logged; once it is enabled they are sent."""
    endpoint = site.endpoint("prediction.succeeded")
    off = site.endpoints.update("acme", endpoint.id, Change(enabled=False))
    assert off.disabled_reason == "by_client"
    job = site.price()
    assert site.take() == []
    with pytest.raises(errors.EndpointDisabled):
        site.deliveries.recover("acme", endpoint.id, 0)

    site.endpoints.update("acme", endpoint.id, Change(enabled=True))
    assert site.deliveries.recover("acme", endpoint.id, 0) == 1

    (lease,) = site.take()
    assert site.record(lease.id)[b"subject"] == job.id.encode()
    assert site.endpoints.find("acme", endpoint.id).dropped == 1


def test_what_waits_for_an_endpoint_is_bounded(
    make_site: Callable[..., Site],
) -> None:
    """More fails at once, visibly, and can be recovered."""
    site = make_site(webhook_pending=3)
    endpoint = site.endpoint("prediction.succeeded")
    for _ in range(5):
        site.price()

    found = site.endpoints.find("acme", endpoint.id)
    assert (found.pending, found.dropped) == (3, 2)
    details = [one.detail for one in site.log(endpoint.id)]
    assert details == ["too_many_pending"] * 2 + [""] * 3


def test_the_log_keeps_the_newest(make_site: Callable[..., Site]) -> None:
    """Ended ones only, and what they carried goes with them."""
    site = make_site(webhook_log=2)
    endpoint = site.endpoint("prediction.succeeded")
    jobs = []
    for _ in range(4):
        jobs.append(site.price())
        site.end_next()

    assert [one.subject for one in reversed(site.log(endpoint.id))] == [
        job.id for job in jobs[2:]
    ]
    assert len(list(site.redis.scan_iter("kerbside:job:dlv_*"))) == 2


def test_a_delivery_is_made_anew_under_its_event(site: Site) -> None:
    """With a schedule of its own; one under way is left alone."""
    job = site.price(webhook=URL)
    (lease,) = site.take()
    site.deliveries.keep_body(lease, b'{"as":"sent"}')
    with pytest.raises(errors.DeliveryPending):
        site.deliveries.redeliver("acme", lease.id)
    site.end(lease, FAILED)

    reopened = site.deliveries.redeliver("acme", lease.id)

    assert reopened.public()["status"] == "pending"
    (again,) = site.take()
    (record,) = site.deliveries.load([again])
    assert record[b"body"] == b'{"as":"sent"}'
    assert b"tries" not in record
    assert site.queue.find("acme", job.id).webhook_status == "pending"
    site.end(again)
    assert site.queue.find("acme", job.id).webhook_status == "delivered"


def test_deliveries_are_seen_by_their_tenant_alone(site: Site) -> None:
    """As if there were none."""
    site.price(webhook=URL)
    (one,) = site.log("default:acme")
    for look in (site.deliveries.find, site.deliveries.redeliver):
        with pytest.raises(errors.UnknownDelivery):
            look("rival", one.id)
    with pytest.raises(errors.UnknownDelivery):
        site.deliveries.find("acme", site.submit().id)


def test_what_was_erased_cannot_be_sent_again(site: Site) -> None:
    """Its prediction was deleted."""
    job = site.price(webhook=URL)
    site.end_next(FAILED)
    site.queue.delete("acme", job.id)
    (one,) = site.log("default:acme")

    with pytest.raises(errors.DeliveryErased):
        site.deliveries.redeliver("acme", one.id)
    assert site.deliveries.recover("acme", "default:acme", 0) == 0


def test_recovery_begins_at_an_instant(site: Site) -> None:
    """What failed before is left."""
    for _ in range(3):
        site.price(webhook=URL)
        site.hurry()
        site.end_next(FAILED)
        site.redis.delete(*site.redis.scan_iter("kerbside:destination:*"))
    newest, middle, oldest = site.log("default:acme")
    site.redis.zadd("kerbside:missed:default:acme", {oldest.id: 1})

    assert site.deliveries.recover("acme", "default:acme", 2) == 2
    states = [one.public()["status"] for one in site.log("default:acme")]
    assert states == ["pending", "pending", "failed"]
    assert newest.event != middle.event


def test_a_deleted_endpoint_leaves_nothing(site: Site) -> None:
    """Neither its log, nor what waits, nor its secret."""
    endpoint = site.endpoint("prediction.*")
    for _ in range(3):
        site.price()
    (running,) = site.take()
    site.endpoints.delete("acme", endpoint.id)

    assert site.end(running) is None
    assert not list(site.redis.scan_iter(f"*{endpoint.id}*"))
    assert not list(site.redis.scan_iter("kerbside:job:dlv_*"))
    assert site.take() == []


def test_an_event_too_old_is_not_sent(site: Site) -> None:
    """After four days nobody waits for it."""
    site.price(webhook=URL)
    (one,) = site.log("default:acme")
    site.redis.hset(f"kerbside:job:{one.id}", "since", 1)

    assert site.take() == []
    assert site.log("default:acme")[0].detail == "too_late"
