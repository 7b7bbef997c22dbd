"""The laws of the audit log."""

import contextlib
from datetime import UTC, datetime

import pytest
import redis as redis_py

from model_store.actor import Actor
from model_store.aliases import Aliases, Change
from worker import audit
from worker.audit import Action, Audit, Outcome

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def log(redis: redis_py.Redis) -> Audit:
    """Return the log of an empty installation."""
    return Audit(redis)


def action(*targets: str, second: int = 5, outcome: Outcome = "done") -> Action:
    """Return what a command did."""
    return Action(
        time=NOW.replace(second=second),
        actor="cli:ada",
        operation="revoke_key",
        targets=targets,
        outcome=outcome,
    )


def test_an_action_is_told_as_it_was_kept(log: Audit) -> None:
    """Who, what, on what, when, in which request, and what came of it."""
    log.keep(action("one"))

    assert log.newest(10) == [
        {
            "time": "2026-01-02T03:04:05.000Z",
            "actor": "cli:ada",
            "operation": "revoke_key",
            "targets": ["one"],
            "target_count": 1,
            "request_id": None,
            "outcome": "done",
        }
    ]


def test_the_newest_come_first_and_the_oldest_go(
    log: Audit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log is bounded."""
    monkeypatch.setattr(audit, "KEPT", 3)
    for number in range(5):
        log.keep(action(str(number)))

    assert [one["targets"] for one in log.newest(2)] == [["4"], ["3"]]
    assert [one["targets"] for one in log.newest(10)] == [["4"], ["3"], ["2"]]


def test_of_an_action_on_many_the_first_are_listed_and_all_are_counted(
    log: Audit,
) -> None:
    """One replay of a thousand letters is one short entry."""
    log.keep(action(*map(str, range(1000))))

    (told,) = log.newest(1)
    assert told["targets"] == [str(number) for number in range(100)]
    assert told["target_count"] == 1000


def test_what_was_in_vain_pushes_out_nothing_that_was_done(
    log: Audit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a thousand wrong requests wipe what was done before them."""
    monkeypatch.setattr(audit, "KEPT", 3)
    monkeypatch.setattr(audit, "KEPT_IN_VAIN", 2)
    log.keep(action("done", second=0))
    for number in range(5):
        log.keep(action(str(number), second=number + 1, outcome="refused"))
    log.keep(action("late", second=9))

    told = [one["targets"][0] for one in log.newest(10)]
    assert told == ["late", "4", "3", "done"]
    assert [one["targets"][0] for one in log.newest(2)] == ["late", "4"]


def test_users_of_an_older_release_write_the_log_all_the_same(
    log: Audit, outdated_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """They have no right to tell the archive, and what was done has been done."""
    with contextlib.closing(redis_py.Redis.from_url(outdated_url)) as client:
        Audit(client).keep(action("one"))

    assert [one["targets"] for one in log.newest(9)] == [["one"]]
    assert "audit_not_archived" in caplog.text


def changes() -> tuple[Change, ...]:
    """Return two changes of the aliases, as their file tells of them."""
    now_ms = int(NOW.timestamp()) * 1000 + 1
    aliases = Aliases(1).noting("promote_model", "a", Actor("key:one", "r"), now_ms)
    by = Actor("retraining:ada")
    return aliases.noting("name_challenger", "b", by, now_ms + 2000).changes


def test_changes_of_the_aliases_are_told_among_the_actions(log: Audit) -> None:
    """Where nobody has written them down, as after a kill."""
    log.keep(action("between", second=6))

    told = log.newest(10, changes())

    assert [(one["actor"], one["targets"]) for one in told] == [
        ("retraining:ada", ["b"]),
        ("cli:ada", ["between"]),
        ("key:one", ["a"]),
    ]
    assert log.newest(1, changes()) == told[:1]
    assert told[2]["time"] == "2026-01-02T03:04:05.001Z"


def test_a_change_that_was_written_down_too_is_told_once(log: Audit) -> None:
    """It is the same entry, whoever tells of it."""
    for change in changes():
        log.keep(Action.of(change))

    assert log.newest(10, changes()) == log.newest(10)
    assert len(log.newest(10)) == 2
