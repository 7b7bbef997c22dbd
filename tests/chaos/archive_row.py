"""The row in which the archive is away: jobs go on, and nothing is lost."""

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from api.figures.standing import StandingFigures
from model_store.archive.archive import Archive
from tests.chaos.evidence import Holdings
from tests.chaos.site import Site
from tests.chaos.stage import Stage
from tests.patience import wait_until
from worker.keys import FEED
from worker.totals import Totals

#: Seconds until all is archived once the archive is back: an archivist that has been
#: refused for long tries again after a quarter of a minute.
_CATCH_UP_S = 60.0


def archive_away(stage: Stage) -> None:
    """Let nobody write to the archive for some seconds, under load."""
    file = stage.site.archive_file
    before, began = stage.finished, time.monotonic()
    with held_archive(file):
        time.sleep(stage.times)
        waiting, age_s = _lag(stage.site)
        ended = stage.finished - before
    held_s = time.monotonic() - began
    took_s = _catch_up(stage.site)
    stage.notes += [
        f"{ended} jobs ended meanwhile",
        f"metrics: {waiting:.0f} waited, for up to {age_s:.0f} s",
        f"caught up in {took_s:.1f} s",
    ]
    server: Any = stage.site.client()
    stage.at_rest.append(
        lambda: wait_until(lambda: not server.xlen(FEED), "the last to be archived")
    )
    stage.checks.append(lambda _: not_seen(ended, waiting, age_s, held_s))
    stage.checks.append(lambda held: unlike(file, held))


@contextlib.contextmanager
def held_archive(file: Path) -> Iterator[None]:
    """Write to the archive, and be slow about it: others wait, and are refused."""
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as writer:
        writer.execute("PRAGMA busy_timeout = 30000")
        writer.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            writer.execute("ROLLBACK")


def _lag(site: Site) -> tuple[float, float]:
    """Return how much waits and for how many seconds, as Prometheus would be told."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(StandingFigures(Totals(site.client())))
    names = ("kerbside_archive_waiting", "kerbside_archive_oldest_age_seconds")
    waiting, age_s = (registry.get_sample_value(name) for name in names)
    return waiting or 0.0, age_s or 0.0


def _catch_up(site: Site) -> float:
    """Wait until nothing waits any more of what did; return the seconds."""
    began, back_ms = time.monotonic(), time.time() * 1000
    server: Any = site.client()

    def is_even() -> bool:
        oldest = server.xrange(FEED, count=1)
        return not oldest or int(oldest[0][0].partition(b"-")[0]) > back_ms

    wait_until(is_even, "the archive's catching up", timeout_s=_CATCH_UP_S)
    return time.monotonic() - began


def not_seen(ended: int, waiting: float, age_s: float, held_s: float) -> Iterator[str]:
    """Yield what an outage without an effect would show."""
    if not ended:
        yield "no job ended while the archive was away"
    if waiting < ended / 2:
        yield f"{ended} jobs ended meanwhile, of which metrics showed {waiting:.0f}"
    if age_s < held_s / 2:
        yield f"the archive was away {held_s:.0f} s, metrics told of {age_s:.0f}"


def unlike(file: Path, held: Holdings) -> Iterator[str]:
    """Yield each job that is not in the archive as Redis has it."""
    with contextlib.closing(Archive(f"sqlite:///{file}")) as archive:
        kept = archive.predictions.by_ids(list(held.records))
    for job_id, record in held.records.items():
        row = kept.get(job_id)
        if row is None:
            yield f"{job_id} is not in the archive"
        elif (row.state, row.output or b"") != (record.state, record.output):
            yield f"{job_id} is another in the archive than in Redis"
