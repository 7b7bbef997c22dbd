"""The laws of /v1/models."""

import json
from pathlib import Path
from typing import Any

import pytest

from api.schemas import Model, ModelList, ModelReport, Refusal
from api.services import Services
from model_store.store import ModelStore
from tests.api.conftest import Client, Headers, MakeHeaders, assert_problem
from tests.second_version import SECOND

#: What can be read of a version.
PARTS = ("", "/card", "/report", "/schema")


def test_every_version_is_listed_with_its_aliases(
    client: Client, caller: Headers, store: ModelStore
) -> None:
    """In the shape of every list."""
    answer = client.get("/v1/models", headers=caller)

    models = ModelList.model_validate_json(answer.data)
    assert [model.version for model in models.results] == store.versions()[::-1]
    assert models.results[0].aliases == ["champion"]
    assert models.refused == []


def test_a_damaged_card_takes_no_other_from_the_list(
    own_client: Client, caller: Headers, own_store: ModelStore
) -> None:
    """It is named apart."""
    (Path(own_store.url) / SECOND / "card.json").write_text("{}")

    answer = own_client.get("/v1/models", headers=caller)

    models = ModelList.model_validate_json(answer.data)
    assert models.refused == [SECOND]
    assert [model.aliases for model in models.results] == [["champion"]]


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


def test_the_card_is_the_file_that_was_published(
    client: Client, caller: Headers, store: ModelStore
) -> None:
    """Byte for byte, so that it can be compared with the manifest."""
    version = store.resolve("champion")

    answer = client.get(f"/v1/models/{version}/card", headers=caller)

    assert answer.data == (Path(store.url) / version / "card.json").read_bytes()
    assert answer.content_type == "application/json"


def test_the_schema_of_a_version_is_a_json_schema_of_its_houses(
    own_client: Client, caller: Headers
) -> None:
    """Each version its own."""
    first, second = (
        own_client.get(f"/v1/models/{name}/schema", headers=caller).json
        for name in ("champion", SECOND)
    )

    assert first["type"] == "object"
    assert first["additionalProperties"] is False
    assert set(first["properties"]) - set(second["properties"]) == {"view"}


@pytest.mark.parametrize("path", ["", *(f"/champion{part}" for part in PARTS)])
def test_what_the_client_has_is_not_sent_again(
    client: Client, caller: Headers, path: str
) -> None:
    """By its tag."""
    tag = client.get(f"/v1/models{path}", headers=caller).headers["ETag"]

    answer = client.get(f"/v1/models{path}", headers={**caller, "If-None-Match": tag})

    assert (answer.status_code, answer.data) == (304, b"")


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("name", ["nobody", "challenger", "..", "a" * 3000, "%00"])
def test_an_unknown_version_is_404(
    client: Client, caller: Headers, name: str, part: str
) -> None:
    """An alias that points nowhere too."""
    answer = client.get(f"/v1/models/{name}{part}", headers=caller)

    assert_problem(answer, 404, "unknown-model-version")


def test_a_lost_card_leaves_a_version_that_is_refused(
    own_client: Client, caller: Headers, own_store: ModelStore
) -> None:
    """That is a fault of the store, not of who asks."""
    (Path(own_store.url) / SECOND / "card.json").unlink()

    answer = own_client.get(f"/v1/models/{SECOND}/card", headers=caller)

    assert_problem(answer, 503, "model-version-refused")


@pytest.mark.parametrize("damaged", [False, True])
def test_an_operator_reads_why_a_version_is_refused(
    own_client: Client,
    bearer: MakeHeaders,
    own_store: ModelStore,
    shared: Services,
    *,
    damaged: bool,
) -> None:
    """The reason may name paths: other keys do not see it."""
    for _ in range(2):
        shared.versions.refused(SECOND, "no signature in /srv/models")
    if damaged:
        (Path(own_store.url) / SECOND / "card.json").write_text("{}")
    url = f"/v1/models/{SECOND}"

    told = own_client.get(url, headers=bearer("operator", "read operate"))
    untold = own_client.get(url, headers=bearer())

    refusal = Refusal.model_validate_json(json.dumps(told.json["refused"]))
    assert (refusal.count, refusal.reason) == (2, "no signature in /srv/models")
    assert refusal.since <= refusal.last
    assert "refused" not in untold.json
    assert {told.status_code, untold.status_code} == {503 if damaged else 200}
    if damaged:
        assert_problem(untold, 503, "model-version-refused")


def test_a_version_that_loads_again_is_not_refused(
    client: Client, bearer: MakeHeaders, store: ModelStore, shared: Services
) -> None:
    """What was, is no longer shown."""
    version = store.resolve("champion")
    shared.versions.refused(version, "damaged")
    shared.versions.loaded(version)

    told: Any = client.get(
        "/v1/models/champion", headers=bearer("operator", "read operate")
    )

    assert "refused" not in told.json


def test_a_report_says_in_words_what_a_card_says(
    client: Client, caller: Headers, store: ModelStore
) -> None:
    """Whose model it is, how good, and what there is for each factor of the rule."""
    answer = client.get("/v1/models/champion/report", headers=caller)

    report = ModelReport.model_validate_json(answer.data)
    version = store.resolve("champion")
    assert version in report.title
    assert store.signer(version) in answer.text
    rule = report.sections[-1].blocks[-1].rows
    assert rule is not None
    assert [row[0][:3] for row in rule] == ["(a)", "(b)", "(c)", "(d)", "(e)"]
    plots = [one.svg for part in report.sections for one in part.blocks if one.svg]
    assert len(plots) == 1
