"""Runs one row: a site, load and onlookers, the fault, the drain, the verdict."""

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.chaos import evidence, site, verdict
from tests.chaos.houses import Houses
from tests.chaos.load import Load, Taken
from tests.chaos.redis_rows import publish_again
from tests.chaos.rows import Row
from tests.chaos.senders import Direct, Http
from tests.chaos.site import Site
from tests.chaos.stage import Stage
from tests.chaos.verdict import Statement, Verdict
from tests.chaos.witness import Announcements, Poller
from tests.patience import NotInTime, wait_until
from worker.celery import create_celery

#: Results that must come before the fault and, where any can, after it.
_WARM = 40
#: Seconds for the last jobs to end once nothing is submitted any more.
_DRAIN_S = 60.0
#: Seconds in which nothing may come back after the drain: more than a reaper's tick.
_QUIET_S = 1.5


@dataclass(frozen=True, slots=True)
class Outcome:
    """A row that was run."""

    row: Row
    times: int
    verdict: Verdict
    #: Of each fault, shortest first.
    recoveries_s: tuple[float, ...]
    notes: tuple[str, ...]
    took_s: float


def run(row: Row, houses: Houses, folder: Path, *, short: bool, seed: int) -> Outcome:
    """Run a row on a site of its own."""
    began = time.monotonic()
    plan = site.Plan(
        houses=houses,
        app=row.app,
        workers=row.workers,
        house_ms=row.house_ms,
        batch_max=row.batch_max,
        admits=row.admits,
        with_api=row.with_api,
        through_proxy=row.through_proxy,
        receivers=row.receivers,
        archives=row.archives,
        batches=row.batches,
    )
    with site.running(folder, plan) as place:
        stage, statement = _perform(row, place, short=short, seed=seed)
        ids = evidence.ids_of(statement.taken)
        held = evidence.holdings(place.client(), ids)
    result = verdict.judge(statement, held)
    further = [text for check in stage.checks for text in check(held)]
    return Outcome(
        row,
        stage.times,
        verdict.with_broken(result, further),
        tuple(sorted(evidence.recoveries_s(held.records, stage.faults))),
        tuple(stage.notes),
        time.monotonic() - began,
    )


def _perform(
    row: Row, place: Site, *, short: bool, seed: int
) -> tuple[Stage, Statement]:
    """Act the row under load, then let every job come to its end."""
    with contextlib.ExitStack() as at_end:
        heard = at_end.enter_context(Announcements(lambda: place.client("listener")))
        loads = _loads(row, place, seed)

        def taken() -> Sequence[Taken]:
            return loads[0].taken

        seen = at_end.enter_context(Poller(place.desk(), taken, seed=f"{seed} polls"))
        for load in loads:
            at_end.enter_context(load)
        rng = Random(f"{seed} {row.name}")
        stage = Stage(place, loads, heard, rng, row.times[short])
        wait_until(lambda: stage.finished >= _WARM, "the first results")
        row.act(stage)
        for load in loads:
            load.stop()
        _drain(place)
        for is_done in stage.at_rest:
            # What does not come to rest shows in the row's checks.
            with contextlib.suppress(NotInTime):
                is_done()
        unknown = frozenset().union(*(load.unknown for load in loads))
        return stage, Statement(
            taken=[one for load in loads for one in load.taken],
            unknown=unknown,
            announced=dict(heard.counts),
            deaf=heard.gaps > 0,
            wrong_polls=tuple(seen.wrong),
            cancels={one: told for load in loads for one, told in load.cancels.items()},
            poison=frozenset(stage.poison),
        )


def _loads(row: Row, place: Site, seed: int) -> list[Load]:
    houses = place.plan.houses
    again = publish_again(create_celery(place.settings)) if row.doubled else _nothing
    direct = Load(
        Direct(place.desk(), _webhooks(place, seed)),
        houses,
        seed=f"{seed} load",
        per_s=row.per_s,
        after=again,
    )
    if not row.with_api:
        return [direct]
    http = Http.to(place, "zenith")
    wait_until(http.serves, "the start of the API")
    through_api = Load(
        http, houses, seed=f"{seed} http", tenant="zenith", per_s=row.http_per_s
    )
    return [direct, through_api]


def _webhooks(place: Site, seed: int) -> Callable[[], str | None]:
    """Return where the events of the next order go."""
    if place.receivers is None:
        return lambda: None
    rng, urls = Random(f"{seed} webhooks"), place.receivers.urls
    return lambda: rng.choice(urls)


def _nothing(_: str) -> None:
    pass


def _drain(place: Site) -> None:
    client = place.client()
    # What does not drain shows in the verdict.
    with contextlib.suppress(NotInTime):
        wait_until(lambda: evidence.is_drained(client), "the drain", timeout_s=_DRAIN_S)
    time.sleep(_QUIET_S)
