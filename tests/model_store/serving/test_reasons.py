"""Reasons add up to the price, and are not given where they cannot be had."""

import sys
from typing import Any

import numpy as np
import pytest

from model_store import dataset
from model_store.errors import ExplanationUnavailable, InexactReasons
from model_store.serving import reasons
from model_store.serving.predictor import Predictor
from model_store.store import ModelStore


@pytest.fixture(scope="module")
def predictor(store: ModelStore) -> Predictor:
    """Return the small champion, loaded."""
    return Predictor.load(store, store.resolve("champion"))


@pytest.fixture(scope="module")
def houses() -> list[dict[str, Any]]:
    """Return houses, one of them unlike any sale and one with a gap."""
    sales = dataset.load().every(500)
    known: list[dict[str, Any]] = [sales.house(row) for row in range(len(sales))]
    odd = known[0] | {"zipcode": "elsewhere", "sqft_living": 90_000}
    return [*known, odd, {k: v for k, v in known[1].items() if k != "grade"}]


def test_base_and_effects_give_the_price(
    predictor: Predictor, houses: list[dict[str, Any]]
) -> None:
    """Multiplied, to within the rounding of whole dollars."""
    pytest.importorskip("shap")

    explained = predictor.explain(houses)

    for output, one in zip(predictor.predict(houses), explained, strict=True):
        factors = [1 + reason["effect"] for reason in one["reasons"]]
        assert one["base"] * np.prod(factors) == pytest.approx(
            output["price"], rel=1e-5
        )


def test_reasons_come_strongest_first_and_name_each_cause_once(
    predictor: Predictor, houses: list[dict[str, Any]]
) -> None:
    """Every feature of the house is told, and what comparable sales add."""
    pytest.importorskip("shap")

    (one,) = predictor.explain(houses[:1])

    names = [reason["feature"] for reason in one["reasons"]]
    strengths = [abs(np.log1p(reason["effect"])) for reason in one["reasons"]]
    assert strengths == sorted(strengths, reverse=True)
    assert sorted(names) == sorted(
        [*predictor.card.schema.names, "comparable_sales", "whole_house"]
    )


def test_contributions_that_do_not_add_up_are_never_given(
    predictor: Predictor, houses: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even a millionth of log price off is an error, not an answer."""
    pytest.importorskip("shap")
    explaining = reasons.Reasons(predictor.card, predictor.pipelines)
    monkeypatch.setattr(explaining, "expected", explaining.expected + 2e-6)

    with pytest.raises(InexactReasons, match="do not add up"):
        explaining.explain(houses[:1])


def test_without_the_extra_the_error_names_it(
    predictor: Predictor, houses: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prices go on without reasons."""
    monkeypatch.setitem(sys.modules, "shap", None)
    fresh = Predictor.__new__(Predictor)
    fresh.__dict__.update(predictor.__dict__)
    fresh.__dict__.pop("_reasons", None)

    with pytest.raises(ExplanationUnavailable, match=r"kerbside\[explain\]"):
        fresh.explain(houses[:1])
