"""Steps of traces as OpenTelemetry's spans, named by its conventions.

What is sampled is decided where a trace begins, by the API or its client: what a job
carries is followed here. No house, no price, no path and no query is told.
"""

import multiprocessing.util
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import metadata
from urllib.parse import urlsplit

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import (
    Link,
    Span,
    SpanContext,
    SpanKind,
    StatusCode,
    TraceFlags,
)

from worker.leases import Completion
from worker.tracing import Step, Tracing

#: Statuses from which on an answer is an error: of ours, and of a receiver's.
_OUR_FAULT, _ANY_FAULT = 500, 400
#: Milliseconds that the end of a process may wait for the collector.
_END_MS = 2000
#: Methods that a span may be named by; a stranger may send any other word.
_METHODS = frozenset(
    {"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"}
)


class _Batches(BatchSpanProcessor):
    """Sends spans by the heap, at the end of its process as many as it may still."""

    def shutdown(self) -> None:
        """Send what is left, without waiting long for a collector that hangs."""
        self._batch_processor.shutdown(timeout_millis=_END_MS)


class _Recorded(Step):
    """A step over HTTP, recorded.

    Args:
        span: The span, which ends with it.
        method: HTTP method.
        came: What came with it, which goes on where the span is not sampled.
        fault: Status from which on an answer is an error.
    """

    def __init__(self, span: Span, method: str, came: str | None, fault: int) -> None:
        self._span, self._method, self._fault = span, method, fault
        self.context = _written(span)
        super().__init__(self.context if _is_sampled(self.context) else came)

    def end(self, *, status: int | None, error: str | None = None, **told: str) -> None:
        """Tell how it ended."""
        span = self._span
        if route := told.pop("route", None):
            span.update_name(f"{self._method} {route}")
            span.set_attribute("http.route", route)
        span.set_attributes({f"kerbside.{name}": text for name, text in told.items()})
        if status is not None:
            span.set_attribute("http.response.status_code", status)
            error = error or (str(status) if status >= self._fault else None)
        if error:
            _fail(span, error)
        span.end()


class Spans(Tracing):
    """Records steps as spans.

    Args:
        provider: Where they go.
    """

    def __init__(self, provider: TracerProvider) -> None:
        self._tracer = provider.get_tracer("kerbside", metadata.version("kerbside"))

    def request(self, method: str, traceparent: str | None) -> Step:
        """Begin a request to the API, in its client's trace if it is in one."""
        known = method if method in _METHODS else "_OTHER"
        name = known if known in _METHODS else "HTTP"
        span = self._tracer.start_span(
            name,
            _context(traceparent),
            kind=SpanKind.SERVER,
            attributes={"http.request.method": known, "url.scheme": "http"},
        )
        return _Recorded(span, name, traceparent, _OUR_FAULT)

    @contextmanager
    def sending(
        self, lane: str, job_id: str, traceparent: str | None
    ) -> Iterator[str | None]:
        """Hand a job to the queue in the block, which gets what the job carries on."""
        if not _is_sampled(traceparent):
            yield traceparent
            return
        span = self._tracer.start_span(
            f"send {lane}",
            _context(traceparent),
            kind=SpanKind.PRODUCER,
            attributes=_message(lane, job_id, "send"),
        )
        try:
            yield _written(span)
        except Exception as error:
            _fail(span, type(error).__name__)
            raise
        finally:
            span.end()

    def processed(
        self, lane: str, completions: Sequence[Completion], runs_s: Sequence[float]
    ) -> None:
        """Tell of a batch that has just been written, in the traces of its jobs.

        Each sampled job has a span for its wait and one for its time in the batch; the
        batch has one too, the root of a trace of its own, and links lead both ways.
        """
        now = time.time_ns()
        told = [
            (done, _context(done.lease.traceparent), now - round(run_s * 1e9))
            for done, run_s in zip(completions, runs_s, strict=True)
            if _is_sampled(done.lease.traceparent)
        ]
        if not told:
            return
        batch = self._tracer.start_span(
            f"batch {lane}",
            Context(),
            links=[Link(_parent(context)) for _, context, _ in told],
            start_time=min(claimed for _, _, claimed in told),
            attributes=_place(lane, "process")
            | {"messaging.batch.message_count": len(completions)},
        )
        batch.end(now)
        for done, context, claimed in told:
            self._wait(lane, done, context, claimed)
            self._process(lane, done, context, claimed, batch).end(now)

    def delivery(self, record: Mapping[bytes, bytes], url: str) -> Step:
        """Begin an attempt to deliver, where its job is in a sampled trace."""
        passed = super().delivery(record, url)
        if not _is_sampled(passed.traceparent):
            return passed
        to, tries = urlsplit(url), int(record.get(b"tries", 0))
        attributes: dict[str, str | int] = {
            "http.request.method": "POST",
            "url.scheme": to.scheme,
            "server.address": to.hostname or "",
            "server.port": to.port or (443 if to.scheme == "https" else 80),
            "kerbside.event_type": record[b"type"].decode(),
            "kerbside.job_id": record[b"subject"].decode(),
        }
        if tries:
            attributes["http.request.resend_count"] = tries
        span = self._tracer.start_span(
            "POST",
            _context(passed.traceparent),
            kind=SpanKind.CLIENT,
            attributes=attributes,
        )
        return _Recorded(span, "POST", passed.traceparent, _ANY_FAULT)

    def _wait(
        self, lane: str, done: Completion, context: Context, claimed: int
    ) -> None:
        self._tracer.start_span(
            f"wait {lane}",
            context,
            start_time=claimed - done.lease.waited_ms * 1_000_000,
            attributes=_message(lane, done.lease.id, "wait"),
        ).end(claimed)

    def _process(
        self, lane: str, done: Completion, context: Context, claimed: int, batch: Span
    ) -> Span:
        span = self._tracer.start_span(
            f"process {lane}",
            context,
            kind=SpanKind.CONSUMER,
            links=[Link(batch.get_span_context())],
            start_time=claimed,
            attributes=_message(lane, done.lease.id, "process")
            | {"kerbside.model_version": done.lease.version},
        )
        if done.error:
            _fail(span, "model_error")
        return span


