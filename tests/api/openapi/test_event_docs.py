"""What the document says of events and what is sent are the same."""

from datetime import UTC, datetime
from typing import Any

import pytest

from api import example_events
from api.openapi import event_docs, examples
from api.schemas import BatchEvent, EndpointEvent, PredictionEvent
from tests.api.conftest import Finish, Register, Submit
from worker.keys import WEBHOOKS
from worker.webhooks import payload
from worker.webhooks.deliveries import Deliveries, Verdict
from worker.webhooks.event_types import TYPES
from worker.webhooks.signing import new_secret, signature_headers

HOOK = "https://hooks.example.com/kerbside"


def records(deliveries: Deliveries) -> list[dict[bytes, bytes]]:
    """Return what waits to be delivered."""
    found = deliveries.ledger.claim(WEBHOOKS, limit=9, worker="d").leases
    return deliveries.load(found)


def test_each_type_is_described_with_its_headers() -> None:
    """Those that a signature has, and no more."""
    described = event_docs.described()
    signed = signature_headers("evt_1", datetime.now(UTC), b"{}", [new_secret()])

    assert described.keys() == TYPES.keys()
    for one in described.values():
        assert {each["name"] for each in one["post"]["parameters"]} == signed.keys()
        (content,) = one["post"]["requestBody"]["content"].values()
        name = content["schema"]["$ref"].rpartition("/")[2]
        assert name in examples.BODIES


def test_the_event_of_a_prediction_is_as_described(
    submit: Submit, finish: Finish, deliveries: Deliveries
) -> None:
    """The prediction as it ended, without what only polls are told."""
    job = submit(webhook=HOOK).json
    finish()
    (record,) = records(deliveries)

    body = payload.body(record)

    event = PredictionEvent.model_validate_json(body)
    assert event.type == "prediction.succeeded"
    assert (event.data.id, event.data.status) == (job["id"], "succeeded")
    assert "webhook_status" not in event.data.model_fields_set


def test_a_thin_event_is_as_described(
    submit: Submit,
    finish: Finish,
    deliveries: Deliveries,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It says where to read what it does not carry."""
    monkeypatch.setattr(payload, "LARGEST", 100)
    job = submit(webhook=HOOK).json
    finish()
    (record,) = records(deliveries)

    data: Any = PredictionEvent.model_validate_json(payload.body(record)).data

    assert data.result_url == f"http://127.0.0.1:8000/v1/predictions/{job['id']}"


@pytest.mark.parametrize("type_", [one for one in TYPES if one.startswith("batch.")])
def test_the_example_of_an_event_of_a_batch_is_as_described(type_: str) -> None:
    """It is made as a real one is, of a batch of nobody."""
    sent = example_events.body(type_, 1_700_000_000_000, base_url="https://x.example")

    event = BatchEvent.model_validate_json(sent)
    assert event.type == type_
    assert event.data.status == {"progress": "in_progress"}.get(type_[6:], type_[6:])
    assert event.data.metadata == {"test": "true"}


def test_the_event_of_an_endpoint_is_as_described(
    register: Register, deliveries: Deliveries
) -> None:
    """Another endpoint of the tenant is told which was disabled, and why."""
    lost, other = register().json["id"], register(events=["endpoint.*"]).json["id"]
    body = payload.event("prediction.failed", 0, {})
    deliveries.publish("acme", "evt_1", "prediction.failed", body, endpoint=lost)
    (lease,) = deliveries.ledger.claim(WEBHOOKS, limit=9, worker="d").leases
    deliveries.attempted(lease, Verdict("failed", 0, 1, "gone"), {"at": 1})
    (record,) = records(deliveries)

    event = EndpointEvent.model_validate_json(payload.body(record))

    assert record[b"endpoint"].decode() == other
    assert (event.data.id, event.data.reason) == (lost, "gone")
