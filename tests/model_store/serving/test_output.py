"""An answer tells the price and how far to trust it."""

import json
from typing import Any

import pytest

from model_store.serving.confidence import confidence
from model_store.serving.predictor import Predictor


def test_an_answer_is_complete(
    predictor: Predictor, houses: list[dict[str, Any]]
) -> None:
    """Price, range, deviation, confidence, date, flags, sales and model, JSON-ready."""
    card = predictor.card

    for output in predictor.predict(houses):
        assert json.loads(json.dumps(output)) == output
        interval, fsd, flags = output["interval"], output["fsd"], output["flags"]
        assert 0 < interval["low"] <= output["price"] <= interval["high"]
        assert (interval["level"], interval["method"]) == (0.9, card.interval.method)
        assert 0 < fsd == round(fsd, 4)
        assert output["confidence"]["score"] == max(0, round(100 * (1 - fsd)))
        assert output["in_distribution"] == (not flags)
        assert len(output["comparables"]) == 5
        assert output["currency"] == "USD"
        assert output["as_of"] == str(card.as_of)
        assert output["model"] == {
            "name": "king-county",
            "version": card.version,
            "digest": card.digest,
            "trained_at": "2026-01-02T03:04:05Z",
        }


def test_a_missing_required_value_is_flagged(
    predictor: Predictor, houses: list[dict[str, Any]]
) -> None:
    """A house with a hole is priced, and says which hole."""
    for house, output in zip(houses, predictor.predict(houses), strict=True):
        missing = {
            name for name in predictor.card.schema.names if not name_of(house, name)
        }
        flagged = {f["feature"] for f in output["flags"] if f["code"] == "missing"}
        assert flagged == missing


def name_of(house: dict[str, Any], name: str) -> bool:
    """Tell whether a house has a value; the year of no renovation may be missing."""
    return house.get(name) is not None or name == "yr_renovated"


@pytest.mark.parametrize(
    ("fsd", "score", "band"),
    [
        (0.0, 100, "high"),
        (0.14, 86, "high"),
        (0.145, 86, "high"),
        (0.15, 85, "medium"),
        (0.3, 70, "medium"),
        (0.31, 69, "low"),
        (1.7, 0, "low"),
    ],
)
def test_a_confidence_is_what_the_deviation_leaves_of_a_hundred(
    fsd: float, score: int, band: str
) -> None:
    """The bands begin at 86 and 70; a score is never negative."""
    assert confidence(fsd, in_distribution=True) == {"score": score, "band": band}


def test_a_house_unlike_the_sales_is_never_sure() -> None:
    """No sale has tested what the model makes of it."""
    assert confidence(0.05, in_distribution=False) == {"score": 95, "band": "low"}


def test_an_answer_belongs_to_its_caller_alone(
    predictor: Predictor, houses: list[dict[str, Any]]
) -> None:
    """Whoever adds to one output changes no other."""
    first, second = predictor.predict(houses[:2])
    expected = json.dumps(second)
    first["model"]["alias"] = "champion"
    first["comparables"][0]["house"].clear()
    first["interval"]["low"] = 0

    assert json.dumps(second) == expected
    assert json.dumps(predictor.predict(houses[:2])[1]) == expected
    assert "alias" not in predictor.predict(houses[:1])[0]["model"]
