"""The public form of a job."""

import orjson
import pytest

from worker.jobs import Detail, Job, State

BASE = "https://prices.example"


def job(**changes: object) -> Job:
    """Return a queued job with the given changes."""
    fields: dict[str, object] = {
        "id": "3c1ab2b4-0000-4000-8000-000000000000",
        "tenant": "acme",
        "model": "king-county",
        "version": "20150527-0000abcd",
        "input": b'{"rooms":3}',
        "state": State.QUEUED,
        "sequence": 1,
        "created_ms": 1_763_812_345_678,
        "number": 1,
    }
    return Job(**(fields | changes))  # type: ignore[arg-type] # a test's own keywords


def public(one: Job) -> dict[str, object]:
    """Return the public form, read back."""
    form: dict[str, object] = orjson.loads(one.public(BASE))
    return form


@pytest.mark.parametrize(
    ("state", "detail", "status", "state_detail"),
    [
        (State.QUEUED, None, "starting", "queued"),
        (State.RUNNING, None, "processing", "running"),
        (State.RETRYING, None, "processing", "retrying"),
        (State.SUCCEEDED, None, "succeeded", None),
        (State.FAILED, Detail.MODEL_ERROR, "failed", "model_error"),
        (State.FAILED, Detail.DEAD, "failed", "dead"),
        (State.CANCELED, Detail.BY_CLIENT, "canceled", "by_client"),
        (State.CANCELED, Detail.DEADLINE_EXCEEDED, "canceled", "deadline_exceeded"),
    ],
)
def test_each_state_has_one_public_status_and_its_detail(
    state: State, detail: Detail | None, status: str, state_detail: str | None
) -> None:
    """The five statuses are closed; the finer truth is beside them."""
    form = public(job(state=state, detail=detail))
    assert (form["status"], form["state_detail"]) == (status, state_detail)


def test_stored_json_is_spliced_in_as_it_is() -> None:
    """Input, output and metadata reach the reader byte for byte."""
    text = job(output=b'{"price":612000.50}', metadata=b'{"b":1,"a":2}').public(BASE)
    assert b'"input":{"rooms":3},"output":{"price":612000.50}' in text
    assert b'"metadata":{"b":1,"a":2}' in text


def test_instants_are_rfc_3339_in_utc_with_milliseconds() -> None:
    """Every time ends in Z and keeps its milliseconds, zeros included."""
    form = public(job(started_ms=1_763_812_346_005))
    assert form["created_at"] == "2025-11-22T11:52:25.678Z"
    assert form["started_at"] == "2025-11-22T11:52:26.005Z"
    assert form["completed_at"] is None


def test_metrics_are_seconds_and_only_those_that_are_known() -> None:
    """A duration appears when both its ends have happened."""
    began = 1_763_812_345_678
    assert public(job())["metrics"] == {}
    form = public(job(started_ms=began + 250, completed_ms=began + 1000, predict_s=0.5))
    assert form["metrics"] == {
        "predict_time": 0.5,
        "queue_time": 0.25,
        "total_time": 1.0,
    }


def test_links_come_from_the_base_url() -> None:
    """No request header has a say in where a client is sent."""
    url = f"{BASE}/v1/predictions/{job().id}"
    assert public(job())["urls"] == {
        "get": url,
        "cancel": f"{url}/cancel",
        "web": f"{BASE}/#/predictions/{job().id}",
    }


def test_the_tenant_is_nobody_elses_business() -> None:
    """The name of the tenant is not in the public form."""
    assert b"acme" not in job().public(BASE)
