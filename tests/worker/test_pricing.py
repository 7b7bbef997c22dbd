"""From leases to outcomes."""

import random
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from worker import pricing
from worker.ledger import Lease


class Doubling:
    """Prices a house at twice its number, and cannot take negative ones."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.calls: list[int] = []

    def predict(self, houses: Sequence[Mapping[str, Any]], /) -> list[dict[str, Any]]:
        """Return one output per house."""
        self.calls.append(len(houses))
        if any(house["number"] < 0 for house in houses):
            raise ValueError("negative")
        return [{"price": 2 * house["number"], "by": self.name} for house in houses]


def lease(number: int, version: str = "a") -> Lease:
    """Return a leased house."""
    return Lease(f"{version}{number}", 1, version, b'{"number":%d}' % number, 0, 0)


def test_every_house_gets_its_own_price_whatever_the_order_of_versions() -> None:
    """Random batches of three versions come out matched to their leases."""
    rng = random.Random(1)
    models = {name: Doubling(name) for name in "abc"}
    leases = [lease(number, rng.choice("abc")) for number in range(100)]
    done = pricing.price(leases, models.__getitem__)
    assert {one.lease.id for one in done} == {one.id for one in leases}
    for one in done:
        number = orjson.loads(one.lease.input)["number"]
        wanted = {"price": 2 * number, "by": one.lease.version}
        assert orjson.loads(one.output) == wanted


def test_one_call_prices_all_houses_of_a_version() -> None:
    """The model is asked once a version, not once a house."""
    models = {name: Doubling(name) for name in "ab"}
    pricing.price([lease(n, "ab"[n % 2]) for n in range(10)], models.__getitem__)
    assert [model.calls for model in models.values()] == [[5], [5]]


def test_only_the_house_that_the_model_cannot_take_fails() -> None:
    """Its neighbours are priced one by one, and the client learns the reason."""
    done = pricing.price([lease(1), lease(-1), lease(2)], lambda _: Doubling("a"))
    assert [bool(one.error) for one in done] == [False, True, False]
    assert "ValueError: negative" in done[1].error
    assert done[1].output == b""


def test_the_log_does_not_quote_the_house(caplog: Any) -> None:
    """What the model says of a house goes to its owner only."""
    pricing.price([lease(-1)], lambda _: Doubling("a"))
    assert "a-1" in caplog.text
    assert "negative" not in caplog.text
