"""Errands run beside the ticks: one of a kind, in time, and nothing is left of them."""

import itertools
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import redis as redis_py
from celery.schedules import crontab

from tests.patience import wait_until
from worker import connection, errands, keys
from worker.celery import ERRAND, create_celery
from worker.errands import Errand, Errands
from worker.metrics import Metrics
from worker.settings import WorkerSettings

#: Says where it is, and stays until it is ended, with a child of its own.
_STAYS = """
import os, pathlib, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
pathlib.Path(sys.argv[1] + ".new").write_text(f"{os.getpid()} {child.pid}")
os.rename(sys.argv[1] + ".new", sys.argv[1])
time.sleep(600)
"""
_SPEAKS = """
import sys
print("a result")
print("a sentence", file=sys.stderr)
print('{"event": "month_done", "level": "error", "month": 3}', file=sys.stderr)
"""

Begin = Callable[..., Errands]
Ended = Callable[..., None]


@pytest.fixture
def upkeep(settings: WorkerSettings, metrics: Metrics) -> Iterator[Begin]:
    """Return a maker of upkeep workers that know one errand, a script."""
    workers: list[Errands] = []
    client = connection.connect(settings.redis_url, role="worker")

    def made(script: str, *words: str, timeout_s: float = 600.0) -> Errands:
        errand = Errand(
            "count", ("-c", script, *words), timeout_s, lambda _: None, {3: "kept"}
        )
        workers.append(
            Errands(client, metrics, known=(errand,), program=(sys.executable,))
        )
        return workers[-1]

    with closing(client):
        yield made
        for worker in workers:
            worker.stop()


@pytest.fixture
def ended(metrics: Metrics) -> Ended:
    """Return what waits until errands have ended in some way, so many times."""

    def wait(outcome: str, times: int = 1) -> None:
        labels = {"errand": "count", "outcome": outcome}
        name = "kerbside_errands_total"
        wait_until(
            lambda: (metrics.registry.get_sample_value(name, labels) or 0) >= times,
            f"an end as {outcome}",
        )

    return wait


