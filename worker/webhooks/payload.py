"""The bytes of an event: what has happened, when, and the resource as GET has it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson

from worker.batch import Batch
from worker.jobs import PATH, Job, rfc3339

#: Bytes above which an event names its resource instead of carrying it. Source:
#: Standard Webhooks, "Payload size".
LARGEST = 20_000
_JOB, _BATCH, _ABOUT = b"job:", b"batch:", b"about:"


def body(record: Mapping[bytes, bytes]) -> bytes:
    """Return the body of a delivery from its record, where it has none yet.

    It is the same for all who are told of the event: what is not in the record, such
    as the API's address by now, is not in it.

    Args:
        record: The delivery's ledger hash.
    """
    base_url = record[b"base"].decode()
    type_, at = record[b"type"].decode(), int(record[b"created"])
    if batch := _with_prefix(record, _BATCH):
        seen = Batch.from_record(record[b"batch"].decode(), batch)
        return event(type_, at, orjson.Fragment(orjson.dumps(seen.public(base_url))))
    snapshot = _with_prefix(record, _JOB)
    if not snapshot:
        about = _with_prefix(record, _ABOUT)
        told = {name.decode(): value.decode() for name, value in about.items()}
        return event(type_, at, {**told, "disabled_at": rfc3339(at)})
    job = Job.from_record(record[b"subject"].decode(), snapshot)
    # Of a delivery, only polls tell.
    job = replace(job, webhook_status=None)
    whole = event(type_, at, orjson.Fragment(job.public(base_url)))
    return whole if len(whole) <= LARGEST else event(type_, at, _thin(job, base_url))


def event(type_: str, at_ms: int, data: Any) -> bytes:
    """Return an event as it is sent."""
    return orjson.dumps({"type": type_, "timestamp": rfc3339(at_ms), "data": data})


def _thin(job: Job, base_url: str) -> dict[str, Any]:
    return {
        "id": job.id,
        "object": "prediction",
        "status": job.state.status,
        "state_detail": job.state_detail,
        "sequence": job.sequence,
        "result_url": f"{base_url}{PATH}/{job.id}",
    }


def _with_prefix(record: Mapping[bytes, bytes], prefix: bytes) -> dict[bytes, bytes]:
    return {
        name[len(prefix) :]: value
        for name, value in record.items()
        if name.startswith(prefix)
    }
