"""The laws of the way into the archive."""

from datetime import UTC, datetime

import pytest
import redis as redis_py

from model_store.archive.archive import Archive
from model_store.archive.prediction import house_hash
from model_store.errors import ArchiveUnavailable
from tests.model_store.archive.rows import OUTPUT, a_property, actions
from tests.patience import wait_until
from tests.worker.archive.conftest import WINDOW_S
from tests.worker.archive.site import Meanwhile, Site
from tests.worker.conftest import claimed, clock, submission
from worker import keys, ledger
from worker.archived import job_of
from worker.archiving import Archiving
from worker.audit import Action, Audit
from worker.feed import Feed
from worker.jobs import Job
from worker.metrics import Metrics
from worker.queue import Queue


def test_without_its_reader_nothing_is_written_for_an_archive(
    front_desk: Queue, book: ledger.Ledger, redis: redis_py.Redis
) -> None:
    """A finished job ends by itself, as ever."""
    job = front_desk.submit(submission()).job
    front_desk.cancel("acme", job.id)
    Audit(redis).keep(_action())

    assert not redis.exists(keys.FEED)
    assert redis.ttl(keys.job_key(job.id)) > 0
    assert front_desk.find("acme", job.id).expires_ms


def test_what_ends_is_kept_until_it_is_archived_and_for_its_window(site: Site) -> None:
    """However long the archive is away; then the feed holds nothing of it."""
    job = site.price()
    assert site.redis.ttl(keys.job_key(job.id)) == -1

    site.take_up()

    assert 0 < site.redis.ttl(keys.job_key(job.id)) <= WINDOW_S
    known_s = site.redis.ttl(keys.tombstone_key(job.id))
    assert WINDOW_S < known_s <= site.settings.idempotency_ttl_s
    assert site.waiting() == 0
    assert site.redis.xpending(keys.FEED, keys.ARCHIVISTS)["pending"] == 0


@pytest.mark.parametrize("how", ["priced", "failed", "canceled", "late", "dead"])
def test_every_end_is_archived(site: Site, how: str) -> None:
    """By a worker, by the model, by its client, by its deadline, by its crashes."""
    job = _ended(site, how)

    site.take_up()

    kept = site.archive.predictions.get(job.id)
    assert kept
    assert (kept.state, kept.sequence) == (job.state, job.sequence)


def _ended(site: Site, how: str) -> Job:
    if how == "priced":
        return site.price()
    if how == "failed":
        return site.fail()
    job = site.submit(deadline_ms=1 if how == "late" else None)
    if how == "canceled":
        return site.queue.cancel("acme", job.id)
    if how == "late":
        over = clock(site.redis) + 1
        wait_until(lambda: clock(site.redis) > over)
        claimed(site.book)
        return site.queue.find("acme", job.id)
    return site.bury(job)


def test_an_archive_that_is_away_loses_nothing(site: Site, metrics: Metrics) -> None:
    """Jobs go on; the same entries are taken up once it is back."""
    away = Archive("sqlite:////nowhere/archive.db")
    first = site.price()
    entries = site.next()
    with pytest.raises(ArchiveUnavailable):
        Archiving(site.feed, away, metrics).take_up(entries)
    second = site.price()

    assert site.waiting() == 2
    assert site.redis.ttl(keys.job_key(first.id)) == -1
    site.archiving.take_up([*entries, *site.next()])
    assert site.archive.predictions.by_ids([first.id, second.id]).keys() == {
        first.id,
        second.id,
    }
    assert site.waiting() == 0


