"""Laws of the clock of upkeep, on a real server."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import redis as redis_py
from kombu.utils.imports import symbol_by_name

from worker import beat
from worker.celery import REAP, create_celery
from worker.keys import UPKEEP
from worker.settings import WorkerSettings


@pytest.fixture
def clock(settings: WorkerSettings, tmp_path: Path) -> Iterator[beat.Scheduler]:
    """Return the scheduler that `celery beat` would use."""
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
