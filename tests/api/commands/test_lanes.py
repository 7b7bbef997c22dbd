"""Laws of `kerbside lanes`."""

import functools
import json
from collections.abc import Callable
from typing import Any

import click
import pytest

from api.commands import asking
from api.launcher import faults
from model_store import actor
from tests.api.conftest import Run
from tests.worker.conftest import submission
from worker.jobs import State
from worker.keys import LANES, PREDICTIONS
from worker.queue import Queue

Tell = Callable[..., Any]


@pytest.fixture
def lanes(run: Run, operator_url: str) -> Run:
    """Return a function that runs a `lanes` command on the test's Redis."""
    return functools.partial(run, "lanes", KERBSIDE_REDIS_URL=operator_url)


@pytest.fixture
def tell(lanes: Run) -> Tell:
    """Return a function that runs one with --json and returns what it tells."""

    def tell(*words: str) -> Any:
        done = lanes(*words, "--json")
        assert done.exit_code == 0, done.stderr
        return json.loads(done.stdout)

    return tell


def test_a_list_tells_each_lane_as_it_is(
    lanes: Run, tell: Tell, front_desk: Queue
) -> None:
    """With who paused it and why, for people and for programs."""
    front_desk.submit(submission())
    lanes("pause", PREDICTIONS, "--reason", "new [disk]")

    told, table = tell("list")["queues"], lanes("list").stdout

    assert set(told) == set(LANES)
    assert told[PREDICTIONS]["waiting"] == 1
    assert told[PREDICTIONS]["paused_reason"] == "new [disk]"
    assert f"{actor.running()}, new [disk]" in " ".join(table.split())


def test_a_lane_is_paused_and_resumed(lanes: Run, tell: Tell) -> None:
    """And it may be said twice."""
    for verb in ("pause", "pause", "resume", "resume"):
        assert tell(verb, PREDICTIONS)["paused"] is (verb == "pause")

    assert lanes("resume", PREDICTIONS).stdout == "predictions is not paused.\n"


@pytest.mark.parametrize("reason", ["two\nlines", "x" * 201])
def test_a_reason_is_one_line(lanes: Run, tell: Tell, reason: str) -> None:
    """It is shown in tables; nothing is paused with another."""
    done = lanes("pause", PREDICTIONS, "--reason", reason)

    assert done.exit_code == click.UsageError.exit_code
    assert not tell("list")["queues"][PREDICTIONS]["paused"]


def test_an_unknown_lane_is_told(lanes: Run) -> None:
    """With those that there are."""
    done = lanes("purge", "upkeep", "--yes")

    assert done.exit_code == click.UsageError.exit_code
    assert PREDICTIONS in done.stderr


def test_a_purge_ends_what_waits(tell: Tell, lanes: Run, front_desk: Queue) -> None:
    """A dry run tells the same number and does nothing."""
    jobs = [front_desk.submit(submission()).job for _ in range(3)]

    dry, words = (
        tell("purge", PREDICTIONS, "--dry-run"),
        lanes("purge", PREDICTIONS, "--dry-run"),
    )
    before = front_desk.find("acme", jobs[0].id).state
    done = tell("purge", PREDICTIONS, "--yes")

    assert dry == {"dry_run": True, "purged": 3, "remaining": 0}
    assert words.stdout == "3 would be canceled.\n"
    assert before is State.QUEUED
    assert done == {"dry_run": False, "purged": 3, "remaining": 0}
    assert {front_desk.find("acme", one.id).detail for one in jobs} == {"by_operator"}


@pytest.mark.parametrize(
    ("answer", "exit_code", "state"),
    [("y\n", 0, State.CANCELED), ("n\n", 1, State.QUEUED), ("", 130, State.QUEUED)],
)
def test_a_purge_is_done_after_a_question(
    lanes: Run,
    front_desk: Queue,
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
    exit_code: int,
    state: State,
) -> None:
    """It tells how many; what is not confirmed is not done."""
    job = front_desk.submit(submission()).job
    monkeypatch.setattr(asking, "_is_at_a_terminal", lambda: True)

    done = lanes("purge", PREDICTIONS, typed=answer)

    assert done.exit_code == exit_code
    assert "Cancel 1 jobs of predictions?" in done.stderr
    assert front_desk.find("acme", job.id).state is state


def test_a_script_must_say_yes(lanes: Run, front_desk: Queue) -> None:
    """Where nobody can answer, nothing is done."""
    job = front_desk.submit(submission()).job

    done = lanes("purge", PREDICTIONS)

    assert done.exit_code == click.UsageError.exit_code
    assert "say --yes, or --dry-run." in done.stderr
    assert front_desk.find("acme", job.id).state is State.QUEUED


def test_an_empty_lane_needs_no_question(lanes: Run) -> None:
    """There is nothing to agree to."""
    assert lanes("purge", PREDICTIONS).stdout == "0 canceled.\n"


def test_without_an_installation_it_says_what_to_do(run: Run) -> None:
    """As `keys` does."""
    done = run("lanes", "list")

    assert done.exit_code == faults.RedisUnreachable.exit_code
    assert "start one with `kerbside up`" in done.stderr
