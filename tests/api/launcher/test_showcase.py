"""Laws of the client that prices the first houses, on the real API."""

from collections.abc import Callable
from typing import Any

import pytest
import redis as redis_py

from api.launcher import showcase
from api.launcher.showcase import LocalClient, Unpriced
from tests.api.conftest import OUTPUT, Finish
from worker.credentials import ApiKeys
from worker.keys import PREDICTIONS
from worker.leases import Completion
from worker.ledger import Ledger


@pytest.fixture
def local(port: int, keys: ApiKeys) -> LocalClient:
    """Return a client with a key."""
    token, _ = keys.create(tenant="default", scopes=("predict", "read"))
    return LocalClient(port, token)


@pytest.fixture
def sale(house: dict[str, Any]) -> dict[str, Any]:
    """Return a sale as a model card carries it."""
    return {"house": house, "sold_for": 600_000, "sold_on": "2015-05-01"}


def repeating(work: Callable[[], object]) -> Callable[[Callable[[], bool]], None]:
    """Return a `repeat` that works between two attempts, and gives up at some time."""

    def repeat(is_done: Callable[[], bool]) -> None:
        for _ in range(10):
            if is_done():
                return
            work()
        raise TimeoutError

    return repeat


def test_sales_are_priced_in_their_order(
    local: LocalClient, sale: dict[str, Any], finish: Finish
) -> None:
    """Each comes back with what was paid and what the API says."""
    sales = [sale, sale | {"sold_for": 1}]

    priced = showcase.price(sales, local, repeat=repeating(finish))

    assert [one.sold_for for one in priced] == [600_000, 1]
    assert [one.output for one in priced] == [OUTPUT, OUTPUT]
    assert [one.is_within for one in priced] == [True, False]


def test_a_house_that_the_api_refuses_ends_it(
    local: LocalClient, sale: dict[str, Any]
) -> None:
    """Trying again would not help; the problem is repeated."""
    with pytest.raises(Unpriced, match=r"422.*castle"):
        showcase.price(
            [sale | {"house": {"castle": True}}], local, repeat=repeating(list)
        )


def test_a_job_that_fails_ends_it(
    local: LocalClient, sale: dict[str, Any], book: Ledger
) -> None:
    """The error of the job is repeated."""

    def fail() -> None:
        leases = book.claim(PREDICTIONS, limit=10, worker="test").leases
        book.complete(
            PREDICTIONS, [Completion(lease=one, error="too odd") for one in leases]
        )

    with pytest.raises(Unpriced, match=r"failed: .*too odd"):
        showcase.price([sale], local, repeat=repeating(fail))


def test_an_api_that_is_away_is_asked_again(sale: dict[str, Any]) -> None:
    """It is up to the caller when to give up."""
    with pytest.raises(TimeoutError):
        showcase.price([sale], LocalClient(1, "key"), repeat=repeating(list))


def test_a_lost_answer_doubles_no_house(
    port: int, local: LocalClient, sale: dict[str, Any], finish: Finish
) -> None:
    """The next try names the same submit."""
    lost: list[int] = []

    class Forgetful(LocalClient):
        def call(
            self, method: str, path: str, body: Any = None, **headers: str
        ) -> tuple[int, Any]:
            answer = local.call(method, path, body, **headers)
            if method == "POST" and not lost:
                lost.append(answer[0])
                return 0, None
            return answer

    priced = showcase.price([sale], Forgetful(port), repeat=repeating(finish))

    assert (lost, len(priced)) == ([202], 1)
    _, listed = local.call("GET", "/v1/predictions")
    assert len(listed["results"]) == 1


def test_a_redis_that_is_full_is_asked_again(
    local: LocalClient, sale: dict[str, Any], redis: redis_py.Redis
) -> None:
    """A 503 passes."""
    redis.config_set("maxmemory", 1)
    try:
        with pytest.raises(TimeoutError):
            showcase.price([sale], local, repeat=repeating(list))
    finally:
        redis.config_set("maxmemory", 0)
