"""Events of the installation itself, told to the endpoints of its operators."""

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import redis

from worker.credentials import OPERATOR_TENANT
from worker.settings import WorkerSettings
from worker.webhooks import payload
from worker.webhooks.deliveries import Deliveries


def _now() -> datetime:
    return datetime.now(UTC)


class Announcements:
    """Tells operators what has happened: logged, signed and repeated as all events.

    Args:
        client: Where deliveries are written down.
        settings: What they are written down by.
        now: The clock that an event's `timestamp` is read from.
    """

    def __init__(
        self,
        client: redis.Redis,
        settings: WorkerSettings,
        *,
        now: Callable[[], datetime] = _now,
    ) -> None:
        self._deliveries = Deliveries(client, settings)
        self._now = now

    def announce(self, type_: str, data: Mapping[str, Any], *, key: str) -> list[str]:
        """Make one delivery to each endpoint of the operators that takes the type.

        Who cannot tell whether it was done does it again: nothing comes of that.

        Args:
            type_: One of `event_types.ANNOUNCED`.
            data: As the schema of the type says, without anything of a house.
            key: What the event is known by, such as the version that it is about and
                the day: the same type and key are told once.

        Returns:
            Ids of the deliveries; none where it was announced before, or nobody asks.

        Raises:
            redis.RedisError: Redis cannot be reached, or takes no writes.
        """
        body = payload.event(type_, int(self._now().timestamp() * 1000), data)
        event_id = "evt_" + hashlib.sha256(f"{type_} {key}".encode()).hexdigest()[:32]
        return self._deliveries.publish(OPERATOR_TENANT, event_id, type_, body)
