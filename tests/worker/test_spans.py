"""Spans are in the trace of their job, follow what was sampled, and tell no house."""

from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased
from opentelemetry.trace import SpanKind, StatusCode

from worker.leases import Completion, Lease
from worker.spans import Spans

TRACE, PARENT = 0x4BF92F3577B34DA6A3CE929D0E0E4736, 0x00F067AA0BA902B7
SAMPLED = f"00-{TRACE:032x}-{PARENT:016x}-01"
UNSAMPLED = SAMPLED[:-2] + "00"
URL = "https://hooks.example.org:8443/s3cret?s3cret"


class Seen:
    """Spans, and what makes them."""

    def __init__(self, **options: Any) -> None:
        provider = TracerProvider(shutdown_on_exit=False, **options)
        self._exporter = InMemorySpanExporter()
        provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.tracing = Spans(provider)

    def spans(self) -> dict[str, ReadableSpan]:
        """Return those that have ended, by their names."""
        return {span.name: span for span in self._exporter.get_finished_spans()}


@pytest.fixture
def seen() -> Seen:
    """Return spans that nobody has made yet."""
    return Seen()


def lease(job_id: str = "j-1", traceparent: str | None = SAMPLED) -> Lease:
    """Return a job that waited for two seconds."""
    return Lease(
        job_id, 1, "v-1", b'{"s3cret": 1}', 0, waited_ms=2000, traceparent=traceparent
    )


def delivery(traceparent: str = SAMPLED, **more: bytes) -> dict[bytes, bytes]:
    """Return the record of a delivery."""
    return {
        b"job:traceparent": traceparent.encode(),
        b"type": b"prediction.succeeded",
        b"subject": b"j-1",
    } | {name.encode(): value for name, value in more.items()}


def told(span: ReadableSpan) -> dict[str, Any]:
    """Return the attributes of a span."""
    return dict(span.attributes or {})


def parent_id(span: ReadableSpan) -> int | None:
    """Return what a span is a step of."""
    return span.parent.span_id if span.parent else None


def test_a_request_goes_on_in_its_clients_trace(seen: Seen) -> None:
    """As a span of the server's kind, named by its route."""
    step = seen.tracing.request("POST", SAMPLED)
    step.end(status=202, route="/v1/predictions", request_id="r-1")

    span = seen.spans()["POST /v1/predictions"]
    assert span.kind is SpanKind.SERVER
    assert (span.context.trace_id, parent_id(span)) == (TRACE, PARENT)
    assert told(span)["http.response.status_code"] == 202
    assert told(span)["http.route"] == "/v1/predictions"
    assert told(span)["kerbside.request_id"] == "r-1"
    assert step.traceparent == f"00-{TRACE:032x}-{span.context.span_id:016x}-01"


@pytest.mark.parametrize(
    ("status", "error", "is_fault"), [(404, None, False), (500, None, True)]
)
def test_a_fault_of_ours_alone_is_an_error(
    seen: Seen, status: int, error: str | None, *, is_fault: bool
) -> None:
    """What a client did wrong is none of the server's."""
    seen.tracing.request("GET", None).end(status=status, error=error, route="/x")

    span = seen.spans()["GET /x"]
    assert (span.status.status_code is StatusCode.ERROR) is is_fault
    assert told(span).get("error.type") == ("500" if is_fault else None)


def test_a_method_of_a_strangers_own_names_no_span(seen: Seen) -> None:
    """Nor does a path that leads nowhere."""
    seen.tracing.request("S3CRET", None).end(status=405, route="")

    span = seen.spans()["HTTP"]
    assert told(span)["http.request.method"] == "_OTHER"


def test_what_the_client_does_not_sample_is_not(seen: Seen) -> None:
    """Its place goes on as it came."""
    step = seen.tracing.request("POST", UNSAMPLED)
    with seen.tracing.sending("predictions", "j-1", step.traceparent) as carried:
        assert carried == UNSAMPLED
    step.end(status=202, route="/x")
    done = Completion(lease=lease(traceparent=UNSAMPLED), output=b"{}")
    seen.tracing.processed("predictions", [done], [0.1])
    attempt = seen.tracing.delivery(delivery(UNSAMPLED), URL)
    attempt.end(status=200)

    assert attempt.traceparent == UNSAMPLED
    assert seen.spans() == {}


