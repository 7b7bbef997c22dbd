"""Laws of many houses."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import pytest

from api.client import ApiError, Client, Interrupted, NotAllPriced, Unreachable
from tests.api.client.script import (
    DROPPED,
    KEY,
    Reply,
    Request,
    Script,
    by_method,
    created,
    model,
    priced_by_bedrooms,
    refused,
)
from tests.patience import wait_until


def houses(number: int) -> list[dict[str, Any]]:
    """Return houses that differ."""
    return [{"bedrooms": each} for each in range(number)]


def test_many_houses_come_back_in_order(server: Script, client: Client) -> None:
    """However they are spread over connections."""
    server.answer = priced_by_bedrooms

    prices = [one.price for one in client.price(houses(50))]

    assert prices == [number * 1000 for number in range(50)]
    assert server.connections <= 4


def test_what_yields_houses_is_taken(server: Script, client: Client) -> None:
    """A generator gives a list; of no houses there are no prices."""
    server.answer = priced_by_bedrooms

    found = client.price(house for house in houses(3))

    assert [one.price for one in found] == [0, 1000, 2000]
    assert client.price([]) == []


@pytest.mark.parametrize("number", [0, 1, 4])
def test_keys_are_as_many_as_the_houses(
    server: Script, client: Client, number: int
) -> None:
    """No house is dropped and no key is left: that is told before anything is sent."""
    with pytest.raises(ValueError, match=f"3 houses have {number} idempotency keys"):
        client.price(houses(3), keys=["k1", "k2", "k3", "k4"][:number])

    assert server.requests == []


def test_each_house_is_sent_with_its_key(server: Script, client: Client) -> None:
    """A run that is repeated doubles no house."""
    server.answer = priced_by_bedrooms

    client.price(houses(3), keys=["k0", "k1", "k2"])

    sent = {
        one.headers["Idempotency-Key"]: one.body["input"]["bedrooms"]
        for one in server.requests
    }
    assert sent == {"k0": 0, "k1": 1, "k2": 2}


def test_a_key_is_of_one_house_and_keys_are_of_several(
    server: Script, client: Client
) -> None:
    """The second house with the key of the first would be refused."""
    price: Any = client.price

    with pytest.raises(ValueError, match="several houses take keys"):
        price(houses(2), idempotency_key="k1")
    with pytest.raises(ValueError, match="one house takes an idempotency_key"):
        price(houses(1)[0], keys=["k1"])

    assert server.requests == []


def test_one_refused_house_does_not_lose_the_others(
    server: Script, client: Client
) -> None:
    """The error comes when all are done, and holds all; or it stands in its place."""
    server.answer = lambda request: (
        refused("/input/bedrooms")
        if request.body["input"]["bedrooms"] == 1
        else priced_by_bedrooms(request)
    )

    with pytest.raises(NotAllPriced, match="1 have no price") as told:
        client.price(houses(3))
    kept = client.price(houses(3), errors="keep")

    for results in (told.value.results, kept):
        assert [getattr(one, "price", None) for one in results] == [0, None, 2000]
        assert isinstance(results[1], ApiError)


def test_an_error_of_one_house_is_kept_as_well(server: Script, client: Client) -> None:
    """With `keep` the error is what comes back."""
    server.answer = lambda _: refused("/input/bedrooms")

    assert isinstance(client.price(houses(1)[0], errors="keep"), ApiError)


def test_a_refused_key_ends_it_for_all(server: Script, client: Client) -> None:
    """A service that fails is not asked a thousand times; each house has its error."""
    server.answer = lambda _: Reply(401, {"title": "API key not valid"})

    found: Any = client.price(houses(1000), errors="keep")

    assert len(found) == 1000
    assert {one.status for one in found} == {401}
    assert len(server.requests) <= 4


def ctrl_c() -> None:
    """Interrupt the main thread, as the terminal does."""
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


class Stuck:
    """Prices so many houses, then answers nothing."""

    def __init__(self, prices: int) -> None:
        self.ended = threading.Event()
        self.hung = threading.Semaphore(0)
        self._left = iter(range(prices))

    def __call__(self, request: Request) -> Reply:
        """Answer a submit."""
        if next(self._left, None) is not None:
            return priced_by_bedrooms(request)
        self.hung.release()
        self.ended.wait(60)
        return DROPPED


@pytest.fixture
def stuck(server: Script) -> Iterator[Stuck]:
    """Return a service that answers nothing after ten houses."""
    stuck = Stuck(10)
    server.answer = by_method(model("bedrooms"), stuck)
    yield stuck
    stuck.ended.set()


@pytest.fixture
def after_ctrl_c(server: Script, stuck: Stuck) -> Iterator[Callable[[Any], Any]]:
    """Return what comes of many houses if Ctrl-C comes while the service is stuck."""
    with Client(server.url, KEY, timeout_s=60, concurrency=4) as client:

        def interrupt() -> None:
            for _ in range(client.concurrency):
                stuck.hung.acquire()
            ctrl_c()

        def results(given: Any) -> Any:
            thread = threading.Thread(target=interrupt)
            thread.start()
            with pytest.raises(Interrupted) as told:
                client.price(given)
            thread.join()
            return told.value.results

        yield results


def test_ctrl_c_ends_many_houses_at_once(
    server: Script, after_ctrl_c: Callable[[Any], Any]
) -> None:
    """Calls under way end, no further house is sent, and what is done is there."""
    begun = time.monotonic()

    results = after_ctrl_c(houses(30_000))

    assert time.monotonic() - begun < 30  # the client would wait for 60
    assert len(server.requests) == 14
    assert [one.price for one in results[:4]] == [0, 1000, 2000, 3000]
    priced = [one for one in results if not isinstance(one, Unreachable)]
    assert len(priced) == 10
    assert len(results) == 30_000


def test_ctrl_c_leaves_a_table_with_what_is_done(
    after_ctrl_c: Callable[[Any], Any],
) -> None:
    """It has its index and columns, and tells why the others have no price."""
    table = pd.DataFrame(houses(100), index=range(100, 200))

    results = after_ctrl_c(table)

    assert list(results.index) == list(table.index)
    assert results["price"].notna().sum() == 10
    assert results["error"].str.contains("interrupted|closed").sum() == 90


def test_a_client_goes_on_after_ctrl_c(
    server: Script, stuck: Stuck, client: Client
) -> None:
    """It is as before: the next call is made on a connection that works."""

    def interrupt() -> None:
        stuck.hung.acquire()
        ctrl_c()

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        client.price(houses(20))
    server.answer = priced_by_bedrooms

    assert [one.price for one in client.price(houses(2))] == [0, 1000]


def test_ctrl_c_leaves_calls_of_other_threads_alone(
    server: Script, stuck: Stuck, client: Client
) -> None:
    """They share the client and its connections, not the end of one call."""
    slow = threading.Event()

    def answer(request: Request) -> Reply:
        if not request.body or request.body["input"] != {"bedrooms": -1}:
            return stuck(request)
        slow.wait(60)
        return created(id="slow")

    server.answer = answer
    found: list[str] = []
    other = threading.Thread(
        target=lambda: found.append(client.price({"bedrooms": -1}).id)
    )
    other.start()
    wait_until(lambda: server.requests)

    def interrupt() -> None:
        stuck.hung.acquire()
        ctrl_c()

    threading.Thread(target=interrupt).start()
    with pytest.raises(Interrupted):
        client.price(houses(20))
    slow.set()
    other.join()

    assert found == ["slow"]
    # A request that Ctrl-C cut off has no body.
    bodies = [one.body["input"] for one in server.requests if one.body]
    assert bodies.count({"bedrooms": -1}) == 1
