"""Example events, as `test` sends them: no prediction of anybody's."""

import uuid
from typing import Any

from api.openapi import event_docs, examples
from worker.batch import Batch
from worker.jobs import PATH, rfc3339
from worker.webhooks import event_types, payload
from worker.webhooks.deliveries import Deliveries

#: Id of the prediction that the examples are about: there is none like it.
NOBODY = "00000000-0000-0000-0000-000000000000"

#: Version of the model that they are about: there is none like it.
NOTHING = "00000000-00000000"

_WITHOUT_PRICE = {"output": None, "metrics": {"queue_time": 0.004, "total_time": 0.007}}
#: What is otherwise where the prediction has not succeeded.
_CHANGES: dict[str, dict[str, Any]] = {
    "prediction.succeeded": {},
    event_types.STARTED: {
        **_WITHOUT_PRICE,
        "metrics": {"queue_time": 0.004},
        "status": "processing",
        "state_detail": "running",
        "sequence": 2,
        "completed_at": None,
        "expires_at": None,
    },
    "prediction.failed": {
        **_WITHOUT_PRICE,
        "status": "failed",
        "state_detail": "model_error",
        "error": "This is a test: nothing has failed.",
    },
    "prediction.canceled": {
        **_WITHOUT_PRICE,
        "status": "canceled",
        "state_detail": "by_client",
    },
}


def send(
    deliveries: Deliveries,
    tenant: str,
    endpoint_id: str,
    type_: str,
    *,
    at_ms: int,
    base_url: str,
) -> str:
    """Send an endpoint an example, whatever it takes; return the delivery's id.

    Args:
        deliveries: Where it is posted.
        tenant: Whose endpoint it is.
        endpoint_id: The enabled endpoint.
        type_: One of `event_types.TYPES`.
        at_ms: When it is said to have happened, in ms since the epoch.
        base_url: Where clients reach the API, without a trailing slash.
    """
    event_id = f"evt_{uuid.uuid4().hex}"
    sent = body(type_, at_ms, base_url=base_url)
    (delivery_id,) = deliveries.publish(
        tenant, event_id, type_, sent, endpoint=endpoint_id
    )
    return delivery_id


def body(type_: str, at_ms: int, *, base_url: str) -> bytes:
    """Return an example of an event as it is sent.

    Args:
        type_: One of `event_types.TYPES`.
        at_ms: When it is said to have happened, in ms since the epoch.
        base_url: Where clients reach the API, without a trailing slash.
    """
    if type_ == event_types.DISABLED:
        return payload.event(type_, at_ms, _disabled(at_ms))
    if type_ in {*event_types.ANNOUNCED, event_types.REVALUED}:
        documented = examples.BODIES[event_docs.SCHEMAS[type_]]
        return payload.event(type_, at_ms, {**documented["data"], "version": NOTHING})
    if type_ == event_types.BATCH_PROGRESS or type_ in event_types.BATCH_ENDED:
        return payload.event(type_, at_ms, _batch(type_, at_ms, base_url))
    url = f"{base_url}{PATH}/{NOBODY}"
    prediction = {
        **examples.BODIES["Prediction"],
        **_CHANGES[type_],
        "id": NOBODY,
        "metadata": {"test": "true"},
        "urls": {
            "get": url,
            "cancel": f"{url}/cancel",
            "web": f"{base_url}/#/predictions/{NOBODY}",
        },
    }
    return payload.event(type_, at_ms, prediction)


def _batch(type_: str, at_ms: int, base_url: str) -> dict[str, Any]:
    is_over = type_ in event_types.BATCH_ENDED
    status: Any = type_.partition(".")[2] if is_over else "in_progress"
    batch = Batch(
        id="bat_" + "0" * 32,
        model="test",
        version=NOTHING,
        status=status,
        rows=4000,
        completed=2000,
        created_ms=at_ms - 2000,
        started_ms=at_ms - 1000,
        settled_ms=at_ms,
        ended_ms=at_ms if is_over else None,
        metadata=b'{"test":"true"}',
        faults={},
    )
    return batch.public(base_url)


def _disabled(at_ms: int) -> dict[str, Any]:
    return {
        "id": "wh_" + "0" * 24,
        "url": "https://hooks.example.com/test",
        "reason": "failing",
        "disabled_at": rfc3339(at_ms),
    }