def test_a_job_of_a_request_that_nobody_samples_carries_nothing() -> None:
    """Records stay small where one request in a hundred is recorded."""
    seen = Seen(sampler=ParentBased(ALWAYS_OFF))

    step = seen.tracing.request("POST", None)

    assert step.traceparent is None
    assert step.context is not None


def test_a_job_is_sent_as_a_message(seen: Seen) -> None:
    """What it carries is the place of its sending."""
    with seen.tracing.sending("predictions", "j-1", SAMPLED) as carried:
        pass

    span = seen.spans()["send predictions"]
    assert span.kind is SpanKind.PRODUCER
    assert (span.context.trace_id, parent_id(span)) == (TRACE, PARENT)
    assert told(span)["messaging.message.id"] == "j-1"
    assert carried == f"00-{TRACE:032x}-{span.context.span_id:016x}-01"


def test_a_submit_that_fails_says_its_kind(seen: Seen) -> None:
    """And no more: its words may quote anything."""
    with (
        pytest.raises(LookupError),
        seen.tracing.sending("predictions", "j-1", SAMPLED),
    ):
        raise LookupError("s3cret")

    span = seen.spans()["send predictions"]
    assert told(span)["error.type"] == "LookupError"
    assert "s3cret" not in span.to_json()


def test_a_job_waits_and_is_processed_in_its_trace(seen: Seen) -> None:
    """Each with its own time; batch and job know of each other."""
    done = [
        Completion(lease=lease("j-1"), output=b"{}"),
        Completion(lease=lease("j-2", None), error="s3cret"),
        Completion(lease=lease("j-3", UNSAMPLED), output=b"{}"),
    ]
    seen.tracing.processed("predictions", done, [0.5, 0.5, 0.5])

    spans = seen.spans()
    assert spans.keys() == {
        "wait predictions",
        "process predictions",
        "batch predictions",
    }
    wait, process = spans["wait predictions"], spans["process predictions"]
    for span in (wait, process):
        assert (span.context.trace_id, parent_id(span)) == (TRACE, PARENT)
        assert told(span)["messaging.message.id"] == "j-1"
    assert process.kind is SpanKind.CONSUMER
    assert (wait.end_time or 0) - (wait.start_time or 0) == 2_000_000_000
    assert wait.end_time == process.start_time
    assert (process.end_time or 0) - (process.start_time or 0) == 500_000_000
    batch = spans["batch predictions"]
    assert batch.parent is None
    assert told(batch)["messaging.batch.message_count"] == 3
    assert [link.context.span_id for link in batch.links] == [PARENT]
    assert [link.context for link in process.links] == [batch.context]


def test_a_job_that_failed_is_an_error(seen: Seen) -> None:
    """Its words are its tenant's."""
    seen.tracing.processed(
        "predictions", [Completion(lease=lease(), error="s3cret")], [0.5]
    )

    span = seen.spans()["process predictions"]
    assert span.status.status_code is StatusCode.ERROR
    assert told(span)["error.type"] == "model_error"
    assert all("s3cret" not in one.to_json() for one in seen.spans().values())


def test_an_attempt_is_a_clients_span_in_the_trace_of_its_job(seen: Seen) -> None:
    """The receiver is told of it; of the URL no more is told than who is called."""
    step = seen.tracing.delivery(delivery(tries=b"2"), URL)
    step.end(status=503)

    span = seen.spans()["POST"]
    assert span.kind is SpanKind.CLIENT
    assert (span.context.trace_id, parent_id(span)) == (TRACE, PARENT)
    assert step.traceparent == f"00-{TRACE:032x}-{span.context.span_id:016x}-01"
    assert told(span) == {
        "http.request.method": "POST",
        "http.request.resend_count": 2,
        "http.response.status_code": 503,
        "url.scheme": "https",
        "server.address": "hooks.example.org",
        "server.port": 8443,
        "kerbside.event_type": "prediction.succeeded",
        "kerbside.job_id": "j-1",
        "error.type": "503",
    }
    assert "s3cret" not in span.to_json()


def test_an_attempt_without_an_answer_says_why(seen: Seen) -> None:
    """By the word that the delivery's log has."""
    seen.tracing.delivery(delivery(), URL).end(status=None, error="timeout")

    assert told(seen.spans()["POST"])["error.type"] == "timeout"
