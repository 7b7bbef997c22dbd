"""The laws of /openapi.json."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from pydantic import BaseModel, ValidationError

from api import catalog, documented_path, schemas
from api.app import create_app
from api.catalog import Catalog
from api.errors import ServiceError
from api.openapi import document, examples
from api.openapi.described import ALWAYS
from api.services import Services
from api.settings import ApiSettings
from model_store.store import ModelStore
from tests.api.conftest import Client, assert_problem
from tests.second_version import SECOND

Document = dict[str, Any]


@pytest.fixture
def described(client: Client) -> Document:
    """Return the document."""
    found: Document = client.get("/openapi.json").json
    return found


def test_the_document_lists_exactly_the_routes_served(
    app: Flask, described: Document
) -> None:
    """No more and no less."""
    served = {
        (documented_path.of(rule.rule), method)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    listed = {
        (path, method.upper())
        for path, methods in described["paths"].items()
        for method in methods
    }

    assert listed == served


def test_the_document_is_openapi_3_1(described: Document) -> None:
    """And every reference in it leads somewhere."""
    assert described["openapi"] == "3.1.0"
    text = json.dumps(described)
    for reference in set(re.findall(r'"\$ref": "#/([^"]+)"', text)):
        part: Any = described
        for name in reference.split("/"):
            part = part[name]
        assert part


def test_every_operation_says_what_can_happen(described: Document) -> None:
    """Codes, problem types, keys and headers."""
    for path, methods in described["paths"].items():
        for operation in methods.values():
            codes = set(operation["responses"])
            assert operation["summary"], path
            assert operation["operationId"], path
            if path.startswith("/v1/"):
                assert codes >= {"401", "403", "406", "500", "503"}
                assert codes & {"200", "201", "202", "204"}


def test_every_operation_names_the_scope_that_it_needs(
    app: Flask, described: Document
) -> None:
    """The one that is checked."""
    needed = {}
    for rule in app.url_map.iter_rules():
        view: Any = app.view_functions[rule.endpoint]
        for method in (rule.methods or set()) - {"HEAD"}:
            path = documented_path.of(rule.rule)
            scopes = list(view.scopes)
            needed[path, method.lower()] = [{"key": scopes}] if scopes else []

    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            assert operation["security"] == needed[path, method]


def test_errors_are_problems_each_cause_with_its_type(described: Document) -> None:
    """One type, one cause; each is shown where it can happen."""
    create = described["paths"]["/v1/predictions"]["post"]["responses"]

    problem = create["422"]["content"]["application/problem+json"]
    types = {one["value"]["type"] for one in problem["examples"].values()}
    assert types == {
        "urn:kerbside:problem:invalid-submission",
        "urn:kerbside:problem:idempotency-key-reused",
    }
    limits = {"RateLimit", "RateLimit-Policy"}
    assert set(create["503"]["headers"]) == {"Retry-After", *limits, *ALWAYS}
    poll = described["paths"]["/v1/predictions/{prediction_id}"]["get"]["responses"]
    assert set(poll["503"]["headers"]) == {"Retry-After", *ALWAYS}
    assert set(create["202"]["headers"]) >= {"Location", "Retry-After", "ETag"}


def test_every_body_that_is_shown_is_one_that_its_schema_describes(
    described: Document,
) -> None:
    """Each schema of an answer has an example, and it is valid."""
    answers = [
        answer
        for methods in described["paths"].values()
        for operation in methods.values()
        for answer in operation["responses"].values()
    ]
    told = json.dumps([answers, described["webhooks"]])
    shown = set(re.findall(r"#/components/schemas/(\w+)", told)) - {"Problem"}

    assert shown == examples.BODIES.keys()
    for name, body in examples.BODIES.items():
        schema: type[BaseModel] = getattr(schemas, name)
        schema.model_validate_json(json.dumps(body))
        assert described["components"]["schemas"][name]["examples"] == [body]


def test_every_header_and_parameter_has_an_example(described: Document) -> None:
    """But the cursor, which is nobody's to make up."""
    parts = described["components"]
    named = {**parts["headers"], **parts["parameters"]}

    assert [name for name, part in named.items() if "example" not in part] == ["cursor"]


