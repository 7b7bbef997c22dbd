"""The predictor prices as the pipelines do, to the last bit."""

from model_store.artifact import Artifact
from model_store.predictor import Predictor
from model_store.store import ModelStore


def test_a_published_model_prices_a_house(
    store: ModelStore, small_artifact: Artifact
) -> None:
    """What was trained can be loaded and asked, in its direct form."""
    predictor = Predictor.load(store, store.resolve("champion"))

    (output,) = predictor.predict([small_artifact.examples[0]["house"]])

    assert predictor.exact
    assert output["interval"]["low"] <= output["price"] <= output["interval"]["high"]
