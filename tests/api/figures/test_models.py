"""What is told of models."""

from datetime import UTC, datetime
from pathlib import Path

import orjson
import redis as redis_py
from prometheus_client import CollectorRegistry

from api.app import create_app
from api.figures.models import ModelFigures
from api.services import Services
from api.settings import ApiSettings
from model_store.store import ModelStore
from tests.api.conftest import Client, Headers
from tests.api.figures.conftest import Scrape, figures
from worker import keys


def test_what_workers_refuse_is_counted(scrape: Scrape, shared: Services) -> None:
    """By version, over all workers."""
    for version in ("v1", "v2", "v2"):
        shared.versions.refused(version, "damaged")

    told = scrape()

    assert told["kerbside_model_refusals_total"] == [
        ({"version": "v1"}, 1.0),
        ({"version": "v2"}, 2.0),
    ]


def test_a_refusal_that_nobody_repeats_is_told_no_more(
    scrape: Scrape, shared: Services, redis: redis_py.Redis
) -> None:
    """A worker that went away, or a version that nobody asks for, raises no alarm."""
    for version in ("v1", "v2"):
        shared.versions.refused(version, "damaged")
    record = orjson.loads(redis.hget(keys.REFUSED, "v1") or b"")
    record["last"] -= 120_000
    redis.hset(keys.REFUSED, "v1", orjson.dumps(record))

    assert scrape()["kerbside_model_refusals_total"] == [({"version": "v2"}, 1.0)]


def test_each_alias_tells_its_version(scrape: Scrape, store: ModelStore) -> None:
    """Aliases that mean nothing are left out."""
    card = store.card(store.resolve("champion"))

    told = scrape()

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


def test_an_empty_store_has_figures(
    redis_url: str, operator: Headers, tmp_path: Path
) -> None:
    """Those of no model are absent."""
    settings = ApiSettings(redis_url=redis_url, store_url=str(tmp_path))
    client: Client = create_app(settings).test_client()

    answer = client.get("/metrics", headers=operator)

    assert answer.status_code == 200
    told = figures(answer.text)
    assert "kerbside_jobs_waiting" in told
    assert [name for name in told if name.startswith("kerbside_model")] == []


def test_a_store_that_cannot_be_read_hides_no_refusal(
    redis_url: str, operator: Headers, shared: Services, tmp_path: Path
) -> None:
    """The figures of Redis are told all the same."""
    (tmp_path / "aliases.json").write_text("{")
    shared.versions.refused("v1", "damaged")
    settings = ApiSettings(redis_url=redis_url, store_url=str(tmp_path))
    client: Client = create_app(settings).test_client()

    told = figures(client.get("/metrics", headers=operator).text)

    models = [name for name in told if name.startswith("kerbside_model")]
    assert models == ["kerbside_model_refusals_total"]
