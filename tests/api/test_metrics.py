"""The laws of /metrics."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from api.app import create_app
from api.metrics import ModelFigures
from api.services import Services
from api.settings import ApiSettings
from model_store.store import ModelStore
from tests.api.conftest import Client, Headers, assert_problem


def figures(text: str) -> dict[str, list[tuple[dict[str, str], float]]]:
    """Return name -> labels and value of each sample, as Prometheus reads them."""
    found: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, []).append((sample.labels, sample.value))
    return found


def test_what_workers_refuse_is_counted(
    client: Client, operator: Headers, shared: Services
) -> None:
    """By version, over all workers."""
    for version in ("v1", "v2", "v2"):
        shared.versions.refused(version, "damaged")

    told = figures(client.get("/metrics", headers=operator).text)

    assert told["kerbside_model_refusals_total"] == [
        ({"version": "v1"}, 1.0),
        ({"version": "v2"}, 2.0),
    ]


def test_each_alias_tells_its_version(
    client: Client, operator: Headers, store: ModelStore
) -> None:
    """Aliases that mean nothing are left out."""
    card = store.card(store.resolve("champion"))

    told = figures(client.get("/metrics", headers=operator).text)

    labels = {"name": card.name, "version": card.version, "alias": "champion"}
    assert told["kerbside_model_info"] == [(labels, 1.0)]


def test_the_ages_of_model_and_data_are_two_figures(
    shared: Services, store: ModelStore
) -> None:
    """A model of today may know sales of years ago only."""
    card = store.card(store.resolve("champion"))
    now = card.trained_at.timestamp() + 60
    data_end = datetime.combine(card.as_of, datetime.min.time(), UTC)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(ModelFigures(shared.catalog, shared.versions, now=lambda: now))

    age = registry.get_sample_value("kerbside_model_age_seconds")
    data_age = registry.get_sample_value("kerbside_model_data_age_seconds")

    assert age == 60
    assert data_age == now - data_end.timestamp()


def test_figures_are_for_operators(client: Client, caller: Headers) -> None:
    """They tell of all tenants."""
    assert_problem(client.get("/metrics"), 401, "missing-key")
    assert_problem(client.get("/metrics", headers=caller), 403, "missing-scope")


@pytest.mark.parametrize(
    ("accepted", "status"),
    [
        ("application/openmetrics-text;version=1.0.0;q=0.6,text/plain;q=0.5", 200),
        ("*/*", 200),
        ("application/json", 406),
    ],
)
def test_figures_are_text(
    client: Client, operator: Headers, accepted: str, status: int
) -> None:
    """In the form that every Prometheus reads."""
    answer = client.get("/metrics", headers={**operator, "Accept": accepted})

    assert answer.status_code == status
    if status == 200:
        assert answer.content_type == "text/plain; version=0.0.4; charset=utf-8"


def test_an_empty_store_has_figures(
    redis_url: str, operator: Headers, tmp_path: Path
) -> None:
    """Those of no model are absent."""
    settings = ApiSettings(redis_url=redis_url, store_url=str(tmp_path))
    client: Client = create_app(settings).test_client()

    answer = client.get("/metrics", headers=operator)

    assert answer.status_code == 200
    assert figures(answer.text) == {}


def test_a_store_that_cannot_be_read_hides_no_refusal(
    redis_url: str, operator: Headers, shared: Services, tmp_path: Path
) -> None:
    """The figures of Redis are told all the same."""
    (tmp_path / "aliases.json").write_text("{")
    shared.versions.refused("v1", "damaged")
    settings = ApiSettings(redis_url=redis_url, store_url=str(tmp_path))
    client: Client = create_app(settings).test_client()

    told = figures(client.get("/metrics", headers=operator).text)

    assert list(told) == ["kerbside_model_refusals_total"]


def test_no_figure_names_a_host(client: Client, operator: Headers) -> None:
    """A label for each process would grow without end."""
    told = figures(client.get("/metrics", headers=operator).text)

    names = {
        name for samples in told.values() for labels, _ in samples for name in labels
    }
    assert names <= {"name", "version", "alias"}
