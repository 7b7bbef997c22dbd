"""What a rate of jobs needs, by arithmetic from measured costs."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace

import orjson

from benchmarks.autoscaling import evidence
from benchmarks.autoscaling.shipped import LOAD
from benchmarks.autoscaling.tables import table
from benchmarks.programs import ROOT

#: Jobs a second that the page reckons with.
RATES = (100, 1_000, 10_000, 100_000)
#: Bytes of a job in Redis, as docs/howto/own-redis.md measured them.
_WAITING_BYTES, _FINISHED_BYTES, _GONE_BYTES = 2_300, 3_300, 170
#: Raw figures of docs/benchmarks.md.
_BENCHMARKS = ROOT / "docs" / "benchmarks.json"
#: Share of `maxmemory` up to which jobs are taken, as shipped.
_MEMORY_SHARE = 0.8
#: Results kept for, and known to be gone for, in words and seconds.
_KEPT = {
    "a day, then a week (as shipped)": (86_400, 604_800),
    "an hour, then a day": (3_600, 86_400),
    "ten minutes, then an hour": (600, 3_600),
    "a minute, then ten minutes": (60, 600),
}
#: Size of batches that workers have at the load that is aimed at, the measured one next
#: above it.
_USUAL_BATCH = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """CPU microseconds of a job that is submitted and polled once."""

    api_us: float
    worker_us: float
    redis_us: float

    @property
    def total_us(self) -> float:
        """All of them."""
        return self.api_us + self.worker_us + self.redis_us

    @property
    def per_redis(self) -> int:
        """Jobs a second of one Redis at the load aimed at, in whole hundreds."""
        return math.floor(LOAD * 1e6 / self.redis_us / 100) * 100


def few() -> Cost:
    """Return the cost while batches are small, as `make bench` measured it."""
    rounds = orjson.loads(_BENCHMARKS.read_bytes())["loaded"]["kerbside"]
    api, worker, redis = (
        1000 * statistics.median(one["cpu_ms"][part] for one in rounds)
        for part in ("api", "worker", "redis")
    )
    return Cost(api_us=api, worker_us=worker, redis_us=redis)


def many() -> Cost:
    """Return the cost while workers are well used, put together from its parts."""
    batches, roles = (evidence.measured()[part] for part in ("worker", "roles"))
    batch = next(one for one in batches["batches"] if one["size"] == _USUAL_BATCH)
    redis_us = batch["redis_us"] + batch["redis_us_of_submit"]
    return Cost(
        api_us=few().api_us,
        worker_us=batch["worker_us"],
        redis_us=redis_us + roles["polls"]["redis_us"],
    )


def delivered() -> Cost:
    """Return the cost of telling one event."""
    seen = evidence.measured()["roles"]["deliveries"]
    return Cost(api_us=0, worker_us=seen["worker_us"], redis_us=seen["redis_us"])


def tables() -> dict[str, str]:
    """Return the tables of the page that are reckoned."""
    return {
        "batch-sizes": _of_batches(),
        "cost": _of_cost(),
        "memory": _of_memory(),
        "roles": _of_roles(),
        "cores": _of_cores(),
        "example": _of_example(),
        "example-memory": _of_example_memory(),
    }


def _of_batches() -> str:
    rows = [
        [
            batch["size"],
            round(batch["worker_us"]),
            round(batch["redis_us"]),
            f"{1e6 / (batch['worker_us'] + batch['redis_us']):,.0f}",
        ]
        for batch in evidence.measured()["worker"]["batches"]
    ]
    heads = ["houses a batch", "worker, us a job", "Redis, us a job", "jobs/s a worker"]
    return table(heads, rows)


def _of_cost() -> str:
    rows = [
        [name, *map(round, (c.api_us, c.worker_us, c.redis_us, c.total_us))]
        for name, c in (
            ("a price, small batches", few()),
            ("a price, full workers", many()),
            ("a webhook delivered", delivered()),
        )
    ]
    return table(["CPU us", "API", "worker", "Redis", "all"], rows)


def _of_memory() -> str:
    """Return the `maxmemory` that a steady rate needs."""
    rates = (1, 10, 100, 1000, many().per_redis)
    rows = [
        [name, *(f"{_maxmemory_gb(rate, *kept):,.2f}" for rate in rates)]
        for name, kept in _KEPT.items()
    ]
    heads = ["GB, with results kept for, then known to be gone for"]
    return table([*heads, *(f"{rate:,} jobs/s" for rate in rates)], rows)


def _maxmemory_gb(rate: int, kept_s: int, gone_s: int) -> float:
    finished = _FINISHED_BYTES * kept_s + _GONE_BYTES * max(0, gone_s - kept_s)
    # A second of them waits.
    return rate * (finished + _WAITING_BYTES) / _MEMORY_SHARE / 1e9


def _of_roles() -> str:
    seen = evidence.measured()
    memory: dict[str, float] = seen["roles"]["memory_mb"]
    rows: list[Sequence[object]] = [
        ["prediction worker", round(memory["predictions-1"])],
        ["API, two processes and their parent", round(memory["api"])],
        ["webhook worker", round(memory["webhooks"])],
        ["upkeep worker", round(memory["upkeep"])],
        ["beat", round(memory["beat"])],
        ["Flower", round(memory["flower"])],
    ]
    return table(["process", "resident, MB"], rows)


def _of_cores() -> str:
    """Return what each rate needs."""
    cost, told = many(), delivered()
    with_webhooks = replace(cost, redis_us=cost.redis_us + told.redis_us)
    rows = [
        [
            f"{rate:,}",
            _cores(rate, cost.api_us),
            _cores(rate, cost.worker_us),
            _cores(rate, cost.redis_us),
            math.ceil(rate / cost.per_redis),
            _megabits(rate),
            _cores(rate, told.worker_us),
            math.ceil(rate / with_webhooks.per_redis),
        ]
        for rate in RATES
    ]
    heads = [
        *("jobs/s", "API cores", "worker cores", "Redis cores", "cells"),
        *("Redis traffic, Mbit/s", "webhooks: more cores", "webhooks: cells"),
    ]
    return table(heads, rows)


def _cores(rate: int, us: float) -> str:
    return f"{rate * us / 1e6 / LOAD:,.1f}"


def _megabits(rate: int) -> str:
    return (
        f"{rate * evidence.measured()['roles']['loaded']['redis_bytes'] * 8 / 1e6:,.0f}"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """A customer of the worked example."""

    peak_per_s: int
    per_day: int
    kept_s: int
    gone_s: int


#: A portal that shows a price beside each offer.
PORTAL = Need(peak_per_s=300, per_day=5_000_000, kept_s=3600, gone_s=86_400)


def _of_example() -> str:
    """Return what the portal needs, and how that is reckoned."""
    price, told, peak = few(), delivered(), PORTAL.peak_per_s
    costs = {
        "API": price.api_us,
        "workers": price.worker_us,
        "webhook workers": told.worker_us,
        "Redis": price.redis_us + told.redis_us,
    }
    costs["all"] = sum(costs.values())
    rows = [
        [name, f"{peak} x {us:,.0f} us / 0.7", _cores(peak, us)]
        for name, us in costs.items()
    ]
    return table(["", "at the peak", "cores"], rows)


def _of_example_memory() -> str:
    day = PORTAL.per_day
    finished = day * PORTAL.kept_s / 86_400 * _FINISHED_BYTES / 1e9
    gone = day * (PORTAL.gone_s - PORTAL.kept_s) / 86_400 * _GONE_BYTES / 1e9
    waiting = 100_000 * _WAITING_BYTES / 1e9
    rows = [
        ["finished", f"{day:,} / 24 x 3,300 bytes", f"{finished:.2f}"],
        ["known to be gone", f"{day:,} x 23 / 24 x 170 bytes", f"{gone:.2f}"],
        ["a full queue", "100,000 x 2,300 bytes", f"{waiting:.2f}"],
        [
            "`maxmemory`",
            "the sum / 0.8",
            f"{(finished + gone + waiting) / _MEMORY_SHARE:.2f}",
        ],
    ]
    return table(["", "reckoned", "GB"], rows)
