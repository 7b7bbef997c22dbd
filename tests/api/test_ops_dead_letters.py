"""The laws of /v1/ops/dead-letters."""

import functools
from collections.abc import Callable
from typing import Any

import pytest
import redis as redis_py

from api import ops_dead_letters
from api.app import create_app
from api.schemas import DeadLetters, LetterActionResult
from api.services import Services
from api.settings import ApiSettings
from tests import dead_letters
from tests.api.conftest import Client, Headers, assert_problem
from tests.worker.conftest import submission
from worker import keys, ledger, queue
from worker.errors import JobGone
from worker.jobs import State

Kill = Callable[..., list[str]]
Act = Callable[..., LetterActionResult]

PATH = "/v1/ops/dead-letters"
OTHER = "20160101-00000000"
DEAD = f"kerbside:dead:{keys.PREDICTIONS}"


@pytest.fixture
def kill(front_desk: queue.Queue, book: ledger.Ledger, redis: redis_py.Redis) -> Kill:
    """Return a function that makes dead letters and returns their ids."""
    return functools.partial(dead_letters.made, front_desk, book, redis)


def _listed(client: Client, operator: Headers, query: str = "") -> DeadLetters:
    answer = client.get(PATH + query, headers=operator)
    assert answer.status_code == 200, answer.data
    assert '"house"' not in answer.text
    return DeadLetters.model_validate_json(answer.data)


def test_letters_are_listed_newest_first_with_their_causes(
    client: Client, operator: Headers, kill: Kill
) -> None:
    """Of all tenants, and counted beyond those that are shown."""
    old, new = kill(tenant="acme"), kill(2, tenant="globex")

    found = _listed(client, operator, "?limit=2")

    assert (found.total, found.examined) == (3, 3)
    assert {one.id for one in found.results} == set(new)
    assert {one.tenant for one in found.results} == {"globex"}
    (cause,) = found.causes
    assert cause.count == 3
    assert cause.first <= cause.last
    assert old[0] in {one.id for one in _listed(client, operator).results}


def test_letters_are_listed_by_cause_and_version(
    client: Client, operator: Headers, kill: Kill, redis: redis_py.Redis
) -> None:
    """Whatever is not meant is not counted, but in the total."""
    one, other = kill()[0], kill(version=OTHER)[0]
    redis.hset(keys.job_key(one), "error", "Out of Memory.")

    by_cause = _listed(client, operator, "?cause=out%20of%20memory")
    by_version = _listed(client, operator, f"?version={OTHER}")

    assert [letter.id for letter in by_cause.results] == [one]
    assert [letter.id for letter in by_version.results] == [other]
    assert (by_cause.total, len(by_cause.causes)) == (2, 1)


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=501", "casue=x", "cause=a&cause=b"]
)
def test_a_list_that_cannot_be_asked_for_is_told(
    client: Client, operator: Headers, query: str
) -> None:
    """Nothing is passed over."""
    answer = client.get(f"{PATH}?{query}", headers=operator)

    assert_problem(answer, 400, "malformed-parameter")


@pytest.fixture
def act(client: Client, operator: Headers) -> Act:
    """Return a function that acts on letters and returns what became of them."""

    def act(verb: str, meant: dict[str, object], **more: object) -> LetterActionResult:
        body = {"filter": meant, **more}
        answer = client.post(f"{PATH}:{verb}", json=body, headers=operator)
        assert answer.status_code == 200, answer.data
        return LetterActionResult.model_validate_json(answer.data)

    return act


@pytest.mark.parametrize(
    ("meant", "count"),
    [
        ({}, 3),
        ({"version": OTHER}, 1),
        ({"cause": "WORKER DIED"}, 3),
        ({"cause": "worker died", "version": OTHER}, 1),
        ({"cause": "memory"}, 0),
    ],
    ids=str,
)
@pytest.mark.parametrize("verb", ["replay", "discard"])
def test_letters_are_acted_on_by_filter(
    act: Act,
    kill: Kill,
    redis: redis_py.Redis,
    verb: str,
    meant: dict[str, object],
    count: int,
) -> None:
    """A dry run tells the same number and does nothing; a repeat finds none left."""
    kill(2)
    kill(version=OTHER)

    dry = act(verb, meant, dry_run=True)
    before = redis.zcard(DEAD)
    done, again = act(verb, meant), act(verb, meant)

    assert (dry.dry_run, dry.selected, dry.done, dry.remaining) == (
        True,
        count,
        0,
        count,
    )
    assert before == 3
    assert (done.selected, done.done, done.remaining) == (count, count, 0)
    assert (again.selected, again.done) == (0, 0)
    assert redis.zcard(DEAD) == 3 - count


