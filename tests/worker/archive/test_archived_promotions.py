"""The laws of how changes of the aliases are archived: each, and once."""

from typing import Any

import pytest
import redis as redis_py

from model_store.actor import Actor
from model_store.archive.archive import Archive
from model_store.store import ModelStore
from tests.model_store.archive.rows import actions
from tests.second_version import SECOND
from tests.worker.archive.site import Site
from worker import keys
from worker.audit import Action, Audit
from worker.settings import WorkerSettings
from worker.webhooks.promotions import Promotions

ADA = Actor("key:A1b2C3d4E5f6", "order-7")


@pytest.fixture
def promotions(
    redis: redis_py.Redis, settings: WorkerSettings, own_store: ModelStore
) -> Promotions:
    """Return what looks at the store."""
    return Promotions(redis, own_store, settings)


def _told(archive: Archive) -> list[tuple[Any, ...]]:
    """Return what the archive has of the second version and whoever changed it."""
    told = [
        (one.actor, one.operation, one.targets, one.request_id)
        for one in actions(archive)
    ]
    return [one for one in told if one[0] == ADA.name]


PROMOTED = (ADA.name, "promote_model", (SECOND,), "order-7")


def test_whoever_was_killed_after_a_change_has_an_entry(
    site: Site, promotions: Promotions, own_store: ModelStore
) -> None:
    """Nobody but the file knew of it: two changes between two looks are two."""
    promotions.look()
    own_store.promote(SECOND, by=ADA)
    own_store.rollback(by=ADA)

    promotions.look()
    site.take_up()

    assert [one[1] for one in _told(site.archive)] == [
        "promote_model",
        "rollback_model",
    ]


def test_a_change_that_was_written_down_as_well_is_one_entry(
    site: Site, promotions: Promotions, own_store: ModelStore
) -> None:
    """By who made it, and by two who looked, of whom one was killed before it ended."""
    promotions.look()
    before = site.redis.get(keys.ALIASES)
    (*_, change) = own_store.promote(SECOND, by=ADA).changes
    Audit(site.redis).keep(Action.of(change))
    promotions.look()
    site.redis.set(keys.ALIASES, before)
    promotions.look()
    site.take_up()

    assert _told(site.archive) == [PROMOTED]


def test_a_change_waits_for_an_archive_that_nobody_has_read_for(
    site: Site, promotions: Promotions, own_store: ModelStore
) -> None:
    """Of a first start the model is promoted before there is a feed."""
    site.redis.delete(keys.FEED)
    own_store.promote(SECOND, by=ADA)

    promotions.look()
    site.feed.open()
    site.take_up()

    assert _told(site.archive) == [PROMOTED]


def test_without_an_archive_a_change_is_logged_and_waits_for_nobody(
    site: Site, own_store: ModelStore, caplog: pytest.LogCaptureFixture
) -> None:
    """No feed is made that nobody reads."""
    site.redis.delete(keys.FEED)
    settings = site.settings.model_copy(update={"archive_url": None})
    own_store.promote(SECOND, by=ADA)

    Promotions(site.redis, own_store, settings).look()

    assert not site.redis.exists(keys.FEED)
    assert "aliases_changed" in caplog.text
    assert ADA.name in caplog.text
