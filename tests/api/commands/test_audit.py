"""Laws of `kerbside audit` and of what commands write down."""

import json
import os
import pwd
from typing import Any

import pytest
import redis as redis_py

from api.commands import auditing
from model_store.store import ModelStore
from tests import dead_letters
from tests.api.conftest import Run
from tests.second_version import SECOND
from worker import audit as audit_log
from worker import ledger, queue
from worker.audit import Audit


@pytest.fixture
def actor() -> str:
    """Return how the user of these tests is told."""
    return "cli:" + pwd.getpwuid(os.getuid()).pw_name


def told(redis: redis_py.Redis) -> list[tuple[str, list[str], str]]:
    """Return operation, targets and outcome of each action, newest first."""
    return [
        (one["operation"], one["targets"], one["outcome"])
        for one in Audit(redis).newest(100)
    ]


def test_keys_made_and_revoked_are_written_down(
    run: Run, redis_url: str, redis: redis_py.Redis, actor: str
) -> None:
    """By the user of the operating system, whatever the environment says."""
    here = {"KERBSIDE_REDIS_URL": redis_url, "LOGNAME": "mallory", "USER": "mallory"}
    made = json.loads(run("keys", "create", "--json", **here).stdout)
    run("keys", "list", **here)
    run("keys", "show", made["id"], **here)
    run("keys", "revoke", made["id"], **here)
    run("keys", "revoke", "nothing", **here)

    assert told(redis) == [
        ("revoke_key", [made["id"]], "done"),
        ("create_key", [made["id"]], "done"),
    ]
    (last, _) = Audit(redis).newest(2)
    assert (last["actor"], last["request_id"]) == (actor, None)
    assert made["token"].rpartition("_")[2] not in repr(
        redis.lrange("kerbside:audit", 0, -1)
    )


def test_dead_letters_acted_on_are_written_down(
    run: Run,
    redis_url: str,
    redis: redis_py.Redis,
    front_desk: queue.Queue,
    book: ledger.Ledger,
) -> None:
    """One action, however many; a rehearsal is none."""
    ids = dead_letters.made(front_desk, book, redis, count=2)
    here = {"KERBSIDE_REDIS_URL": redis_url}
    run("dead-letters", "replay", "--all", "--dry-run", **here)
    run("dead-letters", "replay", ids[0], **here)
    run("dead-letters", "discard", ids[1], **here)

    assert told(redis) == [
        ("discard_dead_letters", [ids[1]], "done"),
        ("replay_dead_letters", [ids[0]], "done"),
    ]


def test_a_replay_that_was_broken_off_tells_how_far_it_came(
    run: Run,
    redis_url: str,
    redis: redis_py.Redis,
    front_desk: queue.Queue,
    book: ledger.Ledger,
) -> None:
    """The queue had room for one."""
    ids = dead_letters.made(front_desk, book, redis, count=2)

    run(
        *("dead-letters", "replay", "--all", "--yes"),
        KERBSIDE_REDIS_URL=redis_url,
        KERBSIDE_QUEUE_BOUND="1",
    )

    ((operation, targets, outcome),) = told(redis)
    assert (operation, outcome) == ("replay_dead_letters", "failed")
    assert len(targets) == 1
    assert set(targets) < set(ids)


def test_a_model_promoted_or_rolled_back_is_written_down(
    run: Run, redis_url: str, redis: redis_py.Redis, own_store: ModelStore, capfd: Any
) -> None:
    """With the version that has the post now; what failed with the one named."""
    first = own_store.aliases().champion
    here = {
        "KERBSIDE_REDIS_URL": redis_url,
        "KERBSIDE_STORE_URL": own_store.url,
        "KERBSIDE_TRUSTED_KEYS": " ".join(own_store.trust.keys or ()),
    }
    codes = [
        run("model", *words, **here).exit_code
        for words in (
            ("promote", SECOND),
            ("rollback", "--json"),
            ("promote", "nothing"),
            ("promote",),
        )
    ]

    assert told(redis) == [
        ("promote_model", ["nothing"], "failed"),
        ("rollback_model", [first], "done"),
        ("promote_model", [SECOND], "done"),
    ]
    assert codes[:2] == [0, 0]
    assert 0 not in codes[2:]


def test_what_is_promoted_where_no_redis_is_is_in_the_log_once_there_is(
    run: Run, redis_url: str, own_store: ModelStore, actor: str, capfd: Any
) -> None:
    """Models are kept apart from queues, and who promoted them is kept with them."""
    here = {
        "KERBSIDE_STORE_URL": own_store.url,
        "KERBSIDE_TRUSTED_KEYS": " ".join(own_store.trust.keys or ()),
    }

    done = run("model", "promote", SECOND, **here)
    log = run("audit", "--json", KERBSIDE_REDIS_URL=redis_url, **here)

    assert (done.exit_code, done.stderr) == (0, "")
    newest = json.loads(log.stdout)["results"][0]
    assert (newest["actor"], newest["operation"]) == (actor, "promote_model")
    assert newest["targets"] == [SECOND]


def test_the_log_is_shown_to_people_and_to_programs(
    run: Run, redis_url: str, redis: redis_py.Redis
) -> None:
    """Newest first, as long as is asked."""
    here = {"KERBSIDE_REDIS_URL": redis_url}
    empty = run("audit", **here)
    for _ in range(3):
        run("keys", "create", **here)

    table = run("audit", **here)
    told = json.loads(run("audit", "--json", "--limit", "2", **here).stdout)

    assert empty.stdout == "No operator has done anything yet.\n"
    assert table.stdout.count("create_key") == 3
    assert told == {"results": Audit(redis).newest(2)}


def test_many_targets_are_cut_in_the_table(
    run: Run, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line stays a line."""
    monkeypatch.setenv("KERBSIDE_REDIS_URL", redis_url)
    auditing.keep("discard_dead_letters", [f"id-{number}" for number in range(150)])

    table = run("audit", KERBSIDE_REDIS_URL=redis_url)

    assert "id-0 id-1 id-2 and 147 more" in table.stdout
    assert audit_log.MAX_TARGETS == 100


def test_a_user_without_a_name_is_told_by_number(
    redis_url: str, redis: redis_py.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a container."""
    monkeypatch.setenv("KERBSIDE_REDIS_URL", redis_url)
    monkeypatch.setattr("os.getuid", lambda: 987_654)
    auditing.keep("create_key", ["id"])

    assert Audit(redis).newest(1)[0]["actor"] == "cli:987654"