def test_a_replayed_job_waits_anew(
    act: Act, kill: Kill, front_desk: queue.Queue
) -> None:
    """Under its id; one that is none any more is skipped, and named."""
    first, second = kill(2)
    front_desk.retry("acme", second)

    done = act("replay", {"ids": [first, second, first, "nothing"]})

    assert (done.selected, done.done, done.remaining) == (3, 1, 0)
    assert [one.id for one in done.skipped] == [second, "nothing"]
    assert front_desk.find("acme", first).state is State.QUEUED


def test_a_discarded_job_is_erased(
    act: Act, kill: Kill, front_desk: queue.Queue
) -> None:
    """Whoever asks for it is told so."""
    (dead,) = kill()

    act("discard", {"ids": [dead]})

    with pytest.raises(JobGone):
        front_desk.find("acme", dead)


@pytest.mark.parametrize("verb", ["replay", "discard"])
def test_a_request_acts_on_so_many_and_tells_the_rest(
    act: Act, kill: Kill, redis: redis_py.Redis, monkeypatch: Any, verb: str
) -> None:
    """Nobody waits for ever; repeated requests come to the end of them."""
    kill(5)
    monkeypatch.setattr(ops_dead_letters, "_ACTED_ON", 2)

    runs = [act(verb, {}) for _ in range(3)]

    assert [(one.selected, one.done, one.remaining) for one in runs] == [
        (5, 2, 3),
        (3, 2, 1),
        (1, 1, 0),
    ]
    assert redis.zcard(DEAD) == 0


def test_a_queue_without_room_takes_some_and_then_refuses(
    api_settings: ApiSettings, operator: Headers, kill: Kill
) -> None:
    """What was taken is told; the rest is as it was, and is told to come later."""
    kill(2)
    tight = api_settings.model_copy(update={"queue_bound": 1})
    client: Any = create_app(tight).test_client()

    done, refused = (
        client.post(f"{PATH}:replay", json={"filter": {}}, headers=operator)
        for _ in range(2)
    )

    assert (done.json["done"], done.json["remaining"]) == (1, 1)
    assert "waiting" in done.json["refused"]
    assert_problem(refused, 503, "queue-full")
    assert refused.headers["Retry-After"]


def test_a_tenant_without_room_keeps_nobody_from_a_replay(
    api_settings: ApiSettings, operator: Headers, kill: Kill, front_desk: queue.Queue
) -> None:
    """Its letter is skipped, and says why."""
    (_,), (dead,) = kill(tenant="globex"), kill(tenant="acme")
    front_desk.submit(submission(tenant="acme"))
    tight = api_settings.model_copy(update={"tenant_quota": 1})
    client: Any = create_app(tight).test_client()

    done = client.post(f"{PATH}:replay", json={"filter": {}}, headers=operator).json

    assert (done["done"], done["remaining"]) == (1, 0)
    (skipped,) = done["skipped"]
    assert skipped["id"] == dead
    assert "as many open jobs" in skipped["reason"]


def test_letters_that_are_skipped_take_no_others_turn(
    api_settings: ApiSettings,
    operator: Headers,
    kill: Kill,
    front_desk: queue.Queue,
    monkeypatch: Any,
) -> None:
    """The newest are of a tenant without room, and a request acts on one."""
    kill(tenant="globex")
    kill(2, tenant="acme")
    front_desk.submit(submission(tenant="acme"))
    monkeypatch.setattr(ops_dead_letters, "_ACTED_ON", 1)
    tight = api_settings.model_copy(update={"tenant_quota": 1})
    client: Any = create_app(tight).test_client()

    done = client.post(f"{PATH}:replay", json={"filter": {}}, headers=operator).json

    assert (done["done"], len(done["skipped"]), done["remaining"]) == (1, 2, 0)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"filter": None},
        {"filter": {"casue": "x"}},
        {"filter": {"ids": []}},
        {"filter": {"ids": "one"}},
        {"filter": {}, "dry_run": "no"},
        {"filter": {}, "dryrun": True},
    ],
    ids=str,
)
@pytest.mark.parametrize("verb", ["replay", "discard"])
def test_what_is_not_understood_does_nothing(
    client: Client, operator: Headers, kill: Kill, verb: str, body: object, redis: Any
) -> None:
    """A mistyped filter does not mean all letters."""
    kill()

    answer = client.post(f"{PATH}:{verb}", json=body, headers=operator)

    assert_problem(answer, 422, "invalid-submission")
    assert redis.zcard(DEAD) == 1


def test_actions_on_letters_are_written_down_with_what_was_done(
    act: Act, kill: Kill, shared: Services
) -> None:
    """A dry run is none."""
    first, second = kill(2)
    act("discard", {}, dry_run=True)
    act("discard", {"ids": [first, "nothing"]})
    act("replay", {})

    told = shared.audit.newest(10)

    assert [(one["operation"], one["targets"], one["outcome"]) for one in told] == [
        ("replay_dead_letters", [second], "done"),
        ("discard_dead_letters", [first], "done"),
    ]
