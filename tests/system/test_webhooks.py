"""Events of real processes: from a submit to a receiver, whatever dies on the way."""

import os
import signal
import time

from standardwebhooks import WebhookVerificationError

from tests.patience import wait_until
from tests.system.event_sink import Sent, Sink
from tests.system.service import TENANT, Serve
from worker.webhooks.endpoints import Endpoints, Wanted

#: Seconds that a worker which is asked to end may take, with what it has in hand.
ENDS_S = 10.0


def test_a_submit_and_an_endpoint_are_told_what_a_poll_tells(
    serve: Serve, sink: Sink
) -> None:
    """Each event is signed with the secret of who gets it."""
    service = serve()
    endpoints = Endpoints(service.redis, service.settings)
    wanted = Wanted(url=sink.url, events=["prediction.started", "prediction.succeeded"])
    _, secret = endpoints.create(TENANT, wanted)
    service.deliver()

    job_id = service.submit(webhook=sink.url)
    wait_until(lambda: len(sink.received) == 3)
    wait_until(lambda: service.is_delivered(job_id))

    told = {one.headers["webhook-signature"]: one for one in sink.received}
    (own,) = [one for one in told.values() if _is_signed(one, service.secret)]
    others = [one.verified(secret) for one in told.values() if one is not own]
    polled = service.polled(job_id)
    assert polled.pop("webhook_status") == "delivered"
    event = own.verified(service.secret)
    assert (event["type"], event["data"]) == ("prediction.succeeded", polled)
    assert event["data"]["output"]["price"] > 0
    by_type = {one["type"]: one["data"] for one in others}
    assert by_type["prediction.succeeded"] == polled
    started = by_type["prediction.started"]
    assert started["status"] == "processing"
    assert started["sequence"] < polled["sequence"]


def _is_signed(sent: Sent, secret: str) -> bool:
    try:
        sent.verified(secret)
    except WebhookVerificationError:
        return False
    return True


def test_a_receiver_that_was_down_is_told_later(serve: Serve) -> None:
    """Under one id for each event, with the same bytes in every try."""
    service = serve(webhook_schedule_s=" ".join(["0.2"] * 30))
    sink = Sink()
    sink.answers.set()
    with sink.open():
        pass
    service.deliver()

    jobs = [service.submit(webhook=sink.url) for _ in range(3)]
    wait_until(lambda: sum(len(one.attempts) for one in service.log()) > 3)
    assert not any(map(service.is_delivered, jobs))
    sink.statuses.extend([500, 503])
    with sink.open():
        wait_until(lambda: all(map(service.is_delivered, jobs)))

    ids = {one.id: one.body for one in sink.received}
    assert len(ids) == len(jobs)
    assert len(sink.received) == len(jobs) + 2
    assert {(one.id, one.body) for one in sink.received} == set(ids.items())
    assert {one.verified(service.secret)["data"]["id"] for one in sink.received} == set(
        jobs
    )


def test_a_worker_that_is_killed_during_a_delivery_loses_nothing(
    serve: Serve, sink: Sink
) -> None:
    """Another sends the same bytes under the same id."""
    service = serve()
    sink.answers.clear()
    worker = service.deliver()
    job_id = service.submit(webhook=sink.url)
    wait_until(lambda: sink.received)

    os.kill(worker.pid, signal.SIGKILL)
    wait_until(worker.has_ended)
    service.end_leases()
    service.deliver()
    wait_until(lambda: len(sink.received) == 2)
    sink.answers.set()
    wait_until(lambda: service.is_delivered(job_id))

    first, second = sink.received
    assert (first.id, first.body) == (second.id, second.body)
    assert second.verified(service.secret)["data"]["id"] == job_id
    assert len(service.log()) == 1


def test_a_worker_that_is_asked_to_end_finishes_what_it_sends(
    serve: Serve, sink: Sink
) -> None:
    """The event arrives once; the worker then ends by itself."""
    service = serve()
    sink.answers.clear()
    worker = service.deliver()
    job_id = service.submit(webhook=sink.url)
    wait_until(lambda: sink.received)

    worker.terminate()
    wait_until(lambda: "Warm shutdown" in service.place.logs()["webhooks"])
    sink.answers.set()
    wait_until(worker.has_ended, timeout_s=ENDS_S)

    assert service.is_delivered(job_id)
    assert len(sink.received) == 1


def test_a_worker_that_is_asked_to_end_waits_for_no_silent_receiver(
    serve: Serve, sink: Sink
) -> None:
    """It gives the delivery back, and another worker makes it: same id, same bytes."""
    service = serve(drain_s="0.5", webhook_timeout_s="30")
    sink.answers.clear()
    worker = service.deliver()
    job_id = service.submit(webhook=sink.url)
    wait_until(lambda: sink.received)

    begun = time.monotonic()
    worker.terminate()
    wait_until(worker.has_ended)
    took_s = time.monotonic() - begun
    sink.answers.set()
    service.deliver()
    wait_until(lambda: service.is_delivered(job_id))

    assert took_s < ENDS_S
    first, second = sink.received
    assert (first.id, first.body) == (second.id, second.body)
