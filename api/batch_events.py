"""How far a batch is, told while its client listens: server-sent events."""

import time
from collections.abc import Callable, Iterator

from redis.exceptions import RedisError

from api import answers
from api.batch_problems import UnknownBatch
from api.waiting import Waiter
from worker.batch import ENDED, Batch

EVENT_STREAM = "text/event-stream"
#: Milliseconds after which a client whose stream has ended comes again.
_AGAIN = b"retry: 2000\n\n"
#: Sent where nothing has changed, so that nobody on the way takes it for dead.
_ALIVE = b":\n\n"


def stream(
    look: Callable[[], Batch],
    waiter: Waiter | None,
    *,
    seen: str | None,
    seconds: float,
    base_url: str,
) -> Iterator[bytes]:
    """Yield an event for whatever has changed, until the end of the batch.

    A stream that ends before goes on where it was: the client comes again and says
    which event it saw last.

    Args:
        look: Returns the batch as it is now.
        waiter: Wakes when a chunk has ended; None tells how it is and no more.
        seen: Id of the event that the client has.
        seconds: How long it goes on, at most.
        base_url: Where clients reach the API, without a trailing slash.

    Raises:
        UnknownBatch: There is no such batch; before the first part alone.
        RedisError: It cannot be read; before the first part alone.
    """
    until = time.monotonic() + seconds
    batch = look()
    yield _AGAIN
    while True:
        event_id = _id(batch)
        yield _ALIVE if event_id == seen else _event(event_id, batch, base_url)
        seen = event_id
        left = until - time.monotonic()
        if batch.status in ENDED or left <= 0 or not waiter or not waiter.pause(left):
            return
        try:
            batch = look()
        except (RedisError, UnknownBatch):
            # Who comes again is told why.
            return


def is_over(batch: Batch, seen: str | None) -> bool:
    """Tell whether nothing comes after the event that a client saw last."""
    return batch.status in ENDED and _id(batch) == seen


def _id(batch: Batch) -> str:
    """Return what changes with all that an event is worth being sent for."""
    return f"{batch.completed + batch.failed}-{batch.status}"


def _event(event_id: str, batch: Batch, base_url: str) -> bytes:
    name = batch.status if batch.status in ENDED else "progress"
    data = answers.dumps(batch.public(base_url))
    return b"id: %s\nevent: %s\ndata: %s\n\n" % (
        event_id.encode(),
        name.encode(),
        data,
    )
