"""Laws of dead letters, on a real server."""

import functools
from collections.abc import Callable, Iterable

import pytest
import redis as redis_py

from tests import dead_letters
from tests.worker.conftest import VERSION
from worker import keys, ledger, queue
from worker.dead_letters import DeadLetter, DeadLetters, Selection, causes
from worker.errors import JobGone, NotRetryable, QueueFull, UnknownJob
from worker.jobs import Detail, Job, State
from worker.settings import WorkerSettings

Submit = Callable[..., Job]
Kill = Callable[..., list[str]]

OTHER = "20160101-00000000"


@pytest.fixture
def letters(redis: redis_py.Redis, settings: WorkerSettings) -> DeadLetters:
    """Return the dead letters of the test's Redis."""
    return DeadLetters(redis, settings)


@pytest.fixture
def kill(front_desk: queue.Queue, book: ledger.Ledger, redis: redis_py.Redis) -> Kill:
    """Return a function that makes dead letters and returns their ids."""
    return functools.partial(dead_letters.made, front_desk, book, redis)


def _ids(found: Iterable[DeadLetter]) -> list[str]:
    return [one.id for one in found]


def test_a_letter_says_all_but_the_house(kill: Kill, letters: DeadLetters) -> None:
    """A list may be shown to who may not see the houses."""
    (dead,) = kill()

    (letter,) = letters.every()

    assert (letter.id, letter.tenant, letter.model) == (dead, "acme", "king-county")
    assert (letter.version, letter.crashes, letter.attempts) == (VERSION, 3, 3)
    assert "died 3 times" in letter.error
    assert "house" not in str(letter).replace("this house", "")
    assert letters.find(dead) == letter
    assert letters.job(letter).input.startswith(b'{"house"')


def test_pages_lead_from_the_newest_to_the_oldest(
    kill: Kill, letters: DeadLetters, redis: redis_py.Redis
) -> None:
    """Each letter is on one page, those of one millisecond too."""
    first, second = kill(4), kill(4)

    seen: list[str] = []
    cursor = None
    while True:
        page = letters.page(limit=3, cursor=cursor)
        seen += _ids(page.letters)
        if page.next is None:
            break
        cursor = page.next

    assert len(seen) == len(set(seen))
    assert (set(seen[:4]), set(seen[4:])) == (set(second), set(first))
    assert letters.count() == 8


def test_a_letter_that_is_none_any_more_is_passed_over(
    kill: Kill, letters: DeadLetters, redis: redis_py.Redis
) -> None:
    """Its record may have gone a moment before its entry."""
    gone, retried, dead = kill(), kill(), kill()
    redis.delete(keys.job_key(gone[0]))
    redis.hset(keys.job_key(retried[0]), "detail", Detail.MODEL_ERROR)

    assert _ids(letters.every()) == dead
    for one in (*gone, *retried, "no-such-job"):
        with pytest.raises(UnknownJob):
            letters.find(one)


def test_no_more_letters_are_looked_at_than_is_said(
    kill: Kill, letters: DeadLetters
) -> None:
    """The newest, however many there are."""
    old, new = kill(2), kill(3)

    assert set(_ids(letters.every(most=3))) == set(new)
    assert set(_ids(letters.every(most=9))) == {*old, *new}


def test_letters_are_selected_by_cause_and_version(
    kill: Kill, letters: DeadLetters, redis: redis_py.Redis
) -> None:
    """Part of the error is enough, in any case of its letters."""
    one, other = kill()[0], kill(version=OTHER)[0]
    redis.hset(keys.job_key(one), "error", "Out of Memory.")

    assert _ids(letters.every(Selection(cause="out of memory"))) == [one]
    assert _ids(letters.every(Selection(version=OTHER))) == [other]
    assert _ids(letters.every(Selection(version=OTHER, cause="memory"))) == []


def test_causes_are_counted_most_frequent_first(
    kill: Kill, letters: DeadLetters, redis: redis_py.Redis
) -> None:
    """With the versions that they struck, and when."""
    first, _ = kill(2)
    kill(version=OTHER)
    alone = kill()[0]
    redis.hset(keys.job_key(alone), "error", "Out of Memory.")

    usual, rare = causes(letters.every())

    assert (usual.count, usual.versions) == (3, frozenset({VERSION, OTHER}))
    assert (rare.count, rare.error) == (1, "Out of Memory.")
    assert usual.first_ms == letters.find(first).died_ms < usual.last_ms


def test_replaying_every_letter_replays_each_once(
    kill: Kill, letters: DeadLetters, front_desk: queue.Queue
) -> None:
    """They leave the list while it is walked."""
    ids = kill(5)

    for letter in letters.every():
        letters.replay(letter)

    jobs = [front_desk.find("acme", one) for one in ids]
    assert {(job.state, job.crashes) for job in jobs} == {(State.QUEUED, 0)}
    assert letters.count() == 0


def test_a_letter_that_was_retried_meanwhile_is_left_alone(
    kill: Kill, letters: DeadLetters, front_desk: queue.Queue
) -> None:
    """Its client was first: the job is alive, and neither doubled nor erased."""
    (letter,) = (letters.find(one) for one in kill())
    front_desk.retry("acme", letter.id)

    with pytest.raises(NotRetryable):
        letters.replay(letter)
    with pytest.raises(UnknownJob):
        letters.discard(letter)

    assert front_desk.find("acme", letter.id).state is State.QUEUED


def test_a_discarded_letter_is_gone(
    kill: Kill, letters: DeadLetters, front_desk: queue.Queue
) -> None:
    """Its client is told that it was deleted."""
    (letter,) = (letters.find(one) for one in kill())

    letters.discard(letter)

    assert letters.count() == 0
    with pytest.raises(JobGone) as caught:
        front_desk.find("acme", letter.id)
    assert caught.value.deleted_ms
    with pytest.raises(UnknownJob):
        letters.discard(letter)


def test_a_full_queue_takes_no_letter_back(
    kill: Kill, redis: redis_py.Redis, settings: WorkerSettings, submit: Submit
) -> None:
    """It stays what it is until there is room."""
    kill()
    submit()
    full = DeadLetters(redis, settings.model_copy(update={"queue_bound": 1}))
    (letter,) = full.every()

    with pytest.raises(QueueFull):
        full.replay(letter)

    assert full.find(letter.id) == letter
