"""The predictor prices as the pipelines do, to the last bit."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model_store import artifact, dataset, forest, training
from model_store.artifact import Loaded
from model_store.errors import ArtifactError, UnknownModel
from model_store.pipelines import Recipe
from model_store.predictor import Direct, Piped, Predictor
from model_store.store import ModelStore
from tests import small_model
from tests.model_store.conftest import Writer


@pytest.fixture(scope="module")
def houses() -> list[dict[str, Any]]:
    """Return three hundred houses, some with gaps and unknown categories."""
    sales = dataset.load().every(72)
    random = np.random.default_rng(0)
    houses: list[dict[str, Any]] = [sales.house(row) for row in range(len(sales))]
    for feature in sales.schema.features:
        for row in random.choice(len(houses), 5, replace=False):
            unknown = feature.kind == "category" and row % 2
            houses[row][feature.name] = "elsewhere" if unknown else None
    for row in random.choice(len(houses), 5, replace=False):
        del houses[row][sales.schema.names[row % len(sales.schema.names)]]
    return houses


@pytest.fixture(scope="module")
def predictor(store: ModelStore) -> Predictor:
    """Return the small champion, loaded."""
    return Predictor.load(store, store.resolve("champion"))


@pytest.mark.parametrize("count", [1, 2, 31, 32, 96, 97, 128, 300])
def test_the_direct_form_equals_the_pipelines(
    loaded: Loaded, houses: list[dict[str, Any]], count: int
) -> None:
    """Unknown categories and missing values included, for every size of a batch."""
    direct = Direct(loaded.pipelines, loaded.card.schema)
    piped = Piped(loaded.pipelines, loaded.card.schema)

    assert np.array_equal(direct.raw(houses[:count]), piped.raw(houses[:count]))


def test_a_house_costs_the_same_alone_and_in_any_company(
    predictor: Predictor, houses: list[dict[str, Any]]
) -> None:
    """Neither the batch nor the place in it changes an answer."""
    alone = [predictor.predict([house])[0] for house in houses]
    shuffled = np.random.default_rng(3).permutation(len(houses))

    together = predictor.predict([houses[i] for i in shuffled])

    assert predictor.exact
    assert together == [alone[i] for i in shuffled]


def test_an_answer_says_price_range_date_and_model(
    predictor: Predictor, houses: list[dict[str, Any]]
) -> None:
    """The output is JSON-ready and complete."""
    card = predictor.card

    for output in predictor.predict(houses):
        interval = output.pop("interval")
        assert 0 < interval["low"] <= output.pop("price") <= interval["high"]
        assert (interval["level"], interval["method"]) == (0.9, card.interval.method)
        assert json.loads(json.dumps(output)) == {
            "currency": "USD",
            "as_of": str(card.as_of),
            "model": {
                "name": "king-county",
                "version": card.version,
                "digest": card.digest,
                "trained_at": "2026-01-02T03:04:05Z",
            },
        }


def test_no_houses_have_no_prices(predictor: Predictor) -> None:
    """An empty batch is not an error."""
    assert predictor.predict([]) == []


def test_an_answer_belongs_to_its_caller_alone(
    predictor: Predictor, houses: list[dict[str, Any]]
) -> None:
    """Whoever adds to one output changes no other."""
    first, second = predictor.predict(houses[:2])
    first["model"]["alias"] = "champion"

    assert "alias" not in second["model"]
    assert "alias" not in predictor.predict(houses[:1])[0]["model"]


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
    assert record.getMessage().startswith(f"predictor_fell_back: {loaded.card.version}")
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


def test_another_market_is_priced_exactly_too(
    other_market: Writer, tmp_path: Path, small_artifact: artifact.Artifact
) -> None:
    """Two categories, a missing one among them, and gaps that training saw."""
    sales = dataset.load(other_market())
    trained = training.train(
        sales, seed=1, trained_at=small_artifact.trained_at, recipe=Recipe(trees=5)
    )
    store = small_model.promoted(trained, tmp_path / "store")

    predictor = Predictor.load(store, store.resolve("champion"))
    output = predictor.predict([{"area": 80, "quarter": "NA"}])[0]

    assert predictor.exact
    assert output["currency"] == "EUR"


def test_a_market_without_categories_is_priced_exactly_too(
    other_market: Writer, small_artifact: artifact.Artifact
) -> None:
    """A table of numbers alone needs no encoder."""
    definition = other_market()
    features = json.loads(definition.read_text())["features"]
    sales = dataset.load(
        other_market(features=[f for f in features if f["kind"] != "category"])
    )
    trained = training.train(
        sales, seed=1, trained_at=small_artifact.trained_at, recipe=Recipe(trees=5)
    )
    files = artifact.dump(trained, small_model.KEY)

    assert Predictor(artifact.load(files)).exact
