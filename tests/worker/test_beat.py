"""Laws of the clock of upkeep, on a real server."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import redis as redis_py
from kombu.utils.imports import symbol_by_name

from worker import beat, errands
from worker.celery import REAP, create_celery
from worker.errands import Errand
from worker.keys import UPKEEP
from worker.settings import WorkerSettings


@pytest.fixture
def clock(
    settings: WorkerSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[beat.Scheduler]:
    """Return the scheduler that `celery beat` would use, with one errand."""
    errand = Errand("count", ("list",), 60.0, lambda _: 3600.0)
    monkeypatch.setattr(errands, "ERRANDS", (errand,))
    app = create_celery(settings)
    scheduler = symbol_by_name(app.conf.beat_scheduler)
    with closing(scheduler(app, schedule_filename=str(tmp_path / "beat"))) as clock:
        yield clock
    app.close()


def test_ticks_do_not_pile_up_where_nobody_reads(
    clock: beat.Scheduler, redis: redis_py.Redis, caplog: pytest.LogCaptureFixture
) -> None:
    """A few wait, the rest is skipped; with a reader the clock goes on."""
    entry = clock.schedule[REAP]
    for _ in range(30):
        clock.apply_entry(entry)
    assert redis.llen(UPKEEP) == 5
    assert caplog.text.count("ticks_pile_up") == 1
    redis.delete(UPKEEP)
    clock.apply_entry(entry)
    assert redis.llen(UPKEEP) == 1


def test_an_errand_waits_for_its_reader(
    clock: beat.Scheduler, redis: redis_py.Redis
) -> None:
    """Its next one may be a month away, where a tick comes again in a second."""
    for name in (*[REAP] * 5, "count"):
        clock.apply_entry(clock.schedule[name])
    assert redis.llen(UPKEEP) == 6