def test_an_answer_that_shows_a_prediction_leads_on(described: Document) -> None:
    """Each link names an operation of the document and a parameter of it."""
    operations = {
        operation["operationId"]: operation
        for methods in described["paths"].values()
        for operation in methods.values()
    }
    links = described["components"]["links"]

    for link in links.values():
        names = {
            one.get("name") for one in operations[link["operationId"]]["parameters"]
        }
        assert link["parameters"].keys() <= names
    created = described["paths"]["/v1/predictions"]["post"]["responses"]
    assert created["202"]["links"].keys() == links.keys()


def test_no_two_causes_share_a_type() -> None:
    """The type URI alone tells a client what happened."""
    causes = _family(ServiceError)

    assert len({cause.type_uri() for cause in causes}) == len(causes)


def test_the_input_is_described_by_the_champions_schema(
    described: Document, store: ModelStore
) -> None:
    """Units, ranges and an example that validates."""
    schema = store.card(store.resolve("champion")).schema

    house = described["components"]["schemas"]["House"]
    request = described["components"]["schemas"]["PredictionRequest"]

    assert set(house["properties"]) == set(schema.names)
    assert house["additionalProperties"] is False
    assert house["properties"]["sqft_living"]["unit"]
    model = Catalog(store).served().request_model
    model.model_validate(request["examples"][0])
    with pytest.raises(ValidationError):
        model.model_validate({"input": {}})


def test_the_document_is_served_before_there_is_a_champion(
    redis_url: str, tmp_path: Path
) -> None:
    """With an input that says nothing yet."""
    settings = ApiSettings(redis_url=redis_url, store_url=str(tmp_path))
    client: Client = create_app(settings).test_client()

    answer = client.get("/openapi.json")

    assert answer.status_code == 200
    assert "PredictionRequest" in answer.json["components"]["schemas"]


def test_the_document_tells_the_settings_of_this_installation(
    redis_url: str, store: ModelStore
) -> None:
    """Times that can be set are those that are set."""
    settings = ApiSettings(
        redis_url=redis_url,
        store_url=store.url,
        trusted_keys=store.trust.keys,
        wait_cap_s=17,
        idempotency_ttl_s=7200,
    )
    client: Client = create_app(settings).test_client()

    told = client.get("/openapi.json").json["components"]["parameters"]

    assert "17 in all" in told["Prefer"]["description"]
    assert "within 2 hours" in told["Idempotency-Key"]["description"]


def test_a_champion_without_its_folder_is_no_document(
    redis_url: str, tmp_path: Path
) -> None:
    """It would describe another input than the one that prices."""
    (tmp_path / "aliases.json").write_text(
        '{"generation": 1, "champion": "lost", "challenger": null, "previous": null}'
    )
    settings = ApiSettings(redis_url=redis_url, store_url=str(tmp_path))
    client: Client = create_app(settings).test_client()

    answer = client.get("/openapi.json")

    assert_problem(answer, 503, "model-store-unavailable")


def test_the_document_follows_the_champion(
    client: Client, shared: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is made once for each, and has a tag of its own."""
    first = client.get("/openapi.json")
    made: list[None] = []

    def describe(*_: object) -> Document:
        made.append(None)
        return {}

    monkeypatch.setattr(document, "_described", describe)
    same = client.get("/openapi.json", headers={"If-None-Match": first.headers["ETag"]})
    assert (same.status_code, made) == (304, [])

    served = shared.catalog.served()
    other = served.card.__class__(**{**vars(served.card), "version": "other"})
    changed = type(served)(other, served.request_model)
    monkeypatch.setattr(type(shared.catalog), "served", lambda _: changed)
    client.get("/openapi.json")

    assert made == [None]


def test_the_input_follows_a_promotion_without_a_restart(
    redis_url: str, own_store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another schema is described, and asked for, as soon as the aliases are read."""
    monkeypatch.setattr(catalog, "ALIAS_TTL_S", 0.0)
    settings = ApiSettings(
        redis_url=redis_url,
        store_url=own_store.url,
        trusted_keys=own_store.trust.keys,
    )
    client: Client = create_app(settings).test_client()

    before = client.get("/openapi.json").json["components"]["schemas"]["House"]
    own_store.promote(SECOND)
    after = client.get("/openapi.json").json["components"]["schemas"]["House"]

    assert set(before["properties"]) - set(after["properties"]) == {"view"}


def _family(cause: type[ServiceError]) -> list[type[ServiceError]]:
    return [cause, *(one for sub in cause.__subclasses__() for one in _family(sub))]
