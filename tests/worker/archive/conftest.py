"""Fixtures of the archive's tests: an installation that has one."""

import pytest
import redis as redis_py

from model_store.archive.archive import Archive
from tests.worker.archive.site import Site
from worker.archiving import Archiving
from worker.feed import Feed
from worker.ledger import Ledger
from worker.metrics import Metrics
from worker.queue import Queue
from worker.settings import WorkerSettings

#: Seconds that Redis keeps an archived job; no test waits for that.
WINDOW_S = 60


@pytest.fixture
def settings(settings: WorkerSettings, archive: Archive) -> WorkerSettings:
    """Return settings of a worker that fills an archive."""
    changes = {"archive_url": archive.database.place, "archive_window_s": WINDOW_S}
    return settings.model_copy(update=changes)


@pytest.fixture
def feed(redis: redis_py.Redis, settings: WorkerSettings) -> Feed:
    """Return the feed, made by its first reader."""
    feed = Feed(redis, settings, reader="one")
    feed.open()
    return feed


@pytest.fixture
def site(
    redis: redis_py.Redis,
    settings: WorkerSettings,
    front_desk: Queue,
    book: Ledger,
    feed: Feed,
    archive: Archive,
    metrics: Metrics,
) -> Site:
    """Return an installation with an archive."""
    archiving = Archiving(feed, archive, metrics)
    return Site(redis, settings, front_desk, book, feed, archive, archiving)
