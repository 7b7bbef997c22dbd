"""The laws of /v1/ops/dead-letters."""

import functools
from collections.abc import Callable

import pytest
import redis as redis_py

from api.schemas import DeadLetters
from tests import dead_letters
from tests.api.conftest import Client, Headers, assert_problem
from worker import ledger, queue

Kill = Callable[..., list[str]]

PATH = "/v1/ops/dead-letters"
OTHER = "20160101-00000000"


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
    redis.hset(ledger.job_key(one), "error", "Out of Memory.")

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
