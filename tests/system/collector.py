"""A collector of spans that a test looks into, as OpenTelemetry's own takes them."""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)


@dataclass(frozen=True)
class Span:
    """What a test asks of a span."""

    service: str
    name: str
    trace_id: str
    span_id: str
    parent_id: str
    links: tuple[str, ...]
    attributes: str


@dataclass
class Collector:
    """What was sent over OTLP, and whether it is answered."""

    port: int = 0
    bodies: list[bytes] = field(default_factory=list)
    #: While it is not set, no request is answered.
    answers: threading.Event = field(default_factory=threading.Event)

    def environment(self, *, every_ms: int) -> dict[str, str]:
        """Return what lets a process trace, and send its spans here now and then."""
        return {
            "KERBSIDE_TRACING": "1",
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{self.port}",
            "OTEL_EXPORTER_OTLP_TIMEOUT": "3600",
            "OTEL_BSP_SCHEDULE_DELAY": str(every_ms),
        }

    def spans(self) -> list[Span]:
        """Return what has come."""
        found: list[Span] = []
        for body in list(self.bodies):
            for sent in ExportTraceServiceRequest.FromString(body).resource_spans:
                (service,) = [
                    one.value.string_value
                    for one in sent.resource.attributes
                    if one.key == "service.name"
                ]
                found += [
                    Span(
                        service,
                        span.name,
                        span.trace_id.hex(),
                        span.span_id.hex(),
                        span.parent_span_id.hex(),
                        tuple(link.span_id.hex() for link in span.links),
                        str(span.attributes),
                    )
                    for scope in sent.scope_spans
                    for span in scope.spans
                ]
        return found

    @contextlib.contextmanager
    def open(self) -> Iterator[None]:
        """Collect while the block runs."""
        server = _Server(("127.0.0.1", 0), _Handler)
        server.collector, self.port = self, server.server_port
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield
        finally:
            self.answers.set()
            server.shutdown()
            thread.join()
            server.server_close()


class _Server(ThreadingHTTPServer):
    collector: Collector

    def handle_error(self, *_: object) -> None:
        """Say nothing of a process that ended."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        """Note what is sent."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.collector.bodies.append(body)
        self.server.collector.answers.wait()
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Print nothing."""
