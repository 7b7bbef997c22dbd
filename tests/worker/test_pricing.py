"""From leases to outcomes."""

import random
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import pytest

from worker import predictors, pricing
from worker.ledger import Lease


class Doubling:
    """Prices a house at twice its number, and cannot take negative ones."""

    def __init__(self) -> None:
        self.calls: list[int] = []

    def predict(self, houses: Sequence[Mapping[str, Any]], /) -> list[dict[str, Any]]:
        """Return one output per house."""
        self.calls.append(len(houses))
        if any(house["number"] < 0 for house in houses):
            raise ValueError(f"negative: {houses}")
        return [{"price": 2 * house["number"]} for house in houses]


def lease(number: int) -> Lease:
    """Return a leased house."""
    return Lease(f"id{number}", 1, "a", b'{"number":%d}' % number, 0)


def test_every_house_gets_its_own_price() -> None:
    """Houses in random order come out matched to their leases, in one call."""
    numbers = random.Random(1).sample(range(1000), 100)
    model = Doubling()
    done = pricing.price([lease(number) for number in numbers], model)
    assert [one.lease.id for one in done] == [f"id{number}" for number in numbers]
    prices = [orjson.loads(one.output)["price"] for one in done]
    assert prices == [2 * number for number in numbers]
    assert model.calls == [100]


def test_only_the_house_that_the_model_cannot_take_fails() -> None:
    """Its neighbours are priced without it."""
    done = pricing.price([lease(1), lease(-1), lease(2)], Doubling())
    assert [bool(one.error) for one in done] == [False, True, False]
    assert done[1].output == b""


@pytest.mark.parametrize("bad", [[0], [255], [3, 200], [17, 18, 19, 250]])
def test_a_bad_house_costs_few_more_calls(bad: list[int]) -> None:
    """Two for each doubling of the batch: a slow model still keeps its leases."""
    model = Doubling()
    leases = [lease(-1 if number in bad else number) for number in range(256)]
    done = pricing.price(leases, model)
    assert [one.lease for one in done] == leases
    assert [number for number, one in enumerate(done) if one.error] == bad
    assert len(model.calls) <= 1 + 2 * 8 * len(bad)


def test_a_model_that_takes_no_house_is_called_twice_a_house(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Each failure is told once, without those of the batches that it was in."""
    model = Doubling()
    pricing.price([lease(-1)] * 16, model)
    assert len(model.calls) == 31
    assert caplog.text.count("model_error") == 16
    assert caplog.text.count("raise ValueError") == 16


def test_neither_log_nor_client_reads_the_words_of_the_model(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """They may quote a house, or tell a stranger about the server."""
    (done,) = pricing.price([lease(-1)], Doubling())
    assert done.error == "The model cannot price this house: ValueError."
    assert "id-1" in caplog.text
    assert "'number': -1" not in caplog.text
    assert "raise ValueError" in caplog.text


def test_a_version_that_cannot_be_loaded_fails_its_houses_with_the_reason() -> None:
    """All of them at once, without a try each."""
    done = pricing.price([lease(1), lease(2)], predictors.Unloadable("v1"))
    assert [one.error for one in done] == ["Model version v1 cannot be loaded."] * 2
