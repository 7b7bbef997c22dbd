"""Has a property valued anew, by one job at a time."""

import contextlib
import time
import uuid
from dataclasses import replace

import orjson
import redis

from api import json_body, tracing
from api.call import Call
from api.catalog import CHAMPION, Catalog, Served
from api.errors import ServiceError
from model_store import logs
from model_store.archive.property import Property, Staleness, Valued
from model_store.errors import ArchiveError, ModelStoreError
from worker.errors import JobGone, NotRetryable, QueueError
from worker.jobs import Job, State, Submission
from worker.limits import Meter
from worker.queue import Receipt

#: Milliseconds after the end of a job that made no valuation before a read has it tried
#: anew: a house that the model fails is not priced with each read.
_AGAIN_MS = 60_000
#: Erased predictions that are passed over.
_TRIES = 5

_log = logs.logger(__name__)


def now_ms() -> int:
    """Return the time in ms since the epoch."""
    return round(time.time() * 1000)


def stale_because(
    catalog: Catalog, valued: Valued, served: Served | None
) -> tuple[Staleness, ...]:
    """Return why the price of a property is to be made anew; see `Valued`.

    A promotion is known to one process seconds before another, since each waits until
    it sees that workers have the new champion: a price by that one is not made anew by
    the one before.

    Args:
        catalog: What prices, as this process knows it.
        valued: The property as it is.
        served: The version that prices now; None where nobody can tell.
    """
    version = served.card.version if served else None
    made = valued.valuation
    if made and served and made.version == catalog.aliases().champion:
        version = made.version
    return valued.stale_because(champion=version, now_ms=now_ms())


def beside(
    call: Call, valued: Valued, served: Served, *, meter: Meter | None = None
) -> Job | None:
    """Have a property valued beside a request, which does not fail where that does.

    Args:
        call: The request.
        valued: The property as it is.
        served: The champion.
        meter: By whose limit the job counts; by default nobody counts.

    Returns:
        The job that values it; None where there is none.
    """
    try:
        return value(call, valued, served, meter=meter).job
    except redis.RedisError as error:
        call.shared.circuit.report(error)
    except (QueueError, ServiceError, ArchiveError, ModelStoreError) as error:
        _log.info("property_not_refreshed", error=type(error).__name__)
    return None


def value(
    call: Call,
    valued: Valued,
    served: Served,
    *,
    meter: Meter | None = None,
    again_ms: int = _AGAIN_MS,
) -> Receipt:
    """Submit the job that values a property, or find the one that does.

    Whoever asks meanwhile finds the same job: its name says which valuation it is to
    replace, and with what.

    Args:
        call: The request.
        valued: The property as it is.
        served: The champion.
        meter: By whose limit the job counts; by default nobody counts.
        again_ms: Milliseconds after the end of such a job that failed, or was
            canceled, before it is tried anew.

    Raises:
        InvalidSubmission: The house is not what the champion takes.
        QueueError: No job is taken.
        ArchiveError: A job of before cannot be looked up.
    """
    _expect_fit(valued.property, served)
    receipt = _submitted(call, _submission(valued, served, meter))
    job = receipt.job
    is_over = job.state in (State.FAILED, State.CANCELED)
    if not is_over or now_ms() - (job.completed_ms or 0) < again_ms:
        return receipt
    with contextlib.suppress(NotRetryable), tracing.sending(call, job.id) as parent:
        return call.shared.queue.retry(
            job.tenant, job.id, meter=meter, traceparent=parent
        )
    # Another request was first.
    return receipt


def _expect_fit(house: Property, served: Served) -> None:
    """Hold a house against the champion, which may be a later one than its own.

    Raises:
        InvalidSubmission: It does not take it.
    """
    document = {"input": orjson.loads(house.input)}
    json_body.validated(document, served.request_model, [])


def _submission(valued: Valued, served: Served, meter: Meter | None) -> Submission:
    house, before = valued
    name = (
        *(house.id, str(house.created_ms), house.input_digest),
        *(served.card.version, before.source_id if before else ""),
    )
    return Submission(
        id=str(uuid.uuid4()),
        tenant=house.tenant,
        model=served.card.name,
        version=served.card.version,
        # Never its challenger: what that says would be stale at once.
        alias=CHAMPION,
        input=house.input,
        property_id=house.id,
        # No client can send such a key: it has control characters.
        idempotency_key="\0property\0" + "\0".join(name),
        meter=meter,
    )


def _submitted(call: Call, new: Submission, *, tries: int = _TRIES) -> Receipt:
    try:
        with tracing.sending(call, new.id) as traceparent:
            return call.shared.queue.submit(new, traceparent=traceparent)
    except JobGone as gone:
        if tries == 1:
            raise
        # Its client erased it: another takes its place.
        further = f"{new.idempotency_key}\0{gone.job_id}"
        return _submitted(call, replace(new, idempotency_key=further), tries=tries - 1)
