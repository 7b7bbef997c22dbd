"""The upkeep removes the files of batches whose time is over."""

import time
from pathlib import Path

import pytest
import redis as redis_py

from model_store.store import ModelStore
from tests.worker.batch_desk import Desk
from worker import connection
from worker.sweeping import Sweeper


@pytest.fixture
def desk(redis: redis_py.Redis, store: ModelStore, tmp_path: Path) -> Desk:
    """Return a desk that takes batches."""
    return Desk(redis, store, tmp_path / "batches")


def _sweeper(redis: redis_py.Redis, desk: Desk, *, later_s: float) -> Sweeper:
    return Sweeper(redis, desk.settings, now=lambda: time.time() + later_s)


def test_what_no_record_points_at_goes_once_it_is_old(
    redis: redis_py.Redis, desk: Desk
) -> None:
    """A body that is still on its way has no record yet."""
    known = desk.submit([{"input": desk.house()}])
    forgotten = desk.submit([{"input": desk.house()}])
    desk.batches.delete("acme", forgotten)

    _sweeper(redis, desk, later_s=60).sweep()
    assert set(desk.files.ids()) == {known, forgotten}
    _sweeper(redis, desk, later_s=8000).sweep()

    assert desk.files.ids() == [known]


def test_nothing_goes_while_redis_cannot_be_asked(
    redis: redis_py.Redis, desk: Desk
) -> None:
    """Who does not answer does not say that there is no record."""
    desk.submit([{"input": desk.house()}])
    silent = connection.connect("redis://127.0.0.1:1", role="api")
    sweeper = Sweeper(silent, desk.settings, now=lambda: time.time() + 8000)

    with pytest.raises(redis_py.RedisError):
        sweeper.sweep()

    assert len(desk.files.ids()) == 1


def test_other_folders_are_left_alone(
    redis: redis_py.Redis, desk: Desk, tmp_path: Path
) -> None:
    """Whoever keeps something beside batches keeps it."""
    (tmp_path / "batches" / "mine").mkdir(parents=True)

    _sweeper(redis, desk, later_s=8000).sweep()

    assert (tmp_path / "batches" / "mine").exists()
