"""From leases to outcomes."""

import random
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import pytest

from model_store.errors import ExplanationUnavailable, InexactReasons
from worker import predictors, pricing
from worker.leases import Lease
from worker.predictors import Pricing


class Doubling(Pricing):
    """Prices a house at twice its number, and cannot take negative ones."""

    def __init__(self) -> None:
        self.calls: list[int] = []
        self.explained: list[int] = []
        #: What asking for reasons raises.
        self.error: Exception | None = None

    def predict(self, houses: Sequence[Mapping[str, Any]], /) -> list[dict[str, Any]]:
        """Return one output per house."""
        self.calls.append(len(houses))
        if any(house["number"] < 0 for house in houses):
            raise ValueError(f"negative: {houses}")
        return [
            {"price": 2 * house["number"], "model": {"name": "twice"}}
            for house in houses
        ]

    def explain(self, houses: Sequence[Mapping[str, Any]], /) -> list[dict[str, Any]]:
        """Return the number as the only reason."""
        self.explained.append(len(houses))
        if self.error:
            raise self.error
        return [
            {"base": 2, "reasons": [{"feature": "number", "effect": house["number"]}]}
            for house in houses
        ]


def lease(number: int, *, alias: str | None = None, explain: bool = False) -> Lease:
    """Return a leased house."""
    house = b'{"number":%d}' % number
    return Lease(f"id{number}", 1, "a", house, 0, alias, explain)


def test_reasons_that_do_not_add_up_fail_their_own_house_alone() -> None:
    """The others that asked get theirs."""

    class Inexact(Doubling):
        def explain(
            self, houses: Sequence[Mapping[str, Any]], /
        ) -> list[dict[str, Any]]:
            if any(house["number"] == 3 for house in houses):
                raise InexactReasons("they do not add up")
            return super().explain(houses)

    leases = [lease(number, explain=True) for number in range(8)]

    done = pricing.price(leases, Inexact())

    assert [one.lease.id for one in done if one.error] == ["id3"]
    assert all(orjson.loads(one.output)["base"] == 2 for one in done if not one.error)


def test_every_house_gets_its_own_price() -> None:
    """Houses in random order come out matched to their leases, in one call."""
    numbers = random.Random(1).sample(range(1000), 100)
    model = Doubling()
    done = pricing.price([lease(number) for number in numbers], model)
    assert [one.lease.id for one in done] == [f"id{number}" for number in numbers]
    prices = [orjson.loads(one.output)["price"] for one in done]
    assert prices == [2 * number for number in numbers]
    assert model.calls == [100]


def test_a_price_names_the_alias_by_which_its_model_was_asked_for() -> None:
    """Each job its own; none where the model was named by its id."""
    leases = [lease(1, alias="champion"), lease(2), lease(3, alias="previous")]
    done = pricing.price(leases, Doubling())
    models = [orjson.loads(one.output)["model"] for one in done]
    assert models == [
        {"name": "twice", "alias": "champion"},
        {"name": "twice", "alias": None},
        {"name": "twice", "alias": "previous"},
    ]


def test_only_who_asked_for_reasons_gets_them() -> None:
    """In one call for all of them, each those of its own house."""
    model = Doubling()
    leases = [lease(number, explain=number % 3 == 0) for number in range(10)]
    done = pricing.price(leases, model)
    outputs = [orjson.loads(one.output) for one in done]
    assert model.explained == [4]
    for number, output in enumerate(outputs):
        reasons = [{"feature": "number", "effect": number}]
        expected = (2, reasons) if number % 3 == 0 else (None, None)
        assert (output.get("base"), output.get("reasons")) == expected


def test_reasons_that_nobody_asked_for_are_not_computed() -> None:
    """They cost ten times the price."""
    model = Doubling()
    pricing.price([lease(1), lease(2)], model)
    assert model.explained == []


def test_without_the_extra_only_who_asked_for_reasons_fails(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The client reads what to do, the operator what is missing, once a batch."""
    model = Doubling()
    model.error = ExplanationUnavailable("no shap here")
    asked = [lease(number, explain=number > 1) for number in range(4)]
    done = pricing.price(asked, model)
    assert [one.error for one in done] == ["", ""] + [pricing.NOT_EXPLAINED] * 2
    assert [bool(one.output) for one in done] == [True, True, False, False]
    assert model.calls == [4]
    assert caplog.text.count("no shap here") == 1


def test_a_house_that_cannot_be_explained_fails_alone() -> None:
    """Its neighbours are priced, those that asked for reasons too."""

    class Picky(Doubling):
        def explain(
            self, houses: Sequence[Mapping[str, Any]], /
        ) -> list[dict[str, Any]]:
            if any(house["number"] == 2 for house in houses):
                raise ValueError("two")
            return super().explain(houses)

    done = pricing.price([lease(n, explain=n > 0) for n in range(4)], Picky())
    assert [bool(one.error) for one in done] == [False, False, True, False]
    assert "reasons" in orjson.loads(done[3].output)


def test_a_stand_in_explains_nothing() -> None:
    """It need not say so itself."""
    with pytest.raises(ExplanationUnavailable):
        predictors.Unloadable("v1").explain([{}])


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
    leases = [lease(1), lease(2, explain=True)]
    done = pricing.price(leases, predictors.Unloadable("v1"))
    assert [one.error for one in done] == ["Model version v1 cannot be loaded."] * 2
