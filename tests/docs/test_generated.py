"""The laws of the pages that are made from the code."""

import re

import click
import pytest
import redis as redis_py

from api.app import create_app
from api.cli import main
from api.settings import ApiSettings
from docs import (
    commands_page,
    http_page,
    metrics_page,
    openapi,
    schemas_page,
    values_page,
)
from docs.generated import PAGES
from docs.markdown import sentences, table
from model_store.store import ModelStore
from worker.credentials import ApiKeys
from worker.metrics import Metrics
from worker.webhooks import event_types


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_the_same_on_every_machine(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither settings nor a model that is there change what it says."""
    page = PAGES[name]()
    monkeypatch.setenv("KERBSIDE_WAIT_CAP_S", "17")
    monkeypatch.setenv("KERBSIDE_STORE_URL", "/nowhere")
    monkeypatch.setenv("COLUMNS", "20")

    assert PAGES[name]() == page


def test_every_route_code_and_schema_of_the_document_is_told() -> None:
    """Whatever `/openapi.json` says of them."""
    document = openapi.document()
    routes, schemas = http_page.render(), schemas_page.render()

    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            section = routes.partition(f"### {method.upper()} {path}\n")[2]
            section = section.partition("\n### ")[0]
            for code in operation["responses"]:
                assert f"| `{code}` |" in section, (method, path)
    for name, schema in document["components"]["schemas"].items():
        section = schemas.partition(f"## {name}\n")[2].partition("\n## ")[0]
        for field in schema.get("properties", {}):
            assert f"| `{field}` |" in section, name


def test_every_event_is_told() -> None:
    """With its body and with the headers that all of them have."""
    events = http_page.render().partition("## Events\n")[2].partition("\n## ")[0]

    for type_ in event_types.TYPES:
        assert f"| `{type_}` |" in events
    for name in ("webhook-id", "webhook-timestamp", "webhook-signature"):
        assert f"| `{name}` |" in events


def test_every_command_and_option_is_told() -> None:
    """Those of `kerbside model` too, which is another program."""
    page = commands_page.render()
    found = {
        commands_page.path_of(context): context.command
        for context in commands_page.commands("kerbside", main)
    }

    assert {"kerbside up", "kerbside model train"} <= found.keys()
    for path, command in found.items():
        section = page.partition(f"# {path}\n")[2]
        for option in command.params:
            if isinstance(option, click.Option):
                assert option.opts[0] in section, path


def test_every_series_of_a_scrape_is_told(
    redis_url: str, redis: redis_py.Redis, store: ModelStore
) -> None:
    """Prometheus meets none that the page of metrics does not know."""
    settings = ApiSettings(
        redis_url=redis_url, store_url=store.url, trusted_keys=store.trust.keys
    )
    token, _ = ApiKeys(redis).create(tenant="operator", scopes=["operate"])
    told = {"Authorization": f"Bearer {token}"}

    answer = create_app(settings).test_client().get("/metrics", headers=told)

    scraped = set(re.findall(r"^(\w+)[{ ]", answer.text, re.MULTILINE))
    page = metrics_page.render()
    assert scraped
    assert [name for name in sorted(scraped) if f"| `{name}` |" not in page] == []


def test_every_series_of_a_worker_is_told(metrics: Metrics) -> None:
    """One that the page's own worker never came to would be missing."""
    page = metrics_page.render()
    made = {family.name for family in metrics.registry.collect()}

    assert made
    for name in made:
        assert f"| `{name}` |" in page or f"| `{name}_total` |" in page, name


def test_every_value_of_the_chart_is_told() -> None:
    """By the comment above it, or above what it is a part of."""
    page = values_page.render()

    assert values_page.undocumented() == []
    assert '| `redis.volume.size` | `"4Gi"` | Size of its claim. |' in page


def test_a_cell_breaks_no_table() -> None:
    """A bar or a line's end in it stays in it."""
    made = table(("a", "b"), [("1|2", "one\ntwo")])

    assert made == "| a | b |\n|---|---|\n| 1\\|2 | one two |\n"


def test_each_sentence_has_a_line_of_its_own() -> None:
    """Points inside a sentence end none."""
    assert sentences("One, e.g. this.\n Two: `a.b`. Three?") == (
        "One, e.g. this.\nTwo: `a.b`.\nThree?"
    )


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ({"type": "integer"}, "integer"),
        ({"type": "string", "format": "date"}, "string (date)"),
        ({"type": ["array", "null"]}, "array or null"),
        ({"type": "array", "items": {"type": "number"}}, "array of number"),
        ({"anyOf": [{"$ref": "#/x/House"}, {"type": "null"}]}, "[`House`](#house) or"),
        ({"enum": ["a", "b"]}, '`"a"`, `"b"`'),
        ({"additionalProperties": {"type": "string"}, "type": "object"}, "object of s"),
        ({}, "any"),
    ],
)
def test_the_type_of_a_field_is_told_in_words(
    schema: dict[str, object], told: str
) -> None:
    """Whichever way of JSON Schema it is written in."""
    assert schemas_page.kind_of(schema).startswith(told)
