"""A real event that tries a receiver out, of a prediction that never was."""

import uuid

from worker.jobs import Job, State
from worker.webhooks import payload
from worker.webhooks.deliveries import Deliveries

_TYPE = "prediction.succeeded"
#: By this label a receiver knows it.
_METADATA = b'{"test":true}'
_MS = 250


def rehearse(
    deliveries: Deliveries, tenant: str, endpoint_id: str, *, now_ms: int, base_url: str
) -> str:
    """Send an endpoint an example, whatever it takes; return the delivery's id.

    Args:
        deliveries: Where it is posted.
        tenant: Whose endpoint it is.
        endpoint_id: The enabled endpoint.
        now_ms: When the example ended, in ms since the epoch.
        base_url: Where clients reach the API, without a trailing slash.
    """
    job = Job(
        id=str(uuid.uuid4()),
        tenant=tenant,
        model="example",
        version="example",
        input=b"{}",
        state=State.SUCCEEDED,
        sequence=3,
        created_ms=now_ms - _MS,
        number=0,
        attempts=1,
        metadata=_METADATA,
        started_ms=now_ms,
        completed_ms=now_ms,
        output=b'{"price":500000,"currency":"USD"}',
    )
    body = payload.of_job(_TYPE, now_ms, job, base_url)
    event_id = f"evt_{uuid.uuid4().hex}"
    (delivery_id,) = deliveries.publish(
        tenant, event_id, _TYPE, body, endpoint=endpoint_id
    )
    return delivery_id
