"""Laws of `kerbside dead-letters`."""

import functools
import json
from collections.abc import Callable
from typing import Any

import click
import pytest
import redis as redis_py

from api.commands import asking
from api.launcher import faults
from tests import dead_letters
from tests.api.conftest import Run
from tests.worker.conftest import VERSION
from worker import ledger, queue
from worker.dead_letters import DeadLetter, DeadLetters
from worker.jobs import State

Kill = Callable[..., list[str]]
Tell = Callable[..., Any]

OTHER = "20160101-00000000"
LETTER = {
    "id",
    "tenant",
    "model",
    "version",
    "crashes",
    "attempts",
    "died_at",
    "error",
}


@pytest.fixture
def kill(front_desk: queue.Queue, book: ledger.Ledger, redis: redis_py.Redis) -> Kill:
    """Return a function that makes dead letters and returns their ids."""
    return functools.partial(dead_letters.made, front_desk, book, redis)


@pytest.fixture
def letters(run: Run, operator_url: str) -> Run:
    """Return a function that runs a `dead-letters` command on the test's Redis."""
    return functools.partial(run, "dead-letters", KERBSIDE_REDIS_URL=operator_url)


@pytest.fixture
def tell(letters: Run) -> Tell:
    """Return a function that runs one with --json and returns what it tells."""

    def tell(*words: str) -> Any:
        done = letters(*words, "--json")
        assert done.exit_code == 0, done.stderr
        return json.loads(done.stdout)

    return tell


def test_a_list_tells_all_but_the_houses(kill: Kill, letters: Run, tell: Tell) -> None:
    """Newest first, and whether there are more than were asked for."""
    old, new = kill()[0], kill()[0]

    told, first = tell("list"), tell("list", "--limit", "1")
    table = letters("list").stdout

    assert [one["id"] for one in told["results"]] == [new, old]
    assert [one["id"] for one in first["results"]] == [new]
    assert (told["more"], first["more"]) == (False, True)
    assert set(told["results"][0]) == LETTER
    assert "house" not in json.dumps(told).replace("this house", "")
    assert table.index(new) < table.index(old)


def test_causes_are_counted(kill: Kill, letters: Run, tell: Tell) -> None:
    """The first thing to know of many is whether they are of one kind."""
    kill(2)
    kill(version=OTHER)

    (cause,) = tell("list", "--by-cause")["results"]
    table = letters("list", "--by-cause").stdout

    first, last = cause.pop("first"), cause.pop("last")
    assert first <= last
    assert cause.pop("error").startswith("Its worker died 3 times")
    assert cause == {"count": 3, "versions": [VERSION, OTHER]}
    assert f"{VERSION}, {OTHER}" in table


def test_none_is_told_in_words(letters: Run) -> None:
    """An empty table would look like a fault."""
    assert letters("list").stdout == "No dead letters.\n"


def test_show_tells_the_house_too(kill: Kill, letters: Run, tell: Tell) -> None:
    """Whoever mends the model needs it."""
    (dead,) = kill()

    told = tell("show", dead)

    more = {"input", "metadata", "created_at", "expires_at"}
    assert set(told) == LETTER | more
    assert told["input"].keys() == {"house"}
    assert '"house"' in letters("show", dead).stdout


@pytest.mark.parametrize("verb", ["show", "replay", "discard"])
def test_an_unknown_id_is_told_before_anything_is_done(
    kill: Kill, letters: Run, verb: str, front_desk: queue.Queue
) -> None:
    """A mistyped id does not leave half of the others done."""
    (dead,) = kill()
    words = ["nothing"] if verb == "show" else [dead, "nothing", "--yes"]

    done = letters(verb, *words)

    assert done.exit_code == faults.NotFound.exit_code
    assert "There is no dead letter nothing" in done.stderr
    assert front_desk.find("acme", dead).state is State.FAILED


def test_a_replayed_job_waits_anew(
    kill: Kill, tell: Tell, front_desk: queue.Queue
) -> None:
    """One needs no confirmation."""
    first, second = kill(2)

    told = tell("replay", first)

    assert told == {
        "action": "replay",
        "dry_run": False,
        "selected": 1,
        "done": 1,
        "skipped": [],
    }
    assert front_desk.find("acme", first).state is State.QUEUED
    assert front_desk.find("acme", second).state is State.FAILED


