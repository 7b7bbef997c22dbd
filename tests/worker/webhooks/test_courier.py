"""The laws of one attempt: the same bytes, signed anew, written down."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
import redis as redis_py
from standardwebhooks import Webhook

from tests.worker.conftest import submission
from tests.worker.webhooks.site import DELIVERED, URL, Site
from tests.worker.webhooks.test_schedule import attempt
from worker import events
from worker.metrics import Metrics
from worker.webhooks.courier import Courier
from worker.webhooks.keyring import Keyring, default_owner
from worker.webhooks.sender import Attempt


@dataclass
class Receiver:
    """Notes what it is sent, and answers what it is told to."""

    answers: list[Attempt] = field(default_factory=list)
    got: list[tuple[str, bytes, Mapping[str, str]]] = field(default_factory=list)

    def send(self, url: str, body: bytes, headers: Mapping[str, str]) -> Attempt:
        """Take one."""
        self.got.append((url, body, headers))
        return self.answers.pop(0) if self.answers else attempt(200)


@dataclass
class Post:
    """A courier, its receiver, and the means to make deliveries."""

    site: Site
    receiver: Receiver
    keyring: Keyring
    metrics: Metrics
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    faults: list[redis_py.RedisError] = field(default_factory=list)
    told: list[events.Outcome] = field(default_factory=list)

    def deliver(self) -> Sequence[str]:
        """Make one attempt at each delivery whose turn it is; return their ids."""
        courier: Any = Courier(
            self.site.deliveries,
            self.keyring,
            self.receiver,  # type: ignore[arg-type] # a double
            self.site.settings,
            self.metrics,
            now=lambda: self.now,
            told=self._tell,
        )
        leases = self.site.take()
        records = self.site.deliveries.load(leases)
        for lease, record in zip(leases, records, strict=True):
            courier.deliver(lease, record, endure=self._endure)
        return [lease.id for lease in leases]

    def _tell(self, outcome: events.Outcome) -> tuple[str, bytes]:
        self.told.append(outcome)
        return "celery", b"told"

    def _endure(self, error: redis_py.RedisError) -> bool:
        self.faults.append(error)
        return True


@pytest.fixture
def post(site: Site, metrics: Metrics) -> Post:
    """Return a courier of an installation."""
    return Post(site, Receiver(), Keyring(site.redis, site.settings), metrics)


def test_what_is_sent_verifies_with_the_reference_library(post: Post) -> None:
    """By the tenant's default secret, and holds what a poll holds."""
    job = post.site.price(webhook=URL)
    post.deliver()

    ((url, body, headers),) = post.receiver.got
    event = Webhook(post.keyring.default("acme")).verify(body, dict(headers))
    assert url == URL
    assert event["data"]["id"] == job.id
    assert event["data"]["output"] == {"price": 1}
    assert post.site.queue.find("acme", job.id).webhook_status == "delivered"


@pytest.mark.parametrize(
    ("answer", "event"),
    [
        (attempt(200), events.succeeded()),
        (attempt(500), events.retried("HTTP 500")),
        (attempt(410), events.failed("HTTP 410")),
        (
            attempt(None, error="dns: receiver.example is not known"),
            events.retried("dns"),
        ),
    ],
)
def test_celery_is_told_how_an_attempt_ended_and_nothing_of_where(
    post: Post, answer: Attempt, event: Mapping[str, str]
) -> None:
    """In the same script that writes it down, so that Flower shows what is true."""
    with post.site.redis.pubsub(ignore_subscribe_messages=True) as listener:
        listener.subscribe("celery")
        listener.get_message(timeout=1)
        post.receiver.answers = [answer]
        post.site.price(webhook=URL)
        (delivery,) = post.deliver()

        assert post.told == [events.Outcome(delivery, answer.duration_ms / 1000, event)]
        assert listener.get_message(timeout=5)["data"] == b"told"


def test_an_attempt_in_other_hands_tells_nothing(post: Post) -> None:
    """Whoever holds the delivery now will."""
    site = post.site
    site.price(webhook=URL)
    (lease,) = site.take()
    site.end(lease)
    with site.redis.pubsub(ignore_subscribe_messages=True) as listener:
        listener.subscribe("celery")
        listener.get_message(timeout=1)
        logged: dict[str, Any] = {"at": 1}
        event = ("celery", b"told")

        assert site.deliveries.attempted(lease, DELIVERED, logged, event=event) is None
        assert listener.get_message(timeout=0.1) is None


def test_every_attempt_sends_the_same_bytes_under_the_same_id(post: Post) -> None:
    """Signed anew each time; even where the API has moved meanwhile."""
    post.receiver.answers = [attempt(500), attempt(500)]
    post.site.price(webhook=URL)
    for number in range(3):
        post.site.settings = post.site.settings.model_copy(
            update={"public_url": f"https://{number}.example"}
        )
        post.deliver()
        post.now += timedelta(seconds=10)
        post.site.hurry()

    bodies = {body for _, body, _ in post.receiver.got}
    ids = {headers["webhook-id"] for *_, headers in post.receiver.got}
    signatures = {headers["webhook-signature"] for *_, headers in post.receiver.got}
    assert (len(post.receiver.got), len(bodies), len(ids)) == (3, 1, 1)
    assert len(signatures) == 3


