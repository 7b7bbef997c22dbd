"""How much work is open in each lane, and how fast it comes and goes."""

from operator import itemgetter
from typing import Any

import redis

from worker import history, keys, ledger, pauses, rates
from worker.connection import clock_ms
from worker.jobs import rfc3339
from worker.pauses import Pause
from worker.rates import Rates

#: Bounds of the advice when to come back, in seconds, and the advice when jobs wait
#: and none has ended lately.
_SOONEST_S, LATEST_S, _STANDSTILL_S = 1, 60, 5


class Lanes:
    """Reads, pauses and resumes lanes.

    Every verb passes `redis.RedisError` through when Redis cannot be reached.
    """

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client

    def scaler(self) -> dict[str, Any]:
        """Return what an autoscaler needs to know of each lane."""
        return {"queues": {lane: self._signal(lane) for lane in keys.LANES}}

    def queues(self) -> dict[str, Any]:
        """Return what an operator needs to know of each lane."""
        return {"queues": {lane: self.queue(lane) for lane in keys.LANES}}

    def queue(self, lane: str) -> dict[str, Any]:
        """Return the true figures of a lane, paused or not, and all that is set aside.

        Among those that wait are neither jobs that are tried again at a set time nor
        deliveries that are parked, until those before them to the same receiver end.
        """
        pipe = self._redis.pipeline(transaction=False)
        pipe.get(keys.lane_key("paused", lane))
        pipe.zcard(keys.lane_key("dead", lane))
        pipe.zcard(keys.lane_key("scheduled", lane))
        pipe.llen(keys.lane_key("strays", lane))
        pipe.get(keys.lane_key("number", lane))
        pipe.get(keys.lane_key("done", lane))
        value, dead, scheduled, strays, number, done = pipe.execute()
        pause, figures = Pause.parse(value), self._figures(lane)
        is_open = int(number or 0) - int(done or 0)
        parked = is_open - figures["backlog"] - scheduled
        return {
            **figures,
            "paused": pause is not None,
            "paused_since": rfc3339(pause.since_ms) if pause else None,
            "paused_by": pause.by if pause else "",
            "paused_reason": pause.reason if pause else "",
            "dead": dead,
            "scheduled": scheduled,
            # Two looks at a lane that moves: a house is never parked.
            "parked": max(0, parked) if lane == keys.WEBHOOKS else 0,
            "strays": strays,
        }

    def pause(self, lane: str, *, by: str, reason: str = "") -> None:
        """Let no worker claim from a lane, see `pauses.begin`; it still takes jobs."""
        pauses.begin(self._redis, lane, by=by, reason=reason)

    def resume(self, lane: str) -> None:
        """Let workers claim from a lane again."""
        pauses.end(self._redis, lane)

    def workers(self) -> list[dict[str, Any]]:
        """Return who claimed from a lane of late, by name."""
        pipe = self._redis.pipeline(transaction=False)
        pipe.time()
        for lane in keys.LANES:
            pipe.zrange(keys.lane_key("workers", lane), 0, -1, withscores=True)
        clock, *seen = pipe.execute()
        found = [
            {"name": name.decode(), "lane": lane, "last_seen": rfc3339(int(last))}
            for lane, workers in zip(keys.LANES, seen, strict=True)
            for name, last in workers
            if clock_ms(clock) - last <= ledger.WORKER_SEEN_MS
        ]
        return sorted(found, key=itemgetter("lane", "name"))

    def rates(self, lane: str) -> Rates:
        """Return how fast the jobs of a lane come and go."""
        pipe = self._redis.pipeline(transaction=False)
        pipe.time()
        pipe.lrange(keys.lane_key("samples", lane), 0, -1)
        clock, samples = pipe.execute()
        return rates.measured(samples, clock_ms(clock))

    def history(self, lane: str, minutes: int) -> dict[str, Any]:
        """Return what a lane did in the last minutes."""
        pipe = self._redis.pipeline(transaction=False)
        pipe.time()
        pipe.lrange(keys.lane_key("history", lane), 0, -1)
        clock, kept = pipe.execute()
        now = clock_ms(clock)
        return {
            "lane": lane,
            "time": rfc3339(now),
            "step_s": history.STEP_S,
            "points": history.told(kept, now - minutes * 60_000),
        }

    def _signal(self, lane: str) -> dict[str, Any]:
        figures = self._figures(lane)
        if figures["paused"]:
            # A paused lane asks for no workers.
            figures.update(waiting=0, running=0, backlog=0, oldest_age_s=0.0)
        return figures

    def _figures(self, lane: str) -> dict[str, Any]:
        pipe = self._redis.pipeline(transaction=False)
        pipe.time()
        # By their records: a message may be there twice, or be lost.
        pipe.zcard(keys.lane_key("waiting", lane))
        pipe.zcard(keys.lane_key("running", lane))
        pipe.zrange(keys.lane_key("waiting", lane), 0, 0)
        pipe.zrange(keys.lane_key("workers", lane), 0, -1, withscores=True)
        pipe.exists(keys.lane_key("paused", lane))
        pipe.lrange(keys.lane_key("samples", lane), 0, -1)
        clock, waiting, running, first, workers, paused, samples = pipe.execute()
        now = clock_ms(clock)
        found = rates.measured(samples, now)
        seen = [name for name, last in workers if now - last <= ledger.WORKER_SEEN_MS]
        return {
            "waiting": waiting,
            "running": running,
            "backlog": waiting + running,
            "oldest_age_s": self._age_s(lane, first[0], now) if first else 0.0,
            "workers": len(seen),
            "arrivals_per_s": found.arrivals_per_s,
            "jobs_per_s": found.ends_per_s,
            "paused": bool(paused),
        }

    def _age_s(self, lane: str, next_id: bytes, now: int) -> float:
        # Of the job that starts next, which but for a re-send is the oldest; since its
        # submit or its retry, for its message may be younger. A delivery waits since
        # its turn came: what kept it until then was its receiver.
        since = ("sent",) if lane == keys.WEBHOOKS else ("reopened", "created")
        times = self._redis.hmget(keys.job_key(next_id.decode()), since)
        known = [int(instant) for instant in times if instant]
        return (now - known[0]) / 1000 if known else 0.0


def expected_wait_s(jobs: int, found: Rates) -> int:
    """Return the whole seconds in which so many start: advice when to come back."""
    per_s = found.starts_per_s or found.ends_per_s
    wait_s = jobs / per_s if per_s else _STANDSTILL_S
    return max(_SOONEST_S, min(LATEST_S, round(wait_s)))
