"""What is counted is what was priced, each value in its bin."""

from bisect import bisect_right
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from model_store import artifact, dataset, training
from model_store.artifact import Loaded
from model_store.count_layout import FLAGGED, HOUSES, CountLayout, FeaturePlaces
from model_store.serving.counting import Counting
from model_store.serving.predictor import Predictor
from tests import small_model
from tests.model_store.conftest import Writer
from tests.model_store.markets import QUICK
from tests.model_store.serving.test_predictor import NOW

House = dict[str, Any]


def _place(one: FeaturePlaces, value: Any) -> int:
    """Return where a value belongs, found in the plainest way."""
    if value is None or (one.feature.unit == "year" and value == 0):
        return one.missing
    values = one.values
    if values.categories is None:
        return values.first + bisect_right(values.edges, value)
    return values.first + values.categories.get(value, values.bins - 1)


def _expected(predictor: Predictor, houses: list[House]) -> dict[int, int]:
    layout = CountLayout(predictor.card)
    features = {one.feature.name: one for one in layout.features}
    found: Counter[int] = Counter({HOUSES: len(houses)})
    for house, output in zip(houses, predictor.predict(houses), strict=True):
        for name, one in features.items():
            found[_place(one, house.get(name))] += 1
        price, interval = output["price"], output["interval"]
        width = (interval["high"] - interval["low"]) / price
        found[layout.prices.first + bisect_right(layout.prices.edges, price)] += 1
        found[layout.widths.first + bisect_right(layout.widths.edges, width)] += 1
        found[FLAGGED] += bool(output["flags"])
        for flag in output["flags"]:
            if flag["feature"]:
                found[features[flag["feature"]].flagged] += 1
                if flag["code"] == "unknown_category":
                    found[features[flag["feature"]].unknown] += 1
            else:
                found[2 if flag["code"] == "unlike_sales" else 3] += 1
    predictor.take_counts()
    return {place: count for place, count in found.items() if count}


@pytest.mark.parametrize("size", [1, 7, 300])
def test_each_value_is_counted_in_its_bin(
    predictor: Predictor, houses: list[House], size: int
) -> None:
    """Whatever is missing or unknown, and however many are priced in one call."""
    expected = _expected(predictor, houses)
    for start in range(0, len(houses), size):
        predictor.predict(houses[start : start + size])

    assert predictor.take_counts() == expected


def test_the_pipelines_count_as_the_direct_form_does(
    loaded: Loaded, houses: list[House], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A predictor that fell back is watched too."""
    expected = _expected(Predictor(loaded), houses)
    monkeypatch.setattr(
        "model_store.serving.predictor._verified_direct", lambda _: None
    )
    piped = Predictor(loaded)
    piped.predict(houses)

    assert not piped.exact
    assert piped.take_counts() == expected


def test_what_was_taken_is_not_counted_again(
    predictor: Predictor, houses: list[House]
) -> None:
    """Nor are the model's own houses, which it prices when it is loaded."""
    assert predictor.take_counts() == {}
    predictor.predict(houses[:5])
    assert predictor.take_counts()[HOUSES] == 5
    assert predictor.take_counts() == {}


def test_a_quote_is_no_price_that_counts(
    predictor: Predictor, houses: list[House]
) -> None:
    """What a challenger says behind the champion's back is the same, and uncounted."""
    assert predictor.quote(houses[:5]) == predictor.predict(houses[:5])
    assert predictor.take_counts()[HOUSES] == 5


def test_a_model_of_one_s_own_market_is_counted(other_market: Writer) -> None:
    """Features of its own, gaps among them, and another currency."""
    sales = dataset.load(other_market())
    made = training.train(sales, seed=1, trained_at=NOW, recipe=QUICK)
    predictor = Predictor(artifact.load(artifact.dump(made, small_model.KEY)))
    houses = [sales.house(row) for row in range(100)]
    expected = _expected(predictor, houses)
    predictor.predict(houses)

    assert predictor.take_counts() == expected


def test_no_price_is_lost_for_being_counted(
    loaded: Loaded, houses: list[House], caplog: pytest.LogCaptureFixture
) -> None:
    """A bug in the counts is told, and costs the counts alone."""
    predictor = Predictor(loaded)
    predictor._counting = Counting(  # noqa: SLF001 - as a bug would leave it
        replace(
            loaded.card,
            profile=replace(loaded.card.profile, prices=None),
        ),
        {"zipcode": []},
    )
    assert len(predictor.predict(houses)) == len(houses)
    predictor.take_counts()
    assert "houses_not_counted" in caplog.text