@pytest.mark.parametrize(
    ("words", "count"),
    [
        (("--all",), 3),
        (("--version", OTHER), 1),
        (("--cause", "WORKER DIED"), 3),
        (("--cause", "worker died", "--version", VERSION), 2),
        (("--cause", "memory"), 0),
    ],
    ids=str,
)
@pytest.mark.parametrize("verb", ["replay", "discard"])
def test_letters_are_acted_on_by_filter(
    kill: Kill, tell: Tell, verb: str, words: tuple[str, ...], count: int
) -> None:
    """A dry run tells the same number and does nothing."""
    kill(2)
    kill(version=OTHER)

    dry = tell(verb, *words, "--dry-run")
    before = len(tell("list")["results"])
    done = tell(verb, *words, "--yes")

    assert (dry["selected"], dry["done"], before) == (count, 0, 3)
    assert (done["selected"], done["done"]) == (count, count)
    assert len(tell("list")["results"]) == 3 - count


@pytest.mark.parametrize(
    ("answer", "exit_code", "left"), [("y\n", 0, 0), ("n\n", 1, 2), ("", 130, 2)]
)
def test_many_are_acted_on_after_a_question(
    kill: Kill,
    letters: Run,
    tell: Tell,
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
    exit_code: int,
    left: int,
) -> None:
    """It tells how many; what is not confirmed is not done."""
    kill(2)
    monkeypatch.setattr(asking, "_is_at_a_terminal", lambda: True)

    done = letters("discard", "--all", typed=answer)

    assert done.exit_code == exit_code
    assert "Discard 2 dead letters?" in done.stderr
    assert len(tell("list")["results"]) == left


def test_what_dies_while_the_question_waits_is_left_alone(
    kill: Kill, letters: Run, tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody has agreed to it."""
    kill(2)
    late: list[str] = []

    def asked(*_: object, **__: object) -> bool:
        late.extend(kill())
        return True

    monkeypatch.setattr(asking, "_is_at_a_terminal", lambda: True)
    monkeypatch.setattr(click, "confirm", asked)
    done = letters("discard", "--all")

    assert done.stdout == "2 discarded.\n"
    assert [one["id"] for one in tell("list")["results"]] == late


def test_a_script_must_say_yes(kill: Kill, letters: Run, tell: Tell) -> None:
    """Where nobody can answer, nothing is done."""
    kill(2)

    done = letters("discard", "--all")

    assert done.exit_code == click.UsageError.exit_code
    assert "discard 2 dead letters: say --yes" in done.stderr
    assert len(tell("list")["results"]) == 2


@pytest.mark.parametrize("words", [(), ("an-id", "--all"), ("an-id", "--cause", "x")])
@pytest.mark.parametrize("verb", ["replay", "discard"])
def test_it_must_be_said_which(letters: Run, verb: str, words: tuple[str, ...]) -> None:
    """Neither nothing nor two ways at once mean all."""
    done = letters(verb, *words)

    assert done.exit_code == click.UsageError.exit_code
    assert "Say which" in done.stderr


def test_a_queue_without_room_is_told(
    kill: Kill, letters: Run, front_desk: queue.Queue
) -> None:
    """With how far it came; the rest is as it was."""
    kill(2)

    done = letters("replay", "--all", "--yes", KERBSIDE_QUEUE_BOUND="1")

    assert done.exit_code == faults.QueueRefused.exit_code
    assert "1 were replayed; the others are as they were." in done.stderr


def test_what_was_retried_meanwhile_is_counted_apart(
    kill: Kill, letters: Run, front_desk: queue.Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its client was faster; the others are replayed all the same."""
    first, second = kill(2)
    read = DeadLetters.find

    def read_while_its_client_retries(kept: DeadLetters, job_id: str) -> DeadLetter:
        letter = read(kept, job_id)
        if job_id == first:
            front_desk.retry("acme", first)
        return letter

    monkeypatch.setattr(DeadLetters, "find", read_while_its_client_retries)
    done = letters("replay", first, second, "--yes", "--json")

    told = json.loads(done.stdout)
    assert (told["selected"], told["done"]) == (2, 1)
    assert [one["id"] for one in told["skipped"]] == [first]
    assert told["skipped"][0]["reason"]


def test_without_an_installation_it_says_what_to_do(run: Run) -> None:
    """As `keys` does."""
    done = run("dead-letters", "list")

    assert done.exit_code == faults.RedisUnreachable.exit_code
    assert "start one with `kerbside up`" in done.stderr