def test_a_full_server_is_read_all_the_same(site: Site) -> None:
    """Else what fills it would never leave it."""
    site.price()
    used = site.redis.info("memory")["used_memory"]
    before = site.redis.config_get("maxmemory")["maxmemory"]
    site.redis.config_set("maxmemory", used // 2)
    try:
        site.feed.open()
        site.take_up()
    finally:
        site.redis.config_set("maxmemory", before)

    assert site.waiting() == 0


def test_what_is_taken_up_twice_is_there_once(site: Site) -> None:
    """As by one who was thought to be gone."""
    job = site.price()
    entries = site.next()

    site.archiving.take_up(entries)
    site.archiving.take_up(entries)

    assert len(site.archive.predictions.page("acme", limit=10)) == 1
    assert site.queue.find("acme", job.id).output


def test_a_job_that_is_retried_while_it_is_archived_stays(
    site: Site, metrics: Metrics
) -> None:
    """Its record is open: no window ends it."""
    job = site.fail()
    archive = Meanwhile(site.archive, lambda: site.queue.retry("acme", job.id), "after")

    Archiving(site.feed, archive, metrics).take_up(site.next())

    assert site.redis.ttl(keys.job_key(job.id)) == -1
    assert site.waiting() == 0
    site.finish()
    site.take_up()
    kept = site.archive.predictions.get(job.id)
    assert kept
    assert (kept.state, kept.sequence) == ("succeeded", job.sequence + 3)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_job_that_is_deleted_while_it_is_archived_is_not_there(
    site: Site, metrics: Metrics, when: str
) -> None:
    """Whichever of the two is written last, and by whom."""
    job = site.price()
    entries = site.next()

    def delete() -> None:
        site.queue.delete("acme", job.id)
        site.archiving.take_up(site.next())

    slow = Archiving(site.feed, Meanwhile(site.archive, delete, when), metrics)
    slow.take_up(entries)

    assert site.archive.predictions.get(job.id) is None
    assert site.waiting() == 0


def test_the_price_of_a_property_is_its_valuation(site: Site) -> None:
    """However often it is taken up; a job that has none makes none."""
    site.archive.properties.put([a_property("a")])
    job = site.submit(property_id="a")
    site.finish(output=OUTPUT)
    site.fail(property_id="a")
    site.price()
    entries = site.next()

    site.archiving.take_up(entries)
    site.archiving.take_up(entries)

    (made,) = site.archive.valuations.page("acme", "a", limit=9)
    assert (made.source_id, made.version, made.output) == (job.id, job.version, OUTPUT)
    assert made.input_digest == house_hash(job.input)
    assert made.valued_ms == site.queue.find("acme", job.id).completed_ms
    kept = site.archive.predictions.get(job.id)
    assert kept
    assert job_of(kept).property_id == "a"


def test_a_property_that_was_erased_meanwhile_has_no_valuation(site: Site) -> None:
    """Its prediction is archived as ever."""
    job = site.submit(property_id="gone")
    site.finish(output=OUTPUT)

    site.take_up()

    assert site.archive.predictions.get(job.id)
    assert site.archive.valuations.page("acme", "gone", limit=9) == []
    assert site.waiting() == 0


def test_one_that_cannot_be_written_holds_up_no_other(site: Site) -> None:
    """It stays in the feed, for somebody to look at."""
    bad, good = site.submit(), site.submit()
    site.finish()
    site.redis.hset(keys.job_key(bad.id), "output", "no JSON")

    site.archiving.take_up(site.next())

    assert site.archive.predictions.get(good.id)
    assert site.archive.predictions.get(bad.id) is None
    assert site.waiting() == 1
    assert site.redis.ttl(keys.job_key(bad.id)) == -1


def test_a_dead_letter_stays_as_long_as_it_may_be_replayed(site: Site) -> None:
    """In the archive it is too."""
    job = site.bury(site.submit())

    site.take_up()

    left_s = site.redis.ttl(keys.job_key(job.id))
    assert site.settings.dead_ttl_s - 60 < left_s <= site.settings.dead_ttl_s
    assert site.archive.predictions.get(job.id)


def test_what_operators_did_is_archived_once(site: Site) -> None:
    """However often its entry is taken up."""
    Audit(site.redis).keep(_action())
    entries = site.next()

    site.archiving.take_up(entries)
    site.archiving.take_up(entries)

    (kept,) = actions(site.archive)
    assert (kept.actor, kept.operation, kept.targets) == (
        "cli:ada",
        "revoke_key",
        ("one",),
    )
    assert site.waiting() == 0


def _action() -> Action:
    return Action(
        time=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        actor="cli:ada",
        operation="revoke_key",
        targets=["one"],
    )


def test_entries_of_a_reader_that_is_gone_are_taken_up_by_another(site: Site) -> None:
    """After a lease, and it is forgotten."""
    job = site.price()
    assert site.next()
    hasty = site.settings.model_copy(update={"lease_s": 0.0})
    other = Feed(site.redis, hasty, reader="two")

    left = other.inherited(10)

    assert [entry.job_id for entry in left] == [job.id]
    site.archiving.take_up(left)
    assert site.archive.predictions.get(job.id)
    assert site.waiting() == 0
