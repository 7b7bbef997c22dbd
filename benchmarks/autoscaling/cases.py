"""Everything that is simulated: which lane, under which settings, through what."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from benchmarks.autoscaling import evidence
from benchmarks.autoscaling.lanes import Batching, Lane
from benchmarks.autoscaling.shipped import REDIS, SHIPPED, Autoscaling
from benchmarks.autoscaling.simulation import POD_START_S

#: Seconds within which a job is to be taken.
PRICE_GOAL_S, EVENT_GOAL_S, CHUNK_GOAL_S = 1.0, 5.0, 600.0
#: Assumed: a model that takes 5 ms a house, such as one that explains its prices.
DEAR = Batching(batch_max=128, call_s=0.0005, job_s=0.005)
#: Assumed: a chunk of an upload that takes a worker two seconds.
CHUNKS = Batching(batch_max=1, call_s=0.0, job_s=2.0)
#: Assumed: seconds that receivers of webhooks take.
ANSWERS_S = (0.02, 0.3, 3.0)

SHIPPED_CASE = "shipped"
ALL = ("day", "burst", "steady")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One lane under one set of settings.

    Attributes:
        table: The table in which its figures stand.
        name: Its row there.
        lane: What works.
        settings: What scales it.
        goal_s: Seconds within which a job is to be taken.
        scenarios: What it is put through.
        pod_start_s: Seconds until a new worker takes jobs.
    """

    table: str
    name: str
    lane: Lane
    settings: Autoscaling
    goal_s: float = PRICE_GOAL_S
    scenarios: Sequence[str] = ALL
    pod_start_s: float = POD_START_S


def cases() -> list[Case]:
    """Return all of them."""
    return [*_triggers(), *_dear(), *_wrong(), *_webhooks(), *_batches()]


def _by_queue(settings: Autoscaling, jobs_at_once: int | None = None) -> Autoscaling:
    """Return the settings of the Redis trigger, which knows the queue alone."""
    return replace(
        settings,
        triggers=REDIS,
        jobs_per_second=0,
        jobs_at_once=jobs_at_once or settings.jobs_at_once,
    )


def _triggers() -> Iterator[Case]:
    lane, shipped = evidence.predictions(), SHIPPED["predictions"]
    for name, settings in {
        SHIPPED_CASE: shipped,
        "queue, c = 32": _by_queue(shipped),
        "queue, c = 128": _by_queue(shipped, lane.batch_max),
    }.items():
        yield Case(table="triggers", name=name, lane=lane, settings=settings)


def _dear() -> Iterator[Case]:
    rate = int(DEAR.rate)
    settings = replace(
        SHIPPED["predictions"], jobs_per_worker=rate, jobs_per_second=rate
    )
    for name, tried in {
        SHIPPED_CASE: settings,
        "queue, c = 32": _by_queue(settings),
        "queue, c = 2": _by_queue(settings, 2),
    }.items():
        yield Case(table="dear", name=name, lane=DEAR, settings=tried)


def _wrong() -> Iterator[Case]:
    """Yield what is not as it was thought to be."""
    lane, shipped = evidence.predictions(), SHIPPED["predictions"]
    rate = shipped.jobs_per_second
    fast = replace(shipped, jobs_per_second=2 * rate)
    for name, settings in {
        "rate stated twice too high": fast,
        "the same, c = 128": replace(fast, jobs_at_once=lane.batch_max),
        "rate stated twice too low": replace(shipped, jobs_per_second=rate // 2),
        "two workers at least": replace(shipped, min_replicas=2),
    }.items():
        yield Case(table="wrong", name=name, lane=lane, settings=settings)
    yield Case(
        table="wrong",
        name="a minute until a pod is ready",
        lane=lane,
        settings=shipped,
        pod_start_s=60.0,
    )


def _webhooks() -> Iterator[Case]:
    shipped = SHIPPED["webhooks"]
    for answer_s in ANSWERS_S:
        for name, settings in {
            SHIPPED_CASE: shipped,
            "queue": _by_queue(shipped),
        }.items():
            yield Case(
                table="webhooks",
                name=f"{name}, receivers of {answer_s:g} s",
                lane=evidence.webhooks(answer_s),
                settings=settings,
                goal_s=EVENT_GOAL_S,
                scenarios=("burst", "steady"),
            )


def _batches() -> Iterator[Case]:
    yield Case(
        table="batches",
        name="recommended",
        lane=CHUNKS,
        settings=SHIPPED["batches"],
        goal_s=CHUNK_GOAL_S,
        scenarios=("uploads",),
    )