def exporting(service: str) -> Tracing:
    """Return what makes spans and sends them over OTLP, as the variables OTEL_* say.

    Args:
        service: What they name the process by, unless a variable does.
    """
    ours = {
        "service.name": f"kerbside-{service}",
        "service.version": metadata.version("kerbside"),
    }
    said = OTELResourceDetector().detect()
    resource = Resource.create(ours).merge(said)
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(_Batches(OTLPSpanExporter()))
    # At the end of any process: one that a server forked runs no `atexit`.
    multiprocessing.util.Finalize(None, provider.shutdown, exitpriority=0)
    return Spans(provider)


def _place(lane: str, operation: str) -> dict[str, str | int]:
    known = {"send", "process"}
    kind = {"messaging.operation.type": operation} if operation in known else {}
    return {
        "messaging.system": "celery",
        "messaging.destination.name": lane,
        "messaging.operation.name": operation,
        **kind,
    }


def _message(lane: str, job_id: str, operation: str) -> dict[str, str | int]:
    return {**_place(lane, operation), "messaging.message.id": job_id}


def _fail(span: Span, error: str) -> None:
    span.set_status(StatusCode.ERROR)
    span.set_attribute("error.type", error)


def _is_sampled(traceparent: str | None) -> bool:
    return traceparent is not None and bool(int(traceparent[-2:], 16) & 1)


def _context(traceparent: str | None) -> Context:
    """Return what a span begins in; one without a trace of its own begins one."""
    if traceparent is None:
        return Context()
    _, trace_id, span_id, flags = (int(part, 16) for part in traceparent.split("-"))
    place = SpanContext(
        trace_id, span_id, is_remote=True, trace_flags=TraceFlags(flags)
    )
    return trace.set_span_in_context(trace.NonRecordingSpan(place), Context())


def _parent(context: Context) -> SpanContext:
    return trace.get_current_span(context).get_span_context()


def _written(span: Span) -> str:
    place = span.get_span_context()
    return f"00-{place.trace_id:032x}-{place.span_id:016x}-{place.trace_flags:02x}"
