"""A lane is purged: all that waits in it ends as canceled, and clients are told."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass

import redis

from worker import keys
from worker.keys import WEBHOOKS
from worker.lanes import Lanes
from worker.ledger import Ledger
from worker.settings import WorkerSettings

#: Jobs that one call of the script ends, so that Redis is never held up.
_AT_A_TIME = 50


@dataclass(frozen=True, slots=True)
class Purged:
    """What a purge has come to."""

    ended: int
    #: Of those that waited as it began, how many may still do so, at most.
    remaining: int


class Purging:
    """Purges lanes; passes `redis.RedisError` through when Redis cannot be reached."""

    def __init__(self, client: redis.Redis, settings: WorkerSettings) -> None:
        self._redis = client
        self._lanes = Lanes(client)
        self._ledger = Ledger(client, settings)

    def waiting(self, lane: str) -> int:
        """Return how many jobs a purge would end now.

        Deliveries that are tried again later and those that wait for a slot of their
        receiver count too: all that are open and in nobody's hand.
        """
        found = self._lanes.queue(lane)
        return int(found["waiting"] + found["scheduled"] + found["parked"])

    def purge(self, lane: str, *, most: int = sys.maxsize) -> Purged:
        """End what waits in a lane, oldest first; what comes meanwhile is left alone.

        What a worker has in hand is left to it. The workers may go on meanwhile, and
        so may submits.

        Args:
            lane: Which one.
            most: How many jobs, at most; a few more where a call's worth overshoots.
        """
        newest = int(self._redis.get(keys.lane_key("number", lane)) or 0)
        before, ended = self.waiting(lane), 0
        while True:
            begun = ended
            for done in self._ends(lane, newest):
                ended += done
                if ended >= most:
                    return Purged(ended, max(0, before - ended))
            # A worker that takes what was passed over moves others out of sight.
            if ended == begun:
                return Purged(ended, 0)

    def _ends(self, lane: str, newest: int) -> Iterator[int]:
        """Yield how many each call ended, on one way through all that waits."""
        for place in self._places(lane):
            passed_over, more = 0, True
            while more:
                done, passed, more = self._ledger.run(
                    "purge", lane, newest, _AT_A_TIME, passed_over, place
                )
                passed_over += passed
                yield done

    def _places(self, lane: str) -> Iterator[str]:
        """Yield where jobs wait; the lane last, for what ends there lets others in."""
        if lane == WEBHOOKS:
            for destination in self._ledger.run("destinations", lane):
                yield destination.decode()
            yield "scheduled"
        yield "waiting"