def _is_there(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    # A child that nobody has waited for yet is as good as gone.
    return " Z " not in Path(f"/proc/{pid}/stat").read_text()


@pytest.mark.parametrize(("code", "outcome"), [(0, "failed"), (3, "kept")])
def test_the_exit_code_says_what_became_of_an_errand(
    upkeep: Begin, ended: Ended, code: int, outcome: str
) -> None:
    """Each errand says what its codes mean; any other is a failure."""
    assert upkeep(f"raise SystemExit({code})").begin("count")

    ended(outcome)


@pytest.mark.parametrize(("script", "outcome"), [("", "done"), ("1 / 0", "failed")])
def test_what_follows_an_errand_follows_if_it_went_well(
    settings: WorkerSettings,
    metrics: Metrics,
    ended: Ended,
    script: str,
    outcome: str,
) -> None:
    """Not if it failed."""
    followed: list[str] = []
    errand = Errand("count", ("-c", script), 600.0, lambda _: None)
    with closing(connection.connect(settings.redis_url, role="worker")) as client:
        worker = Errands(client, metrics, known=(errand,), program=(sys.executable,))
        worker.follow("count", lambda: followed.append("done"))
        assert worker.begin("count")
        ended(outcome)
        worker.stop()

    assert followed == (["done"] if outcome == "done" else [])


def test_accuracy_is_measured_where_there_is_an_archive() -> None:
    """As often as is set, and nowhere else."""
    with_archive = WorkerSettings(archive_url="sqlite:////a.db", accuracy_every_s=60)

    assert errands.due(with_archive)[errands.ACCURACY] == 60
    assert errands.ACCURACY not in errands.due(WorkerSettings())


def test_one_of_a_kind_is_under_way_at_a_time(
    upkeep: Begin, tmp_path: Path, ended: Ended, redis: redis_py.Redis
) -> None:
    """Whatever worker began it; afterwards the next may begin."""
    place = tmp_path / "pid"
    one, other = upkeep(_STAYS, str(place)), upkeep("")
    assert one.begin("count")
    wait_until(place.exists)

    assert not other.begin("count")
    one.stop()
    ended("stopped")

    assert redis.get(keys.errand_key("count")) is None
    assert other.begin("count")


def test_an_errand_of_a_worker_that_died_can_be_begun_again(
    upkeep: Begin, redis: redis_py.Redis, ended: Ended
) -> None:
    """Its lease ends by itself."""
    redis.set(keys.errand_key("count"), "who died", px=300)
    worker = upkeep("raise SystemExit(3)")

    assert not worker.begin("count")
    wait_until(lambda: worker.begin("count"))

    ended("kept")


def test_an_errand_that_takes_too_long_is_ended_with_all_that_it_started(
    upkeep: Begin, tmp_path: Path, ended: Ended
) -> None:
    """Nothing of it stays behind."""
    place = tmp_path / "pid"
    for times in itertools.count(1):
        worker = upkeep(_STAYS, str(place), timeout_s=2.0**times)
        wait_until(partial(worker.begin, "count"))
        ended("late", times)
        # On a busy machine it may be late before it has started anything.
        if place.exists():
            break

    pids = place.read_text().split()
    wait_until(lambda: not any(map(_is_there, pids)))


def test_a_worker_that_stops_ends_its_errand(upkeep: Begin, tmp_path: Path) -> None:
    """No command goes on that nobody watches, and none is begun any more."""
    place = tmp_path / "pid"
    worker = upkeep(_STAYS, str(place))
    worker.begin("count")
    wait_until(place.exists)

    worker.stop()

    pids = place.read_text().split()
    wait_until(lambda: not any(map(_is_there, pids)))
    assert not worker.begin("count")


def test_an_errand_that_another_worker_took_over_is_ended(
    settings: WorkerSettings,
    metrics: Metrics,
    redis: redis_py.Redis,
    ended: Ended,
) -> None:
    """Two of a kind are never under way for long, whatever Redis has forgotten."""
    errand = Errand("count", ("-c", "import time; time.sleep(600)"), 600.0, lambda _: 0)
    with closing(connection.connect(settings.redis_url, role="worker")) as client:
        worker = Errands(
            client, metrics, known=(errand,), program=(sys.executable,), lease_s=0.3
        )
        worker.begin("count")
        redis.set(keys.errand_key("count"), "another")

        ended("superseded")

        assert redis.get(keys.errand_key("count")) == b"another"
        worker.stop()


def test_what_a_command_says_is_logged_and_its_result_is_not(
    upkeep: Begin, ended: Ended, caplog: pytest.LogCaptureFixture
) -> None:
    """A line of a log keeps its level and fields; a result may hold anything."""
    upkeep(f"{_SPEAKS}\nraise SystemExit(3)").begin("count")
    ended("kept")

    levels = {record.getMessage(): record.levelname for record in caplog.records}
    assert "a result" not in caplog.text
    assert 'errand_said errand=count text="a sentence"' in caplog.text
    assert "month_done month=3 errand=count" in caplog.text
    assert "ERROR" in levels.values()


def test_a_command_that_never_stops_talking_fills_no_log(
    upkeep: Begin, ended: Ended, caplog: pytest.LogCaptureFixture
) -> None:
    """What is told of it is bounded, and that it is, is told."""
    script = "import sys; sys.stderr.write('word\\n' * 999); sys.exit(3)"
    upkeep(script).begin("count")
    ended("kept")

    assert caplog.text.count("errand_said") == 200
    assert "errand_says_too_much" in caplog.text


def test_an_errand_that_is_not_known_here_is_told(
    upkeep: Begin, caplog: pytest.LogCaptureFixture
) -> None:
    """The message of a newer beat ends no worker."""
    assert not upkeep("").begin("fly")

    assert "errand_unknown errand=fly" in caplog.text


def test_beat_sends_a_task_for_each_errand_that_is_due(
    settings: WorkerSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One without a schedule is begun by hand alone."""
    monthly = crontab(minute="0", hour="3", day_of_month="1")
    known = (
        Errand("count", ("list",), 60.0, lambda _: monthly),
        Errand("never", ("list",), 60.0, lambda _: None),
    )
    monkeypatch.setattr(errands, "ERRANDS", known)

    with closing(create_celery(settings)) as app:
        entry = app.conf.beat_schedule["count"]
        assert "never" not in app.conf.beat_schedule

    assert (entry["task"], entry["args"]) == (ERRAND, ("count",))
    assert entry["schedule"] == monthly


@pytest.mark.parametrize(
    ("often", "day"), [("weekly", {"day_of_week": {1}}), ("monthly", {})]
)
def test_retraining_is_an_errand_at_night_where_a_setting_says_so(
    settings: WorkerSettings, often: str, day: dict[str, set[int]]
) -> None:
    """It is none where nothing is said: training needs a key that few have."""
    assert "retrain" not in errands.due(settings)

    due: Any = errands.due(settings.model_copy(update={"retrain": often}))["retrain"]

    assert due.hour == {3}
    assert due.day_of_month == ({1} if often == "monthly" else set(range(1, 32)))
    assert {name: getattr(due, name) for name in day} == day
