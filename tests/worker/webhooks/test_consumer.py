"""The laws of the delivering bootstep."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
import redis as redis_py

from tests.patience import wait_until
from tests.worker.conftest import Started
from tests.worker.webhooks.site import URL, Site
from tests.worker.webhooks.test_schedule import attempt
from worker.celery import create_celery
from worker.keys import WEBHOOKS
from worker.leases import Lease
from worker.metrics import Metrics
from worker.webhooks import consumer
from worker.webhooks.consumer import DeliveryConsumer
from worker.webhooks.sender import Attempt

HANGS = "https://hangs.example/"

Run = Callable[..., DeliveryConsumer]


@dataclass
class Receivers:
    """All receivers: those of one address hang until they are let go."""

    gate: threading.Event = field(default_factory=threading.Event)
    got: list[str] = field(default_factory=list)
    hanging: int = 0
    error: Exception | None = None

    def send(self, url: str, body: bytes, headers: Mapping[str, str]) -> Attempt:
        """Take one."""
        del body, headers
        if self.error:
            raise self.error
        if url == HANGS:
            self.hanging += 1
            self.gate.wait(20)
        self.got.append(url)
        return attempt(200)


@pytest.fixture
def receivers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receivers]:
    """Return receivers in the place of all hosts."""
    receivers = Receivers()
    monkeypatch.setattr(consumer, "Sender", lambda _: receivers)
    yield receivers
    receivers.gate.set()


@pytest.fixture
def run(
    site: Site, metrics: Metrics, started: Started, monkeypatch: pytest.MonkeyPatch
) -> Run:
    """Return a function that runs the step as a Celery worker would."""
    monkeypatch.setattr(consumer, "BELL_S", 0.05)

    def run(**changes: Any) -> DeliveryConsumer:
        settings = site.settings.model_copy(update={"drain_s": 0.1} | changes)
        app = create_celery(settings)
        app.metrics = metrics
        app.amqp.queues.select([WEBHOOKS])
        worker = SimpleNamespace(app=app, hostname="d@test", consumer=None)
        return started(DeliveryConsumer(worker))

    return run


def test_a_worker_of_another_lane_delivers_nothing(site: Site) -> None:
    """Prices are computed elsewhere."""
    app = create_celery(site.settings)
    app.amqp.queues.select(["predictions"])

    assert not DeliveryConsumer(SimpleNamespace(app=app, hostname="p@test")).enabled


def test_an_event_is_delivered_as_it_comes(
    site: Site, run: Run, receivers: Receivers
) -> None:
    """Nobody waits for a timer."""
    step = run()
    job = site.price(webhook=URL)
    wait_until(
        lambda: site.queue.find("acme", job.id).webhook_status == "delivered",
        "the delivery",
    )

    assert receivers.got == [URL]
    wait_until(lambda: step.info()["delivery_consumer"]["in_hand"] == 0, "its end")


def test_receivers_that_hang_leave_the_others_their_threads(
    site: Site, run: Run, receivers: Receivers
) -> None:
    """Each holds no more than its one thread, however much waits for it."""
    run(webhook_threads=4)
    for _ in range(10):
        site.price(webhook=HANGS)
    wait_until(lambda: receivers.hanging == 1, "the first attempt")
    for _ in range(20):
        site.price(webhook=URL)
    wait_until(lambda: receivers.got.count(URL) == 20, "the others")

    assert receivers.hanging == 1
    assert HANGS not in receivers.got


def test_as_many_are_under_way_as_there_are_threads(
    site: Site, run: Run, receivers: Receivers
) -> None:
    """What is not claimed can be taken by another worker."""
    step = run(webhook_threads=2)
    for tenant in ("a", "b", "c", "d"):
        site.price(webhook=HANGS, tenant=tenant)
    wait_until(lambda: receivers.hanging == 2, "two attempts")
    assert step.info()["delivery_consumer"]["in_hand"] == 2
    assert site.redis.llen(WEBHOOKS) == 2

    receivers.gate.set()
    wait_until(lambda: len(receivers.got) == 4, "the others")


def test_a_worker_that_stops_gives_back_what_hangs(
    site: Site, run: Run, receivers: Receivers
) -> None:
    """The next one makes the delivery; that was no crash."""
    step = run()
    site.price(webhook=HANGS)
    wait_until(lambda: receivers.hanging == 1, "the attempt")
    step.drain()

    (lease,) = site.take()
    assert lease.crashes == 0
    receivers.gate.set()


def test_a_stop_waits_for_what_is_under_way(
    site: Site, run: Run, receivers: Receivers
) -> None:
    """What ends in time is written down."""
    step = run(drain_s=20)
    job = site.price(webhook=HANGS)
    wait_until(lambda: receivers.hanging == 1, "the attempt")
    threading.Timer(0.2, receivers.gate.set).start()
    step.drain()

    assert site.queue.find("acme", job.id).webhook_status == "delivered"


def test_a_bug_costs_its_own_delivery_only(
    site: Site,
    run: Run,
    receivers: Receivers,
    metrics: Metrics,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is logged without its words, which may quote the house, and counted."""
    run()
    receivers.error = ValueError("lat 47.512")
    site.price(webhook=URL)
    wait_until(lambda: "delivery_failed" in caplog.text, "the log")
    receivers.error = None
    site.price(webhook="https://other.example/")
    wait_until(lambda: len(receivers.got) == 1, "the other")

    assert "47.512" not in caplog.text
    told, labels = metrics.registry.get_sample_value, {"lane": WEBHOOKS}
    assert told("kerbside_turn_failures_total", labels) == 1
    assert told("kerbside_job_wait_seconds_count", labels) == 2


def test_what_redis_kept_from_a_worker_is_given_back(
    site: Site, run: Run, receivers: Receivers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A claim whose answer got lost is no crash; what has a thread goes on."""
    step = run()
    site.price(webhook=HANGS)
    wait_until(lambda: receivers.hanging == 1, "the attempt")
    faults = [redis_py.TimeoutError()]
    load = step._deliveries.load  # noqa: SLF001 - where the fault comes

    def lost(leases: Sequence[Lease]) -> list[dict[bytes, bytes]]:
        if faults:
            raise faults.pop()
        return load(leases)

    monkeypatch.setattr(step._deliveries, "load", lost)  # noqa: SLF001 - as above
    site.price(webhook=URL)
    wait_until(lambda: receivers.got == [URL], "the other")

    (other, hanging) = site.log("default:acme")
    assert b"crashes" not in site.record(other.id)
    assert hanging.state == "running"
    assert faults == []
