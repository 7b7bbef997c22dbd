"""What is in the files of a model version comes back, and nothing else is run."""

import json
from collections.abc import Mapping

import numpy as np
import pytest

from model_store import artifact
from model_store.artifact import Loaded
from model_store.errors import ArtifactError
from model_store.recipe import pipelines
from model_store.serving.predictor import Predictor
from model_store.storage.manifest import PARITY


def test_what_was_saved_is_what_is_loaded(
    loaded: Loaded, small_artifact: artifact.Artifact
) -> None:
    """Card and pipelines come back as they were."""
    frame = pipelines.frame(small_artifact.schema, small_artifact.parity_houses)
    fitted = small_artifact.model

    again = pipelines.predict(loaded.pipelines, frame)

    assert np.array_equal(again, pipelines.predict(fitted.pipelines, frame))
    assert np.array_equal(again, loaded.parity_raw)
    assert loaded.card.schema == small_artifact.schema
    assert loaded.card.interval == small_artifact.interval
    assert loaded.card.profile == fitted.profile
    assert tuple(loaded.parity_houses) == small_artifact.parity_houses


@pytest.mark.parametrize(
    "parity",
    [
        "[]",
        "[" * 100_000,
        '{"houses": [], "raw": []}',
        '{"houses": [{}], "raw": []}',
        '{"houses": [{}], "raw": [[1, 2]]}',
        '{"houses": [[]], "raw": [[1, 2, 3]]}',
        '{"houses": [{}], "raw": [["x", 2, 3]]}',
        '{"houses": {"a": 1}, "raw": [[1, 2, 3]]}',
        '{"houses": [{}, {}], "raw": [[1, 2, 3], [4]]}',
    ],
)
def test_parity_rows_that_are_none_are_refused(
    made: Mapping[str, bytes], loaded: Loaded, parity: str
) -> None:
    """A model that cannot be compared with itself is not served."""
    with pytest.raises(ArtifactError, match=loaded.card.version):
        artifact.load({**made, PARITY: parity.encode()})


def test_a_parity_house_that_nobody_can_price_is_refused(
    made: Mapping[str, bytes],
) -> None:
    """Whatever stands in it, the model is refused and nothing else happens."""
    rows = json.loads(made[PARITY])
    rows["houses"][0]["lat"] = {"north": 1}

    loaded = artifact.load({**made, PARITY: json.dumps(rows).encode()})

    with pytest.raises(ArtifactError, match="cannot price its own houses"):
        Predictor(loaded)
