"""How much work is open in each lane, and how fast it comes and goes."""

from collections.abc import Sequence
from typing import Any

import redis

from worker import ledger

#: Milliseconds over which arrival and completion rates are measured.
_RATE_WINDOW_MS = 10_000
#: Bounds of the advice when to come back, in seconds, and the advice when jobs wait
#: and none has ended lately.
_SOONEST_S, LATEST_S, _STANDSTILL_S = 1, 60, 5


class Lanes:
    """Reads lanes; passes `redis.RedisError` through when Redis cannot be reached."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client

    def scaler(self) -> dict[str, Any]:
        """Return what an autoscaler needs to know of each lane."""
        return {"queues": {lane: self._lane(lane) for lane in ledger.LANES}}

    def ends_per_s(self, lane: str) -> float:
        """Return how many jobs of a lane end in a second, of late."""
        pipe = self._redis.pipeline(transaction=False)
        pipe.time()
        pipe.lrange(ledger.lane_key("samples", lane), 0, -1)
        clock, samples = pipe.execute()
        _, ends_per_s = _rates(samples, _ms(clock))
        return ends_per_s

    def _lane(self, lane: str) -> dict[str, Any]:
        pipe = self._redis.pipeline(transaction=False)
        pipe.time()
        # By their records: a message may be there twice, or be lost.
        pipe.zcard(ledger.lane_key("waiting", lane))
        pipe.zcard(ledger.lane_key("running", lane))
        pipe.zrange(ledger.lane_key("waiting", lane), 0, 0)
        pipe.zrange(ledger.lane_key("workers", lane), 0, -1, withscores=True)
        pipe.exists(ledger.lane_key("paused", lane))
        pipe.lrange(ledger.lane_key("samples", lane), 0, -1)
        clock, waiting, running, first, workers, paused, samples = pipe.execute()
        now = _ms(clock)
        arrivals, ends = _rates(samples, now)
        seen = [name for name, last in workers if now - last <= ledger.WORKER_SEEN_MS]
        # A paused lane asks for no workers.
        waiting, running = (0, 0) if paused else (waiting, running)
        return {
            "waiting": waiting,
            "running": running,
            "backlog": waiting + running,
            "oldest_age_s": self._age_s(first[0], now) if waiting and first else 0.0,
            "workers": len(seen),
            "arrivals_per_s": arrivals,
            "jobs_per_s": ends,
            "paused": bool(paused),
        }

    def _age_s(self, next_id: bytes, now: int) -> float:
        # Of the job that starts next, which but for a re-send is the oldest; since its
        # submit or its retry, for its message may be younger.
        times = self._redis.hmget(
            ledger.job_key(next_id.decode()), "reopened", "created"
        )
        known = [int(instant) for instant in times if instant]
        return (now - known[0]) / 1000 if known else 0.0


def expected_wait_s(jobs: int, ends_per_s: float) -> int:
    """Return the whole seconds in which so many jobs end: advice when to come back."""
    wait_s = jobs / ends_per_s if ends_per_s else _STANDSTILL_S
    return max(_SOONEST_S, min(LATEST_S, round(wait_s)))


def _ms(clock: tuple[int, int]) -> int:
    """Return Redis's TIME in milliseconds."""
    seconds, micros = clock
    return seconds * 1000 + micros // 1000


def _rates(samples: Sequence[bytes], now: int) -> tuple[float, float]:
    """Return arrivals and ends per second between the samples of the window.

    Without a sample of late nothing is known, and nothing is claimed.
    """
    points = [tuple(int(part) for part in sample.split()) for sample in samples]
    recent = [p for p in points if now - p[0] <= _RATE_WINDOW_MS]
    if not recent or recent[0][0] == recent[-1][0]:
        return 0.0, 0.0
    newest, oldest = recent[0], recent[-1]
    span_s = (newest[0] - oldest[0]) / 1000
    arrivals, ends = newest[1] - oldest[1], newest[2] - oldest[2]
    return round(arrivals / span_s, 1), round(ends / span_s, 1)
