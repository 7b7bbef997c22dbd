"""A request's place in a trace comes in, goes on with its job, and is answered."""

from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from redis import Redis

from api.app import create_app
from api.settings import ApiSettings
from tests.api.conftest import Client, Headers, Submit
from worker import keys, spans

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SENT = f"00-{TRACE}-00f067aa0ba902b7-01"


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    """Return where spans go."""
    return InMemorySpanExporter()


@pytest.fixture
def traced(
    api_settings: ApiSettings,
    exporter: InMemorySpanExporter,
    monkeypatch: pytest.MonkeyPatch,
) -> Client:
    """Return a client of an API that makes spans."""
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(spans, "exporting", lambda _: spans.Spans(provider))
    settings = api_settings.model_copy(update={"tracing": True})
    return create_app(settings).test_client()


def carried(redis: Redis, job_id: str) -> str | None:
    """Return what a job's record carries."""
    found: Any = redis.hget(keys.job_key(job_id), "traceparent")
    return None if found is None else str(found.decode())


def test_a_traced_submit_is_two_spans_in_its_clients_trace(
    traced: Client,
    exporter: InMemorySpanExporter,
    redis: Redis,
    caller: Headers,
    house: dict[str, object],
) -> None:
    """The request, and in it the sending, which the job's record carries on."""
    answer = traced.post(
        "/v1/predictions",
        json={"input": house},
        headers={**caller, "traceparent": SENT},
    )

    sending, request = exporter.get_finished_spans()
    assert request.name == "POST /v1/predictions"
    assert (
        dict(request.attributes or {})["kerbside.request_id"]
        == (answer.headers["Request-Id"])
    )
    place = f"00-{TRACE}-{request.context.span_id:016x}-01"
    assert answer.headers["traceresponse"] == place
    assert sending.parent
    assert sending.parent.span_id == request.context.span_id
    place = f"00-{TRACE}-{sending.context.span_id:016x}-01"
    assert carried(redis, answer.json["id"]) == place


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v1/keys/s3cret", "GET /v1/keys/<key_id>"),
        ("/s3cret?s3cret", "GET"),
    ],
)
def test_a_span_has_the_route_and_never_the_path(
    traced: Client,
    exporter: InMemorySpanExporter,
    caller: Headers,
    path: str,
    name: str,
) -> None:
    """Somebody may have pasted a secret into it."""
    answer = traced.get(path, headers=caller)

    (span,) = exporter.get_finished_spans()
    assert span.name == name
    assert "s3cret" not in span.to_json()
    place = f"00-{span.context.trace_id:032x}-{span.context.span_id:016x}-"
    assert answer.headers["traceresponse"].startswith(place)


@pytest.mark.parametrize("sent", [SENT, SENT[:-2] + "00"])
def test_where_nobody_traces_a_job_carries_what_came(
    submit: Submit, redis: Redis, sent: str
) -> None:
    """So that a client's own trace leads on to its receiver."""
    answer = submit({"traceparent": sent})

    assert carried(redis, answer.json["id"]) == sent
    assert "traceresponse" not in answer.headers
    assert "traceparent" not in answer.json


@pytest.mark.parametrize("sent", ["", "s3cret", f"{SENT},{SENT}", SENT.upper()])
def test_what_is_no_traceparent_is_not_kept(
    submit: Submit, redis: Redis, sent: str
) -> None:
    """Nor is it an error: Trace Context has it passed over."""
    answer = submit({"traceparent": sent})

    assert answer.status_code == 202
    assert carried(redis, answer.json["id"]) is None


def test_a_retry_is_in_the_trace_of_who_asks_for_it(
    client: Client, submit: Submit, caller: Headers, redis: Redis
) -> None:
    """The first submit's has ended."""
    other = SENT.replace(TRACE, TRACE[::-1])
    url = submit({"traceparent": SENT}).json["urls"]["get"].split("/", 3)[3]
    job_id = url.rpartition("/")[2]
    client.post(f"/{url}/cancel", headers=caller)

    client.post(f"/{url}/retry", headers={**caller, "traceparent": other})
    assert carried(redis, job_id) == other
    client.post(f"/{url}/cancel", headers=caller)
    client.post(f"/{url}/retry", headers=caller)
    assert carried(redis, job_id) is None