def test_every_attempt_is_told_the_trace_of_its_job(post: Post) -> None:
    """The first fails, and the second belongs to the same request."""
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    post.receiver.answers = [attempt(500)]
    post.site.queue.submit(submission(webhook=URL), traceparent=trace)
    post.site.finish(post.site.start())
    for _ in range(2):
        post.deliver()
        post.site.hurry()

    told = [headers["traceparent"] for *_, headers in post.receiver.got]
    assert told == [trace, trace]


def test_both_secrets_sign_during_a_rotation(post: Post) -> None:
    """So that a receiver may change over whenever it likes."""
    endpoint = post.site.endpoint("prediction.succeeded")
    old = post.keyring.secrets(endpoint.id)[0]
    new = post.site.endpoints.rotate_secret("acme", endpoint.id)
    job = post.site.price()
    post.deliver()

    ((_, body, headers),) = post.receiver.got
    for secret in (old, new):
        assert Webhook(secret).verify(body, dict(headers))["data"]["id"] == job.id


def test_an_endpoint_is_sent_to_where_it_is_now(post: Post) -> None:
    """A change of its address counts for what waits too."""
    endpoint = post.site.endpoint("prediction.succeeded")
    post.site.price()
    post.site.redis.hset(
        f"kerbside:webhook:{endpoint.id}", "url", "https://new.example/"
    )
    post.deliver()

    assert [url for url, *_ in post.receiver.got] == ["https://new.example/"]


def test_each_attempt_is_in_the_log(post: Post) -> None:
    """When, how long, what came back."""
    post.receiver.answers = [
        attempt(None, error="timeout: the receiver did not answer in time")
    ]
    post.site.price(webhook=URL)
    post.deliver()
    post.site.hurry()
    post.deliver()

    (one,) = post.site.log("default:acme")
    first, second = one.public()["attempts"]
    assert first["error"].startswith("timeout")
    assert first["status_code"] is None
    assert (second["status_code"], second["error"]) == (200, None)
    assert set(first) == {"at", "status_code", "duration", "response", "error"}


def test_each_attempt_is_told_to_prometheus(post: Post) -> None:
    """By what followed, and by the receiver's answer in one word."""
    answers = [attempt(503), attempt(None, error="tls: not valid"), attempt(204)]
    for answer in answers:
        post.receiver.answers = [answer]
        post.site.price(webhook=f"{URL}/{answer.status}")
        post.deliver()

    told = post.metrics.registry.get_sample_value
    for outcome, word in (("again", "5xx"), ("again", "tls"), ("delivered", "2xx")):
        labels = {"outcome": outcome, "answer": word}
        assert told("kerbside_webhook_attempts_total", labels) == 1
    assert told("kerbside_job_total_seconds_count", {"lane": "webhooks"}) == 1


def test_a_receiver_that_is_gone_is_sent_nothing_more(post: Post) -> None:
    """What waited for it has failed."""
    post.receiver.answers = [attempt(410)]
    endpoint = post.site.endpoint("prediction.succeeded")
    for _ in range(3):
        post.site.price()
    post.deliver()

    assert len(post.receiver.got) == 1
    assert post.site.endpoints.find("acme", endpoint.id).disabled_reason == "gone"
    assert {one.state for one in post.site.log(endpoint.id)} == {"failed"}


def test_a_secret_that_does_not_open_is_no_fault_of_the_receiver(post: Post) -> None:
    """It is sent nothing, and the delivery waits for the operators."""
    post.site.price(webhook=URL)
    post.keyring.default("acme")
    broken = orjson.dumps([["not sealed", None]])
    key = f"kerbside:webhook:{default_owner('acme')}"
    post.site.redis.hset(key, "secrets", broken)
    post.deliver()

    (one,) = post.site.log("default:acme")
    assert post.receiver.got == []
    assert one.attempts[0]["error"].startswith("not_signed")
    assert one.public()["status_detail"] == "scheduled"


def test_an_outcome_waits_for_redis(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not sent twice because it could not be written down."""
    post.site.price(webhook=URL)
    write = post.site.deliveries.attempted
    faults: list[redis_py.RedisError] = [redis_py.ConnectionError()] * 2

    def attempted(*args: Any, **event: Any) -> str | None:
        if faults:
            raise faults.pop()
        return write(*args, **event)

    monkeypatch.setattr(post.site.deliveries, "attempted", attempted)
    post.deliver()

    assert (len(post.faults), len(post.receiver.got)) == (2, 1)
    assert post.site.log("default:acme")[0].public()["status"] == "delivered"


def test_a_delivery_that_was_taken_away_is_not_sent(post: Post) -> None:
    """Its prediction was deleted between the claim and the attempt."""
    job = post.site.price(webhook=URL)
    (lease,) = post.site.take()
    (record,) = post.site.deliveries.load([lease])
    post.site.queue.delete("acme", job.id)
    courier: Any = Courier(
        post.site.deliveries,
        post.keyring,
        post.receiver,  # type: ignore[arg-type] # a double
        post.site.settings,
        post.metrics,
    )
    courier.deliver(lease, record, endure=lambda _: False)

    assert post.receiver.got == []
