"""What the workers tell of model versions, on a real server."""

import json
from typing import Any

import pytest
import redis as redis_py

from worker import connection, keys
from worker.settings import WorkerSettings
from worker.versions import Findings, Refusal, Versions


@pytest.fixture
def versions(redis: redis_py.Redis, settings: WorkerSettings) -> Versions:
    """Return the reports in the test's Redis."""
    return Versions(redis, settings)


def test_a_refusal_is_counted_and_keeps_when_it_began(versions: Versions) -> None:
    """The last reason is the one that is told."""
    versions.refused("v1", "no signature")
    first = versions.findings().refused["v1"]
    versions.refused("v1", "damaged")
    last = versions.findings().refused["v1"]
    assert (first.count, first.reason) == (1, "no signature")
    assert (last.count, last.reason, last.since) == (2, "damaged", first.since)
    assert last.last >= first.since


def test_a_version_that_loads_is_no_longer_refused(versions: Versions) -> None:
    """Whichever worker could not have it, one can."""
    versions.refused("v1", "damaged")
    versions.loaded("v1")
    findings = versions.findings()
    assert findings.refused == {}
    assert list(findings.loaded) == ["v1"]


def test_a_refusal_is_published_once_for_each_reason(
    versions: Versions, redis: redis_py.Redis
) -> None:
    """Every worker tries again and again; who listens is told what is new."""
    client: Any = redis
    with client.pubsub(ignore_subscribe_messages=True) as subscription:
        subscription.subscribe(keys.models_channel(redis))
        subscription.get_message(timeout=5)
        for reason in ("damaged", "damaged", "unsigned"):
            versions.refused("v1", reason)
        heard = [_next(subscription) for _ in range(2)]
        assert subscription.get_message(timeout=0.1) is None
    since = versions.findings().refused["v1"].since
    assert [event["reason"] for event in heard] == ["damaged", "unsigned"]
    assert heard[0] == {
        "type": "model.refused",
        "version": "v1",
        "reason": "damaged",
        "time": since,
    }


def test_reports_are_bounded(versions: Versions) -> None:
    """The oldest go, whatever is reported."""
    for number in range(105):
        versions.refused(f"r{number}", "x" * 1000)
        versions.loaded(f"l{number}")
    findings = versions.findings()
    assert len(findings.refused) == len(findings.loaded) == 100
    assert "r104" in findings.refused
    assert "l104" in findings.loaded
    assert {len(one.reason) for one in findings.refused.values()} == {500}


def test_a_reason_may_hold_anything(versions: Versions) -> None:
    """Paths need not be text, and quotes need not end anything."""
    for reason in ("/m/\udcff", 'a "quoted" \\ path', "größe", ""):
        versions.refused("v1", reason)
        told = versions.findings().refused["v1"].reason
        assert told == reason.replace("\udcff", "?")


def test_a_refusal_counts_while_a_worker_renews_it(versions: Versions) -> None:
    """A worker that refused and went away does not speak for those that are there."""
    refusal = Refusal(reason="x", count=1, since=1000, last=2000)
    for now, counts in ((2000, True), (121_000, True), (122_000, False)):
        assert Findings(refused={"v1": refusal}, now=now).refuses("v1") is counts
    versions.refused("v1", "damaged")
    assert versions.findings().refuses("v1")
    assert not versions.findings().refuses("v2")


def test_workers_have_a_version_when_the_last_load_is_a_while_ago(
    versions: Versions,
) -> None:
    """One that comes later may be the slowest of them."""
    loaded = {"v1": 5000}
    for now, settled in ((5000, False), (5999, False), (6000, True)):
        assert Findings(loaded=loaded, now=now).settled("v1") is settled
    versions.loaded("v1")
    assert not versions.findings().settled("v1")
    assert not versions.findings().settled("v2")


def test_an_outage_loses_a_report_and_nothing_else(
    settings: WorkerSettings, caplog: pytest.LogCaptureFixture
) -> None:
    """A model that is loaded prices all the same."""
    nowhere = connection.connect("redis://127.0.0.1:1/0", role="api")
    versions = Versions(nowhere, settings)
    versions.loaded("v1")
    versions.refused("v1", "damaged")
    assert "load_not_noted" in caplog.text
    assert "refusal_not_noted" in caplog.text


def _next(subscription: Any) -> dict[str, Any]:
    message = subscription.get_message(timeout=5)
    event: dict[str, Any] = json.loads(message["data"])
    return event
