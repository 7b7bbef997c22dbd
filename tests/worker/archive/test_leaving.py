"""The laws of an installation that does without its archive again."""

from datetime import UTC, datetime

import pytest

from model_store.errors import ArchiveUnavailable
from tests.worker.archive.site import Site
from worker import keys
from worker.audit import Action, Audit
from worker.jobs import Job
from worker.leaving import Leaving, Left, Unarchived
from worker.ledger import Ledger
from worker.queue import Queue


@pytest.fixture
def leaving(site: Site) -> Leaving:
    """Return what leaves the archive of the site."""
    return Leaving(site.redis, site.settings)


def _ttl(site: Site, job: Job) -> int:
    return int(site.redis.ttl(keys.job_key(job.id)))


def test_what_waited_for_the_archive_ends_by_itself(
    site: Site, leaving: Leaving
) -> None:
    """As long after now as it would after its end, and a dead letter later."""
    priced = site.price()
    letter = site.bury(site.submit())
    open_one = site.submit()

    leaving.leave()

    assert not site.redis.exists(keys.FEED)
    for job, ttl_s in (
        (priced, site.settings.result_ttl_s),
        (letter, site.settings.dead_ttl_s),
    ):
        assert ttl_s - 60 < _ttl(site, job) <= ttl_s
        expires_ms = site.queue.find("acme", job.id).expires_ms
        assert expires_ms
        assert site.redis.ttl(keys.tombstone_key(job.id)) >= ttl_s - 60
    assert _ttl(site, open_one) == -1
    site.finish()
    assert _ttl(site, open_one) > 0


def test_what_a_removed_feed_left_behind_is_found(site: Site, leaving: Leaving) -> None:
    """Whoever removed it, or was killed after that; a second time nothing is left."""
    job = site.price()
    site.redis.delete(keys.FEED)

    assert leaving.leave().lapsed == 1
    assert leaving.leave() == Left(0, Unarchived())
    assert _ttl(site, job) > 0


def test_what_is_archived_keeps_its_window(site: Site, leaving: Leaving) -> None:
    """It was not kept for the archive any more."""
    job = site.price()
    site.take_up()
    before = _ttl(site, job)

    assert leaving.leave().lapsed == 0
    assert 0 < _ttl(site, job) <= before


def test_a_look_changes_nothing(site: Site, leaving: Leaving) -> None:
    """And tells what the archive was not told of, by kind."""
    job = site.price()
    erased = site.price()
    site.queue.delete("acme", erased.id)
    Audit(site.redis).keep(
        Action(time=datetime.now(UTC), actor="cli:ada", operation="x", targets=[])
    )

    told = leaving.look()

    assert told == Left(1, Unarchived(jobs=2, erasures=1, actions=1))
    assert site.waiting() == 4
    assert _ttl(site, job) == -1
    assert leaving.leave() == told


def test_nothing_is_dropped_that_was_not_counted(
    site: Site, leaving: Leaving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What ends between the count and the removal is counted too."""
    site.price()
    run = Ledger.run

    def late(ledger: Ledger, name: str, *args: object) -> object:
        if name == "close_feed" and site.waiting() == 1:
            site.price()
        return run(ledger, name, *args)

    monkeypatch.setattr(Ledger, "run", late)

    assert leaving.leave() == Left(2, Unarchived(jobs=2))


def test_who_reads_the_feed_is_seen(site: Site, leaving: Leaving) -> None:
    """It would make it again."""
    assert not leaving.is_read()
    site.price()
    site.next()

    assert leaving.is_read()
    site.redis.delete(keys.FEED)
    assert not leaving.is_read()


def test_no_script_brings_the_feed_back(site: Site, leaving: Leaving) -> None:
    """An API process that still has the archive erases nothing that it would keep."""
    failed = site.fail()
    archived = site.price()
    site.lapse_wholly(archived)
    leaving.leave()

    site.queue.retry("acme", failed.id)
    site.finish()
    without = Queue(site.redis, site.settings.model_copy(update={"archive_url": None}))
    without.delete("acme", failed.id)
    with pytest.raises(ArchiveUnavailable, match="no worker of lane upkeep"):
        site.queue.delete("acme", archived.id)

    assert not site.redis.exists(keys.FEED)
    assert site.queue.find("acme", archived.id) == archived
