"""One trace from a client's request to the receiver of its event, in real processes."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from model_store.store import ModelStore
from tests.patience import wait_until
from tests.system import api_server, installation
from tests.system.api_server import Reply, Server
from tests.system.collector import Collector, Span
from tests.system.event_sink import Sink
from tests.system.installation import Installation
from tests.system.test_logs import LABEL, ODD
from worker.supervision.child import ChildSpec
from worker.webhooks.sealing import new_key

TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SENT = f"00-{TRACE}-{CALLER}-01"
#: Seconds in which a process ends on a busy machine; the SDK's own patience is 30.
ENDS_S = 25.0
#: The steps of a job whose client names a webhook, and the process that records each.
STEPS = {
    "POST /v1/predictions": "kerbside-api",
    "send predictions": "kerbside-api",
    "wait predictions": "kerbside-predictions",
    "process predictions": "kerbside-predictions",
    "POST": "kerbside-webhooks",
}


@pytest.fixture
def collector() -> Iterator[Collector]:
    """Return a collector that answers."""
    collector = Collector()
    collector.answers.set()
    with collector.open():
        yield collector


@pytest.fixture
def place(store: ModelStore, tmp_path: Path) -> Iterator[Installation]:
    """Return an installation whose events may go to this machine."""
    with installation.running(
        tmp_path / "var", store, secret_keys=[new_key()], webhook_development=True
    ) as place:
        yield place


def traced(spec: ChildSpec, collector: Collector, *, every_ms: int) -> ChildSpec:
    """Return a process that traces."""
    more = collector.environment(every_ms=every_ms)
    return replace(spec, environment={**spec.environment, **more})


def submit(server: Server, sink: Sink) -> Reply:
    """Submit an odd house, in a trace, with a webhook."""
    order = {
        "input": {**server.house, **ODD},
        "metadata": {"address": LABEL},
        "webhook": sink.url,
    }
    kind = {"Content-Type": "application/json", "traceparent": SENT}
    return server.call("POST", "/v1/predictions", json.dumps(order).encode(), **kind)


def test_a_job_is_one_trace_from_its_request_to_its_receiver(
    place: Installation, store: ModelStore, collector: Collector, sink: Sink
) -> None:
    """Each step by the process that takes it, and sends it at its own end at last."""
    for spec in (*place.stack.prediction_workers(), place.stack.webhooks_worker()):
        place.start(traced(spec, collector, every_ms=600_000))
    api = traced(place.stack.api(), collector, every_ms=600_000)
    with api_server.running(place, api, store) as server:
        answer = submit(server, sink)
        assert answer.status == 202
        wait_until(lambda: sink.received)
        assert collector.bodies == []
        place.end()

    steps = _by_name(collector)
    assert {name: steps[name].service for name in STEPS} == STEPS
    assert {steps[name].trace_id for name in STEPS} == {TRACE}
    request, sending = steps["POST /v1/predictions"], steps["send predictions"]
    assert request.parent_id == CALLER
    assert answer.headers["traceresponse"] == f"00-{TRACE}-{request.span_id}-01"
    assert sending.parent_id == request.span_id
    for name in ("wait predictions", "process predictions", "POST"):
        assert steps[name].parent_id == sending.span_id
    received = sink.received[0].headers["traceparent"]
    assert received == f"00-{TRACE}-{steps['POST'].span_id}-01"
    batch = steps["batch predictions"]
    assert batch.links == (sending.span_id,)
    assert steps["process predictions"].links == (batch.span_id,)
    assert answer.body["id"] in steps["process predictions"].attributes
    told = b"\n".join(collector.bodies).decode(errors="replace")
    secrets = [*map(str, ODD.values()), LABEL, server.token, "/hook"]
    assert [one for one in secrets if one in told] == []


def _by_name(collector: Collector) -> dict[str, Span]:
    return {span.name: span for span in collector.spans()}


def test_a_collector_that_hangs_holds_nobody_up(
    place: Installation, store: ModelStore, collector: Collector, sink: Sink
) -> None:
    """Houses are priced and told of, and every process ends when it is asked to."""
    collector.answers.clear()
    specs = [*place.stack.prediction_workers(), place.stack.webhooks_worker()]
    children = [place.start(traced(spec, collector, every_ms=50)) for spec in specs]
    api = traced(place.stack.api(), collector, every_ms=50)
    with api_server.running(place, api, store) as server:
        for _ in range(3):
            assert submit(server, sink).status == 202
        wait_until(lambda: len(sink.received) == 3)
        wait_until(lambda: collector.bodies)
        children.append(server.process)

    for child in children:
        child.terminate()
    for child in children:
        wait_until(child.has_ended, timeout_s=ENDS_S)


def test_where_nobody_traces_a_clients_trace_reaches_its_receiver(
    place: Installation, store: ModelStore, sink: Sink
) -> None:
    """As it came."""
    for spec in (*place.stack.prediction_workers(), place.stack.webhooks_worker()):
        place.start(spec)
    with api_server.running(place, place.stack.api(), store) as server:
        assert submit(server, sink).status == 202
        wait_until(lambda: sink.received)

    assert sink.received[0].headers["traceparent"] == SENT
