"""What is in the files of a model version comes back, and nothing else is run."""

import json

import numpy as np
import pytest

from model_store import artifact, model_file, pipelines
from model_store.artifact import Loaded
from model_store.errors import ArtifactError
from model_store.manifest import PARITY
from model_store.predictor import Predictor
from model_store.store import ModelStore
from tests import damage


def test_what_was_saved_is_what_is_loaded(
    loaded: Loaded, small_artifact: artifact.Artifact
) -> None:
    """Card and pipelines come back as they were."""
    frame = pipelines.frame(small_artifact.schema, small_artifact.parity_houses)

    again = pipelines.predict(loaded.pipelines, frame)

    assert np.array_equal(
        again, pipelines.predict(small_artifact.model.pipelines, frame)
    )
    assert loaded.card.schema == small_artifact.schema
    assert loaded.card.interval == small_artifact.interval
    assert tuple(loaded.parity_houses) == small_artifact.parity_houses


@pytest.mark.parametrize(
    "parity",
    [
        "[]",
        "[" * 100_000,
        '{"houses": [], "raw": []}',
        '{"houses": [{}], "raw": []}',
        '{"houses": [{}], "raw": [[1, 2]]}',
        '{"houses": [[]], "raw": [[1, 2]]}',
        '{"houses": [{}], "raw": [["x", 2]]}',
        '{"houses": {"a": 1}, "raw": [[1, 2]]}',
        '{"houses": [{}, {}], "raw": [[1, 2], [3]]}',
    ],
)
def test_parity_rows_that_are_none_are_refused(
    made: dict[str, bytes], parity: str
) -> None:
    """A model that cannot be compared with itself is not served."""
    spoilt = made | {PARITY: parity.encode()}

    with pytest.raises(ArtifactError, match="train it again"):
        artifact.load(spoilt)


def test_a_type_that_was_not_reviewed_is_refused(loaded: Loaded) -> None:
    """A model file that names a function to call is not opened."""
    content = damage.naming_a_function(model_file.dump(loaded.pipelines))

    with pytest.raises(ArtifactError, match=r"refused.*os\.system"):
        model_file.load(content)


def test_a_pickle_is_refused() -> None:
    """Nothing but a skops file is read, least of all a pickle."""
    with pytest.raises(ArtifactError, match="not a file of pipelines"):
        model_file.load(damage.PICKLE)


@pytest.mark.parametrize("field", ["left", "right", "feature_idx"])
def test_a_tree_that_leads_out_of_its_arrays_is_refused(
    store: ModelStore, field: str
) -> None:
    """Compiled code checks no bounds, so the file is checked before it runs."""
    fresh = artifact.load(store.files(store.resolve("champion")))
    nodes = fresh.pipelines[1]["trees"]._predictors[3][0].nodes  # noqa: SLF001 - as above
    nodes[field][0] = 10**6

    with pytest.raises(ArtifactError, match="nodes lead out"):
        model_file.load(model_file.dump(fresh.pipelines))


def test_a_tree_with_a_circle_is_refused(store: ModelStore) -> None:
    """A walk that never ends would hang a worker."""
    fresh = artifact.load(store.files(store.resolve("champion")))
    nodes = fresh.pipelines[0]["trees"]._predictors[0][0].nodes  # noqa: SLF001 - as above
    nodes["left"][0] = 0

    with pytest.raises(ArtifactError, match="nodes lead out"):
        model_file.load(model_file.dump(fresh.pipelines))


def test_a_tree_whose_branches_meet_is_refused(store: ModelStore) -> None:
    """A few dozen such nodes have more ways through them than anybody can go."""
    fresh = artifact.load(store.files(store.resolve("champion")))
    nodes = fresh.pipelines[0]["trees"]._predictors[0][0].nodes  # noqa: SLF001 - as above
    nodes["right"][0] = nodes["left"][0]

    with pytest.raises(ArtifactError, match="nodes lead out"):
        model_file.load(model_file.dump(fresh.pipelines))


def test_the_bytes_of_a_model_file_depend_on_the_model_alone(loaded: Loaded) -> None:
    """Neither the clock nor addresses in memory leave a trace."""
    once = model_file.dump(loaded.pipelines)
    again = model_file.dump(model_file.load(once))

    assert again == once


def test_a_parity_house_that_nobody_can_price_is_refused(
    made: dict[str, bytes],
) -> None:
    """Whatever stands in it, the model is refused and nothing else happens."""
    rows = json.loads(made[PARITY])
    rows["houses"][0]["lat"] = {"north": 1}

    with pytest.raises(ArtifactError, match="cannot price its own houses"):
        Predictor(artifact.load(made | {PARITY: json.dumps(rows).encode()}))
