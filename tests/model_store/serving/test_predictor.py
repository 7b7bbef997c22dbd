"""The predictor prices as the pipelines do, to the last bit."""

import datetime as dt
import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model_store import artifact, training
from model_store.artifact import Artifact, Loaded
from model_store.card import Profile
from model_store.errors import ArtifactError, UnknownModel
from model_store.schema import Feature, Schema
from model_store.serving import estimates, forest
from model_store.serving.predictor import Predictor
from model_store.store import ModelStore
from tests import small_model
from tests.model_store.markets import QUICK, market

NOW = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)


def test_a_house_costs_the_same_alone_and_in_any_company(
    predictor: Predictor, houses: list[dict[str, Any]]
) -> None:
    """Neither the batch nor the place in it changes an answer."""
    alone = [predictor.predict([house])[0] for house in houses]
    shuffled = np.random.default_rng(3).permutation(len(houses))

    together = predictor.predict([houses[i] for i in shuffled])

    assert predictor.exact
    assert together == [alone[i] for i in shuffled]


def test_no_houses_have_no_prices(predictor: Predictor) -> None:
    """An empty batch is not an error."""
    assert predictor.predict([]) == []


def test_threads_may_share_a_predictor(
    predictor: Predictor, houses: list[dict[str, Any]]
) -> None:
    """Buffers that are kept between calls never mix two houses."""
    expected = [predictor.predict([house]) for house in houses]

    with ThreadPoolExecutor(4) as pool:
        for _ in range(3):
            assert list(pool.map(lambda h: predictor.predict([h]), houses)) == expected


def test_one_wrong_node_makes_the_pipelines_price(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    loaded: Loaded,
    houses: list[dict[str, Any]],
) -> None:
    """A direct form that differs in a single leaf is noticed, told and not used."""
    trees_of = forest._trees  # noqa: SLF001 - the fault is put where only a bug could be

    def wrong(model: Any) -> Any:
        first, *others = trees_of(model)
        first = first.copy()
        leaf = np.argmax(first["count"] * first["is_leaf"])
        first["value"][leaf] += 1e-9
        return [first, *others]

    right = Predictor(loaded).predict(houses)
    monkeypatch.setattr(forest, "_trees", wrong)
    fallen_back = Predictor(loaded)

    assert not fallen_back.exact
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert f"predictor_fell_back version={loaded.card.version}" in caplog.text
    assert fallen_back.predict(houses) == right


def test_another_scikit_learn_inside_makes_the_pipelines_price(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, loaded: Loaded
) -> None:
    """A private name that another release no longer has is no outage."""

    def changed(_: Any) -> None:
        raise AttributeError("'TreePredictor' object has no attribute 'nodes'")

    monkeypatch.setattr(forest, "_trees", changed)
    fallen_back = Predictor(loaded)

    assert not fallen_back.exact
    assert "AttributeError" in caplog.text


def test_pipelines_that_price_otherwise_than_trained_are_refused(
    loaded: Loaded,
) -> None:
    """A model that does not give its own stored estimates is not that model."""
    other = loaded.parity_raw.copy()
    other[5, 1] = np.nextafter(other[5, 1], 0)

    with pytest.raises(ArtifactError, match="train again"):
        Predictor(replace(loaded, parity_raw=other))


def test_an_unknown_version_is_refused(store: ModelStore) -> None:
    """A version that is not in the store cannot be loaded."""
    with pytest.raises(UnknownModel, match="20000101-00000000"):
        Predictor.load(store, "20000101-00000000")


@pytest.mark.parametrize(
    "only",
    [
        None,
        ("area", "quarter"),
        ("area", "built"),
        ("lat", "lon", "heating"),
        ("built",),
    ],
)
@pytest.mark.parametrize("gaps", [0.0, 0.2])
def test_any_market_is_priced_exactly(
    only: tuple[str, ...] | None, gaps: float, tmp_path: Path
) -> None:
    """Without places, without categories, of a single number, with gaps or without."""
    sales = market(500, only=only, gaps=gaps)
    trained = training.train(sales, seed=1, trained_at=NOW, recipe=QUICK)
    files = artifact.dump(trained, small_model.KEY)

    predictor = Predictor(artifact.load(files))

    assert predictor.exact
    outputs = predictor.predict([{}, *(sales.house(row) for row in range(50))])
    assert {output["currency"] for output in outputs} == {"EUR"}
    assert all(
        ("distance_m" in sale) <= bool(only is None or "lat" in only)
        for output in outputs
        for sale in output["comparables"]
    )


def test_a_house_that_was_sold_is_priced_by_others(
    predictor: Predictor, small_artifact: Artifact
) -> None:
    """A training house as a new house: its own sale is not among its comparables."""
    sales = small_model.sales()
    houses = [sales.house(row) for row in range(0, len(sales), 5)]

    for row, output in zip(
        range(0, len(sales), 5), predictor.predict(houses), strict=True
    ):
        own = (str(sales.dates[row]), round(float(sales.prices[row])))
        shown = [(sale["sold_on"], sale["price"]) for sale in output["comparables"]]
        assert own not in shown


def test_one_wrong_code_of_one_category_makes_the_pipelines_price(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, loaded: Loaded
) -> None:
    """Look-ups that differ from the encoder in a single category are noticed."""
    codes_of = estimates._codes  # noqa: SLF001 - the fault is put where only a bug could be
    zips = [one for one in _zipcodes(loaded) if isinstance(one, str)]

    for category in (zips[0], zips[len(zips) // 2], zips[-1]):

        def wrong(*args: Any, category: str = category) -> Any:
            ((name, known, unknown),) = codes_of(*args)
            return [(name, known | {category: known[category] + 3}, unknown)]

        monkeypatch.setattr(estimates, "_codes", wrong)
        assert not Predictor(loaded).exact

    assert caplog.text.count("estimates differ from the pipelines") == 3


def test_an_encoder_that_learnt_otherwise_is_refused(store: ModelStore) -> None:
    """A code or a level that is another one than in training is another model."""
    for at in (0, 33, 69):
        loaded = artifact.load(store.files(store.resolve("champion")))
        loaded.pipelines[0]["columns"].named_transformers_["codes"].encodings_[0][
            at
        ] += 3
        with pytest.raises(ArtifactError, match="train again"):
            Predictor(loaded)
        loaded = artifact.load(store.files(store.resolve("champion")))
        loaded.pipelines[0]["comparables"].hedonic.levels[0][at] += 3
        with pytest.raises(ArtifactError, match="train again"):
            Predictor(loaded)


@pytest.mark.parametrize(
    "change",
    [
        {"profile": Profile((), 1.0, 1.0)},
        {"interval": {"step": 1e9}},
        {"interval": {"above": math.nan}},
        {"schema": Schema((Feature("area", "number", "?", 1),))},
    ],
)
def test_a_card_that_does_not_fit_its_model_is_refused(
    loaded: Loaded, change: dict[str, Any]
) -> None:
    """A version that cannot price its own houses never serves."""
    parts = {
        name: replace(getattr(loaded.card, name), **part)
        if isinstance(part, dict)
        else part
        for name, part in change.items()
    }

    with pytest.raises(ArtifactError, match="cannot price its own houses"):
        Predictor(replace(loaded, card=replace(loaded.card, **parts)))


def _zipcodes(loaded: Loaded) -> list[Any]:
    encoder = loaded.pipelines[0]["columns"].named_transformers_["codes"]
    return list(encoder.categories_[0])
