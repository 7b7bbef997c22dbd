"""The laws of /v1/models."""

import pytest

from api.schemas import Model, ModelList
from model_store.store import ModelStore
from tests.api.conftest import Client, Headers, assert_problem


def test_every_version_is_listed_with_its_aliases(
    client: Client, caller: Headers, store: ModelStore
) -> None:
    """In the shape of every list."""
    answer = client.get("/v1/models", headers=caller)

    models = ModelList.model_validate_json(answer.data)
    assert [model.version for model in models.results] == store.versions()[::-1]
    assert models.results[0].aliases == ["champion"]


@pytest.mark.parametrize("name", ["champion", None])
def test_a_card_is_found_by_alias_or_version(
    client: Client, caller: Headers, store: ModelStore, name: str | None
) -> None:
    """The card is whole, the input schema with it."""
    version = store.resolve("champion")

    answer = client.get(f"/v1/models/{name or version}", headers=caller)

    model = Model.model_validate_json(answer.data)
    assert answer.status_code == 200
    assert model.version == version
    assert model.aliases == ["champion"]
    assert model.input_schema["features"]


@pytest.mark.parametrize("name", ["nobody", "challenger", "..", "a" * 3000, "%00"])
def test_an_unknown_version_is_404(client: Client, caller: Headers, name: str) -> None:
    """An alias that points nowhere too."""
    answer = client.get(f"/v1/models/{name}", headers=caller)

    assert_problem(answer, 404, "unknown-model-version")
