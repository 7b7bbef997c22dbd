"""A tenant is told, once, that all its properties were valued anew."""

from dataclasses import replace
from typing import Any

import orjson
import pytest

from api.schemas import PortfolioEvent
from model_store.store import ModelStore
from tests.worker.webhooks.site import Site
from worker.batch import Batch, Status
from worker.unstored import Unstored
from worker.webhooks.revalued import RevaluedNews


def _revaluation(store: ModelStore, status: Status = "completed") -> Unstored:
    card = store.card(store.resolve("champion"))
    batch = Batch(
        id="bat_" + "0" * 32,
        model=card.name,
        version=card.version,
        purpose="revaluation",
        status=status,
        rows=3,
        completed=2,
        failed=1,
        stored=2,
        created_ms=1,
        metadata=b"{}",
        faults={},
    )
    return Unstored(
        batch=batch,
        tenant="acme",
        max_age_s=None,
        chunks_stored=0,
        valued_ms=0,
        counts={
            "compared": 2.0,
            "moved": 1.0,
            "value_before": 900_000.4,
            "value_after": 950_000.0,
        },
    )


def _told(site: Site) -> list[Any]:
    records = site.deliveries.load(site.take())
    return [orjson.loads(record[b"body"]) for record in records]


def test_it_is_told_once_with_what_has_moved(site: Site, store: ModelStore) -> None:
    """However often who stores it comes back to it."""
    site.endpoint("portfolio.*")
    site.endpoint("prediction.*", url="https://receiver.example/other")
    site.endpoint(tenant="other", url="https://receiver.example/theirs")
    news = RevaluedNews(site.redis, site.settings, store)

    for _ in range(2):
        news.tell(_revaluation(store))

    (event,) = _told(site)
    told = PortfolioEvent.model_validate_json(orjson.dumps(event)).data
    assert (told.properties, told.stored, told.failed) == (3, 2, 1)
    assert (told.compared, told.moved) == (2, 1)
    assert (told.value_before, told.value_after) == (900_000, 950_000)
    assert told.version == store.resolve("champion")


def test_it_is_told_though_its_version_was_removed(
    site: Site, store: ModelStore
) -> None:
    """Only the currency is not known any more."""
    site.endpoint()
    one = _revaluation(store)
    gone = replace(one, batch=replace(one.batch, version="20200101-00000000"))

    RevaluedNews(site.redis, site.settings, store).tell(gone)

    (event,) = _told(site)
    told = PortfolioEvent.model_validate_json(orjson.dumps(event)).data
    assert told.currency is None


@pytest.mark.parametrize("status", ["canceled", "expired"])
def test_one_that_was_ended_before_is_no_news(
    site: Site, store: ModelStore, status: Status
) -> None:
    """Its batch's own event tells that."""
    site.endpoint()

    RevaluedNews(site.redis, site.settings, store).tell(_revaluation(store, status))

    assert _told(site) == []
